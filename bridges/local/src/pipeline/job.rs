//! One upload: fetched, looked into, transcoded, stored.

use super::events::{Initiated, Outcome, Wanted};
use super::media::{self, DASH, HLS, HLS_STEERED, MediaError};
use super::playlist;
use super::protection::{self, Unprotected};
use super::thumbnails::{self, Taken};
use crate::buckets::{Buckets, ObjectError};
use crate::cdn::content_type;
use crate::error::LocalError;
use futures::StreamExt;
use mcsp_playback_url::Key;
use std::future::Future;
use std::path::{Path, PathBuf};
use tokio::fs;
use tokio::io::AsyncWriteExt;

/// Told when the file is here, and when it is transcoded.
const FETCHED_PERCENT: u8 = 10;
const TRANSCODED_PERCENT: u8 = 80;

/// What a job works with.
#[derive(Clone, Debug)]
pub(crate) struct Workshop {
    pub(crate) buckets: Buckets,
    pub(crate) packaged_bucket: String,
    /// Where jobs have their temporary directories.
    pub(crate) scratch: PathBuf,
    /// What the keys of protected streams are derived from.
    pub(crate) seed: Key,
}

/// What keeps a job from an outcome now: worth another try later.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Hindrance {
    /// The object store.
    #[error("the object store cannot be used")]
    Objects(#[source] ObjectError),
    /// The disk.
    #[error("a temporary file cannot be used")]
    Disk(#[source] std::io::Error),
    /// The tools.
    #[error("this machine cannot transcode")]
    Machine(#[source] LocalError),
    /// Kafka.
    #[error("the event cannot be sent")]
    Kafka(#[source] rdkafka::error::KafkaError),
}

/// Processes an upload to its outcome.
pub(crate) async fn run<Told>(
    workshop: &Workshop,
    initiated: &Initiated,
    progressed: impl Fn(u8) -> Told,
) -> Result<Outcome, Hindrance>
where
    Told: Future<Output = Result<(), Hindrance>>,
{
    let scratch = tempfile::tempdir_in(&workshop.scratch).map_err(Hindrance::Disk)?;
    let source_file = scratch.path().join("source");
    match fetch(&workshop.buckets, initiated, &source_file).await {
        Ok(()) => progressed(FETCHED_PERCENT).await?,
        Err(Hindrance::Objects(ObjectError::NotFound)) => {
            return Ok(Outcome::Failed { reason_code: "source_missing" });
        }
        Err(hindrance) => return Err(hindrance),
    }
    let tree = scratch.path().join("tree");
    fs::create_dir(&tree).await.map_err(Hindrance::Disk)?;
    let transcoded = async {
        let source = media::probe(&source_file, scratch.path()).await?;
        media::package(&source_file, source, &tree, scratch.path()).await?;
        let prefix = initiated.thumbnails_prefix();
        let taken = thumbnails::take(&source_file, source, &prefix, scratch.path()).await?;
        Ok((source, taken))
    };
    let (source, taken) = match transcoded.await {
        Ok(made) => made,
        Err(error) => return failed(error),
    };
    let protection = match initiated.upload.protection {
        Wanted::None => None,
        Wanted::Cenc => match protection::protect(&tree, &workshop.seed, &initiated.upload.upload_id) {
            Ok(protection) => Some(protection),
            Err(Unprotected::Disk(error)) => return Err(Hindrance::Disk(error)),
            Err(error @ Unprotected::Form(_)) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a stream is not encrypted");
                return Ok(Outcome::Failed { reason_code: "protection_failed" });
            }
        },
    };
    progressed(TRANSCODED_PERCENT).await?;
    let master = fs::read_to_string(tree.join(HLS)).await.map_err(Hindrance::Disk)?;
    fs::write(tree.join(HLS_STEERED), playlist::steered(&master)).await.map_err(Hindrance::Disk)?;
    store(workshop, &initiated.path_prefix(), &tree).await?;
    store_images(workshop, initiated, &taken).await?;
    let renditions = playlist::renditions(&master);
    let thumbnails = taken.into_iter().map(|taken| taken.told).collect();
    Ok(Outcome::Completed { duration_ms: source.duration_ms, renditions, protection, thumbnails })
}

fn failed(error: MediaError) -> Result<Outcome, Hindrance> {
    let reason_code = match error {
        MediaError::NotMedia => "not_media",
        MediaError::NoVideo => "no_video",
        MediaError::Broken => "transcoding_failed",
        MediaError::TooLong => "transcoding_timeout",
        MediaError::Machine(error) => return Err(Hindrance::Machine(error)),
    };
    Ok(Outcome::Failed { reason_code })
}

async fn fetch(buckets: &Buckets, initiated: &Initiated, file: &Path) -> Result<(), Hindrance> {
    let object = &initiated.upload.object;
    let answer = buckets.get(&object.bucket, &object.key, None).await.map_err(Hindrance::Objects)?;
    let mut bytes = answer.bytes_stream();
    let mut file = fs::File::create(file).await.map_err(Hindrance::Disk)?;
    while let Some(chunk) = bytes.next().await {
        let chunk = chunk.map_err(|error| Hindrance::Objects(ObjectError::Unreachable(error)))?;
        file.write_all(&chunk).await.map_err(Hindrance::Disk)?;
    }
    file.flush().await.map_err(Hindrance::Disk)
}

/// Stores the tree, the manifests last: when they are there, everything that they name is.
async fn store(workshop: &Workshop, prefix: &str, tree: &Path) -> Result<(), Hindrance> {
    let mut files = files_below(tree).await.map_err(Hindrance::Disk)?;
    files.sort_by_key(|path| [HLS, HLS_STEERED, DASH].iter().any(|manifest| path.ends_with(manifest)));
    for file in files {
        let Ok(relative) = file.strip_prefix(tree) else { continue };
        let key = format!("{prefix}{}", relative.display());
        workshop
            .buckets
            .put_file(&workshop.packaged_bucket, &key, content_type(&key), &file)
            .await
            .map_err(Hindrance::Objects)?;
    }
    Ok(())
}

/// Stores images in the bucket of the file that they were taken from: pages show them, not the CDN.
async fn store_images(workshop: &Workshop, initiated: &Initiated, taken: &[Taken]) -> Result<(), Hindrance> {
    let bucket = &initiated.upload.object.bucket;
    for Taken { file, told } in taken {
        let stored = workshop.buckets.put_file(bucket, &told.key, told.content_type, file).await;
        stored.map_err(Hindrance::Objects)?;
    }
    Ok(())
}

async fn files_below(directory: &Path) -> std::io::Result<Vec<PathBuf>> {
    let (mut files, mut directories) = (Vec::new(), vec![directory.to_owned()]);
    while let Some(directory) = directories.pop() {
        let mut entries = fs::read_dir(directory).await?;
        while let Some(entry) = entries.next_entry().await? {
            match entry.file_type().await?.is_dir() {
                true => directories.push(entry.path()),
                false => files.push(entry.path()),
            }
        }
    }
    Ok(files)
}
