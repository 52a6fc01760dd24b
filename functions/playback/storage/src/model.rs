//! The read model of a video: as Content announces it, and as Redis keeps it.

use jiff::Timestamp;
use mcsp_ids::{UserId, VideoId};
use playback_domain::{Decision, Embedding, Origin, Region, Regions, State, Visibility, merged};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

/// A video, with what can be played of it.
pub type Video = playback_domain::Video<Media>;

/// One version of a video.
#[derive(Clone, Debug)]
pub struct Version {
    /// Content's version of it and, where Admin has decided on it, the version of that decision beside: their sum, of what Postgres has
    /// of both. Either only grows there, so whatever is heard next has a greater one, and of two copies the one of the greater number is
    /// the later. What Content announces has Content's version alone, and so has a video that Admin never decided on.
    pub number: u64,
    /// The video.
    pub video: Video,
}

impl Version {
    /// What Content says, with what Admin has decided beside.
    pub(crate) fn decided(self, decision: Option<Decision>) -> Self {
        let Version { number, video } = self;
        let (number, state) = merged((number, video.state), decision);
        Version { number, video: Video { state, ..video } }
    }
}

/// Languages in which a video can have captions, and the bytes of a tag: more than Content gives.
const CAPTIONS_MAX: usize = 50;
const TAG_MAX_BYTES: usize = 35;

/// What can be played of a video.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Media {
    /// The directory in the object store, with a slash at the end: `packaged/video_…/`.
    #[serde(rename = "p")]
    pub prefix: String,
    /// The HLS manifest in it.
    #[serde(rename = "h")]
    pub hls: String,
    /// The DASH manifest in it, where there is one.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub dash: Option<String>,
    /// The HLS manifest of players that are steered in it, where there is one.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub hls_steered: Option<String>,
    /// How its segments are encrypted, where they are.
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub protection: Option<Protection>,
    /// The languages in which there are captions, which Content serves: BCP 47.
    #[serde(rename = "c", default, skip_serializing_if = "Vec::is_empty")]
    pub captions: Vec<String>,
    /// How long it plays.
    #[serde(rename = "t")]
    pub duration_ms: u64,
    /// A JSON array, as Content gives it: nothing here depends on what it holds.
    #[serde(rename = "r")]
    pub renditions: Box<RawValue>,
}

/// How segments are encrypted. The keys are derived from the seed and their ids: they stand nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protection {
    /// `cenc` or `cbcs` (ISO/IEC 23001-7).
    pub scheme: String,
    /// All keys that a player needs.
    pub key_ids: Vec<Uuid>,
    /// What they are derived from.
    pub seed_id: String,
}

/// How the model stands in Redis: short names, and nothing that a start does not need.
#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    #[serde(rename = "o")]
    owner: UserId,
    #[serde(rename = "s")]
    state: &'a str,
    #[serde(rename = "v")]
    visibility: &'a str,
    /// Of the plan that it asks for, where it does.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    level: Option<u32>,
    /// Which passwords open it, where it asks for one.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    passwords_version: Option<u64>,
    #[serde(rename = "a", borrow, default, skip_serializing_if = "Vec::is_empty")]
    allow: Vec<&'a str>,
    #[serde(rename = "d", borrow, default, skip_serializing_if = "Vec::is_empty")]
    deny: Vec<&'a str>,
    /// The age that it asks for, where it does.
    #[serde(rename = "y", default, skip_serializing_if = "Option::is_none")]
    minimum_age: Option<u8>,
    /// When it will be published, in milliseconds since the Unix epoch, where that is known.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    scheduled_ms: Option<i64>,
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    media: Option<Media>,
    /// Who works on it, where it is only for some.
    #[serde(rename = "c", default, skip_serializing_if = "Vec::is_empty")]
    collaborators: Vec<UserId>,
    /// Which pages may embed it, where not all may.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    embedding: Option<&'a str>,
    /// The origins of those that are listed.
    #[serde(rename = "g", borrow, default, skip_serializing_if = "Vec::is_empty")]
    origins: Vec<&'a str>,
}

