//! The timer by which the store is cleared of an upload that nobody completed, and of what came too late.

use jiff::SignedDuration;
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_events::{Timer, set_timer};
use mcsp_function::{Context, TraceParent};
use mcsp_ids::UploadId;
use serde::{Deserialize, Serialize};
use upload_domain::Upload;

/// The type of the timer's event.
pub const SWEEP_DUE: &str = "mcsp.upload.session.sweep_due.v1";

/// The component that sweeps.
const SWEEPER: &str = "upload-pipeline";
/// How long after its end an upload is swept: what began to arrive at the last moment has arrived by then.
const SWEPT_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// That an upload's time is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepDue {
    /// Which.
    pub upload_id: UploadId,
    /// Where its objects are, for when the upload is forgotten by then.
    #[serde(default)]
    pub bucket: Option<String>,
}

/// Has the store cleared, some time after an upload's end, of all that nobody will want of it.
pub fn sweep_later(context: &Context, trace: &TraceParent, upload: &Upload) -> GuardedStatement {
    let timer = Timer {
        component: SWEEPER,
        service: "upload",
        happened: "session.sweep_due",
        key: upload.id,
        due_at: upload.expires_at + SWEPT_AFTER,
        data: SweepDue { upload_id: upload.id, bucket: Some(upload.object.bucket.clone()) },
    };
    set_timer(context, trace, timer)
}
