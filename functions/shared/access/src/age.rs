//! How old a person is, as far as anybody must know.

/// The ages that a video can ask for, and so those that an access token can tell of: no token tells more of anybody.
pub const AGES: [u8; 3] = [12, 16, 18];

/// The highest of [`AGES`] that somebody of so many years has reached.
pub fn age_reached(years: u32) -> Option<u8> {
    AGES.into_iter().rev().find(|age| years >= u32::from(*age))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_told_than_what_is_asked_for() {
        for (years, reached) in [
            (0, None),
            (11, None),
            (12, Some(12)),
            (15, Some(12)),
            (17, Some(16)),
            (18, Some(18)),
            (99, Some(18)),
        ] {
            assert_eq!(age_reached(years), reached, "{years}");
        }
    }
}
