//! `/oauth/userinfo`: who it is that a client acts for (OpenID Connect Core section 5.3).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use mcsp_access::FIRST_PARTY;
use mcsp_function::{Caller, Context};
use mcsp_ids::UserId;
use mcsp_problem::{Json, Problem};
use serde::Serialize;

/// What the scope lets the client know.
#[derive(Serialize)]
struct UserInfo<'a> {
    sub: UserId,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified: Option<bool>,
}

pub(crate) async fn show(State(context): State<Context>, caller: Caller) -> Result<Response, Problem> {
    let has = |scope| caller.claims.client_id == FIRST_PARTY || caller.claims.has_scope(scope);
    if !has("openid") {
        let challenge = "Bearer realm=\"mcsp\", error=\"insufficient_scope\", scope=\"openid\"";
        let problem =
            Problem::new(StatusCode::FORBIDDEN, "insufficient_scope", "the token has not the scope openid");
        return Err(problem.with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge)));
    }
    let account = auth_storage::account(context.bridge(), caller.user()).await?;
    // A token may outlive its account by minutes.
    let account = account.ok_or_else(Problem::not_found)?;
    let told = UserInfo {
        sub: account.id,
        email: has("email").then(|| account.email.as_str()),
        email_verified: has("email").then_some(account.email_verified),
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(told)).into_response())
}
