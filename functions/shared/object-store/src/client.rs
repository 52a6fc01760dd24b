//! The platform's own calls to the store, through the bridge.

use crate::StoreError;
use crate::answers::{
    self, CompletedMultipart, CopiedObject, CreatedMultipart, KeyList, ListedPart, PartList,
};
use crate::store::{ObjectStore, Place, SignedRequest, signed};
use jiff::Timestamp;
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::services::{Request, Response};
use rusty_s3::{Bucket, Method, signing};
use std::time::Duration;

/// The bridge's name for the store.
const TARGET: &str = "object-store";
/// How long a call's signature is good: it is sent at once, and the bridge may repeat it.
const CALL_VALID: Duration = Duration::from_secs(60);
/// The most parts that one list has (S3's limit).
pub const PARTS_PER_LIST: u32 = 1000;

/// Calls the store at a moment.
#[derive(Clone, Copy)]
pub struct Client<'a> {
    store: &'a ObjectStore,
    bridge: &'a dyn Bridge,
    now: Timestamp,
}

/// What the store knows of an object without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its size.
    pub size_bytes: u64,
    /// Its SHA-256 in base64, where it came with one.
    pub checksum_sha256: Option<String>,
}

impl<'a> Client<'a> {
    /// A client for calls that are made now.
    pub fn new(store: &'a ObjectStore, bridge: &'a dyn Bridge, now: Timestamp) -> Self {
        Client { store, bridge, now }
    }

    /// Begins a multipart upload and gives the store's id for it. With `checksummed`, every part must come
    /// with its SHA-256.
    pub async fn create_multipart(
        &self,
        place: Place<'_>,
        content_type: &str,
        checksummed: bool,
    ) -> Result<String, StoreError> {
        let mut headers = vec![("content-type", content_type.to_owned())];
        if checksummed {
            headers.push(("x-amz-checksum-algorithm", "SHA256".to_owned()));
        }
        let bucket = self.store.bucket(place.bucket)?;
        let url = self.sign_with(&bucket, Method::Post, place.key, &[("uploads", "1")], &headers);
        let request = SignedRequest { url, headers };
        // Repeated, it would begin another one, which nobody would ever abort.
        let response = self.call("POST", request, Vec::new(), false).await?;
        answers::read::<CreatedMultipart>(&response).map(|created| created.upload_id)
    }

    /// The parts that the store has behind a number, at most `limit` and [`PARTS_PER_LIST`].
    pub async fn list_parts(
        &self,
        place: Place<'_>,
        upload_id: &str,
        after: u32,
        limit: u32,
    ) -> Result<PartList, StoreError> {
        let bucket = self.store.bucket(place.bucket)?;
        let (after, limit) = (after.to_string(), limit.min(PARTS_PER_LIST).to_string());
        let query = [("max-parts", &*limit), ("part-number-marker", &*after), ("uploadId", upload_id)];
        let url = self.sign_with(&bucket, Method::Get, place.key, &query, &[]);
        let request = SignedRequest { url, headers: Vec::new() };
        answers::read(&self.call("GET", request, Vec::new(), true).await?)
    }

    /// Sends a part, in the place of an earlier one of the same number. Its SHA-256 (base64) is checked by the store.
    pub async fn put_part(
        &self,
        place: Place<'_>,
        part: (&str, u16),
        body: Vec<u8>,
        checksum_sha256: Option<&str>,
    ) -> Result<(), StoreError> {
        let declared = (body.len() as u64, checksum_sha256);
        let request = self.store.sign_part(place, part, declared, self.now, CALL_VALID)?;
        self.call("PUT", request, body, true).await.map(drop)
    }

    /// Sends an object, in the place of an earlier one.
    pub async fn put(&self, place: Place<'_>, content_type: &str, body: Vec<u8>) -> Result<(), StoreError> {
        let declared = (body.len() as u64, content_type, None);
        let request = self.store.sign_put(place, declared, self.now, CALL_VALID)?;
        self.call("PUT", request, body, true).await.map(drop)
    }

    /// Makes the object of these parts, which are in the order of their numbers. Repeating it is safe: the
    /// object is made once, and then there is [no such upload](StoreError::NoSuchUpload).
    pub async fn complete_multipart(
        &self,
        place: Place<'_>,
        upload_id: &str,
        parts: &[ListedPart],
    ) -> Result<(), StoreError> {
        let bucket = self.store.bucket(place.bucket)?;
        let headers = vec![("content-type", "application/xml".to_owned())];
        let url = self.sign_with(&bucket, Method::Post, place.key, &[("uploadId", upload_id)], &headers);
        let request = SignedRequest { url, headers };
        let response = self.call("POST", request, answers::completion(parts)?, false).await?;
        answers::read::<CompletedMultipart>(&response).map(drop)
    }

