//! What the store has, against what was declared.
//!
//! Any number of requests may do this at once, and any of them may die half-way: each step can be repeated,
//! and whoever finds that the store has moved on looks at the object.

use mcsp_ids::EventId;
use mcsp_object_store::{Client, ListedPart, PARTS_PER_LIST, Place, StoreError};
use upload_bytes::{Uploads, place, prefix};
use upload_domain::{Mismatch, Multipart, PARTS_MAX, PartPlan, Plan, SNIFF_BYTES, Short, StoredPart, Upload};

/// Why an upload cannot be initiated.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unverified {
    /// Bytes are missing: the uploader may go on.
    #[error("there is no object")]
    NothingThere,
    /// Parts are missing: the uploader may go on.
    #[error("parts are missing")]
    PartsMissing(#[from] Short),
    /// It is whole and not what was declared.
    #[error("the object is not what was declared")]
    Mismatched(#[from] Mismatch),
    /// It is not known.
    #[error("the store could not be asked")]
    Store(#[from] StoreError),
}

/// Makes of what was sent an object that nobody can change any more, looks at it, and gives its key.
pub(crate) async fn verify(uploads: &Uploads, upload: &Upload) -> Result<String, Unverified> {
    let client = uploads.client();
    let key = match upload.plan {
        // Parts that are joined are closed: their URLs are good for nothing.
        Plan::Multipart(plan) => {
            join_parts(&client, upload, plan).await?;
            upload.object.key.clone()
        }
        // The URL for the whole file stays good for a while, so what it was sent to is copied.
        Plan::Put => copy(uploads, upload).await?,
    };
    let kept = Place { bucket: &upload.object.bucket, key: &key };
    match check(&client, upload, kept).await {
        Ok(()) => Ok(key),
        Err(unverified) => {
            discard(uploads, upload, &key).await;
            Err(unverified)
        }
    }
}

/// Removes what was kept of an attempt that came to nothing. What this leaves is swept after the upload's time.
pub(crate) async fn discard(uploads: &Uploads, upload: &Upload, key: &str) {
    if upload.plan == Plan::Put {
        drop(uploads.client().delete(Place { bucket: &upload.object.bucket, key }).await);
    }
}

/// Under a key that is this attempt's alone: another attempt may copy other bytes at the same time.
async fn copy(uploads: &Uploads, upload: &Upload) -> Result<String, Unverified> {
    let attempt: EventId = uploads.context.new_id();
    let key = format!("{}verified/{}", prefix(upload.id), attempt.uuid().simple());
    match uploads.client().copy(place(upload), &key).await {
        Ok(()) => Ok(key),
        Err(StoreError::NoSuchObject) => Err(Unverified::NothingThere),
        Err(error) => Err(error.into()),
    }
}

async fn check(client: &Client<'_>, upload: &Upload, kept: Place<'_>) -> Result<(), Unverified> {
    let head = client.head(kept).await?.ok_or(Unverified::NothingThere)?;
    // Of an object of the wrong size there may be no byte to ask for.
    let first_bytes = if head.size_bytes == upload.file.size_bytes {
        client.first_bytes(kept, SNIFF_BYTES).await?
    } else {
        Vec::new()
    };
    Ok(upload.check(head.size_bytes, head.checksum_sha256.as_deref(), &first_bytes)?)
}

async fn join_parts(client: &Client<'_>, upload: &Upload, plan: PartPlan) -> Result<(), Unverified> {
    let Some(multipart) = &upload.multipart else { return Ok(plan.check(&[])?) };
    let joined = match list_all(client, upload, multipart).await {
        Ok(listed) => match plan.check(&sizes(&listed)) {
            Ok(()) => complete(client, upload, multipart, plan, listed).await.map_err(Unverified::Store),
            Err(short) => Err(short.into()),
        },
        Err(error) => Err(error.into()),
    };
    match joined {
        // Joined before.
        Ok(()) | Err(Unverified::Store(StoreError::NoSuchUpload)) => Ok(()),
        // Another request may be joining them at this moment: then the object is there.
        Err(unverified) => match client.head(place(upload)).await? {
            Some(_) => Ok(()),
            None => Err(unverified),
        },
    }
}

/// The parts that the store has, in the order of their numbers.
pub async fn list_all(
    client: &Client<'_>,
    upload: &Upload,
    multipart: &Multipart,
) -> Result<Vec<ListedPart>, StoreError> {
    let mut all: Vec<ListedPart> = Vec::new();
    for _ in 0..PARTS_MAX.div_ceil(PARTS_PER_LIST) {
        let after = all.last().map_or(0, |part| part.number);
        let list = client.list_parts(place(upload), &multipart.id, after, PARTS_PER_LIST).await?;
        let truncated = list.truncated;
        all.extend(list.parts);
        if !truncated {
            break;
        }
    }
    Ok(all)
}

/// Parts that were not planned are left out, and with that forgotten by the store.
async fn complete(
    client: &Client<'_>,
    upload: &Upload,
    multipart: &Multipart,
    plan: PartPlan,
    mut parts: Vec<ListedPart>,
) -> Result<(), StoreError> {
    parts.retain(|part| plan.size_of(part.number).is_some());
    client.complete_multipart(place(upload), &multipart.id, &parts).await
}

fn sizes(parts: &[ListedPart]) -> Vec<StoredPart> {
    parts.iter().map(|part| StoredPart { number: part.number, size_bytes: part.size_bytes }).collect()
}
