//! Checking a password.

use auth_domain::{Account, Email, Password};
use auth_storage::{Credential, Credentials};
use mcsp_bridge_api::passwords::Verdict;
use mcsp_function::Context;
use mcsp_problem::Problem;

/// An account whose password was right. Whether it may be signed in to is another question.
pub struct Checked {
    /// Whose.
    pub account: Account,
    phc: String,
    renewed_phc: Option<String>,
}

/// Why a password is not taken.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// There is no such account, or it has another password.
    #[error("wrong address or password")]
    Wrong,
    /// Not the caller's doing.
    #[error("the password could not be checked")]
    Failed(Problem),
}

impl From<Problem> for CheckError {
    fn from(problem: Problem) -> Self {
        CheckError::Failed(problem)
    }
}

impl Checked {
    /// What the session that is begun with it must still find.
    pub fn credentials(&self) -> Credentials<'_> {
        Credentials { verified_phc: Some(&self.phc), renewed_phc: self.renewed_phc.as_deref() }
    }
}

/// Checks a password, and hashes it anew where the cost of a hash has risen. An address without an account takes
/// the same time.
pub async fn check_password(
    context: &Context,
    email: &Email,
    password: &Password,
) -> Result<Checked, CheckError> {
    let bridge = context.bridge();
    let credential = auth_storage::credential(bridge, email).await?;
    let phc = credential.as_ref().map(|credential| credential.phc.clone());
    let verdict = bridge.verify_password(password.reveal().to_owned(), phc).await.map_err(Problem::from)?;
    let (Credential { account, phc }, is_outdated) = match (credential, verdict) {
        (Some(credential), Verdict::Right) => (credential, false),
        (Some(credential), Verdict::RightButOutdated) => (credential, true),
        (_, Verdict::Wrong) | (None, _) => return Err(CheckError::Wrong),
    };
    // A hash for an account that may not sign in would be stored by nobody.
    let renewed_phc = match is_outdated && account.may_sign_in().is_ok() {
        true => Some(bridge.hash_password(password.reveal().to_owned()).await.map_err(Problem::from)?),
        false => None,
    };
    Ok(Checked { account, phc, renewed_phc })
}
