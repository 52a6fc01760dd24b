//! Those who work on a video beside its owner: what they see and may change, and how they come and go.

use content_domain::{Outcome, Video};
use content_storage::{By, Decided, change, keep_share};
use content_tests::Stand;
use content_tests::samples::{ACCOUNT, account, new_user_id};
use futures::future::join_all;
use http_body_util::Full;
use mcsp_access::Role;
use mcsp_ids::{UserId, VideoId};
use mcsp_testbed::{Component, Reply, unique};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};

/// Base64 of the SHA-256 of nothing.
const NO_BYTES: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
/// As many as a video can have.
const MAX: usize = 50;

fn path(video: VideoId) -> String {
    format!("/v1/videos/{video}")
}

async fn share(stand: &Stand, owner: UserId, video: VideoId, (user, role): (UserId, &str)) -> Reply {
    let path = format!("{}/collaborators/{user}", path(video));
    stand.send_as(owner, &stand.videos, ("PUT", &path), Some(json!({"role": role}))).await
}

async fn unshare(stand: &Stand, caller: UserId, video: VideoId, user: UserId) -> u16 {
    let path = format!("{}/collaborators/{user}", path(video));
    stand.send_as(caller, &stand.videos, ("DELETE", &path), None).await.status
}

async fn get(stand: &Stand, caller: UserId, path: &str) -> Reply {
    stand.send_as(caller, &stand.videos, ("GET", path), None).await
}

async fn shared_with(stand: &Stand, user: UserId) -> Vec<(Value, Value)> {
    let listed = get(stand, user, "/v1/videos/shared").await;
    assert_eq!(listed.status, 200, "{}", listed.json);
    let items = listed.json["items"].as_array().unwrap();
    items.iter().map(|item| (item["video"]["id"].clone(), item["role"].clone())).collect()
}

async fn told_collaborators(stand: &Stand, video: VideoId) -> (String, Value) {
    let last = stand.bed.emitted(video).await.pop().unwrap();
    (last.kind, last.data["collaborators"].clone())
}

/// What is sent, and what a viewer, an editor and a stranger are answered.
type Case<'a> = (&'a Component, &'a str, &'a str, Option<Value>, [u16; 3]);

