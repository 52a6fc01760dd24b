//! The client against a real object store, at `MCSP_TEST_S3_URL`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use async_trait::async_trait;
use jiff::Timestamp;
use mcsp_bridge_api::services::{Request, Response};
use mcsp_bridge_api::{Bridge, Failure, kafka, limits, memory, passwords, postgres, redis};
use mcsp_object_store::{Client, ListedPart, ObjectStore, Place, Settings, SignedRequest, StoreError};
use std::time::Duration;
use url::Url;

const BUCKET: &str = "mcsp-uploads";
const PART_BYTES: usize = 5 * 1024 * 1024;
const VALID: Duration = Duration::from_secs(60);
/// SHA-256 of `hello`, in base64.
const HELLO_SHA256: &str = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";

/// Sends what is called to the store, and has nothing else.
struct ToStore {
    endpoint: String,
    client: reqwest::Client,
}

#[async_trait]
impl Bridge for ToStore {
    async fn call(&self, request: Request) -> Result<Response, Failure> {
        assert_eq!(request.target, "object-store");
        let method = reqwest::Method::from_bytes(request.method.as_bytes()).unwrap();
        let mut sent = self.client.request(method, format!("{}{}", self.endpoint, request.path));
        for (name, value) in request.headers {
            sent = sent.header(name, value);
        }
        let answer = sent.body(request.body).send().await.map_err(|_| Failure::Unreachable)?;
        let text = |value: &reqwest::header::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let headers = answer.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        let status = answer.status().as_u16();
        let body = answer.bytes().await.map_err(|_| Failure::Unreachable)?.to_vec();
        Ok(Response { status, headers, body, stale_ms: 0 })
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
        Err(Failure::NotGranted("kafka".into()))
    }

    async fn pipeline(&self, _: Vec<redis::Operation>) -> Result<Vec<redis::Reply>, Failure> {
        Err(Failure::NotGranted("redis".into()))
    }

    async fn try_pipeline(&self, _: Vec<redis::Operation>, _: u32) -> Result<Vec<redis::Reply>, Failure> {
        Err(Failure::NotGranted("redis".into()))
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

struct Setup {
    bridge: ToStore,
    store: ObjectStore,
    key: String,
}

impl Setup {
    /// `name` tells the tests' objects apart.
    fn new(name: &str) -> Setup {
        let url = std::env::var("MCSP_TEST_S3_URL").expect("MCSP_TEST_S3_URL is not set: run scripts/test");
        let url: Url = url.parse().unwrap();
        let endpoint = format!("http://{}:{}", url.host_str().unwrap(), url.port().unwrap());
        let settings = Settings {
            public_url: &endpoint,
            signing_region: "us-east-1",
            access_key: url.username(),
            secret_key: url.password().unwrap(),
            buckets: "{}",
        };
        let store = ObjectStore::new(settings).unwrap();
        let key = format!("tests/{name}-{}/source", now().as_nanosecond());
        Setup { bridge: ToStore { endpoint, client: reqwest::Client::new() }, store, key }
    }

    fn place(&self) -> Place<'_> {
        Place { bucket: BUCKET, key: &self.key }
    }

    fn client(&self) -> Client<'_> {
        Client::new(&self.store, &self.bridge, now())
    }

    async fn send(&self, request: SignedRequest, body: Vec<u8>) -> u16 {
        let mut put = self.bridge.client.put(request.url);
        for (name, value) in request.headers.into_iter().filter(|(name, _)| *name != "content-length") {
            put = put.header(name, value);
        }
        put.body(body).send().await.unwrap().status().as_u16()
    }

    async fn send_part(&self, id: &str, number: u16, body: Vec<u8>) -> u16 {
        let size = body.len() as u64;
        let request = self.store.sign_part(self.place(), (id, number), (size, None), now(), VALID).unwrap();
        self.send(request, body).await
    }

    async fn all_parts(&self, id: &str) -> Vec<ListedPart> {
        self.client().list_parts(self.place(), id, 0, 1000).await.unwrap().parts
    }
}

