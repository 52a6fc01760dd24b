//! Publishing a video, and planning to.

use crate::acts::{Act, after, apply};
use crate::samples::{at, new_draft};
use content_domain::{Happened, NotPublishable, NotPublished, NotSchedulable, Outcome};

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
