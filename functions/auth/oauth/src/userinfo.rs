//! `/oauth/userinfo`: who it is that a client acts for (OpenID Connect Core section 5.3).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use mcsp_access::FIRST_PARTY;
use mcsp_function::{Caller, Context, Scheme};
use mcsp_ids::UserId;
use mcsp_problem::{Json, Problem};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::Serialize;

/// What the scope lets the client know.
#[derive(Serialize, JsonSchema)]
struct UserInfo<'a> {
    sub: UserId,
    /// The account's address, with the scope `email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"ada@example.com")]
    email: Option<&'a str>,
    /// Whether the owner has proved that the address is theirs, with the scope `email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified: Option<bool>,
}

pub(crate) fn reference() -> [Operation; 2] {
    let both = [
        Operation::get("/oauth/userinfo", show).named("getUserInfo", "Get who it is that one acts for"),
        Operation::post("/oauth/userinfo", show).named("postUserInfo", "Get who it is, by POST"),
    ];
    both.map(|operation| {
        operation
            .described("The claims that the token's scope lets its client know. It needs the scope `openid`.")
            .answers(Answer::json::<UserInfo<'_>>(StatusCode::OK, "The person.").with(header::CACHE_CONTROL))
            // A token may outlive its account by minutes.
            .refuses([no_openid(Scheme::Bearer), Problem::not_found()])
    })
}

pub(crate) async fn show(State(context): State<Context>, caller: Caller) -> Result<Response, Problem> {
    let has = |scope| caller.claims.client_id == FIRST_PARTY || caller.claims.has_scope(scope);
    if !has("openid") {
        return Err(no_openid(caller.scheme()));
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

fn no_openid(scheme: Scheme) -> Problem {
    let problem =
        Problem::new(StatusCode::FORBIDDEN, "insufficient_scope", "the token has not the scope openid");
    scheme.challenged(problem, "error=\"insufficient_scope\", scope=\"openid\"")
}
