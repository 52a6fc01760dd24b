//! Which statements may pass, told by their first word.
//!
//! `BEGIN`, `COMMIT`, `SET` and their like would change the session for the next call, or end a
//! transaction before its events are written.

use crate::error::Refusal;

const READS: [&str; 4] = ["select", "with", "values", "table"];
const WRITES: [&str; 5] = ["insert", "update", "delete", "merge", "lock"];
/// Longer than any word that may pass.
const LONGEST_WORD: usize = 8;

/// Refuses what is no read. `WITH … INSERT` passes here; Postgres refuses it, as the session is read-only.
pub(crate) fn check_read(sql: &str) -> Result<(), Refusal> {
    if starts_with_one_of(sql, &READS) { Ok(()) } else { Err(Refusal::NotARead) }
}

/// Refuses what neither reads nor writes rows.
pub(crate) fn check_statement(sql: &str) -> Result<(), Refusal> {
    if starts_with_one_of(sql, &READS) || starts_with_one_of(sql, &WRITES) {
        Ok(())
    } else {
        Err(Refusal::NotAStatement)
    }
}

fn starts_with_one_of(sql: &str, words: &[&str]) -> bool {
    // `(SELECT …) UNION (SELECT …)` is a read too.
    let sql = sql.trim_start_matches(|c: char| c.is_whitespace() || c == '(');
    let mut first = sql.bytes().take(LONGEST_WORD).take_while(u8::is_ascii_alphabetic);
    let mut word = [0_u8; LONGEST_WORD];
    let mut length = 0;
    for (place, byte) in word.iter_mut().zip(&mut first) {
        *place = byte.to_ascii_lowercase();
        length += 1;
    }
    let word = word.get(..length).unwrap_or_default();
    words.iter().any(|allowed| allowed.as_bytes() == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_pass_in_any_case_and_after_blanks() {
        for sql in [
            "SELECT 1",
            "\n  select 1",
            "WITH x AS (SELECT 1) TABLE x",
            "values(1)",
            "(SELECT 1) UNION ALL (SELECT 2)",
        ] {
            assert_eq!(check_read(sql), Ok(()), "{sql}");
        }
    }

    #[test]
    fn what_changes_the_session_or_the_transaction_never_passes() {
        for sql in ["SET search_path = x", "COMMIT", "ROLLBACK", "BEGIN", "DO $$ $$", "", "selector", "-- x"]
        {
            assert_eq!(check_read(sql), Err(Refusal::NotARead), "{sql}");
            assert_eq!(check_statement(sql), Err(Refusal::NotAStatement), "{sql}");
        }
    }

    #[test]
    fn writes_pass_only_where_writes_may() {
        for sql in ["INSERT INTO t VALUES (1)", "update t set x = 1", "DELETE FROM t"] {
            assert_eq!(check_read(sql), Err(Refusal::NotARead), "{sql}");
            assert_eq!(check_statement(sql), Ok(()), "{sql}");
        }
    }
}
