//! A service's access to Postgres, as `wit/postgres.wit` describes it, every call through a guard.

use crate::config::PostgresConfig;
use crate::connections::{Connections, Lease};
use crate::error::{ConfigError, leaves_connection_usable};
use crate::statements::check_read;
use crate::transaction::{self, FetchError, fetch};
use crate::wake::OutboxWake;
use mcsp_bridge_api::Failure;
use mcsp_bridge_api::postgres::{RowSet, Statement, TransactError, Transaction};
use mcsp_guard::{CallKind, Guard, Verdict};
use std::sync::Arc;
use std::time::Duration;

/// One service's connections on one thread. Cheap to clone.
#[derive(Clone)]
pub struct Postgres {
    connections: Arc<Connections>,
    guard: Arc<Guard>,
    deadline: Duration,
    max_connections: u32,
    wake: OutboxWake,
}

/// What the connections are doing now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// In use by a call.
    pub lent: usize,
    /// Open and waiting.
    pub idle: usize,
}

impl Postgres {
    /// Connects when first called. `guard` may be shared by the service's other threads; `wake` is rung
    /// after each commit that wrote events.
    pub fn new(config: &PostgresConfig, guard: Arc<Guard>, wake: OutboxWake) -> Result<Self, ConfigError> {
        Ok(Postgres {
            connections: Connections::new(config)?,
            guard,
            deadline: Duration::from_millis(config.deadline_ms),
            max_connections: config.max_connections,
            wake,
        })
    }

    /// Runs a read in one round trip. It cannot write: the session is read-only.
    pub async fn query(&self, statement: Statement) -> Result<RowSet, Failure> {
        check_read(&statement.sql)?;
        let kind = CallKind { idempotent: true, deadline: self.deadline };
        self.guard
            .call(kind, |result| verdict(result.as_ref().err()), || self.read(&statement))
            .await
            .map_err(|error| error.into_failure(|failure| failure))
    }

    /// The same for whoever can do without: see [`Guard::call_if_closed`].
    pub async fn try_query(&self, statement: Statement, patience: Duration) -> Result<RowSet, Failure> {
        check_read(&statement.sql)?;
        let patience = patience.min(self.deadline);
        self.guard
            .call_if_closed(patience, |result| verdict(result.as_ref().err()), || self.read(&statement))
            .await
            .map_err(|error| error.into_failure(|failure| failure))
    }

    /// Writes rows and events, all or nothing. `component` names the consumer for the inbox.
    pub async fn transact(
        &self,
        component: &str,
        transaction: Transaction,
    ) -> Result<Vec<RowSet>, TransactError> {
        transaction::check(&transaction).map_err(|refusal| TransactError::Failed(refusal.into()))?;
        let kind = CallKind { idempotent: false, deadline: self.deadline };
        let result = self
            .guard
            .call(kind, |result| verdict(failure_in(result)), || self.write(component, &transaction))
            .await;
        if !transaction.events.is_empty() && result.is_ok() {
            self.wake.ring();
        }
        result.map_err(|error| match error {
            mcsp_guard::GuardError::Failed(error) => error,
            not_made => TransactError::Failed(not_made.into_failure(|_| Failure::Unreachable)),
        })
    }

    /// What the connections are doing now.
    pub fn counts(&self) -> Counts {
        let (lent, idle) = self.connections.counts(self.max_connections);
        Counts { lent, idle }
    }

    async fn read(&self, statement: &Statement) -> Result<RowSet, Failure> {
        let mut lease = self.connections.acquire().await?;
        let result = fetch(lease.connection()?, statement).await;
        settle(lease, &result);
        Ok(result?)
    }

    async fn write(&self, component: &str, transaction: &Transaction) -> Result<Vec<RowSet>, TransactError> {
        let lease = self.connections.acquire().await.map_err(TransactError::Failed)?;
        transaction::run(lease, component, transaction).await
    }
}

/// A read leaves nothing on its connection, unless the connection broke or rows are still under way.
fn settle(lease: Lease, result: &Result<RowSet, FetchError>) {
    match result {
        Ok(_) => lease.give_back(),
        Err(FetchError::Postgres(error)) if leaves_connection_usable(error) => lease.give_back(),
        Err(_) => lease.close(),
    }
}

fn failure_in(result: &Result<Vec<RowSet>, TransactError>) -> Option<&Failure> {
    match result {
        Err(TransactError::Failed(failure)) => Some(failure),
        // Postgres answered; what it said concerns the caller alone.
        _ => None,
    }
}

/// What a result says about the health of Postgres.
fn verdict(failure: Option<&Failure>) -> Verdict {
    match failure {
        None | Some(Failure::Refused(_) | Failure::NotGranted(_)) => Verdict::Success,
        Some(Failure::Overloaded | Failure::BreakerOpen(_)) => Verdict::Ignored,
        Some(Failure::Unreachable | Failure::DeadlineExceeded) => Verdict::Failure,
    }
}
