//! What the pipeline made of an upload.

use crate::Thumbnail;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A code of the pipeline is not longer than this.
const FAILURE_CODE_MAX_BYTES: usize = 64;

/// What can be played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// How long it plays.
    pub duration_ms: u64,
    /// What a player can choose from.
    pub renditions: Vec<Rendition>,
    /// Where the segments are.
    pub packaged: Packaged,
    /// How they are encrypted, where they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protection: Option<Protection>,
    /// Images that were taken from it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub thumbnails: Vec<Thumbnail>,
}

/// One encoding of the video.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rendition {
    /// What people call it.
    #[schemars(example = &"720p")]
    pub name: String,
    /// Pixels.
    #[schemars(example = 1280)]
    pub width: u32,
    /// Pixels.
    #[schemars(example = 720)]
    pub height: u32,
    /// Bits per second, at its peak.
    #[schemars(example = 2_800_000)]
    pub bitrate_bps: u64,
    /// As a manifest's `CODECS` (RFC 6381).
    #[schemars(example = &"avc1.64001f,mp4a.40.2")]
    pub codecs: String,
}

/// Where the segments are, in the object store and behind the CDN alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Packaged {
    /// What all its paths begin with, with a slash at its end.
    #[schemars(example = &"videos/video_01kb5t4v00e8ptxz3kd07gq2sn/")]
    pub prefix: String,
    /// The HLS manifest, below the prefix.
    #[schemars(example = &"master.m3u8")]
    pub hls: String,
    /// The DASH manifest of the same segments, below the prefix, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"manifest.mpd")]
    pub dash: Option<String>,
    /// The HLS manifest of a player that is steered, below the prefix, where there is one: it loads what `steering` in its query names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"steered.m3u8")]
    pub hls_steered: Option<String>,
}

/// How segments are encrypted. Their keys are derived from the seed and their ids by whoever has the seed: no key is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Protection {
    /// Common encryption (ISO/IEC 23001-7).
    pub scheme: Scheme,
    /// All keys that a player needs.
    #[schemars(example = ["0193a5c1-7b1e-5c3d-9f00-3c7a7d1a2b3c"])]
    pub key_ids: Vec<Uuid>,
    /// What they are derived from.
    #[schemars(example = &"2026-11")]
    pub seed_id: String,
}

/// How common encryption encrypts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ProtectionScheme")]
pub enum Scheme {
    /// AES-128 in counter mode.
    Cenc,
    /// AES-128 in CBC mode, by a pattern of blocks.
    Cbcs,
}

/// Why the pipeline gave up: a machine code, `[a-z0-9_]{1,64}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FailureCode(String);

/// How processing ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Processed {
    /// There is something to play.
    Completed(Media),
    /// There is not, and there will not be.
    Failed(FailureCode),
}

impl Processed {
    /// The same, without images.
    #[must_use]
    pub fn without_thumbnails(self) -> Self {
        match self {
            Processed::Completed(media) => Processed::Completed(Media { thumbnails: Vec::new(), ..media }),
            failed @ Processed::Failed(_) => failed,
        }
    }
}

/// Not a machine code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a machine code")]
pub struct NotACode;

impl FailureCode {
    /// The pipeline did not protect what it was asked to.
    pub(crate) fn unprotected() -> Self {
        FailureCode("unprotected".to_owned())
    }

    /// The video is gone.
    pub(crate) fn purged() -> Self {
        FailureCode("purged".to_owned())
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for FailureCode {
    type Error = NotACode;

    fn try_from(text: String) -> Result<Self, NotACode> {
        let is_code = (1..=FAILURE_CODE_MAX_BYTES).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if is_code { Ok(FailureCode(text)) } else { Err(NotACode) }
    }
}

impl From<FailureCode> for String {
    fn from(code: FailureCode) -> Self {
        code.0
    }
}
