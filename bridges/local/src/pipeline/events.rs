//! What the pipeline takes and what it tells: CloudEvents in Kafka's binary mode.

use super::media::{DASH, HLS, HLS_STEERED};
use super::playlist::Rendition;
use super::protection::Protection;
use super::thumbnails::Thumbnail;
use rdkafka::message::{Header, Headers, Message, OwnedHeaders};
use serde::{Deserialize, Serialize};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where uploads are announced.
pub(crate) const INITIATED_TOPIC: &str = "media.upload.initiated";
/// Where the pipeline tells how it goes.
pub(crate) const CHANGED_TOPIC: &str = "media.processing.changed";
const SOURCE: &str = "/mcsp/pipeline";

/// An upload to process.
#[derive(Clone, Debug)]
pub(crate) struct Initiated {
    event_id: String,
    traceparent: Option<String>,
    tracestate: Option<String>,
    pub(crate) upload: Upload,
}

/// What the pipeline needs to know of an upload. Unknown fields are passed over: producers may add some.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Upload {
    pub(crate) upload_id: String,
    pub(crate) video_id: String,
    /// Whether the video was there before it.
    #[serde(default)]
    pub(crate) replaces: bool,
    #[serde(default)]
    pub(crate) protection: Wanted,
    pub(crate) object: SourceObject,
}

/// How what becomes of it is to be protected. What is not known here is refused, rather than left readable.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Wanted {
    /// Not at all.
    #[default]
    None,
    /// By common encryption.
    Cenc,
}

/// Where its bytes are.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct SourceObject {
    pub(crate) bucket: String,
    pub(crate) key: String,
}

/// How processing goes.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// Still at it.
    Progressed { percent: u8 },
    /// It can be played.
    Completed {
        duration_ms: u64,
        renditions: Vec<Rendition>,
        protection: Option<Protection>,
        thumbnails: Vec<Thumbnail>,
    },
    /// It never will.
    Failed { reason_code: &'static str },
}

impl Outcome {
    /// Its name, for the log.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Progressed { .. } => "progressed",
            Self::Completed { .. } => "completed",
            Self::Failed { .. } => "failed",
        }
    }
}

/// An event, ready to be sent.
pub(crate) struct Outgoing {
    pub(crate) key: String,
    pub(crate) headers: OwnedHeaders,
    pub(crate) data: Vec<u8>,
}

#[derive(Serialize)]
struct Changed<'a> {
    upload_id: &'a str,
    video_id: &'a str,
    replaces: bool,
    state: &'static str,
    progress_percent: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    packaged: Option<Packaged>,
    #[serde(skip_serializing_if = "Option::is_none")]
    protection: Option<Protection>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    renditions: Vec<Rendition>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason_code: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    thumbnails: Vec<Thumbnail>,
}

#[derive(Serialize)]
struct Packaged {
    prefix: String,
    hls: &'static str,
    hls_steered: &'static str,
    dash: &'static str,
}

impl Initiated {
    /// Reads a record; `Err` says what is wrong with it.
    pub(crate) fn read(record: &impl Message) -> Result<Self, &'static str> {
        let header = |name: &str| {
            let headers = record.headers()?;
            let value = headers.iter().find(|header| header.key == name)?.value?;
            std::str::from_utf8(value).ok().map(str::to_owned)
        };
        let event_id = header("ce_id").ok_or("no ce_id")?;
        let upload: Upload = serde_json::from_slice(record.payload().unwrap_or_default())
            .map_err(|_| "the data is not that of an upload")?;
        // Both become parts of paths.
        if !is_id(&upload.video_id) || !is_id(&upload.upload_id) {
            return Err("an id is malformed");
        }
        let (traceparent, tracestate) = (header("ce_traceparent"), header("ce_tracestate"));
        Ok(Self { event_id, traceparent, tracestate, upload })
    }

    /// Where the packaged files go, in the packaged bucket and in playback URLs. What replaces a file goes beside it, which is played
    /// until then.
    pub(crate) fn path_prefix(&self) -> String {
        let Upload { video_id, upload_id, replaces, .. } = &self.upload;
        if *replaces { format!("packaged/{video_id}/{upload_id}/") } else { format!("packaged/{video_id}/") }
    }

    /// Where its images go, in the bucket of the file.
    pub(crate) fn thumbnails_prefix(&self) -> String {
        format!("thumbnails/{}/{}/", self.upload.video_id, self.upload.upload_id)
    }

    /// The event that tells the outcome. Telling it again gives the same id, so consumers apply it once.
    pub(crate) fn tell(&self, outcome: Outcome) -> Outgoing {
        let verb = outcome.name();
        let mut data = self.changed("processing");
        match outcome {
            Outcome::Progressed { percent } => data.progress_percent = percent,
            Outcome::Completed { duration_ms, renditions, protection, thumbnails } => {
                data.state = "completed";
                data.progress_percent = 100;
                let prefix = self.path_prefix();
                data.packaged = Some(Packaged { prefix, hls: HLS, hls_steered: HLS_STEERED, dash: DASH });
                data.protection = protection;
                data.duration_ms = Some(duration_ms);
                data.renditions = renditions;
                data.thumbnails = thumbnails;
            }
            Outcome::Failed { reason_code } => {
                data.state = "failed";
                data.reason_code = Some(reason_code);
            }
        }
        let id = format!("{}.{verb}.{}", self.event_id, data.progress_percent);
        let kind = format!("mcsp.pipeline.processing.{verb}.v1");
        let time = now_rfc3339();
        let mut attributes = vec![
            ("ce_specversion", "1.0"),
            ("ce_id", &id),
            ("ce_type", &kind),
            ("ce_source", SOURCE),
            ("ce_subject", &self.upload.upload_id),
            ("ce_time", &time),
            ("content-type", "application/json"),
        ];
        attributes.extend(self.traceparent.as_deref().map(|parent| ("ce_traceparent", parent)));
        attributes.extend(self.tracestate.as_deref().map(|state| ("ce_tracestate", state)));
        let headers = attributes.into_iter().fold(OwnedHeaders::new(), |headers, (key, value)| {
            headers.insert(Header { key, value: Some(value) })
        });
        Outgoing {
            key: self.upload.upload_id.clone(),
            headers,
            // Plain structs with string keys: there is nothing that JSON cannot hold.
            data: serde_json::to_vec(&data).unwrap_or_default(),
        }
    }

    fn changed(&self, state: &'static str) -> Changed<'_> {
        Changed {
            upload_id: &self.upload.upload_id,
            video_id: &self.upload.video_id,
            replaces: self.upload.replaces,
            state,
            progress_percent: 0,
            packaged: None,
            protection: None,
            duration_ms: None,
            renditions: Vec::new(),
            reason_code: None,
            thumbnails: Vec::new(),
        }
    }
}

fn is_id(text: &str) -> bool {
    const MAX_ID_BYTES: usize = 128;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    !text.is_empty() && text.len() <= MAX_ID_BYTES && text.bytes().all(plain)
}

fn now_rfc3339() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let at = i64::try_from(since.as_millis()).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    at.unwrap_or_default().to_string()
}
