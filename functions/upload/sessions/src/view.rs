//! An upload as its owner sees it.

use crate::times::{until, url_expires_at};
use jiff::Timestamp;
use mcsp_ids::{UploadId, VideoId};
use mcsp_object_store::SignedRequest;
use mcsp_problem::Problem;
use serde::Serialize;
use std::collections::BTreeMap;
use upload_bytes::{Uploads, place, unavailable};
use upload_domain::{Method, State, Upload};

/// An upload.
#[derive(Serialize)]
pub(crate) struct UploadView {
    pub(crate) id: UploadId,
    video_id: VideoId,
    state: &'static str,
    file_name: String,
    size_bytes: u64,
    content_type: &'static str,
    checksum_sha256: Option<String>,
    method: &'static str,
    part_size_bytes: Option<u64>,
    part_count: Option<u32>,
    /// While the file can be sent in one piece.
    put: Option<SignedView>,
    progress_percent: Option<u8>,
    failure_code: Option<String>,
    created_at: Timestamp,
    expires_at: Timestamp,
}

/// A request that the client sends to the store.
#[derive(Serialize)]
pub(crate) struct SignedView {
    url: String,
    /// To be sent as they are. Content-Length is signed too, and sent by every client of its own accord.
    headers: BTreeMap<&'static str, String>,
    expires_at: Timestamp,
}

impl UploadView {
    /// The upload as it is now.
    pub(crate) fn of(uploads: &Uploads, upload: &Upload) -> Result<Self, Problem> {
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
            state: state.name(),
            file_name: upload.file.name.as_str().to_owned(),
            size_bytes: upload.file.size_bytes,
            content_type: upload.file.content_type.as_str(),
            checksum_sha256: upload.file.checksum_sha256.as_ref().map(|c| c.as_str().to_owned()),
            method: upload.plan.method().as_str(),
            part_size_bytes: upload.plan.parts().map(|parts| parts.part_bytes()),
            part_count: upload.plan.parts().map(|parts| parts.count()),
            put,
            progress_percent,
            failure_code,
            created_at: upload.created_at,
            expires_at: upload.expires_at,
        })
    }
}

impl SignedView {
    /// A signed request, until it expires.
    pub(crate) fn new(request: SignedRequest, expires_at: Timestamp) -> Self {
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
