//! The right to write to an upload: one request has it at a time.
//!
//! It is kept from time to time, and before anything is sent to the store. Such a call has a deadline that is far shorter than
//! what is left of the right then, so that nothing of one request reaches the store once another may write.

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use mcsp_function::Context;
use mcsp_ids::{Event, UploadId};
use mcsp_problem::Problem;
use upload_storage::{free_writer, keep_writer, take_writer};
use uuid::Uuid;

/// How long it is held. A request whose instance has died keeps others waiting for so long.
const HELD_FOR: SignedDuration = SignedDuration::from_secs(60);
/// What has to be left of it, at least, where something is sent.
const KEPT_EVERY: SignedDuration = SignedDuration::from_secs(10);

/// The right to write.
pub struct Lease<'a> {
    context: &'a Context,
    upload: UploadId,
    writer: Uuid,
    kept_at: Timestamp,
}

impl<'a> Lease<'a> {
    /// 423 `upload_locked` while another request has it.
    pub async fn take(context: &'a Context, upload: UploadId) -> Result<Self, Problem> {
        let writer = context.new_id::<Event>().uuid();
        let kept_at = context.now();
        if take_writer(context, upload, writer, kept_at + HELD_FOR).await? {
            Ok(Lease { context, upload, writer, kept_at })
        } else {
            Err(locked())
        }
    }

    /// To be called before each write. 423 where another request has it by now.
    pub async fn keep(&mut self) -> Result<(), Problem> {
        let now = self.context.now();
        if now < self.kept_at + KEPT_EVERY {
            return Ok(());
        }
        if !keep_writer(self.context, self.upload, self.writer, now + HELD_FOR).await? {
            return Err(locked());
        }
        self.kept_at = now;
        Ok(())
    }

    /// Lets others write. Where this fails they wait until it runs out.
    pub async fn free(self) {
        drop(free_writer(self.context, self.upload, self.writer).await);
    }
}

/// 423 `upload_locked`.
pub fn locked() -> Problem {
    Problem::new(StatusCode::LOCKED, "upload_locked", "another request is writing to this upload")
        .retry_after_s(1)
}
