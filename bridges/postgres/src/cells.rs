//! Rows on their way from Postgres, read from its binary format by the type of their column.

use crate::arguments::POSTGRES_EPOCH_US;
use crate::error::Refusal;
use mcsp_bridge_api::postgres::{RowSet, Value};
use sqlx::postgres::{PgRow, PgValueRef};
use sqlx::{Column as _, Row as _, ValueRef as _};

/// Rows that one statement may answer with.
pub const MAX_ANSWER_ROWS: usize = 10_000;
/// Bytes of all cells that one statement may answer with.
pub const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;

/// The types that `wit/postgres.wit` names. The numbers are Postgres' own, fixed in `pg_type.dat`.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Boolean,
    Int16,
    Int32,
    Int64,
    Float32,
    Float64,
    Text,
    Bytes,
    Uuid,
    Timestamp,
    Json,
    Jsonb,
    TextArray,
    Int64Array,
    UuidArray,
}

impl Kind {
    fn of(oid: u32) -> Result<Self, Refusal> {
        Ok(match oid {
            16 => Kind::Boolean,
            21 => Kind::Int16,
            23 => Kind::Int32,
            20 => Kind::Int64,
            700 => Kind::Float32,
            701 => Kind::Float64,
            25 | 1043 | 19 => Kind::Text,
            17 => Kind::Bytes,
            2950 => Kind::Uuid,
            1184 => Kind::Timestamp,
            114 => Kind::Json,
            3802 => Kind::Jsonb,
            1009 => Kind::TextArray,
            1016 => Kind::Int64Array,
            2951 => Kind::UuidArray,
            _ => return Err(Refusal::UnsupportedType),
        })
    }

    fn null(self) -> Value {
        match self {
            Kind::Boolean => Value::Boolean(None),
            Kind::Int16 | Kind::Int32 | Kind::Int64 => Value::Int64(None),
            Kind::Float32 | Kind::Float64 => Value::Float64(None),
            Kind::Text => Value::Text(None),
            Kind::Bytes => Value::Bytes(None),
            Kind::Uuid => Value::Uuid(None),
            Kind::Timestamp => Value::TimestampUs(None),
            Kind::Json | Kind::Jsonb => Value::Json(None),
            Kind::TextArray => Value::TextArray(None),
            Kind::Int64Array => Value::Int64Array(None),
            Kind::UuidArray => Value::UuidArray(None),
        }
    }

    fn read(self, bytes: &[u8]) -> Option<Value> {
        Some(match self {
            Kind::Boolean => Value::Boolean(Some(*bytes.first()? != 0)),
            Kind::Int16 => Value::Int64(Some(i16::from_be_bytes(bytes.try_into().ok()?).into())),
            Kind::Int32 => Value::Int64(Some(i32::from_be_bytes(bytes.try_into().ok()?).into())),
            Kind::Int64 => Value::Int64(Some(i64::from_be_bytes(bytes.try_into().ok()?))),
            Kind::Float32 => Value::Float64(Some(f32::from_be_bytes(bytes.try_into().ok()?).into())),
            Kind::Float64 => Value::Float64(Some(f64::from_be_bytes(bytes.try_into().ok()?))),
            Kind::Text => Value::Text(Some(text(bytes)?)),
            Kind::Bytes => Value::Bytes(Some(bytes.to_vec())),
            Kind::Uuid => Value::Uuid(Some(bytes.to_vec())),
            Kind::Timestamp => {
                let since = i64::from_be_bytes(bytes.try_into().ok()?);
                // `infinity` is the greatest number, and no point in time.
                Value::TimestampUs(Some(since.checked_add(POSTGRES_EPOCH_US)?))
            }
            Kind::Json => Value::Json(Some(text(bytes)?)),
            Kind::Jsonb => Value::Json(Some(text(bytes.get(1..)?)?)),
            Kind::TextArray => Value::TextArray(Some(array(bytes, text)?)),
            Kind::Int64Array => {
                Value::Int64Array(Some(array(bytes, |b| Some(i64::from_be_bytes(b.try_into().ok()?)))?))
            }
            Kind::UuidArray => Value::UuidArray(Some(array(bytes, |b| Some(b.to_vec()))?)),
        })
    }
}

fn text(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().map(str::to_owned)
}

/// One dimension without nulls: dimensions, a flag for nulls, the element's type, then per dimension its
/// length and first index, then the elements with their lengths.
fn array<T>(bytes: &[u8], read: impl Fn(&[u8]) -> Option<T>) -> Option<Vec<T>> {
    let mut rest = bytes;
    let dimensions = take_i32(&mut rest)?;
    let (_has_nulls, _element_type) = (take_i32(&mut rest)?, take_i32(&mut rest)?);
    if dimensions == 0 {
        return Some(Vec::new());
    }
    if dimensions != 1 {
        return None;
    }
    let length = usize::try_from(take_i32(&mut rest)?).ok()?;
    take_i32(&mut rest)?;
    let mut all = Vec::with_capacity(length.min(rest.len()));
    for _ in 0..length {
        let size = usize::try_from(take_i32(&mut rest)?).ok()?;
        let (element, after) = rest.split_at_checked(size)?;
        all.push(read(element)?);
        rest = after;
    }
    Some(all)
}

fn take_i32(bytes: &mut &[u8]) -> Option<i32> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    *bytes = rest;
    Some(i32::from_be_bytes(*number))
}

/// Gathers the rows of one statement, within the bounds.
#[derive(Default)]
pub(crate) struct Answer {
    kinds: Vec<Kind>,
    cells: Vec<Value>,
    rows: usize,
    bytes: usize,
}

impl Answer {
    pub(crate) fn push(&mut self, row: &PgRow) -> Result<(), Refusal> {
        if self.rows == 0 {
            let oid = |column: &sqlx::postgres::PgColumn| column.type_info().oid().map_or(0, |oid| oid.0);
            self.kinds = row.columns().iter().map(|c| Kind::of(oid(c))).collect::<Result<_, _>>()?;
        }
        self.rows += 1;
        if self.rows > MAX_ANSWER_ROWS {
            return Err(Refusal::AnswerTooLarge);
        }
        for (index, kind) in self.kinds.iter().enumerate() {
            let cell: PgValueRef<'_> = row.try_get_raw(index).map_err(|_| Refusal::UnsupportedType)?;
            if cell.is_null() {
                self.cells.push(kind.null());
                continue;
            }
            let bytes = cell.as_bytes().map_err(|_| Refusal::UnsupportedType)?;
            self.bytes += bytes.len();
            if self.bytes > MAX_ANSWER_BYTES {
                return Err(Refusal::AnswerTooLarge);
            }
            self.cells.push(kind.read(bytes).ok_or(Refusal::UnsupportedType)?);
        }
        Ok(())
    }

    pub(crate) fn finish(self, affected: u64) -> RowSet {
        let width = u32::try_from(self.kinds.len()).unwrap_or(u32::MAX);
        RowSet { width, cells: self.cells, affected }
    }
}
