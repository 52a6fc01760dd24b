//! Playback stays on whatever else is down: each thing that it depends on, broken in each way, and all of them at once,
//! under load, on the wire.

mod playing;

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use mcsp_ids::VideoId;
use mcsp_manifest::Manifest;
use mcsp_tests::{Account, Answer, Fault, OwnPlatform, Wire, Wires, eventually};
use playing::{published, published_by, start};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};
use uuid::Uuid;

const VIEWERS: usize = 8;
/// What each viewer does, again and again, while something is broken.
const ROUNDS: usize = 4;
/// For what was not seen: two stores may be waited for, each for its deadline, before it is known that nothing is.
const DEADLINE: Duration = Duration::from_secs(9);
const UNKNOWN: (u16, &str) = (503, "entitlement_unknown");

/// Viewers who have played, a film that they have seen and one that is its owner's alone.
struct Scene {
    wires: Wires,
    viewers: Vec<Account>,
    film: String,
    private: String,
}

impl Scene {
    async fn new(own: &OwnPlatform, wires: Wires) -> Scene {
        let client = own.client();
        let film = published(&client).await;
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
        let scene = Scene { wires, viewers, film, private };
        scene.well().await;
        scene
    }

    fn named(&self) -> [(&'static str, Vec<&Wire>); 6] {
        let Wires { postgres, redis, kafka, auth, content } = &self.wires;
        [
            ("Postgres", vec![postgres]),
            ("Redis", vec![redis]),
            ("Kafka", vec![kafka]),
            ("Auth", vec![auth]),
            ("Content", vec![content]),
            ("all", vec![postgres, redis, kafka, auth, content]),
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
async fn plays(cell: &str, viewer: &Account, film: &str, number: u64) -> Seen {
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
        let beat = json!({"position_ms": at_ms, "state": "playing", "client_time": later()});
        let beaten = seen.answer(cell, 200, viewer.put(path(&session, "renewal_path"), &beat)).await;
        assert_eq!(beaten["position_ms"], at_ms, "{cell}");
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

/// The matrix: for what was seen 100 % success, for what was not seen the documented answer in time, and no leak.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_seen_plays_whatever_is_broken_and_nothing_leaks() {
    let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/isolation.toml");
    let (own, wires) = OwnPlatform::start_behind_wires(&[("MCSP_POLICIES", policies)]).await;
    let scene = Scene::new(&own, wires).await;
    let mut number = 0;
    for (target, wires) in scene.named() {
        for fault in Fault::ALL {
            let cell = format!("{target} {fault:?}");
            wires.iter().for_each(|wire| wire.set(fault));
            number += 1;
            let playing = scene.viewers.iter().map(|viewer| plays(&cell, viewer, &scene.film, number));
            let denied = denied(&cell, &scene.viewers[0], &scene.private);
            let (seen, ()) = tokio::join!(join_all(playing), denied);
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
        .flat_map(|component| component.settings.grants.services.iter().map(String::as_str))
        .collect();
    assert_eq!(targets, BTreeSet::from(["auth", "content"]));
}
