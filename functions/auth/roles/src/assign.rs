//! `PUT` and `DELETE /v1/accounts/{id}/roles/{name}`: gives a role to an account, and takes it away. Access tokens
//! that the account has go on saying what they say until they expire.
//!
//! An administrator can't make another one: that is for whoever runs the platform, who shows the platform's token
//! (`mcsp accounts grant`).

use crate::authority::{Asker, refused, unwritten};
use crate::held::{answered, shown};
use crate::named::{self, Name};
use auth_domain::{Account, AnyRole, Authority, RoleOutcome, RoleRefusal};
use auth_events::account_changed;
use auth_storage::roles::WriteError;
use axum::extract::State;
use axum::response::Response;
use mcsp_access::Permission;
use mcsp_etag::IfMatch;
use mcsp_function::{Context, TraceParent};
use mcsp_ids::UserId;
use mcsp_problem::{Path, Problem};
use mcsp_reference::Operation;

/// How often a change may lose against others before the caller is told.
const RACES_MAX: usize = 5;

/// A way to change an account's roles, and what it is called in the event.
struct Change {
    decide: fn(Account, &AnyRole, &Authority) -> Result<RoleOutcome, RoleRefusal>,
    happened: &'static str,
}

const GRANT: Change = Change { decide: Account::grant, happened: "account.role_granted" };
const REVOKE: Change = Change { decide: Account::revoke, happened: "account.role_revoked" };

pub(crate) fn grant_reference() -> Operation {
    changing(Operation::put("/v1/accounts/{id}/roles/{name}", grant))
        .named("grantRole", "Give a role to an account")
        .described(
            "Gives a role that permits less than one's own, to another account that may do less than oneself. Giving it \
            again changes nothing. The account's access tokens say it from the next one on.",
        )
        .refuses([RoleRefusal::TooMany].map(refused))
}

pub(crate) fn revoke_reference() -> Operation {
    changing(Operation::delete("/v1/accounts/{id}/roles/{name}", revoke))
        .named("revokeRole", "Take a role from an account")
        .described(
            "Takes a role that permits less than one's own, from another account that may do less than oneself. Taking it \
            again changes nothing. Access tokens that the account has say what they say until they expire.",
        )
        .refuses([RoleRefusal::LastRole].map(refused))
}

fn changing(operation: Operation) -> Operation {
    let refusals = [RoleRefusal::OwnRoles, RoleRefusal::RoleNotBelow, RoleRefusal::AccountNotBelow];
    operation
        .requires(Permission::RoleGrant)
        .answers(answered("The account's roles as they are now."))
        .refuses(refusals.map(refused))
        .refuses([Problem::not_found(), unwritten(WriteError::Outdated)])
}

pub(crate) async fn grant(
    State(context): State<Context>,
    trace: TraceParent,
    (asker, if_match): (Asker, IfMatch),
    Path((id, Name(name))): Path<(UserId, Name)>,
) -> Result<Response, Problem> {
    change(&context, &trace, (asker, &if_match), (id, &name), GRANT).await
}

pub(crate) async fn revoke(
    State(context): State<Context>,
    trace: TraceParent,
    (asker, if_match): (Asker, IfMatch),
    Path((id, Name(name))): Path<(UserId, Name)>,
) -> Result<Response, Problem> {
    change(&context, &trace, (asker, &if_match), (id, &name), REVOKE).await
}

async fn change(
    context: &Context,
    trace: &TraceParent,
    (asker, if_match): (Asker, &IfMatch),
    (id, name): (UserId, &str),
    change: Change,
) -> Result<Response, Problem> {
    let actor = asker.acts(context, Permission::RoleGrant).await?;
    let authority = actor.authority();
    for _ in 0..RACES_MAX {
        let account = auth_storage::account(context.bridge(), id).await?.ok_or_else(Problem::not_found)?;
        // Also after a race that was lost: who names a version means that one.
        if_match.check(account.version)?;
        let role = named::any(context, name).await?;
        match (change.decide)(account, &role, &authority).map_err(refused)? {
            RoleOutcome::Unchanged(account) => return Ok(shown(&account)),
            RoleOutcome::Changed(account) => {
                let event = account_changed(context, trace, &account, change.happened);
                let write = actor.write().assign(&account, context.now(), event);
                let write = match &role {
                    AnyRole::BuiltIn(_) => write,
                    AnyRole::Custom(role) => write.while_defined(role),
                };
                match write.commit(context.bridge(), None).await {
                    Ok(()) => return Ok(shown(&account)),
                    Err(WriteError::Outdated) => {}
                    Err(error) => return Err(unwritten(error)),
                }
            }
        }
    }
    Err(unwritten(WriteError::Outdated))
}
