//! How often one may ask: defaults, and what differs from them.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::num::NonZeroU32;

/// So many requests a minute in the long run, and so many of them at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// In the long run.
    pub per_minute: NonZeroU32,
    /// At once, by who has not asked for a while.
    pub burst: NonZeroU32,
}

/// What holds for one component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// For each user, and for each client that acts in its own name.
    pub user: Rate,
    /// For each network, of those who show no valid token. Many people may be behind one.
    pub address: Rate,
}

impl Default for Rates {
    fn default() -> Self {
        // A person with an eager client makes a few requests a second; an office or a mobile network behind one
        // address some tens.
        Rates { user: rate(600, 100), address: rate(6_000, 500) }
    }
}

const fn rate(per_minute: u32, burst: u32) -> Rate {
    Rate { per_minute: nonzero(per_minute), burst: nonzero(burst) }
}

const fn nonzero(value: u32) -> NonZeroU32 {
    match NonZeroU32::new(value) {
        Some(value) => value,
        None => NonZeroU32::MIN,
    }
}

/// What differs from other [`Rates`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RatesOverride {
    /// Replaces [`Rates::user`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Rate>,
    /// Replaces [`Rates::address`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Rate>,
}

impl RatesOverride {
    /// This over `base`.
    #[must_use]
    pub fn over(&self, base: Rates) -> Rates {
        Rates { user: self.user.unwrap_or(base.user), address: self.address.unwrap_or(base.address) }
    }
}

/// Limits as an operator writes them. They stand above those of the manifest only where they name the
/// component.
///
/// ```
/// use mcsp_limits::{LimitTable, RatesOverride};
/// let table: LimitTable = toml::from_str(r#"
///     defaults.user = { per_minute = 300, burst = 50 }
///     components.content-search.address = { per_minute = 60000, burst = 2000 }
/// "#).unwrap();
/// let search = table.rates("content-search", &RatesOverride::default());
/// assert_eq!((search.user.burst.get(), search.address.burst.get()), (50, 2000));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitTable {
    /// Whether who asks too often is refused. Otherwise requests are counted and told, and nobody is refused.
    pub enforced: bool,
    /// For all components whose manifest says nothing.
    pub defaults: RatesOverride,
    /// By component.
    pub components: BTreeMap<String, RatesOverride>,
}

impl Default for LimitTable {
    fn default() -> Self {
        LimitTable { enforced: true, defaults: RatesOverride::default(), components: BTreeMap::new() }
    }
}

impl LimitTable {
    /// What holds for a component, of which the manifest says `written`.
    #[must_use]
    pub fn rates(&self, component: &str, written: &RatesOverride) -> Rates {
        let of_component = self.components.get(component);
        [Some(&self.defaults), Some(written), of_component]
            .into_iter()
            .flatten()
            .fold(Rates::default(), |base, specific| specific.over(base))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_more_specific_wins() {
        let table: LimitTable = toml::from_str(
            "defaults.user = { per_minute = 1, burst = 1 }\n\
             components.b.user = { per_minute = 3, burst = 3 }",
        )
        .unwrap();
        let written = RatesOverride { user: Some(rate(2, 2)), address: None };
        let nothing = RatesOverride::default();
        assert_eq!(table.rates("a", &nothing).user, rate(1, 1));
        assert_eq!(table.rates("a", &written).user, rate(2, 2));
        assert_eq!(table.rates("b", &written).user, rate(3, 3));
        assert_eq!(table.rates("b", &written).address, Rates::default().address);
    }

    #[test]
    fn absurd_values_and_unknown_names_are_refused() {
        for text in [
            "defaults.user = { per_minute = 0, burst = 1 }",
            "defaults.user = { per_minute = 1, burst = 0 }",
            "defaults.user = { per_minute = 1 }",
            "defaults.users = { per_minute = 1, burst = 1 }",
            "enforce = false",
        ] {
            assert!(toml::from_str::<LimitTable>(text).is_err(), "accepted: {text}");
        }
    }
}
