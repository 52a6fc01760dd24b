//! `GET /v1/signing-keys`: which key signs access tokens, which will, and which one's tokens may still be valid.

use crate::key_view::KeysView;
use auth_storage::signing_keys;
use axum::extract::State;
use mcsp_access::Permission;
use mcsp_function::{Caller, Context};
use mcsp_problem::{Json, Problem};

pub(crate) async fn list_keys(
    State(context): State<Context>,
    caller: Caller,
) -> Result<Json<KeysView>, Problem> {
    caller.require(Permission::SigningKeyManage)?;
    let keys = signing_keys::list(context.bridge()).await?;
    Ok(Json(KeysView::new(&keys, context.now())))
}
