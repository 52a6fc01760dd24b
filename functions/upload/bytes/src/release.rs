//! Clearing the store of uploads that came to nothing.
//!
//! The state is written first and the store is cleared after it: an upload that still owes this says so in
//! its row, so that it can be made up for at any time.

use crate::{Uploads, place, prefix, unavailable};
use mcsp_ids::UploadId;
use mcsp_object_store::Place;
use mcsp_problem::Problem;
use upload_domain::Upload;
use upload_storage::{SaveError, Written, save};

/// Removes all that the store has of an upload, whatever became of it.
pub async fn clear(uploads: &Uploads, upload: &Upload) -> Result<(), Problem> {
    // In this order: after the abort nothing can become an object any more.
    if let Some(multipart) = &upload.multipart {
        let aborted = uploads.client().abort_multipart(place(upload), &multipart.id).await;
        aborted.map_err(unavailable)?;
    }
    remove(uploads, (&upload.object.bucket, upload.id), None).await
}

/// Removes all that the store has of an upload but the file that was announced, if one was. URLs outlive what they were
/// signed for by an hour at most: what was sent with them then stays until this is called after it.
pub async fn tidy(uploads: &Uploads, upload: &Upload) -> Result<(), Problem> {
    if upload.came_to_nothing() {
        return clear(uploads, upload).await;
    }
    remove(uploads, (&upload.object.bucket, upload.id), Some(&upload.object.key)).await
}

/// Removes the objects of an upload, all but one.
pub async fn remove(
    uploads: &Uploads,
    (bucket, id): (&str, UploadId),
    but: Option<&str>,
) -> Result<(), Problem> {
    let client = uploads.client();
    loop {
        let list = client.list(bucket, &prefix(id)).await.map_err(unavailable)?;
        for key in list.keys().filter(|key| Some(*key) != but) {
            client.delete(Place { bucket, key }).await.map_err(unavailable)?;
        }
        // What was listed is gone, so that each further list is of others.
        if !list.truncated {
            return Ok(());
        }
    }
}

/// Removes all that the store has of an upload that came to nothing, and takes note of it.
pub async fn release(uploads: &Uploads, upload: Upload) -> Result<(), Problem> {
    if !upload.owes_release() {
        return Ok(());
    }
    clear(uploads, &upload).await?;
    match save(&uploads.context, &upload.release(), Written::default()).await {
        // Another request has cleared it too.
        Ok(()) | Err(SaveError::Overtaken) => Ok(()),
        Err(error @ SaveError::Failed(_)) => Err(error.into()),
    }
}

/// Writes that the time is over, where it is, and clears the store. Gives the upload as it is then.
pub async fn settle(uploads: &Uploads, upload: Upload) -> Result<Upload, Problem> {
    let settled = match upload.clone().expire(uploads.context.now()) {
        Ok(expired) => {
            save(&uploads.context, &expired, Written::default()).await?;
            expired
        }
        Err(_) => upload,
    };
    release(uploads, settled.clone()).await?;
    Ok(settled)
}
