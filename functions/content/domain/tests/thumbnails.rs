//! The images of a video: which there are, and which one stands for it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use content_domain::{
    FailureCode, Happened, ImageType, MadeThumbnail, Media, NoSuchThumbnail, OWN_THUMBNAILS_MAX, Origin,
    Outcome, Packaged, Processed, Thumbnail, TooManyThumbnails, Video,
};
use jiff::Timestamp;
use mcsp_ids::{ThumbnailId, UploadId, UserId, VideoId};
use uuid::Uuid;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn id(number: u128) -> ThumbnailId {
    ThumbnailId::from_uuid(Uuid::from_u128(number))
}

fn thumbnail(number: u128) -> Thumbnail {
    let key = format!("thumbnails/{number}");
    Thumbnail { id: id(number), key, content_type: ImageType::Jpeg, width: 2, height: 1, time_ms: None }
}

fn media(made: impl IntoIterator<Item = u128>) -> Processed {
    let (dash, hls_steered) = (None, None);
    let packaged = Packaged { prefix: "packaged/v/".into(), hls: "master.m3u8".into(), dash, hls_steered };
    let thumbnails = made.into_iter().map(thumbnail).collect();
    Processed::Completed(Media {
        duration_ms: 1_000,
        renditions: Vec::new(),
        packaged,
        protection: None,
        thumbnails,
    })
}

/// Of which the pipeline has made two.
fn video() -> Video {
    let origin = Origin {
        id: VideoId::from_uuid(Uuid::from_u128(1)),
        owner: UserId::from_uuid(Uuid::from_u128(2)),
        upload: Some(UploadId::from_uuid(Uuid::from_u128(3))),
        region: "eu".into(),
        asks_for_protection: false,
    };
    Video::create(origin, at(0)).video.processed(media([1, 2]), at(1)).video().clone()
}

fn shown(video: &Video) -> Option<ThumbnailId> {
    video.thumbnail().map(|thumbnail| thumbnail.id)
}

fn changed(outcome: Outcome) -> Video {
    match outcome {
        Outcome::Changed(change) => change.video,
        Outcome::Unchanged(video) => panic!("{video:?}"),
    }
}

#[test]
fn the_first_one_stands_for_a_video_until_another_is_chosen() {
    let video = video();
    assert_eq!(shown(&video), Some(id(1)));
    let video = changed(video.with_thumbnail(thumbnail(7), at(2)).unwrap());
    assert_eq!((shown(&video), video.thumbnails().count()), (Some(id(1)), 3));
    let Outcome::Changed(change) = video.with_selected_thumbnail(id(7), at(3)).unwrap() else { panic!() };
    assert_eq!((change.happened, shown(&change.video)), (Happened::ThumbnailsChanged, Some(id(7))));
    assert_eq!(change.video.clone().with_selected_thumbnail(id(9), at(4)), Err(NoSuchThumbnail));
    let again = change.video.clone().with_selected_thumbnail(id(7), at(4)).unwrap();
    assert!(matches!(again, Outcome::Unchanged(_)));
    let video = changed(change.video.without_thumbnail(id(7), at(5)).unwrap());
    assert_eq!(shown(&video), Some(id(1)));
    assert!(matches!(video.clone().without_thumbnail(id(7), at(6)), Ok(Outcome::Unchanged(_))));
    assert_eq!(video.without_thumbnail(id(2), at(6)), Err(MadeThumbnail));
}

#[test]
fn an_owner_gives_as_many_as_there_is_room_for() {
    let mut video = video();
    for number in 0..OWN_THUMBNAILS_MAX as u128 {
        video = changed(video.with_thumbnail(thumbnail(10 + number), at(2)).unwrap());
    }
    assert!(matches!(video.clone().with_thumbnail(thumbnail(10), at(3)), Ok(Outcome::Unchanged(_))));
    assert_eq!(video.with_thumbnail(thumbnail(99), at(3)), Err(TooManyThumbnails));
}

#[test]
fn another_file_brings_its_own_and_leaves_those_of_the_owner() {
    let video = changed(video().with_thumbnail(thumbnail(7), at(2)).unwrap());
    let video = changed(video.with_selected_thumbnail(id(2), at(3)).unwrap());
    let later = UploadId::from_uuid(Uuid::from_u128(4));
    let replaced = changed(video.clone().replaced(later, media([5]), at(4)).unwrap());
    let ids: Vec<_> = replaced.thumbnails().map(|thumbnail| thumbnail.id).collect();
    assert_eq!((ids, shown(&replaced)), (vec![id(5), id(7)], Some(id(5))));
    // What was chosen of the owner's stays chosen.
    let video = changed(video.with_selected_thumbnail(id(7), at(4)).unwrap());
    assert_eq!(shown(&changed(video.replaced(later, media([]), at(5)).unwrap())), Some(id(7)));
}

#[test]
fn what_comes_for_an_owner_who_is_erased_comes_without_any() {
    let later = UploadId::from_uuid(Uuid::from_u128(4));
    let erased = changed(video().erase(at(2)));
    let replaced = changed(erased.replaced(later, media([5]).without_thumbnails(), at(3)).unwrap());
    assert_eq!((replaced.origin.upload, replaced.thumbnails().count()), (Some(later), 0));
    assert_eq!(media([1, 2]).without_thumbnails(), media([]));
    let failed = Processed::Failed(FailureCode::try_from("unreadable".to_owned()).unwrap());
    assert_eq!(failed.clone().without_thumbnails(), failed);
}

#[test]
fn of_what_is_erased_or_purged_none_is_left() {
    let video = changed(video().with_thumbnail(thumbnail(7), at(2)).unwrap());
    let erased = changed(video.clone().erase(at(3)));
    assert_eq!(erased.thumbnails().count(), 0);
    assert!(matches!(erased.erase(at(4)), Outcome::Unchanged(_)));
    let deleted = changed(video.delete(at(3)));
    assert_eq!(deleted.thumbnails().count(), 3, "it can be had back");
    let purged = changed(deleted.purge(at(31 * 86_400)));
    assert_eq!(purged.thumbnails().count(), 0);
}
