//! Any sequence of requests leaves a video with a version for each change and one publication event for
//! each publication.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use content_domain::{
    COLLABORATORS_MAX, Change, Collaborators, Decision, Details, Drafted, Edit, Embedding, FailureCode,
    FirstFile, Gone, Happened, Hidden, Media, NotPublishable, NotPublished, NotSchedulable, NotShared,
    NotTransferable, Offer, Origin, Outcome, Packaged, PasswordsVersion, PlanLevel, Processed, Protection,
    Region, Regions, Role, Scheme, State, StateName, StillProcessing, Title, Video, Viewer, Visibility, Way,
    decide, hindrances,
};
use jiff::{SignedDuration, Timestamp};
use mcsp_ids::{UploadId, UserId, VideoId};
use proptest::prelude::*;
use uuid::Uuid;

fn at(second: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second)
}

fn owner() -> UserId {
    UserId::from_uuid(Uuid::from_u128(2))
}

fn origin() -> Origin {
    Origin {
        id: VideoId::from_uuid(Uuid::from_u128(1)),
        owner: owner(),
        upload: Some(UploadId::from_uuid(Uuid::from_u128(3))),
        region: "eu".into(),
        asks_for_protection: false,
    }
}

fn new_video() -> Video {
    Video::create(origin(), at(0)).video
}

fn new_draft() -> Video {
    let origin = Origin { upload: None, ..origin() };
    Video::draft(origin, Edit::default(), Visibility::Public, at(0)).video
}

fn file(upload: u128, asks_for_protection: bool) -> FirstFile {
    let upload = UploadId::from_uuid(Uuid::from_u128(upload));
    FirstFile { upload, region: "us".into(), asks_for_protection }
}

fn region(name: &str) -> Region {
    Region::parse(name).unwrap()
}

fn regions(allow: &[&str], deny: &[&str]) -> Regions {
    let parse = |names: &[&str]| names.iter().map(|name| region(name)).collect();
    Regions::new(parse(allow), parse(deny))
}

fn user(id: UserId, name: Option<&str>) -> Viewer {
    Viewer::User { id, region: name.map(region) }
}

fn media() -> Media {
    let packaged = Packaged {
        prefix: "packaged/v/".into(),
        hls: "master.m3u8".into(),
        dash: Some("manifest.mpd".into()),
    };
    Media { duration_ms: 1_000, renditions: Vec::new(), packaged, protection: None, thumbnails: Vec::new() }
}

#[test]
fn what_was_to_be_protected_and_is_not_has_failed() {
    let asking = || Video::create(Origin { asks_for_protection: true, ..origin() }, at(0)).video;
    let ended = |media| match asking().processed(Processed::Completed(media), at(1)) {
        Outcome::Changed(change) => change.video.state,
        Outcome::Unchanged(video) => panic!("{video:?}"),
    };
    let key_ids = vec![Uuid::from_u128(9)];
    let protection = Some(Protection { scheme: Scheme::Cenc, key_ids, seed_id: "s1".into() });
    let protected = Media { protection, ..media() };
    assert_eq!(ended(protected.clone()), State::Ready(protected));
    let code = FailureCode::try_from("unprotected".to_owned()).unwrap();
    assert_eq!(ended(media()), State::Failed(code));
}

#[derive(Clone, Debug)]
enum Act {
    Complete,
    Fail,
    Publish,
    Unpublish,
    SetVisibility(Visibility),
    SetRegions(Regions),
    Schedule(u8),
    Unschedule,
    Rename(u8),
    Decide(i64, bool),
    OfAccount(bool),
    Delete,
    Undelete,
    Replace(u128),
    TakeFile(u128),
    Share(UserId, Role),
    Unshare(UserId),
}

fn lists() -> impl Strategy<Value = Vec<&'static str>> {
    prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(prop::sample::select(vec!["eu", "us"]), 1..3)]
}

/// Few, so that they come and go; one of them is the owner.
fn collaborator() -> impl Strategy<Value = UserId> {
    (2..5_u128).prop_map(|number| UserId::from_uuid(Uuid::from_u128(number)))
}

