//! All stores and stand-ins of one machine: started side by side, stopped together.

use crate::buckets::{Buckets, ObjectStoreAccess};
use crate::cdn::Cdn;
use crate::config::{
    KAFKA_VARIABLE, OBJECT_STORE_VARIABLE, POSTGRES_VARIABLE, PlaybackKey, REDIS_VARIABLE, SEARCH_VARIABLE,
    StackConfig,
};
use crate::error::LocalError;
use crate::kafka::{self, Kafka};
use crate::mail::Mail;
use crate::object_store::ObjectStore;
use crate::opensearch::{self, OpenSearch};
use crate::pipeline::Pipeline;
use crate::postgres::{self, Postgres};
use crate::progress::Progress;
use crate::redis::{self, Redis};
use crate::server::Server;
use crate::state_dir::StateDir;
use crate::store::{Names, Store};
use futures::FutureExt;
use futures::future::BoxFuture;
use mcsp_playback_url::Key;
use std::time::Instant;

const POSTGRES: Names = Names { store: "Postgres", variable: POSTGRES_VARIABLE };
const REDIS: Names = Names { store: "Redis", variable: REDIS_VARIABLE };
const KAFKA: Names = Names { store: "Kafka", variable: KAFKA_VARIABLE };
const SEARCH: Names = Names { store: "The search engine", variable: SEARCH_VARIABLE };
const OBJECT_STORE: Names = Names { store: "The object store", variable: OBJECT_STORE_VARIABLE };
/// The id of each key that is made up.
const OWN_KEY_ID: &str = "local";

/// How to reach everything. It holds passwords and keys: not for logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Urls {
    /// `postgres://…`, as superuser
    pub postgres: Option<String>,
    /// `redis://…`
    pub redis: Option<String>,
    /// `host:port,…`
    pub kafka_brokers: Option<String>,
    /// `http://host:port` of the search engine
    pub search: Option<String>,
    /// The object store and the keys to it
    pub object_store: Option<ObjectStoreAccess>,
    /// Where uploads go
    pub upload_buckets: Vec<String>,
    /// Where packaged streams are
    pub packaged_bucket: String,
    /// `http://host:port` of the CDN; a playback URL is this, `/p/`, the token, `/` and the path
    pub cdn: Option<String>,
    /// `http://host:port` of what catches mails, and shows them
    pub mail: Option<String>,
    /// What the CDN accepts; the first signs
    pub playback_keys: Vec<PlaybackKey>,
    /// What the keys of protected streams are derived from
    pub content_key_seeds: Vec<PlaybackKey>,
}

/// A running stack.
#[derive(Debug)]
pub struct Stack {
    postgres: Store<Server<Postgres>>,
    redis: Store<Server<Redis>>,
    kafka: Store<Server<Kafka>>,
    search: Store<Server<OpenSearch>>,
    object_store: Store<ObjectStore>,
    cdn: Option<Cdn>,
    pipeline: Option<Pipeline>,
    mail: Option<Mail>,
    config: StackConfig,
    /// Last, so that the directory is given free when nothing runs in it any more.
    _state: StateDir,
}

