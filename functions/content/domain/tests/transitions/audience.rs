//! Who sees a video, where, and on which pages.

use crate::acts::{Act, after};
use crate::samples::{at, new_draft, new_video, owner, regions, user};
use content_domain::{
    Embedding, Happened, Hidden, Outcome, PasswordsVersion, PlanLevel, Regions, Video, Viewer, Visibility,
    Way, decide, hindrances,
};
use mcsp_ids::UserId;
use uuid::Uuid;

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