fn act() -> impl Strategy<Value = Act> {
    use Visibility::*;
    prop_oneof![
        2 => Just(Act::Complete),
        1 => Just(Act::Fail),
        4 => Just(Act::Publish),
        3 => Just(Act::Unpublish),
        2 => prop_oneof![Just(Public), Just(Unlisted), Just(Private), Just(Subscribers(PlanLevel::LOWEST))]
            .prop_map(Act::SetVisibility),
        2 => (lists(), lists()).prop_map(|(allow, deny)| Act::SetRegions(regions(&allow, &deny))),
        2 => (0..3_u8).prop_map(Act::Rename),
        2 => (0..9_u8).prop_map(Act::Schedule),
        1 => Just(Act::Unschedule),
        1 => (0..5_i64, any::<bool>()).prop_map(|(version, blocked)| Act::Decide(version, blocked)),
        1 => any::<bool>().prop_map(Act::OfAccount),
        1 => Just(Act::Delete),
        1 => Just(Act::Undelete),
        2 => (0..9_u128).prop_map(Act::Replace),
        3 => (0..9_u128).prop_map(Act::TakeFile),
        2 => (collaborator(), prop::sample::select(vec![Role::Viewer, Role::Editor]))
            .prop_map(|(user, role)| Act::Share(user, role)),
        1 => collaborator().prop_map(Act::Unshare),
    ]
}

/// None where the transition was refused.
fn apply(video: Video, act: &Act, now: Timestamp) -> Option<Outcome> {
    match act {
        Act::Complete => Some(video.processed(Processed::Completed(media()), now)),
        Act::Fail => {
            let code = FailureCode::try_from("unreadable".to_owned()).unwrap();
            Some(video.processed(Processed::Failed(code), now))
        }
        Act::Publish => video.publish(now).ok(),
        Act::Unpublish => video.unpublish(now).ok(),
        Act::Schedule(after_s) => {
            video.schedule(now + SignedDuration::from_secs((*after_s).into()), now).ok()
        }
        Act::Unschedule => Some(video.unschedule(now)),
        Act::Decide(version, blocked) => {
            Some(video.decided(Decision { version: *version, blocked: *blocked }, now))
        }
        Act::OfAccount(is_active) => Some(video.of_account(*is_active, now)),
        Act::Delete => Some(video.delete(now)),
        Act::Undelete => video.undelete(now).ok(),
        Act::SetRegions(regions) => Some(video.with_regions(regions.clone(), now)),
        Act::Replace(upload) => {
            let upload = UploadId::from_uuid(Uuid::from_u128(*upload));
            video.replaced(upload, Processed::Completed(media()), now).ok()
        }
        Act::TakeFile(upload) => Some(video.take_file(file(*upload, false), now)),
        Act::Share(user, role) => video.share(*user, *role, now).ok(),
        Act::Unshare(user) => Some(video.unshare(*user, now)),
        Act::SetVisibility(visibility) => Some(video.with_visibility(*visibility, now)),
        Act::Rename(n) => {
            let title = Some(Title::parse(&format!("title {n}")).unwrap());
            Some(video.edit(Edit { title, ..Edit::default() }, now))
        }
    }
}

fn is_published(video: &Video) -> bool {
    matches!(video.state, State::Published { .. })
}

/// As it begins.
fn begun(is_draft: bool) -> Video {
    if is_draft { new_draft() } else { new_video() }
}

