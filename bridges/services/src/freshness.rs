//! What `Cache-Control` allows (RFC 9111 for a private cache, RFC 5861), as pure rules.

use http::header::{AGE, CACHE_CONTROL, COOKIE, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, RANGE, VARY};
use http::{HeaderMap, Method, StatusCode};
use std::time::Duration;

/// No answer is kept longer, whatever it says.
const MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// Directives of a response, or none where it must not be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Freshness {
    pub fresh_for: Duration,
    stale_while_revalidate: Duration,
    stale_if_error: Duration,
}

/// How an answer of some age may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// As it is.
    Fresh,
    /// As it is, while it is fetched anew.
    WhileRevalidating,
    /// Only once the target has confirmed it.
    Revalidated,
}

/// Whether an answer to this request may come from the cache. Requests that say by `Cookie` who asks are
/// never shared; those with conditions of their own, and with wishes other than [`oldest_wanted`], go to the
/// target.
pub(crate) fn is_cacheable_request(method: &Method, headers: &HeaderMap, body_is_empty: bool) -> bool {
    let own_way = [COOKIE, RANGE, IF_MATCH, IF_NONE_MATCH, IF_MODIFIED_SINCE];
    method == Method::GET
        && body_is_empty
        && !own_way.iter().any(|name| headers.contains_key(name))
        && oldest_wanted(headers).is_some()
}

/// The greatest age that a request wants its answer to have: `Cache-Control: max-age` (RFC 9111, section
/// 5.2.1.1). Any where it says nothing; none where it wants something else of caches.
pub(crate) fn oldest_wanted(headers: &HeaderMap) -> Option<Duration> {
    let mut values = headers.get_all(CACHE_CONTROL).iter();
    let Some(value) = values.next() else { return Some(Duration::MAX) };
    let (name, seconds) = value.to_str().ok()?.split_once('=')?;
    let is_alone = values.next().is_none() && name.trim().eq_ignore_ascii_case("max-age");
    seconds.trim().parse().ok().filter(|_| is_alone).map(Duration::from_secs)
}

/// Whether the answer to a request with `Authorization` may be kept (RFC 9111, section 3.5). A caller asks in
/// the name of many, so that for such requests its cache is a shared one. `must-revalidate` and `s-maxage`
/// would be leave as well; only `public` is taken for it, since it is said for no other reason.
pub(crate) fn may_be_kept_for_a_token(headers: &HeaderMap) -> bool {
    let directives = Directives::parse(headers);
    directives.public && !directives.private
}

impl Freshness {
    /// None where the response must not, or is not worth to, be stored. There is no heuristic freshness: a
    /// response that says nothing is used once.
    pub fn of(status: StatusCode, headers: &HeaderMap) -> Option<Self> {
        let is_storable = matches!(status.as_u16(), 200 | 203 | 301 | 308 | 404 | 410);
        let directives = Directives::parse(headers);
        if !is_storable || directives.no_store || headers.get_all(VARY).iter().any(|vary| vary == "*") {
            return None;
        }
        let may_be_stale = !directives.must_revalidate && !directives.no_cache;
        let stale = |seconds: Option<u64>| match seconds {
            Some(seconds) if may_be_stale => Duration::from_secs(seconds).min(MAX_AGE),
            _ => Duration::ZERO,
        };
        let max_age = directives.max_age_s.filter(|_| !directives.no_cache).unwrap_or(0);
        let freshness = Freshness {
            fresh_for: Duration::from_secs(max_age).min(MAX_AGE),
            stale_while_revalidate: stale(directives.stale_while_revalidate_s),
            stale_if_error: stale(directives.stale_if_error_s),
        };
        let is_revalidable =
            headers.contains_key(http::header::ETAG) || headers.contains_key(http::header::LAST_MODIFIED);
        (!freshness.lifetime().is_zero() || is_revalidable).then_some(freshness)
    }

