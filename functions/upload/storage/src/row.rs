//! A row of `uploads`, and the upload that it means.

use jiff::Timestamp;
use mcsp_bridge_api::sql::{Inconsistency, Row};
use mcsp_ids::{UploadId, UserId, VideoId};
use upload_domain::{
    Checksum, ContentType, Failure, File, FileName, Mismatch, Multipart, Object, PartPlan, Plan, Protection,
    SourceFault, State, Upload,
};

/// In the order in which [`read`] takes them.
pub(crate) const COLUMNS: &str = "id, owner_id, video_id, version, region, bucket, object_key, file_name, \
     size_bytes, content_type, checksum_sha256, part_size_bytes, multipart_id, multipart_checksummed, \
     protection, replaces, state, initiated_at, progress_percent, failure_code, released, created_at, expires_at, \
     (SELECT pulled_bytes FROM pulls WHERE pulls.upload_id = uploads.id) AS pulled_bytes";

/// Reads a row.
pub(crate) fn read(row: &mut Row<'_>) -> Result<Upload, Inconsistency> {
    let id = UploadId::from_uuid(row.take("id")?);
    let owner = UserId::from_uuid(row.take("owner_id")?);
    let video = VideoId::from_uuid(row.take("video_id")?);
    let version = row.take("version")?;
    let region = row.take("region")?;
    let object = Object { bucket: row.take("bucket")?, key: row.take("object_key")? };
    let file = File {
        name: row.parse("file_name", |name: String| FileName::parse(&name).ok())?,
        size_bytes: row.take("size_bytes")?,
        content_type: row.parse("content_type", |name: String| ContentType::parse(&name).ok())?,
        checksum_sha256: row.parse("checksum_sha256", |text: Option<String>| {
            text.map(|text| Checksum::parse(&text).ok()).map_or(Some(None), |parsed| parsed.map(Some))
        })?,
    };
    let plan = row.parse("part_size_bytes", |part_bytes: Option<u64>| match part_bytes {
        None => Some(Plan::Put),
        Some(part_bytes) => PartPlan::stored(file.size_bytes, part_bytes).map(Plan::Multipart),
    })?;
    let multipart_id: Option<String> = row.take("multipart_id")?;
    let checksummed = row.take("multipart_checksummed")?;
    let multipart = multipart_id.map(|id| Multipart { id, checksummed });
    Ok(Upload {
        id,
        owner,
        video,
        version,
        region,
        object,
        file,
        protection: row.parse("protection", |name: String| Protection::named(&name))?,
        replaces: row.take("replaces")?,
        plan,
        multipart,
        state: state(row)?,
        released: row.take("released")?,
        created_at: row.take("created_at")?,
        expires_at: row.take("expires_at")?,
        pulled_bytes: row.take("pulled_bytes")?,
    })
}

/// What a state needs beside its name.
pub(crate) struct StateColumns<'a> {
    pub(crate) name: &'static str,
    pub(crate) initiated_at: Option<Timestamp>,
    pub(crate) progress_percent: Option<i32>,
    pub(crate) failure_code: Option<&'a str>,
}

/// The columns of an upload's state.
pub(crate) fn state_columns(upload: &Upload) -> StateColumns<'_> {
    let progress_percent = match &upload.state {
        State::Processing { progress_percent, .. } => Some(i32::from(*progress_percent)),
        _ => None,
    };
    let failure_code = match &upload.state {
        State::Failed(failure) => Some(failure.code()),
        _ => None,
    };
    StateColumns {
        name: upload.state.name(),
        initiated_at: upload.initiated_at(),
        progress_percent,
        failure_code,
    }
}

fn state(row: &mut Row<'_>) -> Result<State, Inconsistency> {
    let name: String = row.take("state")?;
    let initiated_at: Option<Timestamp> = row.take("initiated_at")?;
    let progress_percent: Option<i64> = row.take("progress_percent")?;
    row.parse("failure_code", |failure_code: Option<String>| {
        Some(match name.as_str() {
            "waiting" => State::Waiting,
            "uploading" => State::Uploading,
            "verifying" => State::Verifying,
            "initiated" => State::Initiated { at: initiated_at? },
            "processing" => State::Processing {
                initiated_at: initiated_at?,
                progress_percent: u8::try_from(progress_percent?).ok()?,
            },
            "ready" => State::Ready { initiated_at: initiated_at? },
            "failed" => State::Failed(failure(initiated_at, failure_code?)?),
            "cancelled" => State::Cancelled,
            "expired" => State::Expired,
            "purged" => State::Purged { initiated_at: initiated_at? },
            _ => return None,
        })
    })
}

/// What was announced failed in the pipeline, and what was not did not pass the check, or could not be fetched.
fn failure(initiated_at: Option<Timestamp>, code: String) -> Option<Failure> {
    match initiated_at {
        Some(initiated_at) => Some(Failure::Unprocessable { initiated_at, reason_code: code }),
        None => Mismatch::from_code(&code)
            .map(Failure::Mismatched)
            .or_else(|| SourceFault::from_code(&code).map(Failure::Unfetched)),
    }
}
