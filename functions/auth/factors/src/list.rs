//! `GET /v1/factors`: one's authenticators, the oldest first. There are so few that they are one page.

use auth_storage::StoredFactor;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use jiff::Timestamp;
use mcsp_access::Permission;
use mcsp_function::{Caller, Context};
use mcsp_ids::FactorId;
use mcsp_problem::{Json, Problem};
use serde::Serialize;

/// An authenticator, as its owner sees it.
#[derive(Serialize)]
pub(crate) struct FactorView {
    id: FactorId,
    kind: &'static str,
    name: String,
    /// Whether a code of it was shown: before that it protects nothing.
    confirmed: bool,
    created_at: Timestamp,
    last_used_at: Option<Timestamp>,
}

#[derive(Serialize)]
struct Factors {
    items: Vec<FactorView>,
    next_cursor: Option<String>,
}

impl From<StoredFactor> for FactorView {
    fn from(factor: StoredFactor) -> Self {
        FactorView {
            id: factor.id,
            kind: "totp",
            name: factor.name,
            confirmed: factor.confirmed_at.is_some(),
            created_at: factor.created_at,
            last_used_at: factor.last_used_at,
        }
    }
}

pub(crate) async fn list(State(context): State<Context>, caller: Caller) -> Result<Response, Problem> {
    caller.require(Permission::AccountManage)?;
    let factors = auth_storage::factors(context.bridge(), caller.user()).await?;
    let items = factors.into_iter().map(FactorView::from).collect();
    let page = Factors { items, next_cursor: None };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(page)).into_response())
}
