//! Over the sidecar every call is answered as within the runner.

use crate::postgres::{nulls, statements, unique, values};
use crate::probe::Probe;
use crate::sidecar::Sidecar;
use crate::stage::{Stage, TOKEN};
use mcsp_bridge::{BridgeConfig, Bridges, Worker};
use mcsp_bridge_api::kafka::Acknowledgement;
use mcsp_bridge_api::limits::{Standing, Subject};
use mcsp_bridge_api::memory::{Condition, Deposit, Entry, Listing, Outcome, Removal, Step};
use mcsp_bridge_api::passwords::Verdict;
use mcsp_bridge_api::postgres::{RowMismatch, Statement, TransactError, Transaction, Value, Violation};
use mcsp_bridge_api::redis::{Operation, Reply, Script};
use mcsp_bridge_api::services::Request;
use mcsp_bridge_api::sql::sql;
use mcsp_bridge_api::{Bridge, Failure};
use mcsp_manifest::Variables;
use mcsp_remote::Remote;
use mcsp_runner::{Application, BridgeFactory, Runner, Settings};
use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;

/// The ways from the probe to the stores.
struct Ways {
    in_process: Probe,
    /// Composed with the adapter, as under stock Spin.
    over_http: Probe,
    /// In a runner with a sidecar beside it, as in a pod.
    in_a_pod: Probe,
    runners: [Runner; 2],
    _sidecar: Sidecar,
}

/// The bridge as `mcsp up` has it.
struct InProcess(Arc<Bridges>);

impl BridgeFactory for InProcess {
    fn for_component(&self, id: &str) -> Arc<dyn Bridge> {
        Worker::new(Arc::clone(&self.0)).unwrap().for_component(id).unwrap()
    }
}

/// The bridge as `mcsp serve --bridge` has it.
struct Beside(String);

impl BridgeFactory for Beside {
    fn for_component(&self, id: &str) -> Arc<dyn Bridge> {
        Arc::new(Remote::new(self.0.parse().unwrap()).for_component(id, TOKEN).unwrap())
    }
}

impl Ways {
    async fn of(stage: &Stage) -> Self {
        let manifest = stage.manifest();
        let config = BridgeConfig::read(&manifest, |name| stage.environment.get(name).cloned()).unwrap();
        let bridges = Bridges::new(Arc::new(manifest), config).unwrap();
        let sidecar = stage.sidecar_on_a_socket().await;
        let runners = [
            runner(stage, Arc::new(InProcess(bridges))).await,
            runner(stage, Arc::new(Beside(sidecar.address.clone()))).await,
        ];
        let [in_process, in_a_pod] = runners.each_ref().map(|runner| Probe::at(runner.address()));
        Ways { in_process, over_http: stage.probe(), in_a_pod, runners, _sidecar: sidecar }
    }

    /// Asks all, one after the other, and gives the answer on which they agree.
    async fn agree<T: PartialEq + Debug>(&self, ask: impl AsyncFn(&Probe) -> T) -> T {
        let in_process = ask(&self.in_process).await;
        assert_eq!(ask(&self.over_http).await, in_process, "through the adapter");
        assert_eq!(ask(&self.in_a_pod).await, in_process, "from a runner beside the sidecar");
        in_process
    }

    async fn stop(self) {
        for runner in self.runners {
            runner.stop().await;
        }
    }
}

async fn runner(stage: &Stage, bridges: Arc<dyn BridgeFactory>) -> Runner {
    let manifest = stage.manifest();
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("runner-code");
    let settings = Settings { workers: 1, ..Settings::new(cache) };
    let variables = Variables::resolve(&manifest, |_| None).unwrap();
    let application =
        Application { variables, manifest, bridges, extensions: Vec::new(), documents: Vec::new() };
    Runner::start(settings, application).await.unwrap()
}

#[tokio::test]
async fn every_type_of_value_comes_back_as_it_went() {
    let stage = Stage::start().await;
    let ways = Ways::of(&stage).await;
    let sent = [values(), nulls()].concat();
    let places: Vec<String> = (1..=sent.len()).map(|n| format!("${n}")).collect();
    let statement = Statement { sql: format!("SELECT {}", places.join(", ")), parameters: sent.clone() };
    let answer = ways.agree(async |probe| probe.query(statement.clone()).await).await.unwrap();
    assert_eq!((answer.width as usize, answer.affected), (sent.len(), 1));
    assert_eq!(answer.cells, sent);
    let nothing = ways.agree(async |probe| probe.query(sql("SELECT 1 WHERE false")).await).await.unwrap();
    assert!(nothing.cells.is_empty());
    ways.stop().await;
}

