//! Answers say where they come from, in their headers where the body has no place for it.

use crate::scene::{Scene, expect, text};
use mcsp_testbed::Reply;

const DEVICES: &str = "/v1/playback/devices";

fn served(reply: &Reply) -> [Option<&str>; 2] {
    ["mcsp-served-from", "mcsp-stale-ms"].map(|name| reply.headers.get(name)?.to_str().ok())
}

#[tokio::test]
async fn a_denial_says_what_it_was_decided_on_unless_the_video_is_hidden() {
    let scene = Scene::new().await;
    scene.announce(2, "subscribers").await;
    for source in ["postgres", "redis"] {
        let denied = scene.start().await;
        assert_eq!(denied.code(), "subscription_required");
        assert_eq!(served(&denied), [Some(source), Some("0")]);
    }
    scene.announce(3, "private").await;
    let hidden = scene.start().await;
    assert_eq!((hidden.status, served(&hidden)), (404, [None, None]));
}

#[tokio::test]
async fn a_session_that_may_not_go_on_says_so_too() {
    let scene = Scene::new().await;
    let session = expect(scene.start().await, 201);
    scene.announce(2, "subscribers").await;
    // More than half of the URLs' time.
    scene.bed.pass(40 * 60);
    let denied = scene.beat(text(&session, "renewal_path"), 1_000).await;
    assert_eq!(denied.code(), "subscription_required");
    assert_eq!(served(&denied), [Some("postgres"), Some("0")]);
}

#[tokio::test]
async fn the_list_of_devices_and_a_removal_say_who_knew_them() {
    let scene = Scene::new().await;
    let session = expect(scene.start().await, 201);
    assert_eq!(scene.end(&session).await.status, 204);
    let question = "SELECT count(*) FROM devices";
    scene.until("it is in Postgres", async || scene.bed.ask::<i64>(question).await == 1).await;
    let list = async || scene.send(&scene.sessions, ("GET", DEVICES), None).await;
    assert_eq!(served(&list().await), [Some("redis"), Some("0")]);
    scene.redis_loses("devices").await;
    let listed = list().await;
    assert_eq!(served(&listed), [Some("postgres"), Some("0")]);
    let path = format!("{DEVICES}/{}", text(&listed.json["items"][0], "id"));
    let removed = scene.send(&scene.sessions, ("DELETE", &path), None).await;
    assert_eq!((removed.status, served(&removed)), (204, [Some("redis"), Some("0")]));
}

#[tokio::test]
async fn devices_come_in_pages() {
    let scene = Scene::new().await;
    for device in ["tv", "phone", "tablet"] {
        let session = expect(scene.start_under(device, device).await, 201);
        assert_eq!(scene.end(&session).await.status, 204);
        scene.bed.pass(1);
    }
    let (mut names, mut path) = (Vec::new(), format!("{DEVICES}?limit=2"));
    loop {
        let page = expect(scene.send(&scene.sessions, ("GET", &path), None).await, 200);
        names.extend(page["items"].as_array().unwrap().iter().map(|item| text(item, "device_id").to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("{DEVICES}?limit=2&cursor={cursor}");
    }
    assert_eq!(names, ["tablet", "phone", "tv"]);
    let refused = scene.send(&scene.sessions, ("GET", &format!("{DEVICES}?cursor=x")), None).await;
    assert_eq!((refused.status, refused.code()), (400, "invalid_query"));
}
