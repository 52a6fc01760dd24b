//! The context: all that an endpoint may reach.

use crate::keyring::Keyring;
use jiff::Timestamp;
use mcsp_bridge_api::Bridge;
use mcsp_ids::{Entity, Id};
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// Tells the time. The only place that functions take it from, so that tests can run years in seconds.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// Makes ids. The only place that functions take randomness from.
pub trait IdSource: Send + Sync + 'static {
    /// A UUIDv7 (RFC 9562).
    fn next(&self) -> Uuid;
    /// 32 bytes that nobody can guess.
    fn secret(&self) -> [u8; 32];
}

/// The machine's clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the place that the lint points to")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Ids that sort by time.
#[derive(Clone, Copy, Debug)]
pub struct TimeOrderedIds;

impl IdSource for TimeOrderedIds {
    #[expect(clippy::disallowed_methods, reason = "this is the place that the lint points to")]
    fn next(&self) -> Uuid {
        Uuid::now_v7()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the place that the lint points to")]
    fn secret(&self) -> [u8; 32] {
        let mut secret = [0; 32];
        // Four of a version 4 UUID's 16 octets hold its version and variant, so only the others are taken.
        for chunk in secret.chunks_mut(4) {
            let random = Uuid::new_v4().into_bytes();
            chunk.copy_from_slice(&[random[0], random[1], random[2], random[3]]);
        }
        secret
    }
}

/// A variable that `spin.toml` should give to the component and does not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the variable `{0}` is not set, or has a value that cannot be used")]
pub struct MissingVariable(pub &'static str);

/// What the host provides. Immutable for the life of an instance.
pub struct Environment {
    /// The stores and the other services.
    pub bridge: Arc<dyn Bridge>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids and secrets.
    pub ids: Arc<dyn IdSource>,
    /// The component's variables.
    pub variables: HashMap<String, String>,
}

/// All that an endpoint may reach. Cheap to clone; the state of every router.
#[derive(Clone)]
pub struct Context(Arc<Inner>);

struct Inner {
    environment: Environment,
    keyring: Keyring,
}

impl Context {
    /// Takes what the host provides. `issuer` and `audience` are needed by whoever takes access tokens.
    pub fn new(environment: Environment) -> Self {
        let variable = |name: &str| environment.variables.get(name).cloned().unwrap_or_default();
        let keyring = Keyring::new(variable("issuer"), variable("audience"));
        Context(Arc::new(Inner { environment, keyring }))
    }

    /// The stores and the other services.
    pub fn bridge(&self) -> &dyn Bridge {
        &*self.0.environment.bridge
    }

    /// Now, in whole microseconds as Postgres keeps it: a time is the same before it was stored and after.
    pub fn now(&self) -> Timestamp {
        let now = self.0.environment.clock.now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    /// A new id.
    pub fn new_id<E: Entity>(&self) -> Id<E> {
        Id::from_uuid(self.0.environment.ids.next())
    }

    /// 32 bytes that nobody can guess.
    pub fn secret(&self) -> [u8; 32] {
        self.0.environment.ids.secret()
    }

    /// A variable of the component. Ask while the router is made: a function that lacks one should not
    /// answer at all.
    pub fn variable(&self, name: &'static str) -> Result<&str, MissingVariable> {
        self.0.environment.variables.get(name).map(String::as_str).ok_or(MissingVariable(name))
    }

    pub(crate) fn keyring(&self) -> &Keyring {
        &self.0.keyring
    }
}
