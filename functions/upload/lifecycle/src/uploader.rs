//! Who sends the bytes of an upload: its owner, or whoever has its token.
//!
//! This is the one place where such tokens are taken. All other routes know access tokens alone, of which these are none.

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use mcsp_access::Permission;
use mcsp_function::{Caller, Context, Scheme};
use mcsp_ids::{UploadId, UserId};
use mcsp_problem::Problem;
use mcsp_reference::{Describe, Operation};
use upload_domain::UploadToken;
use upload_storage::owner_by_token;

/// Who may send an upload. Refuses as [`Caller`] does who shows neither an upload's token nor a valid access token.
pub enum Uploader {
    /// An account, which may send uploads of its own.
    Account(Caller),
    /// Whoever has the token of an upload, which may send this one.
    Holder(UploadToken),
}

impl Uploader {
    /// The account in whose name they may send this upload: 403 `insufficient_permission` for one that may upload nothing, and
    /// 401 `invalid_upload_token` for a token that is not this upload's, or not any more.
    pub async fn owner_of(&self, context: &Context, id: UploadId) -> Result<UserId, Problem> {
        match self {
            Uploader::Account(caller) => {
                caller.require(Permission::MediaUpload)?;
                Ok(caller.user())
            }
            Uploader::Holder(token) => {
                owner_by_token(context, id, token.digest()).await?.ok_or_else(invalid_token)
            }
        }
    }
}

impl FromRequestParts<Context> for Uploader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, context: &Context) -> Result<Self, Problem> {
        match shown_token(&parts.headers) {
            Some(token) => Ok(Uploader::Holder(token)),
            None => Caller::from_request_parts(parts, context).await.map(Uploader::Account),
        }
    }
}

impl Describe for Uploader {
    fn describe(operation: &mut Operation) {
        Caller::describe(operation);
        operation.take_upload_token();
        operation.refuse(invalid_token());
    }
}

fn shown_token(headers: &HeaderMap) -> Option<UploadToken> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") { UploadToken::parse(token.trim()) } else { None }
}

fn invalid_token() -> Problem {
    let problem = Problem::new(
        StatusCode::UNAUTHORIZED,
        "invalid_upload_token",
        "the token is of another upload, has expired, or was replaced",
    );
    Scheme::Bearer.challenged(problem, "error=\"invalid_token\"")
}
