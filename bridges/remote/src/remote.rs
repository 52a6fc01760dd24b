//! The port of a component, as a client.

use crate::address::Address;
use crate::exchange::{Caller, Connections, call, connections};
use async_trait::async_trait;
use http::HeaderValue;
use http::header::InvalidHeaderValue;
use mcsp_bridge_api::kafka::{Acknowledgement, Event};
use mcsp_bridge_api::limits::{Standing, Subject};
use mcsp_bridge_api::memory::{Outcome, Step};
use mcsp_bridge_api::passwords::Verdict;
use mcsp_bridge_api::postgres::{RowSet, Statement, TransactError, Transaction};
use mcsp_bridge_api::redis::{Operation, Reply};
use mcsp_bridge_api::services::{Request, Response};
use mcsp_bridge_api::{Bridge, Failure};
use serde::Serialize;
use std::time::Duration;

/// Ends the wait for a bridge that hangs. One that does not answers sooner: all its calls have deadlines.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// Longer than a bridge that is well takes to count a request by far, and short beside any request.
const LIMITS_TIMEOUT: Duration = Duration::from_millis(100);

/// The bridge beside this process, on one thread.
#[derive(Clone)]
pub struct Remote(Connections);

impl Remote {
    /// Connects when first used, within the runtime that uses it.
    pub fn new(address: Address) -> Self {
        Remote(connections(address))
    }

    /// The port that a component's calls go to. A token or id that no header can hold is refused.
    pub fn for_component(&self, id: &str, token: &str) -> Result<impl Bridge + use<>, InvalidHeaderValue> {
        let mut authorization = HeaderValue::try_from(format!("Bearer {token}"))?;
        authorization.set_sensitive(true);
        let caller = Caller { component: HeaderValue::try_from(id)?, authorization };
        Ok(Port { connections: self.0.clone(), caller })
    }
}

struct Port {
    connections: Connections,
    caller: Caller,
}

impl Port {
    fn way(&self) -> (&Connections, &Caller) {
        (&self.connections, &self.caller)
    }
}

/// Parameters travel as a map by the names that the WIT gives them.
#[async_trait]
impl Bridge for Port {
    async fn query(&self, statement: Statement) -> Result<RowSet, Failure> {
        #[derive(Serialize)]
        struct Parameters {
            statement: Statement,
        }
        call(self.way(), ANSWER_TIMEOUT, "postgres/query", &Parameters { statement }).await
    }

    async fn try_query(&self, statement: Statement, patience_ms: u32) -> Result<RowSet, Failure> {
        #[derive(Serialize)]
        struct Parameters {
            statement: Statement,
            patience_ms: u32,
        }
        let parameters = Parameters { statement, patience_ms };
        call(self.way(), ANSWER_TIMEOUT, "postgres/try-query", &parameters).await
    }

    async fn transact(&self, transaction: Transaction) -> Result<Vec<RowSet>, TransactError> {
        #[derive(Serialize)]
        struct Parameters {
            transaction: Transaction,
        }
        call(self.way(), ANSWER_TIMEOUT, "postgres/transact", &Parameters { transaction }).await
    }

    async fn publish(&self, events: Vec<Event>, acknowledgement: Acknowledgement) -> Result<(), Failure> {
        #[derive(Serialize)]
        struct Parameters {
            events: Vec<Event>,
            acknowledgement: Acknowledgement,
        }
        call(self.way(), ANSWER_TIMEOUT, "kafka/publish", &Parameters { events, acknowledgement }).await
    }

    async fn pipeline(&self, operations: Vec<Operation>) -> Result<Vec<Reply>, Failure> {
        #[derive(Serialize)]
        struct Parameters {
            operations: Vec<Operation>,
        }
        call(self.way(), ANSWER_TIMEOUT, "redis/pipeline", &Parameters { operations }).await
    }

    async fn try_pipeline(
        &self,
        operations: Vec<Operation>,
        patience_ms: u32,
    ) -> Result<Vec<Reply>, Failure> {
        #[derive(Serialize)]
        struct Parameters {
            operations: Vec<Operation>,
            patience_ms: u32,
        }
        let parameters = Parameters { operations, patience_ms };
        call(self.way(), ANSWER_TIMEOUT, "redis/try-pipeline", &parameters).await
    }

    async fn call(&self, request: Request) -> Result<Response, Failure> {
        #[derive(Serialize)]
        struct Parameters {
            request: Request,
        }
        call(self.way(), ANSWER_TIMEOUT, "services/call", &Parameters { request }).await
    }

    async fn hash_password(&self, password: String) -> Result<String, Failure> {
        #[derive(Serialize)]
        struct Parameters {
            password: String,
        }
        call(self.way(), ANSWER_TIMEOUT, "passwords/hash", &Parameters { password }).await
    }

    async fn verify_password(&self, password: String, phc: Option<String>) -> Result<Verdict, Failure> {
        #[derive(Serialize)]
        struct Parameters {
            password: String,
            phc: Option<String>,
        }
        call(self.way(), ANSWER_TIMEOUT, "passwords/verify", &Parameters { password, phc }).await
    }

    async fn take_request(&self, subject: Subject) -> Result<Standing, Failure> {
        #[derive(Serialize)]
        struct Parameters {
            subject: Subject,
        }
        call(self.way(), LIMITS_TIMEOUT, "limits/take", &Parameters { subject }).await
    }

    async fn exchange(&self, steps: Vec<Step>) -> Result<Vec<Outcome>, Failure> {
        #[derive(Serialize)]
        struct Parameters {
            steps: Vec<Step>,
        }
        call(self.way(), ANSWER_TIMEOUT, "memory/exchange", &Parameters { steps }).await
    }
}
