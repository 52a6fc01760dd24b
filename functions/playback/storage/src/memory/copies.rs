//! Copies of what stores have, each with its version in it: none takes the place of a later one, whichever was seen last.

use super::TRIES_MAX;
use super::exchange::{as_seen, entry, keep};
use crate::{Bounds, StoreError};
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::memory::{Entry, Outcome, Step};
use std::cmp::Ordering;

/// A copy to be kept.
#[derive(Debug)]
pub(super) struct Copied {
    pub key: String,
    /// Its version stands in it.
    pub value: Vec<u8>,
    /// By the versions of two values. What has another form is of another version of this code: it counts as the earliest.
    pub order: fn(&[u8], &[u8]) -> Ordering,
}

/// A copy that is to be kept where this version of the key's value is, or none.
pub(super) type Due = (Copied, Option<u64>);

impl Copied {
    /// Of what has numbered versions: the number in a line of its own, then what it is.
    pub(super) fn numbered(key: String, number: u64, of: &[u8]) -> Self {
        let mut value = format!("{number}\n").into_bytes();
        value.extend_from_slice(of);
        Copied { key, value, order: by_number }
    }

    /// What is held is later than what a store has, or will be known to be earlier once the store has it.
    fn is_due(&self, present: Option<&Entry>, young_ms: u32) -> bool {
        let Some(present) = present else { return true };
        let order = (self.order)(&self.value, &present.value);
        let is_young = present.age_ms < u64::from(young_ms);
        !present.held && (order.is_gt() || (order.is_eq() && !is_young))
    }
}

/// What [`Copied::numbered`] wrote; none where it has another form.
pub(super) fn read_numbered(value: &[u8]) -> Option<(u64, &[u8])> {
    let line = value.iter().position(|byte| *byte == b'\n')?;
    let (number, of) = (value.get(..line)?, value.get(line + 1..)?);
    Some((std::str::from_utf8(number).ok()?.parse().ok()?, of))
}

fn by_number(one: &[u8], other: &[u8]) -> Ordering {
    let number = |value: &[u8]| read_numbered(value).map(|(number, _)| number);
    number(one).cmp(&number(other))
}

/// The steps that find what is there.
pub(super) fn recalling(copies: &[Copied]) -> Vec<Step> {
    copies.iter().map(|copy| Step::Recall(copy.key.clone())).collect()
}

/// Of these copies those that are to be kept, as [`recalling`] found: not where a later one is, nor where the same one was kept
/// less than `young_ms` ago.
pub(super) fn those_due(
    copies: Vec<Copied>,
    found: impl IntoIterator<Item = Outcome>,
    young_ms: u32,
) -> Vec<Due> {
    let found = copies.into_iter().zip(found.into_iter().map(entry));
    let due = found.filter(|(copy, present)| copy.is_due(present.as_ref(), young_ms));
    due.map(|(copy, present)| (copy, present.map(|present| present.version))).collect()
}

/// Keeps them. Where others kept something meanwhile it is looked at again.
pub(super) async fn keep_due(
    bridge: &dyn Bridge,
    bounds: &Bounds,
    mut due: Vec<Due>,
    young_ms: u32,
) -> Result<(), StoreError> {
    for _ in 0..TRIES_MAX {
        if due.is_empty() {
            break;
        }
        let ttl_ms = Some(bounds.copy_ttl_ms());
        let keeping = |(copy, seen): &Due| keep(copy.key.clone(), copy.value.clone(), ttl_ms, as_seen(*seen));
        let outcomes = bridge.exchange(due.iter().map(keeping).collect()).await?;
        let outcomes = due.into_iter().zip(outcomes);
        let missed = outcomes.filter(|(_, outcome)| *outcome != Outcome::Done(true));
        let missed: Vec<Copied> = missed.map(|((copy, _), _)| copy).collect();
        due = if missed.is_empty() {
            Vec::new()
        } else {
            let found = bridge.exchange(recalling(&missed)).await?;
            those_due(missed, found, young_ms)
        };
    }
    Ok(())
}

/// Keeps a copy of what was learnt just now, unless a later one is known.
pub(super) async fn keep_learnt(
    bridge: &dyn Bridge,
    bounds: &Bounds,
    copy: Copied,
) -> Result<(), StoreError> {
    let copies = vec![copy];
    let found = bridge.exchange(recalling(&copies)).await?;
    keep_due(bridge, bounds, those_due(copies, found, 0), 0).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn present(value: &[u8], age_ms: u64, held: bool) -> Entry {
        Entry { key: "k".to_owned(), value: value.to_vec(), version: 1, age_ms, held }
    }

    #[test]
    fn a_copy_is_kept_where_none_is_or_an_earlier_or_an_old_one() {
        let copy = Copied::numbered("k".to_owned(), 10, b"x");
        assert_eq!(read_numbered(&copy.value), Some((10, b"x".as_slice())));
        let is_due = |value: &[u8], age_ms| copy.is_due(Some(&present(value, age_ms, false)), 60);
        assert!(copy.is_due(None, 60));
        assert!(is_due(b"9\ny", 0) && is_due(b"of another form", 0) && is_due(b"10\nx", 60));
        assert!(!is_due(b"10\nx", 59) && !is_due(b"11\ny", 1_000_000));
        assert!(!copy.is_due(Some(&present(b"9\ny", 1_000_000, true)), 60), "it is held");
    }
}