#[tokio::test]
async fn a_viewer_sees_it_an_editor_changes_what_is_said_and_all_else_is_the_owners() {
    let stand = Stand::new().await;
    let [owner, viewer, editor, stranger] = [new_user_id(), new_user_id(), new_user_id(), new_user_id()];
    let video = stand.ready_video(owner, "A walk in the hills").await;
    assert_eq!(share(&stand, owner, video, (viewer, "viewer")).await.status, 201);
    assert_eq!(share(&stand, owner, video, (editor, "editor")).await.status, 201);
    let own = path(video);
    let (chapters, captions) = (format!("{own}/chapters"), format!("{own}/captions/en"));
    let put_chapters = json!({"chapters": [{"start_ms": 0, "title": "The way up"}]});
    let regions = json!({"allow": ["eu"], "deny": []});
    let schedule = json!({"publish_at": stand.bed.now() + jiff::SignedDuration::from_hours(1)});
    let publication = |verb: &str| format!("{own}/{verb}");
    let other = new_user_id();
    let thumbnail = format!("{own}/thumbnails/thumbnail_00000000000000000000000000");
    let image = json!({"content_type": "image/png", "size_bytes": 1, "checksum_sha256": NO_BYTES});
    let put_other = format!("{own}/collaborators/{other}");
    let cases: [Case<'_>; 16] = [
        (&stand.videos, "GET", &own, None, [200, 200, 404]),
        (&stand.videos, "GET", &chapters, None, [200, 200, 404]),
        (&stand.videos, "GET", &format!("{own}/collaborators"), None, [200, 200, 404]),
        (&stand.videos, "PATCH", &own, Some(json!({"title": "A walk by the sea"})), [404, 200, 404]),
        (&stand.videos, "PUT", &chapters, Some(put_chapters), [404, 200, 404]),
        (&stand.videos, "DELETE", &captions, None, [404, 204, 404]),
        (&stand.publication, "POST", &publication("publish"), None, [404; 3]),
        (&stand.publication, "POST", &publication("unpublish"), None, [404; 3]),
        (
            &stand.publication,
            "PUT",
            &publication("visibility"),
            Some(json!({"visibility": "public"})),
            [404; 3],
        ),
        (&stand.publication, "PUT", &publication("regions"), Some(regions), [404; 3]),
        (&stand.publication, "PUT", &publication("schedule"), Some(schedule), [404; 3]),
        (&stand.videos, "PUT", &put_other, Some(json!({"role": "viewer"})), [404; 3]),
        (&stand.videos, "POST", &publication("transfer"), Some(json!({"to": other})), [404; 3]),
        (&stand.videos, "POST", &format!("{own}/thumbnails"), Some(image), [404; 3]),
        (&stand.videos, "DELETE", &thumbnail, None, [404; 3]),
        (&stand.videos, "DELETE", &own, None, [404; 3]),
    ];
    for (component, method, path, body, statuses) in cases {
        for (caller, status) in [viewer, editor, stranger].into_iter().zip(statuses) {
            let reply = stand.send_as(caller, component, (method, path), body.clone()).await;
            assert_eq!(reply.status, status, "{method} {path}: {}", reply.json);
        }
    }
    let file = || Full::from("WEBVTT\n\n00:01.000 --> 00:02.000\nIt rains.\n");
    for (caller, status) in [(viewer, 404), (editor, 201), (stranger, 404)] {
        let bearer = stand.bed.bearer(caller, Role::Creator);
        let headers = [("authorization", bearer.as_str()), ("content-type", "text/vtt")];
        assert_eq!(stand.videos.send_body(("PUT", &captions), &headers, file()).await.status, status);
    }
    assert_eq!(get(&stand, owner, &own).await.json["title"], "A walk by the sea");
    assert_eq!(get(&stand, owner, &own).await.json["owner_id"], json!(owner));
    // It is not one's own: it is listed apart.
    assert!(get(&stand, editor, "/v1/videos").await.json["items"].as_array().unwrap().is_empty());
    assert_eq!(shared_with(&stand, editor).await, [(json!(video), json!("editor"))]);
    assert_eq!(shared_with(&stand, viewer).await, [(json!(video), json!("viewer"))]);
    assert!(shared_with(&stand, owner).await.is_empty() && shared_with(&stand, stranger).await.is_empty());
    // Deleted it is nobody's to see; given back it is again.
    assert_eq!(stand.send_as(owner, &stand.videos, ("DELETE", &own), None).await.status, 200);
    assert_eq!(get(&stand, editor, &own).await.status, 404);
    assert!(shared_with(&stand, editor).await.is_empty());
    assert_eq!(
        stand.send_as(owner, &stand.videos, ("POST", &publication("restore")), None).await.status,
        200
    );
    assert_eq!(get(&stand, viewer, &own).await.status, 200);
}

