//! Takes a request's body to disk and checks it: bytes whose checksum is wrong are never kept.

use super::layout::{failure, hex, remove};
use futures::StreamExt;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::{Checksum, StreamingBlob};
use s3s::{S3Result, TrailingHeaders, s3_error};
use std::path::Path;
use tokio::fs;
use tokio::io::AsyncWriteExt;

/// What the client says the body is.
#[derive(Default)]
pub(crate) struct Expected {
    pub(crate) length_bytes: Option<i64>,
    /// Base64.
    pub(crate) md5: Option<String>,
    pub(crate) checksums: Checksum,
    /// Checksums that come behind the body.
    pub(crate) trailers: Option<TrailingHeaders>,
}

/// What the body was.
pub(crate) struct Received {
    pub(crate) size_bytes: u64,
    pub(crate) md5: [u8; 16],
    /// Those that the client gave, and they are right.
    pub(crate) checksums: Checksum,
}

impl Received {
    pub(crate) fn e_tag(&self) -> String {
        hex(&self.md5)
    }
}

/// Writes `body` to `path`; after an error there is no such file.
pub(crate) async fn receive(
    body: Option<StreamingBlob>,
    path: &Path,
    expected: Expected,
) -> S3Result<Received> {
    let body = body.ok_or_else(|| s3_error!(IncompleteBody))?;
    let received = write(body, path, expected).await;
    if received.is_err() {
        remove(path).await?;
    }
    received
}

async fn write(mut body: StreamingBlob, path: &Path, expected: Expected) -> S3Result<Received> {
    let mut file = fs::File::create(path).await.map_err(failure)?;
    let mut hasher = ChecksumHasher {
        crc32: Some(Default::default()),
        crc32c: Some(Default::default()),
        crc64nvme: Some(Default::default()),
        sha1: expected.checksums.checksum_sha1.is_some().then(Default::default),
        sha256: Some(Default::default()),
    };
    let mut md5 = Md5::new();
    let mut size_bytes = 0;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|_| s3_error!(IncompleteBody, "the body ended early"))?;
        hasher.update(&chunk);
        md5.update(&chunk);
        size_bytes += chunk.len() as u64;
        file.write_all(&chunk).await.map_err(failure)?;
    }
    file.flush().await.map_err(failure)?;
    // What was acknowledged survives a crash of the machine.
    file.sync_all().await.map_err(failure)?;
    let md5 = md5.finalize();
    if expected.length_bytes.is_some_and(|length| u64::try_from(length) != Ok(size_bytes)) {
        return Err(s3_error!(IncompleteBody));
    }
    if expected.md5.is_some_and(|expected| expected != base64(&md5)) {
        return Err(s3_error!(BadDigest, "the Content-MD5 does not match"));
    }
    let given = with_trailers(expected.checksums, expected.trailers.as_ref())?;
    let checksums = agreeing(given, &hasher.finalize())?;
    Ok(Received { size_bytes, md5, checksums })
}

/// The checksums of the headers and those that came behind the body.
fn with_trailers(mut given: Checksum, trailers: Option<&TrailingHeaders>) -> S3Result<Checksum> {
    let Some(trailers) = trailers.and_then(TrailingHeaders::take) else { return Ok(given) };
    for (name, slot) in [
        ("x-amz-checksum-crc32", &mut given.checksum_crc32),
        ("x-amz-checksum-crc32c", &mut given.checksum_crc32c),
        ("x-amz-checksum-crc64nvme", &mut given.checksum_crc64nvme),
        ("x-amz-checksum-sha256", &mut given.checksum_sha256),
    ] {
        if let Some(value) = trailers.get(name) {
            *slot = Some(value.to_str().map_err(|_| s3_error!(InvalidArgument))?.to_owned());
        }
    }
    Ok(given)
}

fn agreeing(given: Checksum, computed: &Checksum) -> S3Result<Checksum> {
    let pairs = [
        (&given.checksum_crc32, &computed.checksum_crc32),
        (&given.checksum_crc32c, &computed.checksum_crc32c),
        (&given.checksum_crc64nvme, &computed.checksum_crc64nvme),
        (&given.checksum_sha1, &computed.checksum_sha1),
        (&given.checksum_sha256, &computed.checksum_sha256),
    ];
    if pairs.iter().any(|(given, computed)| given.is_some() && given != computed) {
        return Err(s3_error!(BadDigest, "the checksum does not match"));
    }
    Ok(given)
}

/// Standard base64, as S3 writes checksums.
pub(crate) fn base64(bytes: &[u8]) -> String {
    use ::base64::Engine;
    ::base64::engine::general_purpose::STANDARD.encode(bytes)
}
