//! Timers are delivered when they are due, once where nothing fails, and until they are taken.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

#[path = "../../postgres/tests/support/mod.rs"]
mod postgres;

use async_trait::async_trait;
use mcsp_kafka::{CloudEvent, Deliver, Delivery};
use mcsp_timers::{TimerCounts, Timers, TimersConfig, TimersMeter};
use postgres::Database;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(60);
const WAITING: &str = "SELECT count(*) FROM shelf.timers";

/// A component that takes, postpones or refuses by the key of the timer.
#[derive(Default)]
struct Component {
    delivered: Mutex<BTreeMap<String, usize>>,
    events: Mutex<Vec<CloudEvent>>,
    is_down: AtomicBool,
    hangs: AtomicBool,
}

#[async_trait]
impl Deliver for Component {
    async fn deliver(&self, component: &str, event: &CloudEvent) -> Delivery {
        assert_eq!(component, "sweeper");
        *self.delivered.lock().unwrap().entry(event.id.clone()).or_default() += 1;
        self.events.lock().unwrap().push(event.clone());
        if self.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        match event.key.as_deref() {
            _ if self.is_down.load(Ordering::SeqCst) => Delivery::Retry { cause: "503".to_owned() },
            Some("poison") => Delivery::Reject { cause: "422 poison".to_owned() },
            _ => Delivery::Done,
        }
    }
}

impl Component {
    fn count(&self, event_id: &str) -> usize {
        self.delivered.lock().unwrap().get(event_id).copied().unwrap_or(0)
    }
}

