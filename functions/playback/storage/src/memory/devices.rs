//! Copies of which devices an account has.

use playback_domain::Devices;

/// What a store told of an account's devices: how many there are, and some of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DevicesTold {
    count: u32,
    ids: Vec<String>,
}

impl DevicesTold {
    /// `<how many> <id> <id> …`, as `lua/device_limit.lua` tells them.
    pub(crate) fn read(told: &[u8]) -> Option<Self> {
        let mut words = std::str::from_utf8(told).ok()?.split(' ');
        let count = words.next()?.parse().ok()?;
        Some(DevicesTold { count, ids: words.map(str::to_owned).collect() })
    }

    pub(crate) fn written(&self) -> String {
        let mut text = self.count.to_string();
        for id in &self.ids {
            text.push(' ');
            text.push_str(id);
        }
        text
    }

    fn knows(&self, id: &str) -> bool {
        self.ids.iter().any(|known| known == id)
    }

    /// As one finds them that wants to play, where these began to play since.
    pub(crate) fn with<'a>(&self, since: impl Iterator<Item = &'a str>, id: &str) -> Devices {
        let (mut is_known, mut count) = (self.knows(id), self.count);
        for other in since.filter(|other| !self.knows(other)) {
            is_known |= other == id;
            count = count.saturating_add(1);
        }
        Devices { is_known, count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_came_since_count_once() {
        let told = DevicesTold::read(b"2 tv phone").unwrap();
        assert_eq!(DevicesTold::read(told.written().as_bytes()), Some(told.clone()));
        let since = || ["tv", "tablet"].into_iter();
        for (id, is_known) in [("tv", true), ("tablet", true), ("watch", false)] {
            assert_eq!(told.with(since(), id), Devices { is_known, count: 3 }, "{id}");
        }
        for other in ["", "x", "\u{e9}"] {
            assert_eq!(DevicesTold::read(other.as_bytes()), None, "{other:?}");
        }
    }
}
