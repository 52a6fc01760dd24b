//! One caller's access to Redis.

use crate::connection::Connection;
use crate::digests::Digests;
use crate::error::RedisError;
use crate::grant::KeyGrant;
use crate::plan::Plan;
use crate::reply;
use mcsp_bridge_api::Failure;
use mcsp_bridge_api::redis::{Operation, Reply};
use mcsp_guard::{CallKind, Guard, GuardError, Verdict};
use redis::Value;
use std::sync::Arc;
use std::time::Duration;

/// `mcsp:bridge/redis` for one caller, on one worker thread.
#[derive(Clone, Debug)]
pub struct Redis {
    connection: Arc<Connection>,
    guard: Arc<Guard>,
    grant: KeyGrant,
    digests: Arc<Digests>,
}

/// Error codes with which Redis says that it does not serve at present.
const NOT_SERVING: [&str; 8] =
    ["BUSY", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "MISCONF", "NOREPLICAS", "READONLY", "TRYAGAIN"];

impl Redis {
    /// `guard` is the one between the caller and the target `redis`.
    pub fn new(connection: Arc<Connection>, guard: Arc<Guard>, grant: KeyGrant) -> Self {
        Redis { connection, guard, grant, digests: Arc::default() }
    }

    /// Runs the operations in order, in one round trip, and gives one reply for each. A pipeline of reads
    /// alone is repeated when Redis fails; another is not.
    pub async fn pipeline(&self, operations: Vec<Operation>) -> Result<Vec<Reply>, Failure> {
        if operations.is_empty() {
            return Ok(Vec::new());
        }
        let config = self.connection.config();
        let plan = Plan::new(operations, &self.grant, config, &self.digests)?;
        let kind = CallKind { idempotent: plan.only_reads, deadline: config.deadline() };
        self.replies(self.guard.call(kind, classify, || self.attempt(&plan)).await)
    }

    /// The same for whoever can do without: see [`Guard::call_if_closed`].
    pub async fn try_pipeline(
        &self,
        operations: Vec<Operation>,
        patience: Duration,
    ) -> Result<Vec<Reply>, Failure> {
        if operations.is_empty() {
            return Ok(Vec::new());
        }
        let config = self.connection.config();
        let plan = Plan::new(operations, &self.grant, config, &self.digests)?;
        let patience = patience.min(config.deadline());
        self.replies(self.guard.call_if_closed(patience, classify, || self.attempt(&plan)).await)
    }

    fn replies(&self, result: Result<Vec<Value>, GuardError<RedisError>>) -> Result<Vec<Reply>, Failure> {
        if matches!(result, Err(GuardError::DeadlineExceeded)) {
            // A connection whose other end vanished never breaks by itself. If Redis was only slow, a new
            // connection does no harm.
            self.connection.replace();
        }
        let values = result.map_err(|error| error.into_failure(Failure::from))?;
        Ok(values.into_iter().map(reply::from_value).collect())
    }

    async fn attempt(&self, plan: &Plan) -> Result<Vec<Value>, RedisError> {
        let values = self.connection.run(plan).await?;
        let not_serving = values.iter().find_map(|value| match value {
            Value::ServerError(error) if NOT_SERVING.contains(&error.code()) => Some(error.code()),
            _ => None,
        });
        not_serving.map_or(Ok(()), |code| Err(RedisError::NotServing(code.to_owned())))?;
        Ok(values)
    }
}

fn classify(result: &Result<Vec<Value>, RedisError>) -> Verdict {
    match result {
        Ok(_) | Err(RedisError::NotGranted(_) | RedisError::Refused(_)) => Verdict::Success,
        Err(RedisError::NotConnected | RedisError::Broken | RedisError::NotServing(_)) => Verdict::Failure,
    }
}
