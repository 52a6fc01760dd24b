//! Playback stays on whatever else is down: each thing that it depends on, broken in each way, and all of them at once,
//! under load, on the wire.

use axum::Router;
use axum::routing::post;
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use mcsp_ids::VideoId;
use mcsp_manifest::Manifest;
use mcsp_testbed::serve;
use mcsp_tests::playing::{published_by, start, steering_path};
use mcsp_tests::protecting::{kid, protected_by};
use mcsp_tests::{Account, Answer, End, Fault, OwnPlatform, Wire, Wires, eventually};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};
use uuid::Uuid;

const VIEWERS: usize = 8;
/// What each viewer does, again and again, while something is broken.
const ROUNDS: usize = 4;
/// For what was not seen: two stores may be waited for, each for its deadline, before it is known that nothing is. That is 9 s
/// (`docs/reliability.md`), and as much again for a machine that is busy with the other viewers.
const DEADLINE: Duration = Duration::from_secs(18);
const UNKNOWN: (u16, &str) = (503, "entitlement_unknown");
/// Both kinds of licences: those that are given here, and those of a server.
const LICENCES: (&str, &str) = (
    "SPIN_VARIABLE_LICENCE_POLICY",
    r#"{"key_systems": ["clearkey", "widevine"], "robustness": "software", "output": "any"}"#,
);
/// What the licence server of this test gives.
const LICENCE: &str = "a licence";
/// What comes in the place of it where the wire to it answers something else: it is passed on unread.
const NO_LICENCE: &str = "{}";

/// Viewers who have played, a film that they have seen and one that is its owner's alone.
struct Scene {
    wires: Wires,
    licence_server: Wire,
    viewers: Vec<Account>,
    /// It is protected, by this key.
    film: String,
    kid: String,
    private: String,
}

impl Scene {
    async fn new(own: &OwnPlatform, (wires, licence_server): (Wires, Wire)) -> Scene {
        let client = own.client();
        let film = protected_by(&client.account("creator").await).await;
        let owner = client.account("creator").await;
        let private = published_by(&owner).await;
        let hidden = json!({"visibility": "private"});
        owner.put(&format!("/v1/videos/{private}/visibility"), &hidden).await.expect(200);
        let viewers = join_all((0..VIEWERS).map(|_| client.account("viewer"))).await;
        eventually("Playback has heard of it", async || {
            (start(&viewers[0], &private).await.status.as_u16() == 404).then_some(())
        })
        .await;
        // It is seen as it is now, and so are the viewers.
        let session = start(&owner, &private).await.expect(201);
        owner.delete(path(&session, "end_path")).await.expect(204);
        let probe = client.account("viewer").await;
        let kid = kid(&start(&probe, &film).await.expect(201)).await;
        let scene = Scene { wires, licence_server, viewers, film, kid, private };
        scene.well().await;
        scene
    }

    fn named(&self) -> [(&'static str, Vec<&Wire>); 7] {
        let licences = &self.licence_server;
        let Wires { postgres, redis, kafka, auth, content } = &self.wires;
        [
            ("Postgres", vec![postgres]),
            ("Redis", vec![redis]),
            ("Kafka", vec![kafka]),
            ("Auth", vec![auth]),
            ("Content", vec![content]),
            ("the licence server", vec![licences]),
            ("all", vec![postgres, redis, kafka, auth, content, licences]),
        ]
    }

    /// Until every viewer is served by Redis again, and Postgres answers.
    async fn well(&self) {
        for viewer in &self.viewers {
            eventually("all is well again", async || {
                let answer = start(viewer, &self.film).await;
                if answer.status.as_u16() != 201 {
                    return None;
                }
                viewer.delete(path(&answer.json, "end_path")).await.expect(204);
                (answer.json["served_from"] == "redis").then_some(())
            })
            .await;
        }
        let other = published_probe(&self.viewers[0]).await;
        assert_eq!(other.status.as_u16(), 404, "{}", other.json);
    }
}

/// A video that nobody has heard of: where it is not found, Postgres and Content have been asked.
async fn published_probe(viewer: &Account) -> Answer {
    eventually("what is not seen is looked for", async || {
        let answer = start(viewer, &unheard_of()).await;
        (answer.status.as_u16() != 503).then_some(answer)
    })
    .await
}

fn unheard_of() -> String {
    VideoId::from_uuid(Uuid::now_v7()).to_string()
}

fn path<'a>(session: &'a Value, name: &str) -> &'a str {
    session[name].as_str().expect("a path")
}

