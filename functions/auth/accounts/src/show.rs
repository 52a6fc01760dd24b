//! `GET /v1/accounts/me`: one's own account.

use auth_domain::{Account, BirthDate, Email};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use jiff::Timestamp;
use mcsp_access::{Permission, Role};
use mcsp_etag::ETag;
use mcsp_function::{Caller, Context};
use mcsp_ids::UserId;
use mcsp_problem::{Json, Problem};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::Serialize;

/// The states of an account, as [`auth_domain::State`] names them.
pub(crate) const STATES: [&str; 3] = ["active", "suspended", "closed"];

/// The account, as its owner sees it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Account")]
struct AccountView<'a> {
    id: UserId,
    /// What the owner signs in with, in lower case.
    #[schemars(example = &"ada@example.com")]
    email: &'a str,
    /// Whether the owner has proved that the address is theirs.
    email_verified: bool,
    /// The address that it is to have, once that is proved; null where it is to keep its own.
    #[schemars(example = &"ada@example.org")]
    new_email: Option<&'a str>,
    /// What the account may do.
    roles: &'a [Role],
    /// Where the account's data lives.
    #[schemars(example = &"eu")]
    region: &'a str,
    /// When its owner was born; null where they have not said so.
    #[schemars(extend("format" = "date"), example = &"2001-12-31")]
    birth_date: Option<String>,
    /// Whether the account may be used.
    #[schemars(extend("enum" = STATES))]
    state: &'static str,
    /// When it was registered.
    created_at: Timestamp,
}

impl<'a> From<&'a Account> for AccountView<'a> {
    fn from(account: &'a Account) -> Self {
        AccountView {
            id: account.id,
            email: account.email.as_str(),
            email_verified: account.email_verified,
            new_email: account.new_email.as_ref().map(Email::as_str),
            roles: &account.roles,
            region: &account.region,
            birth_date: account.birth_date.as_ref().map(BirthDate::to_string),
            state: account.state.as_str(),
            created_at: account.created_at,
        }
    }
}

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/accounts/me", show)
        .named("getOwnAccount", "Show one's own account")
        .described(
            "The account that the access token was issued for. Its `ETag` changes with each change of it.",
        )
        .requires(Permission::AccountManage)
        .answers(answered("The account."))
        // A token may outlive its account by minutes.
        .refuses([Problem::not_found()])
}

/// What [`shown`] is in the API reference.
pub(crate) fn answered(description: &'static str) -> Answer {
    Answer::json::<AccountView<'_>>(StatusCode::OK, description)
        .with(header::ETAG)
        .with(header::CACHE_CONTROL)
}

pub(crate) async fn show(State(context): State<Context>, caller: Caller) -> Result<Response, Problem> {
    caller.require(Permission::AccountManage)?;
    let account = auth_storage::account(context.bridge(), caller.user()).await?;
    // A token may outlive its account by minutes.
    let account = account.ok_or_else(Problem::not_found)?;
    Ok(shown(&account))
}

/// 200 with the account and its version.
pub(crate) fn shown(account: &Account) -> Response {
    let headers =
        [(header::ETAG, ETag(account.version).to_string()), (header::CACHE_CONTROL, "no-store".to_owned())];
    (headers, Json(AccountView::from(account))).into_response()
}
