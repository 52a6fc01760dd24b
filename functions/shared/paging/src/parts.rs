//! Rows of a list that are long.

use crate::Limit;

/// Rows that are read at once: those of a page of 50 and the one behind it. Of the longest ones the bridge carries no more in one answer.
pub const ROWS_AT_ONCE: u32 = 51;

/// Rows of a page, read part by part, with the one that tells of a next page.
///
/// ```
/// use mcsp_paging::{Limit, Parts};
/// fn read(behind: Option<u32>, rows: i64) -> Vec<u32> {
///     (behind.map_or(0, |last| last + 1)..200).take(rows as usize).collect()
/// }
/// let mut parts = Parts::<u32>::of(Limit::MAX);
/// while let Some((rows, last)) = parts.wanted() {
///     let behind = last.copied();
///     parts.take(read(behind, rows));
/// }
/// assert_eq!(parts.into_rows(), (0..101).collect::<Vec<_>>());
/// ```
#[derive(Debug)]
pub struct Parts<R> {
    rows: Vec<R>,
    left: u32,
}

impl<R> Parts<R> {
    /// None has been read.
    pub fn of(limit: Limit) -> Self {
        Parts { rows: Vec::new(), left: limit.0 + 1 }
    }

    /// How many to read next, and the last one that was read; nothing where there is no more to read.
    pub fn wanted(&self) -> Option<(i64, Option<&R>)> {
        (self.left > 0).then(|| (i64::from(self.at_once()), self.rows.last()))
    }

    /// Takes what was read. Where that is fewer than were wanted there are no more.
    pub fn take(&mut self, part: Vec<R>) {
        let wanted = self.at_once();
        self.left = if part.len() < wanted as usize { 0 } else { self.left - wanted };
        self.rows.extend(part);
    }

    /// All that were read.
    pub fn into_rows(self) -> Vec<R> {
        self.rows
    }

    fn at_once(&self) -> u32 {
        self.left.min(ROWS_AT_ONCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many were asked for each time, of so many that there are, and how many were read.
    fn asked(limit: &str, there: u32) -> (Vec<i64>, usize) {
        let mut parts = Parts::<u32>::of(serde_json::from_str(limit).unwrap());
        let mut asked = Vec::new();
        while let Some((rows, last)) = parts.wanted() {
            let after = last.map_or(0, |last| last + 1);
            asked.push(rows);
            parts.take((after..there).take(rows as usize).collect());
        }
        let rows = parts.into_rows();
        assert!(rows.iter().copied().eq(0..rows.len() as u32), "{rows:?}");
        (asked, rows.len())
    }

    #[test]
    fn what_a_page_needs_is_read_in_parts_and_no_part_behind_the_last_row() {
        assert_eq!(asked("20", 1_000), (vec![21], 21));
        assert_eq!(asked("50", 1_000), (vec![51], 51));
        assert_eq!(asked("51", 1_000), (vec![51, 1], 52));
        assert_eq!(asked("100", 1_000), (vec![51, 50], 101));
        assert_eq!(asked("100", 51), (vec![51, 50], 51));
        assert_eq!(asked("100", 50), (vec![51], 50));
        assert_eq!(asked("1", 0), (vec![2], 0));
    }
}
