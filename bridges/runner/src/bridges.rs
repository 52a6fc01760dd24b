//! Where functions' calls to the bridge go.

use async_trait::async_trait;
use mcsp_bridge_api::{Bridge, Failure, kafka, limits, memory, passwords, postgres, redis, services};
use std::sync::Arc;

/// Makes the bridge of a component. It is called on each worker thread, within that thread's runtime, once
/// per component.
pub trait BridgeFactory: Send + Sync + 'static {
    /// The bridge that this component's calls go to on this thread.
    fn for_component(&self, id: &str) -> Arc<dyn Bridge>;
}

/// A bridge to nowhere: every call is answered as if its target did not answer. For functions that need no
/// store.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoBridge;

impl BridgeFactory for NoBridge {
    fn for_component(&self, _id: &str) -> Arc<dyn Bridge> {
        Arc::new(NoBridge)
    }
}

#[async_trait]
impl Bridge for NoBridge {
    async fn query(&self, _: postgres::Statement) -> Result<postgres::RowSet, Failure> {
        Err(Failure::Unreachable)
    }

    async fn try_query(&self, _: postgres::Statement, _: u32) -> Result<postgres::RowSet, Failure> {
        Err(Failure::Unreachable)
    }

    async fn transact(
        &self,
        _: postgres::Transaction,
    ) -> Result<Vec<postgres::RowSet>, postgres::TransactError> {
        Err(postgres::TransactError::Failed(Failure::Unreachable))
    }

    async fn publish(&self, _: Vec<kafka::Event>, _: kafka::Acknowledgement) -> Result<(), Failure> {
        Err(Failure::Unreachable)
    }

    async fn pipeline(&self, _: Vec<redis::Operation>) -> Result<Vec<redis::Reply>, Failure> {
        Err(Failure::Unreachable)
    }

    async fn try_pipeline(&self, _: Vec<redis::Operation>, _: u32) -> Result<Vec<redis::Reply>, Failure> {
        Err(Failure::Unreachable)
    }

    async fn call(&self, _: services::Request) -> Result<services::Response, Failure> {
        Err(Failure::Unreachable)
    }

    async fn hash_password(&self, _: String) -> Result<String, Failure> {
        Err(Failure::Unreachable)
    }

    async fn verify_password(&self, _: String, _: Option<String>) -> Result<passwords::Verdict, Failure> {
        Err(Failure::Unreachable)
    }

    async fn take_request(&self, _: limits::Subject) -> Result<limits::Standing, Failure> {
        Err(Failure::Unreachable)
    }

    async fn exchange(&self, _: Vec<memory::Step>) -> Result<Vec<memory::Outcome>, Failure> {
        Err(Failure::Unreachable)
    }
}