proptest! {
    #[test]
    fn versions_grow_by_one_and_each_publication_is_told_once(
        is_draft in any::<bool>(),
        acts in prop::collection::vec(act(), 0..40),
    ) {
        let mut video = begun(is_draft);
        let (mut publications, mut told, mut first) = (0, 0, None);
        for (second, act) in (1..).zip(&acts) {
            let before = video.clone();
            let Some(outcome) = apply(video.clone(), act, at(second)) else { continue };
            video = match outcome {
                Outcome::Unchanged(video) => {
                    prop_assert_eq!(&video, &before);
                    video
                }
                Outcome::Changed(change) => {
                    prop_assert_eq!(change.video.version, before.version + 1);
                    prop_assert_eq!(change.video.updated_at, at(second));
                    match act {
                        Act::Replace(_) => {
                            prop_assert!(change.video.origin.upload > before.origin.upload);
                            prop_assert_eq!(change.video.state.name(), before.state.name());
                            prop_assert_eq!(&change.video.details, &before.details);
                        }
                        Act::TakeFile(_) => {
                            prop_assert_eq!((&before.state, before.origin.upload), (&State::Draft, None));
                            prop_assert_eq!(&change.video.state, &State::Processing);
                            prop_assert_eq!(&change.video.details, &before.details);
                        }
                        _ => prop_assert_eq!(&change.video.origin, &before.origin),
                    }
                    told += u32::from(change.happened == Happened::Published);
                    change.video
                }
            };
            publications += u32::from(is_published(&video) && !is_published(&before));
            if is_published(&video) {
                prop_assert!(video.details.title.is_some());
                first = first.or(Some(video.updated_at));
            }
            if video.publish_at.is_some() {
                let is_waiting = matches!(
                    video.state,
                    State::Draft | State::Processing | State::Ready(_) | State::Unpublished { .. }
                );
                prop_assert!(is_waiting);
                prop_assert!(video.details.title.is_some());
            }
            prop_assert_eq!(video.origin.upload.is_none(), video.state == State::Draft);
            prop_assert_eq!(video.state.first_published_at(), first);
            prop_assert_eq!(told, publications);
        }
    }

    #[test]
    fn nobody_else_sees_what_is_not_published(
        is_draft in any::<bool>(),
        acts in prop::collection::vec(act(), 0..20),
    ) {
        let stranger = UserId::from_uuid(Uuid::from_u128(9));
        let mut video = begun(is_draft);
        for (second, act) in (1..).zip(&acts) {
            if let Some(Outcome::Changed(change)) = apply(video.clone(), act, at(second)) {
                video = change.video;
            }
            let is_there = video.deletion.is_none();
            let published = is_published(&video) && !video.withheld.is_in_force() && is_there;
            let by_link = published && video.visibility != Visibility::Private;
            let in_search = published && video.visibility == Visibility::Public;
            let Regions { allow, deny } = &video.regions;
            for name in [Some("eu"), Some("us"), Some("ap"), None] {
                let is_admitted = match name.map(region) {
                    Some(own) => (allow.is_empty() || allow.contains(&own)) && !deny.contains(&own),
                    None => allow.is_empty() && deny.is_empty(),
                };
                let mut viewers = vec![user(stranger, name)];
                if name.is_none() {
                    viewers.push(Viewer::Anyone);
                }
                for viewer in &viewers {
                    prop_assert_eq!(decide(&video, viewer, Way::Link).is_ok(), by_link && is_admitted);
                }
                viewers.push(user(owner(), name));
                for viewer in &viewers {
                    prop_assert_eq!(decide(&video, viewer, Way::Search).is_ok(), in_search && is_admitted);
                }
                prop_assert_eq!(decide(&video, &user(owner(), name), Way::Link).is_ok(), is_there);
                for (collaborator, role) in video.collaborators.iter() {
                    let viewer = user(collaborator, name);
                    prop_assert_eq!(decide(&video, &viewer, Way::Link).is_ok(), is_there);
                    prop_assert_eq!(decide(&video, &viewer, Way::Search).is_ok(), in_search && is_admitted);
                    prop_assert_eq!(video.is_edited_by(collaborator), role == Role::Editor);
                    prop_assert_ne!(collaborator, owner());
                }
            }
            prop_assert_eq!(decide(&video, &Viewer::Service, Way::Link), Ok(()));
        }
    }
}

fn after(acts: &[Act]) -> Video {
    acts.iter().fold(new_video(), |video, act| match apply(video, act, at(1)) {
        Some(Outcome::Changed(change)) => change.video,
        Some(Outcome::Unchanged(video)) => video,
        None => panic!("{act:?} was refused"),
    })
}

