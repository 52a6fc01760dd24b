//! Which keys a component may touch.

use crate::commands::{self, Access, Keys};
use crate::error::RedisError;
use mcsp_bridge_api::redis::Operation;

/// The key prefixes of a component's `redis` grant. An empty prefix grants nothing.
///
/// A script is checked by the keys that it declares. Redis itself does not hold a script to them; where
/// components are not trusted that far, their Redis user needs an ACL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyGrant {
    prefixes: Box<[Box<[u8]>]>,
}

impl KeyGrant {
    /// A grant of all keys that begin with one of `prefixes`.
    pub fn new<P: AsRef<str>>(prefixes: impl IntoIterator<Item = P>) -> Self {
        let granted = prefixes.into_iter().filter(|prefix| !prefix.as_ref().is_empty());
        KeyGrant { prefixes: granted.map(|prefix| prefix.as_ref().as_bytes().into()).collect() }
    }

    /// Whether the operation is allowed, and if so what it does.
    pub(crate) fn check(&self, operation: &Operation) -> Result<Access, RedisError> {
        match operation {
            Operation::Command(words) => self.check_command(words),
            Operation::RunScript(script) => {
                script.keys.iter().try_for_each(|key| self.check_key(key.as_bytes()))?;
                Ok(Access::Write)
            }
        }
    }

    fn check_command(&self, words: &[Vec<u8>]) -> Result<Access, RedisError> {
        let name = words.first().ok_or(MALFORMED)?;
        let command = commands::find(name).ok_or_else(|| {
            let name = if name.iter().all(u8::is_ascii_graphic) { name } else { b"?".as_slice() };
            RedisError::NotGranted(format!("redis command {}", shortened(name)))
        })?;
        match command.keys {
            Keys::None => {}
            Keys::First => self.check_range(words, 1, 1)?,
            Keys::FirstTwo => self.check_range(words, 1, 2)?,
            Keys::From(first) => self.check_range(words, first, words.len().saturating_sub(1).max(first))?,
            Keys::EveryOther => {
                words.get(1).ok_or(MALFORMED)?;
                words.iter().skip(1).step_by(2).try_for_each(|key| self.check_key(key))?;
            }
            Keys::Counted(at) => self.check_counted(words, at)?,
            Keys::FirstAndCounted => {
                self.check_range(words, 1, 1)?;
                self.check_counted(words, 2)?;
            }
        }
        Ok(command.access)
    }

    /// Checks the words from `first` to `last`, all of which must be there.
    fn check_range(&self, words: &[Vec<u8>], first: usize, last: usize) -> Result<(), RedisError> {
        let keys = words.get(first..=last).ok_or(MALFORMED)?;
        keys.iter().try_for_each(|key| self.check_key(key))
    }

    fn check_counted(&self, words: &[Vec<u8>], count_at: usize) -> Result<(), RedisError> {
        let count = words.get(count_at).and_then(|word| std::str::from_utf8(word).ok());
        // Parsed as strictly as can be: what Redis would read otherwise than this must not pass.
        let count: usize = count
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok())
            .filter(|count| (1..words.len()).contains(count))
            .ok_or(MALFORMED)?;
        self.check_range(words, count_at + 1, count_at + count)
    }

    fn check_key(&self, key: &[u8]) -> Result<(), RedisError> {
        if self.prefixes.iter().any(|prefix| key.starts_with(prefix)) {
            return Ok(());
        }
        // Only the key's family is told: the rest may be somebody's address.
        let family = key.iter().position(|byte| *byte == b':').and_then(|colon| key.get(..=colon));
        Err(RedisError::NotGranted(format!(
            "redis keys {}",
            shortened(family.unwrap_or(b"without a prefix"))
        )))
    }
}

const MALFORMED: RedisError = RedisError::Refused("malformed-command");

const MAX_NAMED_BYTES: usize = 32;

