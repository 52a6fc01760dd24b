//! `GET /v1/uploads/{id}/parts`: the parts that the store really has, so that another device can go on.

use crate::problems;
use mcsp_access::Permission;
use mcsp_function::Caller;
use mcsp_ids::UploadId;
use mcsp_object_store::{ListedPart, StoreError};
use mcsp_paging::{Cursor, Limit, Page};
use mcsp_problem::{Json, Path, Problem, Query};
use serde::{Deserialize, Serialize};
use upload_bytes::{Uploads, place, unavailable};
use upload_domain::Upload;
use upload_storage::owned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartsQuery {
    #[serde(default)]
    limit: Limit,
    /// The number of the last part that was seen.
    cursor: Option<Cursor<u32>>,
}

#[derive(Serialize)]
pub(crate) struct PartView {
    part_number: u32,
    size_bytes: u64,
    etag: String,
    checksum_sha256: Option<String>,
}

pub(crate) async fn list_parts(
    uploads: Uploads,
    caller: Caller,
    Path(id): Path<UploadId>,
    Query(PartsQuery { limit, cursor }): Query<PartsQuery>,
) -> Result<Json<Page<PartView>>, Problem> {
    caller.require(Permission::MediaUpload)?;
    let upload = owned(&uploads.context, id, caller.user()).await?;
    upload.open_parts(uploads.context.now()).map_err(problems::refused)?;
    let after = cursor.map_or(0, |Cursor(number)| number);
    let parts = stored(&uploads, &upload, after, limit.rows_to_read()).await.map_err(unavailable)?;
    Ok(Json(Page::new(parts, limit, |part| part.number).map(|part| PartView {
        part_number: part.number,
        size_bytes: part.size_bytes,
        etag: part.e_tag,
        checksum_sha256: part.checksum_sha256,
    })))
}

/// None before the first parts were asked for, and none where the store knows the upload no more.
async fn stored(
    uploads: &Uploads,
    upload: &Upload,
    after: u32,
    count: i64,
) -> Result<Vec<ListedPart>, StoreError> {
    let Some(multipart) = &upload.multipart else { return Ok(Vec::new()) };
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    match uploads.client().list_parts(place(upload), &multipart.id, after, count).await {
        Ok(list) => Ok(list.parts),
        Err(StoreError::NoSuchUpload) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
