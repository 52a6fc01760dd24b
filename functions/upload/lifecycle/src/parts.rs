//! Beginning the multipart upload at the store.
//!
//! Should saving its id be lost against another request, it is aborted at once. Should it not be known whether the id was saved,
//! it is left alone: the next request either finds it or begins another. What then stays behind, and what is begun by a call
//! whose answer is lost, is removed by the bucket's rule for incomplete multipart uploads, which every S3 has.

use crate::problems;
use mcsp_problem::Problem;
use upload_bytes::{Uploads, place, unavailable};
use upload_domain::{Multipart, Upload};
use upload_storage::{SaveError, Written, save};

/// Begins the multipart upload at the store, and gives the upload as it is then; none where another request was first.
pub async fn begin_parts(
    uploads: &Uploads,
    upload: Upload,
    checksummed: bool,
) -> Result<Option<Upload>, Problem> {
    let client = uploads.client();
    let content_type = upload.file.content_type.as_str();
    let created = client.create_multipart(place(&upload), content_type, checksummed).await;
    let id = created.map_err(unavailable)?;
    let multipart = Multipart { id: id.clone(), checksummed };
    let begun = upload.begin_parts(multipart, uploads.context.now()).map_err(problems::refused)?;
    match save(&uploads.context, &begun, Written::default()).await {
        Ok(()) => Ok(Some(begun)),
        Err(SaveError::Overtaken) => {
            // A failure here leaves it to the bucket's rule.
            drop(client.abort_multipart(place(&begun), &id).await);
            Ok(None)
        }
        Err(error @ SaveError::Failed(_)) => Err(error.into()),
    }
}
