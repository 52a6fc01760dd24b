//! One caller's calls to other services: grant, cache, guard, transport.

use crate::cache::{Entry, Resource};
use crate::error::ServicesError;
use crate::flights::Part;
use crate::freshness::{
    Freshness, Use, initial_age, is_cacheable_request, may_be_kept_for_a_token, oldest_wanted,
};
use crate::message::{Answer, Outgoing};
use crate::transport::Transport;
use http::header::{AGE, CONTENT_LENGTH, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use http::{HeaderValue, StatusCode};
use mcsp_bridge_api::Failure;
use mcsp_bridge_api::services::{Request, Response};
use mcsp_guard::{CallKind, Guard, GuardRegistry, Verdict};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// `mcsp:bridge/services` for one caller, on one worker thread.
#[derive(Clone, Debug)]
pub struct Services {
    caller: Arc<str>,
    transport: Arc<Transport>,
    /// The granted targets.
    guards: Arc<BTreeMap<String, Arc<Guard>>>,
    registry: Arc<GuardRegistry>,
}

impl Services {
    /// `granted` are the targets that `caller` may call. The guard of target `auth` is named
    /// `services-auth` in policies and metrics; of a target that is anywhere each host has one, and all have that name.
    pub fn new(
        caller: &str,
        transport: Arc<Transport>,
        guards: &Arc<GuardRegistry>,
        granted: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Self {
        let guard = |target: &str| guards.guard(caller, &format!("services-{target}"));
        let granted = granted.into_iter().map(|target| (target.as_ref().to_owned(), guard(target.as_ref())));
        let granted = Arc::new(granted.collect());
        Services { caller: caller.into(), transport, guards: granted, registry: Arc::clone(guards) }
    }

    /// Calls a target and gives its answer, whatever its status; or a kept answer, as `Cache-Control` allows.
    pub async fn call(&self, request: Request) -> Result<Response, Failure> {
        let guard = self
            .guards
            .get(&request.target)
            .ok_or_else(|| ServicesError::NotGranted(format!("services {}", request.target)))?;
        let target =
            self.transport.target(&request.target).ok_or(ServicesError::Refused("unknown-target"))?;
        let outgoing = Outgoing::new(request, target)?;
        if outgoing.outside.is_some() {
            let host = outgoing.uri.host().unwrap_or_default();
            let guard = self.registry.guard_at(&self.caller, guard.target(), host);
            return Ok(self.send(&guard, &outgoing).await?.into_response(0));
        }
        if is_cacheable_request(&outgoing.method, &outgoing.headers, outgoing.body.is_empty()) {
            self.call_cached(guard, outgoing).await
        } else {
            Ok(self.send(guard, &outgoing).await?.into_response(0))
        }
    }

    async fn call_cached(&self, guard: &Arc<Guard>, mut outgoing: Outgoing) -> Result<Response, Failure> {
        let resource = Resource::of(self.caller.clone(), &outgoing);
        let cache = &self.transport.cache;
        let mut kept = cache.find(&resource, &outgoing.headers);
        if let Some(response) = self.usable(guard, &resource, &outgoing, kept.as_deref()) {
            return Ok(response);
        }
        let begun = self.transport.now();
        let mut landing = None;
        if !cache.is_unkept(&resource) {
            match cache.flights.join(&resource) {
                Part::First(first) => landing = Some(first),
                Part::Second(mut first_done) => {
                    // Ends with an error when the first is done: that is the signal.
                    let waited = tokio::time::timeout(outgoing.deadline, first_done.changed()).await;
                    waited.map_err(|_| Failure::DeadlineExceeded)?.ok();
                    outgoing.deadline =
                        outgoing.deadline.saturating_sub(self.transport.now().saturating_sub(begun));
                    kept = cache.find(&resource, &outgoing.headers);
                    if let Some(response) = self.usable(guard, &resource, &outgoing, kept.as_deref()) {
                        return Ok(response);
                    }
                }
            }
        }
        let fetched = self.fetch(guard, &resource, &outgoing, kept.as_deref()).await;
        drop(landing);
        let now = self.transport.now();
        match (fetched, kept) {
            (Ok(answer), None) => Ok(answer.into_response(0)),
            (Ok(answer), Some(_)) if !is_failure(answer.status) => Ok(answer.into_response(0)),
            (failed, Some(kept)) => match kept.freshness.staleness_on_error(kept.age(now)) {
                Some(stale) => Ok(aged(&kept, now).into_response(whole_ms(stale))),
                None => failed.map(|answer| answer.into_response(0)),
            },
            (Err(failure), None) => Err(failure),
        }
    }

    /// A kept answer that needs no waiting. Where it is due to be fetched anew, a task does that.
    fn usable(
        &self,
        guard: &Arc<Guard>,
        resource: &Resource,
        outgoing: &Outgoing,
        kept: Option<&Entry>,
    ) -> Option<Response> {
        let kept = kept?;
        let now = self.transport.now();
        let age = kept.age(now);
        if oldest_wanted(&outgoing.headers).is_none_or(|oldest| age > oldest) {
            return None;
        }
        match kept.freshness.usable_as(age) {
            Use::Fresh => {}
            Use::WhileRevalidating => self.revalidate_behind(guard, resource, outgoing, kept),
            Use::Revalidated => return None,
        }
        Some(aged(kept, now).into_response(0))
    }

    /// At most one such task runs for each resource, and no longer than the call's deadline.
    fn revalidate_behind(&self, guard: &Arc<Guard>, resource: &Resource, outgoing: &Outgoing, kept: &Entry) {
        let (services, guard, kept) = (self.clone(), guard.clone(), kept.clone());
        let (resource, outgoing) = (resource.clone(), outgoing.clone());
        tokio::spawn(async move {
            let Part::First(_landing) = services.transport.cache.flights.join(&resource) else { return };
            // Whoever asks once the answer may no longer be used will see the failure.
            services.fetch(&guard, &resource, &outgoing, Some(&kept)).await.ok();
        });
    }

    /// Calls the target, on the condition that its answer differs from the kept one, and keeps the answer.
    async fn fetch(
        &self,
        guard: &Guard,
        resource: &Resource,
        outgoing: &Outgoing,
        kept: Option<&Entry>,
    ) -> Result<Answer, Failure> {
        let begun = self.transport.now();
        let mut conditional = outgoing.clone();
        for (validator, condition) in [(ETAG, IF_NONE_MATCH), (LAST_MODIFIED, IF_MODIFIED_SINCE)] {
            if let Some(value) = kept.and_then(|kept| kept.answer.headers.get(validator)) {
                conditional.headers.insert(condition, value.clone());
            }
        }
        let mut answer = self.send(guard, &conditional).await?;
        if is_failure(answer.status) {
            return Ok(answer);
        }
        if let (StatusCode::NOT_MODIFIED, Some(kept)) = (answer.status, kept) {
            let mut confirmed = kept.answer.clone();
            confirmed.headers.remove(AGE);
            answer.headers.into_iter().for_each(|(name, value)| {
                // Repeated headers come without a name; those of a 304 that matter here are single. Its length
                // is its own (RFC 9111, section 3.2).
                if let Some(name) = name.filter(|name| name != CONTENT_LENGTH) {
                    confirmed.headers.insert(name, value);
                }
            });
            answer = confirmed;
        }
        let now = self.transport.now();
        let age_on_arrival = initial_age(&answer.headers, now.saturating_sub(begun));
        let may_be_kept = !resource.is_authorized() || may_be_kept_for_a_token(&answer.headers);
        let freshness = Freshness::of(answer.status, &answer.headers).filter(|_| may_be_kept);
        let entry = freshness.map(|freshness| Entry {
            answer: answer.clone(),
            freshness,
            arrived_at: now,
            age_on_arrival,
        });
        self.transport.cache.store(resource, outgoing, entry);
        Ok(answer)
    }

    async fn send(&self, guard: &Guard, outgoing: &Outgoing) -> Result<Answer, Failure> {
        let kind = CallKind { idempotent: outgoing.idempotent, deadline: outgoing.deadline };
        let result = guard.call(kind, classify, || self.transport.send(outgoing)).await;
        result.map_err(|error| error.into_failure(Failure::from))
    }
}

/// A copy of a kept answer with its present age.
fn aged(kept: &Entry, now: Duration) -> Answer {
    let mut answer = kept.answer.clone();
    answer.headers.insert(AGE, HeaderValue::from(kept.age(now).as_secs()));
    answer
}

fn whole_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A target that answers so is not well. `501 Not Implemented` is about the request.
fn is_failure(status: StatusCode) -> bool {
    status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED
}

fn classify(result: &Result<Answer, ServicesError>) -> Verdict {
    match result {
        Ok(answer) if is_failure(answer.status) => Verdict::Failure,
        Ok(_) | Err(ServicesError::NotGranted(_) | ServicesError::Refused(_)) => Verdict::Success,
        Err(ServicesError::Unreachable) => Verdict::Failure,
        // It did answer; repeating would fetch as much again.
        Err(ServicesError::ResponseTooLarge) => Verdict::Ignored,
    }
}
