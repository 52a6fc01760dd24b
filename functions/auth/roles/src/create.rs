//! `POST /v1/roles`: makes a role that permits less than one's own.

use crate::authority::{Actor, acting, refused, unwritten};
use crate::view::RoleView;
use auth_domain::{CustomRole, RoleDescription, RoleName, RoleRefusal};
use auth_storage::roles::WriteError;
use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, header};
use mcsp_access::Permission;
use mcsp_etag::ETag;
use mcsp_function::{Caller, Context};
use mcsp_idempotency::{Answer, IdempotencyKey, once};
use mcsp_problem::{Invalid, Json, Problem, Reason};
use mcsp_reference::{Answer as Answered, Operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CreateRoleRequest")]
pub(crate) struct CreateRequest {
    /// 2 to 32 lower-case letters, digits and underscores, beginning with a letter; not a built-in role's.
    #[schemars(example = &"support")]
    name: String,
    /// What it is for: up to 200 printable characters.
    #[serde(default)]
    #[schemars(example = &"Answers viewers' questions.")]
    description: String,
    /// What it is to permit.
    #[schemars(example = ["permission.check"])]
    permissions: Vec<String>,
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/roles", create)
        .named("createRole", "Make a role")
        .described("Makes a role that permits less than one's own.")
        .requires(Permission::RoleManage)
        .answers(
            Answered::json::<RoleView>(StatusCode::CREATED, "The role.")
                .with(header::ETAG)
                .with(header::LOCATION),
        )
        .refuses([Invalid::default().into_problem(), refused(RoleRefusal::RoleNotBelow)])
        .refuses([unwritten(WriteError::NameTaken)])
}

pub(crate) async fn create(
    State(context): State<Context>,
    caller: Caller,
    IdempotencyKey(key): IdempotencyKey,
    Json(request): Json<CreateRequest>,
) -> Result<Response, Problem> {
    let account = acting(&context, &caller, Permission::RoleManage).await?;
    let actor = Actor::Account(Box::new(account));
    let (name, description, permissions) = parse(&request)?;
    actor.authority().over_role(&permissions).map_err(refused)?;
    let scope = format!("{} roles.create", caller.user());
    once(&context, &scope, key, &request, async |claim| {
        let now = context.now();
        let role =
            CustomRole { name, description, permissions, version: 1, created_at: now, updated_at: now };
        let answer = Answer::json(StatusCode::CREATED, &RoleView::from(&role))
            .with_header(header::ETAG, ETag(role.version))
            .with_header(header::LOCATION, format_args!("/v1/roles/{}", role.name));
        let write = actor.write().insert(&role);
        write.commit(context.bridge(), claim.record(&answer)).await.map_err(unwritten)?;
        Ok(answer)
    })
    .await
}

type Parsed = (RoleName, RoleDescription, BTreeSet<Permission>);

fn parse(request: &CreateRequest) -> Result<Parsed, Problem> {
    let mut invalid = Invalid::default();
    let name = RoleName::parse(&request.name).ok_or_else(|| {
        let expected = "must be 2 to 32 lower-case letters, digits and underscores, begin with a letter, and not \
                        be a built-in role's";
        Reason::new("invalid_name", expected)
    });
    let name = invalid.check("/name", name);
    let description = invalid.check("/description", description(&request.description));
    match (name, description, permissions(&request.permissions, &mut invalid)) {
        (Some(name), Some(description), Some(permissions)) => Ok((name, description, permissions)),
        _ => Err(invalid.into_problem()),
    }
}

pub(crate) fn description(text: &str) -> Result<RoleDescription, Reason> {
    RoleDescription::parse(text)
        .ok_or_else(|| Reason::new("invalid_description", "must be at most 200 characters, and printable"))
}

pub(crate) fn permissions(names: &[String], invalid: &mut Invalid) -> Option<BTreeSet<Permission>> {
    if names.len() > Permission::ALL.len() {
        let too_many = Reason::new("too_many", format!("must hold at most {} items", Permission::ALL.len()));
        return invalid.check("/permissions", Err(too_many));
    }
    let parse = |(n, name): (usize, &String)| {
        let known = Permission::from_name(name)
            .ok_or_else(|| Reason::new("unknown_permission", "is not a permission of this platform"));
        invalid.check(&format!("/permissions/{n}"), known)
    };
    names.iter().enumerate().map(parse).collect()
}
