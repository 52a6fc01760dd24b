//! A component's way to the stores: the real bridge, with a database of the test's own.

use async_trait::async_trait;
use mcsp_bridge_api::kafka::{Acknowledgement, Event};
use mcsp_bridge_api::limits::{Standing, Subject};
use mcsp_bridge_api::memory::{Outcome, Step};
use mcsp_bridge_api::passwords::Verdict;
use mcsp_bridge_api::postgres::{RowSet, Statement, TransactError, Transaction};
use mcsp_bridge_api::redis::{Operation, Reply};
use mcsp_bridge_api::services::{Request, Response};
use mcsp_bridge_api::{Bridge, Failure};
use mcsp_postgres::Postgres;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a test sees of its components' calls, and does to them.
#[derive(Default)]
pub(crate) struct Traffic {
    /// Names of the port's methods, in the order of the calls.
    pub(crate) calls: Mutex<Vec<&'static str>>,
    /// What was asked of Postgres.
    pub(crate) statements: Mutex<Vec<Statement>>,
    /// Targets that are down.
    pub(crate) down: Mutex<BTreeSet<String>>,
}

/// The port of one component.
///
/// The real bridge checks the grants and reaches everything but Postgres: there it knows one role for each
/// service, and roles belong to the whole server, so that tests would take each other's and the running
/// platform's. It is configured without Postgres: what is not granted it refuses, and what is granted it
/// answers with `unreachable`, which then goes to the test's own database.
pub(crate) struct Port {
    pub(crate) component: String,
    pub(crate) bridge: Arc<dyn Bridge>,
    pub(crate) postgres: Option<Postgres>,
    pub(crate) traffic: Arc<Traffic>,
}

impl Port {
    fn note(&self, call: &'static str) {
        self.traffic.calls.lock().unwrap().push(call);
    }

    fn keep<'a>(&self, statements: impl IntoIterator<Item = &'a Statement>) {
        self.traffic.statements.lock().unwrap().extend(statements.into_iter().cloned());
    }

    /// Fails where the test has cut the component off.
    fn reach(&self, target: &str) -> Result<(), Failure> {
        if self.traffic.down.lock().unwrap().contains(target) { Err(Failure::Unreachable) } else { Ok(()) }
    }
}

#[async_trait]
impl Bridge for Port {
    async fn query(&self, statement: Statement) -> Result<RowSet, Failure> {
        self.note("query");
        self.keep([&statement]);
        self.reach("postgres")?;
        match (self.bridge.query(statement.clone()).await, &self.postgres) {
            (Err(Failure::Unreachable), Some(postgres)) => postgres.query(statement).await,
            (refused, _) => refused,
        }
    }

    async fn try_query(&self, statement: Statement, patience_ms: u32) -> Result<RowSet, Failure> {
        self.note("try_query");
        self.keep([&statement]);
        self.reach("postgres")?;
        match (self.bridge.try_query(statement.clone(), patience_ms).await, &self.postgres) {
            (Err(Failure::Unreachable), Some(postgres)) => {
                postgres.try_query(statement, Duration::from_millis(patience_ms.into())).await
            }
            (refused, _) => refused,
        }
    }

    async fn transact(&self, transaction: Transaction) -> Result<Vec<RowSet>, TransactError> {
        self.note("transact");
        self.keep(transaction.statements.iter().map(|guarded| &guarded.statement));
        self.reach("postgres").map_err(TransactError::Failed)?;
        match (self.bridge.transact(transaction.clone()).await, &self.postgres) {
            (Err(TransactError::Failed(Failure::Unreachable)), Some(postgres)) => {
                postgres.transact(&self.component, transaction).await
            }
            (refused, _) => refused,
        }
    }

    async fn publish(&self, events: Vec<Event>, acknowledgement: Acknowledgement) -> Result<(), Failure> {
        self.note("publish");
        self.bridge.publish(events, acknowledgement).await
    }

    async fn pipeline(&self, operations: Vec<Operation>) -> Result<Vec<Reply>, Failure> {
        self.note("pipeline");
        self.reach("redis")?;
        self.bridge.pipeline(operations).await
    }

    async fn try_pipeline(
        &self,
        operations: Vec<Operation>,
        patience_ms: u32,
    ) -> Result<Vec<Reply>, Failure> {
        self.note("try_pipeline");
        self.reach("redis")?;
        self.bridge.try_pipeline(operations, patience_ms).await
    }

    async fn call(&self, request: Request) -> Result<Response, Failure> {
        self.note("call");
        self.reach(&request.target)?;
        self.bridge.call(request).await
    }

    async fn hash_password(&self, password: String) -> Result<String, Failure> {
        self.note("hash_password");
        self.bridge.hash_password(password).await
    }

    async fn verify_password(&self, password: String, phc: Option<String>) -> Result<Verdict, Failure> {
        self.note("verify_password");
        self.bridge.verify_password(password, phc).await
    }

    /// Not noted: it reaches nothing.
    async fn take_request(&self, subject: Subject) -> Result<Standing, Failure> {
        self.reach("limits")?;
        self.bridge.take_request(subject).await
    }

    /// Not noted: it reaches nothing.
    async fn exchange(&self, steps: Vec<Step>) -> Result<Vec<Outcome>, Failure> {
        self.bridge.exchange(steps).await
    }
}
