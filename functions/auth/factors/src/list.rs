//! `GET /v1/factors`: one's authenticators and passkeys, the oldest first. There are so few that they are one page.

use auth_storage::StoredFactor;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use jiff::Timestamp;
use mcsp_access::Permission;
use mcsp_function::{Caller, Context};
use mcsp_ids::FactorId;
use mcsp_paging::Page;
use mcsp_problem::{Json, Problem};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::Serialize;

/// An authenticator or a passkey, as its owner sees it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Factor")]
pub(crate) struct FactorView {
    id: FactorId,
    /// Time-based codes (RFC 6238), or a passkey (WebAuthn).
    #[schemars(extend("enum" = ["totp", "passkey"]))]
    kind: &'static str,
    /// What its owner calls it.
    #[schemars(example = &"My phone")]
    name: String,
    /// Whether it was shown: before that it protects nothing.
    confirmed: bool,
    /// When it was enrolled.
    created_at: Timestamp,
    /// When it was last taken.
    last_used_at: Option<Timestamp>,
}

impl From<StoredFactor> for FactorView {
    fn from(factor: StoredFactor) -> Self {
        FactorView {
            id: factor.id,
            kind: factor.kind.as_str(),
            name: factor.name,
            confirmed: factor.confirmed_at.is_some(),
            created_at: factor.created_at,
            last_used_at: factor.last_used_at,
        }
    }
}

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/factors", list)
        .named("listFactors", "List one's own authenticators and passkeys")
        .described("All of one's authenticators and passkeys, the oldest first. There are so few that they are one page.")
        .requires(Permission::AccountManage)
        .answers(
            Answer::json::<Page<FactorView>>(StatusCode::OK, "The factors.")
                .with(header::CACHE_CONTROL),
        )
}

pub(crate) async fn list(State(context): State<Context>, caller: Caller) -> Result<Response, Problem> {
    caller.require(Permission::AccountManage)?;
    let factors = auth_storage::factors(context.bridge(), caller.user()).await?;
    let items: Vec<_> = factors.into_iter().map(FactorView::from).collect();
    let page = Page { items, next_cursor: None };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(page)).into_response())
}
