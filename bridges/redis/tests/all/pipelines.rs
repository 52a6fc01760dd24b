//! Pipelines on a Redis that is well.

use crate::support::{command, guard, prefix, redis_at, redis_url, redis_with, script};
use mcsp_bridge_api::Failure;
use mcsp_bridge_api::redis::Reply;
use mcsp_guard::Policy;
use mcsp_redis::{Redis, RedisConfig};

fn bulk(text: &str) -> Reply {
    Reply::Bulk(text.into())
}

fn array(items: &[&str]) -> Reply {
    Reply::Array(items.iter().map(|item| Some(item.as_bytes().to_vec())).collect())
}

/// Makes Redis forget all scripts. Other tests run meanwhile: they must bear it.
async fn flush_scripts() {
    let client = redis::Client::open(redis_url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    redis::cmd("SCRIPT").arg("FLUSH").exec_async(&mut connection).await.unwrap();
}

#[tokio::test]
async fn replies_come_in_the_order_of_the_operations() {
    let p = prefix();
    let redis = redis_at(redis_url(), &p);
    let replies = redis
        .pipeline(vec![
            command(&format!("SET {p}a 1 EX 60")),
            command(&format!("INCRBY {p}a 41")),
            script("return redis.call('GET', KEYS[1])", &format!("{p}a")),
            command(&format!("GET {p}missing")),
            command(&format!("MGET {p}a {p}missing")),
            command(&format!("DEL {p}a")),
        ])
        .await
        .unwrap();
    let mget = Reply::Array(vec![Some(b"42".to_vec()), None]);
    assert_eq!(replies, [Reply::Okay, Reply::Integer(42), bulk("42"), Reply::Nil, mget, Reply::Integer(1)]);
}

#[tokio::test]
async fn an_error_of_one_operation_leaves_the_others_alone() {
    let p = prefix();
    let redis = redis_at(redis_url(), &p);
    let replies = redis
        .pipeline(vec![
            command(&format!("SET {p}text x EX 60")),
            command(&format!("LPUSH {p}text y")),
            command(&format!("SET {p}text")),
            script("this is no lua", &format!("{p}text")),
            script("return redis.error_reply('MYCODE no')", &format!("{p}text")),
            command(&format!("GET {p}text")),
        ])
        .await
        .unwrap();
    let error = |code: &str| Reply::Error(code.into());
    assert_eq!(
        replies,
        [Reply::Okay, error("WRONGTYPE"), error("ERR"), error("ERR"), error("MYCODE"), bulk("x")]
    );
}

#[tokio::test]
async fn a_script_that_redis_forgot_is_sent_again_and_nothing_runs_twice() {
    let p = prefix();
    let redis = redis_at(redis_url(), &p);
    let source = "return redis.call('INCR', KEYS[1])";
    let steps = || {
        vec![
            command(&format!("INCR {p}before")),
            script(source, &format!("{p}first")),
            script(source, &format!("{p}second")),
            command(&format!("INCR {p}after")),
        ]
    };
    for round in 1..=20 {
        assert_eq!(redis.pipeline(steps()).await.unwrap(), vec![Reply::Integer(round); 4]);
        flush_scripts().await;
    }
    let keys = ["before", "first", "second", "after"].map(|key| format!("{p}{key}"));
    redis.pipeline(vec![command(&format!("DEL {}", keys.join(" ")))]).await.unwrap();
}

#[tokio::test]
async fn both_versions_of_the_protocol_give_the_same_replies() {
    for query in ["", "?protocol=resp3"] {
        let p = prefix();
        let redis = redis_at(format!("{}{query}", redis_url()), &p);
        let replies = redis
            .pipeline(vec![
                command(&format!("HSET {p}hash field value")),
                command(&format!("HGETALL {p}hash")),
                command(&format!("SADD {p}set member")),
                command(&format!("SMEMBERS {p}set")),
                command(&format!("ZADD {p}zset 1.5 member")),
                command(&format!("ZSCORE {p}zset member")),
                command(&format!("HSCAN {p}hash 0")),
                command("PING"),
                script("return {1, 'two', {3}}", &format!("{p}hash")),
                script("return redis.status_reply('fine')", &format!("{p}hash")),
                command(&format!("UNLINK {p}hash {p}set {p}zset")),
            ])
            .await
            .unwrap();
        let expected = [
            Reply::Integer(1),
            array(&["field", "value"]),
            Reply::Integer(1),
            array(&["member"]),
            Reply::Integer(1),
            bulk("1.5"),
            array(&["0", "field", "value"]),
            bulk("PONG"),
            array(&["1", "two", "3"]),
            bulk("fine"),
            Reply::Integer(3),
        ];
        assert_eq!(replies, expected, "{query}");
    }
}

#[tokio::test]
async fn one_step_outside_the_grant_and_none_runs() {
    let p = prefix();
    let redis = redis_at(redis_url(), &p);
    let refused = redis.pipeline(vec![command(&format!("SET {p}a 1")), command("GET other:1")]).await;
    assert_eq!(refused, Err(Failure::NotGranted("redis keys other:".into())));
    let refused = redis.pipeline(vec![command(&format!("SET {p}a 1")), command("FLUSHALL")]).await;
    assert_eq!(refused, Err(Failure::NotGranted("redis command FLUSHALL".into())));
    assert_eq!(redis.pipeline(vec![command(&format!("GET {p}a"))]).await, Ok(vec![Reply::Nil]));
}

#[tokio::test]
async fn a_pipeline_over_its_bounds_is_refused() {
    let p = prefix();
    let config = RedisConfig { max_operations: 3, max_pipeline_bytes: 100, ..RedisConfig::at(redis_url()) };
    let redis = redis_with(config, guard(Policy::default()), &p);
    let too_many = redis.pipeline(vec![command("PING"); 4]).await;
    assert_eq!(too_many, Err(Failure::Refused("too-many-operations".into())));
    let too_large = redis.pipeline(vec![command(&format!("SET {p}a {}", "x".repeat(100)))]).await;
    assert_eq!(too_large, Err(Failure::Refused("pipeline-too-large".into())));
    assert_eq!(redis.pipeline(vec![command("PING"); 3]).await, Ok(vec![bulk("PONG"); 3]));
    assert_eq!(redis.pipeline(Vec::new()).await, Ok(Vec::new()));
}

#[tokio::test]
async fn concurrent_pipelines_get_their_own_replies() {
    let p = prefix();
    let mut policy = Policy::default();
    policy.bulkhead.max_waiting_calls = 1_000;
    policy.bulkhead.max_wait_ms = 60_000;
    let redis =
        redis_with(RedisConfig { deadline_ms: 60_000, ..RedisConfig::at(redis_url()) }, guard(policy), &p);
    let call = |number: usize, redis: &Redis| {
        let (p, redis) = (p.clone(), redis.clone());
        async move {
            let text = format!("value-{number}");
            let set = command(&format!("SET {p}{number} {text} EX 60"));
            let replies = redis.pipeline(vec![set, command(&format!("GET {p}{number}"))]).await;
            assert_eq!(replies, Ok(vec![Reply::Okay, bulk(&text)]));
        }
    };
    futures::future::join_all((0..1_000).map(|number| call(number, &redis))).await;
}

#[test]
fn worker_threads_with_their_own_connections_share_a_guard() {
    let p = prefix();
    let guard = guard(Policy::default());
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let (p, guard) = (p.clone(), guard.clone());
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    let redis = redis_with(RedisConfig::at(redis_url()), guard, &p);
                    for _ in 0..10 {
                        redis.pipeline(vec![command(&format!("INCR {p}count"))]).await.unwrap();
                    }
                });
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(guard.snapshot().calls, 30);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let last =
        runtime.block_on(redis_at(redis_url(), &p).pipeline(vec![command(&format!("GETDEL {p}count"))]));
    assert_eq!(last, Ok(vec![bulk("30")]));
}