/// Writes the model for Redis.
pub(crate) fn encode(video: &Video) -> Vec<u8> {
    let stored = Stored {
        owner: video.owner,
        state: video.state.as_str(),
        visibility: video.visibility.as_str(),
        level: level(video.visibility),
        passwords_version: passwords_version(video.visibility),
        allow: video.regions.allow.iter().map(Region::as_str).collect(),
        deny: video.regions.deny.iter().map(Region::as_str).collect(),
        minimum_age: video.minimum_age,
        scheduled_ms: scheduled_at(&video.state).map(Timestamp::as_millisecond),
        media: video.state.media().cloned(),
        collaborators: video.collaborators.clone(),
        embedding: (video.embedding != Embedding::Anywhere).then(|| video.embedding.as_str()),
        origins: video.embedding.origins().iter().map(Origin::as_str).collect(),
    };
    // Strings, numbers and what was JSON before: serialization has nothing to fail at.
    serde_json::to_vec(&stored).unwrap_or_default()
}

/// Reads the model from Redis; none where it has another form.
pub(crate) fn decode(bytes: &[u8]) -> Option<Video> {
    let stored: Stored<'_> = serde_json::from_slice(bytes).ok()?;
    let regions = |names: Vec<&str>| {
        let parsed: Option<Vec<_>> = names.into_iter().map(|name| Region::parse(name).ok()).collect();
        parsed
    };
    let scheduled_at = stored.scheduled_ms.map(Timestamp::from_millisecond).transpose().ok()?;
    Some(Video {
        owner: stored.owner,
        state: state_of(stored.state, scheduled_at, stored.media)?,
        visibility: visibility_of(stored.visibility, stored.level, stored.passwords_version)?,
        regions: Regions { allow: regions(stored.allow)?, deny: regions(stored.deny)? },
        minimum_age: stored.minimum_age,
        collaborators: stored.collaborators,
        embedding: embedding_of(stored.embedding, &stored.origins)?,
    })
}

/// Without a name, as it was before there were others: anywhere.
pub(crate) fn embedding_of<T: AsRef<str>>(name: Option<&str>, origins: &[T]) -> Option<Embedding> {
    let Some(name) = name else { return Some(Embedding::Anywhere) };
    let origins: Option<Vec<_>> = origins.iter().map(|text| Origin::parse(text.as_ref()).ok()).collect();
    Embedding::from_name(name, origins?)
}

pub(crate) fn scheduled_at(state: &State<Media>) -> Option<Timestamp> {
    match state {
        State::Scheduled(at) => Some(*at),
        State::NeverPublished
        | State::Published(_)
        | State::Unpublished
        | State::Blocked
        | State::Deleted => None,
    }
}

pub(crate) fn state_of(
    name: &str,
    scheduled_at: Option<Timestamp>,
    media: Option<Media>,
) -> Option<State<Media>> {
    match name {
        "never_published" => Some(State::NeverPublished),
        "scheduled" => scheduled_at.map(State::Scheduled),
        "published" => media.map(State::Published),
        "unpublished" => Some(State::Unpublished),
        "blocked" => Some(State::Blocked),
        "deleted" => Some(State::Deleted),
        _ => None,
    }
}

/// Of the plan that it asks for, where it does.
pub(crate) fn level(visibility: Visibility) -> Option<u32> {
    match visibility {
        Visibility::Subscribers(level) => Some(level),
        Visibility::Public | Visibility::Unlisted | Visibility::Private | Visibility::Password(_) => None,
    }
}

/// Which passwords open it, where it asks for one.
pub(crate) fn passwords_version(visibility: Visibility) -> Option<u64> {
    match visibility {
        Visibility::Password(version) => Some(version),
        Visibility::Public | Visibility::Unlisted | Visibility::Private | Visibility::Subscribers(_) => None,
    }
}

