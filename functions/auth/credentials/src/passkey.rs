//! Checking a passkey.

use auth_domain::{Account, Factor};
use auth_passkeys::{AuthenticationResponse, Refused, RelyingParty, is_good, issue};
use auth_storage::OwnedPasskey;
use auth_tokens::Secret;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_function::{Context, MissingVariable};
use mcsp_ids::{AuthSessionId, FactorId, UserId};
use mcsp_problem::Problem;
use sha2::{Digest, Sha256};
use std::fmt;

/// What a challenge is for. An answer to one of another purpose is none.
#[derive(Clone, Copy, Debug)]
pub enum Purpose<'a> {
    /// To make the passkey that this factor is to be.
    Enrol(FactorId),
    /// To sign in at the API, whoever it is.
    SignIn,
    /// To sign in on a page, in the browser that has this cookie.
    Page(&'a str),
    /// To be authenticated anew in a session.
    StepUp(AuthSessionId),
}

impl fmt::Display for Purpose<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Purpose::Enrol(factor) => write!(f, "passkey enrol {factor}"),
            Purpose::SignIn => f.write_str("passkey sign-in"),
            Purpose::Page(browser) => write!(f, "passkey page {browser}"),
            Purpose::StepUp(session) => write!(f, "passkey step-up {session}"),
        }
    }
}

/// A passkey that was shown and is right. Whether its account may be signed in to is another question.
pub struct CheckedPasskey {
    /// Whose.
    pub account: Account,
    /// What it is to the account.
    pub factor: Factor,
    /// What notes that it was shown, and uses its challenge up where that is one of ours, in the transaction of what it is
    /// shown for.
    pub take: Vec<GuardedStatement>,
}

/// A challenge that was answered, and is still good for one answer.
pub struct Answered {
    /// The challenge.
    pub challenge: String,
    /// What uses it up, in the transaction of what the answer is for.
    pub take: [GuardedStatement; 2],
}

/// Why a passkey is not taken.
#[derive(Debug, thiserror::Error)]
pub enum PasskeyError {
    /// It is not right.
    #[error("the passkey is not taken")]
    Refused(#[from] Refused),
    /// Nobody has it, or not the account that it was asked of.
    #[error("the passkey is not known")]
    Unknown,
    /// The challenge is not one of ours, for another purpose, too old, or was answered before.
    #[error("the challenge is not good")]
    UnusableChallenge,
    /// Not the caller's doing.
    #[error("the passkey could not be checked")]
    Failed(Problem),
}

impl From<Problem> for PasskeyError {
    fn from(problem: Problem) -> Self {
        PasskeyError::Failed(problem)
    }
}

impl From<PasskeyError> for Problem {
    fn from(error: PasskeyError) -> Self {
        match error {
            PasskeyError::Refused(Refused::CounterWentBack) => copied_passkey().caused_by(&error),
            PasskeyError::Refused(_) | PasskeyError::Unknown | PasskeyError::UnusableChallenge => {
                wrong_passkey().caused_by(&error)
            }
            PasskeyError::Failed(problem) => problem,
        }
    }
}

/// 403: what was shown is no answer to the challenge, or of nobody here. Which, only the log tells.
pub fn wrong_passkey() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "wrong_passkey",
        "the passkey is not known here, or what it answers is wrong, was used, or has expired: begin again",
    )
}

/// 403: the passkey's counter did not rise.
pub fn copied_passkey() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "copied_passkey",
        "the passkey seems to exist twice: sign in with something else, and remove it",
    )
}

/// As whom the platform asks for passkeys: the variables `issuer`, `passkey_rp_id` and `passkey_origins`.
pub fn relying_party(context: &Context) -> Result<RelyingParty, MissingVariable> {
    let (issuer, id) = (context.variable("issuer")?, context.variable("passkey_rp_id")?);
    let origins = context.variable("passkey_origins")?;
    RelyingParty::new(issuer, id, origins).map_err(|_| MissingVariable("passkey_rp_id"))
}

/// A new challenge.
pub fn passkey_challenge(context: &Context, secret: &Secret, purpose: Purpose<'_>) -> String {
    issue(|said| secret.mac(&purpose.to_string(), said), context.secret(), context.now())
}

/// The challenge that is answered, if it is one of ours for this purpose.
pub fn answered_challenge(
    context: &Context,
    secret: &Secret,
    purpose: Purpose<'_>,
    challenge: Option<String>,
) -> Result<Answered, PasskeyError> {
    let now = context.now();
    let is_ours = |text: &String| is_good(|said| secret.mac(&purpose.to_string(), said), text, now);
    let challenge = challenge.filter(is_ours).ok_or(PasskeyError::UnusableChallenge)?;
    let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(&challenge));
    Ok(Answered { challenge, take: auth_storage::take_passkey_challenge(&hash, now) })
}

/// Checks a passkey that answers a challenge: any, or one of an account that is known already.
pub async fn check_passkey(
    context: &Context,
    party: &RelyingParty,
    (challenge, given): (&str, &AuthenticationResponse),
    of: Option<UserId>,
) -> Result<CheckedPasskey, PasskeyError> {
    let found = auth_storage::passkey(context.bridge(), &given.credential_id()?).await?;
    let OwnedPasskey { account, factor, passkey } = found.ok_or(PasskeyError::Unknown)?;
    // The passkey says whose it is; where nothing else does, it must.
    let said = given.user_handle()?.map(|handle| handle == account.id.uuid().as_bytes());
    let is_theirs = said.unwrap_or(of.is_some()) && of.is_none_or(|of| of == account.id);
    if !is_theirs {
        return Err(PasskeyError::Unknown);
    }
    let shown = party.verify(challenge, &passkey, given)?;
    let take = vec![auth_storage::take_passkey(factor, shown, context.now())];
    Ok(CheckedPasskey { account, factor: Factor::passkey(passkey.backup_eligible), take })
}

/// Checks a passkey that answers one of our own challenges: any, or one of an account that is known already.
pub async fn check_answer(
    context: &Context,
    (secret, party): (&Secret, &RelyingParty),
    purpose: Purpose<'_>,
    given: &AuthenticationResponse,
    of: Option<UserId>,
) -> Result<CheckedPasskey, PasskeyError> {
    let Answered { challenge, take } = answered_challenge(context, secret, purpose, given.challenge())?;
    let mut checked = check_passkey(context, party, (&challenge, given), of).await?;
    checked.take.extend(take);
    Ok(checked)
}
