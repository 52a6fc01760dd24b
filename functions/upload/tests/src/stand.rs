//! Upload, standing alone.

use crate::catalog::Catalog;
use bytes::Bytes;
use http_body::Body;
use mcsp_access::{Claims, Role};
use mcsp_ids::{UploadId, UserId};
use mcsp_object_store::{Client, ObjectStore, Place, Settings, StoreError};
use mcsp_testbed::{Component, Reply, Setup, Testbed, new_id, serve, store_url, unique};
use serde_json::{Value, json};
use std::time::Duration;
use url::Url;

const BUCKET: &str = "mcsp-uploads";
/// Another bucket that is there.
const BUCKET_US: &str = "mcsp-packaged";
const BUCKETS: &str = r#"{"eu": "mcsp-uploads", "us": "mcsp-packaged"}"#;

const URL_VALID: Duration = Duration::from_secs(60);

/// Upload with a database of its own.
pub struct Stand {
    /// What it stands on.
    pub bed: Testbed,
    sessions: Component,
    drafts: Component,
    pipeline: Component,
    tus: Component,
    pull: Component,
    client: reqwest::Client,
    store: ObjectStore,
    catalog: Catalog,
}

/// Someone who uploads.
pub struct Creator<'a> {
    stand: &'a Stand,
    bearer: String,
    /// `user_…`; of nobody where there is no account.
    pub user_id: String,
}