pub(crate) fn visibility_of(
    name: &str,
    level: Option<u32>,
    passwords_version: Option<u64>,
) -> Option<Visibility> {
    match name {
        "public" => Some(Visibility::Public),
        "unlisted" => Some(Visibility::Unlisted),
        "private" => Some(Visibility::Private),
        "subscribers" => level.filter(|level| *level > 0).map(Visibility::Subscribers),
        "password" => passwords_version.map(Visibility::Password),
        _ => None,
    }
}

/// A video's whole state as Content gives it, in `media.published`, `media.changed` and its catalog. Fields
/// that Playback has no use for are passed over.
#[derive(Clone, Debug, Deserialize)]
pub struct Announcement {
    /// The video.
    pub video_id: VideoId,
    owner_id: UserId,
    version: u64,
    state: String,
    visibility: String,
    #[serde(default)]
    minimum_plan_level: Option<u32>,
    #[serde(default)]
    passwords_version: Option<u64>,
    #[serde(default)]
    minimum_age: Option<u8>,
    #[serde(default)]
    scheduled_at: Option<Timestamp>,
    #[serde(default)]
    regions: AnnouncedRegions,
    #[serde(default)]
    duration_ms: Option<u64>,
    #[serde(default)]
    renditions: Option<Box<RawValue>>,
    #[serde(default)]
    packaged: Option<Packaged>,
    #[serde(default)]
    protection: Option<Protection>,
    #[serde(default)]
    caption_languages: Vec<String>,
    #[serde(default)]
    collaborators: Vec<UserId>,
    #[serde(default)]
    embedding: Option<AnnouncedEmbedding>,
}

#[derive(Clone, Debug, Deserialize)]
struct AnnouncedEmbedding {
    mode: String,
    #[serde(default)]
    origins: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct AnnouncedRegions {
    #[serde(default)]
    allow: Vec<String>,
    #[serde(default)]
    deny: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Packaged {
    prefix: String,
    hls: String,
    #[serde(default)]
    dash: Option<String>,
    #[serde(default)]
    hls_steered: Option<String>,
}

/// Whether it is plain in a path.
fn is_tag(language: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=TAG_MAX_BYTES).contains(&language.len()) && language.bytes().all(plain)
}

/// Why an announcement cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAnnouncement {
    /// A state that the contract does not name.
    #[error("unknown state")]
    State,
    /// A visibility that the contract does not name.
    #[error("unknown visibility")]
    Visibility,
    /// A region that is none.
    #[error("invalid region")]
    Region,
    /// Published, and nothing to play.
    #[error("published without media")]
    Media,
    /// A way of embedding that the contract does not name, or an origin that is none.
    #[error("invalid embedding")]
    Embedding,
}

impl TryFrom<Announcement> for Version {
    type Error = InvalidAnnouncement;

