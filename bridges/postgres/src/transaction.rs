//! One transaction: the inbox, the statements with their guards, the outbox, all or nothing.

use crate::arguments::bind;
use crate::cells::Answer;
use crate::connections::Lease;
use crate::error::{Refusal, failure_of, leaves_connection_usable, transact_error_of};
use crate::statements::check_statement;
use futures::TryStreamExt;
use mcsp_bridge_api::Failure;
use mcsp_bridge_api::kafka::{Event, MAX_EVENT_BYTES};
use mcsp_bridge_api::postgres::{
    GuardedStatement, RowMismatch, RowSet, Statement, TransactError, Transaction,
};
use sqlx::postgres::{PgArguments, PgConnection};
use sqlx::{AssertSqlSafe, Either, Executor};

/// Statements of one transaction.
pub const MAX_STATEMENTS: usize = 128;
/// Events of one transaction.
pub const MAX_EVENTS: usize = 1_000;

const BEGIN: &str = "BEGIN READ WRITE";
const RECORD_CONSUMED: &str =
    "INSERT INTO inbox (component, event_id) VALUES ($1, $2) ON CONFLICT (component, event_id) DO NOTHING";
const RECORD_PRODUCED: &str = "INSERT INTO outbox (topic, key, event_id, type, source, time_us, traceparent, data, tracestate) \
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], \
                          $7::text[], $8::bytea[], $9::text[])";

/// Refuses what is malformed before anything is sent.
pub(crate) fn check(transaction: &Transaction) -> Result<(), Refusal> {
    if transaction.statements.len() > MAX_STATEMENTS {
        return Err(Refusal::TooManyStatements);
    }
    if transaction.events.len() > MAX_EVENTS {
        return Err(Refusal::TooManyEvents);
    }
    if transaction.events.iter().any(|event| event.bytes() > MAX_EVENT_BYTES) {
        return Err(Refusal::EventTooLarge);
    }
    transaction.statements.iter().try_for_each(|guarded| check_statement(&guarded.statement.sql))
}

/// Runs a checked transaction on a lent connection, and gives the connection back where that is possible.
pub(crate) async fn run(
    mut lease: Lease,
    component: &str,
    transaction: &Transaction,
) -> Result<Vec<RowSet>, TransactError> {
    lease.begin();
    let result = run_open(lease.connection().map_err(TransactError::Failed)?, component, transaction).await;
    match result {
        Ok(answers) => {
            lease.give_back();
            Ok(answers)
        }
        Err(End { error, usable: true }) => {
            let connection = lease.connection().map_err(TransactError::Failed)?;
            match connection.execute("ROLLBACK").await {
                Ok(_) => lease.give_back(),
                Err(_) => lease.close(),
            }
            Err(error)
        }
        Err(End { error, usable: false }) => {
            lease.close();
            Err(error)
        }
    }
}

/// Why a transaction ended before its commit.
struct End {
    error: TransactError,
    /// Whether the connection can serve again.
    usable: bool,
}

impl End {
    fn clean(error: TransactError) -> Self {
        End { error, usable: true }
    }

    fn of(error: &sqlx::Error, statement: u32) -> Self {
        End { error: transact_error_of(error, statement), usable: leaves_connection_usable(error) }
    }
}

async fn run_open(
    connection: &mut PgConnection,
    component: &str,
    transaction: &Transaction,
) -> Result<Vec<RowSet>, End> {
    let Transaction { consumed_event, statements, events } = transaction;
    let last = u32::try_from(statements.len().saturating_sub(1)).unwrap_or(u32::MAX);
    connection.execute(BEGIN).await.map_err(|error| End::of(&error, 0))?;
    if let Some(event_id) = consumed_event {
        let recorded = sqlx::query(RECORD_CONSUMED).bind(component).bind(event_id).execute(&mut *connection);
        if recorded.await.map_err(|error| End::of(&error, 0))?.rows_affected() == 0 {
            return Err(End::clean(TransactError::DuplicateEvent));
        }
    }
    let mut answers = Vec::with_capacity(statements.len());
    for (index, guarded) in (0_u32..).zip(statements) {
        answers.push(run_guarded(connection, index, guarded).await?);
    }
    if !events.is_empty() {
        record_produced(connection, events).await.map_err(|error| End::of(&error, last))?;
    }
    connection.execute("COMMIT").await.map_err(|error| End::of(&error, last))?;
    Ok(answers)
}

async fn run_guarded(
    connection: &mut PgConnection,
    index: u32,
    guarded: &GuardedStatement,
) -> Result<RowSet, End> {
    let answer = match fetch(connection, &guarded.statement).await {
        Ok(answer) => answer,
        Err(FetchError::Postgres(error)) => return Err(End::of(&error, index)),
        Err(FetchError::Refused(refusal)) => {
            return Err(End { error: TransactError::Failed(refusal.into()), usable: false });
        }
    };
    match guarded.expected_rows {
        Some(expected) if expected != answer.affected => {
            let mismatch = RowMismatch { statement: index, actual_rows: answer.affected };
            Err(End::clean(TransactError::UnexpectedRows(mismatch)))
        }
        _ => Ok(answer),
    }
}

async fn record_produced(connection: &mut PgConnection, events: &[Event]) -> Result<(), sqlx::Error> {
    sqlx::query(RECORD_PRODUCED)
        .bind(column(events, |e| e.topic.as_str()))
        .bind(column(events, |e| e.key.as_str()))
        .bind(column(events, |e| e.id.as_str()))
        .bind(column(events, |e| e.type_.as_str()))
        .bind(column(events, |e| e.source.as_str()))
        .bind(column(events, |e| e.time_us))
        .bind(column(events, |e| e.traceparent.as_deref()))
        .bind(column(events, |e| e.data.as_slice()))
        .bind(column(events, |e| e.tracestate.as_deref()))
        .execute(connection)
        .await?;
    Ok(())
}

fn column<'a, T>(events: &'a [Event], cell: impl Fn(&'a Event) -> T) -> Vec<T> {
    events.iter().map(cell).collect()
}

/// Why a statement gave no answer.
pub(crate) enum FetchError {
    Postgres(sqlx::Error),
    /// The bridge stopped reading, so the connection still has rows under way.
    Refused(Refusal),
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Postgres(error) => failure_of(&error),
            FetchError::Refused(refusal) => refusal.into(),
        }
    }
}

/// Runs one statement.
pub(crate) async fn fetch(
    connection: &mut PgConnection,
    statement: &Statement,
) -> Result<RowSet, FetchError> {
    let (sql, arguments): (AssertSqlSafe<String>, PgArguments) =
        bind(statement).map_err(FetchError::Refused)?;
    let mut answer = Answer::default();
    let mut affected = 0;
    let mut results = connection.fetch_many(sqlx::query_with(sql, arguments));
    while let Some(result) = results.try_next().await.map_err(FetchError::Postgres)? {
        match result {
            Either::Left(done) => affected += done.rows_affected(),
            Either::Right(row) => answer.push(&row).map_err(FetchError::Refused)?,
        }
    }
    Ok(answer.finish(affected))
}
