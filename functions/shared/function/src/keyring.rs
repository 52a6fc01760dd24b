//! The published keys of Auth, kept by the instance.

use crate::Context;
use jiff::{SignedDuration, Timestamp};
use mcsp_access::KeySet;
use mcsp_bridge_api::services::Request;
use mcsp_problem::Problem;
use std::sync::{Arc, Mutex, PoisonError};

/// How long a key set is used before it is asked for again.
const FRESH_FOR: SignedDuration = SignedDuration::from_mins(5);
/// How soon an unknown `kid` may cause another look: a token with an invented one must not cost a call each.
const UNKNOWN_KEY_PAUSE: SignedDuration = SignedDuration::from_secs(10);

/// What verifies access tokens: immutable but for the cached key set.
pub(crate) struct Keyring {
    pub(crate) issuer: String,
    pub(crate) audience: String,
    cached: Mutex<Option<Cached>>,
}

#[derive(Clone)]
struct Cached {
    keys: Arc<KeySet>,
    since: Timestamp,
}

impl Keyring {
    pub(crate) fn new(issuer: String, audience: String) -> Self {
        Keyring { issuer, audience, cached: Mutex::new(None) }
    }

    /// The key set, from the instance or from Auth. The bridge keeps a copy too, which it serves when Auth
    /// can't answer, so that tokens go on being verified while Auth is down.
    pub(crate) async fn keys(&self, context: &Context) -> Result<Arc<KeySet>, Problem> {
        let now = context.now();
        match self.cached() {
            Some(cached) if now.duration_since(cached.since) < FRESH_FOR => Ok(cached.keys),
            stale => match self.fetch(context, now).await {
                Ok(keys) => Ok(keys),
                Err(problem) => stale.map(|cached| cached.keys).ok_or(problem),
            },
        }
    }

    /// The key set after a `kid` was not in it, unless it was asked for a moment ago.
    pub(crate) async fn newer_keys(&self, context: &Context) -> Result<Option<Arc<KeySet>>, Problem> {
        let now = context.now();
        match self.cached() {
            Some(cached) if now.duration_since(cached.since) < UNKNOWN_KEY_PAUSE => Ok(None),
            _ => self.fetch(context, now).await.map(Some),
        }
    }

    async fn fetch(&self, context: &Context, now: Timestamp) -> Result<Arc<KeySet>, Problem> {
        let request = Request {
            target: "auth".to_owned(),
            method: "GET".to_owned(),
            path: "/.well-known/jwks.json".to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            idempotent: true,
            deadline_ms: None,
        };
        let response = context.bridge().call(request).await?;
        let keys = Some(&response.body)
            .filter(|_| response.status == 200)
            .and_then(|body| KeySet::from_json(body).ok())
            .filter(|keys| !keys.is_empty())
            .ok_or_else(|| Problem::from(mcsp_bridge_api::Failure::Unreachable))?;
        let keys = Arc::new(keys);
        let cached = Cached { keys: keys.clone(), since: now };
        *self.cached.lock().unwrap_or_else(PoisonError::into_inner) = Some(cached);
        Ok(keys)
    }

    fn cached(&self) -> Option<Cached> {
        self.cached.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
