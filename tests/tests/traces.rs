//! What a collector of traces is told: one request is one trace, wherever its work is done. Without a collector all goes on.

use mcsp_tests::collecting::{Collector, TracedSpan};
use mcsp_tests::{Account, OwnPlatform, eventually, playing};
use reqwest::Method;
use serde_json::json;
use std::time::{Duration, Instant};

/// Far longer than a request takes, and shorter than the wait for a collector that does not answer.
const PROMPTLY: Duration = Duration::from_secs(8);

/// Every span of it leads to the same first one, which is below this parent; nothing is above where it is empty.
fn is_connected(trace: &[TracedSpan], parent_id: &str) -> bool {
    let firsts: Vec<_> = trace.iter().filter_map(|span| span.way(trace).pop()).collect();
    firsts.iter().all(|first| first.parent_id == parent_id && first.id == firsts[0].id)
}

/// Waits until a trace is all there: what ended last may come last.
async fn whole(collector: &Collector, trace_id: &str) -> Vec<TracedSpan> {
    eventually("every span's parent is there", async || {
        let trace = collector.trace(trace_id);
        is_connected(&trace, "").then_some(trace)
    })
    .await
}

fn has(trace: &[TracedSpan], kind: &str, service: &str, name: &str) -> bool {
    trace.iter().any(|s| format!("{:?}", s.kind) == kind && s.service == service && s.name == name)
}