struct AtWork {
    meter: TimersMeter,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl AtWork {
    fn start(config: TimersConfig, component: &Arc<Component>) -> Self {
        let timers = Timers::new(config, Arc::clone(component) as Arc<dyn Deliver>);
        let (meter, shutdown) = (timers.meter(), CancellationToken::new());
        let task = tokio::spawn(timers.run(shutdown.clone()));
        AtWork { meter, shutdown, task }
    }

    async fn stop(self) -> TimerCounts {
        self.shutdown.cancel();
        tokio::time::timeout(PATIENCE, self.task).await.unwrap().unwrap();
        self.meter.counts()
    }
}

fn config(database: &Database) -> TimersConfig {
    TimersConfig {
        poll_interval_ms: 20,
        first_wait_ms: 50,
        drain_timeout_ms: 100,
        ..TimersConfig::new(database.config("shelf"), vec!["sweeper".to_owned()])
    }
}

/// Sets timers as a function does, due so many seconds from now.
async fn set(database: &Database, component: &str, key: &str, due_in_s: i32) {
    let set = format!(
        "INSERT INTO timers (event_id, component, key, type, source, data, due_at, ready_at) \
         SELECT 'e-{key}', '{component}', '{key}', 'mcsp.shelf.book.due.v1', '/mcsp/shelf', '{{\"n\": 1}}', due, due \
         FROM (SELECT now() + make_interval(secs => {due_in_s}) AS due) t"
    );
    database.prepare("shelf", &set).await;
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !holds().await {
        assert!(started.elapsed() < PATIENCE, "{what}: not in time");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_timer_is_delivered_when_it_is_due_and_then_gone() {
    let (database, component) = (Database::migrated(&["shelf"]).await, Arc::new(Component::default()));
    let at_work = AtWork::start(config(&database), &component);
    set(&database, "sweeper", "later", 3600).await;
    set(&database, "another", "not-ours", -1).await;
    set(&database, "sweeper", "soon", 1).await;
    set(&database, "sweeper", "overdue", -3600).await;
    until("two are gone", async || database.count(WAITING).await == 2).await;
    assert_eq!(at_work.stop().await, TimerCounts { done_total: 2, retried_total: 0, refused_total: 0 });
    let events = component.events.lock().unwrap().clone();
    let keys: Vec<_> = events.iter().map(|event| event.key.as_deref().unwrap()).collect();
    assert_eq!(keys, ["overdue", "soon"]);
    let CloudEvent { id, type_, source, subject, data, time, .. } = &events[0];
    assert_eq!(
        (id.as_str(), type_.as_str(), source.as_str()),
        ("e-overdue", "mcsp.shelf.book.due.v1", "/mcsp/shelf")
    );
    assert_eq!((subject.as_deref(), data.as_slice()), (Some("overdue"), &b"{\"n\": 1}"[..]));
    assert!(time.as_deref().unwrap().ends_with('Z'), "{time:?}");
}

#[tokio::test]
async fn many_processes_deliver_each_timer_once() {
    const TIMERS: usize = 200;
    let (database, component) = (Database::migrated(&["shelf"]).await, Arc::new(Component::default()));
    let all: Vec<_> = (0..3).map(|_| AtWork::start(config(&database), &component)).collect();
    let set = format!(
        "INSERT INTO timers (event_id, component, key, type, source, data, due_at, ready_at) \
         SELECT 'e' || n, 'sweeper', n::text, 't', '/s', '{{}}', now(), now() FROM generate_series(1, {TIMERS}) n"
    );
    database.prepare("shelf", &set).await;
    until("all are gone", async || database.count(WAITING).await == 0).await;
    for at_work in all {
        at_work.stop().await;
    }
    let delivered = component.delivered.lock().unwrap();
    assert_eq!(delivered.len(), TIMERS);
    assert!(delivered.values().all(|count| *count == 1), "{delivered:?}");
}

#[tokio::test]
async fn what_fails_comes_again_until_it_is_taken() {
    let (database, component) = (Database::migrated(&["shelf"]).await, Arc::new(Component::default()));
    component.is_down.store(true, Ordering::SeqCst);
    set(&database, "sweeper", "one", 0).await;
    let at_work = AtWork::start(config(&database), &component);
    until("it came three times", async || component.count("e-one") >= 3).await;
    assert_eq!(database.count(WAITING).await, 1);
    component.is_down.store(false, Ordering::SeqCst);
    until("it is taken", async || database.count(WAITING).await == 0).await;
    assert!(at_work.stop().await.retried_total >= 3);
}

#[tokio::test]
async fn what_is_refused_stays_for_people_to_look_at_and_is_not_delivered_again() {
    let (database, component) = (Database::migrated(&["shelf"]).await, Arc::new(Component::default()));
    set(&database, "sweeper", "poison", 0).await;
    let at_work = AtWork::start(config(&database), &component);
    let refused = "SELECT count(*) FROM shelf.timers WHERE refused = '422 poison'";
    until("it is refused", async || database.count(refused).await == 1).await;
    set(&database, "sweeper", "good", 0).await;
    until("the other is taken", async || database.count(WAITING).await == 1).await;
    at_work.stop().await;
    assert_eq!(component.count("e-poison"), 1);
}

#[tokio::test]
async fn what_a_dead_process_had_claimed_is_delivered_by_another() {
    let (database, component) = (Database::migrated(&["shelf"]).await, Arc::new(Component::default()));
    component.hangs.store(true, Ordering::SeqCst);
    set(&database, "sweeper", "one", 0).await;
    let config = TimersConfig { claim_ms: 500, ..config(&database) };
    let dying = AtWork::start(config.clone(), &component);
    until("it is under way", async || component.count("e-one") == 1).await;
    dying.task.abort();
    component.hangs.store(false, Ordering::SeqCst);
    let at_work = AtWork::start(config, &component);
    until("it is taken", async || database.count(WAITING).await == 0).await;
    assert_eq!((component.count("e-one"), at_work.stop().await.done_total), (2, 1));
}

#[tokio::test]
async fn a_timer_that_is_set_anew_during_its_delivery_is_delivered_anew() {
    let (database, component) = (Database::migrated(&["shelf"]).await, Arc::new(Component::default()));
    component.hangs.store(true, Ordering::SeqCst);
    set(&database, "sweeper", "one", 0).await;
    let config = TimersConfig { delivery_timeout_ms: 300, ..config(&database) };
    let at_work = AtWork::start(config, &component);
    until("it is under way", async || component.count("e-one") == 1).await;
    component.hangs.store(false, Ordering::SeqCst);
    let anew =
        "UPDATE timers SET event_id = 'e-anew', deliveries = 0, ready_at = now() + interval '1 second'";
    database.prepare("shelf", anew).await;
    until("it is taken", async || database.count(WAITING).await == 0).await;
    at_work.stop().await;
    assert_eq!((component.count("e-one"), component.count("e-anew")), (1, 1));
}
