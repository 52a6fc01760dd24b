//! Multipart uploads: create, upload and list parts, complete, abort.

use super::body::{Expected, Received, base64, receive};
use super::layout::{Description, Layout, content_path, failure, hex, read_json, remove, unique, write_json};
use super::objects::{length_of, now_unix_ms};
use s3s::crypto::{Checksum as _, Md5, Sha256};
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, Checksum, ChecksumAlgorithm, ChecksumType,
    CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CompletedPart, CreateMultipartUploadInput,
    CreateMultipartUploadOutput, ETag, ListPartsInput, ListPartsOutput, Part, Timestamp, UploadPartInput,
    UploadPartOutput,
};
use s3s::{S3Error, S3Result, TrailingHeaders, s3_error};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};
use tokio::fs;
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

/// The bounds of S3.
const MAX_PART_NUMBER: i32 = 10_000;
const MIN_PART_BYTES: u64 = 5 * 1024 * 1024;
const MAX_PARTS_PER_PAGE: i32 = 1000;

/// An unfinished upload.
#[derive(Serialize, Deserialize)]
struct Upload {
    key: String,
    content_type: Option<String>,
    cache_control: Option<String>,
    metadata: HashMap<String, String>,
    /// Whether every part must come with its SHA-256.
    sha256: bool,
}

/// A part that has arrived.
#[derive(Clone, Serialize, Deserialize)]
struct Arrived {
    number: i32,
    content: Uuid,
    size_bytes: u64,
    md5: [u8; 16],
    sha256: Option<String>,
    modified_unix_ms: u64,
}

pub(crate) async fn create(
    layout: &Layout,
    input: CreateMultipartUploadInput,
) -> S3Result<CreateMultipartUploadOutput> {
    let bucket = layout.bucket(&input.bucket).await?;
    let sha256 = input
        .checksum_algorithm
        .as_ref()
        .is_some_and(|algorithm| algorithm.as_str() == ChecksumAlgorithm::SHA256);
    let upload = Upload {
        key: input.key.clone(),
        content_type: input.content_type,
        cache_control: input.cache_control,
        metadata: input.metadata.unwrap_or_default(),
        sha256,
    };
    let id = unique();
    let directory = bucket.join("uploads").join(id.to_string());
    fs::create_dir(&directory).await.map_err(failure)?;
    write_json(&directory.join("upload.json"), &upload).await?;
    Ok(CreateMultipartUploadOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(id.to_string()),
        checksum_type: sha256.then(|| ChecksumType::from_static(ChecksumType::COMPOSITE)),
        checksum_algorithm: input.checksum_algorithm.filter(|_| sha256),
        ..Default::default()
    })
}

pub(crate) async fn upload_part(
    layout: &Layout,
    input: UploadPartInput,
    trailers: Option<TrailingHeaders>,
) -> S3Result<UploadPartOutput> {
    if !(1..=MAX_PART_NUMBER).contains(&input.part_number) {
        return Err(s3_error!(InvalidArgument, "a part number is between 1 and 10000"));
    }
    let (directory, upload) = find(layout, &input.bucket, &input.key, &input.upload_id).await?;
    if upload.sha256 && input.checksum_sha256.is_none() && trailers.is_none() {
        return Err(s3_error!(InvalidRequest, "this upload needs the SHA-256 of every part"));
    }
    let expected = Expected {
        length_bytes: input.content_length,
        md5: input.content_md5,
        checksums: Checksum {
            checksum_crc32: input.checksum_crc32,
            checksum_crc32c: input.checksum_crc32c,
            checksum_crc64nvme: input.checksum_crc64nvme,
            checksum_sha1: input.checksum_sha1,
            checksum_sha256: input.checksum_sha256,
            ..Default::default()
        },
        trailers,
    };
    let content = unique();
    let received = receive(input.body, &directory.join(content.to_string()), expected).await?;
    if upload.sha256 && received.checksums.checksum_sha256.is_none() {
        remove(&directory.join(content.to_string())).await?;
        return Err(s3_error!(InvalidRequest, "this upload needs the SHA-256 of every part"));
    }
    keep(&directory, input.part_number, content, &received).await?;
    Ok(UploadPartOutput {
        e_tag: Some(ETag::Strong(received.e_tag())),
        checksum_crc32: received.checksums.checksum_crc32,
        checksum_crc32c: received.checksums.checksum_crc32c,
        checksum_crc64nvme: received.checksums.checksum_crc64nvme,
        checksum_sha256: received.checksums.checksum_sha256,
        ..Default::default()
    })
}