#[tokio::test]
async fn roles_are_said_anew_and_each_change_is_told_once() {
    let stand = Stand::new().await;
    let (owner, user) = (new_user_id(), new_user_id());
    let video = stand.ready_video(owner, "A walk").await;
    let kind = "mcsp.content.video.collaborators_changed.v1".to_owned();
    let added = share(&stand, owner, video, (user, "viewer")).await;
    assert_eq!((added.status, &added.json), (201, &json!({"user_id": user, "role": "viewer"})));
    assert_eq!(told_collaborators(&stand, video).await, (kind.clone(), json!([user])));
    let told = stand.bed.emitted(video).await.len();
    let again = share(&stand, owner, video, (user, "viewer")).await;
    assert_eq!((again.status, &again.headers["etag"]), (200, &added.headers["etag"]));
    assert_eq!(stand.bed.emitted(video).await.len(), told);
    let promoted = share(&stand, owner, video, (user, "editor")).await;
    assert_eq!((promoted.status, promoted.json["role"].clone()), (200, json!("editor")));
    let listed = get(&stand, user, &format!("{}/collaborators", path(video))).await;
    assert_eq!(listed.json["items"], json!([{"user_id": user, "role": "editor"}]));
    assert_eq!(listed.headers["etag"], promoted.headers["etag"]);
    // Nobody but its owner takes others away.
    let other = new_user_id();
    assert_eq!(share(&stand, owner, video, (other, "viewer")).await.status, 201);
    assert_eq!(unshare(&stand, user, video, other).await, 404);
    assert_eq!(unshare(&stand, other, video, other).await, 204, "everybody may go");
    assert_eq!(unshare(&stand, other, video, other).await, 404, "and sees it no more");
    assert_eq!(unshare(&stand, owner, video, user).await, 204);
    assert_eq!(unshare(&stand, owner, video, user).await, 204);
    assert_eq!(told_collaborators(&stand, video).await, (kind, json!([])));
    assert!(shared_with(&stand, user).await.is_empty());
    assert_eq!(get(&stand, user, &path(video)).await.status, 404);
}

#[tokio::test]
async fn whoever_is_named_is_taken_but_the_owner() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let video = stand.ready_video(owner, "A walk").await;
    let own = share(&stand, owner, video, (owner, "editor")).await;
    assert_eq!((own.status, own.code()), (409, "already_owner"));
    for body in [json!({"role": "owner"}), json!({}), json!({"role": "viewer", "until": 1})] {
        let path = format!("{}/collaborators/{}", path(video), new_user_id());
        let refused = stand.send_as(owner, &stand.videos, ("PUT", &path), Some(body)).await;
        assert_eq!(refused.status, 400, "{}", refused.json);
    }
    let path = format!("{}/collaborators/{}", path(video), new_user_id());
    let bearer = stand.bed.bearer(owner, Role::Creator);
    let headers = [("authorization", bearer.as_str()), ("if-match", "\"1\"")];
    let stale = stand.videos.send(("PUT", &path), &headers, Some(json!({"role": "viewer"}))).await;
    assert_eq!((stale.status, stale.code()), (412, "stale"));
    let stale = stand.videos.send(("DELETE", &path), &headers, None).await;
    assert_eq!((stale.status, stale.code()), (412, "stale"));
}

#[tokio::test]
async fn of_any_number_at_once_as_many_are_taken_as_there_can_be() {
    let stand = Stand::new().await;
    let owner = new_user_id();
    let video = stand.ready_video(owner, "A walk").await;
    for _ in 0..MAX - 2 {
        assert_eq!(share(&stand, owner, video, (new_user_id(), "viewer")).await.status, 201);
    }
    let one = || share(&stand, owner, video, (new_user_id(), "viewer"));
    let mut added = 0;
    while added < 2 {
        let replies = join_all([one(), one(), one(), one()]).await;
        added += replies.iter().filter(|reply| reply.status == 201).count();
        let refused = replies.iter().filter(|reply| reply.status != 201);
        refused.for_each(|reply| assert_eq!(reply.status, 409, "{}", reply.json));
    }
    let listed = get(&stand, owner, &format!("{}/collaborators", path(video))).await.json;
    let all = listed["items"].as_array().unwrap();
    assert_eq!((all.len(), added), (MAX, 2));
    let full = one().await;
    assert_eq!((full.status, full.code()), (409, "too_many_collaborators"));
    // One who is there may have another role.
    let there = all[0]["user_id"].as_str().unwrap().parse().unwrap();
    assert_eq!(share(&stand, owner, video, (there, "editor")).await.status, 200);
}

