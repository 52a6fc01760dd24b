//! The capabilities that Content has: Postgres, and Auth's published keys.

use async_trait::async_trait;
use mcsp_bridge_api::{Bridge, Failure, kafka, passwords, postgres, redis, services};
use mcsp_postgres::Postgres;

/// What a component of Content is granted.
pub(crate) struct ContentBridge {
    pub(crate) component: &'static str,
    pub(crate) postgres: Postgres,
    /// What Auth answers to `GET /.well-known/jwks.json`.
    pub(crate) key_set: String,
}

fn not_granted<T>() -> Result<T, Failure> {
    Err(Failure::NotGranted("Content needs Postgres and Auth only".into()))
}

#[async_trait]
impl Bridge for ContentBridge {
    async fn query(&self, statement: postgres::Statement) -> Result<postgres::RowSet, Failure> {
        self.postgres.query(statement).await
    }

    async fn transact(
        &self,
        transaction: postgres::Transaction,
    ) -> Result<Vec<postgres::RowSet>, postgres::TransactError> {
        self.postgres.transact(self.component, transaction).await
    }

    async fn call(&self, request: services::Request) -> Result<services::Response, Failure> {
        match (request.target.as_str(), request.path.as_str()) {
            ("auth", "/.well-known/jwks.json") => Ok(services::Response {
                status: 200,
                headers: Vec::new(),
                body: self.key_set.clone().into_bytes(),
                stale_ms: 0,
            }),
            _ => not_granted(),
        }
    }

    async fn publish(&self, _: Vec<kafka::Event>, _: kafka::Acknowledgement) -> Result<(), Failure> {
        not_granted()
    }

    async fn pipeline(&self, _: Vec<redis::Operation>) -> Result<Vec<redis::Reply>, Failure> {
        not_granted()
    }

    async fn hash_password(&self, _: String) -> Result<String, Failure> {
        not_granted()
    }

    async fn verify_password(&self, _: String, _: Option<String>) -> Result<passwords::Verdict, Failure> {
        not_granted()
    }
}
