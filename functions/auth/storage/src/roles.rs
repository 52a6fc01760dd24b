//! Custom roles, and who has which roles.

use auth_domain::{Account, CustomRole, GrantedRole, RoleDescription, RoleName};
use jiff::Timestamp;
use mcsp_access::Permission;
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::kafka::Event;
use mcsp_bridge_api::postgres::{GuardedStatement, TransactError, Transaction};
use mcsp_bridge_api::sql::{Inconsistency, Json, Row, Rows, Sql, sql};
use mcsp_paging::Limit;
use mcsp_problem::Problem;
use std::collections::BTreeSet;

/// The columns, in the order of [`bind`] and [`read`].
const COLUMNS: &str = "name, description, permissions, version, created_at, updated_at";

/// What is to be written about roles, and what must still be so.
#[derive(Debug, Default)]
pub struct RoleWrite {
    statements: Vec<GuardedStatement>,
    events: Vec<Event>,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// What was decided on is not what is there.
    #[error("another writer was first")]
    Outdated,
    /// There is a role of that name.
    #[error("there is a role of that name")]
    NameTaken,
    /// Accounts have the role.
    #[error("accounts have the role")]
    InUse,
    /// The bridge did not commit.
    #[error("the write failed")]
    Failed(#[source] TransactError),
}

/// The custom role of that name.
pub async fn find(bridge: &dyn Bridge, name: &RoleName) -> Result<Option<CustomRole>, Problem> {
    let statement = sql(&format!("SELECT {COLUMNS} FROM roles WHERE name = $1")).bind(name.as_str());
    Ok(Rows::new("roles", bridge.query(statement.into()).await?).first(read)?)
}

/// Custom roles by name; `after` is the last name seen.
pub async fn list(
    bridge: &dyn Bridge,
    after: Option<&str>,
    limit: Limit,
) -> Result<Vec<CustomRole>, Problem> {
    let statement = sql(&format!(
        "SELECT {COLUMNS} FROM roles WHERE ($1::text IS NULL OR name COLLATE \"C\" > $1) \
         ORDER BY name COLLATE \"C\" LIMIT $2"
    ))
    .bind(after)
    .bind(limit.rows_to_read());
    Ok(Rows::new("roles", bridge.query(statement.into()).await?).map(read)?)
}

impl RoleWrite {
    /// Only if the account that acts is still what it was.
    #[must_use]
    pub fn while_unchanged(mut self, actor: &Account) -> Self {
        let guard =
            sql("SELECT id FROM accounts WHERE id = $1 AND version = $2 AND state = 'active' FOR SHARE")
                .bind(actor.id.uuid())
                .bind(actor.version)
                .expecting(1);
        self.statements.push(guard);
        self
    }

    /// Only if the role still permits what it did.
    #[must_use]
    pub fn while_defined(mut self, role: &CustomRole) -> Self {
        let guard = sql("SELECT name FROM roles WHERE name = $1 AND version = $2 FOR SHARE")
            .bind(role.name.as_str())
            .bind(role.version)
            .expecting(1);
        self.statements.push(guard);
        self
    }

    /// A new role.
    #[must_use]
    pub fn insert(mut self, role: &CustomRole) -> Self {
        let text = format!("INSERT INTO roles ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6)");
        self.statements.push(bind(sql(&text), role).expecting(1));
        self
    }

    /// A changed role, over the version before it.
    #[must_use]
    pub fn update(mut self, role: &CustomRole) -> Self {
        let text = format!(
            "UPDATE roles SET ({COLUMNS}) = ROW ($1, $2, $3, $4, $5, $6) WHERE name = $1 AND version = $4 - 1"
        );
        self.statements.push(bind(sql(&text), role).expecting(1));
        self
    }

    /// A role that is no more.
    #[must_use]
    pub fn delete(mut self, role: &CustomRole) -> Self {
        let delete = sql("DELETE FROM roles WHERE name = $1 AND version = $2")
            .bind(role.name.as_str())
            .bind(role.version)
            .expecting(1);
        self.statements.push(delete);
        self
    }

