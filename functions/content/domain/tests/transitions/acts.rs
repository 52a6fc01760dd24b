//! What is done to videos, by whomever.

use crate::samples::{at, file, media, new_video, regions};
use content_domain::{
    Decision, Edit, FailureCode, Outcome, PlanLevel, Processed, Regions, Role, Title, Video, Visibility,
};
use jiff::{SignedDuration, Timestamp};
use mcsp_ids::{UploadId, UserId};
use proptest::prelude::*;
use uuid::Uuid;

#[derive(Clone, Debug)]
pub(crate) enum Act {
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

pub(crate) fn act() -> impl Strategy<Value = Act> {
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
pub(crate) fn apply(video: Video, act: &Act, now: Timestamp) -> Option<Outcome> {
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

/// A new video, after all of this.
pub(crate) fn after(acts: &[Act]) -> Video {
    acts.iter().fold(new_video(), |video, act| match apply(video, act, at(1)) {
        Some(Outcome::Changed(change)) => change.video,
        Some(Outcome::Unchanged(video)) => video,
        None => panic!("{act:?} was refused"),
    })
}
