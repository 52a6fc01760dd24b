//! Whatever happens, in whatever order: what search, the catalog, its owner's lists and a video's own page show to each kind of
//! viewer, wherever they are, is the one pure decision, and that is what the last words of all who have a say come to.

use crate::finding::viewer;
use content_domain::{Way, decide};
use content_tests::Stand;
use content_tests::samples::{
    ACCOUNT, COMPLETED, INITIATED, account, completed, decided, initiated, new_user_id,
};
use http_body_util::Full;
use mcsp_access::Role;
use mcsp_ids::{UserId, VideoId};
use mcsp_testbed::{BRIDGE_TOKEN, unique};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::json;

/// Sequences that are tried.
const CASES: u32 = 12;
/// The account's states by their versions, as Auth would tell them.
const ACCOUNTS: [&str; 6] = ["active", "suspended", "active", "closed", "active", "suspended"];
/// Decisions on the video by their versions.
const DECISIONS: [bool; 5] = [true, false, true, true, false];
/// Where it is allowed and where it is denied.
const REGIONS: [(&[&str], &[&str]); 5] =
    [(&[], &[]), (&["eu"], &[]), (&[], &["us"]), (&["ap", "eu"], &["us"]), (&["us"], &["eu"])];
const VISIBILITIES: [&str; 5] = ["public", "unlisted", "private", "subscribers", "password"];

#[derive(Clone, Debug)]
enum Step {
    Publish,
    Unpublish,
    SetVisibility(usize),
    SetRegions(usize),
    Rename(u8),
    /// Tells a version, in any order and again.
    Account(usize),
    Decision(usize),
    Delete,
    Restore,
    /// Tells that its file is there, or processed, in any order and again.
    Upload,
    Process,
    Share,
    Unshare,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Publish),
        1 => Just(Step::Unpublish),
        2 => (0..VISIBILITIES.len()).prop_map(Step::SetVisibility),
        2 => (0..REGIONS.len()).prop_map(Step::SetRegions),
        1 => any::<u8>().prop_map(Step::Rename),
        2 => (0..ACCOUNTS.len()).prop_map(Step::Account),
        2 => (0..DECISIONS.len()).prop_map(Step::Decision),
        1 => Just(Step::Delete),
        2 => Just(Step::Restore),
        2 => Just(Step::Upload),
        2 => Just(Step::Process),
        2 => Just(Step::Share),
        1 => Just(Step::Unshare),
    ]
}

/// What the last words come to, by other means than those that are tested.
struct Expected {
    uploaded: bool,
    processed: bool,
    published: bool,
    visibility: usize,
    regions: usize,
    account: Option<usize>,
    decision: Option<usize>,
    deleted: bool,
    shared: bool,
}

impl Expected {
    /// Whether there is something to play.
    fn is_ready(&self) -> bool {
        self.uploaded && self.processed
    }

    fn is_withheld(&self) -> bool {
        self.account.is_some_and(|version| ACCOUNTS[version] != "active")
            || self.decision.is_some_and(|version| DECISIONS[version])
    }

    /// Nothing less than everywhere will do for who is not known to be anywhere.
    fn is_shown_in(&self, region: Option<&str>) -> bool {
        let (allow, deny) = REGIONS[self.regions];
        match region {
            Some(region) => (allow.is_empty() || allow.contains(&region)) && !deny.contains(&region),
            None => self.regions == 0,
        }
    }

    fn is_shown(&self, way: Way) -> bool {
        let is_meant = matches!(
            (VISIBILITIES[self.visibility], way),
            ("public", _) | ("unlisted" | "subscribers" | "password", Way::Link)
        );
        self.published && !self.is_withheld() && !self.deleted && is_meant
    }
}

/// A video, its owner, somebody who may work on it, and somebody else.
struct Scene<'a> {
    stand: &'a Stand,
    owner: UserId,
    collaborator: UserId,
    stranger: UserId,
    video: VideoId,
    expected: Expected,
}

