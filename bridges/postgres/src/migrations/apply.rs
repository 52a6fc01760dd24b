//! One file into one schema, with its entry in the record.

use super::ServiceAccess;
use super::error::MigrateError;
use super::files::File;
use super::ledger::RECORD;
use super::roles::grants;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Executor};

/// Applies a file and records it: both or neither, unless the file asks to run without a transaction.
/// Such a file must stand a second run.
pub(super) async fn apply(
    connection: &mut PgConnection,
    access: &ServiceAccess,
    file: &File,
) -> Result<(), MigrateError> {
    let failed = |error| MigrateError::of_statement(file, &access.service, error);
    let schema = &access.service;
    if file.in_transaction {
        let begin = format!("BEGIN; SET LOCAL search_path = {schema}");
        connection.execute(sqlx::raw_sql(AssertSqlSafe(begin))).await.map_err(failed)?;
        connection.execute(sqlx::raw_sql(AssertSqlSafe(file.sql.as_str()))).await.map_err(failed)?;
        finish(connection, access, file).await.map_err(failed)?;
        connection.execute("COMMIT").await.map_err(failed)?;
    } else {
        let set = format!("SET search_path = {schema}");
        connection.execute(sqlx::raw_sql(AssertSqlSafe(set))).await.map_err(failed)?;
        connection.execute(sqlx::raw_sql(AssertSqlSafe(file.sql.as_str()))).await.map_err(failed)?;
        finish(connection, access, file).await.map_err(failed)?;
        connection.execute("RESET search_path").await.map_err(failed)?;
    }
    Ok(())
}

async fn finish(
    connection: &mut PgConnection,
    access: &ServiceAccess,
    file: &File,
) -> Result<(), sqlx::Error> {
    connection.execute(sqlx::raw_sql(AssertSqlSafe(grants(access)))).await?;
    sqlx::query(RECORD)
        .bind(&access.service)
        .bind(&file.name)
        .bind(&file.checksum)
        .execute(connection)
        .await?;
    Ok(())
}
