//! A video that its owner deletes.

use crate::acts::{Act, after};
use crate::samples::{at, media, regions};
use content_domain::{Change, Decision, Details, Drafted, Gone, Outcome, Processed, Regions, Visibility};

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
