//! The capabilities that Upload has: Postgres, Auth's published keys and the object store.

use async_trait::async_trait;
use mcsp_bridge_api::{Bridge, Failure, kafka, passwords, postgres, redis, services};
use mcsp_postgres::Postgres;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a component of Upload is granted.
#[derive(Clone)]
pub(crate) struct UploadBridge {
    pub(crate) component: &'static str,
    pub(crate) postgres: Postgres,
    /// What Auth answers to `GET /.well-known/jwks.json`.
    pub(crate) key_set: String,
    /// `http://host:port`
    pub(crate) object_store: String,
    pub(crate) object_store_down: Arc<AtomicBool>,
    pub(crate) client: reqwest::Client,
}

fn not_granted<T>() -> Result<T, Failure> {
    Err(Failure::NotGranted("Upload needs Postgres, Auth and the object store only".into()))
}

impl UploadBridge {
    async fn call_store(&self, request: services::Request) -> Result<services::Response, Failure> {
        if self.object_store_down.load(Ordering::SeqCst) {
            return Err(Failure::Unreachable);
        }
        let method = reqwest::Method::from_bytes(request.method.as_bytes()).unwrap();
        let mut sent = self.client.request(method, format!("{}{}", self.object_store, request.path));
        for (name, value) in request.headers {
            sent = sent.header(name, value);
        }
        let answer = sent.body(request.body).send().await.map_err(|_| Failure::Unreachable)?;
        let text = |value: &reqwest::header::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let headers = answer.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        let status = answer.status().as_u16();
        let body = answer.bytes().await.map_err(|_| Failure::Unreachable)?.to_vec();
        Ok(services::Response { status, headers, body, stale_ms: 0 })
    }
}

#[async_trait]
impl Bridge for UploadBridge {
    async fn query(&self, statement: postgres::Statement) -> Result<postgres::RowSet, Failure> {
        self.postgres.query(statement).await
    }

    async fn transact(
        &self,
        transaction: postgres::Transaction,
    ) -> Result<Vec<postgres::RowSet>, postgres::TransactError> {
        self.postgres.transact(self.component, transaction).await
    }

    async fn call(&self, request: services::Request) -> Result<services::Response, Failure> {
        match (request.target.as_str(), request.path.as_str()) {
            ("auth", "/.well-known/jwks.json") => Ok(services::Response {
                status: 200,
                headers: Vec::new(),
                body: self.key_set.clone().into_bytes(),
                stale_ms: 0,
            }),
            ("object-store", _) => self.call_store(request).await,
            _ => not_granted(),
        }
    }

    async fn publish(&self, _: Vec<kafka::Event>, _: kafka::Acknowledgement) -> Result<(), Failure> {
        not_granted()
    }

    async fn pipeline(&self, _: Vec<redis::Operation>) -> Result<Vec<redis::Reply>, Failure> {
        not_granted()
    }

    async fn hash_password(&self, _: String) -> Result<String, Failure> {
        not_granted()
    }

    async fn verify_password(&self, _: String, _: Option<String>) -> Result<passwords::Verdict, Failure> {
        not_granted()
    }
}
