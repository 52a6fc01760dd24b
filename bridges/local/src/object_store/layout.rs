//! Where objects and unfinished uploads lie on disk.
//!
//! `<bucket>/objects/<hash of key>.json` describes an object and names its content,
//! `<bucket>/content/<unique>` holds that content. Replacing the description is what makes a write visible: an
//! object is there whole or not at all. `<bucket>/uploads/<id>/` holds an unfinished multipart upload.

use s3s::crypto::{Checksum, Sha256};
use s3s::{S3Error, S3Result, s3_error};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use tokio::fs;
use uuid::Uuid;

/// The directory of all buckets.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    root: PathBuf,
}

/// What is known of an object beside its bytes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Description {
    pub(crate) key: String,
    /// The file with its bytes.
    pub(crate) content: Uuid,
    pub(crate) size_bytes: u64,
    pub(crate) e_tag: String,
    pub(crate) content_type: Option<String>,
    pub(crate) cache_control: Option<String>,
    pub(crate) metadata: HashMap<String, String>,
    /// Base64; of a multipart object the checksum of its parts' checksums, as `…-<parts>`.
    pub(crate) sha256: Option<String>,
    pub(crate) modified_unix_ms: u64,
}

impl Layout {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Creates a bucket; says whether it is new.
    pub(crate) async fn create_bucket(&self, bucket: &str) -> io::Result<bool> {
        let directory = self.root.join(bucket);
        let new = !fs::try_exists(&directory).await?;
        for part in ["objects", "content", "uploads"] {
            fs::create_dir_all(directory.join(part)).await?;
        }
        Ok(new)
    }

    /// The directory of a bucket that exists. s3s has checked the name: there is no slash or dot-dot in it.
    pub(crate) async fn bucket(&self, bucket: &str) -> S3Result<PathBuf> {
        let directory = self.root.join(bucket);
        match fs::try_exists(directory.join("objects")).await {
            Ok(true) => Ok(directory),
            Ok(false) => Err(s3_error!(NoSuchBucket)),
            Err(error) => Err(failure(error)),
        }
    }

    /// What describes an object.
    pub(crate) async fn find(&self, bucket: &str, key: &str) -> S3Result<Option<Description>> {
        read_json(&description_path(&self.bucket(bucket).await?, key)).await
    }

    /// Opens the bytes of an object, with its description.
    pub(crate) async fn open(&self, bucket: &str, key: &str) -> S3Result<(Description, fs::File)> {
        /// How often an object may be replaced between reading what describes it and opening its bytes.
        const ATTEMPTS: usize = 5;
        for _ in 0..ATTEMPTS {
            let description = self.find(bucket, key).await?.ok_or_else(|| s3_error!(NoSuchKey))?;
            let path = content_path(&self.bucket(bucket).await?, description.content);
            match fs::File::open(path).await {
                Ok(file) => return Ok((description, file)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(failure(error)),
            }
        }
        Err(s3_error!(ServiceUnavailable, "the object keeps changing"))
    }

    /// Makes an object visible, in place of the one before.
    pub(crate) async fn publish(&self, bucket: &str, description: &Description) -> S3Result<()> {
        let directory = self.bucket(bucket).await?;
        let before = self.find(bucket, &description.key).await?;
        write_json(&description_path(&directory, &description.key), description).await?;
        match before {
            Some(before) => remove(&content_path(&directory, before.content)).await,
            None => Ok(()),
        }
    }

    /// Removes an object; fine when there is none.
    pub(crate) async fn remove(&self, bucket: &str, key: &str) -> S3Result<()> {
        let directory = self.bucket(bucket).await?;
        if let Some(description) = self.find(bucket, key).await? {
            remove(&description_path(&directory, key)).await?;
            remove(&content_path(&directory, description.content)).await?;
        }
        Ok(())
    }

    /// All objects under a prefix, by key.
    pub(crate) async fn list(&self, bucket: &str, prefix: &str) -> S3Result<Vec<Description>> {
        let mut entries = fs::read_dir(self.bucket(bucket).await?.join("objects")).await.map_err(failure)?;
        let mut found = Vec::new();
        while let Some(entry) = entries.next_entry().await.map_err(failure)? {
            let described: Option<Description> = match entry.path().extension() {
                Some(extension) if extension == "json" => read_json(&entry.path()).await?,
                _ => None,
            };
            found.extend(described.filter(|description| description.key.starts_with(prefix)));
        }
        found.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(found)
    }
}

/// The file of an object's bytes.
pub(crate) fn content_path(bucket: &Path, content: Uuid) -> PathBuf {
    bucket.join("content").join(content.to_string())
}

/// A key may be longer than a file name and may contain anything: its hash names the file.
fn description_path(bucket: &Path, key: &str) -> PathBuf {
    bucket.join("objects").join(format!("{}.json", hex(&Sha256::checksum(key.as_bytes()))))
}

/// A name that nothing else has.
#[expect(clippy::disallowed_methods, reason = "the store is no function: no context gives it ids")]
pub(crate) fn unique() -> Uuid {
    Uuid::new_v4()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) async fn read_json<T: DeserializeOwned>(path: &Path) -> S3Result<Option<T>> {
    match fs::read(path).await {
        Ok(json) => serde_json::from_slice(&json).map(Some).map_err(S3Error::internal_error),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failure(error)),
    }
}

/// Writes beside the place and renames: after a crash there is the old file or the new one.
pub(crate) async fn write_json<T: Serialize>(path: &Path, value: &T) -> S3Result<()> {
    let json = serde_json::to_vec(value).map_err(S3Error::internal_error)?;
    let partial = path.with_extension(format!("{}.partial", unique()));
    fs::write(&partial, json).await.map_err(failure)?;
    fs::rename(&partial, path).await.map_err(failure)
}

pub(crate) async fn remove(path: &Path) -> S3Result<()> {
    match fs::remove_file(path).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failure(error)),
        _ => Ok(()),
    }
}

/// A failed file operation, as S3 says it; the cause is for the log only.
pub(crate) fn failure(error: io::Error) -> S3Error {
    tracing::error!(error = &error as &dyn std::error::Error, "the object store's disk failed");
    match error.kind() {
        io::ErrorKind::StorageFull => s3_error!(error, ServiceUnavailable, "the disk is full"),
        _ => S3Error::internal_error(error),
    }
}