/// A part that is uploaded again replaces the one before.
async fn keep(directory: &Path, number: i32, content: Uuid, received: &Received) -> S3Result<()> {
    let path = directory.join(format!("part-{number}.json"));
    let before: Option<Arrived> = read_json(&path).await?;
    let part = Arrived {
        number,
        content,
        size_bytes: received.size_bytes,
        md5: received.md5,
        sha256: received.checksums.checksum_sha256.clone(),
        modified_unix_ms: now_unix_ms(),
    };
    write_json(&path, &part).await?;
    match before {
        Some(before) => remove(&directory.join(before.content.to_string())).await,
        None => Ok(()),
    }
}

pub(crate) async fn list_parts(layout: &Layout, input: ListPartsInput) -> S3Result<ListPartsOutput> {
    let (directory, upload) = find(layout, &input.bucket, &input.key, &input.upload_id).await?;
    let limit = input.max_parts.unwrap_or(MAX_PARTS_PER_PAGE).clamp(1, MAX_PARTS_PER_PAGE);
    let after = input.part_number_marker.unwrap_or_default();
    let all = arrived(&directory).await?;
    let mut rest = all.into_iter().filter(|part| part.number > after);
    let page: Vec<Arrived> = rest.by_ref().take(usize::try_from(limit).unwrap_or_default()).collect();
    let truncated = rest.next().is_some();
    let next = page.last().map(|part| part.number).filter(|_| truncated);
    let parts = page.into_iter().map(listed).collect::<S3Result<Vec<_>>>()?;
    Ok(ListPartsOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(input.upload_id),
        parts: Some(parts),
        max_parts: Some(limit),
        is_truncated: Some(truncated),
        part_number_marker: input.part_number_marker,
        next_part_number_marker: next,
        checksum_algorithm: upload.sha256.then(|| ChecksumAlgorithm::from_static(ChecksumAlgorithm::SHA256)),
        checksum_type: upload.sha256.then(|| ChecksumType::from_static(ChecksumType::COMPOSITE)),
        ..Default::default()
    })
}

pub(crate) async fn complete(
    layout: &Layout,
    input: CompleteMultipartUploadInput,
) -> S3Result<CompleteMultipartUploadOutput> {
    let (directory, upload) = find(layout, &input.bucket, &input.key, &input.upload_id).await?;
    let wanted = input.multipart_upload.and_then(|parts| parts.parts).unwrap_or_default();
    let parts = chosen(&arrived(&directory).await?, &wanted)?;
    let bucket = layout.bucket(&input.bucket).await?;
    let content = unique();
    let path = content_path(&bucket, content);
    if let Err(error) = join(&directory, &parts, &path).await {
        remove(&path).await?;
        return Err(error);
    }
    let description = Description {
        key: upload.key,
        content,
        size_bytes: parts.iter().map(|part| part.size_bytes).sum(),
        e_tag: composite_e_tag(&parts),
        content_type: upload.content_type,
        cache_control: upload.cache_control,
        metadata: upload.metadata,
        sha256: if upload.sha256 { composite_sha256(&parts)? } else { None },
        modified_unix_ms: now_unix_ms(),
    };
    layout.publish(&input.bucket, &description).await?;
    // From here on the object is there: what is left of the upload must not fail the answer.
    if let Err(error) = fs::remove_dir_all(&directory).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "a completed upload could not be removed");
    }
    Ok(CompleteMultipartUploadOutput {
        bucket: Some(input.bucket),
        key: Some(description.key),
        e_tag: Some(ETag::Strong(description.e_tag)),
        checksum_type: description
            .sha256
            .is_some()
            .then(|| ChecksumType::from_static(ChecksumType::COMPOSITE)),
        checksum_sha256: description.sha256,
        ..Default::default()
    })
}

pub(crate) async fn abort(
    layout: &Layout,
    input: AbortMultipartUploadInput,
) -> S3Result<AbortMultipartUploadOutput> {
    let (directory, _) = find(layout, &input.bucket, &input.key, &input.upload_id).await?;
    fs::remove_dir_all(&directory).await.map_err(failure)?;
    Ok(AbortMultipartUploadOutput::default())
}

