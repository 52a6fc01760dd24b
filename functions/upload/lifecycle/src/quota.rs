//! How much one may upload, and how much of it is used.

use axum::Extension;
use http::StatusCode;
use mcsp_function::{Context, MissingVariable};
use mcsp_ids::UserId;
use mcsp_problem::Problem;
use mcsp_reference::Refusal;
use schemars::JsonSchema;
use serde::Serialize;
use upload_domain::{Exceeded, Quota, Usage};
use upload_storage::plan;

/// What an account has without a plan, as the component is configured.
#[derive(Clone, Copy, Debug)]
pub struct WithoutPlan(Quota);

/// How much one may upload.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "UploadQuota")]
pub struct QuotaView {
    /// Bytes of files that are kept, and of those that are on their way with the sizes that were declared.
    #[schemars(example = 1_048_576)]
    used_bytes: u64,
    /// How many bytes that may be.
    #[schemars(example = 1_099_511_627_776_u64)]
    limit_bytes: u64,
    /// Uploads that are neither completed nor over.
    #[schemars(example = 1)]
    open_uploads: u32,
    /// How many uploads that may be.
    #[schemars(example = 50)]
    open_uploads_limit: u32,
}

/// A problem document with what is used, and what may be.
#[derive(JsonSchema)]
#[schemars(rename = "QuotaExceeded")]
#[expect(dead_code, reason = "only described")]
struct QuotaExceeded {
    /// Names the kind of problem, as `code` does.
    #[schemars(example = &"urn:mcsp:problem:quota_exceeded")]
    r#type: &'static str,
    /// For people.
    #[schemars(example = &"the file is larger than what is left of the quota")]
    title: &'static str,
    /// The HTTP status.
    #[schemars(extend("const" = 403))]
    status: u16,
    /// What a program is to go by.
    #[schemars(extend("enum" = ["quota_exceeded", "too_many_open_uploads"]))]
    code: &'static str,
    /// For people: what would help.
    #[schemars(example = &"a plan with more, or fewer files, would make room")]
    detail: String,
    #[schemars(flatten)]
    quota: QuotaView,
}

impl WithoutPlan {
    /// What the variables say, to be a layer of the router.
    pub fn of(context: &Context) -> Result<Extension<Self>, MissingVariable> {
        let bytes = context.variable("upload_quota_bytes")?.parse();
        let bytes = bytes.map_err(|_| MissingVariable("upload_quota_bytes"))?;
        let open_uploads = context.variable("upload_open_limit")?.parse();
        let open_uploads = open_uploads.map_err(|_| MissingVariable("upload_open_limit"))?;
        Ok(Extension(WithoutPlan(Quota { bytes, open_uploads })))
    }

    /// What an account has now.
    pub async fn quota(self, context: &Context, owner: UserId) -> Result<Quota, Problem> {
        Ok(self.0.with(plan(context, owner).await?, context.now()))
    }
}

impl QuotaView {
    /// As it is now.
    pub fn new(quota: Quota, used: Usage) -> Self {
        QuotaView {
            used_bytes: used.bytes,
            limit_bytes: quota.bytes,
            open_uploads: used.open_uploads,
            open_uploads_limit: quota.open_uploads,
        }
    }
}

/// 403 with what is used, and what may be.
pub(crate) fn exceeded(exceeded: Exceeded, quota: Quota, used: Usage) -> Problem {
    let (code, title, hint) = match exceeded {
        Exceeded::Bytes => (
            "quota_exceeded",
            "the file is larger than what is left of the quota",
            "a plan with more, or fewer files, would make room",
        ),
        Exceeded::OpenUploads => (
            "too_many_open_uploads",
            "too many uploads are open",
            "complete or cancel one of them, or take a plan with more",
        ),
    };
    let QuotaView { used_bytes, limit_bytes, open_uploads, open_uploads_limit } = QuotaView::new(quota, used);
    Problem::new(StatusCode::FORBIDDEN, code, title)
        .with_detail(hint)
        .with_member("used_bytes", used_bytes)
        .with_member("limit_bytes", limit_bytes)
        .with_member("open_uploads", open_uploads)
        .with_member("open_uploads_limit", open_uploads_limit)
}

/// How each of them looks in the API reference.
pub(crate) fn refusals() -> [Refusal; 2] {
    let nothing = (Quota { bytes: 0, open_uploads: 0 }, Usage { bytes: 0, open_uploads: 0 });
    [Exceeded::Bytes, Exceeded::OpenUploads]
        .map(|cause| Refusal::from(exceeded(cause, nothing.0, nothing.1)).with_members_of::<QuotaExceeded>())
}