#[tokio::test]
async fn a_query_that_cannot_be_is_refused_by_its_code() {
    let stage = Stage::start().await;
    let ways = Ways::of(&stage).await;
    let refused =
        [("SELECT 1 +", "42601"), ("SELECT * FROM nowhere", "42P01"), ("DELETE FROM things", "not-a-read")];
    for (text, code) in refused {
        let answer = ways.agree(async |probe| probe.query(sql(text)).await).await;
        assert_eq!(answer, Err(Failure::Refused(code.to_owned())));
    }
    ways.stop().await;
}

#[tokio::test]
async fn a_transaction_takes_effect_or_tells_why_not() {
    let stage = Stage::start().await;
    let ways = Ways::of(&stage).await;
    let add =
        |id: i64, name: &str| sql("INSERT INTO things VALUES ($1, $2) RETURNING id").bind(id).bind(name);
    let answers = ways
        .agree(async |probe| {
            probe.transact(statements(vec![sql("DELETE FROM things").unguarded()])).await.unwrap();
            let consumed = |id: &str, name: &str| Transaction {
                consumed_event: Some(id.to_owned()),
                statements: vec![add(1, name).expecting(1)],
                events: vec![],
            };
            let id = unique();
            let rename = sql("UPDATE things SET name = 'c' WHERE id = 9").expecting(1);
            [
                probe.transact(consumed(&id, "a")).await,
                probe.transact(consumed(&id, "b")).await,
                probe.transact(statements(vec![add(2, "b").expecting(1), add(3, "a").expecting(1)])).await,
                probe.transact(statements(vec![add(4, "d").unguarded(), rename])).await,
                probe.transact(statements(vec![])).await,
            ]
        })
        .await;
    let [applied, again, violated, missed, empty] = answers;
    let applied = applied.unwrap();
    assert_eq!((applied[0].cells.as_slice(), applied[0].affected), ([Value::Int64(Some(1))].as_slice(), 1));
    assert_eq!(again, Err(TransactError::DuplicateEvent));
    let violation = Violation { statement: 1, constraint: "things_name_unique".to_owned() };
    assert_eq!(violated, Err(TransactError::ConstraintViolated(violation)));
    assert_eq!(missed, Err(TransactError::UnexpectedRows(RowMismatch { statement: 1, actual_rows: 0 })));
    assert_eq!(empty, Ok(vec![]));
    let left = ways.agree(async |probe| probe.query(sql("SELECT id, name FROM things")).await).await;
    assert_eq!(left.unwrap().cells, [Value::Int64(Some(1)), Value::Text(Some("a".to_owned()))]);
    ways.stop().await;
}

#[tokio::test]
async fn redis_answers_each_operation() {
    let stage = Stage::start().await;
    let ways = Ways::of(&stage).await;
    let key = |name: &str| format!("{}{name}", stage.prefix).into_bytes();
    let command = |words: &[&[u8]]| Operation::Command(words.iter().map(|word| word.to_vec()).collect());
    let every_byte: Vec<u8> = (0..=255).collect();
    let script = Operation::RunScript(Script {
        source: "return redis.call('APPEND', KEYS[1], ARGV[1])".to_owned(),
        keys: vec![format!("{}a", stage.prefix)],
        arguments: vec![b"!".to_vec()],
    });
    let operations = vec![
        command(&[b"SET", &key("a"), &every_byte]),
        command(&[b"GET", &key("a")]),
        command(&[b"GET", &key("none")]),
        command(&[b"SET", &key("empty"), b""]),
        command(&[b"MGET", &key("empty"), &key("none")]),
        command(&[b"INCR", &key("a")]),
        command(&[b"LPUSH", &key("a"), b"x"]),
        script,
        command(&[b"DEL", &key("a"), &key("empty")]),
    ];
    let replies = ways.agree(async |probe| probe.pipeline(operations.clone()).await).await.unwrap();
    let expected = [
        Reply::Okay,
        Reply::Bulk(every_byte),
        Reply::Nil,
        Reply::Okay,
        Reply::Array(vec![Some(vec![]), None]),
        Reply::Error("ERR".to_owned()),
        Reply::Error("WRONGTYPE".to_owned()),
        Reply::Integer(257),
        Reply::Integer(2),
    ];
    assert_eq!(replies, expected);
    assert_eq!(ways.agree(async |probe| probe.pipeline(vec![]).await).await, Ok(vec![]));
    ways.stop().await;
}