    fn try_from(announced: Announcement) -> Result<Self, InvalidAnnouncement> {
        let Announcement {
            owner_id,
            version,
            minimum_age,
            duration_ms,
            renditions,
            packaged,
            protection,
            caption_languages,
            collaborators,
            embedding,
            ..
        } = announced;
        // A video plays without captions: those that nobody could ask for are left out.
        let captions =
            caption_languages.into_iter().filter(|language| is_tag(language)).take(CAPTIONS_MAX).collect();
        let media = || {
            let Packaged { prefix, hls, dash, hls_steered } = packaged?;
            let (duration_ms, renditions) = (duration_ms?, renditions?);
            Some(Media { prefix, hls, dash, hls_steered, protection, captions, duration_ms, renditions })
        };
        let state = match (announced.state.as_str(), announced.scheduled_at) {
            ("ready" | "unpublished", Some(at)) => State::Scheduled(at),
            ("draft" | "processing" | "ready" | "failed", _) => State::NeverPublished,
            ("published", _) => State::Published(media().ok_or(InvalidAnnouncement::Media)?),
            ("unpublished", _) => State::Unpublished,
            ("blocked", _) => State::Blocked,
            ("deleted", _) => State::Deleted,
            _ => return Err(InvalidAnnouncement::State),
        };
        let Announcement { minimum_plan_level, passwords_version, .. } = announced;
        let visibility = visibility_of(&announced.visibility, minimum_plan_level, passwords_version);
        let visibility = visibility.ok_or(InvalidAnnouncement::Visibility)?;
        let regions = |names: &[String]| {
            let parsed: Result<Vec<_>, _> = names.iter().map(|name| Region::parse(name)).collect();
            parsed.map_err(|_| InvalidAnnouncement::Region)
        };
        let regions =
            Regions { allow: regions(&announced.regions.allow)?, deny: regions(&announced.regions.deny)? };
        // Of those that others play, too, starts have nothing to read that they do not ask for.
        let collaborators = match visibility {
            Visibility::Private | Visibility::Password(_) => collaborators,
            Visibility::Public | Visibility::Unlisted | Visibility::Subscribers(_) => Vec::new(),
        };
        let embedding = match embedding {
            Some(AnnouncedEmbedding { mode, origins }) => embedding_of(Some(&mode), &origins),
            None => Some(Embedding::Anywhere),
        };
        let embedding = embedding.ok_or(InvalidAnnouncement::Embedding)?;
        let video =
            Video { owner: owner_id, state, visibility, regions, minimum_age, collaborators, embedding };
        Ok(Version { number: version, video })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn announced(change: impl FnOnce(&mut serde_json::Value)) -> Result<Version, InvalidAnnouncement> {
        let mut whole = json!({
            "video_id": "video_00000000000000000000000001", "owner_id": "user_00000000000000000000000002",
            "version": 4, "state": "published", "visibility": "public", "title": "a \"title\"",
            "regions": {"allow": ["EU"], "deny": ["us"]}, "minimum_age": 16, "duration_ms": 8000,
            "renditions": [{"name": "360p", "height": 360}],
            "packaged": {"prefix": "packaged/video_1/", "hls": "master.m3u8", "dash": "manifest.mpd"},
        });
        change(&mut whole);
        serde_json::from_str::<Announcement>(&whole.to_string()).unwrap().try_into()
    }

    #[test]
    fn a_published_video_survives_the_way_through_redis() {
        let version = announced(|_| ()).unwrap();
        let again = decode(&encode(&version.video)).unwrap();
        assert_eq!(format!("{again:?}"), format!("{:?}", version.video));
        assert_eq!(again.state.media().unwrap().renditions.get(), r#"[{"height":360,"name":"360p"}]"#);
        assert_eq!((version.number, again.minimum_age), (4, Some(16)));
    }

    #[test]
    fn what_was_packaged_before_there_was_dash_has_none() {
        let video = announced(|whole| whole["packaged"]["dash"] = json!(null)).unwrap().video;
        let again = decode(&encode(&video)).unwrap();
        assert_eq!(again.state.media().unwrap().dash, None);
    }

    #[test]
    fn what_was_packaged_before_players_were_steered_has_no_manifest_for_them() {
        let of = |name: serde_json::Value| {
            let video = announced(|whole| whole["packaged"]["hls_steered"] = name).unwrap().video;
            decode(&encode(&video)).unwrap().state.media().unwrap().hls_steered.clone()
        };
        assert_eq!(of(json!("steered.m3u8")).as_deref(), Some("steered.m3u8"));
        assert_eq!(of(json!(null)), None);
        // As it stood in Redis and in the memory before.
        let kept = br#"{"o":"user_00000000000000000000000002","s":"published","v":"public","m":{"p":"p/","h":"m","t":1,"r":[]}}"#;
        assert_eq!(decode(kept).unwrap().state.media().unwrap().hls_steered, None);
    }

    #[test]
    fn captions_are_known_by_their_languages_and_there_are_none_where_nothing_is_told() {
        let of = |languages: serde_json::Value| {
            let video = announced(|whole| whole["caption_languages"] = languages).unwrap().video;
            decode(&encode(&video)).unwrap().state.media().unwrap().captions.clone()
        };
        assert_eq!(of(json!(["de", "zh-Hant-TW"])), ["de", "zh-Hant-TW"]);
        assert_eq!(of(json!(["../x", "", "en", "e".repeat(36)])), ["en"], "no other is a name in a path");
        assert_eq!(of(json!(vec!["en"; 60])).len(), CAPTIONS_MAX);
        // What was told and kept before captions were.
        let told = announced(|_| ()).unwrap().video;
        assert!(told.state.media().unwrap().captions.is_empty());
        assert!(!String::from_utf8(encode(&told)).unwrap().contains("\"c\":"));
    }

    #[test]
    fn what_is_protected_stays_so() {
        let protection =
            json!({"scheme": "cenc", "key_ids": ["00000000-0000-0000-0000-000000000001"], "seed_id": "s1"});
        let video = announced(|whole| whole["protection"] = protection.clone()).unwrap().video;
        let again = decode(&encode(&video)).unwrap();
        assert_eq!(json!(again.state.media().unwrap().protection), protection);
        // What cannot be understood is not taken for unprotected.
        let mut whole =
            json!({"video_id": "video_00000000000000000000000001", "version": 1, "state": "ready"});
        whole["owner_id"] = json!("user_00000000000000000000000002");
        whole["visibility"] = json!("public");
        assert!(serde_json::from_value::<Announcement>(whole.clone()).is_ok());
        whole["protection"] = json!({"scheme": "cenc"});
        assert!(serde_json::from_value::<Announcement>(whole).is_err());
    }

    #[test]
    fn who_works_on_a_video_is_known_where_it_is_only_for_some() {
        let working = |visibility: &str| {
            let video = announced(|whole| {
                whole["visibility"] = json!(visibility);
                whole["minimum_plan_level"] = json!(1);
                whole["passwords_version"] = json!(4);
                whole["collaborators"] = json!(["user_00000000000000000000000009"]);
            });
            let video = video.unwrap().video;
            assert_eq!(decode(&encode(&video)).unwrap().collaborators, video.collaborators);
            video.collaborators.len()
        };
        let visibilities = ["public", "unlisted", "private", "subscribers", "password"];
        assert_eq!(visibilities.map(working), [0, 0, 1, 0, 1]);
        // What was told and kept before there were any.
        let told = announced(|whole| whole["visibility"] = json!("private")).unwrap().video;
        let kept = br#"{"o":"user_00000000000000000000000002","s":"unpublished","v":"private"}"#;
        assert!(told.collaborators.is_empty() && decode(kept).unwrap().collaborators.is_empty());
    }

    #[test]
    fn a_video_without_media_survives_too() {
        for state in ["draft", "processing", "ready", "failed", "unpublished", "blocked", "deleted"] {
            let version = announced(|whole| {
                whole["state"] = json!(state);
                whole["packaged"] = json!(null);
                whole["duration_ms"] = json!(null);
            });
            let video = version.unwrap().video;
            assert_eq!(format!("{:?}", decode(&encode(&video)).unwrap()), format!("{video:?}"), "{state}");
        }
    }

    #[test]
    fn what_is_for_subscribers_asks_for_a_plan() {
        let of_level = |level: serde_json::Value| {
            announced(|whole| {
                whole["visibility"] = json!("subscribers");
                whole["minimum_plan_level"] = level;
            })
        };
        let video = of_level(json!(2)).unwrap().video;
        assert_eq!(video.visibility, Visibility::Subscribers(2));
        assert_eq!(decode(&encode(&video)).unwrap().visibility, video.visibility);
        for no_level in [json!(null), json!(0)] {
            assert_eq!(of_level(no_level).map(|_| ()).unwrap_err(), InvalidAnnouncement::Visibility);
        }
    }

    #[test]
    fn what_asks_for_a_password_says_which_ones() {
        let of_version = |version: serde_json::Value| {
            announced(|whole| {
                whole["visibility"] = json!("password");
                whole["passwords_version"] = version;
            })
        };
        let video = of_version(json!(3)).unwrap().video;
        assert_eq!(video.visibility, Visibility::Password(3));
        assert_eq!(decode(&encode(&video)).unwrap().visibility, video.visibility);
        assert_eq!(of_version(json!(null)).map(|_| ()).unwrap_err(), InvalidAnnouncement::Visibility);
    }

    #[test]
    fn what_is_to_be_published_later_says_when() {
        for (state, is_scheduled) in
            [("ready", true), ("unpublished", true), ("processing", false), ("published", false)]
        {
            let video = announced(|whole| {
                whole["state"] = json!(state);
                whole["scheduled_at"] = json!("2026-12-01T00:00:00Z");
            });
            let video = video.unwrap().video;
            assert_eq!(scheduled_at(&video.state).is_some(), is_scheduled, "{state}");
            assert_eq!(scheduled_at(&decode(&encode(&video)).unwrap().state), scheduled_at(&video.state));
        }
    }

    #[test]
    fn what_the_contract_does_not_have_is_refused() {
        let refused = |field: &str, value| announced(|whole| whole[field] = value).map(|_| ()).unwrap_err();
        assert_eq!(refused("state", json!("lost")), InvalidAnnouncement::State);
        assert_eq!(refused("visibility", json!("friends")), InvalidAnnouncement::Visibility);
        assert_eq!(refused("regions", json!({"deny": ["e u"]})), InvalidAnnouncement::Region);
        assert_eq!(refused("packaged", json!(null)), InvalidAnnouncement::Media);
        assert_eq!(refused("embedding", json!({"mode": "somewhere"})), InvalidAnnouncement::Embedding);
        let no_origin = json!({"mode": "listed", "origins": ["*"]});
        assert_eq!(refused("embedding", no_origin), InvalidAnnouncement::Embedding);
    }

    #[test]
    fn what_some_pages_may_embed_says_which_and_what_was_kept_before_all_may() {
        let (origin, origins) =
            (|text| Origin::parse(text).unwrap(), ["https://a.example", "https://b.example"]);
        for (told, embedding) in [
            (json!({"mode": "nowhere", "origins": []}), Embedding::Nowhere),
            (json!({"mode": "listed", "origins": origins}), Embedding::Listed(origins.map(origin).to_vec())),
            (json!({"mode": "anywhere", "origins": []}), Embedding::Anywhere),
            (json!(null), Embedding::Anywhere),
        ] {
            let video = announced(|whole| whole["embedding"] = told.clone()).unwrap().video;
            assert_eq!(video.embedding, embedding, "{told}");
            assert_eq!(decode(&encode(&video)).unwrap().embedding, embedding, "{told}");
        }
        // As it stood in Redis and in the memory before.
        let kept = br#"{"o":"user_00000000000000000000000002","s":"unpublished","v":"public"}"#;
        assert_eq!(decode(kept).unwrap().embedding, Embedding::Anywhere);
        let unknown =
            br#"{"o":"user_00000000000000000000000002","s":"unpublished","v":"public","e":"somewhere"}"#;
        assert!(decode(unknown).is_none(), "what cannot be understood is not taken for open");
    }

    #[test]
    fn a_published_model_without_media_is_not_read() {
        let text = br#"{"o":"user_00000000000000000000000002","s":"published","v":"public"}"#;
        assert!(decode(text).is_none());
    }
}
