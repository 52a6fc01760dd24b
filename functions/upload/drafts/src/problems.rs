//! How drafts are refused.

use http::StatusCode;
use mcsp_bridge_api::postgres::TransactError;
use mcsp_etag::IfMatch;
use mcsp_problem::Problem;
use upload_storage::DraftError;

/// Why a draft was not saved: who named a version is told that it is stale; who named none may simply try again.
pub(crate) fn not_saved(error: DraftError, if_match: &IfMatch) -> Problem {
    match error {
        // A draft whose upload was given away is without it since, and so another version.
        DraftError::Overtaken | DraftError::UploadLost => if_match.outdated().unwrap_or_else(overtaken),
        DraftError::UploadTaken => upload_has_draft(),
        DraftError::Failed(error) => error.into(),
    }
}

/// 409: another request changed the draft at the same time.
pub(crate) fn overtaken() -> Problem {
    TransactError::Conflict.into()
}

/// 409: the upload has another draft.
pub(crate) fn upload_has_draft() -> Problem {
    Problem::new(StatusCode::CONFLICT, "upload_has_draft", "the upload has another draft")
        .with_detail("change that one, or take it from the upload first")
}

/// 409: there is no video that the draft could be of.
pub(crate) fn without_upload() -> Problem {
    Problem::new(StatusCode::CONFLICT, "draft_without_upload", "the draft has no upload")
        .with_detail("say with `upload_id` whose video it is of")
}

/// 409: there will be no video that the draft could be of.
pub(crate) fn upload_is_over() -> Problem {
    Problem::new(StatusCode::CONFLICT, "upload_over", "the upload has come to nothing")
        .with_detail("the draft is still there: give it another upload")
}

/// 409: nobody needs so many.
pub(crate) fn too_many() -> Problem {
    Problem::new(StatusCode::CONFLICT, "too_many_drafts", "there are as many drafts as may be")
        .with_detail("remove some")
}
