//! What a failure of Postgres means for the caller.

use mcsp_bridge_api::Failure;
use mcsp_bridge_api::postgres::{TransactError, Violation};
use sqlx::postgres::PgDatabaseError;

/// Why a configuration is of no use.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Its text may hold a password and is not repeated.
    #[error("the Postgres URL is malformed")]
    Url,
    /// Names of schemas and roles are lower-case letters, digits and `_`.
    #[error("`{name}` is no name for a schema or role: use lower-case letters, digits and `_`")]
    Name {
        /// The name.
        name: String,
    },
}

/// What the bridge itself refuses. The codes stand beside SQLSTATEs in `refused`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    NotAStatement,
    NotARead,
    TooManyStatements,
    TooManyEvents,
    EventTooLarge,
    AnswerTooLarge,
    UnsupportedType,
    MalformedParameter,
}

impl Refusal {
    fn code(self) -> &'static str {
        match self {
            Refusal::NotAStatement => "not-a-statement",
            Refusal::NotARead => "not-a-read",
            Refusal::TooManyStatements => "too-many-statements",
            Refusal::TooManyEvents => "too-many-events",
            Refusal::EventTooLarge => "event-too-large",
            Refusal::AnswerTooLarge => "answer-too-large",
            Refusal::UnsupportedType => "unsupported-type",
            Refusal::MalformedParameter => "malformed-parameter",
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Failure::Refused(refusal.code().to_owned())
    }
}

/// No connection came about. Whatever the reason, the component can do nothing about it.
pub(crate) fn failure_of_connect(error: &sqlx::Error) -> Failure {
    if let Some(error) = database_error(error) {
        tracing::error!(sqlstate = error.code(), "Postgres refused a connection");
    }
    Failure::Unreachable
}

/// A statement failed.
pub(crate) fn failure_of(error: &sqlx::Error) -> Failure {
    match database_error(error) {
        Some(error) => failure_of_sqlstate(error.code()),
        None => match error {
            sqlx::Error::Encode(_) => Refusal::MalformedParameter.into(),
            _ => Failure::Unreachable,
        },
    }
}

/// A statement of a transaction, or its commit, failed.
pub(crate) fn transact_error_of(error: &sqlx::Error, statement: u32) -> TransactError {
    let Some(error) = database_error(error) else {
        return TransactError::Failed(failure_of(error));
    };
    match (error.code(), error.constraint()) {
        ("40001" | "40P01", _) => TransactError::Conflict,
        (code, Some(constraint)) if code.starts_with("23") => {
            TransactError::ConstraintViolated(Violation { statement, constraint: constraint.to_owned() })
        }
        (code, _) => TransactError::Failed(failure_of_sqlstate(code)),
    }
}

/// Whether the connection can serve again after this error.
pub(crate) fn leaves_connection_usable(error: &sqlx::Error) -> bool {
    match database_error(error) {
        Some(error) if is_internal(error.code()) => false,
        Some(error) => failure_of_sqlstate(error.code()) != Failure::Unreachable,
        None => matches!(error, sqlx::Error::Encode(_)),
    }
}

/// Classes of SQLSTATE: <https://www.postgresql.org/docs/current/errcodes-appendix.html>
fn failure_of_sqlstate(code: &str) -> Failure {
    match code {
        // `statement_timeout`
        "57014" => Failure::DeadlineExceeded,
        // A protocol violation is a wrong count of parameters.
        "08P01" => Failure::Refused(code.to_owned()),
        // It is there, and something in it is broken: no wait mends that, and others' calls may be served.
        _ if is_internal(code) => {
            tracing::error!(sqlstate = code, "Postgres found itself inconsistent");
            Failure::Refused(code.to_owned())
        }
        _ if ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class)) => {
            tracing::warn!(sqlstate = code, "Postgres cannot serve");
            Failure::Unreachable
        }
        _ => Failure::Refused(code.to_owned()),
    }
}

/// An internal error, or what is stored is corrupt.
fn is_internal(code: &str) -> bool {
    code.starts_with("XX")
}

fn database_error(error: &sqlx::Error) -> Option<&PgDatabaseError> {
    match error {
        sqlx::Error::Database(error) => error.try_downcast_ref::<PgDatabaseError>(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_postgres_that_cannot_serve_is_out_of_reach() {
        for code in ["08006", "53300", "57P01", "57P03", "58030"] {
            assert_eq!(failure_of_sqlstate(code), Failure::Unreachable, "{code}");
        }
        assert_eq!(failure_of_sqlstate("57014"), Failure::DeadlineExceeded);
        for code in ["XX000", "XX001", "XX002", "42601", "08P01"] {
            assert_eq!(failure_of_sqlstate(code), Failure::Refused(code.to_owned()), "{code}");
        }
    }
}
