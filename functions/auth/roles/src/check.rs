//! `POST /v1/permissions/check`: what an account may do at this moment, by what is stored and not by a token. About
//! oneself everybody may ask; about others whoever has `permission.check`, also a client that acts in its own name.

use axum::extract::State;
use http::StatusCode;
use mcsp_access::Permission;
use mcsp_function::{Context, Principal};
use mcsp_ids::UserId;
use mcsp_problem::{Invalid, Json, Problem, Reason};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Permissions that one request may ask about.
const PERMISSIONS_MAX: usize = 50;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CheckPermissionsRequest")]
pub(crate) struct CheckRequest {
    /// Whose permissions; by default one's own. A client that acts in its own name has to say whose.
    user_id: Option<UserId>,
    /// 1 to 50 names of permissions.
    #[schemars(example = ["content.publish"])]
    permissions: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CheckedPermissions")]
pub(crate) struct CheckAnswer {
    user_id: UserId,
    /// In the order of the request.
    results: Vec<Checked>,
}

/// Whether an account may do something.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CheckedPermission")]
struct Checked {
    /// As it was asked for.
    #[schemars(example = &"content.publish")]
    permission: String,
    /// False, too, for a permission that there is not, and for an account that is not active.
    allowed: bool,
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/permissions/check", check)
        .named("checkPermissions", "Ask what an account may do")
        .described(
            "What an account may do at this moment, by what is stored and not by a token. Everybody may ask about \
            themselves, about others who has `permission.check`. A client may ask in its own name (client credentials), \
            with `user_id`. It changes nothing, and takes no `Idempotency-Key`.",
        )
        .requires_one_of([None, Some(Permission::PermissionCheck)])
        .answers(Answer::json::<CheckAnswer>(StatusCode::OK, "What the account may do."))
        .refuses([Problem::not_found(), Invalid::default().into_problem()])
}

pub(crate) async fn check(
    State(context): State<Context>,
    principal: Principal,
    Json(request): Json<CheckRequest>,
) -> Result<Json<CheckAnswer>, Problem> {
    let asked = request.user_id.or(principal.user());
    if principal.user().is_none() || asked != principal.user() {
        principal.require(Permission::PermissionCheck)?;
    }
    let user_id = asked.ok_or_else(user_id_needed)?;
    if !(1..=PERMISSIONS_MAX).contains(&request.permissions.len()) {
        let reason = Reason::new("out_of_range", format!("must hold 1 to {PERMISSIONS_MAX} items"));
        return Err(Invalid::problem_at("/permissions", reason));
    }
    let account = auth_storage::account(context.bridge(), user_id).await?.ok_or_else(Problem::not_found)?;
    let permitted = account.permissions();
    // Neither a suspended nor a closed account may do anything, nor may anybody what no route knows.
    let is_active = account.may_sign_in().is_ok();
    let allows = |name: &str| {
        is_active && Permission::from_name(name).is_some_and(|permission| permitted.contains(&permission))
    };
    let checked = |permission: String| Checked { allowed: allows(&permission), permission };
    Ok(Json(CheckAnswer { user_id, results: request.permissions.into_iter().map(checked).collect() }))
}

/// A client that acts in its own name has no account that could be meant.
fn user_id_needed() -> Problem {
    Invalid::problem_at("/user_id", Reason::new("missing_field", "is required"))
}
