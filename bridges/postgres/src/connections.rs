//! The connections of one service on one thread: made when needed, lent to one call at a time.
//!
//! Not sqlx's pool: that one asks the server for a sign of life after each use, and answers a refused
//! connection by trying again until its deadline. Here a connection that ended its call cleanly goes back
//! as it is, and an unreachable server is told at once.

use crate::config::PostgresConfig;
use crate::error::{ConfigError, failure_of_connect, leaves_connection_usable};
use mcsp_bridge_api::Failure;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection, Executor};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// A connection unused for this long is asked for a sign of life before it is lent.
const CHECK_AFTER_IDLE: Duration = Duration::from_secs(1);
/// A connection whose call was dropped comes to rest when Postgres has cancelled its statement, and may take so much longer.
const RECOVERY_GRACE: Duration = Duration::from_secs(1);

struct Idle {
    connection: PgConnection,
    since: Instant,
}

/// A bounded set of connections.
pub(crate) struct Connections {
    options: PgConnectOptions,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Idle>>,
    reaping: AtomicBool,
    acquire_timeout: Duration,
    connect_timeout: Duration,
    recovery_timeout: Duration,
    idle_timeout: Duration,
}

impl Connections {
    pub(crate) fn new(config: &PostgresConfig) -> Result<Arc<Self>, ConfigError> {
        Ok(Arc::new(Connections {
            options: config.connect_options()?,
            permits: Arc::new(Semaphore::new(config.max_connections.max(1) as usize)),
            idle: Mutex::new(Vec::new()),
            reaping: AtomicBool::new(false),
            acquire_timeout: Duration::from_millis(config.acquire_timeout_ms),
            connect_timeout: Duration::from_millis(config.connect_timeout_ms),
            recovery_timeout: Duration::from_millis(config.statement_timeout_ms) + RECOVERY_GRACE,
            idle_timeout: Duration::from_millis(config.idle_timeout_ms.max(1)),
        }))
    }

    /// Lends a connection, an idle one if there is any.
    pub(crate) async fn acquire(self: &Arc<Self>) -> Result<Lease, Failure> {
        let waiting = Arc::clone(&self.permits).acquire_owned();
        let permit = match timeout(self.acquire_timeout, waiting).await {
            Ok(Ok(permit)) => permit,
            Ok(Err(_)) | Err(_) => return Err(Failure::Overloaded),
        };
        while let Some(Idle { mut connection, since }) = self.pop_idle() {
            let alive = since.elapsed() < CHECK_AFTER_IDLE
                || matches!(timeout(self.connect_timeout, connection.ping()).await, Ok(Ok(())));
            if alive {
                return Ok(self.lend(connection, permit));
            }
        }
        match timeout(self.connect_timeout, PgConnection::connect_with(&self.options)).await {
            Ok(Ok(connection)) => {
                self.start_reaping();
                Ok(self.lend(connection, permit))
            }
            Ok(Err(error)) => Err(failure_of_connect(&error)),
            Err(_) => Err(Failure::Unreachable),
        }
    }

    /// How many connections are lent, and how many are idle.
    pub(crate) fn counts(&self, max_connections: u32) -> (usize, usize) {
        let lent = (max_connections.max(1) as usize).saturating_sub(self.permits.available_permits());
        (lent, self.lock_idle().len())
    }

    fn lend(self: &Arc<Self>, connection: PgConnection, permit: OwnedSemaphorePermit) -> Lease {
        Lease {
            connection: Some(connection),
            in_transaction: false,
            permit: Some(permit),
            home: Arc::clone(self),
        }
    }

    fn pop_idle(&self) -> Option<Idle> {
        self.lock_idle().pop()
    }

    fn put_back(&self, connection: PgConnection) {
        self.lock_idle().push(Idle { connection, since: Instant::now() });
    }

    fn lock_idle(&self) -> std::sync::MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One task per set closes what is no longer used, so that an idle service holds nothing.
    fn start_reaping(self: &Arc<Self>) {
        if self.reaping.swap(true, Ordering::Relaxed) {
            return;
        }
        let connections = Arc::downgrade(self);
        let period = self.idle_timeout;
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(period).await;
                let Some(this) = Weak::upgrade(&connections) else { return };
                this.lock_idle().retain(|idle| idle.since.elapsed() < this.idle_timeout);
            }
        });
    }
}

/// A connection, lent.
pub(crate) struct Lease {
    connection: Option<PgConnection>,
    /// Whether a transaction may be open on it.
    in_transaction: bool,
    permit: Option<OwnedSemaphorePermit>,
    home: Arc<Connections>,
}

impl Lease {
    /// The connection. There is one as long as the lease lives.
    pub(crate) fn connection(&mut self) -> Result<&mut PgConnection, Failure> {
        self.connection.as_mut().ok_or(Failure::Unreachable)
    }

    /// A transaction is begun: whatever becomes of the call, it is not to stay open.
    pub(crate) fn begin(&mut self) {
        self.in_transaction = true;
    }

    /// The call ended and left nothing on the connection: others may have it.
    pub(crate) fn give_back(mut self) {
        if let Some(connection) = self.connection.take() {
            self.home.put_back(connection);
        }
    }

    /// The connection is broken, or has more to say than anyone wants to hear.
    pub(crate) fn close(mut self) {
        self.connection = None;
    }
}

/// Hears out what was dropped and rolls back what it began. Whether the connection is fit for others.
async fn recover(connection: &mut PgConnection, in_transaction: bool) -> bool {
    match last_word(connection, in_transaction).await {
        Ok(()) => true,
        // The last word to what was dropped: Postgres has cancelled it. Were the connection closed for that, a slow Postgres
        // would have all of them made anew at once, which is the last thing it needs.
        Err(error) if leaves_connection_usable(&error) => last_word(connection, in_transaction).await.is_ok(),
        Err(_) => false,
    }
}

/// Postgres answers it after whatever was dropped. A read has begun nothing, and to roll back nothing is worth a warning to it.
async fn last_word(connection: &mut PgConnection, in_transaction: bool) -> Result<(), sqlx::Error> {
    if in_transaction { connection.execute("ROLLBACK").await.map(drop) } else { connection.ping().await }
}

/// Dropped in the middle of a call, perhaps between the sending of `BEGIN` and its answer. What was sent
/// is waited for, whatever transaction it began is rolled back, and only then does the connection serve
/// again.
impl Drop for Lease {
    fn drop(&mut self) {
        let (Some(mut connection), permit) = (self.connection.take(), self.permit.take()) else { return };
        let (home, in_transaction) = (Arc::clone(&self.home), self.in_transaction);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if timeout(home.recovery_timeout, recover(&mut connection, in_transaction))
                    .await
                    .unwrap_or(false)
                {
                    home.put_back(connection);
                }
                drop(permit);
            });
        }
    }
}