/// How long answers took, and where they came from.
#[derive(Default)]
struct Seen {
    took: Vec<Duration>,
    sources: BTreeSet<String>,
}

impl Seen {
    async fn answer(&mut self, cell: &str, status: u16, asked: impl Future<Output = Answer>) -> Value {
        let begun = Instant::now();
        let answer = asked.await;
        self.took.push(begun.elapsed());
        assert_eq!(answer.status.as_u16(), status, "{cell}: {}: {}", answer.request, answer.json);
        let told = answer.json["served_from"].as_str().map(str::to_owned);
        let source = told.unwrap_or_else(|| answer.header("mcsp-served-from").to_owned());
        assert!(!source.is_empty(), "{cell}: {}: {}", answer.request, answer.json);
        self.sources.insert(source);
        answer.json
    }
}

/// All that a viewer does: each request must succeed.
async fn plays(cell: &str, viewer: &Account, (film, kid): (&str, &str), number: u64) -> Seen {
    let mut seen = Seen::default();
    let position = format!("/v1/playback/positions/{film}");
    // Of two positions of one millisecond the first one counts, and one that is forgotten in it stays so; this viewer is
    // faster than that.
    let mut told = Timestamp::UNIX_EPOCH;
    let mut later = || {
        told = Timestamp::now().max(told) + SignedDuration::from_millis(1);
        told
    };
    for round in 0..ROUNDS as u64 {
        let at_ms = 1_000 + (number * 100 + round) % 5_000;
        seen.answer(cell, 204, viewer.delete(&position)).await;
        let session = seen.answer(cell, 201, start(viewer, film)).await;
        let clearkey = path(&session["licences"], "clearkey");
        let licence = viewer.post(clearkey, &json!({"kids": [kid], "type": "temporary"})).await;
        assert_eq!(licence.status.as_u16(), 200, "{cell}: {}", licence.json);
        let beat = json!({"position_ms": at_ms, "state": "playing", "client_time": later()});
        let beaten = seen.answer(cell, 200, viewer.put(path(&session, "renewal_path"), &beat)).await;
        assert_eq!(beaten["position_ms"], at_ms, "{cell}");
        let steered = viewer.platform.get(&steering_path(&session)).await;
        assert_eq!(steered.status.as_u16(), 200, "{cell}: {}", steered.json);
        let read = seen.answer(cell, 200, viewer.get(&position)).await;
        assert_eq!(read["position_ms"], at_ms, "{cell}");
        let list = format!("/v1/playback/positions?videos={film}");
        let read = seen.answer(cell, 200, viewer.get(&list)).await;
        assert_eq!(read["items"][0]["position_ms"], at_ms, "{cell}");
        let stop = json!({"position_ms": at_ms + 1, "client_time": later()});
        let written = seen.answer(cell, 200, viewer.put(&position, &stop)).await;
        assert_eq!(written["position_ms"], at_ms + 1, "{cell}");
        seen.answer(cell, 204, viewer.delete(path(&session, "end_path"))).await;
    }
    seen
}

/// Who may not watch does not, and what was not seen is answered as documented, in time.
async fn denied(cell: &str, viewer: &Account, private: &str) {
    for _ in 0..ROUNDS {
        start(viewer, private).await.refused(404, "not_found");
    }
    let begun = Instant::now();
    let answer = start(viewer, &unheard_of()).await;
    let (status, code) = (answer.status.as_u16(), answer.json["code"].as_str().unwrap_or_default());
    assert!([UNKNOWN, (404, "not_found")].contains(&(status, code)), "{cell}: {}", answer.json);
    assert!(begun.elapsed() < DEADLINE, "{cell}: {:?}", begun.elapsed());
}

