//! `PATCH /v1/tus/{id}`: takes bytes of a file, as they arrive, and puts them into the object store.
//!
//! Where the request breaks off, what has arrived of it is kept. The last byte completes the upload.

use crate::checksum::Checksum;
use crate::open::open;
use crate::protocol::{
    CHUNK, Contents, Tus, UPLOAD_CHECKSUM, UPLOAD_EXPIRES, UPLOAD_OFFSET, expires, malformed,
};
use crate::show::refusals;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use http_body_util::BodyExt;
use jiff::SignedDuration;
use mcsp_access::Permission;
use mcsp_function::{Context, TraceParent};
use mcsp_ids::{UploadId, UserId};
use mcsp_problem::{Path, Problem};
use mcsp_reference::{Answer, Operation};
use upload_bytes::Uploads;
use upload_domain::PART_MIN_BYTES;
use upload_lifecycle::{Uploader, complete};
use upload_storage::{SaveError, owned};
use upload_writing::{Lease, Standing, Writer, begun, failed, locked};

/// How long bytes are taken of one request; what it has more is for another one.
const TAKEN_FOR: SignedDuration = SignedDuration::from_mins(4);
/// The longest chunk with a checksum: none of it counts before all of it was looked at.
const CHECKED_MAX_BYTES: u64 = PART_MIN_BYTES;

/// What a request says of its body.
struct Chunk {
    offset: u64,
    length: Option<u64>,
    checksum: Option<Checksum>,
}

/// Why no more was taken of a body.
enum Stop {
    /// It has ended, or its time has.
    Ended,
    /// It broke off.
    Broken,
    /// It is longer than what is to come.
    TooLong,
}

pub(crate) fn reference() -> Operation {
    Operation::patch("/v1/tus/{id}", append)
        .named("appendTusUpload", "Send bytes of a file")
        .described(
            "Takes bytes as they arrive, of any number. What has arrived stays where the request breaks off, and `HEAD` tells how \
            much it is. One request writes at a time: others are 423, or 409 where their offset is not where the file stands.\n\n\
            With `Upload-Checksum` a request may have 5 MiB; where it does not come to that, none of it is taken (460).\n\n\
            Of one request bytes are taken for four minutes: the answer says how far that went. The last byte completes the \
            upload: then the answer may refuse it as `POST /v1/uploads/{id}/complete` does.",
        )
        .requires(Permission::MediaUpload)
        .takes_header(UPLOAD_OFFSET)
        .takes_header(UPLOAD_CHECKSUM)
        .never("body_too_large")
        .answers(
            Answer::empty(StatusCode::NO_CONTENT, "The bytes are there.")
                .with(UPLOAD_OFFSET)
                .sometimes_with(UPLOAD_EXPIRES),
        )
        .refuses(refusals())
        .refuses([unsupported(), other_offset(), too_long(), too_long_to_check(), locked()])
        .refuses([broken_off(), other_checksum(), SaveError::Overtaken.into()])
}

pub(crate) async fn append(
    uploads: Uploads,
    (uploader, trace): (Uploader, TraceParent),
    Path(id): Path<UploadId>,
    tus: Tus,
    Contents(body): Contents,
) -> Result<Response, Problem> {
    let owner = uploader.owner_of(&uploads.context, id).await?;
    let upload = owned(&uploads.context, id, owner).await?;
    tus.check()?;
    let chunk = Chunk::announced(&tus)?;
    let offset = if upload.initiated_at().is_some() {
        chunk.belongs_at(upload.file.size_bytes, 0)?
    } else {
        open(&upload, uploads.context.now())?;
        let mut lease = Lease::take(&uploads.context, id).await?;
        let written = write(&uploads, (id, owner), &mut lease, (chunk, body)).await;
        lease.free().await;
        written?
    };
    if offset < upload.file.size_bytes {
        return Ok(answer(offset, Some(expires(&upload))));
    }
    complete(&uploads, &trace, (id, owner), |_, _| None).await?;
    Ok(answer(offset, None))
}

impl Chunk {
    fn announced(tus: &Tus) -> Result<Self, Problem> {
        let kind = tus.text(&header::CONTENT_TYPE)?.unwrap_or_default();
        if !kind.eq_ignore_ascii_case(CHUNK) {
            return Err(unsupported());
        }
        let checksum = match tus.text(&UPLOAD_CHECKSUM)? {
            None => None,
            Some(text) => Some(Checksum::parse(text).ok_or_else(|| malformed(&UPLOAD_CHECKSUM))?),
        };
        let length = tus.optional_number(&header::CONTENT_LENGTH)?;
        Ok(Chunk { offset: tus.number(&UPLOAD_OFFSET)?, length, checksum })
    }

