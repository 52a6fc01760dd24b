//! Facts about the state machine.

use super::*;
use crate::{Checksum, FileName, Method};
use proptest::prelude::*;

const MP4: &[u8] = b"\0\0\0\x20ftypisom\0\0\x02\0";
const DIGEST: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn upload(method: Method) -> Upload {
    let id = uuid::Uuid::from_u128(1);
    Upload {
        id: UploadId::from_uuid(id),
        owner: UserId::from_uuid(id),
        video: VideoId::from_uuid(id),
        replaces: false,
        version: 1,
        region: "eu".into(),
        object: Object { bucket: "b".into(), key: "k".into() },
        file: File {
            name: FileName::parse("a.mp4").unwrap(),
            size_bytes: 10,
            content_type: ContentType::Mp4,
            checksum_sha256: None,
        },
        protection: Protection::None,
        plan: Plan::of(10, Some(method)).unwrap(),
        multipart: None,
        state: State::Waiting,
        released: false,
        created_at: at(0),
        expires_at: at(100),
        pulled_bytes: None,
    }
}

fn multipart() -> Multipart {
    Multipart { id: "m".into(), checksummed: false }
}

#[test]
fn an_upload_goes_all_the_way_one_version_at_a_time() {
    let ready = upload(Method::Multipart)
        .begin_parts(multipart(), at(1))
        .and_then(|u| u.begin_verifying(at(2)))
        .and_then(|u| u.initiate("kept".into(), at(3)))
        .and_then(|u| u.progress(40))
        .and_then(Upload::finish)
        .unwrap();
    assert_eq!((ready.state.name(), ready.version, ready.initiated_at()), ("ready", 6, Some(at(3))));
    assert_eq!((ready.object.bucket.as_str(), ready.object.key.as_str()), ("b", "kept"));
}

#[test]
fn what_was_missing_can_be_sent_and_completed_again() {
    let verifying = upload(Method::Put).begin_verifying(at(1)).unwrap();
    let resumed = verifying.resume().unwrap();
    assert_eq!(resumed.state, State::Waiting);
    assert!(resumed.begin_verifying(at(2)).is_ok());
}

#[test]
fn progress_never_goes_back_and_outcomes_stay() {
    let processing = upload(Method::Put)
        .begin_verifying(at(1))
        .and_then(|u| u.initiate("kept".into(), at(1)))
        .unwrap()
        .progress(50)
        .unwrap();
    assert_eq!(processing.clone().progress(50), Err(Refused::Settled));
    assert_eq!(processing.clone().progress(20), Err(Refused::Settled));
    let ready = processing.finish().unwrap();
    assert_eq!(ready.clone().progress(90), Err(Refused::Settled));
    assert_eq!(ready.clone().finish(), Err(Refused::Settled));
    assert_eq!(ready.fail("x".into()), Err(Refused::Settled));
}

#[test]
fn the_pipeline_may_be_done_before_it_reported_progress() {
    let initiated =
        upload(Method::Put).begin_verifying(at(1)).and_then(|u| u.initiate("kept".into(), at(1))).unwrap();
    assert!(initiated.clone().finish().is_ok());
    let failed = initiated.fail("bad_file".into()).unwrap();
    assert_eq!((failed.initiated_at(), failed.owes_release()), (Some(at(1)), true));
    assert_eq!(upload(Method::Put).finish(), Err(Refused::NotCompleted));
}

#[test]
fn time_ends_what_is_open_and_nothing_else() {
    let open = upload(Method::Put);
    assert_eq!(open.state_at(at(99)).name(), "waiting");
    assert_eq!(open.state_at(at(100)).name(), "expired");
    assert_eq!(open.clone().expire(at(99)), Err(Refused::NotCompleted));
    assert_eq!(open.clone().begin_verifying(at(100)), Err(Refused::Expired));
    let expired = open.clone().expire(at(100)).unwrap();
    assert!(expired.owes_release() && !expired.release().owes_release());
    let initiated = open.begin_verifying(at(1)).and_then(|u| u.initiate("kept".into(), at(1))).unwrap();
    assert_eq!(initiated.state_at(at(1000)).name(), "initiated");
    assert_eq!(initiated.expire(at(1000)), Err(Refused::Completed));
}

