//! A position that is written only where its client has seen the one that counts: Redis compares and writes in one step.

use crate::positions_redis::{POSITIONS_TTL_MS, parse, place};
use crate::reply::{Fields, number, run};
use crate::{Redis, StoreError, keys};
use mcsp_ids::{UserId, VideoId};
use playback_domain::Position;

const PUT_SEEN: &str = concat!(include_str!("lua/keep_position.lua"), include_str!("lua/seen_position.lua"));

/// What became of a write over what was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwritten {
    /// It was made: this counts now.
    Yes(Position),
    /// Another position counts than any that was seen, or none.
    Stale,
    /// Postgres may know a position that Redis does not.
    Unknown,
}

/// What names a position as it counts, in quotes: none where it is forgotten. `lua/seen_position.lua` makes the same of it.
pub fn tag(position: &Position) -> Option<String> {
    let position_ms = position.position_ms()?;
    Some(format!("\"{}-{position_ms}\"", position.client_time().as_millisecond()))
}

/// Keeps a position, or that it is forgotten, where the one that counts has one of these tags. Of two positions the later one
/// counts all the same.
pub async fn put_over(
    redis: Redis<'_>,
    user: UserId,
    video: VideoId,
    position: Position,
    seen: &[String],
) -> Result<Overwritten, StoreError> {
    let keys = vec![keys::Account::new(user).positions()];
    let mut arguments = vec![
        number(POSITIONS_TTL_MS),
        number(video),
        number(position.client_time().as_millisecond()),
        place(&position).into_bytes(),
    ];
    arguments.extend(seen.iter().map(|tag| tag.as_bytes().to_vec()));
    let mut fields = Fields::new("positions", run(redis, PUT_SEEN, keys, arguments).await?)?;
    match fields.bytes().as_deref() {
        Some(b"unknown") => Ok(Overwritten::Unknown),
        Some(b"stale") => Ok(Overwritten::Stale),
        Some(b"written") => {
            let counting = fields.optional(parse)?.ok_or_else(|| fields.unreadable())?;
            Ok(Overwritten::Yes(counting))
        }
        _ => Err(fields.unreadable()),
    }
}