    /// Gives the offset, if that is where the chunk belongs, and no more comes than is to come.
    fn belongs_at(&self, offset: u64, left: u64) -> Result<u64, Problem> {
        if self.offset != offset {
            return Err(other_offset());
        }
        if self.length.is_some_and(|length| length > left) {
            return Err(too_long());
        }
        Ok(offset)
    }
}

/// Puts a chunk where it belongs, and gives the offset behind it.
async fn write(
    uploads: &Uploads,
    (id, owner): (UploadId, UserId),
    lease: &mut Lease<'_>,
    (chunk, body): (Chunk, Body),
) -> Result<u64, Problem> {
    let (upload, plan) = begun(uploads, (id, owner), |upload| open(upload, uploads.context.now())).await?;
    let standing = Standing::of(uploads, &upload, plan).await.map_err(failed)?;
    let left = upload.file.size_bytes - standing.offset();
    chunk.belongs_at(standing.offset(), left)?;
    let Some(multipart) = &upload.multipart else { return Err(SaveError::Overtaken.into()) };
    let mut writer = Writer::behind(standing, (uploads, &upload, multipart), lease).await?;
    let stop = match chunk.checksum {
        None => stream(&uploads.context, &mut writer, body).await?,
        Some(checksum) => {
            let bytes = checked(&chunk.length, &checksum, left, body).await?;
            writer.take(&bytes).await?;
            Stop::Ended
        }
    };
    let offset = writer.finish().await?;
    match stop {
        Stop::Ended => Ok(offset),
        Stop::Broken => Err(broken_off()),
        Stop::TooLong => Err(too_long()),
    }
}

async fn stream(context: &Context, writer: &mut Writer<'_, '_, '_>, mut body: Body) -> Result<Stop, Problem> {
    let until = context.now() + TAKEN_FOR;
    while context.now() < until {
        let bytes = match body.frame().await {
            None => return Ok(Stop::Ended),
            Some(Err(_)) => return Ok(Stop::Broken),
            Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
        };
        if bytes.len() as u64 > writer.left() {
            return Ok(Stop::TooLong);
        }
        writer.take(&bytes).await?;
    }
    Ok(Stop::Ended)
}

/// The whole of a body that comes to its checksum.
async fn checked(
    length: &Option<u64>,
    checksum: &Checksum,
    left: u64,
    mut body: Body,
) -> Result<Vec<u8>, Problem> {
    if length.is_some_and(|length| length > CHECKED_MAX_BYTES) {
        return Err(too_long_to_check());
    }
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let bytes = frame.map_err(|_| broken_off())?.into_data().unwrap_or_default();
        whole.extend_from_slice(&bytes);
        if whole.len() as u64 > CHECKED_MAX_BYTES {
            return Err(too_long_to_check());
        }
    }
    if whole.len() as u64 > left {
        return Err(too_long());
    }
    if checksum.is_of(&whole) { Ok(whole) } else { Err(other_checksum()) }
}

fn answer(offset: u64, expires: Option<String>) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().insert(UPLOAD_OFFSET, offset.into());
    if let Some(value) = expires.and_then(|expires| expires.parse().ok()) {
        response.headers_mut().insert(UPLOAD_EXPIRES, value);
    }
    response
}

fn unsupported() -> Problem {
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "not_a_tus_chunk",
        "the body must be application/offset+octet-stream",
    )
}

fn other_offset() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "offset_mismatch",
        "the file does not stand at this offset: ask where it does",
    )
}

fn too_long() -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "chunk_too_long", "there is more than is to come of the file")
}

fn too_long_to_check() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "checked_chunk_too_long",
        "with a checksum a request may have 5 MiB",
    )
}

fn broken_off() -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "body_unreadable", "the body broke off")
}

/// 460, a status of tus.
fn other_checksum() -> Problem {
    Problem::new(
        StatusCode::from_u16(460).unwrap_or(StatusCode::BAD_REQUEST),
        "chunk_checksum_mismatch",
        "the body does not come to its checksum, and was not taken",
    )
}
