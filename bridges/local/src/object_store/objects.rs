//! Whole objects: put, get (ranges too), head, copy, delete, list.

use super::body::{Expected, receive};
use super::layout::{Description, Layout, content_path, failure, remove, unique};
use s3s::dto::{
    Checksum, ChecksumMode, ChecksumType, CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopySource,
    DeleteObjectInput, DeleteObjectOutput, ETag, GetObjectInput, GetObjectOutput, HeadObjectInput,
    HeadObjectOutput, ListObjectsV2Input, ListObjectsV2Output, Object, PutObjectInput, PutObjectOutput,
    StreamingBlob, Timestamp,
};
use s3s::{S3Error, S3Result, TrailingHeaders, s3_error};
use std::io::SeekFrom;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::fs;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use tokio_util::io::ReaderStream;

/// The largest page of a listing, as with S3.
const MAX_KEYS: i32 = 1000;
const READ_BUFFER_BYTES: usize = 64 * 1024;

pub(crate) async fn put(
    layout: &Layout,
    input: PutObjectInput,
    trailers: Option<TrailingHeaders>,
) -> S3Result<PutObjectOutput> {
    let directory = layout.bucket(&input.bucket).await?;
    if input.if_none_match.is_some() && layout.find(&input.bucket, &input.key).await?.is_some() {
        return Err(s3_error!(PreconditionFailed));
    }
    let content = unique();
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
    let received = receive(input.body, &content_path(&directory, content), expected).await?;
    let description = Description {
        key: input.key,
        content,
        size_bytes: received.size_bytes,
        e_tag: received.e_tag(),
        content_type: input.content_type,
        cache_control: input.cache_control,
        metadata: input.metadata.unwrap_or_default(),
        sha256: received.checksums.checksum_sha256.clone(),
        modified_unix_ms: now_unix_ms(),
    };
    layout.publish(&input.bucket, &description).await?;
    Ok(PutObjectOutput {
        e_tag: Some(ETag::Strong(description.e_tag)),
        checksum_crc32: received.checksums.checksum_crc32,
        checksum_crc32c: received.checksums.checksum_crc32c,
        checksum_crc64nvme: received.checksums.checksum_crc64nvme,
        checksum_sha1: received.checksums.checksum_sha1,
        checksum_sha256: received.checksums.checksum_sha256,
        ..Default::default()
    })
}

pub(crate) async fn get(layout: &Layout, input: GetObjectInput) -> S3Result<GetObjectOutput> {
    let (description, mut file) = layout.open(&input.bucket, &input.key).await?;
    if input.if_match.is_some_and(|condition| !matches(&condition, &description)) {
        return Err(s3_error!(PreconditionFailed));
    }
    let size = description.size_bytes;
    let range = input.range.map(|range| range.check(size)).transpose()?;
    let (start, length) = match &range {
        Some(range) => (range.start, range.end - range.start),
        None => (0, size),
    };
    file.seek(SeekFrom::Start(start)).await.map_err(failure)?;
    let body = ReaderStream::with_capacity(file.take(length), READ_BUFFER_BYTES);
    // A checksum of the whole would not match a part.
    let sha256 = checksum(&description, input.checksum_mode.as_ref()).filter(|_| range.is_none());
    Ok(GetObjectOutput {
        body: Some(StreamingBlob::wrap(body)),
        accept_ranges: Some("bytes".to_owned()),
        content_length: Some(length_of(length)?),
        content_range: range.map(|range| format!("bytes {}-{}/{size}", range.start, range.end - 1)),
        content_type: description.content_type.clone(),
        // Who signed the request may have it answered otherwise.
        cache_control: input.response_cache_control.or_else(|| description.cache_control.clone()),
        e_tag: Some(ETag::Strong(description.e_tag.clone())),
        last_modified: Some(modified(&description)),
        metadata: Some(description.metadata.clone()),
        checksum_type: sha256.is_some().then(|| checksum_type(&description)),
        checksum_sha256: sha256,
        ..Default::default()
    })
}

pub(crate) async fn head(layout: &Layout, input: HeadObjectInput) -> S3Result<HeadObjectOutput> {
    let description = layout.find(&input.bucket, &input.key).await?.ok_or_else(|| s3_error!(NoSuchKey))?;
    let sha256 = checksum(&description, input.checksum_mode.as_ref());
    Ok(HeadObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        content_length: Some(length_of(description.size_bytes)?),
        content_type: description.content_type.clone(),
        cache_control: description.cache_control.clone(),
        e_tag: Some(ETag::Strong(description.e_tag.clone())),
        last_modified: Some(modified(&description)),
        metadata: Some(description.metadata.clone()),
        checksum_type: sha256.is_some().then(|| checksum_type(&description)),
        checksum_sha256: sha256,
        ..Default::default()
    })
}

