//! `GET /v1/videos/{id}/explain-visibility`: what is explained is what the page and search show.

use crate::finding::titles;
use content_tests::Stand;
use content_tests::samples::{
    ACCOUNT, FAILED, INITIATED, account, decided, failed, initiated, new_user_id, new_video_id,
};
use mcsp_access::Role;
use mcsp_ids::{UserId, VideoId};
use mcsp_testbed::{Reply, unique};
use serde_json::{Value, json};

/// What is done to a published video.
#[derive(Clone, Copy, Debug)]
enum Act {
    Unpublish,
    SetVisibility(&'static str),
    Deny(&'static str),
    Allow(&'static str),
    Block,
    Suspend,
    Delete,
    Purge,
    Share,
}

struct Scene<'a> {
    stand: &'a Stand,
    owner: UserId,
    /// Works on it, once it is shared.
    collaborator: UserId,
    video: VideoId,
    title: String,
}

impl Scene<'_> {
    async fn published(stand: &Stand) -> Scene<'_> {
        // As a letter begins it, it is one word to Postgres: of `3e12ab` it makes a number and a word.
        let (owner, title) = (new_user_id(), format!("w{}", unique()));
        let video = stand.ready_video(owner, &title).await;
        let scene = Scene { stand, owner, collaborator: new_user_id(), video, title };
        scene.send("POST", "/publish", None).await;
        scene
    }

    async fn send(&self, method: &str, behind: &str, body: Option<Value>) {
        let path = format!("/v1/videos/{}{behind}", self.video);
        let component = if behind.is_empty() { &self.stand.videos } else { &self.stand.publication };
        let reply = self.stand.send_as(self.owner, component, (method, &path), body).await;
        assert_eq!(reply.status, 200, "{}", reply.json);
    }

    async fn take(&self, act: Act) {
        let Scene { stand, owner, video, .. } = *self;
        match act {
            Act::Unpublish => self.send("POST", "/unpublish", None).await,
            Act::SetVisibility(name) => {
                self.send("PUT", "/visibility", Some(json!({"visibility": name}))).await;
            }
            Act::Deny(region) => {
                self.send("PUT", "/regions", Some(json!({"allow": [], "deny": [region]}))).await;
            }
            Act::Allow(region) => {
                self.send("PUT", "/regions", Some(json!({"allow": [region], "deny": []}))).await;
            }
            Act::Block => {
                let (kind, data) = decided(video, 1, true);
                stand.events.deliver_until_taken(&unique(), kind, &data).await;
            }
            Act::Suspend => {
                let data = account(owner, 2, "suspended");
                stand.events.deliver_until_taken(&unique(), ACCOUNT, &data).await;
            }
            Act::Delete => self.send("DELETE", "", None).await,
            Act::Share => {
                let path = format!("/v1/videos/{video}/collaborators/{}", self.collaborator);
                let role = Some(json!({"role": "viewer"}));
                assert_eq!(stand.send_as(owner, &stand.videos, ("PUT", &path), role).await.status, 201);
            }
            Act::Purge => {
                self.send("DELETE", "", None).await;
                stand.bed.pass(30 * 24 * 3600);
                let data = json!({"video_id": video});
                let kind = "mcsp.content.video.purge_due.v1";
                assert_eq!(stand.events.deliver(&unique(), kind, &data).await.status, 204);
            }
        }
    }

    async fn explained(&self, query: &str) -> Value {
        let reply = explain(self.stand, Role::Moderator, self.video, query).await;
        assert_eq!(reply.status, 200, "{}", reply.json);
        reply.json
    }
}

async fn explain(stand: &Stand, role: Role, video: VideoId, query: &str) -> Reply {
    let bearer = stand.bed.bearer(new_user_id(), role);
    let path = format!("/v1/videos/{video}/explain-visibility{query}");
    stand.publication.send(("GET", &path), &[("authorization", &bearer)], None).await
}

