//! The record of what was applied where, in a schema that only the owner sees.

use super::error::MigrateError;
use super::files::File;
use sqlx::postgres::PgConnection;
use sqlx::{Executor, Row};
use std::collections::HashMap;

const EXISTS: &str = "SELECT to_regclass('mcsp.migrations') IS NOT NULL";
/// Beside the record: what a session may do to the next one on its connection is taken from everybody.
const CREATE: &str = "
    BEGIN;
    CREATE SCHEMA mcsp;
    CREATE TABLE mcsp.migrations (
        schema text NOT NULL,
        file text NOT NULL,
        checksum bytea NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (schema, file)
    );
    REVOKE EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) FROM PUBLIC;
    DO $$ BEGIN
        EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    END $$;
    COMMIT";
const READ: &str = "SELECT schema, file, checksum FROM mcsp.migrations";
pub(super) const RECORD: &str = "INSERT INTO mcsp.migrations (schema, file, checksum) VALUES ($1, $2, $3)";

/// What was applied before.
pub(super) struct Applied(HashMap<(String, String), Vec<u8>>);

impl Applied {
    /// Whether this file is in this schema. Refuses a file that was edited since.
    pub(super) fn has(&self, schema: &str, file: &File) -> Result<bool, MigrateError> {
        match self.0.get(&(schema.to_owned(), file.name.clone())) {
            None => Ok(false),
            Some(checksum) if *checksum == file.checksum => Ok(true),
            Some(_) => Err(MigrateError::Changed { file: file.name.clone(), schema: schema.to_owned() }),
        }
    }
}

/// Reads the record, and makes it in a new database.
pub(super) async fn open(connection: &mut PgConnection) -> Result<Applied, MigrateError> {
    let exists: bool =
        sqlx::query_scalar(EXISTS).fetch_one(&mut *connection).await.map_err(MigrateError::Prepare)?;
    if !exists {
        connection.execute(sqlx::raw_sql(CREATE)).await.map_err(MigrateError::Prepare)?;
    }
    let rows = sqlx::query(READ).fetch_all(connection).await.map_err(MigrateError::Prepare)?;
    let read = |row: &sqlx::postgres::PgRow| {
        Ok(((row.try_get("schema")?, row.try_get("file")?), row.try_get("checksum")?))
    };
    rows.iter().map(read).collect::<Result<_, _>>().map(Applied).map_err(MigrateError::Prepare)
}
