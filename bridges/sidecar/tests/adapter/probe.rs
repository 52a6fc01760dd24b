//! A client of the probe: each function makes the call of that name from within the component.

use crate::kafka::PATIENCE;
use mcsp_bridge_api::Failure;
use mcsp_bridge_api::kafka::{Acknowledgement, Event};
use mcsp_bridge_api::limits::{Standing, Subject};
use mcsp_bridge_api::memory::{Outcome, Step};
use mcsp_bridge_api::passwords::Verdict;
use mcsp_bridge_api::postgres::{RowSet, Statement, TransactError, Transaction};
use mcsp_bridge_api::redis::{Operation, Reply};
use mcsp_bridge_api::services::{Request, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::net::SocketAddr;

#[derive(Clone)]
pub struct Probe {
    client: reqwest::Client,
    address: SocketAddr,
}

impl Probe {
    pub fn at(address: SocketAddr) -> Self {
        Probe { client: reqwest::Client::builder().timeout(PATIENCE).build().unwrap(), address }
    }

    pub async fn query(&self, statement: impl Into<Statement>) -> Result<RowSet, Failure> {
        self.ask("query", (statement.into(),)).await
    }

    pub async fn transact(&self, transaction: Transaction) -> Result<Vec<RowSet>, TransactError> {
        self.ask("transact", (transaction,)).await
    }

    pub async fn publish(&self, events: Vec<Event>, acknowledged: Acknowledgement) -> Result<(), Failure> {
        self.ask("publish", (events, acknowledged)).await
    }

    pub async fn pipeline(&self, operations: Vec<Operation>) -> Result<Vec<Reply>, Failure> {
        self.ask("pipeline", (operations,)).await
    }

    pub async fn try_query(
        &self,
        statement: impl Into<Statement>,
        patience_ms: u32,
    ) -> Result<RowSet, Failure> {
        self.ask("try_query", (statement.into(), patience_ms)).await
    }

    pub async fn try_pipeline(
        &self,
        operations: Vec<Operation>,
        patience_ms: u32,
    ) -> Result<Vec<Reply>, Failure> {
        self.ask("try_pipeline", (operations, patience_ms)).await
    }

    pub async fn exchange(&self, steps: Vec<Step>) -> Result<Vec<Outcome>, Failure> {
        self.ask("exchange", (steps,)).await
    }

    pub async fn call(&self, request: Request) -> Result<Response, Failure> {
        self.ask("call", (request,)).await
    }

    pub async fn hash_password(&self, password: &str) -> Result<String, Failure> {
        self.ask("hash_password", (password,)).await
    }

    pub async fn verify_password(&self, password: &str, phc: Option<&str>) -> Result<Verdict, Failure> {
        self.ask("verify_password", (password, phc)).await
    }

    pub async fn take_request(&self, subject: Subject) -> Result<Standing, Failure> {
        self.ask("take_request", (subject,)).await
    }

    async fn ask<T: DeserializeOwned>(&self, function: &str, parameters: impl Serialize) -> T {
        let url = format!("http://{}/probe/bridge/{function}", self.address);
        let response = self.client.post(url).json(&parameters).send().await.unwrap();
        let (status, body) = (response.status(), response.bytes().await.unwrap());
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap()
    }
}
