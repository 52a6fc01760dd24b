//! Kept answers, on a clock that the tests move.

use crate::support::{Seen, Server, answer, caller, caller_with, get, header, text, with_header};
use mcsp_bridge_api::Failure;
use mcsp_bridge_api::services::Request;
use mcsp_services::{CacheConfig, ServicesConfig};
use std::time::{Duration, Instant};

/// The first request is answered, the others fail.
async fn well_once(cache_control: &'static str) -> Server {
    Server::start(move |seen: Seen| async move {
        match seen.number {
            1 => answer(200, &[("cache-control", cache_control)], "first"),
            _ => answer(503, &[], "away"),
        }
    })
    .await
}

/// Each request gets its number.
async fn counting(headers: &'static [(&'static str, &'static str)]) -> Server {
    Server::start(move |seen: Seen| async move { answer(200, headers, seen.number.to_string()) }).await
}

#[tokio::test]
async fn a_fresh_answer_is_given_without_a_call_and_tells_its_age() {
    let server = counting(&[("cache-control", "max-age=10")]).await;
    let caller = caller(server.target());
    assert_eq!(text(&caller.services.call(get("/a")).await.unwrap()), "1");
    caller.clock.advance_s(9);
    let kept = caller.services.call(get("/a")).await.unwrap();
    assert_eq!((text(&kept).as_str(), header(&kept, "age"), kept.stale_ms), ("1", Some("9"), 0));
    assert_eq!(text(&caller.services.call(get("/b")).await.unwrap()), "2");
    caller.clock.advance_s(1);
    assert_eq!(text(&caller.services.call(get("/a")).await.unwrap()), "3");
}

#[tokio::test]
async fn an_answer_that_was_old_on_arrival_is_fresh_for_less() {
    let server = counting(&[("cache-control", "max-age=10"), ("age", "7")]).await;
    let caller = caller(server.target());
    caller.services.call(get("/")).await.unwrap();
    caller.clock.advance_s(2);
    assert_eq!(text(&caller.services.call(get("/")).await.unwrap()), "1");
    caller.clock.advance_s(1);
    assert_eq!(text(&caller.services.call(get("/")).await.unwrap()), "2");
}

#[tokio::test]
async fn what_may_not_be_kept_is_not() {
    for headers in [&[("cache-control", "no-store, max-age=10")][..], &[], &[("cache-control", "max-age=0")]]
    {
        let server = counting(headers).await;
        let caller = caller(server.target());
        for expected in ["1", "2", "3"] {
            assert_eq!(text(&caller.services.call(get("/")).await.unwrap()), expected);
        }
        assert_eq!(caller.cache.usage(), (0, 0));
    }
}

#[tokio::test]
async fn answers_to_somebody_are_neither_kept_nor_given_to_another() {
    let server = counting(&[("cache-control", "max-age=10")]).await;
    let caller = caller(server.target());
    for (name, expected) in [("authorization", ["1", "2"]), ("cookie", ["3", "4"])] {
        for number in expected {
            let request = with_header(get("/"), name, "somebody");
            assert_eq!(text(&caller.services.call(request).await.unwrap()), number);
        }
    }
    assert_eq!(caller.cache.usage(), (0, 0));
    assert_eq!(text(&caller.services.call(get("/")).await.unwrap()), "5");
    let somebody = with_header(get("/"), "authorization", "somebody");
    assert_eq!(text(&caller.services.call(somebody).await.unwrap()), "6");
}

