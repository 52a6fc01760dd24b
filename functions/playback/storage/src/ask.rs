//! How Redis is asked, and what an outage may cost.

use mcsp_bridge_api::redis::{Operation, Reply};
use mcsp_bridge_api::{Bridge, Failure};
use mcsp_function::{Context, MissingVariable};

/// A copy is made anew once it is this old, and is good for as much longer: what was seen within its lifetime is there.
const REFRESH_MS_MAX: u32 = 60_000;
const STALE_TTL_S_MAX: u32 = 24 * 60 * 60;
const PATIENCE_MS_MAX: u32 = 10_000;
/// Postgres may be slower than Redis and be well: whoever gives it up too soon goes on without what it would have told, and
/// each call that is given up counts against its breaker, which is the whole service's.
const POSTGRES_PATIENCE_MS: u32 = 1_000;

/// What an outage of the stores may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// How long whoever waits for an answer waits for Redis.
    pub patience_ms: u32,
    /// How old a copy of what a store had may be.
    pub stale_ttl_ms: u32,
}

impl Bounds {
    /// As the variables `redis_patience_ms` and `stale_ttl_s` have them.
    pub fn of(context: &Context) -> Result<Self, MissingVariable> {
        let number = |name, most: u32| {
            let value = context.variable(name)?.parse().ok().filter(|value| (1..=most).contains(value));
            value.ok_or(MissingVariable(name))
        };
        Ok(Bounds {
            patience_ms: number("redis_patience_ms", PATIENCE_MS_MAX)?,
            stale_ttl_ms: number("stale_ttl_s", STALE_TTL_S_MAX)? * 1000,
        })
    }

    /// How long whoever waits for an answer waits for what Postgres tells and can be done without.
    pub(crate) fn postgres_patience_ms(&self) -> u32 {
        self.patience_ms.max(POSTGRES_PATIENCE_MS)
    }

    /// At what age a copy is made anew.
    pub(crate) fn refresh_ms(&self) -> u32 {
        (self.stale_ttl_ms / 15).clamp(1, REFRESH_MS_MAX)
    }

    /// How long a copy is kept.
    pub(crate) fn copy_ttl_ms(&self) -> u32 {
        self.stale_ttl_ms.saturating_add(self.refresh_ms())
    }
}

/// A way to Redis.
#[derive(Clone, Copy)]
pub struct Redis<'a> {
    bridge: &'a dyn Bridge,
    patience_ms: Option<u32>,
}

impl<'a> Redis<'a> {
    /// For whoever has another way open: a Redis that is not well is not waited for.
    pub fn within(bridge: &'a dyn Bridge, bounds: &Bounds) -> Self {
        Redis { bridge, patience_ms: Some(bounds.patience_ms) }
    }

    pub(crate) async fn pipeline(&self, operations: Vec<Operation>) -> Result<Vec<Reply>, Failure> {
        match self.patience_ms {
            Some(patience_ms) => self.bridge.try_pipeline(operations, patience_ms).await,
            None => self.bridge.pipeline(operations).await,
        }
    }
}

/// For whoever has no other way, or does not keep anybody waiting.
impl<'a> From<&'a dyn Bridge> for Redis<'a> {
    fn from(bridge: &'a dyn Bridge) -> Self {
        Redis { bridge, patience_ms: None }
    }
}
