//! From the types of RESP2 and RESP3 to those of the bridge.

use mcsp_bridge_api::redis::Reply;
use redis::Value;

/// One answer. Nested arrays, and the pairs of maps, are laid out one after the other, as RESP2 does with
/// maps; booleans are 0 and 1; doubles, big numbers and texts are their text.
pub(crate) fn from_value(value: Value) -> Reply {
    match value {
        Value::Nil => Reply::Nil,
        Value::Okay => Reply::Okay,
        Value::Int(number) => Reply::Integer(number),
        Value::Boolean(truth) => Reply::Integer(i64::from(truth)),
        Value::ServerError(error) => Reply::Error(error.code().to_owned()),
        Value::Attribute { data, .. } => from_value(*data),
        Value::BulkString(bytes) | Value::BigNumber(bytes) => Reply::Bulk(bytes),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => Reply::Bulk(text.into_bytes()),
        Value::Double(number) => Reply::Bulk(number.to_string().into_bytes()),
        nested @ (Value::Array(_) | Value::Set(_) | Value::Map(_) | Value::Push { .. }) => {
            let mut items = Vec::new();
            lay_out(nested, &mut items);
            Reply::Array(items)
        }
        // `Value` may grow. A type that is not known here is no answer that a function could read.
        _ => Reply::Error("UNKNOWNTYPE".to_owned()),
    }
}

/// The depth is bounded by the parser of the protocol.
fn lay_out(value: Value, items: &mut Vec<Option<Vec<u8>>>) {
    match value {
        Value::Array(values) | Value::Set(values) | Value::Push { data: values, .. } => {
            values.into_iter().for_each(|value| lay_out(value, items));
        }
        Value::Map(pairs) => pairs.into_iter().for_each(|(key, value)| {
            lay_out(key, items);
            lay_out(value, items);
        }),
        single => items.push(match from_value(single) {
            Reply::Nil => None,
            Reply::Okay => Some(b"OK".to_vec()),
            Reply::Integer(number) => Some(number.to_string().into_bytes()),
            Reply::Bulk(bytes) => Some(bytes),
            Reply::Error(code) => Some(code.into_bytes()),
            // An attribute around an array: the only single value that holds several.
            Reply::Array(several) => return items.extend(several),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bulk(text: &str) -> Value {
        Value::BulkString(text.into())
    }

    fn array(items: &[&str]) -> Reply {
        Reply::Array(items.iter().map(|item| Some(item.as_bytes().to_vec())).collect())
    }

    #[test]
    fn every_type_has_its_reply() {
        for (value, reply) in [
            (Value::Nil, Reply::Nil),
            (Value::Okay, Reply::Okay),
            (Value::Int(-7), Reply::Integer(-7)),
            (Value::Boolean(true), Reply::Integer(1)),
            (bulk("x"), Reply::Bulk(b"x".to_vec())),
            (Value::SimpleString("PONG".into()), Reply::Bulk(b"PONG".to_vec())),
            (Value::Double(1.5), Reply::Bulk(b"1.5".to_vec())),
            (Value::BigNumber(b"123".to_vec()), Reply::Bulk(b"123".to_vec())),
            (Value::Array(vec![bulk("a"), Value::Int(2)]), array(&["a", "2"])),
            (Value::Array(vec![]), Reply::Array(vec![])),
            (Value::Array(vec![Value::Nil]), Reply::Array(vec![None])),
            (Value::Set(vec![bulk("a")]), array(&["a"])),
            (
                Value::Map(vec![(bulk("k"), bulk("v")), (bulk("l"), Value::Int(1))]),
                array(&["k", "v", "l", "1"]),
            ),
            (
                Value::Array(vec![bulk("0"), Value::Array(vec![bulk("f"), bulk("v")])]),
                array(&["0", "f", "v"]),
            ),
            (Value::Attribute { data: Box::new(Value::Int(1)), attributes: vec![] }, Reply::Integer(1)),
        ] {
            assert_eq!(from_value(value.clone()), reply, "{value:?}");
        }
    }
}