#[tokio::test]
async fn who_is_erased_works_on_nothing_and_what_is_forgotten_has_nobody() {
    let stand = Stand::new().await;
    let (owner, user) = (new_user_id(), new_user_id());
    let mut videos = Vec::new();
    // More than a page.
    for _ in 0..23 {
        let video = stand.ready_video(owner, "A walk").await;
        assert_eq!(share(&stand, owner, video, (user, "editor")).await.status, 201);
        videos.push(video);
    }
    let deleted = path(videos[0]);
    assert_eq!(stand.send_as(owner, &stand.videos, ("DELETE", &deleted), None).await.status, 200);
    let suspended = account(user, 2, "suspended");
    stand.events.deliver_until_taken(&unique(), ACCOUNT, &suspended).await;
    assert_eq!(told_collaborators(&stand, videos[1]).await.1, json!([user]));
    for _ in 0..2 {
        let erased = account(user, 3, "erased");
        stand.events.deliver_until_taken(&unique(), "mcsp.auth.account.erased.v1", &erased).await;
    }
    for video in &videos {
        assert_eq!(told_collaborators(&stand, *video).await.1, json!([]));
    }
    let shares: i64 = stand.bed.ask("SELECT count(*) FROM shares").await;
    assert_eq!(shares, 0);
    // The same of a video whose owner is erased, and of one that is purged.
    let other = new_user_id();
    for video in [videos[1], videos[2]] {
        assert_eq!(share(&stand, owner, video, (other, "viewer")).await.status, 201);
    }
    assert_eq!(stand.send_as(owner, &stand.videos, ("DELETE", &path(videos[2])), None).await.status, 200);
    stand.bed.pass(30 * 24 * 3600);
    let due = json!({"video_id": videos[2]});
    let kind = "mcsp.content.video.purge_due.v1";
    assert_eq!(stand.events.deliver(&unique(), kind, &due).await.status, 204);
    assert_eq!(told_collaborators(&stand, videos[2]).await.1, json!([]));
    assert_eq!(shared_with(&stand, other).await.len(), 1);
    let erased = account(owner, 2, "erased");
    stand.events.deliver_until_taken(&unique(), "mcsp.auth.account.erased.v1", &erased).await;
    assert!(shared_with(&stand, other).await.is_empty());
    assert_eq!(get(&stand, other, &path(videos[1])).await.status, 404);
    let shares: i64 = stand.bed.ask("SELECT count(*) FROM shares").await;
    assert_eq!(shares, 0);
}

#[tokio::test]
async fn what_is_shared_is_listed_by_pages_the_newest_first() {
    let stand = Stand::new().await;
    let (owner, user) = (new_user_id(), new_user_id());
    let mut videos = Vec::new();
    for _ in 0..5 {
        let video = stand.ready_video(owner, "A walk").await;
        assert_eq!(share(&stand, owner, video, (user, "viewer")).await.status, 201);
        videos.push(json!(video));
    }
    videos.reverse();
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = get(&stand, user, &format!("/v1/videos/shared?limit=2{cursor}")).await.json;
        let items = page["items"].as_array().unwrap();
        assert!((1..=2).contains(&items.len()));
        found.extend(items.iter().map(|item| item["video"]["id"].clone()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(found, videos);
}

#[tokio::test]
async fn what_is_written_beside_a_video_that_stays_is_not_written_beside_another_one() {
    let stand = Stand::new().await;
    let (owner, user) = (new_user_id(), new_user_id());
    let video = stand.ready_video(owner, "A walk").await;
    assert_eq!(share(&stand, owner, video, (user, "viewer")).await.status, 201);
    let (context, turns) = (stand.bed.context("content-videos"), AtomicU32::new(0));
    // While the same role is said again, who has it goes.
    let decide = |found: Video| {
        let (stand, turns) = (&stand, &turns);
        async move {
            turns.fetch_add(1, Ordering::Relaxed);
            let has_role = found.collaborators.role(user).is_some();
            if has_role {
                assert_eq!(unshare(stand, user, video, user).await, 204);
            }
            let also = has_role.then(|| keep_share(video, user));
            Ok(Decided { outcome: Outcome::Unchanged(found), also, answer: has_role })
        }
    };
    let answer = change(&context, (video, By::Owner(owner)), |_| unreachable!(), decide).await;
    assert!(matches!(answer, Ok(false)));
    assert_eq!(turns.into_inner(), 2);
    assert!(shared_with(&stand, user).await.is_empty());
}