/// The directory of an upload. Its id must be one of ours: it becomes part of a path.
async fn find(layout: &Layout, bucket: &str, key: &str, upload_id: &str) -> S3Result<(PathBuf, Upload)> {
    let id: Uuid = upload_id.parse().map_err(|_| s3_error!(NoSuchUpload))?;
    let directory = layout.bucket(bucket).await?.join("uploads").join(id.to_string());
    match read_json::<Upload>(&directory.join("upload.json")).await? {
        Some(upload) if upload.key == key => Ok((directory, upload)),
        _ => Err(s3_error!(NoSuchUpload)),
    }
}

/// The parts that have arrived, by number.
async fn arrived(directory: &Path) -> S3Result<Vec<Arrived>> {
    let mut entries = fs::read_dir(directory).await.map_err(gone)?;
    let mut parts: Vec<Arrived> = Vec::new();
    while let Some(entry) = entries.next_entry().await.map_err(failure)? {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("part-") && name.ends_with(".json") {
            parts.extend(read_json::<Arrived>(&entry.path()).await?);
        }
    }
    parts.sort_by_key(|part| part.number);
    Ok(parts)
}

/// The parts that the client names: in order, unchanged, and none but the last too small.
fn chosen(arrived: &[Arrived], wanted: &[CompletedPart]) -> S3Result<Vec<Arrived>> {
    if wanted.is_empty() {
        return Err(s3_error!(InvalidRequest, "an upload is completed with at least one part"));
    }
    let mut parts: Vec<Arrived> = Vec::with_capacity(wanted.len());
    for named in wanted {
        let number = named.part_number.unwrap_or_default();
        if parts.last().is_some_and(|before| before.number >= number) {
            return Err(s3_error!(InvalidPartOrder));
        }
        if parts.last().is_some_and(|before| before.size_bytes < MIN_PART_BYTES) {
            return Err(s3_error!(EntityTooSmall));
        }
        let part = arrived.iter().find(|part| part.number == number).ok_or_else(|| s3_error!(InvalidPart))?;
        let same_e_tag = named.e_tag.as_ref().is_some_and(|e_tag| e_tag.value() == hex(&part.md5));
        let same_sha256 = named.checksum_sha256.is_none() || named.checksum_sha256 == part.sha256;
        if !same_e_tag || !same_sha256 {
            return Err(s3_error!(InvalidPart));
        }
        parts.push(part.clone());
    }
    Ok(parts)
}

/// What vanishes while it is read was completed or aborted by another request.
fn gone(error: std::io::Error) -> S3Error {
    if error.kind() == std::io::ErrorKind::NotFound { s3_error!(NoSuchUpload) } else { failure(error) }
}

async fn join(directory: &Path, parts: &[Arrived], path: &Path) -> S3Result<()> {
    let mut whole = fs::File::create(path).await.map_err(failure)?;
    for part in parts {
        let mut content = fs::File::open(directory.join(part.content.to_string())).await.map_err(gone)?;
        tokio::io::copy(&mut content, &mut whole).await.map_err(failure)?;
    }
    whole.flush().await.map_err(failure)?;
    whole.sync_all().await.map_err(failure)
}

/// S3's entity tag of a multipart object: the MD5 of the parts' MD5s, and how many there are.
fn composite_e_tag(parts: &[Arrived]) -> String {
    let mut md5 = Md5::new();
    parts.iter().for_each(|part| md5.update(&part.md5));
    format!("{}-{}", hex(&md5.finalize()), parts.len())
}

/// S3's composite checksum: the SHA-256 of the parts' SHA-256s, and how many there are.
fn composite_sha256(parts: &[Arrived]) -> S3Result<Option<String>> {
    use ::base64::Engine;
    let mut sha256 = Sha256::new();
    for part in parts {
        let checksum = part.sha256.as_deref().unwrap_or_default();
        let digest = ::base64::engine::general_purpose::STANDARD.decode(checksum);
        sha256.update(&digest.map_err(S3Error::internal_error)?);
    }
    Ok(Some(format!("{}-{}", base64(sha256.finalize().as_ref()), parts.len())))
}

fn listed(part: Arrived) -> S3Result<Part> {
    Ok(Part {
        part_number: Some(part.number),
        size: Some(length_of(part.size_bytes)?),
        e_tag: Some(ETag::Strong(hex(&part.md5))),
        checksum_sha256: part.sha256,
        last_modified: Some(Timestamp::from(UNIX_EPOCH + Duration::from_millis(part.modified_unix_ms))),
        ..Default::default()
    })
}
