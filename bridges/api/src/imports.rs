//! The bridge as a component sees it: its host's imports.

use crate::bindings::mcsp::bridge as wit;
use crate::{Bridge, Failure, kafka, limits, memory, passwords, postgres, redis, services};
use async_trait::async_trait;

/// Calls the imports that the host, or the bridge adapter, provides.
#[derive(Clone, Copy, Debug, Default)]
pub struct Imports;

#[async_trait]
impl Bridge for Imports {
    async fn query(&self, statement: postgres::Statement) -> Result<postgres::RowSet, Failure> {
        wit::postgres::query(statement).await
    }

    async fn try_query(
        &self,
        statement: postgres::Statement,
        patience_ms: u32,
    ) -> Result<postgres::RowSet, Failure> {
        wit::postgres::try_query(statement, patience_ms).await
    }

    async fn transact(
        &self,
        transaction: postgres::Transaction,
    ) -> Result<Vec<postgres::RowSet>, postgres::TransactError> {
        wit::postgres::transact(transaction).await
    }

    async fn publish(
        &self,
        events: Vec<kafka::Event>,
        acknowledgement: kafka::Acknowledgement,
    ) -> Result<(), Failure> {
        wit::kafka::publish(events, acknowledgement).await
    }

    async fn pipeline(&self, operations: Vec<redis::Operation>) -> Result<Vec<redis::Reply>, Failure> {
        wit::redis::pipeline(operations).await
    }

    async fn try_pipeline(
        &self,
        operations: Vec<redis::Operation>,
        patience_ms: u32,
    ) -> Result<Vec<redis::Reply>, Failure> {
        wit::redis::try_pipeline(operations, patience_ms).await
    }

    async fn call(&self, request: services::Request) -> Result<services::Response, Failure> {
        wit::services::call(request).await
    }

    async fn hash_password(&self, password: String) -> Result<String, Failure> {
        wit::passwords::hash(password).await
    }

    async fn verify_password(
        &self,
        password: String,
        phc: Option<String>,
    ) -> Result<passwords::Verdict, Failure> {
        wit::passwords::verify(password, phc).await
    }

    async fn take_request(&self, subject: limits::Subject) -> Result<limits::Standing, Failure> {
        wit::limits::take(subject).await
    }

    async fn exchange(&self, steps: Vec<memory::Step>) -> Result<Vec<memory::Outcome>, Failure> {
        wit::memory::exchange(steps).await
    }
}

/// `mcsp:bridge/signatures.verify-ed25519`
#[must_use]
pub fn verify_ed25519(public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    wit::signatures::verify_ed25519(public_key, message, signature)
}

/// `mcsp:bridge/signatures.verify-es256`
#[must_use]
pub fn verify_es256(public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    wit::signatures::verify_es256(public_key, message, signature)
}
