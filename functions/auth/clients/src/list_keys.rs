//! `GET /v1/signing-keys`: which key signs access tokens, which will, and which one's tokens may still be valid.

use crate::key_view::{self, KeyView};
use auth_storage::signing_keys;
use axum::extract::State;
use http::StatusCode;
use mcsp_access::Permission;
use mcsp_function::{Caller, Context};
use mcsp_paging::Page;
use mcsp_problem::{Json, Problem};
use mcsp_reference::{Answer, Operation};

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/signing-keys", list_keys)
        .named("listSigningKeys", "List the signing keys")
        .described("Which key signs access tokens, which will, and which one's tokens may still be valid; the newest first.")
        .requires(Permission::SigningKeyManage)
        .answers(Answer::json::<Page<KeyView>>(StatusCode::OK, "All keys: there are few."))
}

pub(crate) async fn list_keys(
    State(context): State<Context>,
    caller: Caller,
) -> Result<Json<Page<KeyView>>, Problem> {
    caller.require(Permission::SigningKeyManage)?;
    let keys = signing_keys::list(context.bridge()).await?;
    Ok(Json(key_view::page(&keys, context.now())))
}
