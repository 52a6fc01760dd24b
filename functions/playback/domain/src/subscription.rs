//! What an account has subscribed to.

use jiff::Timestamp;

/// The level of the highest plan.
pub const PLAN_LEVEL_MAX: u32 = 100;
/// No plan has more streams.
pub const PLAN_STREAMS_MAX: u32 = 1000;
/// No plan has more devices.
pub const PLAN_DEVICES_MAX: u32 = 1000;

/// A subscription, as Subscription last told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// What it entitles to; none where it does not any more, or not yet.
    pub entitlements: Option<Entitlements>,
    /// Whether a payment is missing. For a while that changes nothing: what counts are the entitlements.
    pub is_past_due: bool,
}

/// What a subscription entitles to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entitlements {
    level: u32,
    streams: u32,
    devices: Option<u32>,
    until: Option<Timestamp>,
}

/// No plan has such entitlements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no plan has such a level, or so many streams or devices")]
pub struct InvalidEntitlements;

impl Entitlements {
    /// Takes what was told or stored: the level of the plan, of which a higher one has all that a lower one has, how many
    /// streams it has, and when they are over, if that is known.
    pub fn new(level: u32, streams: u32, until: Option<Timestamp>) -> Result<Self, InvalidEntitlements> {
        let is_one = (1..=PLAN_LEVEL_MAX).contains(&level) && (1..=PLAN_STREAMS_MAX).contains(&streams);
        // To the millisecond, as it is stored.
        let until = until.and_then(|until| Timestamp::from_millisecond(until.as_millisecond()).ok());
        if is_one {
            Ok(Entitlements { level, streams, devices: None, until })
        } else {
            Err(InvalidEntitlements)
        }
    }

    /// With so many devices, where the plan says how many.
    pub fn with_devices(self, devices: Option<u32>) -> Result<Self, InvalidEntitlements> {
        let is_possible = devices.is_none_or(|devices| (1..=PLAN_DEVICES_MAX).contains(&devices));
        if is_possible { Ok(Entitlements { devices, ..self }) } else { Err(InvalidEntitlements) }
    }

    /// From 1.
    pub fn level(&self) -> u32 {
        self.level
    }

    /// How many may be open at once.
    pub fn streams(&self) -> u32 {
        self.streams
    }

    /// How many the account may have, if the plan says so.
    pub fn devices(&self) -> Option<u32> {
        self.devices
    }

    /// The first moment at which they are over, if that is known.
    pub fn until(&self) -> Option<Timestamp> {
        self.until
    }
}

impl Subscription {
    /// What it entitles to now.
    pub fn entitles(&self, now: Timestamp) -> Option<&Entitlements> {
        self.entitlements.as_ref().filter(|entitlements| entitlements.until.is_none_or(|until| now < until))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entitlements_end_in_their_time() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let entitlements = Some(Entitlements::new(1, 2, Some(at(10))).unwrap());
        let subscription = Subscription { entitlements, is_past_due: false };
        assert!(subscription.entitles(at(9)).is_some());
        assert!(subscription.entitles(at(10)).is_none());
        let endless = Subscription { entitlements: Entitlements::new(1, 2, None).ok(), is_past_due: true };
        assert!(endless.entitles(at(10)).is_some());
    }

    #[test]
    fn what_no_plan_has_is_refused() {
        for (level, streams) in [(0, 1), (1, 0), (PLAN_LEVEL_MAX + 1, 1), (1, PLAN_STREAMS_MAX + 1)] {
            assert_eq!(Entitlements::new(level, streams, None), Err(InvalidEntitlements));
        }
        for devices in [0, PLAN_DEVICES_MAX + 1] {
            let plan = Entitlements::new(1, 1, None).unwrap();
            assert_eq!(plan.with_devices(Some(devices)), Err(InvalidEntitlements));
        }
    }
}
