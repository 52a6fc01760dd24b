//! Scale to zero, pins, and reuse.

use crate::bridge::GatedBridge;
use crate::fixture::{Setup, assert_problem, get, get_from, manifest, report, wait_for, wait_until};
use bytes::Bytes;
use futures::future::join_all;
use http::Request;
use mcsp_bridge_api::WARM_UP_PATH;
use mcsp_runner::FunctionState;
use std::time::Duration;
use tokio::net::TcpSocket;

const HEALTH: &str = "/_mcsp/healthz";

fn short_lived() -> Setup {
    let mut setup = Setup::default();
    setup.settings.instance_idle = Duration::from_millis(20);
    setup.settings.code_idle = Duration::from_millis(80);
    setup
}

#[tokio::test]
async fn a_function_without_traffic_is_dropped_and_comes_back() {
    let runner = short_lived().start().await;
    assert_eq!(report(&runner, "hello").state, FunctionState::Dropped);
    for cold_starts in 1..=3 {
        assert_eq!(get(&runner, "/hello").await.body(), "hello\n");
        assert_eq!(report(&runner, "hello").cold_starts, cold_starts);
        wait_for(&runner, "hello", |report| report.state == FunctionState::Dropped).await;
        let dropped = report(&runner, "hello");
        assert_eq!((dropped.instances, dropped.memory_bytes), (0, 0));
        assert!(dropped.active_ms > 0 && dropped.active_ms < dropped.up_ms, "{dropped:?}");
    }
    runner.stop().await;
}

#[tokio::test]
async fn instances_go_before_code_does() {
    let mut setup = short_lived();
    setup.settings.code_idle = Duration::from_secs(60);
    let runner = setup.start().await;
    assert_eq!(get(&runner, "/hello").await.status(), 200);
    wait_for(&runner, "hello", |report| report.state == FunctionState::Idle).await;
    assert_eq!(get(&runner, "/hello").await.status(), 200);
    assert_eq!(report(&runner, "hello").cold_starts, 1);
    runner.stop().await;
}

#[tokio::test]
async fn a_pinned_function_is_ready_before_its_first_request_and_never_dropped() {
    let runner = short_lived().hello("pinned = 2").start().await;
    // One more has got ready for its first request, which does not come in time.
    wait_for(&runner, "hello", |report| (report.instances, report.instances_started) == (2, 3)).await;
    let before = report(&runner, "hello");
    assert_eq!((before.state, before.calls), (FunctionState::Warm, 0));
    // Another function comes and goes meanwhile, so there was time to drop this one.
    assert_eq!(get(&runner, "/probe/variable").await.status(), 200);
    wait_for(&runner, "probe", |report| report.state == FunctionState::Dropped).await;
    assert_eq!(get(&runner, "/hello").await.status(), 200);
    wait_for(&runner, "hello", |report| report.instances_started == 4).await;
    // Its used instance goes, the ready ones stay.
    wait_for(&runner, "hello", |report| report.instances == 2).await;
    let after = report(&runner, "hello");
    assert_eq!((after.state, after.cold_starts), (FunctionState::Warm, 0));
    runner.stop().await;
}

#[tokio::test]
async fn pinned_functions_get_ready_on_all_threads_before_the_runner_says_that_they_are() {
    let bridge = GatedBridge::new(1);
    let mut setup = Setup::default().bridges(bridge.clone()).probe("pinned = 1");
    setup.settings.workers = 2;
    // It stays free for the runner, whose sockets share it.
    let held = TcpSocket::new_v4().unwrap();
    held.set_reuseaddr(true).unwrap();
    held.set_reuseport(true).unwrap();
    held.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = held.local_addr().unwrap();
    setup.settings.listen = address;
    let starting = tokio::spawn(setup.start());
    // One of the threads is ready.
    wait_until(|| (bridge.entered(), bridge.inside()) == (2, 1), || format!("{}", bridge.inside())).await;
    for _ in 0..8 {
        assert_problem(&get_from(address, HEALTH).await, 503, "starting");
    }
    assert_eq!(get_from(address, "/hello").await.status(), 200, "what it asks may be served here");
    bridge.let_pass(1);
    let runner = starting.await.unwrap();
    assert_eq!(get(&runner, HEALTH).await.status(), 200);
    let report = report(&runner, "probe");
    assert_eq!((report.calls, report.cold_starts), (0, 0));
    assert_problem(&get(&runner, WARM_UP_PATH).await, 404, "not_found");
    runner.stop().await;
}