#[tokio::test]
async fn a_public_answer_is_kept_for_who_showed_the_same_token_and_for_nobody_else() {
    let server = counting(&[("cache-control", "public, max-age=10")]).await;
    let caller = caller(server.target());
    let ask = async |token: Option<&str>| {
        let request = token.map_or(get("/"), |token| with_header(get("/"), "authorization", token));
        text(&caller.services.call(request).await.unwrap())
    };
    // Whoever comes first, in both orders.
    for (token, expected) in [(Some("Bearer a"), "1"), (Some("Bearer b"), "2"), (None, "3")] {
        assert_eq!(ask(token).await, expected, "{token:?}");
    }
    for (token, expected) in [(None, "3"), (Some("Bearer b"), "2"), (Some("Bearer a"), "1")] {
        assert_eq!(ask(token).await, expected, "{token:?}");
    }
    let both = with_header(get("/"), "authorization", "Bearer a");
    let both = with_header(both, "authorization", "Bearer b");
    assert_eq!(text(&caller.services.call(both).await.unwrap()), "4");
}

#[tokio::test]
async fn an_answer_that_does_not_say_public_is_kept_for_no_token() {
    for cache_control in ["max-age=10", "private, max-age=10", "public, private, max-age=10"] {
        let server = Server::start(move |seen: Seen| async move {
            let headers = [("cache-control", cache_control), ("etag", "\"1\"")];
            answer(200, &headers, seen.number.to_string())
        })
        .await;
        let caller = caller(server.target());
        for expected in ["1", "2"] {
            let request = with_header(get("/"), "authorization", "Bearer a");
            assert_eq!(text(&caller.services.call(request).await.unwrap()), expected, "{cache_control}");
        }
        assert_eq!(caller.cache.usage(), (0, 0), "{cache_control}");
    }
}

#[tokio::test]
async fn a_public_stale_answer_stands_in_for_who_showed_the_same_token_only() {
    let server = well_once("public, max-age=1, stale-if-error=60").await;
    let caller = caller(server.target());
    let ask = async |token: &str| {
        caller.services.call(with_header(get("/"), "authorization", token)).await.unwrap()
    };
    ask("Bearer a").await;
    caller.clock.advance_s(31);
    let stale = ask("Bearer a").await;
    assert_eq!((stale.status, text(&stale).as_str(), stale.stale_ms), (200, "first", 30_000));
    assert_eq!(ask("Bearer b").await.status, 503);
    assert_eq!(caller.services.call(get("/")).await.unwrap().status, 503);
    caller.clock.advance_s(30);
    assert_eq!(ask("Bearer a").await.status, 503, "no longer than it may");
}

#[tokio::test]
async fn who_wants_a_younger_answer_fetches_it_for_all() {
    let server = counting(&[("cache-control", "max-age=300")]).await;
    let caller = caller(server.target());
    let young = || with_header(get("/"), "cache-control", "max-age=10");
    assert_eq!(text(&caller.services.call(get("/")).await.unwrap()), "1");
    caller.clock.advance_s(10);
    assert_eq!(text(&caller.services.call(young()).await.unwrap()), "1", "as old as it may be");
    caller.clock.advance_s(1);
    assert_eq!(text(&caller.services.call(young()).await.unwrap()), "2");
    assert_eq!(server.last().headers["cache-control"], "max-age=10");
    for request in [young(), get("/"), young()] {
        assert_eq!(text(&caller.services.call(request).await.unwrap()), "2");
    }
    let own_way = with_header(get("/"), "cache-control", "no-cache");
    assert_eq!(text(&caller.services.call(own_way).await.unwrap()), "3");
    assert_eq!(text(&caller.services.call(get("/")).await.unwrap()), "2");
}

#[tokio::test]
async fn answers_are_kept_for_each_value_that_they_vary_on() {
    let server = Server::start(|seen: Seen| async move {
        let language = seen.headers.get("accept-language").map_or("none", |value| value.to_str().unwrap());
        answer(200, &[("cache-control", "max-age=10"), ("vary", "Accept-Language")], language.to_owned())
    })
    .await;
    let caller = caller(server.target());
    for _ in 0..3 {
        for language in ["de", "en"] {
            let request = with_header(get("/"), "accept-language", language);
            assert_eq!(text(&caller.services.call(request).await.unwrap()), language);
        }
        assert_eq!(text(&caller.services.call(get("/")).await.unwrap()), "none");
    }
    assert_eq!(server.requests(), 3);
}

