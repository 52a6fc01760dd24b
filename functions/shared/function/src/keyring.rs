//! The published keys of Auth, kept by the instance.

use crate::{Context, TraceParent};
use jiff::{SignedDuration, Timestamp};
use mcsp_access::KeySet;
use mcsp_bridge_api::services::Request;
use mcsp_problem::Problem;
use std::sync::{Arc, Mutex, PoisonError};

/// How long a key set is used before it is asked for again.
const FRESH_FOR: SignedDuration = SignedDuration::from_mins(5);
/// How soon an unknown `kid` may cause another look: a token with an invented one must not cost a call each.
const UNKNOWN_KEY_PAUSE: SignedDuration = SignedDuration::from_secs(10);
/// What such a look asks of the bridge (RFC 9111, section 5.2.1.1): the copy that it keeps will do only while
/// it is as young as the pause. So Auth is asked as seldom however many instances look, and what one finds is
/// kept for all of them.
const YOUNG: (&str, &str) = ("cache-control", "max-age=10");

/// What verifies access tokens: immutable but for the cached key set.
pub(crate) struct Keyring {
    pub(crate) issuer: String,
    pub(crate) audience: String,
    cached: Mutex<Option<Cached>>,
    /// When a `kid` that was not in the set last made this instance look. Not the set's own time: a new
    /// instance may have been given an old copy.
    looked_at: Mutex<Option<Timestamp>>,
}

#[derive(Clone)]
struct Cached {
    keys: Arc<KeySet>,
    since: Timestamp,
}

impl Keyring {
    pub(crate) fn new(issuer: String, audience: String) -> Self {
        Keyring { issuer, audience, cached: Mutex::new(None), looked_at: Mutex::new(None) }
    }

    /// Whether the component takes access tokens at all.
    pub(crate) fn is_in_use(&self) -> bool {
        !self.issuer.is_empty()
    }

    /// The key set, from the instance or from Auth. The bridge keeps a copy too, which it serves when Auth
    /// can't answer, so that tokens go on being verified while Auth is down.
    pub(crate) async fn keys(&self, context: &Context, trace: &TraceParent) -> Result<Arc<KeySet>, Problem> {
        let now = context.now();
        match self.cached() {
            Some(cached) if now.duration_since(cached.since) < FRESH_FOR => Ok(cached.keys),
            stale => match self.fetch(context, trace.forwarded().collect()).await {
                Ok(keys) => Ok(keys),
                Err(problem) => stale.map(|cached| cached.keys).ok_or(problem),
            },
        }
    }

    /// The key set after a `kid` was not in it, unless there was a look a moment ago. A look that fails is no
    /// look: it may be repeated, as the breaker allows.
    pub(crate) async fn newer_keys(
        &self,
        context: &Context,
        trace: &TraceParent,
    ) -> Result<Option<Arc<KeySet>>, Problem> {
        let now = context.now();
        let looked_at = *self.looked_at.lock().unwrap_or_else(PoisonError::into_inner);
        if looked_at.is_some_and(|looked_at| now.duration_since(looked_at) < UNKNOWN_KEY_PAUSE) {
            return Ok(None);
        }
        let young = (YOUNG.0.to_owned(), YOUNG.1.to_owned());
        let keys = self.fetch(context, trace.forwarded().chain([young]).collect()).await?;
        *self.looked_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        Ok(Some(keys))
    }

    async fn fetch(&self, context: &Context, headers: Vec<(String, String)>) -> Result<Arc<KeySet>, Problem> {
        let request = Request {
            target: "auth".to_owned(),
            method: "GET".to_owned(),
            path: "/.well-known/jwks.json".to_owned(),
            headers,
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
        let cached = Cached { keys: keys.clone(), since: context.now() };
        *self.cached.lock().unwrap_or_else(PoisonError::into_inner) = Some(cached);
        Ok(keys)
    }

    fn cached(&self) -> Option<Cached> {
        self.cached.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