#[tokio::test]
async fn a_published_event_is_in_kafka() {
    let stage = Stage::start().await;
    let ways = Ways::of(&stage).await;
    for acknowledged in [Acknowledgement::Replicated, Acknowledgement::Enqueued] {
        let publish = async |probe: &Probe| probe.publish(vec![stage.event("{}")], acknowledged).await;
        assert_eq!(ways.agree(publish).await, Ok(()));
    }
    let events = crate::kafka::read(&stage.topic, 6).await;
    assert!(events.iter().all(|event| event.data == b"{}"));
    ways.stop().await;
}

#[tokio::test]
async fn a_service_answers_whatever_its_status_is() {
    let stage = Stage::start().await;
    let ways = Ways::of(&stage).await;
    let request = Request {
        target: "echo".to_owned(),
        method: "PUT".to_owned(),
        path: "/echo?a=b".to_owned(),
        headers: vec![("x-word".to_owned(), "hello".to_owned())],
        body: (0..=255).collect(),
        idempotent: true,
        deadline_ms: Some(1_000),
    };
    let answer = ways
        .agree(async |probe| {
            let mut response = probe.call(request.clone()).await.unwrap();
            response.headers.retain(|(name, _)| name.starts_with("x-"));
            response.headers.sort();
            response
        })
        .await;
    let headers = [("x-method", "PUT"), ("x-word", "hello")];
    assert_eq!(answer.headers, headers.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!((answer.status, answer.body, answer.stale_ms), (418, request.body, 0));
    ways.stop().await;
}

#[tokio::test]
async fn a_password_is_told_from_a_wrong_one() {
    let stage = Stage::start().await;
    let ways = Ways::of(&stage).await;
    let verdicts = ways
        .agree(async |probe| {
            let hash = probe.hash_password("correct horse").await.unwrap();
            [
                probe.verify_password("correct horse", Some(&hash)).await,
                probe.verify_password("wrong horse", Some(&hash)).await,
                probe.verify_password("any horse", None).await,
            ]
        })
        .await;
    assert_eq!(verdicts, [Verdict::Right, Verdict::Wrong, Verdict::Wrong].map(Ok));
    ways.stop().await;
}

#[tokio::test]
async fn whoever_can_do_without_is_answered_too_while_the_stores_are_well() {
    let stage = Stage::start().await;
    let ways = Ways::of(&stage).await;
    let ping = || vec![Operation::Command(vec![b"PING".to_vec()])];
    let pong = Ok(vec![Reply::Bulk(b"PONG".to_vec())]);
    assert_eq!(ways.agree(async |probe| probe.try_pipeline(ping(), 5_000).await).await, pong);
    let rows = ways.agree(async |probe| probe.try_query(sql("SELECT 1::bigint"), 5_000).await).await;
    assert_eq!(rows.unwrap().cells, [Value::Int64(Some(1))]);
    let late = async |probe: &Probe| probe.try_query(sql("SELECT pg_sleep(5)"), 50).await;
    assert_eq!(ways.agree(late).await, Err(Failure::DeadlineExceeded));
    ways.stop().await;
}

#[tokio::test]
async fn what_is_kept_is_found_again_by_another_call() {
    let stage = Stage::start().await;
    let ways = Ways::of(&stage).await;
    let key = |name: &str| format!("{}{name}", stage.prefix);
    let every_byte: Vec<u8> = (0..=255).collect();
    let deposit = |name: &str, ttl_ms, condition| {
        Step::Keep(Deposit { key: key(name), value: every_byte.clone(), ttl_ms, condition })
    };
    let outcomes = ways
        .agree(async |probe| {
            let kept = probe.exchange(vec![deposit("copy", Some(60_000), Condition::Absent)]).await;
            let listing = Listing { prefix: stage.prefix.clone(), limit: 10 };
            let steps = vec![
                deposit("copy", Some(60_000), Condition::Absent),
                deposit("held", None, Condition::Always),
                Step::Recall(key("copy")),
                Step::Recall(key("none")),
                Step::Held(listing),
                Step::Forget(Removal { key: key("none"), version: 1 }),
            ];
            let mut found = probe.exchange(steps).await.unwrap();
            for outcome in &mut found {
                if let Outcome::Entries(entries) = outcome {
                    entries.iter_mut().for_each(|entry| (entry.version, entry.age_ms) = (0, 0));
                }
            }
            (kept, found)
        })
        .await;
    let entry = |name: &str, held| {
        let value = every_byte.clone();
        Entry { key: key(name), value, version: 0, age_ms: 0, held }
    };
    let expected = vec![
        Outcome::Done(false),
        Outcome::Done(true),
        Outcome::Entries(vec![entry("copy", false)]),
        Outcome::Entries(vec![]),
        Outcome::Entries(vec![entry("held", true)]),
        Outcome::Done(false),
    ];
    assert_eq!(outcomes, (Ok(vec![Outcome::Done(true)]), expected));
    ways.stop().await;
}

#[tokio::test]
async fn who_asks_too_often_is_told_to_wait() {
    let stage = Stage::start().await;
    let ways = Ways::of(&stage).await;
    for subject in [Subject::User("user_a".to_owned()), Subject::Address("192.0.2.1".to_owned())] {
        for remaining in [1, 0] {
            let taken = ways.agree(async |probe| probe.take_request(subject.clone()).await.map(rough)).await;
            assert_eq!(taken, Ok((0, 2, 120_000, remaining)));
        }
        let refused = ways.agree(async |probe| probe.take_request(subject.clone()).await.map(rough)).await;
        assert_eq!(refused, Ok((1, 2, 120_000, 0)), "in whole minutes");
    }
    let proof = Subject::Proof("a proof".to_owned());
    for wait in [0, 2] {
        let taken = ways.agree(async |probe| probe.take_request(proof.clone()).await.map(rough)).await;
        assert_eq!(taken, Ok((wait, 1, 120_000, 0)), "once");
    }
    ways.stop().await;
}

/// Without what depends on the moment.
fn rough(standing: Standing) -> (u32, u32, u32, u32) {
    let minutes = standing.wait_ms.div_ceil(60_000);
    (minutes, standing.quota, standing.window_ms, standing.remaining)
}

#[tokio::test]
async fn what_is_not_granted_is_refused_by_name() {
    let stage = Stage::start().await;
    let ways = Ways::of(&stage).await;
    let mut event = stage.event("{}");
    event.topic = "test.of-another".to_owned();
    let transaction = Transaction { consumed_event: None, statements: vec![], events: vec![event.clone()] };
    let get = Operation::Command(vec![b"GET".to_vec(), b"another:key".to_vec()]);
    let call = Request {
        target: "another".to_owned(),
        method: "GET".to_owned(),
        path: "/".to_owned(),
        headers: vec![],
        body: vec![],
        idempotent: true,
        deadline_ms: None,
    };
    let published =
        async |probe: &Probe| probe.publish(vec![event.clone()], Acknowledgement::Replicated).await;
    assert!(matches!(ways.agree(published).await, Err(Failure::NotGranted(_))));
    let transacted = ways.agree(async |probe| probe.transact(transaction.clone()).await).await;
    assert!(matches!(transacted, Err(TransactError::Failed(Failure::NotGranted(_)))));
    let read = ways.agree(async |probe| probe.pipeline(vec![get.clone()]).await).await;
    assert!(matches!(read, Err(Failure::NotGranted(_))));
    let recalled = async |probe: &Probe| probe.exchange(vec![Step::Recall("another:key".to_owned())]).await;
    assert!(matches!(ways.agree(recalled).await, Err(Failure::NotGranted(_))));
    let called = ways.agree(async |probe| probe.call(call.clone()).await).await;
    assert!(matches!(called, Err(Failure::NotGranted(_))));
    ways.stop().await;
}
