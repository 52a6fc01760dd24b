//! Upload, standing alone.

use mcsp_access::{Claims, Role};
use mcsp_testbed::{Component, Reply, Setup, Testbed, new_id, store_url, unique};
use serde_json::Value;
use url::Url;

const BUCKETS: &str = r#"{"eu": "mcsp-uploads"}"#;

/// Upload with a database of its own.
pub struct Stand {
    /// What it stands on.
    pub bed: Testbed,
    sessions: Component,
    pipeline: Component,
    client: reqwest::Client,
}

/// Someone who uploads.
pub struct Creator<'a> {
    stand: &'a Stand,
    bearer: String,
}

impl Stand {
    /// Makes the database and the components.
    pub async fn new() -> Self {
        let store: Url = store_url("MCSP_TEST_S3_URL").parse().unwrap();
        let endpoint = format!("http://{}:{}", store.host_str().unwrap(), store.port().unwrap());
        let variables = vec![
            ("object_store_public_url", endpoint.clone()),
            ("object_store_access_key", store.username().to_owned()),
            ("object_store_secret_key", store.password().unwrap().to_owned()),
            ("object_store_buckets", BUCKETS.to_owned()),
        ];
        let targets = vec![("object-store", endpoint)];
        let bed = Testbed::new("upload", Setup { variables, targets, ..Setup::default() }).await;
        Stand {
            sessions: bed.component("upload-sessions", upload_sessions::router),
            pipeline: bed.component("upload-pipeline", upload_pipeline::router),
            bed,
            client: reqwest::Client::new(),
        }
    }

    /// A new account in a region.
    pub fn creator(&self, region: &str) -> Creator<'_> {
        let claims = Claims { region: region.to_owned(), ..self.bed.claims(new_id(), Role::Creator) };
        Creator { stand: self, bearer: self.bed.bearer_of(&claims) }
    }

    /// Cuts Upload off from the object store, or lets it through again.
    pub fn set_store_down(&self, down: bool) {
        self.bed.set_down("object-store", down);
    }

    /// Delivers an event of the pipeline, and gives the status.
    pub async fn deliver(&self, event_id: &str, happened: &str, data: &Value) -> u16 {
        let kind = format!("mcsp.pipeline.processing.{happened}.v1");
        self.pipeline.deliver(event_id, &kind, data).await.status
    }

    /// Sends bytes as `signed` says, and gives the status.
    pub async fn send(&self, signed: &Value, body: Vec<u8>) -> u16 {
        let mut put = self.client.put(signed["url"].as_str().unwrap());
        for (name, value) in signed["headers"].as_object().unwrap() {
            put = put.header(name, value.as_str().unwrap());
        }
        put.body(body).send().await.unwrap().status().as_u16()
    }
}

impl Creator<'_> {
    /// Sends a request, with a new Idempotency-Key.
    pub async fn request(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let headers = [("authorization", self.bearer.as_str()), ("idempotency-key", &unique())];
        self.stand.sessions.send((method, path), &headers, body).await
    }
}
