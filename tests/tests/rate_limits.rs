//! Who asks without measure is refused, on every route, and nobody else.

use futures::{StreamExt, stream};
use mcsp_tests::routes::{Auth, ROUTES, Route};
use mcsp_tests::{Account, Answer, OwnPlatform, Platform, eventually};
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

/// More than any burst of `spin.toml` for a user.
const FLOOD: usize = 400;
/// Fewer than a function serves at the same time.
const AT_ONCE: usize = 64;
/// No more than this is taken from one user, or from one network, once the table below is in force.
const SMALL_BURST: usize = 2;
const SMALL: &str = "[limits.defaults]\n\
                     user = { per_minute = 1, burst = 2 }\n\
                     address = { per_minute = 1, burst = 2 }\n";

/// Policies of the test's own, which it may change.
fn put_in_force(policies: &Path, text: &str) {
    // As a whole, so that no half of it is read.
    let new = policies.with_extension("new");
    std::fs::write(&new, text).expect("a file");
    std::fs::rename(&new, policies).expect("a file");
}

fn quota(answer: &Answer) -> u64 {
    let policy = answer.header("ratelimit-policy");
    let number = policy.split(';').find_map(|parameter| parameter.strip_prefix("q="));
    number.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{policy:?}"))
}

async fn is_refused(answer: &Answer) -> u64 {
    answer.refused(429, "rate_limited");
    assert!(answer.header("ratelimit").contains("\"default\";r=0;t="), "{:?}", answer.headers);
    answer.header("retry-after").parse().expect("seconds")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_refused_on_every_route_and_nobody_else_is() {
    let dir = tempfile::tempdir().expect("a directory");
    let policies = dir.path().join("policies.toml");
    put_in_force(&policies, "");
    let path = policies.to_string_lossy().into_owned();
    let own = OwnPlatform::start_with(&["--fast"], &[("MCSP_POLICIES", &path)]).await;
    let platform = own.client();
    let eager = platform.account("creator").await;
    let patient = platform.account("creator").await;

    a_user_who_floods_pays_alone(&eager, &patient).await;
    put_in_force(&policies, &small_everywhere());
    eventually("the new limits are in force", async || {
        (quota(&patient.get("/v1/videos").await) == SMALL_BURST as u64).then_some(())
    })
    .await;
    for route in ROUTES {
        every_route_refuses(&platform, &eager, route).await;
    }
    put_in_force(&policies, "[limits]\nenforced = false\n");
    eventually("nobody is refused", async || {
        (eager.get("/v1/videos").await.status.as_u16() == 200).then_some(())
    })
    .await;
    own.stop().await;
}

/// With the limits of `spin.toml`.
async fn a_user_who_floods_pays_alone(eager: &Account, patient: &Account) {
    let begun = Instant::now();
    let flood = stream::iter(0..FLOOD).map(|_| eager.get("/v1/videos"));
    let answers: Vec<Answer> = flood.buffered(AT_ONCE).collect().await;
    let elapsed = begun.elapsed();
    let (taken, refused): (Vec<&Answer>, Vec<&Answer>) =
        answers.iter().partition(|answer| answer.status.as_u16() == 200);
    let burst = quota(&answers[0]);
    // The default rate is 600 a minute.
    let most = burst + elapsed.as_millis() as u64 / 100 + 1;
    assert!(taken.len() as u64 >= burst, "{} of {burst}", taken.len());
    assert!(taken.len() as u64 <= most, "{} in {elapsed:?}", taken.len());
    let mut longest_s = 0;
    for answer in refused {
        longest_s = longest_s.max(is_refused(answer).await);
    }
    patient.get("/v1/videos").await.expect(200);
    eager.platform.get("/v1/search").await.expect(200);
    eager.get("/v1/accounts/me").await.expect(200);
    tokio::time::sleep(Duration::from_secs(longest_s)).await;
    eager.get("/v1/videos").await.expect(200);
}

async fn every_route_refuses(platform: &Platform, eager: &Account, route: &Route) {
    let method = Method::from_bytes(route.method.as_bytes()).expect("a method");
    let mut last = None;
    for _ in 0..=SMALL_BURST {
        let request = match route.auth {
            Auth::Bearer | Auth::Optional => eager.request(method.clone(), route.path),
            Auth::None | Auth::Platform => platform.request(method.clone(), route.path).json(&json!({})),
        };
        last = Some(platform.send(request).await);
    }
    is_refused(&last.expect("a request was sent")).await;
}

/// Also where the manifest gives a component limits of its own.
fn small_everywhere() -> String {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../spin.toml");
    let manifest = mcsp_manifest::Manifest::load(manifest.as_ref()).expect("spin.toml");
    let components: BTreeSet<_> = manifest.components.into_keys().collect();
    let mut text = SMALL.to_owned();
    for component in components {
        text += &SMALL.replace("limits.defaults", &format!("limits.components.{component}"));
    }
    text
}