#[test]
fn a_refusal_says_what_is_missing() {
    assert_eq!(after(&[]).publish(at(2)), Err(NotPublishable::Processing));
    assert_eq!(new_draft().publish(at(2)), Err(NotPublishable::Processing));
    assert_eq!(new_draft().unpublish(at(2)), Err(NotPublished));
    assert_eq!(after(&[Act::Fail]).publish(at(2)), Err(NotPublishable::Failed));
    assert_eq!(after(&[Act::Complete]).publish(at(2)), Err(NotPublishable::Untitled));
    assert_eq!(after(&[Act::Complete]).unpublish(at(2)), Err(NotPublished));
}

#[test]
fn what_is_hidden_is_hidden_for_a_reason() {
    let published = after(&[Act::Complete, Act::Rename(0), Act::Publish]);
    let seen = |visibility, way| decide(&Video { visibility, ..published.clone() }, &Viewer::Anyone, way);
    for video in [new_video(), new_draft()] {
        assert_eq!(decide(&video, &Viewer::Anyone, Way::Link), Err(Hidden::NotPublished));
    }
    assert_eq!(seen(Visibility::Private, Way::Link), Err(Hidden::Private));
    assert_eq!(seen(Visibility::Unlisted, Way::Search), Err(Hidden::Unlisted));
    assert_eq!(seen(Visibility::Unlisted, Way::Link), Ok(()));
    for asking in
        [Visibility::Subscribers(PlanLevel::new(2).unwrap()), Visibility::Password(PasswordsVersion(4))]
    {
        assert_eq!((seen(asking, Way::Link), seen(asking, Way::Search)), (Ok(()), Err(Hidden::Unlisted)));
    }
}

#[test]
fn each_thing_that_hides_a_video_is_named_and_what_weighs_most_comes_first() {
    use Hidden::*;
    let blocked = Act::Decide(1, true);
    let published = || vec![Act::Complete, Act::Rename(0), Act::Publish];
    let and = |acts: &[Act]| [published(), acts.to_vec()].concat();
    let only = |allow: &[&str], deny: &[&str]| Act::SetRegions(regions(allow, deny));
    let (eu, ap) = (user(UserId::from_uuid(Uuid::from_u128(9)), Some("eu")), Some("ap"));
    let nowhere = user(UserId::from_uuid(Uuid::from_u128(9)), None);
    let all = and(&[
        blocked.clone(),
        Act::Unpublish,
        Act::SetVisibility(Visibility::Private),
        only(&["us"], &[]),
        Act::Delete,
    ]);
    let private = || Act::SetVisibility(Visibility::Private);
    for (acts, viewer, by_link, by_search) in [
        (published(), &eu, &[][..], &[][..]),
        (published(), &Viewer::Anyone, &[], &[]),
        (vec![], &eu, &[NotPublished], &[NotPublished]),
        (and(&[Act::Unpublish]), &eu, &[NotPublished], &[NotPublished]),
        (and(&[private()]), &eu, &[Private], &[Private]),
        (and(&[Act::SetVisibility(Visibility::Unlisted)]), &eu, &[], &[Unlisted]),
        (and(std::slice::from_ref(&blocked)), &eu, &[Blocked], &[Blocked]),
        (and(&[Act::OfAccount(false)]), &eu, &[Blocked], &[Blocked]),
        (and(&[Act::Delete]), &eu, &[Deleted], &[Deleted]),
        (and(&[only(&[], &["eu"])]), &eu, &[RegionDenied], &[RegionDenied]),
        (and(&[only(&["us"], &[])]), &eu, &[RegionDenied], &[RegionDenied]),
        (and(&[only(&["eu"], &[])]), &eu, &[], &[]),
        (and(&[only(&[], &["us"])]), &eu, &[], &[]),
        // Where one is not known to be, it may be denied.
        (and(&[only(&["eu"], &[])]), &nowhere, &[RegionDenied], &[RegionDenied]),
        (and(&[only(&[], &["us"])]), &nowhere, &[RegionDenied], &[RegionDenied]),
        (and(&[only(&[], &["us"])]), &Viewer::Anyone, &[RegionDenied], &[RegionDenied]),
        (and(&[only(&[], &["ap"]), private()]), &user(owner(), ap), &[], &[Private, RegionDenied]),
        (and(&[only(&[], &["ap"])]), &Viewer::Service, &[], &[RegionDenied]),
        (
            all.clone(),
            &eu,
            &[Deleted, Blocked, NotPublished, Private, RegionDenied],
            &[Deleted, Blocked, NotPublished, Private, RegionDenied],
        ),
        (
            all.clone(),
            &user(owner(), ap),
            &[Deleted],
            &[Deleted, Blocked, NotPublished, Private, RegionDenied],
        ),
        (all, &Viewer::Service, &[], &[Deleted, Blocked, NotPublished, Private, RegionDenied]),
    ] {
        let video = after(&acts);
        for (way, hidden_by) in [(Way::Link, by_link), (Way::Search, by_search)] {
            let found: Vec<_> = hindrances(&video, viewer, way).collect();
            assert_eq!(found, hidden_by, "{acts:?} {viewer:?} {way:?}");
            assert_eq!(decide(&video, viewer, way).err(), hidden_by.first().copied());
        }
    }
}

