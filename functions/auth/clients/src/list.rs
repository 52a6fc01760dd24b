//! `GET /v1/clients`: the newest first.

use crate::view::ClientView;
use auth_domain::Client;
use auth_storage::clients;
use axum::extract::State;
use mcsp_access::Permission;
use mcsp_function::{Caller, Context};
use mcsp_ids::ClientId;
use mcsp_paging::{Cursor, Limit, Page};
use mcsp_problem::{Json, Problem, Query};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListRequest {
    #[serde(default)]
    limit: Limit,
    cursor: Option<Cursor<ClientId>>,
}

pub(crate) async fn list(
    State(context): State<Context>,
    caller: Caller,
    Query(ListRequest { limit, cursor }): Query<ListRequest>,
) -> Result<Json<Page<ClientView>>, Problem> {
    caller.require(Permission::ClientManage)?;
    let before = cursor.map(|Cursor(id)| id);
    let clients = clients::list(context.bridge(), before, limit).await?;
    let page = Page::new(clients, limit, |last: &Client| last.id);
    Ok(Json(page.map(|client| ClientView::from(&client))))
}