    /// An account's roles, over the version before it, with the event that tells of them.
    #[must_use]
    pub fn assign(mut self, account: &Account, at: Timestamp, event: Event) -> Self {
        let built_in: Vec<_> = account.roles.iter().map(|role| role.as_str().to_owned()).collect();
        let custom: Vec<_> = account.custom_roles.iter().map(|role| role.name.to_string()).collect();
        let id = account.id.uuid();
        self.statements.push(
            sql("UPDATE accounts SET roles = $2, version = $3 WHERE id = $1 AND version = $3 - 1")
                .bind(id)
                .bind(built_in)
                .bind(account.version)
                .expecting(1),
        );
        self.statements.push(
            sql("DELETE FROM account_roles WHERE account_id = $1 AND role <> ALL ($2)")
                .bind(id)
                .bind(custom.clone())
                .unguarded(),
        );
        self.statements.push(
            sql("INSERT INTO account_roles (account_id, role, granted_at) \
                 SELECT $1, role, $3 FROM unnest($2::text[]) AS role ON CONFLICT DO NOTHING")
            .bind(id)
            .bind(custom)
            .bind(at)
            .unguarded(),
        );
        self.events.push(event);
        self
    }

    /// Writes all of it, or nothing. `record` is the statement that remembers the answer.
    pub async fn commit(
        self,
        bridge: &dyn Bridge,
        record: Option<GuardedStatement>,
    ) -> Result<(), WriteError> {
        let RoleWrite { mut statements, events } = self;
        statements.extend(record);
        match bridge.transact(Transaction { consumed_event: None, statements, events }).await {
            Ok(_) => Ok(()),
            Err(TransactError::UnexpectedRows(_)) => Err(WriteError::Outdated),
            Err(TransactError::ConstraintViolated(violation)) if violation.constraint == "roles_pkey" => {
                Err(WriteError::NameTaken)
            }
            Err(TransactError::ConstraintViolated(violation))
                if violation.constraint == "account_roles_role" =>
            {
                Err(WriteError::InUse)
            }
            Err(error) => Err(WriteError::Failed(error)),
        }
    }
}

fn bind(sql: Sql, role: &CustomRole) -> Sql {
    let CustomRole { name, description, permissions, version, created_at, updated_at } = role;
    sql.bind(name.as_str())
        .bind(description.as_str())
        .bind(permissions.iter().map(|permission| permission.as_str().to_owned()).collect::<Vec<_>>())
        .bind(*version)
        .bind(*created_at)
        .bind(*updated_at)
}

fn read(row: &mut Row<'_>) -> Result<CustomRole, Inconsistency> {
    Ok(CustomRole {
        name: row.parse("name", |text: String| RoleName::parse(&text))?,
        description: row.parse("description", |text: String| RoleDescription::parse(&text))?,
        permissions: known(&row.take::<Vec<String>>("permissions")?),
        version: row.take("version")?,
        created_at: row.take("created_at")?,
        updated_at: row.take("updated_at")?,
    })
}

/// An account's custom roles, from a column that is an object of names and permissions.
pub(crate) fn granted(row: &mut Row<'_>) -> Result<Vec<GrantedRole>, Inconsistency> {
    let column = "custom_roles";
    row.parse(column, |Json(roles): Json<std::collections::BTreeMap<String, Vec<String>>>| {
        let role = |(name, permissions): (String, Vec<String>)| {
            Some(GrantedRole { name: RoleName::parse(&name)?, permissions: known(&permissions) })
        };
        roles.into_iter().map(role).collect()
    })
}

/// A permission that no route asks for any more permits nothing.
fn known(names: &[String]) -> BTreeSet<Permission> {
    names.iter().filter_map(|name| Permission::from_name(name)).collect()
}