#[test]
fn what_came_to_nothing_before_it_was_announced_has_brought_nothing() {
    let open = upload(Method::Put);
    assert!(!open.brought_nothing(at(99)) && open.brought_nothing(at(100)));
    assert!(open.clone().cancel(at(1)).unwrap().brought_nothing(at(1)));
    let verifying = open.begin_verifying(at(1)).unwrap();
    assert!(verifying.clone().reject(Mismatch::Size).unwrap().brought_nothing(at(1)));
    let initiated = verifying.initiate("kept".into(), at(1)).unwrap();
    assert!(!initiated.brought_nothing(at(1000)));
    assert!(!initiated.clone().fail("bad_file".into()).unwrap().brought_nothing(at(1)));
    assert!(!initiated.purge().unwrap().brought_nothing(at(1)));
    let replacing = Upload { replaces: true, ..upload(Method::Put) };
    assert!(!replacing.cancel(at(1)).unwrap().brought_nothing(at(1)));
}

#[test]
fn what_cannot_be_fetched_fails_while_it_is_open() {
    let open = upload(Method::Multipart).begin_parts(multipart(), at(1)).unwrap();
    let failed = open.clone().give_up(SourceFault::Changed, at(2)).unwrap();
    assert_eq!((failed.state.name(), failed.initiated_at(), failed.owes_release()), ("failed", None, true));
    assert_eq!(
        failed.clone().give_up(SourceFault::Refused, at(3)),
        Err(Refused::Unfetched(SourceFault::Changed))
    );
    assert_eq!(failed.begin_verifying(at(3)), Err(Refused::Unfetched(SourceFault::Changed)));
    let cancelled = open.cancel(at(2)).unwrap();
    assert_eq!(cancelled.give_up(SourceFault::Changed, at(3)), Err(Refused::Cancelled));
}

#[test]
fn somebody_else_may_send_what_is_open_and_no_longer_than_it_may_take() {
    let open = upload(Method::Put);
    assert_eq!(open.delegate(SignedDuration::from_secs(60), at(10)), Ok(at(70)));
    assert_eq!(open.delegate(SignedDuration::from_secs(60), at(50)), Ok(at(100)));
    assert_eq!(open.delegate(SignedDuration::from_secs(60), at(100)), Err(Refused::Expired));
    let initiated =
        open.begin_verifying(at(1)).and_then(|upload| upload.initiate("kept".into(), at(1))).unwrap();
    assert_eq!(initiated.delegate(SignedDuration::from_secs(60), at(2)), Err(Refused::Completed));
}

#[test]
fn a_file_is_replaced_by_a_later_one_once_there_is_one() {
    let other =
        |id: u128| Upload { id: UploadId::from_uuid(uuid::Uuid::from_u128(id)), ..upload(Method::Put) };
    let object = Object { bucket: "elsewhere".into(), key: "old".into() };
    let waiting = Upload { protection: Protection::Cenc, region: "us".into(), object, ..other(2) };
    assert_eq!(other(3).in_place_of(&waiting), Err(Irreplaceable::NotReady));
    let initiated = waiting.begin_verifying(at(1)).and_then(|u| u.initiate("kept".into(), at(1))).unwrap();
    assert_eq!(other(3).in_place_of(&initiated), Err(Irreplaceable::NotReady));
    let ready = initiated.finish().unwrap();
    assert_eq!(other(1).in_place_of(&ready), Err(Irreplaceable::NotLater));
    assert_eq!(other(2).in_place_of(&ready), Err(Irreplaceable::NotLater));
    let replacing = other(3).in_place_of(&ready).unwrap();
    assert_eq!((replacing.video, replacing.replaces), (ready.video, true));
    assert_eq!(replacing.protection, Protection::Cenc);
    let Object { bucket, key } = &replacing.object;
    assert_eq!((replacing.region.as_str(), bucket.as_str(), key.as_str()), ("us", "elsewhere", "k"));
    assert_eq!(other(4).in_place_of(&ready.purge().unwrap()), Err(Irreplaceable::NotReady));
}

#[test]
fn with_a_video_goes_what_became_it_and_what_was_to_replace_its_file() {
    let initiated =
        |upload: Upload| upload.begin_verifying(at(1)).and_then(|u| u.initiate("kept".into(), at(1)));
    let replacing = || Upload { replaces: true, ..upload(Method::Put) };
    assert_eq!(upload(Method::Put).purge(), Err(Refused::NotCompleted));
    assert_eq!(replacing().purge().unwrap().state, State::Cancelled);
    for upload in [upload(Method::Put), replacing()] {
        let purged = initiated(upload).and_then(Upload::purge).unwrap();
        assert_eq!((purged.state.name(), purged.owes_release()), ("purged", true));
        assert_eq!(purged.purge(), Err(Refused::Settled));
    }
}