    pub fn usable_as(&self, age: Duration) -> Use {
        if age < self.fresh_for {
            Use::Fresh
        } else if age < self.fresh_for + self.stale_while_revalidate {
            Use::WhileRevalidating
        } else {
            Use::Revalidated
        }
    }

    /// How long ago it was fresh, where it may stand in for a target that cannot answer.
    pub fn staleness_on_error(&self, age: Duration) -> Option<Duration> {
        (age < self.fresh_for + self.stale_if_error).then(|| age.saturating_sub(self.fresh_for))
    }

    fn lifetime(&self) -> Duration {
        self.fresh_for + self.stale_while_revalidate.max(self.stale_if_error)
    }
}

/// The age that a response had when it arrived: what it says, and the time that it took.
pub(crate) fn initial_age(headers: &HeaderMap, took: Duration) -> Duration {
    let said_s = headers.get(AGE).and_then(|age| age.to_str().ok()).and_then(|age| age.trim().parse().ok());
    Duration::from_secs(said_s.unwrap_or(0)).min(MAX_AGE) + took
}

#[derive(Debug, Default)]
struct Directives {
    no_store: bool,
    no_cache: bool,
    must_revalidate: bool,
    public: bool,
    private: bool,
    max_age_s: Option<u64>,
    stale_while_revalidate_s: Option<u64>,
    stale_if_error_s: Option<u64>,
}

impl Directives {
    fn parse(headers: &HeaderMap) -> Self {
        let mut directives = Directives::default();
        for value in headers.get_all(CACHE_CONTROL) {
            // A value that cannot be read may forbid anything.
            let Ok(text) = value.to_str() else {
                directives.no_store = true;
                continue;
            };
            text.split(',').for_each(|part| directives.take(part));
        }
        directives
    }

