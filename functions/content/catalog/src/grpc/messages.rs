//! The messages of `content/v1/catalog.proto`, where each field is described. That they are the same, a test shows for every field.

use content_contract as contract;
use content_domain::{self as domain, StateName, VisibilityName};
use jiff::Timestamp;
use prost::{Enumeration, Message};
use std::collections::BTreeMap;

#[derive(Clone, PartialEq, Message)]
pub(crate) struct GetRequest {
    #[prost(string, tag = "1")]
    pub(crate) id: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct GetResponse {
    #[prost(message, optional, tag = "1")]
    pub(crate) video: Option<Video>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct BatchGetRequest {
    #[prost(string, repeated, tag = "1")]
    pub(crate) ids: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct BatchGetResponse {
    #[prost(message, repeated, tag = "1")]
    pub(crate) results: Vec<BatchGetResult>,
    #[prost(string, repeated, tag = "2")]
    pub(crate) remaining_ids: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct BatchGetResult {
    #[prost(string, tag = "1")]
    pub(crate) id: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) video: Option<Video>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Video {
    #[prost(string, tag = "1")]
    video_id: String,
    #[prost(string, tag = "2")]
    owner_id: String,
    #[prost(int64, tag = "3")]
    version: i64,
    #[prost(enumeration = "State", tag = "4")]
    state: i32,
    #[prost(enumeration = "Visibility", tag = "5")]
    visibility: i32,
    #[prost(uint32, optional, tag = "6")]
    minimum_plan_level: Option<u32>,
    #[prost(int64, optional, tag = "7")]
    passwords_version: Option<i64>,
    #[prost(uint32, optional, tag = "8")]
    minimum_age: Option<u32>,
    #[prost(string, optional, tag = "9")]
    title: Option<String>,
    #[prost(string, tag = "10")]
    description: String,
    #[prost(string, repeated, tag = "11")]
    tags: Vec<String>,
    #[prost(string, optional, tag = "12")]
    language: Option<String>,
    #[prost(string, optional, tag = "13")]
    category: Option<String>,
    #[prost(message, optional, tag = "14")]
    regions: Option<Regions>,
    #[prost(uint64, optional, tag = "15")]
    duration_ms: Option<u64>,
    #[prost(message, repeated, tag = "16")]
    renditions: Vec<Rendition>,
    #[prost(message, optional, tag = "17")]
    packaged: Option<Packaged>,
    #[prost(message, optional, tag = "18")]
    protection: Option<Protection>,
    #[prost(message, optional, tag = "19")]
    scheduled_at: Option<prost_types::Timestamp>,
    #[prost(message, optional, tag = "20")]
    published_at: Option<prost_types::Timestamp>,
    #[prost(message, optional, tag = "21")]
    deleted_at: Option<prost_types::Timestamp>,
    #[prost(message, optional, tag = "22")]
    purge_at: Option<prost_types::Timestamp>,
    #[prost(string, optional, tag = "23")]
    licence: Option<String>,
    #[prost(bool, optional, tag = "24")]
    made_for_kids: Option<bool>,
    #[prost(btree_map = "string, string", tag = "25")]
    custom_fields: BTreeMap<String, String>,
    #[prost(string, repeated, tag = "26")]
    caption_languages: Vec<String>,
    #[prost(bool, tag = "27")]
    has_chapters: bool,
    #[prost(string, repeated, tag = "28")]
    collaborators: Vec<String>,
    #[prost(message, optional, tag = "29")]
    embedding: Option<Embedding>,
    #[prost(message, optional, tag = "30")]
    thumbnail: Option<Thumbnail>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
#[repr(i32)]
pub(crate) enum State {
    Unspecified = 0,
    Processing = 1,
    Ready = 2,
    Published = 3,
    Unpublished = 4,
    Failed = 5,
    Blocked = 6,
    Deleted = 7,
    Draft = 8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
#[repr(i32)]
pub(crate) enum Visibility {
    Unspecified = 0,
    Public = 1,
    Unlisted = 2,
    Private = 3,
    Subscribers = 4,
    Password = 5,
}

#[derive(Clone, PartialEq, Message)]
struct Regions {
    #[prost(string, repeated, tag = "1")]
    allow: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    deny: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
struct Rendition {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(uint32, tag = "2")]
    width: u32,
    #[prost(uint32, tag = "3")]
    height: u32,
    #[prost(uint64, tag = "4")]
    bitrate_bps: u64,
    #[prost(string, tag = "5")]
    codecs: String,
}

#[derive(Clone, PartialEq, Message)]
struct Packaged {
    #[prost(string, tag = "1")]
    prefix: String,
    #[prost(string, tag = "2")]
    hls: String,
    #[prost(string, optional, tag = "3")]
    dash: Option<String>,
    #[prost(string, optional, tag = "4")]
    hls_steered: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct Protection {
    #[prost(enumeration = "Scheme", tag = "1")]
    scheme: i32,
    #[prost(string, repeated, tag = "2")]
    key_ids: Vec<String>,
    #[prost(string, tag = "3")]
    seed_id: String,
}

#[derive(Clone, PartialEq, Message)]
struct Thumbnail {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(string, tag = "2")]
    key: String,
    #[prost(string, tag = "3")]
    content_type: String,
    #[prost(uint32, tag = "4")]
    width: u32,
    #[prost(uint32, tag = "5")]
    height: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
#[repr(i32)]
enum Scheme {
    Unspecified = 0,
    Cenc = 1,
    Cbcs = 2,
}

#[derive(Clone, PartialEq, Message)]
struct Embedding {
    #[prost(enumeration = "EmbeddingMode", tag = "1")]
    mode: i32,
    #[prost(string, repeated, tag = "2")]
    origins: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
#[repr(i32)]
enum EmbeddingMode {
    Unspecified = 0,
    Anywhere = 1,
    Nowhere = 2,
    Listed = 3,
}

impl From<contract::VideoState> for Video {
    fn from(video: contract::VideoState) -> Self {
        Video {
            video_id: video.video_id.to_string(),
            owner_id: video.owner_id.to_string(),
            version: video.version,
            state: State::from(video.state).into(),
            visibility: Visibility::from(video.visibility).into(),
            minimum_plan_level: video.minimum_plan_level,
            passwords_version: video.passwords_version,
            minimum_age: video.minimum_age,
            title: video.title,
            description: video.description,
            tags: video.tags,
            language: video.language,
            category: video.category,
            regions: Some(Regions { allow: video.regions.allow, deny: video.regions.deny }),
            duration_ms: video.duration_ms,
            renditions: video.renditions.into_iter().map(Rendition::from).collect(),
            packaged: video.packaged.map(Packaged::from),
            protection: video.protection.map(Protection::from),
            scheduled_at: video.scheduled_at.map(timestamp),
            published_at: video.published_at.map(timestamp),
            deleted_at: video.deleted_at.map(timestamp),
            purge_at: video.purge_at.map(timestamp),
            licence: video.licence.map(|licence| licence.as_str().to_owned()),
            made_for_kids: video.made_for_kids,
            custom_fields: video.custom_fields,
            caption_languages: video.caption_languages,
            has_chapters: video.has_chapters,
            collaborators: video.collaborators.iter().map(ToString::to_string).collect(),
            embedding: Some(Embedding::from(video.embedding)),
            thumbnail: video.thumbnail.map(Thumbnail::from),
        }
    }
}

impl From<StateName> for State {
    fn from(state: StateName) -> Self {
        match state {
            StateName::Processing => State::Processing,
            StateName::Ready => State::Ready,
            StateName::Published => State::Published,
            StateName::Unpublished => State::Unpublished,
            StateName::Failed => State::Failed,
            StateName::Blocked => State::Blocked,
            StateName::Deleted => State::Deleted,
            StateName::Draft => State::Draft,
        }
    }
}

impl From<VisibilityName> for Visibility {
    fn from(visibility: VisibilityName) -> Self {
        match visibility {
            VisibilityName::Public => Visibility::Public,
            VisibilityName::Unlisted => Visibility::Unlisted,
            VisibilityName::Private => Visibility::Private,
            VisibilityName::Subscribers => Visibility::Subscribers,
            VisibilityName::Password => Visibility::Password,
        }
    }
}

impl From<contract::Embedding> for Embedding {
    fn from(contract::Embedding { mode, origins }: contract::Embedding) -> Self {
        let mode = match mode {
            contract::EmbeddingMode::Anywhere => EmbeddingMode::Anywhere,
            contract::EmbeddingMode::Nowhere => EmbeddingMode::Nowhere,
            contract::EmbeddingMode::Listed => EmbeddingMode::Listed,
        };
        Embedding { mode: mode.into(), origins }
    }
}

impl From<domain::Rendition> for Rendition {
    fn from(domain::Rendition { name, width, height, bitrate_bps, codecs }: domain::Rendition) -> Self {
        Rendition { name, width, height, bitrate_bps, codecs }
    }
}

impl From<domain::Packaged> for Packaged {
    fn from(domain::Packaged { prefix, hls, dash, hls_steered }: domain::Packaged) -> Self {
        Packaged { prefix, hls, dash, hls_steered }
    }
}

impl From<domain::Protection> for Protection {
    fn from(domain::Protection { scheme, key_ids, seed_id }: domain::Protection) -> Self {
        let scheme = match scheme {
            domain::Scheme::Cenc => Scheme::Cenc,
            domain::Scheme::Cbcs => Scheme::Cbcs,
        };
        let key_ids = key_ids.iter().map(ToString::to_string).collect();
        Protection { scheme: scheme.into(), key_ids, seed_id }
    }
}

impl From<contract::Thumbnail> for Thumbnail {
    fn from(contract::Thumbnail { id, key, content_type, width, height }: contract::Thumbnail) -> Self {
        Thumbnail { id: id.to_string(), key, content_type: content_type.as_str().to_owned(), width, height }
    }
}

fn timestamp(time: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: time.as_second(), nanos: time.subsec_nanosecond() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROTO: &str = include_str!("../../../contract/proto/content/v1/catalog.proto");

    fn assert_has(kind: &str, name: &str, number: i32) {
        let value = format!("  {kind}_{} = {number};", name.to_uppercase());
        assert!(PROTO.lines().any(|line| line == value), "{value}");
    }

    #[test]
    fn what_remains_has_the_number_of_the_proto() {
        let remaining_ids = vec!["a".to_owned()];
        let response = BatchGetResponse { remaining_ids, ..BatchGetResponse::default() };
        // Field 2, of one byte.
        assert_eq!(response.encode_to_vec(), [0x12, 1, b'a']);
        assert!(PROTO.contains("\n  repeated string remaining_ids = 2;\n"));
    }

    #[test]
    fn states_and_visibilities_have_the_numbers_of_the_proto() {
        use StateName::*;
        for state in [Draft, Processing, Ready, Published, Unpublished, Failed, Blocked, Deleted] {
            assert_has("STATE", state.as_str(), State::from(state).into());
        }
        use VisibilityName::*;
        for visibility in [Public, Unlisted, Private, Subscribers, Password] {
            assert_has("VISIBILITY", visibility.as_str(), Visibility::from(visibility).into());
        }
    }
}