#[tokio::test]
async fn a_pinned_function_that_is_left_without_an_answer_is_ready_all_the_same() {
    let bridge = GatedBridge::new(0);
    let runner = Setup::default().bridges(bridge.clone()).probe("pinned = 1").start().await;
    assert_eq!((bridge.entered(), get(&runner, HEALTH).await.status().as_u16()), (1, 200));
    runner.stop().await;
}

#[tokio::test]
async fn a_pinned_function_stays_while_another_takes_all_memory_that_it_may() {
    let mut setup = short_lived().reuse(1, 1);
    setup.manifest = manifest("pinned = 2", "memory_mib = 64\nmax_concurrent_requests = 16");
    let runner = setup.start().await;
    for _ in 0..3 {
        let greedy = join_all((0..24).map(|_| get(&runner, "/probe/grow/48")));
        let (grown, modest) = tokio::join!(greedy, async {
            let mut statuses = Vec::new();
            for _ in 0..24 {
                statuses.push(get(&runner, "/hello").await.status());
            }
            statuses
        });
        assert!(modest.iter().all(|status| *status == 200), "{modest:?}");
        let full = grown.iter().filter(|answer| answer.status() == 200).count();
        assert!(full >= 16, "{full}");
    }
    wait_for(&runner, "hello", |report| report.instances == 2).await;
    let after = report(&runner, "hello");
    assert_eq!((after.state, after.cold_starts), (FunctionState::Warm, 0));
    runner.stop().await;
}

#[tokio::test]
async fn a_pinned_function_has_instances_though_another_takes_all_that_it_may() {
    // More than one thread has.
    const CROWD: usize = 1_100;
    let bridge = GatedBridge::new(0);
    let mut setup = Setup::default().bridges(bridge.clone()).reuse(1, 1);
    setup.manifest = manifest("pinned = 1", "max_concurrent_requests = 2000\ntimeout_ms = 60000");
    let runner = setup.start().await;
    let held = |_| {
        let dispatcher = runner.dispatcher();
        let request = Request::get("/probe/redis/key").body(Bytes::new()).unwrap();
        tokio::spawn(async move { dispatcher.dispatch("probe", request).await.status() })
    };
    let crowd: Vec<_> = (0..CROWD).map(held).collect();
    let settled = || {
        let seen = report(&runner, "probe");
        seen.calls == CROWD as u64 && seen.in_flight == bridge.entered() as u64
    };
    wait_until(settled, || format!("{:?}", report(&runner, "probe"))).await;
    for _ in 0..50 {
        assert_eq!(get(&runner, "/hello").await.status(), 200);
    }
    let served = bridge.entered();
    bridge.let_pass(served);
    let statuses = join_all(crowd).await;
    let (right, refused): (Vec<_>, Vec<_>) =
        statuses.into_iter().map(Result::unwrap).partition(|status| *status == 200);
    assert_eq!((right.len(), refused.len()), (served, CROWD - served));
    assert!(refused.iter().all(|status| *status == 503) && served < CROWD, "{served}");
    runner.stop().await;
}

#[tokio::test]
async fn an_instance_is_used_as_often_as_is_set() {
    for (reuse, instances) in [(1, 6), (2, 3), (128, 1)] {
        let mut setup = Setup::default().reuse(reuse, 1);
        setup.settings.instance_idle = Duration::from_secs(60);
        let runner = setup.start().await;
        for _ in 0..6 {
            assert_eq!(get(&runner, "/hello").await.status(), 200);
        }
        assert_eq!(report(&runner, "hello").instances_started, instances, "{reuse}");
        runner.stop().await;
    }
}

#[tokio::test]
async fn code_that_was_lost_is_compiled_again() {
    let cache = tempfile::tempdir().unwrap();
    let mut setup = short_lived();
    setup.settings.cache_dir = cache.path().to_owned();
    let runner = setup.start().await;
    for entry in std::fs::read_dir(cache.path()).unwrap() {
        std::fs::remove_file(entry.unwrap().path()).unwrap();
    }
    assert_eq!(get(&runner, "/hello").await.body(), "hello\n");
    runner.stop().await;
}
