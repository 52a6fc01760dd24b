//! What is said of a video before it is there, and the file that it is given.

use crate::samples::{at, file, media, new_video, origin, regions};
use content_domain::{
    Change, Drafted, Edit, FailureCode, Happened, Media, NotPublishable, Origin, Outcome, Processed,
    Protection, Scheme, State, StateName, StillProcessing, Title, Video, Visibility,
};
use mcsp_ids::UploadId;
use uuid::Uuid;

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
