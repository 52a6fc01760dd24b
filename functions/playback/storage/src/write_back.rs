//! What the bridge's memory holds, written to the stores once they are back.

use crate::memory::{self, Held, HeldEnd, HeldPosition};
use crate::reply::given;
use crate::{Bounds, StoreError, accounts_postgres, positions_postgres, positions_redis, sessions};
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::memory::{Condition, Deposit, Entry, Outcome, Removal, Step};
use mcsp_bridge_api::postgres::Transaction;
use mcsp_ids::UserId;

/// So many are written at once.
const BATCH: u32 = 64;
/// And so many such batches before somebody else goes on.
const BATCHES_MAX: usize = 32;
/// So many, while Redis alone is told: with Postgres away most of it is what Redis has.
const BATCHES_TOLD_MAX: usize = 4;
/// Whoever fails, or is gone, lets nobody else try for so long.
const TURN_MS: u32 = 2_000;

/// Writes what is held to Postgres and to Redis, which both keep the later of two positions. One caller at a time does;
/// what fails stays held. What is held of an account that was erased meanwhile is forgotten.
pub async fn write_back(bridge: &dyn Bridge, bounds: &Bounds) {
    let Some(turn) = Turn::take(bridge).await else { return };
    for _ in 0..BATCHES_MAX {
        match batch(bridge, bounds).await {
            Ok(0) => break,
            Ok(_) => {}
            // Redis may be well all the same: it must not tell an older position, or one that is forgotten, until
            // Postgres is back. If it is not, all of it stays as it is.
            Err(_) => return drop(tell_redis(bridge).await),
        }
    }
    turn.pass(bridge).await;
}

/// Gives how many were written.
async fn batch(bridge: &dyn Bridge, bounds: &Bounds) -> Result<usize, StoreError> {
    let (positions, ends) = held(bridge).await?;
    let count = positions.len() + ends.len();
    if count == 0 {
        return Ok(0);
    }
    let erased = to_postgres(bridge, &positions).await?;
    let (mut lost, written) = split(positions, &erased);
    to_redis(bridge, &written, &ends).await?;
    let erased_since = erased_since(bridge, &written).await?;
    for user in erased.iter().chain(&erased_since) {
        positions_redis::drop_kept(bridge, *user).await?;
    }
    let (lost_since, written) = split(written, &erased_since);
    lost.extend(lost_since);
    let written = written.into_iter().map(|position| position.letting_go(bounds));
    let lost = lost.into_iter().map(HeldPosition::dropping);
    let ends = ends.into_iter().map(HeldEnd::letting_go);
    bridge.exchange(written.chain(lost).chain(ends).collect()).await?;
    Ok(count)
}

/// Tells Redis what Postgres can't take now. Positions stay held, behind all others, so that these have their turn too:
/// Postgres has yet to get them, and to say whose account is erased, of which Redis then forgets what it was told here, if it
/// was: of an account that it knows to be erased it takes nothing.
/// Ends are for Redis alone.
async fn tell_redis(bridge: &dyn Bridge) -> Result<(), StoreError> {
    for _ in 0..BATCHES_TOLD_MAX {
        let (positions, ends) = held(bridge).await?;
        let count = positions.len() + ends.len();
        if count == 0 {
            break;
        }
        to_redis(bridge, &positions, &ends).await?;
        let positions = positions.into_iter().map(HeldPosition::going_behind);
        let ends = ends.into_iter().map(HeldEnd::letting_go);
        bridge.exchange(positions.chain(ends).collect()).await?;
        if count < BATCH as usize {
            break;
        }
    }
    Ok(())
}

/// What was held the longest ago.
async fn held(bridge: &dyn Bridge) -> Result<(Vec<HeldPosition>, Vec<HeldEnd>), StoreError> {
    let (mut positions, mut ends) = (Vec::new(), Vec::new());
    for held in memory::held(bridge, BATCH).await? {
        match held {
            Held::Position(position) => positions.push(position),
            Held::End(end) => ends.push(end),
        }
    }
    Ok((positions, ends))
}

/// Those of these accounts, and the others.
fn split(positions: Vec<HeldPosition>, of: &[UserId]) -> (Vec<HeldPosition>, Vec<HeldPosition>) {
    positions.into_iter().partition(|position| of.contains(&position.user))
}

fn users(positions: &[HeldPosition]) -> Vec<UserId> {
    positions.iter().map(|held| held.user).collect()
}

/// First, since it costs nothing while Postgres is known to be away. Gives whose positions no store is to have: Postgres
/// has taken none of an account that is erased.
async fn to_postgres(bridge: &dyn Bridge, positions: &[HeldPosition]) -> Result<Vec<UserId>, StoreError> {
    if positions.is_empty() {
        return Ok(Vec::new());
    }
    let upsert =
        |held: &HeldPosition| positions_postgres::upsert_of_known(held.user, held.video, held.position);
    let users = users(positions);
    let mut statements = vec![accounts_postgres::share(&users)];
    statements.extend(positions.iter().map(upsert));
    statements.push(accounts_postgres::erased_among(&users).unguarded());
    let found = bridge.transact(Transaction::of(statements)).await?.pop();
    Ok(found.map(accounts_postgres::users).transpose()?.unwrap_or_default())
}

/// Whose positions Redis got though they were erased in the meantime. Who is erased later makes Redis forget by itself.
async fn erased_since(bridge: &dyn Bridge, positions: &[HeldPosition]) -> Result<Vec<UserId>, StoreError> {
    if positions.is_empty() {
        return Ok(Vec::new());
    }
    let asked = accounts_postgres::erased_among(&users(positions)).into();
    accounts_postgres::users(bridge.query(asked).await?)
}

async fn to_redis(
    bridge: &dyn Bridge,
    positions: &[HeldPosition],
    ends: &[HeldEnd],
) -> Result<(), StoreError> {
    let putting =
        positions.iter().map(|held| positions_redis::putting_held(held.user, held.video, held.position));
    let ending = ends.iter().map(|held| sessions::ending_step(&held.end()));
    let replies = bridge.pipeline(putting.chain(ending).collect()).await?;
    replies.into_iter().try_for_each(|reply| given(Some(reply)).map(drop))
}

/// The right to write.
struct Turn(Entry);

impl Turn {
    async fn take(bridge: &dyn Bridge) -> Option<Self> {
        let key = memory::turn_key();
        let (ttl_ms, condition) = (Some(TURN_MS), Condition::Absent);
        let taking = Step::Keep(Deposit { key: key.clone(), value: Vec::new(), ttl_ms, condition });
        let mut outcomes = bridge.exchange(vec![taking, Step::Recall(key)]).await.ok()?.into_iter();
        match (outcomes.next(), outcomes.next()) {
            (Some(Outcome::Done(true)), Some(Outcome::Entries(mut entries))) => entries.pop().map(Turn),
            _ => None,
        }
    }

    async fn pass(self, bridge: &dyn Bridge) {
        let removal = Removal { key: self.0.key, version: self.0.version };
        // Otherwise it runs out.
        drop(bridge.exchange(vec![Step::Forget(removal)]).await);
    }
}