/// Licences that are not given here come from their server or not at all, in time.
async fn served_or_refused(cell: &str, viewer: &Account, film: &str) {
    for _ in 0..ROUNDS {
        let session = start(viewer, film).await.expect(201);
        let begun = Instant::now();
        let asked = viewer.request(reqwest::Method::POST, path(&session["licences"], "widevine"));
        let answer = viewer.platform.send(asked.body("a licence request")).await;
        let (status, code) = (answer.status.as_u16(), answer.json["code"].as_str().unwrap_or_default());
        let is_served = (status, answer.text.as_str()) == (200, LICENCE);
        let is_garbled = cell.ends_with("Garbage") && (status, answer.text.as_str()) == (200, NO_LICENCE);
        let is_refused = (status, code) == (503, "licence_server_unavailable");
        let may_fail = cell.starts_with("all ") || cell.starts_with("the licence server ");
        assert!(is_served || may_fail && (is_garbled || is_refused), "{cell}: {status} {}", answer.text);
        assert!(begun.elapsed() < DEADLINE, "{cell}: {:?}", begun.elapsed());
        viewer.delete(path(&session, "end_path")).await.expect(204);
    }
}

/// A licence server, behind a wire.
async fn licence_server() -> Wire {
    let url = serve(Router::new().route("/widevine", post(|| async { LICENCE }))).await;
    let address = url.trim_start_matches("http://").to_owned();
    let garbage: [&[u8]; 2] = [b"\x00\xffwhat?\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"];
    Wire::to(End { address, garbage, tells_its_address: false })
}

/// The matrix: for what was seen 100 % success, for what was not seen the documented answer in time, and no leak.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_seen_plays_whatever_is_broken_and_nothing_leaks() {
    let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/isolation.toml");
    let licence_server = licence_server().await;
    let at = format!("http://{}", licence_server.address());
    let variables = [("MCSP_POLICIES", policies), LICENCES, ("MCSP_SERVICE_URL_LICENCES", at.as_str())];
    let (own, wires) = OwnPlatform::start_behind_wires(&variables).await;
    let scene = Scene::new(&own, (wires, licence_server)).await;
    let mut number = 0;
    for (target, wires) in scene.named() {
        for fault in Fault::ALL {
            let cell = format!("{target} {fault:?}");
            wires.iter().for_each(|wire| wire.set(fault));
            number += 1;
            let film = (scene.film.as_str(), scene.kid.as_str());
            let playing = scene.viewers.iter().map(|viewer| plays(&cell, viewer, film, number));
            let denied = denied(&cell, &scene.viewers[0], &scene.private);
            let licensed = served_or_refused(&cell, &scene.viewers[1], &scene.film);
            let (seen, (), ()) = tokio::join!(join_all(playing), denied, licensed);
            tell(&cell, &seen);
            wires.iter().for_each(|wire| wire.set(Fault::None));
            scene.well().await;
            positions_are_written_back(&scene, number).await;
        }
    }
    own.stop().await;
}

/// What was told while the stores were away is what they have now.
async fn positions_are_written_back(scene: &Scene, number: u64) {
    let last_ms = 1_000 + (number * 100 + ROUNDS as u64 - 1) % 5_000 + 1;
    let position = format!("/v1/playback/positions/{}", scene.film);
    for viewer in &scene.viewers {
        eventually("the position is written back", async || {
            let read = viewer.get(&position).await.expect(200);
            (read["served_from"] == "redis" && read["position_ms"] == last_ms).then_some(())
        })
        .await;
    }
}

/// For whoever reads along.
fn tell(cell: &str, seen: &[Seen]) {
    let mut took: Vec<Duration> = seen.iter().flat_map(|seen| seen.took.iter().copied()).collect();
    took.sort();
    let sources: BTreeSet<&String> = seen.iter().flat_map(|seen| &seen.sources).collect();
    println!(
        "{cell}: {} answers, median {:?}, longest {:?}, from {sources:?}",
        took.len(),
        took[took.len() / 2],
        took[took.len() - 1]
    );
}

/// Were Playback given something else to depend on, the matrix would have to break that too.
#[test]
fn the_matrix_breaks_all_that_playback_may_reach() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let manifest = Manifest::load(&root.join("spin.toml")).expect("the manifest");
    let targets: BTreeSet<&str> = manifest
        .components_of("playback")
        .flat_map(|component| {
            let grants = &component.settings.grants;
            grants.services.iter().chain(&grants.optional_services).map(String::as_str)
        })
        .collect();
    assert_eq!(targets, BTreeSet::from(["auth", "content", "licences"]));
}
