//! A component's port: what it is granted, and nothing else.

use async_trait::async_trait;
use mcsp_bridge_api::kafka::{Acknowledgement, Event};
use mcsp_bridge_api::limits::{Standing, Subject};
use mcsp_bridge_api::memory::{Outcome, Step};
use mcsp_bridge_api::passwords::Verdict;
use mcsp_bridge_api::postgres::{RowSet, Statement, TransactError, Transaction};
use mcsp_bridge_api::redis::{Operation, Reply};
use mcsp_bridge_api::services::{Request, Response};
use mcsp_bridge_api::{Bridge, Failure};
use mcsp_guard::Guard;
use mcsp_kafka::Producer;
use mcsp_limits::ComponentLimits;
use mcsp_manifest::Grants;
use mcsp_memory::Memory;
use mcsp_passwords::Passwords;
use mcsp_postgres::Postgres;
use mcsp_redis::Redis;
use mcsp_services::Services;
use std::sync::Arc;
use std::time::Duration;

/// The port of one component on one thread. A capability that is granted may still be none, where it is not
/// configured: that is told apart, since only a missing grant is the component's mistake.
pub(crate) struct Granted {
    pub component: String,
    pub grants: Grants,
    pub postgres: Option<Postgres>,
    pub redis: Option<Redis>,
    pub producer: Option<(Producer, Arc<Guard>)>,
    pub services: Services,
    pub passwords: Option<Passwords>,
    pub memory: Option<Memory>,
    /// None for a component that the manifest does not have: it is not limited, and can reach nothing.
    pub limits: Option<ComponentLimits>,
}

impl Granted {
    fn postgres(&self) -> Result<&Postgres, Failure> {
        self.postgres.as_ref().ok_or_else(|| absent(self.grants.postgres, "postgres"))
    }

    fn passwords(&self) -> Result<&Passwords, Failure> {
        self.passwords.as_ref().ok_or_else(|| absent(self.grants.passwords, "passwords"))
    }

    fn redis(&self) -> Result<&Redis, Failure> {
        self.redis.as_ref().ok_or_else(|| absent(!self.grants.redis.is_empty(), "redis"))
    }

    fn check_topics(&self, events: &[Event]) -> Result<(), Failure> {
        match events.iter().find(|event| !self.grants.produces.contains(&event.topic)) {
            Some(event) => Err(absent(false, &format!("produces {}", event.topic))),
            None => Ok(()),
        }
    }
}

fn absent(granted: bool, capability: &str) -> Failure {
    if granted { Failure::Unreachable } else { Failure::NotGranted(capability.to_owned()) }
}

#[async_trait]
impl Bridge for Granted {
    async fn query(&self, statement: Statement) -> Result<RowSet, Failure> {
        self.postgres()?.query(statement).await
    }

    async fn try_query(&self, statement: Statement, patience_ms: u32) -> Result<RowSet, Failure> {
        self.postgres()?.try_query(statement, Duration::from_millis(patience_ms.into())).await
    }

    async fn transact(&self, transaction: Transaction) -> Result<Vec<RowSet>, TransactError> {
        self.check_topics(&transaction.events).map_err(TransactError::Failed)?;
        self.postgres().map_err(TransactError::Failed)?.transact(&self.component, transaction).await
    }

    async fn publish(&self, events: Vec<Event>, acknowledgement: Acknowledgement) -> Result<(), Failure> {
        self.check_topics(&events)?;
        let (producer, guard) = self.producer.as_ref().ok_or(Failure::Unreachable)?;
        producer.publish(guard, events, acknowledgement).await
    }

    async fn pipeline(&self, operations: Vec<Operation>) -> Result<Vec<Reply>, Failure> {
        self.redis()?.pipeline(operations).await
    }

    async fn try_pipeline(
        &self,
        operations: Vec<Operation>,
        patience_ms: u32,
    ) -> Result<Vec<Reply>, Failure> {
        let patience = Duration::from_millis(patience_ms.into());
        self.redis()?.try_pipeline(operations, patience).await
    }

    async fn call(&self, request: Request) -> Result<Response, Failure> {
        self.services.call(request).await
    }

    async fn hash_password(&self, password: String) -> Result<String, Failure> {
        self.passwords()?.hash(password).await
    }

    async fn verify_password(&self, password: String, phc: Option<String>) -> Result<Verdict, Failure> {
        self.passwords()?.verify(password, phc).await
    }

    async fn take_request(&self, subject: Subject) -> Result<Standing, Failure> {
        let limits = self.limits.as_ref().ok_or_else(|| absent(false, "limits"))?;
        Ok(limits.take(&subject))
    }

    async fn exchange(&self, steps: Vec<Step>) -> Result<Vec<Outcome>, Failure> {
        self.memory.as_ref().ok_or_else(|| absent(false, "memory"))?.exchange(steps)
    }
}