#[test]
fn regions_are_said_in_any_state_and_forgotten_with_the_video() {
    let denied = regions(&[], &["us"]);
    for acts in [vec![], vec![Act::Fail], vec![Act::Complete, Act::Rename(0), Act::Publish]] {
        let Outcome::Changed(change) = after(&acts).with_regions(denied.clone(), at(2)) else {
            panic!("{acts:?} is as it was")
        };
        assert_eq!((&change.video.regions, change.happened), (&denied, Happened::RegionsChanged));
        assert_eq!(
            change.video.clone().with_regions(denied.clone(), at(3)),
            Outcome::Unchanged(change.video.clone())
        );
        let Outcome::Changed(erased) = change.video.clone().erase(at(3)) else {
            panic!("nothing is forgotten")
        };
        assert_eq!(
            (&erased.video.regions, erased.video.visibility),
            (&Regions::default(), Visibility::Private)
        );
        assert_eq!(erased.video.clone().erase(at(4)), Outcome::Unchanged(erased.video));
    }
}

#[test]
fn pages_that_may_embed_are_said_in_any_state_and_forgotten_with_the_video() {
    for acts in [vec![], vec![Act::Fail], vec![Act::Complete, Act::Rename(0), Act::Publish]] {
        let Outcome::Changed(change) = after(&acts).with_embedding(Embedding::Nowhere, at(2)) else {
            panic!("{acts:?} is as it was")
        };
        assert_eq!(
            (&change.video.embedding, change.happened),
            (&Embedding::Nowhere, Happened::EmbeddingChanged)
        );
        assert_eq!(
            change.video.clone().with_embedding(Embedding::Nowhere, at(3)),
            Outcome::Unchanged(change.video.clone())
        );
        let Outcome::Changed(erased) = change.video.erase(at(3)) else { panic!("nothing is forgotten") };
        assert_eq!(erased.video.embedding, Embedding::Anywhere);
    }
}

#[test]
fn a_publication_is_planned_for_what_can_be_published_by_then() {
    let ready = after(&[Act::Complete, Act::Rename(0)]);
    for waiting in [new_draft(), after(&[])] {
        assert_eq!(waiting.clone().schedule(at(9), at(2)), Err(NotPublishable::Untitled.into()));
        let Some(Outcome::Changed(named)) = apply(waiting, &Act::Rename(0), at(1)) else {
            panic!("it has a title")
        };
        let Ok(Outcome::Changed(change)) = named.video.schedule(at(9), at(2)) else {
            panic!("it is planned")
        };
        assert_eq!(change.video.publish_at, Some(at(9)));
        assert_eq!(change.video.publish(at(9)), Err(NotPublishable::Processing), "it is not ready yet");
    }
    assert_eq!(after(&[Act::Fail]).schedule(at(9), at(2)), Err(NotPublishable::Failed.into()));
    assert_eq!(after(&[Act::Complete]).schedule(at(9), at(2)), Err(NotPublishable::Untitled.into()));
    let published = after(&[Act::Complete, Act::Rename(0), Act::Publish]);
    assert_eq!(published.schedule(at(9), at(2)), Err(NotSchedulable::Published));
    assert_eq!(ready.clone().schedule(at(2), at(2)), Err(NotSchedulable::Over));
    assert_eq!(ready.clone().schedule(at(400 * 24 * 3600), at(2)), Err(NotSchedulable::TooFar));
    let Ok(Outcome::Changed(change)) = ready.schedule(at(9), at(2)) else { panic!("it is planned") };
    let planned = change.video;
    assert_eq!(
        (change.happened, planned.is_due(at(8)), planned.is_due(at(9))),
        (Happened::Scheduled, false, true)
    );
    assert_eq!(planned.clone().schedule(at(9), at(3)), Ok(Outcome::Unchanged(planned.clone())));
    let Ok(Outcome::Changed(change)) = planned.publish(at(9)) else { panic!("it is published") };
    assert_eq!((change.video.publish_at, change.video.is_due(at(99))), (None, false));
}

