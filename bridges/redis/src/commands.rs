//! The commands that functions may use, and where their keys stand.
//!
//! A list of what is allowed, not of what is not. Absent on purpose: commands over the whole keyspace
//! (`KEYS`, `SCAN`, `FLUSHALL`, `RANDOMKEY`), administration (`CONFIG`, `CLIENT`, `ACL`, `DEBUG`), what
//! belongs to a connection, which is shared (`SELECT`, `MULTI`, `WATCH`, `SUBSCRIBE`), what blocks it
//! (`BLPOP`, `WAIT`), what reaches keys that are not arguments (`SORT` with `BY` or `GET`), and `EVAL`: scripts
//! are steps of their own.

/// Whether a command changes anything. A pipeline of reads may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// Where a command's keys stand among its words; the command's name is word 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keys {
    None,
    /// Word 1.
    First,
    /// Words 1 and 2.
    FirstTwo,
    /// From the given word to the last.
    From(usize),
    /// Words 1, 3, 5, …
    EveryOther,
    /// The given word holds their number, and they follow it.
    Counted(usize),
    /// Word 1, and as many as word 2 says after that.
    FirstAndCounted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Command {
    pub access: Access,
    pub keys: Keys,
}

/// Longer than any name in the table.
const MAX_NAME_BYTES: usize = 32;

/// Finds a command by its name, in any case.
pub(crate) fn find(name: &[u8]) -> Option<Command> {
    let mut upper = [0; MAX_NAME_BYTES];
    let upper = upper.get_mut(..name.len())?;
    upper.copy_from_slice(name);
    upper.make_ascii_uppercase();
    let place = TABLE.binary_search_by(|(known, ..)| known.as_bytes().cmp(upper)).ok()?;
    TABLE.get(place).map(|&(_, access, keys)| Command { access, keys })
}

use Access::{Read, Write};
use Keys::{Counted, EveryOther, First, FirstAndCounted, FirstTwo, From};