/// Who looks.
#[derive(Clone, Copy, Debug)]
enum Looker {
    Anyone,
    Stranger(&'static str),
    Owner(&'static str),
    Collaborator(&'static str),
}

#[tokio::test]
async fn an_explanation_is_what_the_page_and_search_show() {
    use Looker::*;
    let stand = Stand::new().await;
    for (acts, looker, by_link, by_search) in [
        (&[][..], Anyone, &[][..], &[][..]),
        (&[], Stranger("eu"), &[], &[]),
        (&[], Owner("eu"), &[], &[]),
        (&[Act::Unpublish], Stranger("eu"), &["not_published"], &["not_published"]),
        (&[Act::Unpublish], Owner("eu"), &[], &["not_published"]),
        (&[Act::SetVisibility("private")], Stranger("eu"), &["private"], &["private"]),
        (&[Act::SetVisibility("private")], Owner("eu"), &[], &["private"]),
        (&[Act::SetVisibility("unlisted")], Anyone, &[], &["unlisted"]),
        (&[Act::SetVisibility("subscribers")], Anyone, &[], &["unlisted"]),
        (&[Act::Deny("us")], Stranger("us"), &["region_denied"], &["region_denied"]),
        (&[Act::Deny("us")], Stranger("eu"), &[], &[]),
        (&[Act::Deny("us")], Anyone, &["region_denied"], &["region_denied"]),
        (&[Act::Deny("us")], Owner("us"), &[], &["region_denied"]),
        (&[Act::Allow("us")], Stranger("eu"), &["region_denied"], &["region_denied"]),
        (&[Act::Allow("us")], Stranger("us"), &[], &[]),
        (&[Act::Block], Stranger("eu"), &["blocked"], &["blocked"]),
        (&[Act::Block], Owner("eu"), &[], &["blocked"]),
        (&[Act::Suspend], Anyone, &["blocked"], &["blocked"]),
        (&[Act::Delete], Stranger("eu"), &["deleted"], &["deleted"]),
        (&[Act::Delete], Owner("eu"), &["deleted"], &["deleted"]),
        (
            &[Act::Share, Act::Unpublish, Act::Deny("us")],
            Collaborator("us"),
            &[],
            &["not_published", "region_denied"],
        ),
        (
            &[Act::Share, Act::SetVisibility("private"), Act::Block],
            Collaborator("eu"),
            &[],
            &["blocked", "private"],
        ),
        (&[Act::Share, Act::Delete], Collaborator("eu"), &["deleted"], &["deleted"]),
        (&[Act::Share, Act::SetVisibility("private")], Stranger("eu"), &["private"], &["private"]),
        (
            &[Act::Block, Act::Unpublish, Act::SetVisibility("private"), Act::Deny("eu"), Act::Delete],
            Stranger("eu"),
            &["deleted", "blocked", "not_published", "private", "region_denied"],
            &["deleted", "blocked", "not_published", "private", "region_denied"],
        ),
    ] {
        let scene = Scene::published(&stand).await;
        for act in acts {
            scene.take(*act).await;
        }
        let who = match looker {
            Anyone => None,
            Stranger(region) => Some((new_user_id(), region)),
            Owner(region) => Some((scene.owner, region)),
            Collaborator(region) => Some((scene.collaborator, region)),
        };
        let query = who.map(|(user, region)| format!("?as={user}&region={region}")).unwrap_or_default();
        let explained = scene.explained(&query).await;
        for (way, hidden_by) in [("by_link", by_link), ("by_search", by_search)] {
            let expected = json!({"shown": hidden_by.is_empty(), "hidden_by": hidden_by});
            assert_eq!(explained[way], expected, "{acts:?} {looker:?}: {explained}");
        }
        let page = stand.get_from(who, &stand.videos, &format!("/v1/videos/{}", scene.video)).await;
        assert_eq!(page.status == 200, by_link.is_empty(), "{acts:?} {looker:?}");
        let search = format!("/v1/search?q=%22{}%22", scene.title);
        let found = stand.get_from(who, &stand.search, &search).await;
        assert_eq!(titles(&found.json).len(), usize::from(by_search.is_empty()), "{acts:?} {looker:?}");
    }
}

#[tokio::test]
async fn each_fact_says_who_told_it() {
    let stand = Stand::new().await;
    let scene = Scene::published(&stand).await;
    for act in [Act::Block, Act::Suspend, Act::Allow("us")] {
        scene.take(act).await;
    }
    let explained = scene.explained(&format!("?as={}&region=EU", scene.owner)).await;
    let fact = |value: Value, told_by: &str| json!({"value": value, "told_by": told_by});
    assert_eq!(
        explained["facts"],
        json!({
            "owner_id": fact(json!(scene.owner), "upload"),
            "viewer_region": fact(json!("eu"), "question"),
            "deleted_at": fact(Value::Null, "owner"),
            "decision": fact(json!({"version": 1, "blocked": true}), "moderation"),
            "withheld_by_account": fact(json!(true), "account"),
            "state": fact(json!("published"), "owner"),
            "visibility": fact(json!("public"), "owner"),
            "regions": fact(json!({"allow": ["us"], "deny": []}), "owner"),
            "collaborates_as": fact(Value::Null, "owner"),
        })
    );
    assert_eq!((&explained["video_id"], &explained["version"]), (&json!(scene.video), &json!(7)));
    scene.take(Act::Share).await;
    let shared = scene.explained(&format!("?as={}", scene.collaborator)).await;
    assert_eq!(shared["facts"]["collaborates_as"], fact(json!("viewer"), "owner"));
    let unknown = scene.explained("").await["facts"]["viewer_region"].take();
    assert_eq!(unknown, fact(Value::Null, "question"));

    let state = async |scene: &Scene<'_>| scene.explained("").await["facts"]["state"].take();
    let (owner, video) = (new_user_id(), new_video_id());
    let other = Scene { stand: &stand, owner, collaborator: new_user_id(), video, title: unique() };
    stand.events.deliver_until_taken(&unique(), INITIATED, &initiated(video, owner)).await;
    assert_eq!(state(&other).await, fact(json!("processing"), "upload"));
    stand.events.deliver_until_taken(&unique(), FAILED, &failed(video)).await;
    assert_eq!(state(&other).await, fact(json!("failed"), "pipeline"));
    let video = stand.ready_video(owner, "ready").await;
    let ready = Scene { stand: &stand, owner, collaborator: new_user_id(), video, title: unique() };
    assert_eq!(state(&ready).await, fact(json!("ready"), "pipeline"));
    ready.take(Act::Purge).await;
    let purged = ready.explained(&format!("?as={owner}&region=eu")).await;
    assert_eq!(purged["facts"]["state"], fact(json!("failed"), "owner"));
    assert_eq!(purged["by_link"]["hidden_by"], json!(["deleted"]));
}

#[tokio::test]
async fn only_who_may_is_told_and_only_of_accounts_and_regions() {
    let stand = Stand::new().await;
    let scene = Scene::published(&stand).await;
    let video = scene.video;
    for role in [Role::Viewer, Role::Creator, Role::Service] {
        let refused = explain(&stand, role, video, "").await;
        assert_eq!((refused.status, refused.code()), (403, "insufficient_permission"), "{role:?}");
    }
    assert_eq!(explain(&stand, Role::Admin, video, "").await.status, 200);
    let own = format!("/v1/videos/{video}/explain-visibility");
    let refused = stand.send_as(scene.owner, &stand.publication, ("GET", &own), None).await;
    assert_eq!(refused.status, 403, "its owner either");
    assert_eq!(stand.publication.send(("GET", &own), &[], None).await.status, 401);
    let unknown = explain(&stand, Role::Moderator, new_video_id(), "").await;
    assert_eq!((unknown.status, unknown.code()), (404, "not_found"));
    for (query, parameter) in [
        ("?as=video_00000000000000000000000000", "as"),
        ("?as=user_00000000000000000000000000&region=e+u", "region"),
        ("?region=eu", "region"),
        ("?as=user_00000000000000000000000000&age=16", "age"),
    ] {
        let invalid = explain(&stand, Role::Moderator, video, query).await;
        assert_eq!((invalid.status, invalid.code()), (400, "invalid_query"), "{query}");
        assert_eq!(invalid.json["errors"][0]["parameter"], parameter, "{}", invalid.json);
    }
}
