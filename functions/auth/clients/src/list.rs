//! `GET /v1/clients`: the newest first.

use crate::view::ClientView;
use auth_domain::Client;
use auth_storage::clients;
use axum::extract::State;
use http::StatusCode;
use mcsp_access::Permission;
use mcsp_function::{Caller, Context};
use mcsp_ids::ClientId;
use mcsp_paging::{Cursor, Limit, Packed, Page};
use mcsp_problem::{Json, Problem, Query};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListRequest {
    #[serde(default)]
    limit: Limit,
    cursor: Option<Cursor<ClientId>>,
}

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/clients", list)
        .named("listClients", "List the applications")
        .described("All registered applications, the newest first.")
        .requires(Permission::ClientManage)
        .answers(Answer::json::<Page<ClientView>>(StatusCode::OK, "A page of applications."))
}

pub(crate) async fn list(
    State(context): State<Context>,
    caller: Caller,
    Query(ListRequest { limit, cursor }): Query<ListRequest>,
) -> Result<Json<Page<Packed<ClientView>>>, Problem> {
    caller.require(Permission::ClientManage)?;
    let before = cursor.map(|Cursor(id)| id);
    let clients = clients::list(context.bridge(), before, limit).await?;
    let show = |client: Client| ClientView::from(&client);
    Ok(Json(Page::new(clients, limit, |client: &Client| client.id, show)))
}
