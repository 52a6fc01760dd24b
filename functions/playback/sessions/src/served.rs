//! Where answers came from, and how old what they were made of may be.

use http::HeaderName;
use playback_storage::videos::{Loaded, Source};
use playback_storage::{Fact, Read};

/// Where it was found.
pub(crate) const SERVED_FROM: HeaderName = HeaderName::from_static("mcsp-served-from");
/// How old it may be.
pub(crate) const STALE_MS: HeaderName = HeaderName::from_static("mcsp-stale-ms");

/// Of all that an answer depends on, the least fresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Served {
    pub source: Source,
    pub stale_ms: u64,
}

impl Served {
    /// By Redis, as long as nothing else was asked.
    pub(crate) const REDIS: Served = Served::now(Source::Redis);

    /// What a source has now.
    pub(crate) const fn now(source: Source) -> Self {
        Served { source, stale_ms: 0 }
    }

    /// With something else, from there: the source that counts the least is told, and the greater age.
    #[must_use]
    pub(crate) fn and(self, other: Served) -> Self {
        let source = if place(other.source) > place(self.source) { other.source } else { self.source };
        Served { source, stale_ms: self.stale_ms.max(other.stale_ms) }
    }

    /// For answers that have no place for it in their body.
    pub(crate) fn headers(self) -> [(HeaderName, String); 2] {
        [(SERVED_FROM, self.source.as_str().to_owned()), (STALE_MS, self.stale_ms.to_string())]
    }
}

/// How little a source counts.
const fn place(source: Source) -> u8 {
    match source {
        Source::Redis => 0,
        Source::Postgres => 1,
        Source::Catalog => 2,
        Source::Memory => 3,
    }
}

impl From<&Loaded> for Served {
    fn from(loaded: &Loaded) -> Self {
        Served { source: loaded.source, stale_ms: loaded.stale_ms }
    }
}

/// The video that Redis told: no store may have confirmed it for a while.
impl From<&Read> for Served {
    fn from(read: &Read) -> Self {
        Served { source: Source::Redis, stale_ms: read.stale_ms }
    }
}

impl<T> From<&Fact<T>> for Served {
    fn from(fact: &Fact<T>) -> Self {
        Served { source: fact.source, stale_ms: fact.stale_ms }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_fresh_of_all_is_told() {
        let memory = Served { source: Source::Memory, stale_ms: 5 };
        let catalog = Served { source: Source::Catalog, stale_ms: 9 };
        assert_eq!(Served::REDIS.and(memory), memory);
        assert_eq!(memory.and(Served::REDIS), memory);
        assert_eq!(catalog.and(memory), Served { source: Source::Memory, stale_ms: 9 });
        assert_eq!(Served::now(Source::Postgres).and(Served::REDIS), Served::now(Source::Postgres));
    }
}