#[test]
fn each_mismatch_is_found_and_has_a_code_that_names_it() {
    let mut declared = upload(Method::Put);
    assert_eq!(declared.check(10, None, MP4), Ok(()));
    assert_eq!(declared.check(11, None, MP4), Err(Mismatch::Size));
    assert_eq!(declared.check(10, None, b"<html>"), Err(Mismatch::ContentType));
    assert_eq!(declared.check(10, None, b"\0\0\0\x14ftypqt  "), Err(Mismatch::ContentType));
    declared.file.checksum_sha256 = Some(Checksum::parse(DIGEST).unwrap());
    assert_eq!(declared.check(10, Some(DIGEST), MP4), Ok(()));
    assert_eq!(declared.check(10, None, MP4), Err(Mismatch::Checksum));
    for mismatch in Mismatch::ALL {
        assert_eq!(Mismatch::from_code(mismatch.code()), Some(mismatch));
    }
}

#[test]
fn a_file_in_one_piece_has_no_parts() {
    assert_eq!(upload(Method::Put).begin_parts(multipart(), at(1)), Err(Refused::NoParts));
}

#[derive(Clone, Debug)]
enum Step {
    BeginParts,
    BeginVerifying,
    Resume,
    Initiate,
    Reject,
    Cancel,
    Expire,
    Progress(u8),
    Finish,
    Fail,
}

fn steps() -> impl Strategy<Value = Vec<(Step, i64)>> {
    let step = prop_oneof![
        Just(Step::BeginParts),
        Just(Step::BeginVerifying),
        Just(Step::Resume),
        Just(Step::Initiate),
        Just(Step::Reject),
        Just(Step::Cancel),
        Just(Step::Expire),
        any::<u8>().prop_map(Step::Progress),
        Just(Step::Finish),
        Just(Step::Fail),
    ];
    prop::collection::vec((step, 0..120_i64), 0..40)
}

fn take(upload: Upload, step: Step, now: Timestamp) -> Result<Upload, Refused> {
    match step {
        Step::BeginParts => upload.begin_parts(multipart(), now),
        Step::BeginVerifying => upload.begin_verifying(now),
        Step::Resume => upload.resume(),
        Step::Initiate => upload.initiate("kept".into(), now),
        Step::Reject => upload.reject(Mismatch::Size),
        Step::Cancel => upload.cancel(now),
        Step::Expire => upload.expire(now),
        Step::Progress(percent) => upload.progress(percent),
        Step::Finish => upload.finish(),
        Step::Fail => upload.fail("x".into()),
    }
}

proptest! {
    #[test]
    fn whatever_happens_an_upload_is_initiated_at_most_once_and_ends_stay(steps in steps()) {
        let mut current = upload(Method::Multipart);
        let mut initiations = 0;
        for (step, second) in steps {
            let ended = matches!(
                current.state,
                State::Ready { .. } | State::Failed(_) | State::Cancelled | State::Expired
            );
            if let Ok(next) = take(current.clone(), step, at(second)) {
                prop_assert!(!ended, "{} -> {}", current.state.name(), next.state.name());
                prop_assert_eq!(next.version, current.version + 1);
                initiations += usize::from(matches!(next.state, State::Initiated { .. }));
                if let (Some(before), Some(after)) = (current.initiated_at(), next.initiated_at()) {
                    prop_assert_eq!(before, after);
                }
                prop_assert!(current.initiated_at().is_none() || next.initiated_at().is_some());
                current = next;
            }
        }
        prop_assert!(initiations <= 1);
    }
}

#[test]
fn a_file_goes_with_its_video_and_what_was_to_replace_it_does_not() {
    let (owner, new) =
        (UserId::from_uuid(uuid::Uuid::from_u128(1)), UserId::from_uuid(uuid::Uuid::from_u128(2)));
    let waiting = upload(Method::Put);
    let initiated =
        waiting.clone().begin_verifying(at(1)).and_then(|u| u.initiate("kept".into(), at(1))).unwrap();
    let processing = initiated.clone().progress(50).unwrap();
    let ready = processing.clone().finish().unwrap();
    for kept in [initiated.clone(), processing, ready.clone()] {
        let given = kept.clone().hand_over(new).unwrap();
        assert_eq!(given, Upload { owner: new, version: kept.version + 1, ..kept.clone() });
        assert_eq!(given.hand_over(new), Err(Refused::Settled));
        assert_eq!(kept.hand_over(owner), Err(Refused::Settled));
    }
    let replacing = Upload { replaces: true, ..waiting.clone() };
    let taken_back = replacing.clone().hand_over(new).unwrap();
    assert_eq!((taken_back.state, taken_back.owner), (State::Cancelled, owner));
    assert_eq!(replacing.hand_over(owner), Err(Refused::Settled));
    assert_eq!(waiting.clone().hand_over(new), Err(Refused::NotCompleted));
    for over in [waiting.cancel(at(2)).unwrap(), initiated.fail("x".into()).unwrap(), ready.purge().unwrap()]
    {
        assert_eq!(over.hand_over(new), Err(Refused::Settled));
    }
}
