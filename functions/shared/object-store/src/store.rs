//! Where the store is, and what is signed for clients.

use jiff::Timestamp;
use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};
use std::collections::BTreeMap;
use std::time::Duration;
use url::Url;

/// The store, and the keys to it. Not for logs.
pub struct ObjectStore {
    endpoint: Url,
    signing_region: String,
    credentials: Credentials,
    buckets: BTreeMap<String, String>,
}

/// What the store is configured by.
#[derive(Clone, Copy)]
pub struct Settings<'a> {
    /// `https://s3.example.com`, as clients reach it.
    pub public_url: &'a str,
    /// The region in signatures (SigV4 credential scope), which has nothing to do with ours.
    pub signing_region: &'a str,
    /// The id of the key.
    pub access_key: &'a str,
    /// The key.
    pub secret_key: &'a str,
    /// The bucket of each region, as JSON: `{"eu": "mcsp-eu"}`.
    pub buckets: &'a str,
}

/// Which setting cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSettings {
    /// Not an http or https URL with a host.
    #[error("the object store's URL cannot be used")]
    PublicUrl,
    /// Not a JSON object of names.
    #[error("the buckets are not a JSON object of region and name")]
    Buckets,
}

/// An object's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The bucket.
    pub bucket: &'a str,
    /// The key. Made by us of plain segments: dots and empty segments would name another object.
    pub key: &'a str,
}

/// A request that its bearer may send until it expires, exactly as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRequest {
    /// With the signature.
    pub url: Url,
    /// Headers that are signed and must be sent. `content-length` is among them: every HTTP client sends it
    /// of its own accord, and a body of another length is refused.
    pub headers: Vec<(&'static str, String)>,
}

impl ObjectStore {
    /// Takes the settings.
    pub fn new(settings: Settings<'_>) -> Result<Self, InvalidSettings> {
        let endpoint: Url = settings.public_url.parse().map_err(|_| InvalidSettings::PublicUrl)?;
        let buckets: BTreeMap<String, String> =
            serde_json::from_str(settings.buckets).map_err(|_| InvalidSettings::Buckets)?;
        let store = ObjectStore {
            endpoint,
            signing_region: settings.signing_region.to_owned(),
            credentials: Credentials::new(settings.access_key, settings.secret_key),
            buckets,
        };
        store.bucket("probe").map_err(|_| InvalidSettings::PublicUrl)?;
        Ok(store)
    }

    /// The bucket of a region. There is no fallback: data stays where its owner's policy wants it.
    pub fn bucket_of(&self, region: &str) -> Option<&str> {
        self.buckets.get(region).map(String::as_str)
    }

    /// Signs `PUT` of a whole object of exactly this size, type and, where it is given, SHA-256 (base64).
    pub fn sign_put(
        &self,
        place: Place<'_>,
        body: (u64, &str, Option<&str>),
        now: Timestamp,
        valid: Duration,
    ) -> Result<SignedRequest, InvalidSettings> {
        let (size_bytes, content_type, checksum_sha256) = body;
        let bucket = self.bucket(place.bucket)?;
        let mut headers =
            vec![("content-length", size_bytes.to_string()), ("content-type", content_type.to_owned())];
        headers.extend(checksum_sha256.map(|checksum| ("x-amz-checksum-sha256", checksum.to_owned())));
        let put = bucket.put_object(Some(&self.credentials), place.key);
        Ok(signed(put, headers, now, valid))
    }

    /// Signs `GET` of an object, which is answered with this `Cache-Control`. The same of them gives the same URL.
    pub fn sign_get(
        &self,
        place: Place<'_>,
        cache_control: &str,
        signed_at: Timestamp,
        valid: Duration,
    ) -> Result<Url, InvalidSettings> {
        let bucket = self.bucket(place.bucket)?;
        let mut get = bucket.get_object(Some(&self.credentials), place.key);
        get.query_mut().insert("response-cache-control", cache_control.to_owned());
        Ok(signed(get, Vec::new(), signed_at, valid).url)
    }

