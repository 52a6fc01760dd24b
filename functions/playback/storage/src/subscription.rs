//! What an account has subscribed to: as Subscription tells of it, and as Redis and the bridge's memory keep it.

use crate::StoreError;
use crate::facts::Fact;
use crate::reply::{Fields, parsed};
use crate::unconfirmed::stale_ms;
use crate::videos::Source;
use jiff::Timestamp;
use playback_domain::{AccountState, Entitlements, InvalidEntitlements, Standing, Subscription};
use subscription_contract::SubscriptionChanged;

/// What a store knows of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountFacts {
    /// Where it is on its way; active, as its access token says, where nothing was heard of it.
    pub state: AccountState,
    /// The version of that, as Postgres gives it: of Auth's word and Admin's decision together; 0 where nothing was heard of it.
    pub state_version: u64,
    /// What it has subscribed to, where that is known.
    pub subscription: Option<Fact<Subscribed>>,
}

/// What an account has subscribed to, as a store knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscribed {
    /// Of what was told; 0 where nothing was.
    pub version: u64,
    /// None where it has not.
    pub subscription: Option<Subscription>,
}

impl Subscribed {
    /// As it is kept: the version, and what is of it.
    pub(crate) fn parts(&self) -> (u64, Option<&Subscription>) {
        (self.version, self.subscription.as_ref())
    }
}

/// Version and state of an account of which nothing was heard.
pub(crate) const NOTHING_HEARD: (u64, AccountState) = (0, AccountState::Active);

impl AccountFacts {
    /// What can be decided on. What is not known entitles to nothing.
    pub fn standing(&self) -> Standing {
        let subscription = self.subscription.and_then(|plan| plan.known.subscription);
        Standing { state: self.state, subscription }
    }
}

/// What Subscription has told of an account.
pub fn told(changed: &SubscriptionChanged) -> Result<Subscription, InvalidEntitlements> {
    let entitlements = changed
        .entitlements
        .map(|told| Entitlements::new(told.level, told.streams, told.until)?.with_devices(told.devices));
    Ok(Subscription { entitlements: entitlements.transpose()?, is_past_due: changed.state.is_past_due() })
}

/// Reads what Redis keeps of it: version, what was told, and since when no store could confirm that.
pub(crate) fn subscribed(
    fields: &mut Fields,
    now: Timestamp,
) -> Result<Option<Fact<Subscribed>>, StoreError> {
    let version = fields.optional(parsed)?;
    let told = fields.optional(parse)?;
    let since = fields.bytes();
    let known = version.zip(told).map(|(version, subscription)| Subscribed { version, subscription });
    Ok(known.map(|known| {
        let stale_ms = stale_ms(since.as_deref(), known.version, now);
        Fact { known, source: Source::Redis, stale_ms }
    }))
}

/// What stands for an account that has none.
const NONE: &str = "none";
/// What stands for a time that is not known.
const ENDLESS: &str = "-";
/// What stands for a number that a plan does not say.
const UNSAID: &str = "-";

/// `<level> <streams> <until, ms, or -> <1 where a payment is missing> <devices, or ->`, with level and streams 0 where it
/// entitles to nothing; or `none`. `lua/stream_limit.lua` reads it too.
pub(crate) fn written(subscription: Option<&Subscription>) -> String {
    let Some(Subscription { entitlements, is_past_due }) = subscription else { return NONE.to_owned() };
    let past_due = u8::from(*is_past_due);
    let Some(entitlements) = entitlements else { return format!("0 0 {ENDLESS} {past_due} {UNSAID}") };
    let until = entitlements.until().map(|until| until.as_millisecond().to_string());
    let until = until.as_deref().unwrap_or(ENDLESS);
    let devices = entitlements.devices().map_or_else(|| UNSAID.to_owned(), |devices| devices.to_string());
    format!("{} {} {until} {past_due} {devices}", entitlements.level(), entitlements.streams())
}

/// What [`written`] wrote; none where it has another form.
pub(crate) fn parse(text: &[u8]) -> Option<Option<Subscription>> {
    let text = std::str::from_utf8(text).ok()?;
    if text == NONE {
        return Some(None);
    }
    let mut words = text.split(' ');
    let (level, streams): (u32, u32) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let until = match words.next()? {
        ENDLESS => None,
        until_ms => Some(Timestamp::from_millisecond(until_ms.parse().ok()?).ok()?),
    };
    let is_past_due = words.next()? == "1";
    // What was written before plans had devices ends here.
    let devices = match words.next() {
        None | Some(UNSAID) => None,
        Some(devices) => Some(devices.parse().ok()?),
    };
    let plan = || Entitlements::new(level, streams, until).and_then(|plan| plan.with_devices(devices));
    let entitlements = if level == 0 { None } else { Some(plan().ok()?) };
    Some(Some(Subscription { entitlements, is_past_due }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn changed(state: &str, entitlements: Value) -> Result<Subscription, InvalidEntitlements> {
        let changed = json!({"user_id": "user_00000000000000000000000001", "version": 1, "state": state,
            "entitlements": entitlements});
        told(&serde_json::from_value(changed).unwrap())
    }

    #[test]
    fn it_survives_the_way_through_redis() {
        let entitled =
            json!({"level": 2, "streams": 4, "until": "2026-12-01T00:00:00.123456Z", "devices": 9});
        let all = [
            changed("active", entitled).unwrap(),
            changed("past_due", json!({"level": 1, "streams": 1})).unwrap(),
            changed("unpaid", json!(null)).unwrap(),
            changed("canceled", json!(null)).unwrap(),
        ];
        for subscription in all.map(Some).into_iter().chain([None]) {
            assert_eq!(parse(written(subscription.as_ref()).as_bytes()), Some(subscription));
        }
        let before = changed("active", json!({"level": 2, "streams": 4})).unwrap();
        assert_eq!(parse(b"2 4 - 0"), Some(Some(before)), "as it was written before plans had devices");
        for other in ["", "1", "1 1 x 0", "1 0 - 0", "1 1 - 0 0", "\u{e9}"] {
            assert_eq!(parse(other.as_bytes()), None, "{other:?}");
        }
    }

    #[test]
    fn what_no_plan_has_is_refused() {
        for none in [json!({"level": 0, "streams": 4}), json!({"level": 1, "streams": 4, "devices": 0})] {
            assert_eq!(changed("active", none), Err(InvalidEntitlements));
        }
    }
}
