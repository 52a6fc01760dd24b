//! Videos, and what goes with them.

use content_domain::{Edit, FirstFile, Media, Origin, Packaged, Region, Regions, Video, Viewer, Visibility};
use jiff::{SignedDuration, Timestamp};
use mcsp_ids::{UploadId, UserId, VideoId};
use uuid::Uuid;

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second)
}

pub(crate) fn owner() -> UserId {
    UserId::from_uuid(Uuid::from_u128(2))
}

pub(crate) fn account(number: u128) -> UserId {
    UserId::from_uuid(Uuid::from_u128(number))
}

pub(crate) fn origin() -> Origin {
    Origin {
        id: VideoId::from_uuid(Uuid::from_u128(1)),
        owner: owner(),
        upload: Some(UploadId::from_uuid(Uuid::from_u128(3))),
        region: "eu".into(),
        asks_for_protection: false,
    }
}

pub(crate) fn new_video() -> Video {
    Video::create(origin(), at(0)).video
}

pub(crate) fn new_draft() -> Video {
    let origin = Origin { upload: None, ..origin() };
    Video::draft(origin, Edit::default(), Visibility::Public, at(0)).video
}

pub(crate) fn file(upload: u128, asks_for_protection: bool) -> FirstFile {
    let upload = UploadId::from_uuid(Uuid::from_u128(upload));
    FirstFile { upload, region: "us".into(), asks_for_protection }
}

pub(crate) fn region(name: &str) -> Region {
    Region::parse(name).unwrap()
}

pub(crate) fn regions(allow: &[&str], deny: &[&str]) -> Regions {
    let parse = |names: &[&str]| names.iter().map(|name| region(name)).collect();
    Regions::new(parse(allow), parse(deny))
}

pub(crate) fn user(id: UserId, name: Option<&str>) -> Viewer {
    Viewer::User { id, region: name.map(region) }
}

pub(crate) fn media() -> Media {
    let packaged = Packaged {
        prefix: "packaged/v/".into(),
        hls: "master.m3u8".into(),
        dash: Some("manifest.mpd".into()),
        hls_steered: Some("steered.m3u8".into()),
    };
    Media { duration_ms: 1_000, renditions: Vec::new(), packaged, protection: None, thumbnails: Vec::new() }
}
