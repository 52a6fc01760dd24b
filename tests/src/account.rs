//! A signed-in account.

use crate::{Answer, Platform};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use uuid::Uuid;

/// A signed-in account, and requests in its name.
#[derive(Clone, Debug)]
pub struct Account {
    /// Where.
    pub platform: Platform,
    /// `user_…`
    pub user_id: String,
    /// What it signs in with.
    pub email: String,
    /// What it signs in with.
    pub password: String,
    /// Its access token.
    pub token: String,
    /// What gives the next one.
    pub refresh_token: String,
}

impl Account {
    /// A request with its token, to be completed and given to [`Platform::send`].
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.platform.request(method, path).bearer_auth(&self.token)
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.platform.send(self.request(Method::GET, path)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.platform.send(self.request(Method::DELETE, path)).await
    }

    /// POST with a new Idempotency-Key.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_with_key(path, body, &Uuid::new_v4().to_string()).await
    }

    /// POST with this Idempotency-Key.
    pub async fn post_with_key(&self, path: &str, body: &Value, key: &str) -> Answer {
        let request = self.request(Method::POST, path).header("idempotency-key", key).json(body);
        self.platform.send(request).await
    }

    /// PUT.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.platform.send(self.request(Method::PUT, path).json(body)).await
    }

    /// PUT of a file.
    pub async fn put_file(&self, path: &str, media_type: &str, file: impl Into<String>) -> Answer {
        let request = self.request(Method::PUT, path).header("content-type", media_type).body(file.into());
        self.platform.send(request).await
    }

    /// PATCH, with `If-Match` where an ETag is given.
    pub async fn patch(&self, path: &str, body: &Value, etag: Option<&str>) -> Answer {
        let mut request = self.request(Method::PATCH, path).json(body);
        if let Some(etag) = etag {
            request = request.header("if-match", etag);
        }
        self.platform.send(request).await
    }
}
