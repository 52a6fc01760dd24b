//! How Postgres runs what the components ask it.

use crate::Testbed;
use jiff::Timestamp;
use mcsp_bridge_api::postgres::{Statement, Value};
use sqlx::AssertSqlSafe;

/// A statement that a component ran, and how Postgres would run it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The statement.
    pub sql: String,
    /// As `EXPLAIN` shows it.
    pub plan: String,
}

impl Testbed {
    /// The plans of all statements that the components ran since this was last asked, with the values that they were given.
    pub async fn take_plans(&self) -> Vec<Plan> {
        let statements = self.take_statements();
        let mut owner = self.database().owner().await;
        let mut plans = Vec::with_capacity(statements.len());
        for statement in statements {
            let explain = format!("EXPLAIN {}", with_values(&statement));
            let lines: Vec<String> =
                sqlx::query_scalar(AssertSqlSafe(explain)).fetch_all(&mut owner).await.unwrap();
            plans.push(Plan { sql: statement.sql, plan: lines.join("\n") });
        }
        plans
    }
}

/// From the last parameter to the first: `$1` begins `$12` too.
fn with_values(statement: &Statement) -> String {
    let numbered = statement.parameters.iter().enumerate().rev();
    numbered.fold(statement.sql.clone(), |sql, (index, value)| {
        sql.replace(&format!("${}", index + 1), &literal(value))
    })
}

fn literal(value: &Value) -> String {
    let (text, of_type) = match value {
        Value::Boolean(value) => (value.map(|value| value.to_string()), "boolean"),
        Value::Int64(value) => (value.map(|value| value.to_string()), "bigint"),
        Value::Float64(value) => (value.map(|value| value.to_string()), "double precision"),
        Value::Text(value) => (value.clone(), "text"),
        Value::Bytes(value) => (value.as_deref().map(|bytes| format!("\\x{}", hex(bytes))), "bytea"),
        Value::Uuid(value) => (value.as_deref().map(hex), "uuid"),
        Value::TimestampUs(value) => {
            (value.map(|us| Timestamp::from_microsecond(us).unwrap().to_string()), "timestamptz")
        }
        Value::Json(value) => (value.clone(), "jsonb"),
        Value::TextArray(value) => (value.as_deref().map(array), "text[]"),
        Value::Int64Array(value) => (value.as_deref().map(array), "bigint[]"),
        Value::UuidArray(value) => {
            (value.as_ref().map(|all| array(&all.iter().map(|id| hex(id)).collect::<Vec<_>>())), "uuid[]")
        }
    };
    match text {
        Some(text) => format!("'{}'::{of_type}", text.replace('\'', "''")),
        None => format!("NULL::{of_type}"),
    }
}

fn array<T: ToString>(values: &[T]) -> String {
    let quoted: Vec<String> = values.iter().map(|value| format!("{:?}", value.to_string())).collect();
    format!("{{{}}}", quoted.join(","))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