#[test]
fn a_draft_is_taken_in_any_state_and_planned_where_there_is_something_to_come() {
    let drafted = || Drafted {
        edit: Edit { title: Title::parse("A walk").ok(), ..Edit::default() },
        visibility: Some(Visibility::Unlisted),
        publish_at: Some(at(100)),
        regions: None,
    };
    let took = |video: Video| match video.take_draft(drafted(), at(1)) {
        Outcome::Changed(change) => change.video,
        Outcome::Unchanged(video) => panic!("{video:?}"),
    };
    let changed = |outcome| match outcome {
        Outcome::Changed(Change { video, .. }) => video,
        Outcome::Unchanged(video) => panic!("{video:?}"),
    };
    let processing = took(new_video());
    assert_eq!((processing.publish_at, processing.visibility), (Some(at(100)), Visibility::Unlisted));
    assert_eq!(processing.clone().take_draft(drafted(), at(2)), Outcome::Unchanged(processing.clone()));
    assert_eq!(
        processing.clone().publish(at(200)),
        Err(NotPublishable::Processing),
        "it is planned, and not ready"
    );

    let ready = changed(processing.clone().processed(Processed::Completed(media()), at(3)));
    assert_eq!(ready.publish_at, Some(at(100)), "the plan outlasts the processing");
    let code = FailureCode::try_from("no_video".to_owned()).unwrap();
    let failed = changed(processing.processed(Processed::Failed(code), at(3)));
    assert_eq!(failed.publish_at, None);
    assert_eq!(
        took(changed(new_video().processed(Processed::Completed(media()), at(1)))).publish_at,
        Some(at(100))
    );

    let published = changed(ready.publish(at(100)).unwrap());
    let other = Drafted { publish_at: Some(at(500)), ..drafted() };
    assert_eq!(published.clone().take_draft(other, at(101)), Outcome::Unchanged(published));
}

#[test]
fn a_draft_gets_its_file_once_and_keeps_what_was_said_of_it() {
    let changed = |outcome| match outcome {
        Outcome::Changed(change) => change,
        Outcome::Unchanged(video) => panic!("{video:?}"),
    };
    let origin = Origin { upload: None, ..origin() };
    let edit = || Edit { title: Title::parse("A walk").ok(), ..Edit::default() };
    let Change { video: draft, happened } = Video::draft(origin, edit(), Visibility::Unlisted, at(0));
    assert_eq!((draft.version, draft.state.name(), happened), (1, StateName::Draft, Happened::Created));
    let regions = regions(&["eu"], &[]);
    let drafted = Drafted { publish_at: Some(at(50)), regions: Some(regions.clone()), ..Drafted::default() };
    let planned = changed(draft.take_draft(drafted, at(1))).video;
    assert_eq!((planned.publish_at, &planned.regions), (Some(at(50)), &regions));
    // What is told of a file that it does not have yet comes too early.
    let media = || Processed::Completed(media());
    assert_eq!(planned.clone().processed(media(), at(2)), Outcome::Unchanged(planned.clone()));
    let upload = UploadId::from_uuid(Uuid::from_u128(9));
    assert_eq!(planned.clone().replaced(upload, media(), at(2)), Err(StillProcessing));

    let Change { video, happened } = changed(planned.clone().take_file(file(7, true), at(3)));
    let origin = Origin {
        upload: Some(UploadId::from_uuid(Uuid::from_u128(7))),
        region: "us".into(),
        asks_for_protection: true,
        ..planned.origin.clone()
    };
    assert_eq!((&video.origin, &video.state, happened), (&origin, &State::Processing, Happened::Uploaded));
    assert_eq!((&video.details, &video.regions), (&planned.details, &planned.regions));
    assert_eq!((video.visibility, video.publish_at), (planned.visibility, planned.publish_at));
    assert_eq!(video.clone().take_file(file(8, false), at(4)), Outcome::Unchanged(video.clone()));
    let failed = changed(video.processed(media(), at(5))).video;
    assert_eq!(
        (failed.state.name(), failed.publish_at),
        (StateName::Failed, None),
        "it asked for protection"
    );

    // Beneath what hides it, it goes on; of one that is purged nothing comes.
    let deleted = changed(planned.delete(at(3))).video;
    let uploaded = changed(deleted.clone().take_file(file(7, false), at(4))).video;
    assert_eq!((uploaded.shown_state(), uploaded.state), (StateName::Deleted, State::Processing));
    let purged = changed(deleted.purge(at(40 * 24 * 3600))).video;
    assert_eq!(purged.clone().take_file(file(7, false), at(5)), Outcome::Unchanged(purged));
}

