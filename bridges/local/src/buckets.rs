//! How the stand-ins reach an object store, the private one or another: requests signed as any S3 client does.

use crate::error::LocalError;
use reqwest::Url;
use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};
use std::fmt;
use std::path::Path;
use std::time::Duration;

/// Signed just before use.
const SIGNATURE_LIFETIME: Duration = Duration::from_secs(900);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const READ_TIMEOUT: Duration = Duration::from_secs(30);
const DEFAULT_REGION: &str = "us-east-1";

/// An object store and the keys to it. Not for logs.
#[derive(Clone, PartialEq, Eq)]
pub struct ObjectStoreAccess {
    /// `http://host:port`; buckets are the first segment of the path.
    pub endpoint: String,
    /// The region in signatures.
    pub region: String,
    /// The id of the key.
    pub access_key: String,
    /// The key.
    pub secret_key: String,
}

impl ObjectStoreAccess {
    /// Reads `http://access_key:secret_key@host:port?region=…`.
    ///
    /// # Errors
    /// What is wrong with it, without repeating it.
    pub fn from_url(url: &str) -> Result<Self, &'static str> {
        let mut url = Url::parse(url).map_err(|_| "it is not a URL")?;
        let region =
            url.query_pairs().find(|(name, _)| name == "region").map(|(_, region)| region.into_owned());
        let decode = |text: &str| {
            percent_encoding::percent_decode_str(text).decode_utf8().map(std::borrow::Cow::into_owned)
        };
        let access_key = decode(url.username()).map_err(|_| "its access key is not UTF-8")?;
        let secret_key =
            decode(url.password().unwrap_or_default()).map_err(|_| "its secret key is not UTF-8")?;
        if access_key.is_empty() || secret_key.is_empty() {
            return Err("it must hold the keys: http://access_key:secret_key@host:port");
        }
        url.set_username("").and_then(|()| url.set_password(None)).map_err(|()| "it has no host")?;
        url.set_query(None);
        Ok(Self {
            endpoint: url.as_str().trim_end_matches('/').to_owned(),
            region: region.unwrap_or_else(|| DEFAULT_REGION.to_owned()),
            access_key,
            secret_key,
        })
    }
}

impl ObjectStoreAccess {
    /// All of it as one URL, as [`ObjectStoreAccess::from_url`] reads it.
    #[must_use]
    pub fn url(&self) -> String {
        let encode = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
        };
        let (access_key, secret_key) = (encode(&self.access_key), encode(&self.secret_key));
        let (scheme, host) = self.endpoint.split_once("://").unwrap_or(("http", &self.endpoint));
        format!("{scheme}://{access_key}:{secret_key}@{host}?region={}", self.region)
    }
}

impl fmt::Debug for ObjectStoreAccess {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ObjectStoreAccess").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// A client of one store.
#[derive(Clone, Debug)]
pub(crate) struct Buckets {
    access: ObjectStoreAccess,
    client: reqwest::Client,
}

/// Why an object could not be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ObjectError {
    /// There is no such object.
    #[error("there is no such object")]
    NotFound,
    /// The range lies outside the object.
    #[error("the range cannot be satisfied")]
    Range,
    /// The store refuses.
    #[error("the object store answered {0}")]
    Refused(reqwest::StatusCode),
    /// The store does not answer.
    #[error("the object store does not answer")]
    Unreachable(#[source] reqwest::Error),
    /// The configuration does not name a store.
    #[error("the object store's address is wrong")]
    Address,
    /// A local file could not be read or written.
    #[error("a file could not be read or written")]
    File(#[source] std::io::Error),
}

impl Buckets {
    pub(crate) fn new(access: ObjectStoreAccess) -> Result<Self, LocalError> {
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .no_proxy()
            .build()
            .map_err(|error| LocalError::Client { cause: error.to_string() })?;
        Ok(Self { access, client })
    }

    /// Whether a bucket is there.
    pub(crate) async fn check(&self, bucket: &str) -> Result<(), ObjectError> {
        let url = self.bucket(bucket)?.head_bucket(Some(&self.credentials())).sign(SIGNATURE_LIFETIME);
        let answer = self.client.head(url).send().await.map_err(ObjectError::Unreachable)?;
        refusal(answer.status())
    }

    /// An object, or the part of it that `range` (the header's text) names.
    pub(crate) async fn get(
        &self,
        bucket: &str,
        key: &str,
        range: Option<&http::HeaderValue>,
    ) -> Result<reqwest::Response, ObjectError> {
        let url = self.bucket(bucket)?.get_object(Some(&self.credentials()), key).sign(SIGNATURE_LIFETIME);
        let mut request = self.client.get(url);
        if let Some(range) = range {
            request = request.header(http::header::RANGE, range);
        }
        let answer = request.send().await.map_err(ObjectError::Unreachable)?;
        refusal(answer.status())?;
        Ok(answer)
    }

    /// Stores a file.
    pub(crate) async fn put_file(
        &self,
        bucket: &str,
        key: &str,
        content_type: &str,
        file: &Path,
    ) -> Result<(), ObjectError> {
        let url = self.bucket(bucket)?.put_object(Some(&self.credentials()), key).sign(SIGNATURE_LIFETIME);
        let file = tokio::fs::File::open(file).await.map_err(ObjectError::File)?;
        let size_bytes = file.metadata().await.map_err(ObjectError::File)?.len();
        let request = self
            .client
            .put(url)
            .header(http::header::CONTENT_TYPE, content_type)
            // S3 takes no bodies of unknown length.
            .header(http::header::CONTENT_LENGTH, size_bytes)
            .body(reqwest::Body::from(file));
        let answer = request.send().await.map_err(ObjectError::Unreachable)?;
        refusal(answer.status())
    }

    fn bucket(&self, name: &str) -> Result<Bucket, ObjectError> {
        let endpoint = self.access.endpoint.parse().map_err(|_| ObjectError::Address)?;
        Bucket::new(endpoint, UrlStyle::Path, name.to_owned(), self.access.region.clone())
            .map_err(|_| ObjectError::Address)
    }

    fn credentials(&self) -> Credentials {
        Credentials::new(&self.access.access_key, &self.access.secret_key)
    }
}

fn refusal(status: reqwest::StatusCode) -> Result<(), ObjectError> {
    match status {
        status if status.is_success() => Ok(()),
        reqwest::StatusCode::NOT_FOUND => Err(ObjectError::NotFound),
        reqwest::StatusCode::RANGE_NOT_SATISFIABLE => Err(ObjectError::Range),
        status => Err(ObjectError::Refused(status)),
    }
}

#[cfg(test)]
mod tests {
    use super::ObjectStoreAccess;

    fn access() -> ObjectStoreAccess {
        ObjectStoreAccess {
            endpoint: "http://127.0.0.1:9000".to_owned(),
            region: "eu-central-1".to_owned(),
            access_key: "AK/ID".to_owned(),
            secret_key: "a+b/c=@:?".to_owned(),
        }
    }

    #[test]
    fn an_access_survives_its_url() {
        assert_eq!(ObjectStoreAccess::from_url(&access().url()), Ok(access()));
    }

    #[test]
    fn a_url_without_keys_is_refused() {
        assert!(ObjectStoreAccess::from_url("http://127.0.0.1:9000").is_err());
    }

    #[test]
    fn an_access_does_not_show_its_key() {
        assert!(!format!("{:?}", access()).contains("a+b"));
    }
}
