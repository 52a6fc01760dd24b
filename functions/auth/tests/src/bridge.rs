//! The capabilities that Auth has: Postgres, Redis, password hashing and its own published keys.

use async_trait::async_trait;
use mcsp_bridge_api::{Bridge, Failure, kafka, passwords, postgres, redis, services};
use mcsp_passwords::Passwords;
use mcsp_postgres::Postgres;
use mcsp_redis::Redis;

/// What a component of Auth is granted.
#[derive(Clone)]
pub(crate) struct AuthBridge {
    pub(crate) postgres: Postgres,
    pub(crate) redis: Redis,
    pub(crate) passwords: Passwords,
    /// What Auth answers to `GET /.well-known/jwks.json`.
    pub(crate) key_set: String,
}

#[async_trait]
impl Bridge for AuthBridge {
    async fn query(&self, statement: postgres::Statement) -> Result<postgres::RowSet, Failure> {
        self.postgres.query(statement).await
    }

    async fn transact(
        &self,
        transaction: postgres::Transaction,
    ) -> Result<Vec<postgres::RowSet>, postgres::TransactError> {
        self.postgres.transact("auth", transaction).await
    }

    async fn pipeline(&self, operations: Vec<redis::Operation>) -> Result<Vec<redis::Reply>, Failure> {
        self.redis.pipeline(operations).await
    }

    async fn call(&self, _: services::Request) -> Result<services::Response, Failure> {
        let body = self.key_set.clone().into_bytes();
        Ok(services::Response { status: 200, headers: Vec::new(), body, stale_ms: 0 })
    }

    async fn hash_password(&self, password: String) -> Result<String, Failure> {
        self.passwords.hash(password).await
    }

    async fn verify_password(
        &self,
        password: String,
        phc: Option<String>,
    ) -> Result<passwords::Verdict, Failure> {
        self.passwords.verify(password, phc).await
    }

    async fn publish(&self, _: Vec<kafka::Event>, _: kafka::Acknowledgement) -> Result<(), Failure> {
        Err(Failure::NotGranted("Auth publishes in transactions only".into()))
    }
}