/// Ordered by name.
const TABLE: &[(&str, Access, Keys)] = &[
    ("APPEND", Write, First),
    ("BITCOUNT", Read, First),
    ("BITFIELD", Write, First),
    ("BITFIELD_RO", Read, First),
    ("BITOP", Write, From(2)),
    ("BITPOS", Read, First),
    ("DECR", Write, First),
    ("DECRBY", Write, First),
    ("DEL", Write, From(1)),
    ("EXISTS", Read, From(1)),
    ("EXPIRE", Write, First),
    ("EXPIREAT", Write, First),
    ("EXPIRETIME", Read, First),
    ("GEOADD", Write, First),
    ("GEODIST", Read, First),
    ("GEOHASH", Read, First),
    ("GEOPOS", Read, First),
    ("GEOSEARCH", Read, First),
    ("GEOSEARCHSTORE", Write, FirstTwo),
    ("GET", Read, First),
    ("GETBIT", Read, First),
    ("GETDEL", Write, First),
    ("GETEX", Write, First),
    ("GETRANGE", Read, First),
    ("GETSET", Write, First),
    ("HDEL", Write, First),
    ("HEXISTS", Read, First),
    ("HGET", Read, First),
    ("HGETALL", Read, First),
    ("HINCRBY", Write, First),
    ("HINCRBYFLOAT", Write, First),
    ("HKEYS", Read, First),
    ("HLEN", Read, First),
    ("HMGET", Read, First),
    ("HMSET", Write, First),
    ("HRANDFIELD", Read, First),
    ("HSCAN", Read, First),
    ("HSET", Write, First),
    ("HSETNX", Write, First),
    ("HSTRLEN", Read, First),
    ("HVALS", Read, First),
    ("INCR", Write, First),
    ("INCRBY", Write, First),
    ("INCRBYFLOAT", Write, First),
    ("LINDEX", Read, First),
    ("LINSERT", Write, First),
    ("LLEN", Read, First),
    ("LMOVE", Write, FirstTwo),
    ("LMPOP", Write, Counted(1)),
    ("LPOP", Write, First),
    ("LPOS", Read, First),
    ("LPUSH", Write, First),
    ("LPUSHX", Write, First),
    ("LRANGE", Read, First),
    ("LREM", Write, First),
    ("LSET", Write, First),
    ("LTRIM", Write, First),
    ("MGET", Read, From(1)),
    ("MSET", Write, EveryOther),
    ("MSETNX", Write, EveryOther),
    ("PERSIST", Write, First),
    ("PEXPIRE", Write, First),
    ("PEXPIREAT", Write, First),
    ("PEXPIRETIME", Read, First),
    ("PFADD", Write, First),
    ("PFCOUNT", Read, From(1)),
    ("PFMERGE", Write, From(1)),
    ("PING", Read, Keys::None),
    ("PSETEX", Write, First),
    ("PTTL", Read, First),
    ("RENAME", Write, FirstTwo),
    ("RENAMENX", Write, FirstTwo),
    ("RPOP", Write, First),
    ("RPOPLPUSH", Write, FirstTwo),
    ("RPUSH", Write, First),
    ("RPUSHX", Write, First),
    ("SADD", Write, First),
    ("SCARD", Read, First),
    ("SDIFF", Read, From(1)),
    ("SDIFFSTORE", Write, From(1)),
    ("SET", Write, First),
    ("SETBIT", Write, First),
    ("SETEX", Write, First),
    ("SETNX", Write, First),
    ("SETRANGE", Write, First),
    ("SINTER", Read, From(1)),
    ("SINTERCARD", Read, Counted(1)),
    ("SINTERSTORE", Write, From(1)),
    ("SISMEMBER", Read, First),
    ("SMEMBERS", Read, First),
    ("SMISMEMBER", Read, First),
    ("SMOVE", Write, FirstTwo),
    ("SPOP", Write, First),
    ("SRANDMEMBER", Read, First),
    ("SREM", Write, First),
    ("SSCAN", Read, First),
    ("STRLEN", Read, First),
    ("SUNION", Read, From(1)),
    ("SUNIONSTORE", Write, From(1)),
    ("TIME", Read, Keys::None),
    ("TOUCH", Write, From(1)),
    ("TTL", Read, First),
    ("TYPE", Read, First),
    ("UNLINK", Write, From(1)),
    ("XACK", Write, First),
    ("XADD", Write, First),
    ("XDEL", Write, First),
    ("XLEN", Read, First),
    ("XRANGE", Read, First),
    ("XREVRANGE", Read, First),
    ("XTRIM", Write, First),
    ("ZADD", Write, First),
    ("ZCARD", Read, First),
    ("ZCOUNT", Read, First),
    ("ZDIFF", Read, Counted(1)),
    ("ZDIFFSTORE", Write, FirstAndCounted),
    ("ZINCRBY", Write, First),
    ("ZINTER", Read, Counted(1)),
    ("ZINTERCARD", Read, Counted(1)),
    ("ZINTERSTORE", Write, FirstAndCounted),
    ("ZLEXCOUNT", Read, First),
    ("ZMPOP", Write, Counted(1)),
    ("ZMSCORE", Read, First),
    ("ZPOPMAX", Write, First),
    ("ZPOPMIN", Write, First),
    ("ZRANDMEMBER", Read, First),
    ("ZRANGE", Read, First),
    ("ZRANGEBYLEX", Read, First),
    ("ZRANGEBYSCORE", Read, First),
    ("ZRANGESTORE", Write, FirstTwo),
    ("ZRANK", Read, First),
    ("ZREM", Write, First),
    ("ZREMRANGEBYLEX", Write, First),
    ("ZREMRANGEBYRANK", Write, First),
    ("ZREMRANGEBYSCORE", Write, First),
    ("ZREVRANGE", Read, First),
    ("ZREVRANGEBYLEX", Read, First),
    ("ZREVRANGEBYSCORE", Read, First),
    ("ZREVRANK", Read, First),
    ("ZSCAN", Read, First),
    ("ZSCORE", Read, First),
    ("ZUNION", Read, Counted(1)),
    ("ZUNIONSTORE", Write, FirstAndCounted),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_ordered_and_has_no_name_twice() {
        for pair in TABLE.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{} before {}", pair[0].0, pair[1].0);
        }
        assert!(TABLE.iter().all(|(name, ..)| name.len() <= MAX_NAME_BYTES));
    }

    #[test]
    fn names_are_found_in_any_case() {
        assert_eq!(find(b"zUnionStore"), Some(Command { access: Write, keys: FirstAndCounted }));
        assert_eq!(find(b"get"), Some(Command { access: Read, keys: First }));
    }

    #[test]
    fn what_is_not_in_the_table_is_not_found() {
        for name in [
            "KEYS",
            "SCAN",
            "FLUSHALL",
            "FLUSHDB",
            "CONFIG",
            "SUBSCRIBE",
            "PUBLISH",
            "MULTI",
            "EXEC",
            "WATCH",
            "SELECT",
            "EVAL",
            "EVALSHA",
            "SCRIPT",
            "BLPOP",
            "SORT",
            "CLIENT",
            "ACL",
            "DEBUG",
            "MIGRATE",
            "XREAD",
            "SHUTDOWN",
            "",
            "GET ",
            "A_COMMAND_WHOSE_NAME_IS_LONGER_THAN_ANY",
        ] {
            assert_eq!(find(name.as_bytes()), None, "{name}");
        }
    }

    /// First key, last key (from the end where negative) and step, as `COMMAND INFO` has them.
    fn positions(keys: Keys) -> [i64; 3] {
        match keys {
            Keys::None | Counted(_) => [0, 0, 0],
            First | FirstAndCounted => [1, 1, 1],
            FirstTwo => [1, 2, 1],
            From(first) => [i64::try_from(first).unwrap(), -1, 1],
            EveryOther => [1, -1, 2],
        }
    }

    #[test]
    fn the_table_agrees_with_what_redis_says_of_itself() {
        let url =
            std::env::var("MCSP_TEST_REDIS_URL").expect("MCSP_TEST_REDIS_URL is not set: run scripts/test");
        let mut connection = redis::Client::open(url).unwrap().get_connection().unwrap();
        for &(name, access, keys) in TABLE {
            let mut command = redis::cmd("COMMAND");
            command.arg("INFO").arg(name);
            let [redis::Value::Array(info)] = command.query::<[redis::Value; 1]>(&mut connection).unwrap()
            else {
                panic!("redis does not know {name}");
            };
            let position = |at: usize| redis::from_redis_value::<i64>(info[at].clone()).unwrap();
            assert_eq!(positions(keys), [position(3), position(4), position(5)], "{name}");
            let flags: Vec<String> = redis::from_redis_value(info[2].clone()).unwrap();
            let has = |flag: &str| flags.iter().any(|known| known == flag);
            assert!(!has("admin") && !has("blocking") && !has("pubsub"), "{name}: {flags:?}");
            // A command that writes must never pass for one that may be repeated.
            assert!(access == Write || !has("write"), "{name}: {flags:?}");
        }
    }
}
