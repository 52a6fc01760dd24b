//! A login role per service that may do nothing but read and write rows of its own schema.

use super::ServiceAccess;
use super::error::MigrateError;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection, Executor};

/// Whether the role is there with this password, and has its schema. A real login is the one question
/// whose answer needs no copy of the password, hashed or not, in our own record.
pub(super) async fn can_log_in(
    owner: &PgConnectOptions,
    access: &ServiceAccess,
) -> Result<bool, MigrateError> {
    let options = owner.clone().username(&access.role).password(&access.password);
    let mut connection = match PgConnection::connect_with(&options).await {
        Ok(connection) => connection,
        // Class 28: the role or its password is wrong.
        Err(sqlx::Error::Database(error)) if error.code().is_some_and(|c| c.starts_with("28")) => {
            return Ok(false);
        }
        Err(error) => return Err(MigrateError::Connect(error)),
    };
    let has_schema = "SELECT coalesce(has_schema_privilege(to_regnamespace($1), 'USAGE'), false)";
    let usable: bool = sqlx::query_scalar(has_schema)
        .bind(&access.service)
        .fetch_one(&mut connection)
        .await
        .map_err(MigrateError::Prepare)?;
    Ok(usable)
}

/// Makes role and schema, or gives the role its new password.
pub(super) async fn create(
    connection: &mut PgConnection,
    access: &ServiceAccess,
) -> Result<(), MigrateError> {
    let ServiceAccess { service, role, password } = access;
    let failed = |source| MigrateError::Role { service: service.clone(), source };
    let password: String = sqlx::query_scalar("SELECT quote_literal($1)")
        .bind(password)
        .fetch_one(&mut *connection)
        .await
        .map_err(failed)?;
    // Another database's migration may make the same role at the same moment.
    let sql = format!(
        "BEGIN;
         DO $do$ BEGIN
             CREATE ROLE {role};
         EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
         END $do$;
         ALTER ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD {password};
         CREATE SCHEMA IF NOT EXISTS {service};
         GRANT USAGE ON SCHEMA {service} TO {role};
         {};
         COMMIT",
        grants(access)
    );
    connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.map_err(failed)?;
    Ok(())
}

/// Rows, and nothing but rows: tables, sequences and functions stay the owner's.
pub(super) fn grants(ServiceAccess { service, role, .. }: &ServiceAccess) -> String {
    format!(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {service} TO {role};
         GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {service} TO {role}"
    )
}
