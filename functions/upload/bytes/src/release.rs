//! Clearing the store of uploads that came to nothing.
//!
//! The state is written first and the store is cleared after it: an upload that still owes this says so in
//! its row, so that it can be made up for at any time.

use crate::{Uploads, place, unavailable};
use mcsp_problem::Problem;
use upload_domain::Upload;
use upload_storage::{SaveError, Written, save};

/// Removes all that the store has of an upload, whatever became of it.
pub async fn clear(uploads: &Uploads, upload: &Upload) -> Result<(), Problem> {
    let client = uploads.client();
    // In this order: after the abort nothing can become an object any more.
    if let Some(multipart) = &upload.multipart {
        client.abort_multipart(place(upload), &multipart.id).await.map_err(unavailable)?;
    }
    client.delete(place(upload)).await.map_err(unavailable)
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

/// Writes that the time is over, where it is, and clears the store.
pub async fn settle(uploads: &Uploads, upload: Upload) -> Result<(), Problem> {
    match upload.clone().expire(uploads.context.now()) {
        Ok(expired) => {
            save(&uploads.context, &expired, Written::default()).await?;
            release(uploads, expired).await
        }
        Err(_) => release(uploads, upload).await,
    }
}
