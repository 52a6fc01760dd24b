//! All stores of one machine: started side by side, stopped together.

use crate::config::{KAFKA_VARIABLE, POSTGRES_VARIABLE, REDIS_VARIABLE, Source, StackConfig};
use crate::error::LocalError;
use crate::kafka::{self, Kafka};
use crate::postgres::{self, Postgres};
use crate::progress::Progress;
use crate::redis::Redis;
use crate::server::Server;
use crate::state_dir::StateDir;
use std::future::Future;
use std::time::Instant;

/// A store of a stack.
#[derive(Debug)]
enum Store<R> {
    Private(Server<R>),
    External(String),
    Off,
}

impl<R> Store<R> {
    fn private(&self) -> Option<&Server<R>> {
        match self {
            Self::Private(server) => Some(server),
            Self::External(_) | Self::Off => None,
        }
    }
}

/// How to reach the stores. They hold passwords: not for logs.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Urls {
    /// `postgres://…`, as superuser
    pub postgres: Option<String>,
    /// `redis://…`
    pub redis: Option<String>,
    /// `host:port,…`
    pub kafka_brokers: Option<String>,
}

/// A running stack.
#[derive(Debug)]
pub struct Stack {
    postgres: Store<Postgres>,
    redis: Store<Redis>,
    kafka: Store<Kafka>,
    /// Last, so that the directory is given free when nothing runs in it any more.
    _state: StateDir,
}

impl Stack {
    /// Starts what is private and checks what is external, all at once.
    ///
    /// # Errors
    /// The first store that fails; nothing is left running then.
    pub async fn start(config: StackConfig, progress: &dyn Progress) -> Result<Self, LocalError> {
        let state = StateDir::open(&config.state_dir)?;
        let (postgres, redis, kafka) = tokio::join!(
            open(
                &config.postgres,
                progress,
                "Postgres",
                POSTGRES_VARIABLE,
                || Server::<Postgres>::launch(&state, config.durability),
                |url| async move { postgres::check(&url).await },
            ),
            open(
                &config.redis,
                progress,
                "Redis",
                REDIS_VARIABLE,
                || Server::<Redis>::launch(&state, config.durability),
                // The bridge says it when it does not answer.
                |_| async { Ok(()) },
            ),
            open(
                &config.kafka,
                progress,
                "Kafka",
                KAFKA_VARIABLE,
                || Server::<Kafka>::launch(&state, &config.tools_dir),
                |brokers| async move { kafka::check(&brokers).await },
            ),
        );
        match (postgres, redis, kafka) {
            (Ok(postgres), Ok(redis), Ok(kafka)) => Ok(Self { postgres, redis, kafka, _state: state }),
            // What did start is dropped here, which kills it.
            (Err(error), _, _) | (_, Err(error), _) | (_, _, Err(error)) => Err(error),
        }
    }

    /// How to reach the stores.
    #[must_use]
    pub fn urls(&self) -> Urls {
        Urls {
            postgres: url(&self.postgres, Postgres::url),
            redis: url(&self.redis, Redis::url),
            kafka_brokers: url(&self.kafka, Kafka::brokers),
        }
    }

    /// The private Postgres, to stop and start it again.
    #[must_use]
    pub fn postgres(&self) -> Option<&Server<Postgres>> {
        self.postgres.private()
    }

    /// The private Redis.
    #[must_use]
    pub fn redis(&self) -> Option<&Server<Redis>> {
        self.redis.private()
    }

    /// The private Kafka.
    #[must_use]
    pub fn kafka(&self) -> Option<&Server<Kafka>> {
        self.kafka.private()
    }

    /// Stops everything private.
    pub async fn stop(self) {
        tokio::join!(
            async {
                if let Some(server) = self.postgres() {
                    server.stop().await;
                }
            },
            async {
                if let Some(server) = self.redis() {
                    server.stop().await;
                }
            },
            async {
                if let Some(server) = self.kafka() {
                    server.stop().await;
                }
            },
        );
    }
}

fn url<R: crate::server::Recipe>(store: &Store<R>, of_private: impl Fn(&R) -> String) -> Option<String> {
    match store {
        Store::Private(server) => Some(of_private(server.recipe())),
        Store::External(url) => Some(url.clone()),
        Store::Off => None,
    }
}

async fn open<R, Launched, Checked>(
    source: &Source,
    progress: &dyn Progress,
    name: &'static str,
    variable: &'static str,
    launch: impl FnOnce() -> Launched,
    check: impl FnOnce(String) -> Checked,
) -> Result<Store<R>, LocalError>
where
    Launched: Future<Output = Result<Server<R>, LocalError>>,
    Checked: Future<Output = Result<(), String>>,
{
    let begun = Instant::now();
    match source {
        Source::Off => Ok(Store::Off),
        Source::External(url) => {
            check(url.clone()).await.map_err(|cause| LocalError::External {
                store: name,
                variable,
                cause,
            })?;
            progress.done(&format!("{name} of {variable} answers"), begun.elapsed());
            Ok(Store::External(url.clone()))
        }
        Source::Private => {
            let server = launch().await?;
            progress.done(&format!("{name} answers"), begun.elapsed());
            Ok(Store::Private(server))
        }
    }
}
