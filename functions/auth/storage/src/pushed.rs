//! Authorization requests that clients pushed (RFC 9126): in Redis, for ten minutes, and for one answer.

use crate::families::TokenHash;
use crate::short_lived::{command, key, parsed};
use auth_domain::Parameters;
use mcsp_bridge_api::redis::Reply;
use mcsp_bridge_api::{Bridge, Failure};
use mcsp_ids::ClientId;
use mcsp_problem::Problem;
use serde::{Deserialize, Serialize};

/// How long a pushed request waits for its answer: the most that RFC 9126 section 2.2 has, since a person may have to
/// find a password first.
pub const PUSHED_LIFE_S: u32 = 600;

#[derive(Serialize, Deserialize)]
struct Pushed {
    client: ClientId,
    /// As a form has them.
    parameters: String,
}

/// Keeps a request.
pub async fn keep_pushed(
    bridge: &dyn Bridge,
    pushed: &TokenHash,
    client: ClientId,
    parameters: &Parameters,
) -> Result<(), Problem> {
    let stored = Pushed { client, parameters: parameters.encode() };
    let stored = serde_json::to_vec(&stored).map_err(|error| Problem::internal(&error))?;
    let (key, life_s) = (key("pushed", pushed), PUSHED_LIFE_S.to_string());
    match command(bridge, [b"SET", key.as_bytes(), &stored, b"EX", life_s.as_bytes()]).await? {
        Reply::Okay => Ok(()),
        _ => Err(Failure::Unreachable.into()),
    }
}

/// What a client pushed; none where it waits no more, or is another client's.
pub async fn pushed(
    bridge: &dyn Bridge,
    pushed: &TokenHash,
    client: ClientId,
) -> Result<Option<Parameters>, Problem> {
    match command(bridge, [b"GET", key("pushed", pushed).as_bytes()]).await? {
        Reply::Bulk(stored) => {
            let stored: Pushed = parsed(&String::from_utf8_lossy(&stored))?;
            let parameters = Parameters::parse(stored.parameters.as_bytes());
            let parameters = parameters.map_err(|error| Problem::internal(&error))?;
            Ok((stored.client == client).then_some(parameters))
        }
        Reply::Nil => Ok(None),
        _ => Err(Failure::Unreachable.into()),
    }
}

/// Takes a request for the answer that it gets. False where another one took it.
pub async fn take_pushed(bridge: &dyn Bridge, pushed: &TokenHash) -> Result<bool, Problem> {
    match command(bridge, [b"DEL", key("pushed", pushed).as_bytes()]).await? {
        Reply::Integer(deleted) => Ok(deleted == 1),
        _ => Err(Failure::Unreachable.into()),
    }
}