/// What is somebody's is in no span of any trace, not even of those that it was sent with.
fn tells_nothing_of(spans: &[TracedSpan], accounts: &[&Account], others: &[&str]) {
    let of = |account: &Account| {
        let Account { user_id, email, password, token, refresh_token, .. } = account.clone();
        [user_id, email, password, token, refresh_token]
    };
    let secrets = accounts.iter().flat_map(|account| of(account));
    let secrets: Vec<String> = secrets.chain(others.iter().map(|&other| other.to_owned())).collect();
    for span in spans {
        for text in span.attributes.values().chain([&span.name]) {
            let told = secrets.iter().find(|secret| text.contains(secret.as_str()));
            assert!(told.is_none(), "{} tells {told:?}", span.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_one_trace_with_all_that_it_causes_and_a_collector_that_goes_is_not_missed() {
    let collector = Collector::start_private().await;
    let variables = collector.variables();
    let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut own = OwnPlatform::start_with(&["--fast"], &variables).await;
    let creator = own.client().account("creator").await;
    let video = playing::published_by(&creator).await;
    let viewer = own.client().account("viewer").await;
    playing::start(&viewer, &video).await.expect(201);

    an_upload_is_followed_to_the_video(&collector).await;
    a_playback_start_asks_its_stores(&collector).await;
    whose_trace_it_is_decides_the_caller(&collector, &viewer).await;
    what_vendors_say_goes_all_the_way(&collector, &creator, &video).await;
    tells_nothing_of(
        &collector.spans(),
        &[&creator, &viewer],
        &[&video, "sample.mp4", "A film", "Another film"],
    );

    drop(collector);
    eventually("spans are dropped, and counted", async || {
        let asked = Instant::now();
        viewer.get("/v1/accounts/me").await.expect(200);
        assert!(asked.elapsed() < PROMPTLY, "{:?}", asked.elapsed());
        let metrics = own.admin("/metrics").await;
        let dropped = "mcsp_spans_dropped_total{reason=\"not_taken\"} ";
        let dropped = metrics.lines().find_map(|line| line.strip_prefix(dropped)).expect("a metric");
        (dropped != "0").then_some(())
    })
    .await;
    own.end().await;
    own.stop().await;
}

async fn an_upload_is_followed_to_the_video(collector: &Collector) {
    let heard = "process media.upload.initiated";
    let heard = collector.span(heard, |span| span.service == "content" && span.name == heard).await;
    let served =
        |span: &TracedSpan| span.trace_id == heard.trace_id && span.name == "POST /events/content-events";
    collector.span("Content has served it", served).await;
    let trace = whole(collector, &heard.trace_id).await;
    assert_eq!(
        heard.names(&trace),
        [
            ("content", "process media.upload.initiated"),
            ("upload", "send media.upload.initiated"),
            ("upload", "TRANSACTION upload"),
            ("upload", "POST /v1/uploads/:id/complete"),
        ]
    );
    for (kind, service, name) in [
        ("Server", "upload", "POST /v1/uploads/:id/complete"),
        ("Client", "upload", "TRANSACTION upload"),
        ("Producer", "upload", "send media.upload.initiated"),
        ("Consumer", "content", "process media.upload.initiated"),
        ("Server", "content", "POST /events/content-events"),
        ("Client", "content", "TRANSACTION content"),
    ] {
        assert!(has(&trace, kind, service, name), "no {kind} {name} of {service} in {trace:#?}");
    }
    let first = heard.way(&trace).pop().expect("a first");
    assert_eq!(first.attributes["http.route"], "/v1/uploads/:id/complete");
    assert_eq!(first.attributes["http.response.status_code"], "200");
    assert_eq!(heard.attributes["messaging.consumer.group.name"], "content-events");
}

async fn a_playback_start_asks_its_stores(collector: &Collector) {
    let started = "POST /v1/playback/sessions";
    let is_it =
        |span: &TracedSpan| span.name == started && span.attributes["http.response.status_code"] == "201";
    let started = collector.span(started, is_it).await;
    let trace = whole(collector, &started.trace_id).await;
    let asked = |system: &str| {
        let of =
            |span: &&TracedSpan| span.attributes.get("db.system.name").is_some_and(|name| name == system);
        trace.iter().find(of).unwrap_or_else(|| panic!("no {system} in {trace:#?}"))
    };
    let redis = asked("redis");
    assert_eq!((redis.parent_id.as_str(), redis.service.as_str()), (started.id.as_str(), "playback"));
}

/// From the request over the outbox and Kafka to those who hear of it, and nothing is added on the way.
async fn what_vendors_say_goes_all_the_way(collector: &Collector, creator: &Account, video: &str) {
    const STATE: &str = "congo=t61rcWkgMzE,tenant@rojo=00f067aa0ba902b7";
    let (trace_id, parent_id) = ("5".repeat(32), "6".repeat(16));
    let request = creator.request(Method::PATCH, &format!("/v1/videos/{video}"));
    let request = request.header("traceparent", format!("00-{trace_id}-{parent_id}-01"));
    let request = request.header("tracestate", STATE).json(&json!({"title": "Another film"}));
    creator.platform.send(request).await.expect(200);
    let heard = "process media.changed";
    let is_it = |span: &TracedSpan| {
        span.trace_id == trace_id && span.service == "playback" && span.name == "process media.changed"
    };
    let heard = collector.span(heard, is_it).await;
    let trace = eventually("every span's parent is there, and its consumer's work", async || {
        let trace = collector.trace(&trace_id);
        let is_whole = has(&trace, "Server", "playback", "POST /events/playback-events")
            && has(&trace, "Client", "playback", "TRANSACTION playback");
        (is_whole && is_connected(&trace, &parent_id)).then_some(trace)
    })
    .await;
    assert_eq!(
        heard.names(&trace),
        [
            ("playback", "process media.changed"),
            ("content", "send media.changed"),
            ("content", "TRANSACTION content"),
            ("content", "PATCH /v1/videos/:id"),
        ]
    );
    let others: Vec<_> = trace.iter().filter(|span| span.state != STATE).collect();
    assert!(others.is_empty(), "{others:#?}");
    // Of requests that said nothing, nothing is said.
    let spans = collector.spans();
    assert!(spans.iter().filter(|span| span.trace_id != trace_id).all(|span| span.state.is_empty()));
}

async fn whose_trace_it_is_decides_the_caller(collector: &Collector, viewer: &Account) {
    let ask = async |traceparent: &str| {
        let request = viewer.request(Method::GET, "/v1/accounts/me").header("traceparent", traceparent);
        viewer.platform.send(request).await.expect(200);
    };
    let (passed_over, followed) = ("1".repeat(32), "2".repeat(32));
    ask(&format!("00-{passed_over}-{}-00", "3".repeat(16))).await;
    ask(&format!("00-{followed}-{}-01", "4".repeat(16))).await;
    let served = |span: &TracedSpan| span.trace_id == followed && span.name == "GET /v1/accounts/me";
    let served = collector.span("the trace that is followed", served).await;
    assert_eq!(served.parent_id, "4".repeat(16));
    // What was asked first would be there first.
    assert_eq!(collector.trace(&passed_over), []);
}
