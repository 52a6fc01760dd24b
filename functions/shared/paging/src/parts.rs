//! Rows of a list that are long.

use crate::Limit;

/// Rows that are read at once: those of a page of 50 and the one behind it. Of the longest ones the bridge carries no more in one answer.
pub const ROWS_AT_ONCE: u32 = 51;

/// Rows of a page, read part by part, with the one that tells of a next page. `read` is told behind which key to begin, and how many
/// rows to read at the most: first behind `after`, then behind the last row that was read. Where it gives fewer there are no more.
pub async fn in_parts<R, K, E, F>(
    limit: Limit,
    mut after: Option<K>,
    key: impl Fn(&R) -> K,
    mut read: impl FnMut(Option<K>, i64) -> F,
) -> Result<Vec<R>, E>
where
    F: Future<Output = Result<Vec<R>, E>>,
{
    let (mut rows, mut left) = (Vec::new(), limit.0 + 1);
    while left > 0 {
        let wanted = left.min(ROWS_AT_ONCE);
        let part = read(after, i64::from(wanted)).await?;
        left = if part.len() < wanted as usize { 0 } else { left - wanted };
        after = part.last().map(&key);
        rows.extend(part);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;
    use std::future::ready;

    /// How many were asked for each time, of so many that there are behind a row, and how many were read.
    async fn asked(limit: &str, after: Option<u32>, there: u32) -> (Vec<i64>, usize) {
        let limit: Limit = serde_json::from_str(limit).unwrap();
        let behind = |after: Option<u32>| after.map_or(0, |last| last + 1);
        let first = behind(after);
        let mut asked = Vec::new();
        let read = |after: Option<u32>, rows: i64| {
            asked.push(rows);
            let part: Vec<u32> = (behind(after)..first + there).take(rows as usize).collect();
            ready(Ok::<_, Infallible>(part))
        };
        let Ok(rows) = in_parts(limit, after, |row: &u32| *row, read).await;
        assert!(rows.iter().copied().eq(first..first + rows.len() as u32), "{rows:?}");
        (asked, rows.len())
    }

    #[tokio::test]
    async fn what_a_page_needs_is_read_in_parts_and_no_part_behind_the_last_row() {
        for after in [None, Some(6)] {
            assert_eq!(asked("20", after, 1_000).await, (vec![21], 21));
            assert_eq!(asked("50", after, 1_000).await, (vec![51], 51));
            assert_eq!(asked("51", after, 1_000).await, (vec![51, 1], 52));
            assert_eq!(asked("100", after, 1_000).await, (vec![51, 50], 101));
            assert_eq!(asked("100", after, 51).await, (vec![51, 50], 51));
            assert_eq!(asked("100", after, 50).await, (vec![51], 50));
            assert_eq!(asked("1", after, 0).await, (vec![2], 0));
        }
    }

    #[tokio::test]
    async fn a_part_that_cannot_be_read_makes_the_page_fail() {
        let read = |after: Option<u32>, rows: i64| {
            ready(if after.is_none() { Ok((0..rows as u32).collect::<Vec<_>>()) } else { Err("broken") })
        };
        assert_eq!(in_parts(Limit::MAX, None, |row: &u32| *row, read).await, Err("broken"));
    }
}
