//! `GET /v1/uploads/quota`: how much one may upload, and how much of it is used.

use axum::Extension;
use http::StatusCode;
use mcsp_access::Permission;
use mcsp_function::Caller;
use mcsp_problem::{Json, Problem};
use mcsp_reference::{Answer, Operation};
use upload_bytes::Uploads;
use upload_lifecycle::{QuotaView, WithoutPlan};
use upload_storage::used;

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/uploads/quota", show)
        .named("getUploadQuota", "Show one's own quota")
        .described(
            "How much one may upload, and how much of it is used. An upload counts from its creation on, with the size that \
            was declared, until it is cancelled, has expired or failed.",
        )
        .requires(Permission::MediaUpload)
        .answers(Answer::json::<QuotaView>(StatusCode::OK, "The quota, and what is used of it."))
}

pub(crate) async fn show(
    uploads: Uploads,
    Extension(without_plan): Extension<WithoutPlan>,
    caller: Caller,
) -> Result<Json<QuotaView>, Problem> {
    caller.require(Permission::MediaUpload)?;
    let quota = without_plan.quota(&uploads.context, caller.user()).await?;
    Ok(Json(QuotaView::new(quota, used(&uploads.context, caller.user()).await?)))
}
