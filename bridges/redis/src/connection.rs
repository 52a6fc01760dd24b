//! A worker thread's connection to Redis: made on first use, shared by all calls of the thread, replaced
//! when it breaks. Calls fail fast while there is none; nothing is queued for later.

use crate::config::RedisConfig;
use crate::error::{InvalidUrl, RedisError};
use crate::plan::{Plan, Step};
use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{AsyncConnectionConfig, Client, IntoConnectionInfo, Pipeline, Value};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Scripts that a connection remembers Redis to have. When there are more, it forgets them all and sends
/// sources again.
const MAX_KNOWN_SCRIPTS: usize = 1024;

/// One connection, to be used on one runtime: its driver is a task there.
#[derive(Debug)]
pub struct Connection {
    config: RedisConfig,
    client: Client,
    slot: Mutex<Slot>,
    /// Held while connecting, so that one call connects and the others wait for it.
    connecting: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Slot {
    live: Option<Arc<Live>>,
    /// The last attempt to connect failed: none before this.
    pause_until: Option<Instant>,
}

#[derive(Debug)]
struct Live {
    connection: MultiplexedConnection,
    known_scripts: Mutex<HashSet<String>>,
}

impl Connection {
    /// Connects on first use.
    pub fn new(config: RedisConfig) -> Result<Self, InvalidUrl> {
        let info = config.url.as_str().into_connection_info().map_err(|_| InvalidUrl)?;
        let tcp = TcpSettings::default().set_nodelay(true);
        let client = Client::open(info.set_tcp_settings(tcp)).map_err(|_| InvalidUrl)?;
        Ok(Connection { config, client, slot: Mutex::default(), connecting: tokio::sync::Mutex::default() })
    }

    pub(crate) fn config(&self) -> &RedisConfig {
        &self.config
    }

    /// Sends the plan in one round trip.
    ///
    /// A script goes by its digest once this connection has sent its source, so that a source travels once
    /// per connection and order is kept even then. Only where Redis lost a script while the connection lived
    /// (`SCRIPT FLUSH`, eviction) it answers `NOSCRIPT`; then those scripts, and nothing else, are sent by
    /// source in a second round trip, after the other steps of the pipeline.
    pub(crate) async fn run(&self, plan: &Plan) -> Result<Vec<Value>, RedisError> {
        let live = self.live().await?;
        let all: Vec<&Step> = plan.steps.iter().collect();
        let mut values = self.exchange(&live, &all, |digest| live.knows(digest)).await?;
        let lost: Vec<usize> = (0..values.len())
            .filter(|&step| {
                all.get(step).is_some_and(|step| step.digest().is_some())
                    && values.get(step).is_some_and(is_noscript)
            })
            .collect();
        if !lost.is_empty() {
            let again: Vec<&Step> = lost.iter().filter_map(|&step| all.get(step).copied()).collect();
            let answers = self.exchange(&live, &again, |_| false).await?;
            for (step, answer) in lost.into_iter().zip(answers) {
                if let Some(value) = values.get_mut(step) {
                    *value = answer;
                }
            }
        }
        for (step, value) in all.iter().zip(&values) {
            if let (Some(digest), false) = (step.digest(), matches!(value, Value::ServerError(_))) {
                live.learn(digest);
            }
        }
        Ok(values)
    }

    /// Gives up the present connection. Calls that wait on it are left to end by themselves.
    pub(crate) fn replace(&self) {
        self.slot().live = None;
    }

    async fn exchange(
        &self,
        live: &Arc<Live>,
        steps: &[&Step],
        is_known: impl Fn(&str) -> bool,
    ) -> Result<Vec<Value>, RedisError> {
        let mut pipeline = Pipeline::with_capacity(steps.len());
        steps.iter().for_each(|step| step.add_to(&mut pipeline, &is_known));
        let mut connection = live.connection.clone();
        match connection.send_packed_commands(&pipeline, 0, steps.len()).await {
            Ok(values) if values.len() == steps.len() => Ok(values),
            Ok(_) | Err(_) => {
                self.discard(live);
                Err(RedisError::Broken)
            }
        }
    }

    async fn live(&self) -> Result<Arc<Live>, RedisError> {
        if let Some(live) = self.present()? {
            return Ok(live);
        }
        let _connecting = self.connecting.lock().await;
        // Another call may have connected, or failed to, while this one waited.
        if let Some(live) = self.present()? {
            return Ok(live);
        }
        // The guard's deadline bounds the answers, so the client needs no timeout of its own.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.config.connect_timeout()))
            .set_response_timeout(None);
        let connected = self.client.get_multiplexed_async_connection_with_config(&config).await;
        let mut slot = self.slot();
        match connected {
            Ok(connection) => {
                tracing::info!("connected to redis");
                let live = Arc::new(Live { connection, known_scripts: Mutex::default() });
                *slot = Slot { live: Some(live.clone()), pause_until: None };
                Ok(live)
            }
            Err(error) => {
                // Once for each outage: the address and the password stay out of it.
                if slot.pause_until.is_none() {
                    tracing::warn!(kind = error.category(), "cannot connect to redis");
                }
                slot.pause_until = Some(Instant::now() + self.config.reconnect_pause());
                Err(RedisError::NotConnected)
            }
        }
    }

    /// The live connection, if any; an error while it is no use to try for one.
    fn present(&self) -> Result<Option<Arc<Live>>, RedisError> {
        let slot = self.slot();
        match (&slot.live, slot.pause_until) {
            (Some(live), _) => Ok(Some(live.clone())),
            (None, Some(until)) if Instant::now() < until => Err(RedisError::NotConnected),
            (None, _) => Ok(None),
        }
    }

    /// Forgets a broken connection, unless it has been replaced already.
    fn discard(&self, broken: &Arc<Live>) {
        let mut slot = self.slot();
        if slot.live.as_ref().is_some_and(|live| Arc::ptr_eq(live, broken)) {
            slot.live = None;
            tracing::warn!("redis connection broken");
        }
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Live {
    fn knows(&self, digest: &str) -> bool {
        self.scripts().contains(digest)
    }

    fn learn(&self, digest: &str) {
        let mut known = self.scripts();
        if known.contains(digest) {
            return;
        }
        if known.len() >= MAX_KNOWN_SCRIPTS {
            known.clear();
        }
        known.insert(digest.to_owned());
    }

    fn scripts(&self) -> MutexGuard<'_, HashSet<String>> {
        self.known_scripts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_noscript(value: &Value) -> bool {
    matches!(value, Value::ServerError(error) if error.code() == "NOSCRIPT")
}
