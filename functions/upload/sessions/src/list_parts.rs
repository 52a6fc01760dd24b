//! `GET /v1/uploads/{id}/parts`: the parts that the store really has, so that another device can go on.

use http::StatusCode;
use mcsp_access::Permission;
use mcsp_ids::UploadId;
use mcsp_object_store::{ListedPart, StoreError};
use mcsp_paging::{Cursor, Limit, Packed, Page};
use mcsp_problem::{Json, Path, Problem, Query};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use upload_bytes::{Uploads, place, unavailable};
use upload_domain::{Mismatch, Refused, Upload};
use upload_lifecycle::{Uploader, refusals_of_unfetched, refused};
use upload_storage::owned;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartsQuery {
    #[serde(default)]
    limit: Limit,
    cursor: Option<Cursor<u32>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Part")]
pub(crate) struct PartView {
    /// The first part is 1.
    #[schemars(example = 1)]
    part_number: u32,
    /// The size that the store has of it.
    #[schemars(example = 8_388_608)]
    size_bytes: u64,
    /// The store's entity tag of it.
    #[schemars(example = &"\"d41d8cd98f00b204e9800998ecf8427e\"")]
    etag: String,
    /// Base64 of its SHA-256, where it was given.
    #[schemars(example = &"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")]
    checksum_sha256: Option<String>,
}

pub(crate) fn reference() -> Operation {
    let refusals = [
        Refused::Completed,
        Refused::Cancelled,
        Refused::Expired,
        Refused::NoParts,
        Refused::Mismatched(Mismatch::Size),
        Refused::Mismatched(Mismatch::Checksum),
        Refused::Mismatched(Mismatch::ContentType),
    ];
    Operation::get("/v1/uploads/{id}/parts", list_parts)
        .named("listParts", "List the parts that have arrived")
        .described(
            "What the store really has, in the order of the numbers, so that another device can go on.",
        )
        .requires(Permission::MediaUpload)
        .answers(Answer::json::<Page<PartView>>(StatusCode::OK, "A page of parts."))
        .refuses(refusals.map(refused))
        .refuses(refusals_of_unfetched())
        .refuses([Problem::not_found()])
}

pub(crate) async fn list_parts(
    uploads: Uploads,
    uploader: Uploader,
    Path(id): Path<UploadId>,
    Query(PartsQuery { limit, cursor }): Query<PartsQuery>,
) -> Result<Json<Page<Packed<PartView>>>, Problem> {
    let owner = uploader.owner_of(&uploads.context, id).await?;
    let upload = owned(&uploads.context, id, owner).await?;
    upload.open_parts(uploads.context.now()).map_err(refused)?;
    let after = cursor.map_or(0, |Cursor(number)| number);
    let parts = stored(&uploads, &upload, after, limit.rows_to_read()).await.map_err(unavailable)?;
    let show = |part: ListedPart| PartView {
        part_number: part.number,
        size_bytes: part.size_bytes,
        etag: part.e_tag,
        checksum_sha256: part.checksum_sha256,
    };
    Ok(Json(Page::new(parts, limit, |part: &ListedPart| part.number, show)))
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
