//! Who works on a video beside its owner, and whose it becomes.

use crate::acts::{Act, after};
use crate::samples::{self, account, at, new_video, owner};
use content_domain::{
    COLLABORATORS_MAX, Collaborators, Happened, NotShared, NotTransferable, Offer, Outcome, Role, Video,
    Visibility, Way, decide,
};

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
        assert_eq!(decide(&hidden.video, &samples::user(user, None), Way::Link).is_ok(), sees);
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
