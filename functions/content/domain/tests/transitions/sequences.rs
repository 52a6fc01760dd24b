//! Any sequence of requests leaves a video with a version for each change and one publication event for
//! each publication.

use crate::acts::{Act, act, apply};
use crate::samples::{at, new_draft, new_video, owner, region, user};
use content_domain::{Happened, Outcome, Regions, Role, State, Video, Viewer, Visibility, Way, decide};
use mcsp_ids::UserId;
use proptest::prelude::*;
use uuid::Uuid;

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
