//! Licence tokens: each is answered once, and not after its session has ended.

use crate::reply::{Fields, number, run};
use crate::videos::Source;
use crate::{Bounds, Redis, StoreError, keys, memory, probe_after_answer};
use mcsp_function::Context;
use mcsp_ids::{LicenceId, PlaybackSessionId, UserId};

const LICENCE: &str = include_str!("lua/licence.lua");

/// What is known of a token that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It was not shown before.
    First,
    /// It was.
    Before,
    /// Its session has ended.
    Ended,
}

/// A token that is shown.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// Whose.
    pub user: UserId,
    /// Of which session.
    pub session: PlaybackSessionId,
    /// Which.
    pub id: LicenceId,
    /// For how long it could be shown again.
    pub ttl_ms: u32,
}

/// Takes a token: in this process, and in all of them where Redis can tell. Who may play gets a licence without Redis too. Says
/// who could tell.
pub async fn take(context: &Context, bounds: &Bounds, shown: &Shown) -> Result<(Taken, Source), StoreError> {
    let here = memory::take_licence(context.bridge(), shown).await?;
    if here != Taken::First {
        return Ok((here, Source::Memory));
    }
    match take_in_redis(Redis::within(context.bridge(), bounds), shown).await {
        Ok(taken) => Ok((taken, Source::Redis)),
        Err(error) if error.is_outage() => {
            probe_after_answer(context, &error);
            Ok((Taken::First, Source::Memory))
        }
        Err(error) => Err(error),
    }
}

async fn take_in_redis(redis: Redis<'_>, shown: &Shown) -> Result<Taken, StoreError> {
    let account = keys::Account::new(shown.user);
    let keys = vec![account.licence(shown.id), account.session(shown.session)];
    let mut fields = Fields::new("licence", run(redis, LICENCE, keys, vec![number(shown.ttl_ms)]).await?)?;
    match fields.bytes().as_deref() {
        Some(b"first") => Ok(Taken::First),
        Some(b"before") => Ok(Taken::Before),
        Some(b"ended") => Ok(Taken::Ended),
        _ => Err(fields.unreadable()),
    }
}
