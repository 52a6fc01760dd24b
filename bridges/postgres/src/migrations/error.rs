//! Why migrating stopped, told so that one line is enough to act on.

use crate::ConfigError;
use sqlx::postgres::{PgDatabaseError, PgErrorPosition};
use std::path::PathBuf;

/// Why migrating stopped. What was applied before stays applied; a new run goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The configuration is of no use.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The server is not there, or does not let the owner in.
    #[error("cannot connect to Postgres as the owner")]
    Connect(#[source] sqlx::Error),
    /// Another run held the lock for too long.
    #[error("another migration is running: wait until it ends, then try again")]
    Lock(#[source] sqlx::Error),
    /// The record of what was applied cannot be read or made.
    #[error("cannot read or write the record of migrations")]
    Prepare(#[source] sqlx::Error),
    /// A role or schema could not be made.
    #[error("cannot make the role and schema of `{service}`: does the owner have CREATEROLE and CREATE?")]
    Role {
        /// The service.
        service: String,
        #[source]
        #[allow(missing_docs)]
        source: sqlx::Error,
    },
    /// A folder or file could not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        #[source]
        #[allow(missing_docs)]
        source: std::io::Error,
    },
    /// A file's name or first line is not as it must be.
    #[error("{file}: {rule}")]
    Malformed {
        /// Folder and name.
        file: String,
        /// What it must be like.
        rule: &'static str,
    },
    /// An applied file was edited.
    #[error("{file} was changed after it was applied to `{schema}`: put it back and write a new migration")]
    Changed {
        /// Folder and name.
        file: String,
        /// Where it was applied.
        schema: String,
    },
    /// A statement failed.
    #[error("{file}:{line}: {message} (SQLSTATE {sqlstate}, schema `{schema}`)")]
    Statement {
        /// Folder and name.
        file: String,
        /// From 1.
        line: usize,
        /// Where it was to be applied.
        schema: String,
        /// Postgres' code.
        sqlstate: String,
        /// Postgres' words: about the migration, which is no secret.
        message: String,
    },
    /// The connection broke while a file was applied.
    #[error("{file}: the connection to Postgres broke")]
    Broken {
        /// Folder and name.
        file: String,
        #[source]
        #[allow(missing_docs)]
        source: sqlx::Error,
    },
}

impl MigrateError {
    pub(super) fn of_statement(file: &super::files::File, schema: &str, error: sqlx::Error) -> Self {
        let postgres = match &error {
            sqlx::Error::Database(error) => error.try_downcast_ref::<PgDatabaseError>(),
            _ => None,
        };
        let Some(postgres) = postgres else {
            return MigrateError::Broken { file: file.name.clone(), source: error };
        };
        let before = match postgres.position() {
            Some(PgErrorPosition::Original(position)) => position.saturating_sub(1),
            _ => 0,
        };
        MigrateError::Statement {
            file: file.name.clone(),
            line: 1 + file.sql.chars().take(before).filter(|c| *c == '\n').count(),
            schema: schema.to_owned(),
            sqlstate: postgres.code().to_owned(),
            message: postgres.message().to_owned(),
        }
    }
}
