//! Calls through the bridge.

use crate::fixture::{Setup, get, get_from, report, wait_until};
use async_trait::async_trait;
use futures::future::join_all;
use mcsp_bridge_api::{Bridge, Failure, kafka, limits, memory, passwords, postgres, redis, services};
use mcsp_runner::BridgeFactory;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;

/// Answers a pipeline with its own words once the gate lets it through.
#[derive(Clone)]
pub struct GatedBridge(Arc<Gate>);

struct Gate {
    /// Calls that have begun.
    entered: AtomicUsize,
    passes: Semaphore,
}

impl GatedBridge {
    pub fn new(passes: usize) -> Self {
        GatedBridge(Arc::new(Gate { entered: AtomicUsize::new(0), passes: Semaphore::new(passes) }))
    }

    pub fn entered(&self) -> usize {
        self.0.entered.load(Ordering::SeqCst)
    }

    pub fn let_pass(&self, calls: usize) {
        self.0.passes.add_permits(calls);
    }
}

impl BridgeFactory for GatedBridge {
    fn for_component(&self, id: &str) -> Arc<dyn Bridge> {
        assert!(["hello", "probe"].contains(&id));
        Arc::new(self.clone())
    }
}

#[async_trait]
impl Bridge for GatedBridge {
    async fn pipeline(&self, operations: Vec<redis::Operation>) -> Result<Vec<redis::Reply>, Failure> {
        self.0.entered.fetch_add(1, Ordering::SeqCst);
        self.0.passes.acquire().await.unwrap().forget();
        let words = operations.into_iter().flat_map(|operation| match operation {
            redis::Operation::Command(words) => words,
            redis::Operation::RunScript(script) => script.arguments,
        });
        Ok(words.map(redis::Reply::Bulk).collect())
    }

    async fn query(&self, _: postgres::Statement) -> Result<postgres::RowSet, Failure> {
        Err(Failure::NotGranted("postgres".into()))
    }

    async fn try_query(&self, _: postgres::Statement, _: u32) -> Result<postgres::RowSet, Failure> {
        Err(Failure::NotGranted("postgres".into()))
    }

    async fn transact(
        &self,
        _: postgres::Transaction,
    ) -> Result<Vec<postgres::RowSet>, postgres::TransactError> {
        Err(postgres::TransactError::Failed(Failure::NotGranted("postgres".into())))
    }

    async fn publish(&self, _: Vec<kafka::Event>, _: kafka::Acknowledgement) -> Result<(), Failure> {
        Err(Failure::NotGranted("produces".into()))
    }

    async fn try_pipeline(
        &self,
        operations: Vec<redis::Operation>,
        _: u32,
    ) -> Result<Vec<redis::Reply>, Failure> {
        self.pipeline(operations).await
    }

    async fn call(&self, _: services::Request) -> Result<services::Response, Failure> {
        Err(Failure::NotGranted("services".into()))
    }

    async fn hash_password(&self, _: String) -> Result<String, Failure> {
        Err(Failure::NotGranted("passwords".into()))
    }

    async fn verify_password(&self, _: String, _: Option<String>) -> Result<passwords::Verdict, Failure> {
        Err(Failure::NotGranted("passwords".into()))
    }

    async fn take_request(&self, _: limits::Subject) -> Result<limits::Standing, Failure> {
        Err(Failure::NotGranted("limits".into()))
    }

    async fn exchange(&self, _: Vec<memory::Step>) -> Result<Vec<memory::Outcome>, Failure> {
        Err(Failure::NotGranted("memory".into()))
    }
}

#[tokio::test]
async fn a_call_goes_to_the_components_bridge_and_back() {
    let runner = Setup::default().bridges(GatedBridge::new(1)).start().await;
    let response = get(&runner, "/probe/redis/key").await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.body(), "[Reply::Bulk([71, 69, 84]), Reply::Bulk([107, 101, 121])]");
    runner.stop().await;
}

#[tokio::test]
async fn calls_of_one_instance_overlap() {
    let bridge = GatedBridge::new(0);
    let runner = Setup::default().bridges(bridge.clone()).probe("pinned = 1").start().await;
    let mut waiting = Vec::new();
    for calls in 1..=8 {
        waiting.push(tokio::spawn(get_from(runner.address(), "/probe/redis/key")));
        wait_until(|| bridge.entered() == calls, || format!("{}", bridge.entered())).await;
    }
    bridge.let_pass(8);
    for response in join_all(waiting).await {
        assert_eq!(response.unwrap().status(), 200);
    }
    // The one that served, and the one that is kept ready in its place.
    let instances = report(&runner, "probe").instances_started;
    assert!(instances <= 2, "{instances}");
    runner.stop().await;
}