impl Scene<'_> {
    async fn take(&mut self, step: &Step) {
        let Scene { stand, owner, video, .. } = *self;
        let publication = |verb: &'static str| async move {
            let path = format!("/v1/videos/{video}/{verb}");
            stand.send_as(owner, &stand.publication, ("POST", &path), None).await.status
        };
        match step {
            Step::Publish => {
                let can_be = self.expected.is_ready() && !self.expected.is_withheld();
                let expected = match (self.expected.deleted, can_be) {
                    (true, _) => 404,
                    (false, false) => 409,
                    (false, true) => 200,
                };
                assert_eq!(publication("publish").await, expected);
                self.expected.published |= expected == 200;
            }
            Step::Unpublish => {
                if publication("unpublish").await == 200 {
                    self.expected.published = false;
                }
            }
            Step::SetVisibility(visibility) => {
                let path = format!("/v1/videos/{video}/visibility");
                let mut body = json!({"visibility": VISIBILITIES[*visibility]});
                match VISIBILITIES[*visibility] {
                    "subscribers" => body["minimum_plan_level"] = json!(1),
                    "password" => body["passwords"] = json!(["open sesame"]),
                    _ => {}
                }
                let reply = stand.send_as(owner, &stand.publication, ("PUT", &path), Some(body)).await;
                assert_eq!(reply.status, self.if_there(), "{}", reply.json);
                if !self.expected.deleted {
                    self.expected.visibility = *visibility;
                }
            }
            Step::SetRegions(regions) => {
                let path = format!("/v1/videos/{video}/regions");
                let (allow, deny) = REGIONS[*regions];
                let body = Some(json!({"allow": allow, "deny": deny}));
                let reply = stand.send_as(owner, &stand.publication, ("PUT", &path), body).await;
                assert_eq!(reply.status, self.if_there(), "{}", reply.json);
                if !self.expected.deleted {
                    self.expected.regions = *regions;
                }
            }
            Step::Rename(n) => {
                let body = Some(json!({"title": format!("{} {n}", self.word())}));
                let path = format!("/v1/videos/{video}");
                let reply = stand.send_as(owner, &stand.videos, ("PATCH", &path), body).await;
                assert_eq!(reply.status, self.if_there(), "{}", reply.json);
            }
            Step::Account(version) => {
                let data = account(owner, *version as i64 + 1, ACCOUNTS[*version]);
                stand.events.deliver_until_taken(&unique(), ACCOUNT, &data).await;
                self.expected.account = self.expected.account.max(Some(*version));
            }
            Step::Decision(version) => {
                let (kind, data) = decided(video, *version as i64 + 1, DECISIONS[*version]);
                stand.events.deliver_until_taken(&unique(), kind, &data).await;
                self.expected.decision = self.expected.decision.max(Some(*version));
            }
            Step::Delete => {
                let path = format!("/v1/videos/{video}");
                assert_eq!(stand.send_as(owner, &stand.videos, ("DELETE", &path), None).await.status, 200);
                self.expected.deleted = true;
            }
            Step::Restore => {
                let path = format!("/v1/videos/{video}/restore");
                assert_eq!(stand.send_as(owner, &stand.videos, ("POST", &path), None).await.status, 200);
                self.expected.deleted = false;
            }
            Step::Upload => {
                stand.events.deliver_until_taken(&unique(), INITIATED, &initiated(video, owner)).await;
                self.expected.uploaded = true;
            }
            Step::Process => {
                stand.events.deliver_until_taken(&unique(), COMPLETED, &completed(video)).await;
                self.expected.processed = true;
            }
            Step::Share | Step::Unshare => {
                let path = format!("/v1/videos/{video}/collaborators/{}", self.collaborator);
                let is_shared = matches!(step, Step::Share);
                let (method, body) =
                    if is_shared { ("PUT", Some(json!({"role": "viewer"}))) } else { ("DELETE", None) };
                let reply = stand.send_as(owner, &stand.videos, (method, &path), body).await;
                let expected = match (self.expected.deleted, is_shared, self.expected.shared) {
                    (true, ..) => 404,
                    (false, true, false) => 201,
                    (false, true, true) => 200,
                    (false, false, _) => 204,
                };
                assert_eq!(reply.status, expected, "{}", reply.json);
                if !self.expected.deleted {
                    self.expected.shared = is_shared;
                }
            }
        }
    }

    async fn give_captions(&self) {
        let Scene { stand, owner, video, .. } = *self;
        let bearer = stand.bed.bearer(owner, Role::Creator);
        let headers = [("authorization", bearer.as_str()), ("content-type", "text/vtt")];
        let file = Full::from("WEBVTT\n\n00:01.000 --> 00:02.000\nIt rains.\n");
        let path = format!("/v1/videos/{video}/captions/en");
        assert_eq!(stand.videos.send_body(("PUT", &path), &headers, file).await.status, 201);
    }

    /// What its owner is answered who changes it.
    fn if_there(&self) -> u16 {
        if self.expected.deleted { 404 } else { 200 }
    }

    /// Stands in this video's titles alone.
    fn word(&self) -> String {
        format!("w{}", self.video.uuid().simple())
    }

    async fn check(&self) -> Result<(), TestCaseError> {
        let Scene { stand, owner, collaborator, stranger, video, .. } = *self;
        let stored =
            content_storage::find(&stand.bed.context("content-events"), video).await.unwrap().unwrap();
        let path = format!("/v1/videos/{video}");
        let shown = |who, way| decide(&stored, &viewer(who), way).is_ok();
        let strangers = [None, Some((stranger, "eu")), Some((stranger, "us"))];
        for who in strangers.into_iter().chain([Some((owner, "us")), Some((collaborator, "us"))]) {
            let region = who.map(|(_, region)| region);
            let expected = |way| self.expected.is_shown(way) && self.expected.is_shown_in(region);
            let reply = stand.get_from(who, &stand.videos, &path).await;
            let is_theirs = |user| user == owner || (user == collaborator && self.expected.shared);
            let is_own = who.is_some_and(|(user, _)| is_theirs(user)) && !self.expected.deleted;
            let by_link = is_own || expected(Way::Link);
            prop_assert_eq!((reply.status == 200, shown(who, Way::Link)), (by_link, by_link));
            for part in ["captions", "captions/en", "chapters", "chapters.vtt"] {
                let path = format!("{path}/{part}");
                let reply = stand.get_from(who, &stand.videos, &path).await;
                let is_there = by_link && (part != "chapters.vtt" || self.expected.is_ready());
                prop_assert_eq!(reply.status, if is_there { 200 } else { 404 }, "{}", path);
            }
            let by_search = expected(Way::Search);
            prop_assert_eq!(shown(who, Way::Search), by_search);
            for sort in ["", "&sort=newest"] {
                let path = format!("/v1/search?q={}{sort}&facets=true", self.word());
                let found = stand.get_from(who, &stand.search, &path).await.json;
                prop_assert_eq!(found["items"].as_array().unwrap().len(), usize::from(by_search));
                prop_assert_eq!(&found["facets"]["total"], &json!(u8::from(by_search)));
            }
            let path = format!("/v1/search/suggest?q={}", self.word());
            let suggested = stand.get_from(who, &stand.search, &path).await.json;
            prop_assert_eq!(suggested["items"].as_array().unwrap().len(), usize::from(by_search));
        }
        for (query, expected) in [("", !self.expected.deleted), ("?state=deleted", self.expected.deleted)] {
            let path = format!("/v1/videos{query}");
            let listed = stand.send_as(owner, &stand.videos, ("GET", &path), None).await.json;
            prop_assert_eq!(listed["items"].as_array().unwrap().len(), usize::from(expected));
        }
        let listed =
            stand.send_as(collaborator, &stand.videos, ("GET", "/v1/videos/shared"), None).await.json;
        let is_listed = self.expected.shared && !self.expected.deleted;
        prop_assert_eq!(listed["items"].as_array().unwrap().len(), usize::from(is_listed));
        let bearer = format!("Bearer {BRIDGE_TOKEN}");
        let headers = [("authorization", bearer.as_str())];
        let catalog = stand.catalog.send(("GET", &format!("/v1/catalog/{video}")), &headers, None).await.json;
        prop_assert_eq!(catalog["state"] == "deleted", self.expected.deleted);
        prop_assert_eq!(catalog["state"] == "blocked", self.expected.is_withheld() && !self.expected.deleted);
        let is_draft = !self.expected.uploaded && !self.expected.deleted && !self.expected.is_withheld();
        prop_assert_eq!(catalog["state"] == "draft", is_draft);
        let (allow, deny) = REGIONS[self.expected.regions];
        prop_assert_eq!(&catalog["regions"], &json!({"allow": allow, "deny": deny}));
        let plays = catalog["state"] == "published" && catalog["visibility"] != "private";
        prop_assert_eq!(plays, self.expected.is_shown(Way::Link));
        let told = stand.bed.emitted(video).await.pop().unwrap().data;
        prop_assert_eq!(told, catalog, "what was told last is what is so");
        Ok(())
    }
}

