//! One script, and its answer taken apart.

use crate::unconfirmed::Keeping;
use crate::{Redis, StoreError};
use mcsp_bridge_api::Failure;
use mcsp_bridge_api::redis::{Operation, Reply, Script};

const KEEP_VERSION: &str = include_str!("lua/keep_version.lua");

/// Runs one script: one round trip.
pub(crate) async fn run(
    redis: Redis<'_>,
    source: &str,
    keys: Vec<String>,
    arguments: Vec<Vec<u8>>,
) -> Result<Reply, StoreError> {
    single(redis, script(source, keys, arguments)).await
}

/// A script as an operation.
pub(crate) fn script(source: &str, keys: Vec<String>, arguments: Vec<Vec<u8>>) -> Operation {
    Operation::RunScript(Script { source: source.to_owned(), keys, arguments })
}

/// Runs one command: one round trip.
pub(crate) async fn command(redis: Redis<'_>, words: &[&str]) -> Result<Reply, StoreError> {
    single(redis, self::words(words)).await
}

/// A command as an operation.
pub(crate) fn words(words: &[&str]) -> Operation {
    Operation::Command(words.iter().map(|word| word.as_bytes().to_vec()).collect())
}

/// Keeps one field of a read model with its version, unless a later one is known.
pub(crate) async fn keep_version(
    redis: Redis<'_>,
    key: String,
    version: u64,
    (field, value): (&str, Vec<u8>),
    keeping: Keeping,
) -> Result<(), StoreError> {
    let mut arguments = vec![number(version), field.as_bytes().to_vec(), value];
    arguments.extend(keeping.arguments(version));
    run(redis, KEEP_VERSION, vec![key], arguments).await.map(drop)
}

async fn single(redis: Redis<'_>, operation: Operation) -> Result<Reply, StoreError> {
    given(redis.pipeline(vec![operation]).await?.pop())
}

/// A reply, where Redis did what it was asked.
pub(crate) fn given(reply: Option<Reply>) -> Result<Reply, StoreError> {
    match reply {
        Some(Reply::Error(code)) => Err(refused(code).into()),
        Some(reply) => Ok(reply),
        None => Err(StoreError::Unreadable("pipeline")),
    }
}

/// Why Redis did not do what it was asked. A full one takes nothing until there is room: nothing is wrong with what it was
/// asked.
fn refused(code: String) -> Failure {
    if code == "OOM" { Failure::Unreachable } else { Failure::Refused(code) }
}

/// The elements of an array, in order.
pub(crate) struct Fields {
    of: &'static str,
    left: std::vec::IntoIter<Option<Vec<u8>>>,
}

impl Fields {
    /// `of` names what was read.
    pub(crate) fn new(of: &'static str, reply: Reply) -> Result<Self, StoreError> {
        match reply {
            Reply::Array(elements) => Ok(Fields { of, left: elements.into_iter() }),
            Reply::Nil | Reply::Okay | Reply::Integer(_) | Reply::Bulk(_) | Reply::Error(_) => {
                Err(StoreError::Unreadable(of))
            }
        }
    }

    /// The next one, or none where it is nil or the array ends.
    pub(crate) fn bytes(&mut self) -> Option<Vec<u8>> {
        self.left.next().flatten()
    }

    /// The next one, as `read` understands it, or none where it is nil or the array ends.
    pub(crate) fn optional<T>(
        &mut self,
        read: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Result<Option<T>, StoreError> {
        self.bytes().map(|bytes| read(&bytes).ok_or_else(|| self.unreadable())).transpose()
    }

    /// The next one, parsed.
    pub(crate) fn parse<T: std::str::FromStr>(&mut self) -> Result<T, StoreError> {
        let unreadable = StoreError::Unreadable(self.of);
        let Some(bytes) = self.bytes() else { return Err(unreadable) };
        parsed(&bytes).ok_or(unreadable)
    }

    /// What this array is not.
    pub(crate) fn unreadable(&self) -> StoreError {
        StoreError::Unreadable(self.of)
    }
}

/// A text, parsed; none where it is no such thing.
pub(crate) fn parsed<T: std::str::FromStr>(bytes: &[u8]) -> Option<T> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

/// A number as an argument.
pub(crate) fn number(value: impl ToString) -> Vec<u8> {
    value.to_string().into_bytes()
}