#[expect(clippy::disallowed_methods, reason = "the store compares signatures with the real time")]
fn now() -> Timestamp {
    Timestamp::now()
}

#[tokio::test]
async fn a_signed_put_takes_exactly_what_was_signed() {
    let setup = Setup::new("put");
    let sign = || {
        let body = (5, "video/mp4", Some(HELLO_SHA256));
        setup.store.sign_put(setup.place(), body, now(), VALID).unwrap()
    };
    assert_eq!(setup.client().head(setup.place()).await, Ok(None));
    assert_eq!(setup.send(sign(), b"hello, world".to_vec()).await, 403, "another size");
    assert_eq!(setup.send(sign(), b"HELLO".to_vec()).await, 400, "another checksum");
    let mut other_type = sign();
    other_type.headers.retain(|(name, _)| *name != "content-type");
    other_type.headers.push(("content-type", "text/html".into()));
    assert_eq!(setup.send(other_type, b"hello".to_vec()).await, 403, "another type");
    assert_eq!(setup.client().head(setup.place()).await, Ok(None));

    assert_eq!(setup.send(sign(), b"hello".to_vec()).await, 200);
    let head = setup.client().head(setup.place()).await.unwrap().unwrap();
    assert_eq!((head.size_bytes, head.checksum_sha256.as_deref()), (5, Some(HELLO_SHA256)));
    assert_eq!(setup.client().first_bytes(setup.place(), 2).await, Ok(b"he".to_vec()));
    assert_eq!(setup.client().first_bytes(setup.place(), 512).await, Ok(b"hello".to_vec()));

    for time in ["first", "second"] {
        assert_eq!(setup.client().delete(setup.place()).await, Ok(()), "{time}");
    }
    assert_eq!(setup.client().head(setup.place()).await, Ok(None));
}

#[tokio::test]
async fn a_copy_is_of_one_moment_and_is_found_by_its_prefix() {
    let setup = Setup::new("copy");
    let client = setup.client();
    let (prefix, _) = setup.key.rsplit_once('/').unwrap();
    let kept = format!("{prefix}/kept");
    assert_eq!(client.copy(setup.place(), &kept).await, Err(StoreError::NoSuchObject));
    assert_eq!(client.list(BUCKET, prefix).await.unwrap().keys().count(), 0);
    for body in [b"hello", b"HELLO"] {
        let checksum = (body == b"hello").then_some(HELLO_SHA256);
        let put = setup.store.sign_put(setup.place(), (5, "video/mp4", checksum), now(), VALID).unwrap();
        assert_eq!(setup.send(put, body.to_vec()).await, 200);
        if checksum.is_some() {
            assert_eq!(client.copy(setup.place(), &kept).await, Ok(()));
        }
    }
    let copy = Place { bucket: BUCKET, key: &kept };
    assert_eq!(client.first_bytes(copy, 5).await, Ok(b"hello".to_vec()));
    let head = client.head(copy).await.unwrap().unwrap();
    assert_eq!(head.checksum_sha256.as_deref(), Some(HELLO_SHA256));
    let keys = client.list(BUCKET, prefix).await.unwrap();
    assert_eq!(keys.keys().collect::<Vec<_>>(), [&kept, &setup.key]);
    client.delete(setup.place()).await.unwrap();
    assert_eq!(client.first_bytes(copy, 5).await, Ok(b"hello".to_vec()));
    client.delete(copy).await.unwrap();
}