#[test]
fn a_deleted_video_is_had_back_within_30_days_and_is_then_forgotten() {
    const DAYS_30_S: i64 = 30 * 24 * 3600;
    let changed = |outcome| match outcome {
        Outcome::Changed(Change { video, .. }) => video,
        Outcome::Unchanged(video) => panic!("{video:?}"),
    };
    let denied = Act::SetRegions(regions(&[], &["us"]));
    let published = after(&[Act::Complete, Act::Rename(0), Act::Publish, denied]);
    let deleted = changed(published.clone().delete(at(10)));
    assert_eq!(deleted.clone().delete(at(11)), Outcome::Unchanged(deleted.clone()));
    assert_eq!(deleted.clone().purge(at(9 + DAYS_30_S)), Outcome::Unchanged(deleted.clone()));
    let restored = changed(deleted.clone().undelete(at(9 + DAYS_30_S)).unwrap());
    assert_eq!((&restored.state, restored.shown_state()), (&published.state, published.shown_state()));
    assert_eq!(restored.regions, published.regions);
    assert_eq!(restored.clone().purge(at(99 + DAYS_30_S)), Outcome::Unchanged(restored));
    assert_eq!(deleted.clone().undelete(at(10 + DAYS_30_S)), Err(Gone));
    let purged = changed(deleted.purge(at(10 + DAYS_30_S)));
    assert!(purged.state.media().is_none() && purged.details == Details::default() && purged.is_purged());
    assert_eq!(purged.regions, Regions::default());
    assert_eq!(purged.clone().undelete(at(10 + DAYS_30_S)), Err(Gone));
    for outcome in [
        purged.clone().purge(at(11 + DAYS_30_S)),
        purged.clone().delete(at(11 + DAYS_30_S)),
        purged.clone().decided(Decision { version: 1, blocked: true }, at(11 + DAYS_30_S)),
        purged.clone().of_account(false, at(11 + DAYS_30_S)),
        purged
            .clone()
            .take_draft(Drafted { visibility: Some(Visibility::Public), ..Drafted::default() }, at(0)),
        purged.clone().processed(Processed::Completed(media()), at(11 + DAYS_30_S)),
        purged.clone().erase(at(11 + DAYS_30_S)),
    ] {
        assert_eq!(outcome, Outcome::Unchanged(purged.clone()));
    }
}

fn account(number: u128) -> UserId {
    UserId::from_uuid(Uuid::from_u128(number))
}

