//! What stands in Redis for minutes: named by digests, so that Redis holds nothing that could be used.

use crate::families::TokenHash;
use mcsp_bridge_api::redis::{Operation, Reply, Script};
use mcsp_bridge_api::{Bridge, Failure};
use mcsp_problem::Problem;
use mcsp_secret::spelled;
use serde::de::DeserializeOwned;

/// The key of something that a digest names.
pub(crate) fn key(kind: &str, digest: &TokenHash) -> String {
    format!("auth:{kind}:{}", spelled(digest))
}

/// Sends one command.
pub(crate) async fn command<const N: usize>(
    bridge: &dyn Bridge,
    words: [&[u8]; N],
) -> Result<Reply, Problem> {
    let words = words.map(<[u8]>::to_vec).into();
    match bridge.pipeline(vec![Operation::Command(words)]).await?.pop() {
        None | Some(Reply::Error(_)) => Err(Failure::Unreachable.into()),
        Some(reply) => Ok(reply),
    }
}

/// Runs one script.
pub(crate) async fn run(bridge: &dyn Bridge, script: Script) -> Result<Reply, Problem> {
    match bridge.pipeline(vec![Operation::RunScript(script)]).await?.pop() {
        // A script that Redis refuses has changed nothing.
        None | Some(Reply::Error(_)) => Err(Failure::Unreachable.into()),
        Some(reply) => Ok(reply),
    }
}

/// A script's answer of texts.
pub(crate) fn texts(reply: Reply) -> Result<Vec<String>, Problem> {
    let text = |item: Option<Vec<u8>>| String::from_utf8(item.unwrap_or_default()).ok();
    let texts = match reply {
        Reply::Array(items) => items.into_iter().map(text).collect(),
        Reply::Nil => Some(Vec::new()),
        Reply::Okay | Reply::Integer(_) | Reply::Bulk(_) | Reply::Error(_) => None,
    };
    texts.ok_or_else(|| Failure::Unreachable.into())
}

/// What was stored as JSON.
pub(crate) fn parsed<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    serde_json::from_str(text).map_err(|error| Problem::internal(&error))
}
