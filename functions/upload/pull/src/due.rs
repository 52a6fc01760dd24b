//! The timer by which more of a file is fetched.

use jiff::Timestamp;
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_events::{Timer, set_timer};
use mcsp_function::{Context, TraceParent};
use mcsp_ids::UploadId;
use serde::{Deserialize, Serialize};

/// The type of the timer's event.
pub(crate) const PULL_DUE: &str = "mcsp.upload.session.pull_due.v1";

/// That more of a file is to be fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PullDue {
    /// Of which upload.
    pub(crate) upload_id: UploadId,
}

/// Has more of a file fetched then.
pub(crate) fn pull_at(
    context: &Context,
    trace: &TraceParent,
    upload_id: UploadId,
    due_at: Timestamp,
) -> GuardedStatement {
    let timer = Timer {
        component: "upload-pull",
        service: "upload",
        happened: "session.pull_due",
        key: upload_id,
        due_at,
        data: PullDue { upload_id },
    };
    set_timer(context, trace, timer)
}
