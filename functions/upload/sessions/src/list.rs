//! `GET /v1/uploads`: one's own uploads, the newest first.

use http::StatusCode;
use jiff::Timestamp;
use mcsp_access::Permission;
use mcsp_function::Caller;
use mcsp_ids::UploadId;
use mcsp_paging::{Cursor, Limit, Packed, Page};
use mcsp_problem::{Json, Problem, Query};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::Deserialize;
use upload_bytes::Uploads;
use upload_domain::Upload;
use upload_lifecycle::UploadView;
use upload_storage::page;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    #[serde(default)]
    limit: Limit,
    cursor: Option<Cursor<(Timestamp, UploadId)>>,
}

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/uploads", list)
        .named("listUploads", "List one's own uploads")
        .described("One's own uploads in any state, the newest first.")
        .requires(Permission::MediaUpload)
        .answers(Answer::json::<Page<UploadView>>(StatusCode::OK, "A page of uploads."))
}

pub(crate) async fn list(
    uploads: Uploads,
    caller: Caller,
    Query(ListQuery { limit, cursor }): Query<ListQuery>,
) -> Result<Json<Page<Packed<UploadView>>>, Problem> {
    caller.require(Permission::MediaUpload)?;
    let after = cursor.map(|Cursor((created_at, id))| (created_at, id.uuid()));
    let rows = page(&uploads.context, caller.user(), after, limit.rows_to_read()).await?;
    let show = |upload: Upload| UploadView::of(&uploads, &upload).map(Some);
    Page::try_new(rows, limit, |upload: &Upload| (upload.created_at, upload.id), show).map(Json)
}