#[tokio::test]
async fn a_stale_answer_stands_in_for_a_target_that_fails_as_long_as_it_may() {
    let server = well_once("max-age=10, stale-if-error=60").await;
    let caller = caller(server.target());
    caller.services.call(get("/")).await.unwrap();
    caller.clock.advance_s(69);
    let stale = caller.services.call(get("/")).await.unwrap();
    assert_eq!((stale.status, text(&stale).as_str(), stale.stale_ms), (200, "first", 59_000));
    assert_eq!(server.requests(), 2);
    caller.clock.advance_s(1);
    assert_eq!(caller.services.call(get("/")).await.unwrap().status, 503);
}

#[tokio::test]
async fn without_leave_a_stale_answer_does_not_stand_in() {
    for cache_control in ["max-age=10", "max-age=10, stale-if-error=60, must-revalidate"] {
        let server = well_once(cache_control).await;
        let caller = caller(server.target());
        caller.services.call(get("/")).await.unwrap();
        caller.clock.advance_s(10);
        assert_eq!(caller.services.call(get("/")).await.unwrap().status, 503, "{cache_control}");
    }
}

#[tokio::test]
async fn a_stale_answer_stands_in_for_a_target_that_hangs() {
    let server = Server::start(|seen: Seen| async move {
        if seen.number > 1 {
            std::future::pending::<()>().await;
        }
        answer(200, &[("cache-control", "max-age=1, stale-if-error=60")], "first")
    })
    .await;
    let caller = caller(server.target());
    caller.services.call(get("/")).await.unwrap();
    caller.clock.advance_s(5);
    let stale = caller.services.call(Request { deadline_ms: Some(100), ..get("/") }).await.unwrap();
    assert_eq!((text(&stale).as_str(), stale.stale_ms), ("first", 4_000));
    let without = caller.services.call(Request { deadline_ms: Some(100), ..get("/other") }).await;
    assert_eq!(without, Err(Failure::DeadlineExceeded));
}

#[tokio::test]
async fn a_stale_answer_is_given_while_it_is_fetched_anew() {
    let server = counting(&[("cache-control", "max-age=10, stale-while-revalidate=60")]).await;
    let caller = caller(server.target());
    caller.services.call(get("/")).await.unwrap();
    caller.clock.advance_s(15);
    assert_eq!(text(&caller.services.call(get("/")).await.unwrap()), "1");
    let begun = Instant::now();
    while text(&caller.services.call(get("/")).await.unwrap()) == "1" {
        assert!(begun.elapsed() < Duration::from_secs(20));
        tokio::task::yield_now().await;
    }
    assert_eq!(server.requests(), 2);
}

#[tokio::test]
async fn an_answer_that_the_target_confirms_is_fresh_again_without_its_body() {
    let server = Server::start(|seen: Seen| async move {
        match seen.headers.get("if-none-match").map(|etag| etag.to_str().unwrap()) {
            Some("\"v1\"") => answer(304, &[("cache-control", "max-age=10"), ("x-confirmed", "yes")], ""),
            _ => answer(200, &[("cache-control", "max-age=10"), ("etag", "\"v1\"")], "body"),
        }
    })
    .await;
    let caller = caller(server.target());
    caller.services.call(get("/")).await.unwrap();
    caller.clock.advance_s(10);
    let confirmed = caller.services.call(get("/")).await.unwrap();
    assert_eq!((confirmed.status, text(&confirmed).as_str()), (200, "body"));
    assert_eq!(header(&confirmed, "x-confirmed"), Some("yes"));
    caller.clock.advance_s(9);
    caller.services.call(get("/")).await.unwrap();
    assert_eq!(server.requests(), 2);
}

