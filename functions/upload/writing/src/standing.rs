//! What of a file the store has: parts from the first on, and behind them a tail that is shorter than a part, which waits as an
//! object of its own.

use mcsp_object_store::{Place, StoreError};
use upload_bytes::{Uploads, place, prefix};
use upload_domain::{PartPlan, StoredPart, Upload};
use upload_lifecycle::list_all;

/// How much of a file is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub(crate) plan: PartPlan,
    /// The part that the next byte belongs to.
    pub(crate) part: u32,
    /// How many bytes of it are there.
    pub(crate) tail_bytes: u64,
}

impl Standing {
    /// Asks the store.
    pub async fn of(uploads: &Uploads, upload: &Upload, plan: PartPlan) -> Result<Self, StoreError> {
        let Some(multipart) = &upload.multipart else { return Ok(Standing { plan, part: 1, tail_bytes: 0 }) };
        let client = uploads.client();
        let stored = match list_all(&client, upload, multipart).await {
            Ok(stored) => stored,
            // Its parts were joined, all of them; or it was aborted, and nothing can be added.
            Err(StoreError::NoSuchUpload) if client.head(place(upload)).await?.is_some() => {
                return Ok(Standing { plan, part: plan.count() + 1, tail_bytes: 0 });
            }
            Err(error) => return Err(error),
        };
        let stored: Vec<_> = stored
            .iter()
            .map(|part| StoredPart { number: part.number, size_bytes: part.size_bytes })
            .collect();
        let part = plan.leading(&stored) + 1;
        let tail_bytes = match plan.size_of(part) {
            None => 0,
            Some(_) => {
                client.head(tail(upload, &tail_key(upload, part))).await?.map_or(0, |tail| tail.size_bytes)
            }
        };
        Ok(Standing { plan, part, tail_bytes })
    }

    /// Where the next byte belongs.
    pub fn offset(&self) -> u64 {
        self.plan.bytes_before(self.part) + self.tail_bytes
    }
}

/// The key of the tail that will be a part.
pub(crate) fn tail_key(upload: &Upload, part: u32) -> String {
    format!("{}tail/{part}", prefix(upload.id))
}

/// Where a tail is.
pub(crate) fn tail<'a>(upload: &'a Upload, key: &'a str) -> Place<'a> {
    Place { bucket: &upload.object.bucket, key }
}
