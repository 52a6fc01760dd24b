//! Refusing what an upload's state does not allow.

use crate::problems;
use mcsp_problem::Problem;
use upload_bytes::{Uploads, settle};
use upload_domain::{Refused, Upload};

/// The problem of a refusal. On the way the store is cleared where that is owed; a failure of that is not
/// this caller's, and stays owed.
pub async fn refuse(uploads: &Uploads, upload: Upload, refused: Refused) -> Problem {
    drop(settle(uploads, upload).await);
    problems::refused(refused)
}