#[tokio::test]
async fn parts_become_one_object_once() {
    let setup = Setup::new("parts");
    let client = setup.client();
    let id = client.create_multipart(setup.place(), "video/mp4", false).await.unwrap();
    assert_eq!(setup.all_parts(&id).await, []);
    assert_eq!(setup.send_part(&id, 2, b"tail".to_vec()).await, 200);
    assert_eq!(setup.send_part(&id, 1, vec![7; PART_BYTES]).await, 200);
    let parts = setup.all_parts(&id).await;
    let sizes: Vec<_> = parts.iter().map(|part| (part.number, part.size_bytes)).collect();
    assert_eq!(sizes, [(1, PART_BYTES as u64), (2, 4)]);
    let page = client.list_parts(setup.place(), &id, 1, 1).await.unwrap();
    assert_eq!((page.parts.len(), page.truncated), (1, false));
    let page = client.list_parts(setup.place(), &id, 0, 1).await.unwrap();
    assert_eq!((page.parts.len(), page.truncated), (1, true));

    assert_eq!(client.complete_multipart(setup.place(), &id, &parts).await, Ok(()));
    let again = client.complete_multipart(setup.place(), &id, &parts).await;
    assert!(matches!(again, Ok(()) | Err(StoreError::NoSuchUpload)), "{again:?}");
    let head = client.head(setup.place()).await.unwrap().unwrap();
    assert_eq!(head.size_bytes, PART_BYTES as u64 + 4);
    client.delete(setup.place()).await.unwrap();
}

#[tokio::test]
async fn an_aborted_upload_takes_no_part_and_can_be_aborted_again() {
    let setup = Setup::new("abort");
    let id = setup.client().create_multipart(setup.place(), "video/mp4", false).await.unwrap();
    for time in ["first", "second"] {
        assert_eq!(setup.client().abort_multipart(setup.place(), &id).await, Ok(()), "{time}");
    }
    assert_eq!(setup.send_part(&id, 1, b"late".to_vec()).await, 404);
    let listed = setup.client().list_parts(setup.place(), &id, 0, 1000).await;
    assert_eq!(listed, Err(StoreError::NoSuchUpload));
}

#[tokio::test]
async fn with_checksums_every_part_is_checked() {
    let setup = Setup::new("checksums");
    let client = setup.client();
    let id = client.create_multipart(setup.place(), "video/mp4", true).await.unwrap();
    let sign = || {
        let body = (5, Some(HELLO_SHA256));
        setup.store.sign_part(setup.place(), (&id, 1), body, now(), VALID).unwrap()
    };
    assert_eq!(setup.send(sign(), b"HELLO".to_vec()).await, 400);
    assert_eq!(setup.send(sign(), b"hello".to_vec()).await, 200);
    let parts = setup.all_parts(&id).await;
    assert_eq!(parts[0].checksum_sha256.as_deref(), Some(HELLO_SHA256));
    assert_eq!(client.complete_multipart(setup.place(), &id, &parts).await, Ok(()));
    client.delete(setup.place()).await.unwrap();
}

#[tokio::test]
async fn an_expired_and_a_forged_url_are_refused() {
    let setup = Setup::new("refused");
    let body = (5, "video/mp4", None);
    let hour_ago = now() - jiff::SignedDuration::from_hours(1);
    let expired = setup.store.sign_put(setup.place(), body, hour_ago, VALID).unwrap();
    assert_eq!(setup.send(expired, b"hello".to_vec()).await, 403);
    let mut forged = setup.store.sign_put(setup.place(), body, now(), VALID).unwrap();
    forged.url.set_path(&format!("/{BUCKET}/tests/other"));
    assert_eq!(setup.send(forged, b"hello".to_vec()).await, 403);
}

#[tokio::test]
async fn a_store_that_is_down_and_one_that_refuses_are_told_apart() {
    let mut setup = Setup::new("down");
    let place = Place { bucket: "no-such-bucket", key: &setup.key };
    let refused = setup.client().create_multipart(place, "video/mp4", false).await;
    assert!(
        matches!(&refused, Err(StoreError::Refused { status: 404, code: Some(code) }) if code == "NoSuchBucket"),
        "{refused:?}"
    );
    setup.bridge.endpoint = "http://127.0.0.1:1".into();
    let down = setup.client().head(setup.place()).await;
    assert_eq!(down, Err(StoreError::Call(Failure::Unreachable)));
}