fn shortened(name: &[u8]) -> String {
    String::from_utf8_lossy(name.get(..MAX_NAMED_BYTES).unwrap_or(name)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mcsp_bridge_api::redis::Script;

    fn command(line: &str) -> Operation {
        Operation::Command(line.split(' ').map(|word| word.as_bytes().to_vec()).collect())
    }

    fn check(line: &str) -> Result<Access, String> {
        let grant = KeyGrant::new(["content:", "shared:"]);
        grant.check(&command(line)).map_err(|error| error.to_string())
    }

    #[test]
    fn commands_on_granted_keys_pass() {
        for (line, access) in [
            ("GET content:1", Access::Read),
            ("get content:1", Access::Read),
            ("PING", Access::Read),
            ("TIME", Access::Read),
            ("SET content:1 other:1 EX 10", Access::Write),
            ("MGET content:1 shared:2 content:3", Access::Read),
            ("MSET content:1 other:1 shared:2 other:2", Access::Write),
            ("RENAME content:1 shared:1", Access::Write),
            ("BITOP AND content:1 content:2 content:3", Access::Write),
            ("ZUNIONSTORE content:1 2 content:2 shared:3 WEIGHTS 1 2", Access::Write),
            ("ZUNION 2 content:2 shared:3 WITHSCORES", Access::Read),
            ("LMPOP 1 content:1 LEFT", Access::Write),
        ] {
            assert_eq!(check(line), Ok(access), "{line}");
        }
    }

    #[test]
    fn a_key_outside_the_grant_is_found_wherever_it_stands() {
        for line in [
            "GET other:1",
            "MGET content:1 other:1",
            "DEL content:1 content:2 other:1",
            "MSET content:1 x other:1 y",
            "RENAME content:1 other:1",
            "RENAME other:1 content:1",
            "BITOP AND content:1 other:1",
            "BITOP AND other:1 content:1",
            "ZUNIONSTORE other:1 1 content:1",
            "ZUNIONSTORE content:1 2 content:2 other:1",
            "ZINTERCARD 2 content:1 other:1",
            "LMPOP 2 content:1 other:1 LEFT",
        ] {
            assert_eq!(check(line), Err("not granted: redis keys other:".into()), "{line}");
        }
    }

    #[test]
    fn an_unknown_command_is_not_granted() {
        assert_eq!(check("FLUSHALL"), Err("not granted: redis command FLUSHALL".into()));
        assert_eq!(check("KEYS content:*"), Err("not granted: redis command KEYS".into()));
        assert_eq!(check("EVAL return 0"), Err("not granted: redis command EVAL".into()));
        assert_eq!(check("\u{1}"), Err("not granted: redis command ?".into()));
    }

    #[test]
    fn a_command_whose_keys_cannot_be_told_is_refused() {
        for line in [
            "GET",
            "MGET",
            "MSET",
            "RENAME content:1",
            "BITOP AND",
            "ZUNION 3 content:1 content:2",
            "ZUNION 0 content:1",
            "ZUNION +1 content:1",
            "ZUNION x content:1",
            "ZUNION 18446744073709551615 content:1",
            "ZUNIONSTORE content:1",
        ] {
            assert_eq!(check(line), Err("refused: malformed-command".into()), "{line}");
        }
        let empty = KeyGrant::new(["content:"]).check(&Operation::Command(Vec::new()));
        assert!(matches!(empty, Err(RedisError::Refused("malformed-command"))));
    }

    #[test]
    fn a_script_is_checked_by_its_keys() {
        let script = |key: &str| {
            Operation::RunScript(Script {
                source: "return 1".into(),
                keys: vec!["content:1".into(), key.into()],
                arguments: vec![b"other:1".to_vec()],
            })
        };
        let grant = KeyGrant::new(["content:"]);
        assert_eq!(grant.check(&script("content:2")).unwrap(), Access::Write);
        assert!(matches!(grant.check(&script("other:1")), Err(RedisError::NotGranted(_))));
    }

    #[test]
    fn a_refusal_names_no_more_of_a_key_than_its_family() {
        assert_eq!(check("GET mail:someone@example.org"), Err("not granted: redis keys mail:".into()));
        assert_eq!(check("GET someone@example.org"), Err("not granted: redis keys without a prefix".into()));
    }

    #[test]
    fn an_empty_grant_and_an_empty_prefix_grant_nothing() {
        for grant in [KeyGrant::default(), KeyGrant::new([""])] {
            assert!(grant.check(&command("GET content:1")).is_err());
        }
    }
}