#[tokio::test]
async fn fifty_callers_of_one_resource_are_one_call() {
    let server = counting(&[("cache-control", "max-age=10")]).await;
    let caller = caller(server.target());
    let calls = (0..50).map(|_| caller.services.call(get("/")));
    let texts: Vec<_> = futures::future::join_all(calls)
        .await
        .iter()
        .map(|response| text(response.as_ref().unwrap()))
        .collect();
    assert_eq!(texts, vec!["1"; 50]);
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn callers_of_what_cannot_be_kept_do_not_wait_for_each_other() {
    const AT_ONCE: usize = 5;
    let together = std::sync::Arc::new(tokio::sync::Barrier::new(AT_ONCE));
    let server = Server::start(move |seen: Seen| {
        let together = together.clone();
        async move {
            if seen.number > 1 {
                together.wait().await;
            }
            answer(200, &[("cache-control", "no-store")], "")
        }
    })
    .await;
    let caller = caller(server.target());
    caller.services.call(get("/")).await.unwrap();
    // Answered only when all are there: one after the other they would never end.
    let calls = futures::future::join_all((0..AT_ONCE).map(|_| caller.services.call(get("/"))));
    assert!(calls.await.iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_first_caller_who_goes_away_holds_nobody_up() {
    let server = Server::start(|seen: Seen| async move {
        if seen.number == 1 {
            std::future::pending::<()>().await;
        }
        answer(200, &[("cache-control", "max-age=10")], "second")
    })
    .await;
    let caller = caller(server.target());
    let mut first = Box::pin(caller.services.call(get("/")));
    while server.requests() == 0 {
        assert!(futures::poll!(&mut first).is_pending());
        tokio::task::yield_now().await;
    }
    let mut second = Box::pin(caller.services.call(get("/")));
    assert!(futures::poll!(&mut second).is_pending());
    assert_eq!(server.requests(), 1);
    drop(first);
    assert_eq!(text(&second.await.unwrap()), "second");
}

#[tokio::test]
async fn the_cache_stays_within_its_bounds_and_keeps_what_is_used() {
    let server = counting(&[("cache-control", "max-age=1000")]).await;
    let caller = caller_with(ServicesConfig {
        targets: [("auth".into(), server.target())].into(),
        cache: CacheConfig { max_entries: 10, max_bytes: 1 << 20 },
    });
    caller.services.call(get("/used")).await.unwrap();
    for number in 0..100 {
        caller.services.call(get(&format!("/{number}"))).await.unwrap();
        assert_eq!(text(&caller.services.call(get("/used")).await.unwrap()), "1");
    }
    assert_eq!(caller.cache.usage().0, 10);

    let small = caller_with(ServicesConfig {
        targets: [("auth".into(), server.target())].into(),
        cache: CacheConfig { max_entries: 1_000, max_bytes: 1_000 },
    });
    for number in 0..100 {
        small.services.call(get(&format!("/{number}"))).await.unwrap();
        assert!(small.cache.usage().1 <= 1_000);
    }
    assert!(small.cache.usage().0 > 0);
}

#[tokio::test]
async fn callers_have_caches_of_their_own() {
    let server = counting(&[("cache-control", "max-age=10")]).await;
    let config =
        ServicesConfig { targets: [("auth".into(), server.target())].into(), ..ServicesConfig::default() };
    let cache = std::sync::Arc::new(mcsp_services::ResponseCache::new(config.cache));
    let transport = std::sync::Arc::new(mcsp_services::Transport::new(&config, cache).unwrap());
    let guards = mcsp_guard::GuardRegistry::new(mcsp_guard::PolicyTable::default());
    let guards = std::sync::Arc::new(guards);
    for (caller, expected) in [("content", "1"), ("playback", "2"), ("content", "1")] {
        let services = mcsp_services::Services::new(caller, transport.clone(), &guards, ["auth"]);
        assert_eq!(text(&services.call(get("/")).await.unwrap()), expected);
    }
}