/// A copy has bytes of its own: replacing the one changes nothing of the other.
pub(crate) async fn copy(layout: &Layout, input: CopyObjectInput) -> S3Result<CopyObjectOutput> {
    let CopySource::Bucket { bucket, key, version_id: None } = &input.copy_source else {
        return Err(s3_error!(
            NotImplemented,
            "this store knows objects by bucket and key, without versions"
        ));
    };
    let (original, mut source) = layout.open(bucket, key).await?;
    if input.copy_source_if_match.is_some_and(|condition| !matches(&condition, &original)) {
        return Err(s3_error!(PreconditionFailed));
    }
    let content = unique();
    let path = content_path(&layout.bucket(&input.bucket).await?, content);
    if let Err(error) = copy_bytes(&mut source, &path).await {
        remove(&path).await?;
        return Err(failure(error));
    }
    let description = Description { key: input.key, content, modified_unix_ms: now_unix_ms(), ..original };
    layout.publish(&input.bucket, &description).await?;
    let result = CopyObjectResult {
        checksum_sha256: description.sha256.clone(),
        last_modified: Some(modified(&description)),
        e_tag: Some(ETag::Strong(description.e_tag)),
        ..Default::default()
    };
    Ok(CopyObjectOutput { copy_object_result: Some(result), ..Default::default() })
}

async fn copy_bytes(source: &mut fs::File, path: &Path) -> std::io::Result<()> {
    let mut copy = fs::File::create(path).await?;
    tokio::io::copy(source, &mut copy).await?;
    copy.flush().await?;
    copy.sync_all().await
}

pub(crate) async fn delete(layout: &Layout, input: DeleteObjectInput) -> S3Result<DeleteObjectOutput> {
    layout.remove(&input.bucket, &input.key).await?;
    Ok(DeleteObjectOutput::default())
}

pub(crate) async fn list(layout: &Layout, input: ListObjectsV2Input) -> S3Result<ListObjectsV2Output> {
    if input.delimiter.is_some() {
        return Err(s3_error!(NotImplemented, "this store lists keys, not folders"));
    }
    let limit = input.max_keys.unwrap_or(MAX_KEYS).clamp(1, MAX_KEYS);
    let after = input.continuation_token.clone().or(input.start_after.clone()).unwrap_or_default();
    let all = layout.list(&input.bucket, input.prefix.as_deref().unwrap_or_default()).await?;
    let mut rest = all.into_iter().filter(|description| description.key > after);
    let page: Vec<Description> = rest.by_ref().take(usize::try_from(limit).unwrap_or_default()).collect();
    let truncated = rest.next().is_some();
    let next = page.last().map(|description| description.key.clone()).filter(|_| truncated);
    let contents = page.into_iter().map(listed).collect::<S3Result<Vec<_>>>()?;
    Ok(ListObjectsV2Output {
        key_count: i32::try_from(contents.len()).ok(),
        contents: Some(contents),
        max_keys: Some(limit),
        is_truncated: Some(truncated),
        continuation_token: input.continuation_token,
        next_continuation_token: next,
        name: Some(input.bucket),
        prefix: input.prefix,
        ..Default::default()
    })
}

fn listed(description: Description) -> S3Result<Object> {
    Ok(Object {
        size: Some(length_of(description.size_bytes)?),
        e_tag: Some(ETag::Strong(description.e_tag.clone())),
        last_modified: Some(modified(&description)),
        key: Some(description.key),
        ..Default::default()
    })
}

/// S3 tells the checksum only when it is asked for.
fn checksum(description: &Description, mode: Option<&ChecksumMode>) -> Option<String> {
    let asked = mode.is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED);
    description.sha256.clone().filter(|_| asked)
}

fn checksum_type(description: &Description) -> ChecksumType {
    let composite = description.sha256.as_ref().is_some_and(|checksum| checksum.contains('-'));
    ChecksumType::from_static(if composite { ChecksumType::COMPOSITE } else { ChecksumType::FULL_OBJECT })
}

fn matches(condition: &s3s::dto::ETagCondition, description: &Description) -> bool {
    condition.is_any() || condition.as_etag().is_some_and(|e_tag| e_tag.value() == description.e_tag)
}

pub(crate) fn length_of(size_bytes: u64) -> S3Result<i64> {
    i64::try_from(size_bytes).map_err(S3Error::internal_error)
}

fn modified(description: &Description) -> Timestamp {
    Timestamp::from(UNIX_EPOCH + Duration::from_millis(description.modified_unix_ms))
}

/// The store's own clock, in Unix milliseconds.
pub(crate) fn now_unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
