//! Statements and rows, readable: how storage modules build the one and take the other apart.

use crate::postgres::{GuardedStatement, RowSet, Statement, Value};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// Begins a statement.
///
/// ```
/// use mcsp_bridge_api::sql::sql;
/// let publish = sql("UPDATE videos SET state = 'published' WHERE id = $1 AND version = $2")
///     .bind(uuid::Uuid::nil())
///     .bind(4_i64)
///     .expecting(1);
/// assert_eq!(publish.expected_rows, Some(1));
/// ```
pub fn sql(text: &str) -> Sql {
    Sql(Statement { sql: text.to_owned(), parameters: Vec::new() })
}

/// For a transaction: lets nobody else get past the same statement until the transaction ends. What is locked is a name, such as
/// `video`, and an id or a text, whether or not there is a row of it. Two names with the same hash wait for each other, and no more.
pub fn exclusively(name: &'static str, id: impl Into<Value>) -> GuardedStatement {
    // A row, so that it can be expected: the function gives nothing.
    sql("SELECT pg_advisory_xact_lock(hashtextextended($2 || ' ' || $1::text, 0)) IS NULL")
        .bind(id)
        .bind(name)
        .expecting(1)
}

/// A statement under construction.
#[derive(Clone, Debug)]
pub struct Sql(Statement);

impl Sql {
    /// Gives the next parameter: `$1`, then `$2`, …
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.0.parameters.push(value.into());
        self
    }

    /// For a transaction: the statement must touch exactly this many rows, or all is rolled back.
    pub fn expecting(self, rows: u64) -> GuardedStatement {
        GuardedStatement { statement: self.0, expected_rows: Some(rows) }
    }

    /// For a transaction: any number of rows will do.
    pub fn unguarded(self) -> GuardedStatement {
        GuardedStatement { statement: self.0, expected_rows: None }
    }
}

impl From<Sql> for Statement {
    fn from(sql: Sql) -> Self {
        sql.0
    }
}

/// A JSON document as parameter or cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Json<T>(pub T);

macro_rules! parameters {
    ($($rust:ty => $case:ident via $convert:expr;)*) => {$(
        impl From<$rust> for Value {
            fn from(value: $rust) -> Self {
                Value::$case(Some($convert(value)))
            }
        }
        impl From<Option<$rust>> for Value {
            fn from(value: Option<$rust>) -> Self {
                Value::$case(value.map($convert))
            }
        }
    )*};
}

parameters! {
    bool => Boolean via |v| v;
    i64 => Int64 via |v| v;
    i32 => Int64 via i64::from;
    u32 => Int64 via i64::from;
    f64 => Float64 via |v| v;
    String => Text via |v| v;
    &str => Text via str::to_owned;
    Vec<u8> => Bytes via |v| v;
    Uuid => Uuid via |v: Uuid| v.as_bytes().to_vec();
    Timestamp => TimestampUs via Timestamp::as_microsecond;
    Vec<String> => TextArray via |v| v;
    Vec<i64> => Int64Array via |v| v;
    Vec<Uuid> => UuidArray via |v: Vec<Uuid>| v.iter().map(|u| u.as_bytes().to_vec()).collect();
    serde_json::Value => Json via |v: serde_json::Value| v.to_string();
}

/// A cell that did not hold what its column should: a row that should not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("inconsistent row {row} of `{table}`: column `{column}`")]
pub struct Inconsistency {
    /// What was read, as the storage module names it.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The row's index in the answer, from 0.
    pub row: usize,
}

/// What a cell can be read as.
pub trait FromValue: Sized {
    /// None where the cell holds something else.
    fn from_value(value: Value) -> Option<Self>;
}

macro_rules! cells {
    ($($rust:ty => $case:ident via $convert:expr;)*) => {$(
        impl FromValue for $rust {
            fn from_value(value: Value) -> Option<Self> {
                match value {
                    Value::$case(Some(v)) => $convert(v),
                    _ => None,
                }
            }
        }
        impl FromValue for Option<$rust> {
            fn from_value(value: Value) -> Option<Self> {
                match value {
                    Value::$case(Some(v)) => $convert(v).map(Some),
                    Value::$case(None) => Some(None),
                    _ => None,
                }
            }
        }
    )*};
}

cells! {
    bool => Boolean via Some;
    i64 => Int64 via Some;
    u64 => Int64 via |v: i64| u64::try_from(v).ok();
    u32 => Int64 via |v: i64| u32::try_from(v).ok();
    f64 => Float64 via Some;
    String => Text via Some;
    Vec<u8> => Bytes via Some;
    Uuid => Uuid via |v: Vec<u8>| Uuid::from_slice(&v).ok();
    Timestamp => TimestampUs via |v: i64| Timestamp::from_microsecond(v).ok();
    Vec<String> => TextArray via Some;
    Vec<i64> => Int64Array via Some;
}

