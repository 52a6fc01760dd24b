//! Who changes roles, with what they may do at this moment: a token may be minutes old.

use auth_domain::{Account, Authority, RoleRefusal};
use auth_storage::roles::{RoleWrite, WriteError};
use axum::extract::{FromRef, FromRequestParts};
use http::StatusCode;
use http::request::Parts;
use mcsp_access::Permission;
use mcsp_bridge_api::postgres::TransactError;
use mcsp_function::{Caller, Context, FromPlatform};
use mcsp_problem::Problem;
use mcsp_reference::{Describe, Operation};

/// Who asks: an account by its token, or the platform by its own.
pub(crate) enum Asker {
    Platform,
    Account(Box<Caller>),
}

/// Who acts.
pub(crate) enum Actor {
    Platform,
    Account(Box<Account>),
}

impl<S> FromRequestParts<S> for Asker
where
    Context: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match FromPlatform::from_request_parts(parts, state).await {
            Ok(_) => Ok(Asker::Platform),
            Err(_) => {
                Caller::from_request_parts(parts, state).await.map(|caller| Asker::Account(Box::new(caller)))
            }
        }
    }
}

impl Describe for Asker {
    fn describe(operation: &mut Operation) {
        Caller::describe(operation);
        operation.take_platform_token();
    }
}

impl Asker {
    /// Who acts, if they have the permission by their token and by what is stored.
    pub(crate) async fn acts(self, context: &Context, permission: Permission) -> Result<Actor, Problem> {
        match self {
            Asker::Platform => Ok(Actor::Platform),
            Asker::Account(caller) => {
                acting(context, &caller, permission).await.map(|account| Actor::Account(Box::new(account)))
            }
        }
    }
}

/// The account of the caller, if it has the permission by its token and by what is stored.
pub(crate) async fn acting(
    context: &Context,
    caller: &Caller,
    permission: Permission,
) -> Result<Account, Problem> {
    caller.require(permission)?;
    let account = auth_storage::account(context.bridge(), caller.user()).await?;
    account
        .filter(|account| account.may_sign_in().is_ok() && account.permissions().contains(&permission))
        // Not any more, whatever the token says.
        .ok_or_else(|| caller.forbidden(permission))
}

impl Actor {
    pub(crate) fn authority(&self) -> Authority {
        match self {
            Actor::Platform => Authority::Platform,
            Actor::Account(account) => {
                Authority::Account { id: account.id, permissions: account.permissions() }
            }
        }
    }

    /// A write that holds only while the actor is what it is.
    pub(crate) fn write(&self) -> RoleWrite {
        match self {
            Actor::Platform => RoleWrite::default(),
            Actor::Account(account) => RoleWrite::default().while_unchanged(account),
        }
    }
}

pub(crate) fn refused(refusal: RoleRefusal) -> Problem {
    let (status, code) = match refusal {
        RoleRefusal::OwnRoles => (StatusCode::FORBIDDEN, "own_roles"),
        RoleRefusal::RoleNotBelow => (StatusCode::FORBIDDEN, "role_not_below_own"),
        RoleRefusal::AccountNotBelow => (StatusCode::FORBIDDEN, "account_not_below_own"),
        RoleRefusal::LastRole => (StatusCode::CONFLICT, "last_role"),
        RoleRefusal::TooMany => (StatusCode::CONFLICT, "too_many_roles"),
    };
    Problem::new(status, code, "these roles may not be changed so").with_detail(refusal)
}

pub(crate) fn unwritten(error: WriteError) -> Problem {
    match error {
        WriteError::Outdated => TransactError::Conflict.into(),
        WriteError::NameTaken => {
            Problem::new(StatusCode::CONFLICT, "role_exists", "there is a role of that name")
        }
        WriteError::InUse => Problem::new(StatusCode::CONFLICT, "role_in_use", "accounts have the role"),
        WriteError::Failed(error) => error.into(),
    }
}
