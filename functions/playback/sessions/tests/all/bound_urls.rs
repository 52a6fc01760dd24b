//! Manifest URLs that are bound to the network of who asks for them.

use crate::scene::{RING, Scene, expect, text};
use crate::steering::{FILM_MS, steering_path};
use mcsp_access::Role;
use mcsp_playback_url::{Refusal, Verifier, ring_from_json};
use serde_json::{Value, json};

const HOME: &str = "192.0.2.77";
const NEXT_DOOR: &str = "192.0.2.9";
const ABROAD: &str = "203.0.113.5";

impl Scene {
    async fn bound() -> Scene {
        Scene::where_also("playback_url_binding", "ipv4/24 ipv6/48".to_owned()).await
    }

    async fn send_from_address(
        &self,
        address: &str,
        request: (&str, &str),
        body: Value,
    ) -> mcsp_testbed::Reply {
        let (bearer, address) = (self.bed.bearer(self.user, Role::Viewer), format!("{address}:5001"));
        let headers = [("authorization", bearer.as_str()), ("spin-client-addr", address.as_str())];
        self.sessions.send(request, &headers, Some(body)).await
    }

    async fn start_from(&self, address: &str) -> Value {
        let body = json!({"video_id": self.video, "device": {"id": "tv"}});
        expect(self.send_from_address(address, ("POST", "/v1/playback/sessions"), body).await, 201)
    }

    async fn beat_from(&self, address: &str, path: &str) -> Value {
        self.bed.pass(1);
        let body = json!({"position_ms": 1_000, "state": "playing"});
        expect(self.send_from_address(address, ("PUT", path), body).await, 200)
    }

    /// What the edge says to a viewer with this address.
    fn opens(&self, manifests: &Value, address: &str) -> Result<(), Refusal> {
        let url = text(manifests, "hls").strip_prefix("http://cdn/p/").unwrap();
        let (token, path) = url.split_once('/').unwrap();
        let now_s = u64::try_from(self.bed.now().as_second()).unwrap();
        let verifier = Verifier::new(ring_from_json(RING).unwrap());
        verifier.verify_from(address.parse().ok(), token, path, now_s).map(drop)
    }
}

#[tokio::test]
async fn they_open_in_the_network_that_the_session_was_started_in() {
    let scene = Scene::bound().await;
    let manifests = scene.start_from(HOME).await["manifests"].take();
    assert_eq!(scene.opens(&manifests, HOME), Ok(()));
    assert_eq!(scene.opens(&manifests, NEXT_DOOR), Ok(()));
    for elsewhere in [ABROAD, "2001:db8::1", ""] {
        assert_eq!(scene.opens(&manifests, elsewhere), Err(Refusal::Elsewhere), "{elsewhere:?}");
    }
}

#[tokio::test]
async fn who_moves_has_new_ones_with_the_next_heartbeat() {
    let scene = Scene::bound().await;
    let session = scene.start_from(HOME).await;
    let path = text(&session, "renewal_path");
    assert_eq!(scene.beat_from(NEXT_DOOR, path).await["manifests"], Value::Null);
    let moved = scene.beat_from(ABROAD, path).await;
    assert_eq!(scene.opens(&moved["manifests"], ABROAD), Ok(()));
    assert_eq!(scene.opens(&moved["manifests"], HOME), Err(Refusal::Elsewhere));
    assert_eq!(scene.beat_from(ABROAD, text(&moved, "renewal_path")).await["manifests"], Value::Null);
}

#[tokio::test]
async fn a_player_that_is_steered_has_those_of_the_last_heartbeat_wherever_it_asks() {
    let scene = Scene::bound().await;
    scene.is_packaged_for_steering(2, FILM_MS).await;
    let session = scene.start_from(HOME).await;
    let path = steering_path(&session["manifests"]);
    let moved = scene.beat_from(ABROAD, text(&session, "renewal_path")).await;
    assert!(moved["manifests"].is_object(), "{moved}");
    let told = expect(scene.steer(&path).await, 200);
    assert!(scene.opens_clone(&told, ABROAD).is_ok());
    assert_eq!(scene.opens_clone(&told, HOME), Err(Refusal::Elsewhere));
}

#[tokio::test]
async fn unless_it_is_configured_they_open_everywhere() {
    let scene = Scene::new().await;
    let session = scene.start_from(HOME).await;
    assert_eq!(scene.opens(&session["manifests"], ABROAD), Ok(()));
    let beat = scene.beat_from(ABROAD, text(&session, "renewal_path")).await;
    assert_eq!(beat["manifests"], Value::Null);
}

#[tokio::test]
async fn where_the_host_tells_no_address_they_are_not_bound() {
    let scene = Scene::bound().await;
    let session = expect(scene.start().await, 201);
    assert_eq!(scene.opens(&session["manifests"], ABROAD), Ok(()));
}