impl Stand {
    /// Makes the database and the components.
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    /// The same, with other values of variables.
    pub async fn with(changed: &[(&'static str, &str)]) -> Self {
        let store: Url = store_url("MCSP_TEST_S3_URL").parse().unwrap();
        let endpoint = format!("http://{}:{}", store.host_str().unwrap(), store.port().unwrap());
        let settings = Settings {
            public_url: &endpoint,
            signing_region: "us-east-1",
            access_key: store.username(),
            secret_key: store.password().unwrap(),
            buckets: BUCKETS,
        };
        let object_store = ObjectStore::new(settings).unwrap();
        let mut variables = vec![
            ("object_store_public_url", endpoint.clone()),
            ("object_store_access_key", store.username().to_owned()),
            ("object_store_secret_key", store.password().unwrap().to_owned()),
            ("object_store_buckets", BUCKETS.to_owned()),
        ];
        variables.extend(changed.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let catalog = Catalog::default();
        let targets = vec![("object-store", endpoint), ("content", serve(catalog.router()).await)];
        let bed = Testbed::new("upload", Setup { variables, targets, ..Setup::default() }).await;
        Stand {
            drafts: bed.component("upload-drafts", upload_drafts::router),
            sessions: bed.component("upload-sessions", upload_sessions::router),
            pipeline: bed.component("upload-pipeline", upload_pipeline::router),
            tus: bed.component("upload-tus", upload_tus::router),
            pull: bed.component("upload-pull", upload_pull::router),
            bed,
            client: reqwest::Client::new(),
            store: object_store,
            catalog,
        }
    }

    /// A new account in a region.
    pub fn creator(&self, region: &str) -> Creator<'_> {
        self.creator_of(region, new_id())
    }

    /// An account in a region.
    pub fn creator_of(&self, region: &str, user: UserId) -> Creator<'_> {
        let claims = Claims { region: region.to_owned(), ..self.bed.claims(user, Role::Creator) };
        Creator { stand: self, bearer: self.bed.bearer_of(&claims), user_id: user.to_string() }
    }

    /// A registered client that may do no more than this in an account's name.
    pub fn client_of(&self, creator: &Creator<'_>, scope: &str) -> Creator<'_> {
        let user: UserId = creator.user_id.parse().unwrap();
        let client_id = "client_00000000000000000000000001".to_owned();
        let claims = Claims { client_id, scope: scope.to_owned(), ..self.bed.claims(user, Role::Creator) };
        Creator { stand: self, bearer: self.bed.bearer_of(&claims), user_id: user.to_string() }
    }

    /// Whoever has a token for an upload, and no account.
    pub fn holder(&self, token: &str) -> Creator<'_> {
        Creator { stand: self, bearer: format!("Bearer {token}"), user_id: String::new() }
    }

    /// Cuts Upload off from the object store, or lets it through again.
    pub fn set_store_down(&self, down: bool) {
        self.bed.set_down("object-store", down);
    }

    /// Has Content know a new video of a creator's in this state, and gives its id.
    pub fn content_has(&self, owner: &Creator<'_>, state: &str) -> String {
        self.catalog.add(&owner.user_id, state)
    }

    /// Has Content tell this state of a video from now on.
    pub fn content_says(&self, video: &str, state: Value) {
        self.catalog.set(video, state);
    }

    /// Delivers an event of the pipeline, and gives the status.
    pub async fn deliver(&self, event_id: &str, happened: &str, data: &Value) -> u16 {
        let kind = format!("mcsp.pipeline.processing.{happened}.v1");
        self.pipeline.deliver(event_id, &kind, data).await.status
    }

    /// Delivers the timer of an upload, as the bridge does when it is due, and gives the status.
    pub async fn deliver_sweep(&self, upload: &Value) -> u16 {
        let data = json!({"upload_id": upload["id"], "bucket": BUCKET});
        self.pipeline.deliver(&unique(), "mcsp.upload.session.sweep_due.v1", &data).await.status
    }

    /// Has more of an upload fetched, as the timer does when it is due, and gives the status.
    pub async fn deliver_pull(&self, upload: &Value) -> u16 {
        let data = json!({"upload_id": upload["id"]});
        self.pull.deliver(&unique(), "mcsp.upload.session.pull_due.v1", &data).await.status
    }

    /// Tells that an account was erased, and gives the status.
    pub async fn deliver_erasure(&self, event_id: &str, user_id: &str) -> u16 {
        let data = json!({"user_id": user_id, "version": 2, "state": "erased"});
        self.pipeline.deliver(event_id, "mcsp.auth.account.erased.v1", &data).await.status
    }

    /// Tells that the video of an upload was deleted for good, and gives the status.
    pub async fn deliver_purge(&self, event_id: &str, upload: &Value) -> u16 {
        let data = json!({"video_id": upload["video_id"], "version": 9, "state": "deleted"});
        self.pipeline.deliver(event_id, "mcsp.content.video.purged.v1", &data).await.status
    }

    /// Tells that the video of an upload is another account's, and gives the status.
    pub async fn deliver_transfer(&self, event_id: &str, upload: &Value, (to, version): (&str, u64)) -> u16 {
        let data =
            json!({"video_id": upload["video_id"], "owner_id": to, "version": version, "state": "ready"});
        self.pipeline.deliver(event_id, "mcsp.content.video.transferred.v1", &data).await.status
    }

    /// Tells that something else has become of the video of an upload, and gives the status.
    pub async fn deliver_change(&self, event_id: &str, upload: &Value) -> u16 {
        let data = json!({"video_id": upload["video_id"], "version": 9, "state": "ready"});
        self.pipeline.deliver(event_id, "mcsp.content.video.edited.v1", &data).await.status
    }

    /// Tells what an account is entitled to, and gives the status.
    pub async fn deliver_plan(&self, user_id: &str, version: u64, entitlements: &Value) -> u16 {
        let state = if entitlements.is_null() { "canceled" } else { "active" };
        let data =
            json!({"user_id": user_id, "version": version, "state": state, "entitlements": entitlements});
        let kind = "mcsp.subscription.subscription.changed.v1";
        self.pipeline.deliver(&unique(), kind, &data).await.status
    }

    /// Lets the time of all uploads run out. Stores take no signature of a clock that runs ahead, so the clock stays.
    pub async fn run_out(&self) {
        self.bed.execute("UPDATE uploads SET expires_at = expires_at - interval '25 hours'").await;
    }

    /// The multipart upload at the store that an upload has begun.
    pub async fn multipart(&self, upload: &Value) -> String {
        let id: UploadId = upload["id"].as_str().unwrap().parse().unwrap();
        self.bed.ask(&format!("SELECT multipart_id FROM uploads WHERE id = '{}'", id.uuid())).await
    }

    /// The keys that the object store has of an upload, whichever bucket they are in.
    pub async fn stored(&self, upload: &Value) -> Vec<String> {
        let bridge = self.bed.bridge("upload-sessions");
        let client = Client::new(&self.store, &*bridge, self.bed.now());
        let prefix = format!("uploads/{}/", upload["id"].as_str().unwrap());
        let mut keys = Vec::new();
        for bucket in [BUCKET, BUCKET_US] {
            keys.extend(client.list(bucket, &prefix).await.unwrap().keys().map(str::to_owned));
        }
        keys
    }

    /// Whether the object store has an object of an upload, or this multipart upload of it.
    pub async fn store_has(&self, upload: &Value, multipart: Option<&str>) -> bool {
        let key = source(upload);
        let place = Place { bucket: BUCKET, key: &key };
        let bridge = self.bed.bridge("upload-sessions");
        let client = Client::new(&self.store, &*bridge, self.bed.now());
        if let Some(multipart) = multipart {
            match client.list_parts(place, multipart, 0, 1).await {
                Ok(_) => return true,
                Err(StoreError::NoSuchUpload) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
        !self.stored(upload).await.is_empty()
    }

    /// The bytes of an object, up to 512.
    pub async fn bytes_of(&self, object: &Value) -> Vec<u8> {
        let bridge = self.bed.bridge("upload-sessions");
        let client = Client::new(&self.store, &*bridge, self.bed.now());
        let (bucket, key) = (object["bucket"].as_str().unwrap(), object["key"].as_str().unwrap());
        client.first_bytes(Place { bucket, key }, 512).await.unwrap()
    }

    /// All bytes of an object.
    pub async fn content(&self, object: &Value) -> Vec<u8> {
        const READ_BYTES: u64 = 1 << 20;
        let bridge = self.bed.bridge("upload-tus");
        let client = Client::new(&self.store, &*bridge, self.bed.now());
        let (bucket, key) = (object["bucket"].as_str().unwrap(), object["key"].as_str().unwrap());
        let size = client.head(Place { bucket, key }).await.unwrap().unwrap().size_bytes;
        let mut content = Vec::new();
        while (content.len() as u64) < size {
            let from = content.len() as u64;
            content.extend(client.bytes(Place { bucket, key }, from, READ_BYTES).await.unwrap());
        }
        content
    }

    /// Puts bytes where those of an upload belong, with the store's own keys: other than what was declared.
    pub async fn put_instead(&self, upload: &Value, body: &[u8], checksum_sha256: Option<&str>) {
        let key = source(upload);
        let place = Place { bucket: BUCKET, key: &key };
        let declared = (body.len() as u64, "video/mp4", checksum_sha256);
        let request = self.store.sign_put(place, declared, self.bed.now(), URL_VALID).unwrap();
        let mut put = self.client.put(request.url);
        for (name, value) in request.headers.into_iter().filter(|(name, _)| *name != "content-length") {
            put = put.header(name, value);
        }
        assert_eq!(put.body(body.to_vec()).send().await.unwrap().status(), 200);
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
    /// Sends a request of tus, with more headers and any body.
    pub async fn tus<B>(&self, (method, path): (&str, &str), headers: &[(&str, &str)], body: B) -> Reply
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: std::error::Error + Send + Sync,
    {
        let mut all = vec![("authorization", self.bearer.as_str()), ("tus-resumable", "1.0.0")];
        all.extend(headers);
        self.stand.tus.send_body((method, path), &all, body).await
    }

    /// Sends a request about drafts, with more headers.
    pub async fn request_drafts(
        &self,
        (method, path): (&str, &str),
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Reply {
        let mut all = vec![("authorization", self.bearer.as_str())];
        all.extend(headers);
        self.stand.drafts.send((method, path), &all, body).await
    }

    /// Begins an upload from an address, with this Idempotency-Key.
    pub async fn pull(&self, key: &str, body: Value) -> Reply {
        let headers = [("authorization", self.bearer.as_str()), ("idempotency-key", key)];
        self.stand.pull.send(("POST", "/v1/uploads/pull"), &headers, Some(body)).await
    }

    /// Sends a request, with a new Idempotency-Key.
    pub async fn request(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        self.request_with_key((method, path), &unique(), body).await
    }

    /// Sends a request, with this Idempotency-Key.
    pub async fn request_with_key(
        &self,
        (method, path): (&str, &str),
        key: &str,
        body: Option<Value>,
    ) -> Reply {
        let headers = [("authorization", self.bearer.as_str()), ("idempotency-key", key)];
        self.stand.sessions.send((method, path), &headers, body).await
    }
}

/// Where the bytes of an upload are sent to.
fn source(upload: &Value) -> String {
    format!("uploads/{}/source", upload["id"].as_str().unwrap())
}