impl<T: DeserializeOwned> FromValue for Json<T> {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Json(Some(text)) => serde_json::from_str(&text).ok().map(Json),
            _ => None,
        }
    }
}

impl<T: DeserializeOwned> FromValue for Option<Json<T>> {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Json(Some(text)) => serde_json::from_str(&text).ok().map(|v| Some(Json(v))),
            Value::Json(None) => Some(None),
            _ => None,
        }
    }
}

/// The rows of an answer, read column by column in the order of the statement.
#[derive(Debug)]
pub struct Rows {
    table: &'static str,
    width: usize,
    cells: std::vec::IntoIter<Value>,
    row: usize,
}

impl Rows {
    /// `table` names what was read, for the error of a row that should not exist.
    pub fn new(table: &'static str, set: RowSet) -> Self {
        Rows { table, width: set.width as usize, cells: set.cells.into_iter(), row: 0 }
    }

    /// Reads every row.
    pub fn map<T>(
        mut self,
        mut read: impl FnMut(&mut Row<'_>) -> Result<T, Inconsistency>,
    ) -> Result<Vec<T>, Inconsistency> {
        let mut all = Vec::with_capacity(self.cells.len().checked_div(self.width).unwrap_or(0));
        while let Some(value) = self.step(&mut read)? {
            all.push(value);
        }
        Ok(all)
    }

    /// Reads the first row, where there is one.
    pub fn first<T>(
        mut self,
        mut read: impl FnMut(&mut Row<'_>) -> Result<T, Inconsistency>,
    ) -> Result<Option<T>, Inconsistency> {
        self.step(&mut read)
    }

    fn step<T>(
        &mut self,
        read: &mut impl FnMut(&mut Row<'_>) -> Result<T, Inconsistency>,
    ) -> Result<Option<T>, Inconsistency> {
        if self.width == 0 || self.cells.len() < self.width {
            return Ok(None);
        }
        let remaining_after = self.cells.len() - self.width;
        let mut row = Row { table: self.table, row: self.row, left: self.width, cells: &mut self.cells };
        let value = read(&mut row)?;
        while self.cells.len() > remaining_after {
            self.cells.next();
        }
        self.row += 1;
        Ok(Some(value))
    }
}

/// One row, read from left to right.
#[derive(Debug)]
pub struct Row<'a> {
    table: &'static str,
    row: usize,
    left: usize,
    cells: &'a mut std::vec::IntoIter<Value>,
}

impl Row<'_> {
    /// Takes the next cell. `column` is its name in the statement.
    pub fn take<T: FromValue>(&mut self, column: &'static str) -> Result<T, Inconsistency> {
        let cell = if self.left == 0 { None } else { self.cells.next() };
        self.left = self.left.saturating_sub(1);
        cell.and_then(T::from_value).ok_or(Inconsistency { table: self.table, column, row: self.row })
    }

    /// Takes the next cell and parses it, where parsing can fail: an enum's name, a typed value.
    pub fn parse<T: FromValue, U>(
        &mut self,
        column: &'static str,
        parse: impl FnOnce(T) -> Option<U>,
    ) -> Result<U, Inconsistency> {
        let cell = self.take(column)?;
        parse(cell).ok_or(Inconsistency { table: self.table, column, row: self.row })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_rows() -> RowSet {
        RowSet {
            width: 2,
            cells: vec![
                Value::Int64(Some(1)),
                Value::Text(Some("a".into())),
                Value::Int64(Some(2)),
                Value::Text(None),
            ],
            affected: 2,
        }
    }

    #[test]
    fn rows_are_read_in_order_and_unread_cells_are_skipped() {
        let ids: Vec<i64> = Rows::new("t", two_rows()).map(|row| row.take("id")).unwrap();
        assert_eq!(ids, [1, 2]);
    }

    #[test]
    fn a_null_in_a_mandatory_column_names_its_place() {
        let error = Rows::new("videos", two_rows())
            .map(|row| Ok((row.take::<i64>("id")?, row.take::<String>("title")?)))
            .unwrap_err();
        assert_eq!(error, Inconsistency { table: "videos", column: "title", row: 1 });
    }

    #[test]
    fn a_row_cannot_be_read_past_its_end() {
        let error = Rows::new("t", two_rows())
            .first(|row| {
                row.take::<i64>("id")?;
                row.take::<Option<String>>("title")?;
                row.take::<i64>("next row's id")
            })
            .unwrap_err();
        assert_eq!(error.row, 0);
    }
}
