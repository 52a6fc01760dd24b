//! Parameters on their way to Postgres, in its binary format and always with their type.

use crate::error::Refusal;
use mcsp_bridge_api::postgres::{Statement, Value};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgTypeInfo};
use sqlx::{Arguments as _, AssertSqlSafe, Encode, Postgres, Type};
use uuid::Uuid;

/// Microseconds from the Unix epoch to Postgres', 2000-01-01.
pub(crate) const POSTGRES_EPOCH_US: i64 = 946_684_800_000_000;
/// Says how the binary format of `jsonb` is laid out; there is one way so far.
const JSONB_VERSION: u8 = 1;

/// `timestamptz`, in microseconds since the Unix epoch.
struct TimestampUs(i64);

impl Type<Postgres> for TimestampUs {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(1184))
    }
}

impl Encode<'_, Postgres> for TimestampUs {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let since = self.0.checked_sub(POSTGRES_EPOCH_US).ok_or("timestamp out of range")?;
        buffer.extend_from_slice(&since.to_be_bytes());
        Ok(IsNull::No)
    }
}

/// `jsonb`, as its text.
struct JsonText<'a>(&'a str);

impl Type<Postgres> for JsonText<'_> {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(3802))
    }
}

impl Encode<'_, Postgres> for JsonText<'_> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        buffer.push(JSONB_VERSION);
        buffer.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }
}

/// The text and the arguments of a statement.
///
/// sqlx keeps prepared statements by their text, yet what was prepared for a `bigint` misreads a
/// `timestamptz`. So the types become part of the text, in a comment.
pub(crate) fn bind(statement: &Statement) -> Result<(AssertSqlSafe<String>, PgArguments), Refusal> {
    let Statement { sql, parameters } = statement;
    let mut text = String::with_capacity(sql.len() + parameters.len() + "\n/**/".len());
    text.push_str(sql);
    let mut arguments = PgArguments::default();
    if !parameters.is_empty() {
        text.push_str("\n/*");
        text.extend(parameters.iter().map(signature));
        text.push_str("*/");
    }
    for value in parameters {
        add(&mut arguments, value)?;
    }
    Ok((AssertSqlSafe(text), arguments))
}

fn signature(value: &Value) -> char {
    match value {
        Value::Boolean(_) => 'b',
        Value::Int64(_) => 'i',
        Value::Float64(_) => 'f',
        Value::Text(_) => 't',
        Value::Bytes(_) => 'y',
        Value::Uuid(_) => 'u',
        Value::TimestampUs(_) => 'z',
        Value::Json(_) => 'j',
        Value::TextArray(_) => 'T',
        Value::Int64Array(_) => 'I',
        Value::UuidArray(_) => 'U',
    }
}

fn add(arguments: &mut PgArguments, value: &Value) -> Result<(), Refusal> {
    match value {
        Value::Boolean(v) => arguments.add(v),
        Value::Int64(v) => arguments.add(v),
        Value::Float64(v) => arguments.add(v),
        Value::Text(v) => arguments.add(v.as_deref()),
        Value::Bytes(v) => arguments.add(v.as_deref()),
        Value::Uuid(v) => arguments.add(v.as_deref().map(uuid).transpose()?),
        Value::TimestampUs(v) => arguments.add(v.map(TimestampUs)),
        Value::Json(v) => arguments.add(v.as_deref().map(JsonText)),
        Value::TextArray(v) => arguments.add(v.as_deref()),
        Value::Int64Array(v) => arguments.add(v.as_deref()),
        Value::UuidArray(v) => arguments.add(v.as_deref().map(uuids).transpose()?),
    }
    .map_err(|_| Refusal::MalformedParameter)
}

fn uuid(bytes: &[u8]) -> Result<Uuid, Refusal> {
    Uuid::from_slice(bytes).map_err(|_| Refusal::MalformedParameter)
}

fn uuids(all: &[Vec<u8>]) -> Result<Vec<Uuid>, Refusal> {
    all.iter().map(|bytes| uuid(bytes)).collect()
}
