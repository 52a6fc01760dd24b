//! A role by its name in the path.

use auth_domain::{AnyRole, RoleName};
use auth_storage::roles;
use mcsp_access::Role;
use mcsp_function::Context;
use mcsp_problem::Problem;
use schemars::JsonSchema;
use serde::Deserialize;

/// A role's name.
#[derive(Deserialize, JsonSchema)]
#[schemars(example = &"support")]
pub(crate) struct Name(pub(crate) String);

/// The role of that name; 404 where there is none.
pub(crate) async fn any(context: &Context, name: &str) -> Result<AnyRole, Problem> {
    if let Some(role) = Role::from_name(name) {
        return Ok(AnyRole::BuiltIn(role));
    }
    let name = RoleName::parse(name).ok_or_else(Problem::not_found)?;
    let role = roles::find(context.bridge(), &name).await?.ok_or_else(Problem::not_found)?;
    Ok(AnyRole::Custom(role))
}
