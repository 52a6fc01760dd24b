//! Content with an object store.

use crate::Stand;
use mcsp_object_store::{Client, ObjectStore, Place, Settings};
use mcsp_testbed::{Setup, store_url};
use serde_json::Value;
use url::Url;

/// Of the region that the accounts of tests are of.
const BUCKET: &str = "mcsp-uploads";
const BUCKETS: &str = r#"{"eu": "mcsp-uploads"}"#;
/// One that may call the store.
const COMPONENT: &str = "content-videos";

/// Content with a database of its own, and the object store that `scripts/test` started.
pub struct ImageStand {
    /// Content.
    pub stand: Stand,
    store: ObjectStore,
    client: reqwest::Client,
}

/// What a URL was answered with.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The status.
    pub status: u16,
    /// `Content-Type`
    pub content_type: String,
    /// `Cache-Control`
    pub cache_control: String,
    /// The body.
    pub body: Vec<u8>,
}

impl ImageStand {
    /// Makes the database and the components.
    #[allow(clippy::unwrap_used, reason = "what fails here fails the test that called it")]
    pub async fn new() -> Self {
        let url: Url = store_url("MCSP_TEST_S3_URL").parse().unwrap();
        let endpoint = format!("http://{}:{}", url.host_str().unwrap(), url.port().unwrap());
        let (access_key, secret_key) = (url.username(), url.password().unwrap());
        let settings = Settings {
            public_url: &endpoint,
            signing_region: "us-east-1",
            access_key,
            secret_key,
            buckets: BUCKETS,
        };
        let store = ObjectStore::new(settings).unwrap();
        let variables = vec![
            ("object_store_public_url", endpoint.clone()),
            ("object_store_access_key", access_key.to_owned()),
            ("object_store_secret_key", secret_key.to_owned()),
            ("object_store_buckets", BUCKETS.to_owned()),
        ];
        let targets = vec![("object-store", endpoint)];
        let stand = Stand::with(Setup { variables, targets, ..Setup::default() }).await;
        ImageStand { stand, store, client: reqwest::Client::new() }
    }

    /// Puts an object, with the store's own keys.
    #[allow(clippy::unwrap_used, reason = "what fails here fails the test that called it")]
    pub async fn put(&self, key: &str, content_type: &str, body: &[u8]) {
        let bridge = self.stand.bed.bridge(COMPONENT);
        let client = Client::new(&self.store, &*bridge, self.stand.bed.now());
        client.put(Place { bucket: BUCKET, key }, content_type, body.to_vec()).await.unwrap();
    }

    /// The keys that the store has below a prefix.
    #[allow(clippy::unwrap_used, reason = "what fails here fails the test that called it")]
    pub async fn keys(&self, prefix: &str) -> Vec<String> {
        let bridge = self.stand.bed.bridge(COMPONENT);
        let client = Client::new(&self.store, &*bridge, self.stand.bed.now());
        client.list(BUCKET, prefix).await.unwrap().keys().map(str::to_owned).collect()
    }

    /// Sends bytes as `put` says, and gives the status.
    #[allow(clippy::unwrap_used, reason = "what fails here fails the test that called it")]
    pub async fn send(&self, put: &Value, body: &[u8]) -> u16 {
        let mut request = self.client.put(put.get("url").and_then(Value::as_str).unwrap());
        for (name, value) in put.get("headers").and_then(Value::as_object).unwrap() {
            request = request.header(name, value.as_str().unwrap());
        }
        request.body(body.to_vec()).send().await.unwrap().status().as_u16()
    }

    /// Loads an image by its URL, as an `<img>` does.
    #[allow(clippy::unwrap_used, reason = "what fails here fails the test that called it")]
    pub async fn load(&self, thumbnail: &Value) -> Loaded {
        let url = thumbnail.get("url").and_then(Value::as_str).unwrap();
        let answer = self.client.get(url).send().await.unwrap();
        let header = |name: &str| {
            let value = answer.headers().get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let (content_type, cache_control) = (header("content-type"), header("cache-control"));
        let status = answer.status().as_u16();
        Loaded { status, content_type, cache_control, body: answer.bytes().await.unwrap().to_vec() }
    }
}
