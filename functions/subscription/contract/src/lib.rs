//! What Subscription tells of an account, by `subscription.lifecycle.changed`. It is written here before the service is, by
//! those who read it: what they need of it is theirs to check.

use jiff::Timestamp;
use mcsp_ids::UserId;
use serde::Deserialize;

/// What an account is entitled to now. Fields beside these are passed over.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SubscriptionChanged {
    /// Whose.
    pub user_id: UserId,
    /// One more with each change of what the account is entitled to, whichever of its subscriptions changes it.
    pub version: u64,
    /// Why there are no entitlements, where there are none.
    pub state: SubscriptionState,
    /// None where the account is entitled to nothing.
    #[serde(default)]
    pub entitlements: Option<Entitlements>,
}

/// Where a subscription is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionState {
    /// Its first payment is awaited.
    Incomplete,
    /// Its first payment never came.
    IncompleteExpired,
    /// It is being tried.
    Trialing,
    /// It is paid for.
    Active,
    /// A payment is missing.
    PastDue,
    /// A payment is missing, and is not asked for any more.
    Unpaid,
    /// It rests.
    Paused,
    /// It is over.
    Canceled,
}

/// What a plan has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Entitlements {
    /// How much it has: what a lower level has, a higher one has too.
    pub level: u32,
    /// Streams that may be open at once.
    pub streams: u32,
    /// Devices that may be played on; none where the plan says nothing of it.
    #[serde(default)]
    pub devices: Option<u32>,
    /// Bytes of sources that may be kept; none where the plan says nothing of it.
    #[serde(default)]
    pub upload_bytes: Option<u64>,
    /// Uploads that may be open at once; none where the plan says nothing of it.
    #[serde(default)]
    pub open_uploads: Option<u32>,
    /// The first moment at which they are over; none where no end is known.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

impl SubscriptionState {
    /// Whether a payment is missing.
    pub const fn is_past_due(self) -> bool {
        match self {
            SubscriptionState::PastDue | SubscriptionState::Unpaid => true,
            SubscriptionState::Incomplete
            | SubscriptionState::IncompleteExpired
            | SubscriptionState::Trialing
            | SubscriptionState::Active
            | SubscriptionState::Paused
            | SubscriptionState::Canceled => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(state: &str, entitlements: Value) -> Option<SubscriptionChanged> {
        let changed = json!({"user_id": "user_00000000000000000000000001", "version": 1, "state": state,
            "entitlements": entitlements, "plan": "premium"});
        serde_json::from_value(changed).ok()
    }

    #[test]
    fn fields_may_be_missing_and_others_may_be_there() {
        let told = read("active", json!({"level": 2, "streams": 4, "profiles": 9})).unwrap();
        let (devices, upload_bytes, open_uploads, until) = (None, None, None, None);
        let expected = Entitlements { level: 2, streams: 4, devices, upload_bytes, open_uploads, until };
        assert_eq!(told.entitlements, Some(expected));
        assert_eq!(read("paused", json!(null)).unwrap().entitlements, None);
    }

    #[test]
    fn what_the_contract_does_not_have_is_refused() {
        assert_eq!(read("lost", json!(null)), None);
        assert_eq!(read("active", json!({"level": 2})), None);
        assert_eq!(read("active", json!({"level": 2, "streams": 4, "upload_bytes": -1})), None);
    }

    #[test]
    fn a_payment_is_missing_where_the_state_says_so() {
        let states = [
            "incomplete",
            "incomplete_expired",
            "trialing",
            "active",
            "past_due",
            "unpaid",
            "paused",
            "canceled",
        ];
        let past_due = states.map(|state| read(state, json!(null)).unwrap().state.is_past_due());
        assert_eq!(past_due, [false, false, false, false, true, true, false, false]);
    }
}
