//! The interfaces of `wit/`, as Rust types and one port.
//!
//! Functions call [`Bridge`]; natively the bridge's adapters implement it, inside a component [`imports`]
//! does. Endpoint code is the same in both worlds.

pub mod sql;
pub mod token;

#[cfg(target_arch = "wasm32")]
pub mod imports;

use async_trait::async_trait;

/// Where a host asks a pinned function, by GET and before it says that it is ready, for whatever makes its first answer as fast as
/// the others. No client gets there.
pub const WARM_UP_PATH: &str = "/_mcsp/warm-up";

#[allow(missing_docs, clippy::all, clippy::restriction)]
mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "functions",
        additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
        generate_all,
    });
}

pub use bindings::mcsp::bridge::failures::Failure;

/// Types of `mcsp:bridge/kafka`.
pub mod kafka {
    pub use crate::bindings::mcsp::bridge::kafka::{Acknowledgement, Event};

    /// Bytes of one event. Kafka's own limit is 1 MiB for the record with its headers. What it would refuse for its
    /// size must not reach an outbox, where it would hold up its aggregate's later events for ever.
    pub const MAX_EVENT_BYTES: usize = 900_000;

    impl Event {
        /// All that becomes part of the record.
        pub fn bytes(&self) -> usize {
            let texts = [&self.topic, &self.key, &self.id, &self.type_, &self.source];
            texts.map(String::len).iter().sum::<usize>()
                + self.traceparent.as_ref().map_or(0, String::len)
                + self.tracestate.as_ref().map_or(0, String::len)
                + self.data.len()
        }
    }
}

/// Types of `mcsp:bridge/limits`.
pub mod limits {
    pub use crate::bindings::mcsp::bridge::limits::{Standing, Subject};
}

/// Types of `mcsp:bridge/memory`.
pub mod memory {
    pub use crate::bindings::mcsp::bridge::memory::{
        Condition, Deposit, Entry, Listing, Outcome, Removal, Step,
    };
}

/// Types of `mcsp:bridge/passwords`.
pub mod passwords {
    pub use crate::bindings::mcsp::bridge::passwords::Verdict;
}

/// Types of `mcsp:bridge/postgres`.
pub mod postgres {
    pub use crate::bindings::mcsp::bridge::postgres::{
        GuardedStatement, RowMismatch, RowSet, Statement, TransactError, Transaction, Value, Violation,
    };

    impl Transaction {
        /// Statements of which nobody is told, and that no event has caused.
        pub fn of(statements: Vec<GuardedStatement>) -> Self {
            Transaction { consumed_event: None, statements, events: Vec::new() }
        }
    }
}

/// Types of `mcsp:bridge/redis`.
pub mod redis {
    pub use crate::bindings::mcsp::bridge::redis::{Operation, Reply, Script};
}

/// Types of `mcsp:bridge/services`.
pub mod services {
    pub use crate::bindings::mcsp::bridge::services::{Request, Response};
}

/// `mcsp:bridge/signatures`: in a component the host's, natively the same code without a host. No part of
/// [`Bridge`], as it reaches nothing.
pub mod signatures {
    #[cfg(target_arch = "wasm32")]
    pub use crate::imports::{verify_ed25519, verify_es256};
    #[cfg(not(target_arch = "wasm32"))]
    pub use mcsp_signatures::{verify_ed25519, verify_es256};
}

/// The port between functions and the stores: the interfaces of `wit/`, one method for each function. The
/// WIT files say what each does.
#[async_trait]
pub trait Bridge: Send + Sync + 'static {
    /// `mcsp:bridge/postgres.query`
    async fn query(&self, statement: postgres::Statement) -> Result<postgres::RowSet, Failure>;

    /// `mcsp:bridge/postgres.try-query`
    async fn try_query(
        &self,
        statement: postgres::Statement,
        patience_ms: u32,
    ) -> Result<postgres::RowSet, Failure>;

    /// `mcsp:bridge/postgres.transact`
    async fn transact(
        &self,
        transaction: postgres::Transaction,
    ) -> Result<Vec<postgres::RowSet>, postgres::TransactError>;

    /// `mcsp:bridge/kafka.publish`
    async fn publish(
        &self,
        events: Vec<kafka::Event>,
        acknowledgement: kafka::Acknowledgement,
    ) -> Result<(), Failure>;

    /// `mcsp:bridge/redis.pipeline`
    async fn pipeline(&self, operations: Vec<redis::Operation>) -> Result<Vec<redis::Reply>, Failure>;

    /// `mcsp:bridge/redis.try-pipeline`
    async fn try_pipeline(
        &self,
        operations: Vec<redis::Operation>,
        patience_ms: u32,
    ) -> Result<Vec<redis::Reply>, Failure>;

    /// `mcsp:bridge/services.call`
    async fn call(&self, request: services::Request) -> Result<services::Response, Failure>;

    /// `mcsp:bridge/passwords.hash`
    async fn hash_password(&self, password: String) -> Result<String, Failure>;

    /// `mcsp:bridge/passwords.verify`
    async fn verify_password(
        &self,
        password: String,
        phc: Option<String>,
    ) -> Result<passwords::Verdict, Failure>;

    /// `mcsp:bridge/limits.take`
    async fn take_request(&self, subject: limits::Subject) -> Result<limits::Standing, Failure>;

    /// `mcsp:bridge/memory.exchange`
    async fn exchange(&self, steps: Vec<memory::Step>) -> Result<Vec<memory::Outcome>, Failure>;
}
