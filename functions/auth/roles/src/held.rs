//! `GET /v1/accounts/{id}/roles`: which roles an account has. Everybody sees their own.

use crate::authority::Asker;
use crate::view::HeldView;
use auth_domain::Account;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use mcsp_access::Permission;
use mcsp_etag::ETag;
use mcsp_function::Context;
use mcsp_ids::UserId;
use mcsp_problem::{Json, Path, Problem};
use mcsp_reference::{Answer, Operation};

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/accounts/{id}/roles", held)
        .named("getHeldRoles", "Show which roles an account has")
        .described("One's own roles with `account.manage`, those of others with `role.view`.")
        .requires_one_of([Permission::AccountManage, Permission::RoleView].map(Some))
        .answers(answered("The account's roles."))
        .refuses([Problem::not_found()])
}

/// What [`shown`] is in the API reference.
pub(crate) fn answered(description: &'static str) -> Answer {
    Answer::json::<HeldView>(StatusCode::OK, description).with(header::ETAG).with(header::CACHE_CONTROL)
}

pub(crate) async fn held(
    State(context): State<Context>,
    asker: Asker,
    Path(id): Path<UserId>,
) -> Result<Response, Problem> {
    if let Asker::Account(caller) = &asker {
        let needed = if caller.user() == id { Permission::AccountManage } else { Permission::RoleView };
        caller.require(needed)?;
    }
    let account = auth_storage::account(context.bridge(), id).await?.ok_or_else(Problem::not_found)?;
    Ok(shown(&account))
}

/// 200 with the roles of an account, and its version.
pub(crate) fn shown(account: &Account) -> Response {
    let headers =
        [(header::ETAG, ETag(account.version).to_string()), (header::CACHE_CONTROL, "no-store".to_owned())];
    (headers, Json(HeldView::from(account))).into_response()
}
