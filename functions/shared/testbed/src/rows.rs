//! What the components wrote, as the owner of the database sees it.

use crate::Testbed;
use serde_json::Value;
use sqlx::AssertSqlSafe;

/// An event that waits in the outbox.
#[derive(Clone, Debug, PartialEq)]
pub struct Emitted {
    /// Where it will go.
    pub topic: String,
    /// `mcsp.<service>.<entity>.<verb>.v1`
    pub kind: String,
    /// What it says.
    pub data: Value,
}

impl Testbed {
    /// The events that were emitted under a key, in order: there is no relay, so none leaves the outbox.
    pub async fn emitted(&self, key: impl ToString) -> Vec<Emitted> {
        let rows: Vec<(String, String, Vec<u8>)> =
            sqlx::query_as("SELECT topic, type, data FROM outbox WHERE key = $1 ORDER BY id")
                .bind(key.to_string())
                .fetch_all(&mut self.database().owner().await)
                .await
                .unwrap();
        let read = |(topic, kind, data): (_, _, Vec<u8>)| {
            let data = serde_json::from_slice(&data).unwrap();
            Emitted { topic, kind, data }
        };
        rows.into_iter().map(read).collect()
    }

    /// The one value that a question of SQL has as its answer. The service's schema is on the search path.
    pub async fn ask<T>(&self, question: &str) -> T
    where
        T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
    {
        let question = sqlx::query_scalar(AssertSqlSafe(question.to_owned()));
        question.fetch_one(&mut self.database().owner().await).await.unwrap()
    }

    /// Whether any row of any table has these bytes in it: as text, or as bytes, which rows show in hex.
    pub async fn is_stored(&self, bytes: &[u8]) -> bool {
        let mut owner = self.database().owner().await;
        let tables =
            "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema()";
        let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut owner).await.unwrap();
        assert!(!tables.is_empty(), "there are no tables to look into");
        let text = std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0'));
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        for table in tables {
            let holding = format!(
                "SELECT EXISTS (SELECT FROM \"{table}\" AS whole_row \
                     WHERE strpos(whole_row::text, $1) > 0 OR strpos(whole_row::text, $2) > 0)"
            );
            let holding = sqlx::query_scalar(AssertSqlSafe(holding)).bind(&hex).bind(text);
            let is_there: bool = holding.fetch_one(&mut owner).await.unwrap();
            if is_there {
                return true;
            }
        }
        false
    }

    /// Changes rows, at least one, as endpoints to come will.
    pub async fn execute(&self, statement: &str) {
        let query = sqlx::query(AssertSqlSafe(statement.to_owned()));
        let changed = query.execute(&mut self.database().owner().await).await.unwrap();
        assert!(changed.rows_affected() > 0, "{statement}");
    }

    /// Changes a table itself, such as to take it away.
    pub async fn redefine(&self, statement: &str) {
        let query = sqlx::query(AssertSqlSafe(statement.to_owned()));
        query.execute(&mut self.database().owner().await).await.unwrap();
    }
}
