//! A real Redis, and a proxy in front of it that can fail in ways that Redis itself will not on demand.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "test fixtures fail the test that calls them")]

use mcsp_bridge_api::redis::{Operation, Script};
use mcsp_guard::{Guard, Policy};
use mcsp_redis::{Connection, KeyGrant, Redis, RedisConfig};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Nothing in these tests takes as long; what does, hangs.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub fn redis_url() -> String {
    std::env::var("MCSP_TEST_REDIS_URL")
        .unwrap_or_else(|_| panic!("MCSP_TEST_REDIS_URL is not set: run scripts/test"))
}

/// A key prefix of the test's own.
#[allow(clippy::disallowed_methods, reason = "tests that run at once, and again, must not meet")]
pub fn prefix() -> String {
    format!("test-{}:", uuid::Uuid::now_v7().simple())
}

pub fn guard(policy: Policy) -> Arc<Guard> {
    Arc::new(Guard::new("content", "redis", policy))
}

pub fn redis_at(url: impl Into<String>, prefix: &str) -> Redis {
    redis_with(RedisConfig::at(url), guard(Policy::default()), prefix)
}

pub fn redis_with(config: RedisConfig, guard: Arc<Guard>, prefix: &str) -> Redis {
    let connection = Arc::new(Connection::new(config).unwrap());
    Redis::new(connection, guard, KeyGrant::new([prefix]))
}

/// A command from its words, which stand between blanks.
pub fn command(line: &str) -> Operation {
    Operation::Command(line.split(' ').map(|word| word.as_bytes().to_vec()).collect())
}

pub fn script(source: &str, key: &str) -> Operation {
    Operation::RunScript(Script { source: source.into(), keys: vec![key.into()], arguments: vec![] })
}

/// What the proxy does with connections, new and old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Forward,
    /// Closes them.
    Cut,
    /// Takes bytes and forwards none.
    Stall,
}

/// Stands before Redis until it is dropped.
pub struct Proxy {
    pub address: std::net::SocketAddr,
    /// `user:password@` of the Redis behind it, or nothing.
    credentials: String,
    mode: watch::Sender<Mode>,
    accepted: watch::Receiver<usize>,
}

impl Proxy {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let url = redis_url();
        let (credentials, target) = url.trim_start_matches("redis://").rsplit_once('@').map_or_else(
            || (String::new(), url.trim_start_matches("redis://")),
            |(credentials, target)| (format!("{credentials}@"), target),
        );
        let target = target.split('/').next().unwrap().to_owned();
        let (mode, mode_seen) = watch::channel(Mode::Forward);
        let (count, accepted) = watch::channel(0);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                count.send_modify(|count| *count += 1);
                tokio::spawn(serve(client, target.clone(), mode_seen.clone()));
            }
        });
        Proxy { address, credentials, mode, accepted }
    }

    pub fn url(&self) -> String {
        format!("redis://{}{}", self.credentials, self.address)
    }

    pub fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    pub fn connections_accepted(&self) -> usize {
        *self.accepted.borrow()
    }
}

async fn serve(mut client: TcpStream, target: String, mut mode: watch::Receiver<Mode>) {
    if *mode.borrow() == Mode::Cut {
        return;
    }
    let mut redis = TcpStream::connect(target).await.unwrap();
    loop {
        let now = *mode.borrow_and_update();
        match now {
            Mode::Cut => return,
            Mode::Stall => {
                if mode.changed().await.is_err() {
                    return;
                }
            }
            Mode::Forward => tokio::select! {
                _ = tokio::io::copy_bidirectional(&mut client, &mut redis) => return,
                changed = mode.changed() => if changed.is_err() { return },
            },
        }
    }
}
