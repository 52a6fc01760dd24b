//! An upload as its owner sees it.

use crate::times::{until, url_expires_at};
use jiff::Timestamp;
use mcsp_ids::{UploadId, VideoId};
use mcsp_object_store::SignedRequest;
use mcsp_problem::Problem;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use upload_bytes::{Uploads, place, unavailable};
use upload_domain::{Method, Protection, State, Upload};

/// An upload.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Upload")]
pub struct UploadView {
    /// Its id.
    pub id: UploadId,
    video_id: VideoId,
    /// Whether the video was there before, and gets this file in the place of the one that it has.
    #[schemars(example = false)]
    replaces: bool,
    /// Where it is on its way. `waiting` and `uploading` take bytes; `verifying` and `initiated` come with the
    /// completion; `processing`, `ready` and `failed` are told by the pipeline, `failed` by the completion too, and
    /// where the file could not be fetched from its source.
    #[schemars(extend("enum" = [
        "waiting", "uploading", "verifying", "initiated", "processing", "ready", "failed", "cancelled", "expired",
        "purged"
    ]))]
    state: &'static str,
    /// The name that the file had.
    #[schemars(example = &"holiday.mp4")]
    file_name: String,
    /// The size that was declared.
    #[schemars(example = 1_048_576)]
    size_bytes: u64,
    /// The media type that was declared.
    #[schemars(extend("enum" = CONTENT_TYPES))]
    content_type: &'static str,
    /// Base64 of the SHA-256 of the whole file, where it was given.
    #[schemars(example = &"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")]
    checksum_sha256: Option<String>,
    /// Whether players will need a licence for the video.
    #[schemars(extend("enum" = ["none", "cenc"]))]
    protection: &'static str,
    /// How the bytes are sent: in one piece, or in parts.
    #[schemars(extend("enum" = ["put", "multipart"]))]
    method: &'static str,
    /// The size of each part but the last; null for a file that goes in one piece.
    #[schemars(example = 8_388_608)]
    part_size_bytes: Option<u64>,
    /// How many parts there are; null for a file that goes in one piece.
    #[schemars(example = 2)]
    part_count: Option<u32>,
    /// Where to send the file in one piece, for as long as it is waited for.
    put: Option<SignedView>,
    /// How much of it is processed; null in any other state than `processing`.
    #[schemars(example = 40)]
    progress_percent: Option<u8>,
    /// How many bytes the platform has fetched of it so far; null for a file that somebody sends.
    #[schemars(example = 5_242_880)]
    pulled_bytes: Option<u64>,
    /// Machine code of why it failed; null unless it did.
    #[schemars(example = &"checksum_mismatch")]
    failure_code: Option<String>,
    /// When it began.
    created_at: Timestamp,
    /// Until when it must be completed.
    expires_at: Timestamp,
}

/// The media types that are taken, as [`upload_domain::ContentType`] names them.
pub const CONTENT_TYPES: [&str; 5] =
    ["video/mp4", "video/quicktime", "video/webm", "video/x-matroska", "video/mp2t"];

/// How what becomes of an upload is to be protected.
#[derive(Clone, Copy, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "UploadProtection")]
pub enum WantedProtection {
    /// Whoever has the segments can play them.
    None,
    /// The segments are encrypted (common encryption, ISO/IEC 23001-7), and players get the keys with a licence.
    Cenc,
}

impl From<WantedProtection> for Protection {
    fn from(wanted: WantedProtection) -> Self {
        match wanted {
            WantedProtection::None => Protection::None,
            WantedProtection::Cenc => Protection::Cenc,
        }
    }
}

/// A request that the client sends to the store.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SignedRequest")]
pub struct SignedView {
    /// Where to PUT the bytes. It is good for this method, these headers and this size only.
    #[schemars(example = &"https://store.example/mcsp-uploads/uploads/upload_01kb5t4v00e8ptxz3kd07gq2sn/source?X-Amz-Signature=c0ffee")]
    url: String,
    /// To be sent as they are. Content-Length is signed too, and sent by every client of its own accord.
    #[schemars(example = BTreeMap::from([("content-type", "video/mp4")]))]
    headers: BTreeMap<&'static str, String>,
    /// Until when it can be sent. Fresh ones can be had for as long as the upload is open.
    expires_at: Timestamp,
}

impl UploadView {
    /// The upload as it is now.
    pub fn of(uploads: &Uploads, upload: &Upload) -> Result<Self, Problem> {
        let now = uploads.context.now();
        let state = upload.state_at(now);
        let put = match (&*state, upload.plan.method()) {
            (State::Waiting, Method::Put) => Some(sign(uploads, upload, now)?),
            _ => None,
        };
        let progress_percent = match &*state {
            State::Processing { progress_percent, .. } => Some(*progress_percent),
            _ => None,
        };
        let failure_code = match &*state {
            State::Failed(failure) => Some(failure.code().to_owned()),
            _ => None,
        };
        Ok(UploadView {
            id: upload.id,
            video_id: upload.video,
            replaces: upload.replaces,
            state: state.name(),
            file_name: upload.file.name.as_str().to_owned(),
            size_bytes: upload.file.size_bytes,
            content_type: upload.file.content_type.as_str(),
            checksum_sha256: upload.file.checksum_sha256.as_ref().map(|c| c.as_str().to_owned()),
            protection: upload.protection.as_str(),
            method: upload.plan.method().as_str(),
            part_size_bytes: upload.plan.parts().map(|parts| parts.part_bytes()),
            part_count: upload.plan.parts().map(|parts| parts.count()),
            put,
            progress_percent,
            pulled_bytes: upload.pulled_bytes,
            failure_code,
            created_at: upload.created_at,
            expires_at: upload.expires_at,
        })
    }
}

impl SignedView {
    /// A signed request, until it expires.
    pub fn new(request: SignedRequest, expires_at: Timestamp) -> Self {
        let headers = request.headers.into_iter().filter(|(name, _)| *name != "content-length").collect();
        SignedView { url: request.url.into(), headers, expires_at }
    }
}

fn sign(uploads: &Uploads, upload: &Upload, now: Timestamp) -> Result<SignedView, Problem> {
    let expires_at = url_expires_at(upload, now);
    let file = &upload.file;
    let checksum = file.checksum_sha256.as_ref().map(|checksum| checksum.as_str());
    let body = (file.size_bytes, file.content_type.as_str(), checksum);
    let request = uploads
        .store
        .sign_put(place(upload), body, now, until(now, expires_at))
        .map_err(|error| unavailable(error.into()))?;
    Ok(SignedView::new(request, expires_at))
}
