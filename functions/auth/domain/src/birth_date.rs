//! When somebody was born, as they say. Personal data: others are told of ages that are reached, and of nothing else.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use mcsp_access::age_reached;
use std::fmt;

/// Nobody alive is older.
const AGE_MAX_YEARS: i16 = 130;

/// A date of birth. `Debug` does not show it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BirthDate(Date);

/// Nobody who uses an account was born then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a date of the last {AGE_MAX_YEARS} years, as 2001-12-31")]
pub struct InvalidBirthDate;

/// It was told already, as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("another date of birth was told before")]
pub struct BirthDateTold;

impl BirthDate {
    /// Reads `YYYY-MM-DD`, of somebody who is born now.
    pub fn told(text: &str, now: Timestamp) -> Result<Self, InvalidBirthDate> {
        let BirthDate(date) = BirthDate::kept(text).ok_or(InvalidBirthDate)?;
        let today = today(now);
        let is_possible = date <= today && date.year() >= today.year() - AGE_MAX_YEARS;
        if is_possible { Ok(BirthDate(date)) } else { Err(InvalidBirthDate) }
    }

    /// Takes what was stored.
    pub fn kept(text: &str) -> Option<Self> {
        // Nothing but the date, in its one spelling.
        let date: Date = text.parse().ok()?;
        (date.to_string() == text).then_some(BirthDate(date))
    }

    /// The highest age that its owner has reached, of those that anybody is told. Who was born on 29 February is a year
    /// older on 1 March.
    pub fn age_reached(self, now: Timestamp) -> Option<u8> {
        let (born, today) = (self.0, today(now));
        let had_birthday = (today.month(), today.day()) >= (born.month(), born.day());
        let years = i32::from(today.year()) - i32::from(born.year()) - i32::from(!had_birthday);
        age_reached(u32::try_from(years).unwrap_or_default())
    }
}

impl fmt::Display for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BirthDate(…)")
    }
}

fn today(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("{text}T12:00:00Z").parse().unwrap()
    }

    #[test]
    fn an_age_is_reached_on_the_birthday() {
        let born = BirthDate::told("2008-02-29", at("2026-01-01")).unwrap();
        for (day, reached) in [
            ("2020-02-28", None),
            ("2020-02-29", Some(12)),
            ("2026-02-28", Some(16)),
            ("2026-03-01", Some(18)),
            ("2090-01-01", Some(18)),
            ("2008-01-01", None),
        ] {
            assert_eq!(born.age_reached(at(day)), reached, "{day}");
        }
    }

    #[test]
    fn what_is_no_date_of_birth_is_refused() {
        let now = at("2026-06-15");
        for text in ["2026-06-15", "1896-01-01"] {
            assert_eq!(BirthDate::told(text, now).map(|date| date.to_string()), Ok(text.to_owned()));
        }
        for text in [
            "",
            "2026-06-16",
            "1895-12-31",
            "2001-02-29",
            "2001-13-01",
            "2001-1-1",
            "20010101",
            "2001-01-01T00:00:00",
            "01.02.2001",
            "-002001-01-01",
            "\u{0662}001-01-01",
        ] {
            assert_eq!(BirthDate::told(text, now), Err(InvalidBirthDate), "{text:?}");
        }
    }

    #[test]
    fn it_is_not_shown_by_debug() {
        assert_eq!(format!("{:?}", BirthDate::kept("2001-02-03").unwrap()), "BirthDate(…)");
    }
}