#[test]
fn a_video_has_so_many_collaborators_and_each_one_role() {
    let shared = |video: Video, user, role| match video.share(user, role, at(1)) {
        Ok(Outcome::Changed(change)) => {
            assert_eq!(change.happened, Happened::CollaboratorsChanged);
            change.video
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(new_video().share(owner(), Role::Viewer, at(1)), Err(NotShared::WithOwner));
    let full = (0..COLLABORATORS_MAX as u128)
        .fold(new_video(), |video, number| shared(video, account(100 + number), Role::Viewer));
    assert_eq!(full.collaborators.iter().count(), COLLABORATORS_MAX);
    assert_eq!(full.clone().share(account(99), Role::Viewer, at(2)), Err(NotShared::WithTooMany));
    let again = full.clone().share(account(100), Role::Viewer, at(2));
    assert_eq!(again, Ok(Outcome::Unchanged(full.clone())));
    let promoted = shared(full.clone(), account(100), Role::Editor);
    assert_eq!(promoted.collaborators.role(account(100)), Some(Role::Editor));
    assert!(promoted.is_edited_by(account(100)) && !full.is_edited_by(account(100)));
    assert_eq!(full.clone().unshare(account(99), at(2)), Outcome::Unchanged(full));
}

#[test]
fn collaborators_are_forgotten_with_the_video() {
    let shared = after(&[Act::Complete, Act::Share(account(9), Role::Editor)]);
    let Outcome::Changed(erased) = shared.clone().erase(at(2)) else { panic!("nothing is forgotten") };
    assert_eq!(erased.video.collaborators, Collaborators::default());
    let Outcome::Changed(deleted) = shared.delete(at(2)) else { panic!("it is there") };
    assert_eq!(deleted.video.collaborators.role(account(9)), Some(Role::Editor));
    let Outcome::Changed(purged) = deleted.video.purge(at(31 * 24 * 3600)) else { panic!("it is there") };
    assert_eq!(purged.video.collaborators, Collaborators::default());
}

#[test]
fn a_video_that_is_given_away_is_as_it_was_and_anothers() {
    let shared = [Act::Share(account(8), Role::Editor), Act::Share(account(9), Role::Viewer)];
    let acts = [&[Act::Complete, Act::Rename(0), Act::Publish][..], &shared].concat();
    let before = after(&acts);
    let given = before.clone().transfer(account(9), at(7)).unwrap();
    assert_eq!(given.happened, Happened::Transferred);
    let Video { origin, version, collaborators, updated_at, .. } = given.video.clone();
    assert_eq!((origin.owner, version, updated_at), (account(9), before.version + 1, at(7)));
    assert_eq!(collaborators.iter().collect::<Vec<_>>(), [(account(8), Role::Editor)]);
    let given_back = Video {
        origin: before.origin.clone(),
        version: before.version,
        collaborators: before.collaborators.clone(),
        updated_at: before.updated_at,
        ..given.video.clone()
    };
    assert_eq!(given_back, before);
    for (user, sees) in [(owner(), false), (account(8), true), (account(9), true)] {
        let Outcome::Changed(hidden) = given.video.clone().with_visibility(Visibility::Private, at(8)) else {
            panic!("it was public")
        };
        assert_eq!(decide(&hidden.video, &crate::user(user, None), Way::Link).is_ok(), sees);
    }
}

#[test]
fn what_is_not_there_to_be_had_is_not_given_away() {
    let refused = |acts: &[Act]| after(acts).transfer(account(9), at(7)).map(|_| ());
    assert_eq!(refused(&[]), Err(NotTransferable::NotReady));
    assert_eq!(refused(&[Act::Decide(1, true)]), Err(NotTransferable::Blocked));
    assert_eq!(refused(&[Act::Complete, Act::OfAccount(false)]), Err(NotTransferable::Blocked));
    assert_eq!(refused(&[Act::Decide(1, true), Act::Delete]), Err(NotTransferable::Deleted));
    assert_eq!(after(&[Act::Complete]).check_transfer(owner()), Err(NotTransferable::Theirs));
    assert_eq!(refused(&[Act::Fail]), Ok(()));
    assert_eq!(refused(&[Act::Complete]), Ok(()));
}

#[test]
fn an_offer_is_there_for_two_and_for_seven_days() {
    let offer = Offer::new(owner(), account(9), at(0));
    let last = at(7 * 24 * 3600 - 1);
    for (user, now, is_open) in [
        (owner(), at(0), true),
        (account(9), last, true),
        (account(8), at(0), false),
        (owner(), offer.expires_at, false),
        (account(9), at(7 * 24 * 3600), false),
    ] {
        assert_eq!(offer.is_open_to(user, now), is_open, "{user} at {now}");
    }
}