    fn take(&mut self, part: &str) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        // A number that cannot be read counts as 0: stale at once (RFC 9111, section 4.2.1).
        let seconds = || Some(value.trim().trim_matches('"').parse().unwrap_or(0));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-store" => self.no_store = true,
            // With field names it forbids less; it is taken for the whole.
            "no-cache" => self.no_cache = true,
            "must-revalidate" => self.must_revalidate = true,
            "public" => self.public = true,
            // With field names it forbids less; it is taken for the whole.
            "private" => self.private = true,
            "max-age" => self.max_age_s = seconds(),
            "stale-while-revalidate" => self.stale_while_revalidate_s = seconds(),
            "stale-if-error" => self.stale_if_error_s = seconds(),
            // `s-maxage` and `proxy-revalidate` are for shared caches; the rest asks for nothing.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn of(cache_control: &'static str) -> Option<Freshness> {
        Freshness::of(StatusCode::OK, &headers(&[("cache-control", cache_control)]))
    }

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn an_answer_is_used_as_its_age_allows() {
        let all = of("max-age=10, stale-while-revalidate=5, stale-if-error=60").unwrap();
        for (age, usable, on_error) in [
            (0, Use::Fresh, Some(s(0))),
            (9, Use::Fresh, Some(s(0))),
            (10, Use::WhileRevalidating, Some(s(0))),
            (14, Use::WhileRevalidating, Some(s(4))),
            (15, Use::Revalidated, Some(s(5))),
            (69, Use::Revalidated, Some(s(59))),
            (70, Use::Revalidated, None),
        ] {
            assert_eq!(all.usable_as(s(age)), usable, "age {age}");
            assert_eq!(all.staleness_on_error(s(age)), on_error, "age {age}");
        }
    }

    #[test]
    fn directives_are_read_as_the_rfc_says() {
        for (text, fresh_for) in [
            ("max-age=10", Some(10)),
            ("MAX-AGE = 10", Some(10)),
            ("max-age=\"10\"", Some(10)),
            ("private, max-age=10", Some(10)),
            ("s-maxage=99, max-age=10", Some(10)),
            ("max-age=999999999999", Some(86_400)),
            ("max-age=10, no-store", None),
            ("no-store", None),
            ("max-age=0", None),
            ("max-age=-1", None),
            ("max-age=soon", None),
            ("s-maxage=10", None),
            ("no-cache, max-age=10, stale-if-error=10", None),
            ("", None),
        ] {
            assert_eq!(of(text).map(|freshness| freshness.fresh_for.as_secs()), fresh_for, "{text}");
        }
    }

    #[test]
    fn must_revalidate_forbids_stale_copies() {
        let strict = of("max-age=10, must-revalidate, stale-if-error=60, stale-while-revalidate=60").unwrap();
        assert_eq!(strict.usable_as(s(10)), Use::Revalidated);
        assert_eq!(strict.staleness_on_error(s(10)), None);
    }

    #[test]
    fn an_etag_makes_an_answer_worth_keeping_that_is_stale_at_once() {
        let pairs = headers(&[("cache-control", "no-cache"), ("etag", "\"1\"")]);
        assert_eq!(Freshness::of(StatusCode::OK, &pairs).unwrap().usable_as(s(0)), Use::Revalidated);
        assert!(Freshness::of(StatusCode::INTERNAL_SERVER_ERROR, &pairs).is_none());
    }

    #[test]
    fn an_answer_that_varies_on_everything_is_not_kept() {
        let pairs = headers(&[("cache-control", "max-age=10"), ("vary", "*")]);
        assert!(Freshness::of(StatusCode::OK, &pairs).is_none());
    }

    #[test]
    fn requests_that_go_their_own_way_are_not_cacheable() {
        let cacheable = |pairs: &[(&'static str, &'static str)]| {
            is_cacheable_request(&Method::GET, &headers(pairs), true)
        };
        assert!(cacheable(&[("accept", "text/plain")]));
        for name in ["cookie", "range", "if-none-match", "cache-control"] {
            assert!(!cacheable(&[(name, "x")]), "{name}");
        }
        assert!(!is_cacheable_request(&Method::POST, &HeaderMap::new(), true));
        assert!(!is_cacheable_request(&Method::GET, &HeaderMap::new(), false));
    }

    #[test]
    fn a_request_may_want_a_young_answer_and_nothing_else() {
        let oldest = |pairs: &[(&'static str, &'static str)]| oldest_wanted(&headers(pairs));
        assert_eq!(oldest(&[]), Some(Duration::MAX));
        for (text, expected) in [
            ("max-age=10", Some(s(10))),
            ("Max-Age = 10", Some(s(10))),
            ("max-age=0", Some(s(0))),
            ("max-age=soon", None),
            ("max-age=10, no-store", None),
            ("min-fresh=10", None),
            ("no-cache", None),
            ("", None),
        ] {
            assert_eq!(oldest(&[("cache-control", text)]), expected, "{text}");
        }
        let mut repeated = headers(&[("cache-control", "max-age=10")]);
        repeated.append("cache-control", "no-store".parse().unwrap());
        assert_eq!(oldest_wanted(&repeated), None);
    }

    #[test]
    fn only_a_public_answer_is_kept_for_a_token() {
        for (text, expected) in [
            ("public, max-age=1", true),
            ("max-age=1, PUBLIC", true),
            ("max-age=1", false),
            ("private, max-age=1", false),
            ("public, private, max-age=1", false),
            ("public, private=\"set-cookie\", max-age=1", false),
            ("s-maxage=1, max-age=1", false),
            ("", false),
        ] {
            assert_eq!(may_be_kept_for_a_token(&headers(&[("cache-control", text)])), expected, "{text}");
        }
    }

    #[test]
    fn an_answer_that_was_old_on_arrival_ages_from_there() {
        assert_eq!(initial_age(&headers(&[("age", "7")]), s(1)), s(8));
        assert_eq!(initial_age(&headers(&[("age", "x")]), s(1)), s(1));
    }
}
