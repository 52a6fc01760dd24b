//! `GET /v1/sessions`: where one is signed in, the newest first.

use auth_domain::Session;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use jiff::Timestamp;
use mcsp_access::Permission;
use mcsp_function::{Caller, Context};
use mcsp_ids::AuthSessionId;
use mcsp_paging::{Cursor, Limit, Page};
use mcsp_problem::{Json, Problem, Query};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListRequest {
    #[serde(default)]
    limit: Limit,
    cursor: Option<Cursor<AuthSessionId>>,
}

/// A session, as its owner sees it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Session")]
struct SessionView {
    id: AuthSessionId,
    /// Whether this very request was made in it.
    current: bool,
    /// What the device called itself when it signed in.
    #[schemars(example = &"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")]
    user_agent: Option<String>,
    /// Where it signed in from.
    #[schemars(example = &"192.0.2.7")]
    address: Option<IpAddr>,
    /// When it signed in.
    created_at: Timestamp,
    /// When it was last given an access token.
    last_seen_at: Timestamp,
    /// When it ends by itself.
    expires_at: Timestamp,
}

impl SessionView {
    fn new(session: Session, current: Option<AuthSessionId>) -> Self {
        SessionView {
            id: session.id,
            current: Some(session.id) == current,
            user_agent: session.device.user_agent,
            address: session.device.address,
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
            expires_at: session.expires_at,
        }
    }
}

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/sessions", list)
        .named("listSessions", "List where one is signed in")
        .described("One's own sessions that have not ended, the newest first.")
        .requires(Permission::AccountManage)
        .answers(
            Answer::json::<Page<SessionView>>(StatusCode::OK, "A page of sessions.")
                .with(header::CACHE_CONTROL),
        )
}

pub(crate) async fn list(
    State(context): State<Context>,
    caller: Caller,
    Query(request): Query<ListRequest>,
) -> Result<Response, Problem> {
    caller.require(Permission::AccountManage)?;
    let ListRequest { limit, cursor } = request;
    let before = cursor.map(|Cursor(id)| id);
    let sessions =
        auth_storage::live_sessions(context.bridge(), caller.user(), context.now(), before, limit).await?;
    let current = caller.claims.sid;
    let show = |session: Session| SessionView::new(session, current);
    let page = Page::new(sessions, limit, |session: &Session| session.id, show);
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(page)).into_response())
}