    /// Ends a multipart upload and forgets its parts. One that is gone is fine.
    pub async fn abort_multipart(&self, place: Place<'_>, upload_id: &str) -> Result<(), StoreError> {
        let bucket = self.store.bucket(place.bucket)?;
        let abort = bucket.abort_multipart_upload(Some(self.store.credentials()), place.key, upload_id);
        let request = signed(abort, Vec::new(), self.now, CALL_VALID);
        match self.call("DELETE", request, Vec::new(), true).await {
            Ok(_) | Err(StoreError::NoSuchUpload) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Removes an object. One that is gone is fine.
    pub async fn delete(&self, place: Place<'_>) -> Result<(), StoreError> {
        let bucket = self.store.bucket(place.bucket)?;
        let delete = bucket.delete_object(Some(self.store.credentials()), place.key);
        let request = signed(delete, Vec::new(), self.now, CALL_VALID);
        match self.call("DELETE", request, Vec::new(), true).await {
            Ok(_) | Err(StoreError::NoSuchObject) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Has the store copy an object to another key of the same bucket. The copy is of one moment: it is whole, whatever
    /// happens to the object meanwhile.
    pub async fn copy(&self, from: Place<'_>, to_key: &str) -> Result<(), StoreError> {
        let bucket = self.store.bucket(from.bucket)?;
        let headers = vec![("x-amz-copy-source", format!("{}/{}", from.bucket, from.key))];
        let url = self.sign_with(&bucket, Method::Put, to_key, &[], &headers);
        let response = self.call("PUT", SignedRequest { url, headers }, Vec::new(), true).await?;
        answers::read::<CopiedObject>(&response).map(drop)
    }

    /// Keys that begin with `prefix`: as many as one list has.
    pub async fn list(&self, bucket: &str, prefix: &str) -> Result<KeyList, StoreError> {
        let bucket = self.store.bucket(bucket)?;
        let url = self.sign_with(&bucket, Method::Get, "", &[("list-type", "2"), ("prefix", prefix)], &[]);
        answers::read(&self.call("GET", SignedRequest { url, headers: Vec::new() }, Vec::new(), true).await?)
    }

    /// What the store knows of an object; none where there is none.
    pub async fn head(&self, place: Place<'_>) -> Result<Option<Head>, StoreError> {
        let bucket = self.store.bucket(place.bucket)?;
        let head = bucket.head_object(Some(self.store.credentials()), place.key);
        let headers = vec![("x-amz-checksum-mode", "ENABLED".to_owned())];
        let request = signed(head, headers, self.now, CALL_VALID);
        let response = match self.call("HEAD", request, Vec::new(), true).await {
            Ok(response) => response,
            Err(StoreError::NoSuchObject) => return Ok(None),
            Err(error) => return Err(error),
        };
        let size_bytes = header(&response, "content-length").and_then(|value| value.parse().ok());
        Ok(Some(Head {
            size_bytes: size_bytes.ok_or(StoreError::Unreadable)?,
            checksum_sha256: header(&response, "x-amz-checksum-sha256").map(str::to_owned),
        }))
    }

    /// The first bytes of an object that has at least one: at most `count`.
    pub async fn first_bytes(&self, place: Place<'_>, count: u64) -> Result<Vec<u8>, StoreError> {
        self.bytes(place, 0, count).await
    }

    /// Bytes of an object that has some behind the first `from`: at most `count`.
    pub async fn bytes(&self, place: Place<'_>, from: u64, count: u64) -> Result<Vec<u8>, StoreError> {
        let bucket = self.store.bucket(place.bucket)?;
        let get = bucket.get_object(Some(self.store.credentials()), place.key);
        let last = (from + count).saturating_sub(1);
        let headers = vec![("range", format!("bytes={from}-{last}"))];
        let request = signed(get, headers, self.now, CALL_VALID);
        self.call("GET", request, Vec::new(), true).await.map(|response| response.body)
    }

    /// Signs what `rusty-s3` has no action for, or only one that reads answers more strictly than stores
    /// write them. `query` and `headers` are in the order of their names.
    fn sign_with(
        &self,
        bucket: &Bucket,
        method: Method,
        key: &str,
        query: &[(&str, &str)],
        headers: &[(&'static str, String)],
    ) -> url::Url {
        let credentials = self.store.credentials();
        signing::sign(
            &self.now,
            method,
            bucket.object_url(key),
            credentials.key(),
            credentials.secret(),
            credentials.token(),
            bucket.region(),
            CALL_VALID.as_secs(),
            query.iter().copied(),
            headers.iter().map(|(name, value)| (*name, value.as_str())),
        )
    }

    async fn call(
        &self,
        method: &str,
        request: SignedRequest,
        body: Vec<u8>,
        idempotent: bool,
    ) -> Result<Response, StoreError> {
        let SignedRequest { url, headers } = request;
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        // What the store has at this moment is asked for, never what a cache remembers.
        let unsigned = ("cache-control", "no-store".to_owned());
        let headers = headers.into_iter().chain([unsigned]);
        let request = Request {
            target: TARGET.to_owned(),
            method: method.to_owned(),
            path,
            headers: headers.map(|(name, value)| (name.to_owned(), value)).collect(),
            body,
            idempotent,
            deadline_ms: None,
        };
        answers::successful(self.bridge.call(request).await.map_err(StoreError::Call)?)
    }
}

fn header<'r>(response: &'r Response, name: &str) -> Option<&'r str> {
    response
        .headers
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}