impl Stack {
    /// Starts what is private and checks what is external, all at once; then the stand-ins.
    ///
    /// # Errors
    /// The first part that fails; nothing is left running then.
    pub fn start(config: StackConfig, progress: &dyn Progress) -> BoxFuture<'_, Result<Self, LocalError>> {
        // Boxed, as `stop` is: a future without a box is compiled again in every crate that awaits it.
        Self::launch(config, progress).boxed()
    }

    async fn launch(mut config: StackConfig, progress: &dyn Progress) -> Result<Self, LocalError> {
        let state = StateDir::open(&config.state_dir)?;
        if config.playback_keys.is_empty() {
            let secret = state.secret("playback-key")?;
            config.playback_keys.push(PlaybackKey { id: OWN_KEY_ID.to_owned(), secret });
        }
        if config.content_key_seeds.is_empty() {
            let secret = state.secret("content-key-seed")?;
            config.content_key_seeds.push(PlaybackKey { id: OWN_KEY_ID.to_owned(), secret });
        }
        let durability = config.durability;
        let (postgres, redis, kafka, search, object_store) = tokio::join!(
            Store::open(
                &config.postgres,
                POSTGRES,
                progress,
                || Server::<Postgres>::launch(&state, durability),
                |url| async move { postgres::check(&url).await },
            ),
            Store::open(
                &config.redis,
                REDIS,
                progress,
                || Server::<Redis>::launch(&state, durability),
                |url| async move { redis::check(&url).await },
            ),
            Store::open(
                &config.kafka,
                KAFKA,
                progress,
                || Server::<Kafka>::launch(&state, &config.tools_dir),
                |brokers| async move { kafka::check(&brokers).await },
            ),
            Store::open(
                &config.search,
                SEARCH,
                progress,
                || Server::<OpenSearch>::launch(&state, &config.tools_dir),
                |url| async move { opensearch::check(&url).await },
            ),
            Store::open(
                &config.object_store,
                OBJECT_STORE,
                progress,
                || ObjectStore::launch(&state, config.buckets()),
                |url| check_buckets(url, config.buckets()),
            ),
        );
        let mut failed = None;
        let mut stack = Self {
            postgres: kept(postgres, &mut failed),
            redis: kept(redis, &mut failed),
            kafka: kept(kafka, &mut failed),
            search: kept(search, &mut failed),
            object_store: kept(object_store, &mut failed),
            cdn: None,
            pipeline: None,
            mail: None,
            config,
            _state: state,
        };
        let started = match failed {
            Some(error) => Err(error),
            None => stack.start_stand_ins(progress).await,
        };
        match started {
            Ok(()) => Ok(stack),
            Err(error) => {
                stack.stop().await;
                Err(error)
            }
        }
    }

    async fn start_stand_ins(&mut self, progress: &dyn Progress) -> Result<(), LocalError> {
        let urls = self.urls();
        let (true, Some(access), Some(brokers)) =
            (self.config.stand_ins, urls.object_store, urls.kafka_brokers)
        else {
            return Ok(());
        };
        let begun = Instant::now();
        self.mail = Some(Mail::launch(&self._state).await?);
        let buckets = Buckets::new(access)?;
        let (keys, seeds) = (ring(&urls.playback_keys)?, ring(&urls.content_key_seeds)?);
        // One was made up where none is given.
        let Some(seed) = seeds.into_iter().next() else { return Ok(()) };
        let bucket = urls.packaged_bucket;
        self.cdn = Some(Cdn::launch(&self._state, buckets.clone(), bucket.clone(), keys).await?);
        self.pipeline = Some(Pipeline::launch(&self._state, brokers, buckets, bucket, seed).await?);
        progress.done("The stand-ins for CDN, pipeline and mail are up", begun.elapsed());
        Ok(())
    }

    /// How to reach everything.
    #[must_use]
    pub fn urls(&self) -> Urls {
        Urls {
            postgres: self.postgres.address(|server| server.recipe().url(), str::to_owned),
            redis: self.redis.address(|server| server.recipe().url(), str::to_owned),
            kafka_brokers: self.kafka.address(|server| server.recipe().brokers(), str::to_owned),
            search: self.search.address(|server| server.recipe().url(), str::to_owned),
            object_store: self
                .object_store
                .address(|store| Some(store.access()), |url| ObjectStoreAccess::from_url(url).ok())
                .flatten(),
            upload_buckets: self.config.upload_buckets.clone(),
            packaged_bucket: self.config.packaged_bucket.clone(),
            cdn: self.cdn.as_ref().map(Cdn::url),
            mail: self.mail.as_ref().map(Mail::url),
            playback_keys: self.config.playback_keys.clone(),
            content_key_seeds: self.config.content_key_seeds.clone(),
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

    /// The private search engine.
    #[must_use]
    pub fn search(&self) -> Option<&Server<OpenSearch>> {
        self.search.private()
    }

    /// The private object store.
    #[must_use]
    pub fn object_store(&self) -> Option<&ObjectStore> {
        self.object_store.private()
    }

    /// The stand-in for the CDN.
    #[must_use]
    pub fn cdn(&self) -> Option<&Cdn> {
        self.cdn.as_ref()
    }

    /// The stand-in for the pipeline.
    #[must_use]
    pub fn pipeline(&self) -> Option<&Pipeline> {
        self.pipeline.as_ref()
    }

    /// The stand-in for what sends mails.
    #[must_use]
    pub fn mail(&self) -> Option<&Mail> {
        self.mail.as_ref()
    }

    /// Stops everything private, the stand-ins first: they use the rest.
    pub fn stop(self) -> BoxFuture<'static, ()> {
        self.end().boxed()
    }

    async fn end(self) {
        if let Some(pipeline) = &self.pipeline {
            pipeline.stop().await;
        }
        if let Some(cdn) = &self.cdn {
            cdn.stop().await;
        }
        if let Some(mail) = &self.mail {
            mail.stop().await;
        }
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
            async {
                if let Some(server) = self.search() {
                    server.stop().await;
                }
            },
            async {
                if let Some(store) = self.object_store() {
                    store.stop().await;
                }
            },
        );
    }
}

impl StackConfig {
    fn buckets(&self) -> Vec<String> {
        let mut buckets = self.upload_buckets.clone();
        buckets.push(self.packaged_bucket.clone());
        buckets
    }
}

fn ring(keys: &[PlaybackKey]) -> Result<Vec<Key>, LocalError> {
    let keys = keys.iter().map(|key| Key::new(key.id.clone(), key.secret.as_bytes()));
    keys.collect::<Result<_, _>>().map_err(|error| LocalError::PlaybackKey { cause: error.to_string() })
}

async fn check_buckets(url: String, buckets: Vec<String>) -> Result<(), String> {
    let access = ObjectStoreAccess::from_url(&url).map_err(str::to_owned)?;
    let client = Buckets::new(access).map_err(|error| error.to_string())?;
    for bucket in buckets {
        client.check(&bucket).await.map_err(|error| format!("bucket {bucket}: {error}"))?;
    }
    Ok(())
}

/// The first failure is the one to report; a store that failed is off.
fn kept<P>(store: Result<Store<P>, LocalError>, failed: &mut Option<LocalError>) -> Store<P> {
    store.unwrap_or_else(|error| {
        failed.get_or_insert(error);
        Store::Off
    })
}