    /// Signs `PUT` of a part of exactly this size and, where it is given, SHA-256 (base64).
    pub fn sign_part(
        &self,
        place: Place<'_>,
        part: (&str, u16),
        body: (u64, Option<&str>),
        now: Timestamp,
        valid: Duration,
    ) -> Result<SignedRequest, InvalidSettings> {
        let ((upload_id, number), (size_bytes, checksum_sha256)) = (part, body);
        let bucket = self.bucket(place.bucket)?;
        let mut headers = vec![("content-length", size_bytes.to_string())];
        headers.extend(checksum_sha256.map(|checksum| ("x-amz-checksum-sha256", checksum.to_owned())));
        let put = bucket.upload_part(Some(&self.credentials), place.key, number, upload_id);
        Ok(signed(put, headers, now, valid))
    }

    pub(crate) fn bucket(&self, name: &str) -> Result<Bucket, InvalidSettings> {
        Bucket::new(self.endpoint.clone(), UrlStyle::Path, name.to_owned(), self.signing_region.clone())
            .map_err(|_| InvalidSettings::PublicUrl)
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        &self.credentials
    }
}

/// Signs an action with headers.
pub(crate) fn signed<'a>(
    mut action: impl S3Action<'a>,
    headers: Vec<(&'static str, String)>,
    now: Timestamp,
    valid: Duration,
) -> SignedRequest {
    for (name, value) in &headers {
        action.headers_mut().insert(*name, value.clone());
    }
    SignedRequest { url: action.sign_with_time(valid, &now), headers }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings<'static> {
        Settings {
            public_url: "http://127.0.0.1:9000",
            signing_region: "us-east-1",
            access_key: "key",
            secret_key: "secret",
            buckets: r#"{"eu": "mcsp-eu"}"#,
        }
    }

    #[test]
    fn a_region_without_a_bucket_has_no_other() {
        let store = ObjectStore::new(settings()).unwrap();
        assert_eq!(store.bucket_of("eu"), Some("mcsp-eu"));
        assert_eq!(store.bucket_of("us"), None);
    }

    #[test]
    fn unusable_settings_are_refused() {
        for public_url in ["", "s3.example.com", "ftp://s3.example.com"] {
            let settings = Settings { public_url, ..settings() };
            assert_eq!(ObjectStore::new(settings).err(), Some(InvalidSettings::PublicUrl), "{public_url}");
        }
        for buckets in ["", "[]", r#"{"eu": 1}"#] {
            let settings = Settings { buckets, ..settings() };
            assert_eq!(ObjectStore::new(settings).err(), Some(InvalidSettings::Buckets), "{buckets}");
        }
    }

    #[test]
    fn a_url_for_reading_is_the_same_as_long_as_it_is_signed_for_the_same_time() {
        let store = ObjectStore::new(settings()).unwrap();
        let place = Place { bucket: "mcsp-eu", key: "thumbnails/a/b" };
        let at = |second: i64| Timestamp::from_second(1_369_353_600 + second).unwrap();
        let sign = |second| {
            store.sign_get(place, "private, max-age=60", at(second), Duration::from_secs(120)).unwrap()
        };
        assert_eq!(sign(0), sign(0));
        assert_ne!(sign(0), sign(1));
        let url = sign(0);
        let query = |wanted: &str| {
            url.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
        };
        assert_eq!(query("response-cache-control").as_deref(), Some("private, max-age=60"));
        assert_eq!(query("X-Amz-SignedHeaders").as_deref(), Some("host"));
        assert_eq!(query("X-Amz-Expires").as_deref(), Some("120"));
    }

    #[test]
    fn size_type_and_checksum_are_under_the_signature() {
        let store = ObjectStore::new(settings()).unwrap();
        let place = Place { bucket: "mcsp-eu", key: "uploads/a/source" };
        let now = Timestamp::from_second(1_369_353_600).unwrap();
        let sign = |size| {
            store.sign_put(place, (size, "video/mp4", Some("digest")), now, Duration::from_secs(60)).unwrap()
        };
        let request = sign(10);
        let signed_headers =
            request.url.query_pairs().find(|(name, _)| name == "X-Amz-SignedHeaders").unwrap().1;
        assert_eq!(signed_headers, "content-length;content-type;host;x-amz-checksum-sha256");
        assert_eq!(request.url.path(), "/mcsp-eu/uploads/a/source");
        assert_ne!(request.url, sign(11).url);
    }
}