#[test]
fn all_views_of_a_video_are_the_one_decision_whatever_happened() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let stand = runtime.block_on(Stand::new());
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let tried = TestRunner::new(config).run(
        &(any::<bool>(), prop::collection::vec(step(), 4..24)),
        |(is_ready, steps)| {
            runtime.block_on(async {
                let (owner, collaborator, stranger) = (new_user_id(), new_user_id(), new_user_id());
                let body = Some(json!({"title": "untitled"}));
                let draft = stand.send_as(owner, &stand.videos, ("POST", "/v1/videos"), body).await;
                let video = draft.json["id"].as_str().unwrap().parse().unwrap();
                let expected = Expected {
                    uploaded: false,
                    processed: false,
                    published: false,
                    visibility: 0,
                    regions: 0,
                    account: None,
                    decision: None,
                    deleted: false,
                    shared: false,
                };
                let mut scene = Scene { stand: &stand, owner, collaborator, stranger, video, expected };
                scene.take(&Step::Rename(0)).await;
                scene.give_captions().await;
                // Of others it is seen what becomes of a draft.
                if is_ready {
                    scene.take(&Step::Upload).await;
                    scene.take(&Step::Process).await;
                }
                for step in &steps {
                    scene.take(step).await;
                    scene.check().await?;
                }
                Ok(())
            })
        },
    );
    runtime.block_on(async { drop(stand) });
    tried.unwrap();
}
