//! `GET /v1/accounts/me`: one's own account.

use auth_domain::{Account, Email};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use jiff::Timestamp;
use mcsp_access::{Permission, Role};
use mcsp_etag::ETag;
use mcsp_function::{Caller, Context};
use mcsp_ids::UserId;
use mcsp_problem::{Json, Problem};
use serde::Serialize;

/// The account, as its owner sees it.
#[derive(Serialize)]
struct AccountView<'a> {
    id: UserId,
    email: &'a str,
    email_verified: bool,
    /// The address that it is to have, once that is proved.
    new_email: Option<&'a str>,
    roles: &'a [Role],
    region: &'a str,
    state: &'static str,
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
            state: account.state.as_str(),
            created_at: account.created_at,
        }
    }
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
