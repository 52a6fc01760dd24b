//! Bytes on their way into the parts of a file, of which one is held at a time.

use crate::lease::Lease;
use crate::standing::{Standing, tail, tail_key};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mcsp_object_store::StoreError;
use mcsp_problem::Problem;
use sha2::{Digest, Sha256};
use upload_bytes::{Uploads, place, unavailable};
use upload_domain::{Multipart, PartPlan, Refused, Upload};
use upload_lifecycle::refused;

/// How much of a tail is read at once.
const READ_BYTES: u64 = 1 << 20;

/// Puts what it is given behind what is there.
pub struct Writer<'u, 'l, 'c> {
    uploads: &'u Uploads,
    upload: &'u Upload,
    multipart: &'u Multipart,
    plan: PartPlan,
    lease: &'l mut Lease<'c>,
    /// The part that the next byte belongs to.
    part: u32,
    /// What there is of it.
    held: Vec<u8>,
    /// How much of that the store has.
    tail_bytes: usize,
}

impl<'u, 'l, 'c> Writer<'u, 'l, 'c> {
    /// Goes on from where the file stands.
    pub async fn behind(
        standing: Standing,
        (uploads, upload, multipart): (&'u Uploads, &'u Upload, &'u Multipart),
        lease: &'l mut Lease<'c>,
    ) -> Result<Self, Problem> {
        let Standing { plan, part, tail_bytes } = standing;
        let mut held = Vec::new();
        let key = tail_key(upload, part);
        while (held.len() as u64) < tail_bytes {
            let from = held.len() as u64;
            let count = READ_BYTES.min(tail_bytes - from);
            let bytes = uploads.client().bytes(tail(upload, &key), from, count).await.map_err(failed)?;
            if bytes.is_empty() {
                return Err(failed(StoreError::Unreadable));
            }
            held.extend(bytes);
        }
        let tail_bytes = held.len();
        Ok(Writer { uploads, upload, multipart, plan, lease, part, held, tail_bytes })
    }

    /// How many bytes of the file are still to come.
    pub fn left(&self) -> u64 {
        self.upload.file.size_bytes - self.offset()
    }

    /// Where the next byte belongs.
    pub fn offset(&self) -> u64 {
        self.plan.bytes_before(self.part) + self.held.len() as u64
    }

    /// Takes bytes, no more than are to come, and sends each part that is whole.
    pub async fn take(&mut self, mut bytes: &[u8]) -> Result<(), Problem> {
        self.lease.keep().await?;
        while let Some(room) = self.room().filter(|_| !bytes.is_empty()) {
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            if self.held.is_empty() {
                self.held.reserve_exact(room);
            }
            self.held.extend_from_slice(now);
            if now.len() == room {
                self.send_part().await?;
            }
            bytes = later;
        }
        Ok(())
    }

    /// Lets what is not yet a part wait at the store, and gives the offset.
    pub async fn finish(mut self) -> Result<u64, Problem> {
        let offset = self.offset();
        if self.held.len() > self.tail_bytes {
            self.lease.keep().await?;
            let key = tail_key(self.upload, self.part);
            let (client, content_type) = (self.uploads.client(), self.upload.file.content_type.as_str());
            let held = std::mem::take(&mut self.held);
            client.put(tail(self.upload, &key), content_type, held).await.map_err(failed)?;
        }
        Ok(offset)
    }

    /// How much of the part is missing; none where all parts are there.
    fn room(&self) -> Option<usize> {
        let size = usize::try_from(self.plan.size_of(self.part)?).ok()?;
        size.checked_sub(self.held.len()).filter(|room| *room > 0)
    }

    async fn send_part(&mut self) -> Result<(), Problem> {
        self.lease.keep().await?;
        let body = std::mem::take(&mut self.held);
        let number = u16::try_from(self.part).map_err(|error| Problem::internal(&error))?;
        let checksum = self.multipart.checksummed.then(|| sha256(&body));
        let client = self.uploads.client();
        let part = (&*self.multipart.id, number);
        client.put_part(place(self.upload), part, body, checksum.as_deref()).await.map_err(failed)?;
        if self.tail_bytes > 0 {
            // What stays of it is swept with the upload.
            drop(client.delete(tail(self.upload, &tail_key(self.upload, self.part))).await);
        }
        (self.part, self.tail_bytes) = (self.part + 1, 0);
        Ok(())
    }
}

/// A call to the store that failed while the upload was open.
pub fn failed(error: StoreError) -> Problem {
    match error {
        // It has been completed or taken back meanwhile.
        StoreError::NoSuchUpload => refused(Refused::NotCompleted),
        error => unavailable(error),
    }
}

/// As the store takes it: SHA-256 in base64.
fn sha256(bytes: &[u8]) -> String {
    STANDARD.encode(Sha256::digest(bytes))
}
