//! Between the engine's types and the port's. Both are generated from the same WIT; values move, nothing is
//! copied or encoded.

use super::bindings::functions::mcsp::bridge as wit;
use mcsp_bridge_api as port;

pub(super) fn convert<A: Into<B>, B>(value: A) -> B {
    value.into()
}

pub(super) fn convert_all<A: Into<B>, B>(values: Vec<A>) -> Vec<B> {
    values.into_iter().map(Into::into).collect()
}

/// Records: the fields that are moved, then those that are converted, then lists of converted ones.
macro_rules! record {
    ($from:ty => $to:path { $($moved:ident),* $(; $($converted:ident),* $(; $($list:ident),*)?)? }) => {
        impl From<$from> for $to {
            fn from(value: $from) -> Self {
                Self {
                    $($moved: value.$moved,)*
                    $($($converted: value.$converted.into(),)* $($($list: convert_all(value.$list),)*)?)?
                }
            }
        }
    };
}

/// Enums and variants: cases without a payload, then those whose payload is moved, then those whose
/// payload is converted.
macro_rules! variant {
    ($from:path => $to:path { $($bare:ident),* ; $($moved:ident),* ; $($converted:ident),* }) => {
        impl From<$from> for $to {
            fn from(value: $from) -> Self {
                use $from as From_;
                match value {
                    $(From_::$bare => Self::$bare,)*
                    $(From_::$moved(payload) => Self::$moved(payload),)*
                    $(From_::$converted(payload) => Self::$converted(payload.into()),)*
                }
            }
        }
    };
}

variant!(port::Failure => wit::failures::Failure {
    Overloaded, DeadlineExceeded, Unreachable; BreakerOpen, NotGranted, Refused;
});

record!(wit::kafka::Event => port::kafka::Event {
    topic, key, id, type_, source, time_us, traceparent, data, tracestate
});
variant!(wit::kafka::Acknowledgement => port::kafka::Acknowledgement { Enqueued, Replicated; ; });

variant!(wit::postgres::Value => port::postgres::Value {
    ; Boolean, Int64, Float64, Text, Bytes, Uuid, TimestampUs, Json, TextArray, Int64Array, UuidArray;
});
variant!(port::postgres::Value => wit::postgres::Value {
    ; Boolean, Int64, Float64, Text, Bytes, Uuid, TimestampUs, Json, TextArray, Int64Array, UuidArray;
});
record!(wit::postgres::Statement => port::postgres::Statement { sql; ; parameters });
record!(wit::postgres::GuardedStatement => port::postgres::GuardedStatement { expected_rows; statement });
record!(wit::postgres::Transaction => port::postgres::Transaction { consumed_event; ; statements, events });
record!(port::postgres::RowSet => wit::postgres::RowSet { width, affected; ; cells });
record!(port::postgres::RowMismatch => wit::postgres::RowMismatch { statement, actual_rows });
record!(port::postgres::Violation => wit::postgres::Violation { statement, constraint });
variant!(port::postgres::TransactError => wit::postgres::TransactError {
    DuplicateEvent, Conflict; ; UnexpectedRows, ConstraintViolated, Failed
});

record!(wit::redis::Script => port::redis::Script { source, keys, arguments });
variant!(wit::redis::Operation => port::redis::Operation { ; Command; RunScript });
variant!(port::redis::Reply => wit::redis::Reply { Nil, Okay; Integer, Bulk, Array, Error; });

variant!(wit::memory::Condition => port::memory::Condition { Always, Absent; Unchanged; });
record!(wit::memory::Deposit => port::memory::Deposit { key, value, ttl_ms; condition });
record!(wit::memory::Removal => port::memory::Removal { key, version });
record!(wit::memory::Listing => port::memory::Listing { prefix, limit });
variant!(wit::memory::Step => port::memory::Step { ; Recall; Keep, Forget, Held });
record!(port::memory::Entry => wit::memory::Entry { key, value, version, age_ms, held });
impl From<port::memory::Outcome> for wit::memory::Outcome {
    fn from(outcome: port::memory::Outcome) -> Self {
        match outcome {
            port::memory::Outcome::Entries(entries) => Self::Entries(convert_all(entries)),
            port::memory::Outcome::Done(done) => Self::Done(done),
        }
    }
}

record!(wit::services::Request => port::services::Request {
    target, method, path, headers, body, idempotent, deadline_ms
});
record!(port::services::Response => wit::services::Response { status, headers, body, stale_ms });

variant!(port::passwords::Verdict => wit::passwords::Verdict { Wrong, Right, RightButOutdated; ; });

variant!(wit::limits::Subject => port::limits::Subject { ; User, Client, Address, Proof; });
record!(port::limits::Standing => wit::limits::Standing { wait_ms, quota, window_ms, remaining, reset_ms });
