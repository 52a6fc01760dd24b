//! An upload and its states: `waiting -> uploading -> verifying -> initiated -> processing -> ready | failed`,
//! `cancelled` and `expired` from the ones before `initiated`, and `purged` from those after it.
//!
//! A transition takes the old upload and gives the new one, one version on. What is guarded here is guarded
//! again where it is stored, by the version.

use crate::{ContentType, File, PartPlan, Plan, Protection, SourceFault};
use jiff::{SignedDuration, Timestamp};
use mcsp_ids::{UploadId, UserId, VideoId};
use std::borrow::Cow;

/// A file on its way into the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Its id.
    pub id: UploadId,
    /// Who uploads it; once it is a video that was given away, whose that is.
    pub owner: UserId,
    /// The video that it becomes, or that gets its file.
    pub video: VideoId,
    /// Whether the video was there before, and gets this file in the place of the one that it has.
    pub replaces: bool,
    /// Starts at 1, one more with every change.
    pub version: i64,
    /// Where the owner's data lives; of a file that replaces another, where that one is.
    pub region: String,
    /// Where the bytes go; once it was announced, where they are, and where nobody can send others.
    pub object: Object,
    /// What the uploader says of the file.
    pub file: File,
    /// How what becomes of it is protected.
    pub protection: Protection,
    /// How the bytes get there.
    pub plan: Plan,
    /// The multipart upload at the store, once there is one.
    pub multipart: Option<Multipart>,
    /// What it came to.
    pub state: State,
    /// Whether the store is known to hold nothing more of an upload that came to nothing.
    pub released: bool,
    /// When it began.
    pub created_at: Timestamp,
    /// Until when it must be complete.
    pub expires_at: Timestamp,
    /// How many bytes the platform has fetched of it; none where somebody sends it.
    pub pulled_bytes: Option<u64>,
}

/// An object's place in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// The region's bucket.
    pub bucket: String,
    /// Made of ids, never of the file's name.
    pub key: String,
}

/// A multipart upload at the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Multipart {
    /// The store's id for it.
    pub id: String,
    /// Whether every part must come with its SHA-256: a store wants all of them or none.
    pub checksummed: bool,
}

/// What an upload came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// No byte is known of.
    Waiting,
    /// Parts may be on their way.
    Uploading,
    /// The uploader says that all is there, and it is being looked at.
    Verifying,
    /// The file is whole and was announced to the pipeline.
    Initiated {
        /// When.
        at: Timestamp,
    },
    /// The pipeline is at work.
    Processing {
        /// When it was announced.
        initiated_at: Timestamp,
        /// 0 to 100.
        progress_percent: u8,
    },
    /// The video can be played.
    Ready {
        /// When it was announced.
        initiated_at: Timestamp,
    },
    /// It came to nothing.
    Failed(Failure),
    /// Its owner took it back.
    Cancelled,
    /// It was not completed in time.
    Expired,
    /// It became a video, which is deleted for good or has another file.
    Purged {
        /// When it was announced.
        initiated_at: Timestamp,
    },
}

/// Why an upload came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// What arrived is not what was declared.
    Mismatched(Mismatch),
    /// It could not be fetched from where it is.
    Unfetched(SourceFault),
    /// The pipeline could make nothing of it.
    Unprocessable {
        /// When it was announced.
        initiated_at: Timestamp,
        /// The pipeline's machine code.
        reason_code: String,
    },
}

/// What arrived is not what was declared. Final: another upload must be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// Another size.
    #[error("the stored object has another size than declared")]
    Size,
    /// Another SHA-256.
    #[error("the stored object has another checksum than declared")]
    Checksum,
    /// The first bytes are those of another type.
    #[error("the stored object is not of the declared content type")]
    ContentType,
}

impl Mismatch {
    const ALL: [Mismatch; 3] = [Mismatch::Size, Mismatch::Checksum, Mismatch::ContentType];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Mismatch::Size => "size_mismatch",
            Mismatch::Checksum => "checksum_mismatch",
            Mismatch::ContentType => "content_type_mismatch",
        }
    }

    /// The mismatch of that code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mismatch| mismatch.code() == code)
    }
}

impl Failure {
    /// The stable code.
    pub fn code(&self) -> &str {
        match self {
            Failure::Mismatched(mismatch) => mismatch.code(),
            Failure::Unfetched(fault) => fault.code(),
            Failure::Unprocessable { reason_code, .. } => reason_code,
        }
    }
}

/// Why a transition is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It was completed: nothing can be added or taken back.
    #[error("the upload was completed")]
    Completed,
    /// It was taken back.
    #[error("the upload was cancelled")]
    Cancelled,
    /// Its time is over.
    #[error("the upload was not completed in time")]
    Expired,
    /// What arrived was not what was declared.
    #[error("the upload failed")]
    Mismatched(#[source] Mismatch),
    /// It could not be fetched.
    #[error("the file could not be fetched")]
    Unfetched(#[source] SourceFault),
    /// The file goes in one piece.
    #[error("the upload has no parts")]
    NoParts,
    /// Only where something is out of order: it has not been completed yet.
    #[error("the upload was not completed yet")]
    NotCompleted,
    /// There is an outcome already, which later news does not change.
    #[error("the upload has its outcome")]
    Settled,
}

/// Why the file of a video can't be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Irreplaceable {
    /// The video has none yet, or never will.
    #[error("the video is not ready")]
    NotReady,
    /// By the clock of who wants to, the file is still to be uploaded. Ids grow with time, by which the later file is known.
    #[error("the upload is not later than the one whose file it is to replace")]
    NotLater,
}

impl State {
    /// The stable name.
    pub const fn name(&self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::Uploading => "uploading",
            State::Verifying => "verifying",
            State::Initiated { .. } => "initiated",
            State::Processing { .. } => "processing",
            State::Ready { .. } => "ready",
            State::Failed(_) => "failed",
            State::Cancelled => "cancelled",
            State::Expired => "expired",
            State::Purged { .. } => "purged",
        }
    }

    /// Whether bytes may still come.
    const fn is_open(&self) -> bool {
        matches!(self, State::Waiting | State::Uploading | State::Verifying)
    }
}

impl Upload {
    /// When it was announced to the pipeline, if it was.
    pub fn initiated_at(&self) -> Option<Timestamp> {
        match &self.state {
            State::Initiated { at } => Some(*at),
            State::Processing { initiated_at, .. }
            | State::Ready { initiated_at }
            | State::Purged { initiated_at }
            | State::Failed(Failure::Unprocessable { initiated_at, .. }) => Some(*initiated_at),
            State::Waiting
            | State::Uploading
            | State::Verifying
            | State::Failed(Failure::Mismatched(_) | Failure::Unfetched(_))
            | State::Cancelled
            | State::Expired => None,
        }
    }

    /// The state as it is to be seen now: an upload whose time is over counts as expired before anyone has
    /// written so.
    pub fn state_at(&self, now: Timestamp) -> Cow<'_, State> {
        if self.state.is_open() && now >= self.expires_at {
            Cow::Owned(State::Expired)
        } else {
            Cow::Borrowed(&self.state)
        }
    }

    /// Whether it came to nothing and the store may still hold something of it.
    pub fn owes_release(&self) -> bool {
        self.came_to_nothing() && !self.released
    }

    /// Whether there will be nothing of it, as it is to be seen now.
    pub fn is_over(&self, now: Timestamp) -> bool {
        over(&self.state_at(now))
    }

    /// Whether there will be nothing of it, and that was written.
    pub fn came_to_nothing(&self) -> bool {
        over(&self.state)
    }

    /// Whether the video that it was to be the first file of has none from it, and may get one from another upload.
    pub fn brought_nothing(&self, now: Timestamp) -> bool {
        !self.replaces && self.initiated_at().is_none() && self.is_over(now)
    }

    /// Is to replace the file that a video has from another upload. It is protected as that one is, and goes where that one is, also where
    /// the video was given to an account of another region: what is made of it is looked for there.
    pub fn in_place_of(self, source: &Upload) -> Result<Self, Irreplaceable> {
        if !matches!(source.state, State::Ready { .. }) {
            return Err(Irreplaceable::NotReady);
        }
        if self.id <= source.id {
            return Err(Irreplaceable::NotLater);
        }
        Ok(Upload {
            video: source.video,
            replaces: true,
            protection: source.protection,
            region: source.region.clone(),
            object: Object { bucket: source.object.bucket.clone(), key: self.object.key },
            ..self
        })
    }

    /// Until when somebody else may send it, who is to have so long.
    pub fn delegate(&self, valid_for: SignedDuration, now: Timestamp) -> Result<Timestamp, Refused> {
        self.open(now)?;
        Ok(self.expires_at.min(now + valid_for))
    }

    /// The parts that may be sent now.
    pub fn open_parts(&self, now: Timestamp) -> Result<PartPlan, Refused> {
        self.open(now)?;
        self.plan.parts().ok_or(Refused::NoParts)
    }

    /// Takes note of the multipart upload at the store.
    pub fn begin_parts(self, multipart: Multipart, now: Timestamp) -> Result<Self, Refused> {
        self.open_parts(now)?;
        Ok(Upload { multipart: Some(multipart), ..self.to(State::Uploading) })
    }

    /// The uploader says that all is there.
    pub fn begin_verifying(self, now: Timestamp) -> Result<Self, Refused> {
        self.open(now)?;
        Ok(self.to(State::Verifying))
    }

    /// Something was missing: the uploader may go on.
    pub fn resume(self) -> Result<Self, Refused> {
        self.verifying()?;
        let state = if self.multipart.is_some() { State::Uploading } else { State::Waiting };
        Ok(self.to(state))
    }

    /// The file is whole and what was declared, and is kept under this key.
    pub fn initiate(self, key: String, now: Timestamp) -> Result<Self, Refused> {
        self.verifying()?;
        let object = Object { bucket: self.object.bucket.clone(), key };
        Ok(Upload { object, ..self.to(State::Initiated { at: now }) })
    }

    /// The file is whole and not what was declared.
    pub fn reject(self, mismatch: Mismatch) -> Result<Self, Refused> {
        self.verifying()?;
        Ok(self.to(State::Failed(Failure::Mismatched(mismatch))))
    }

    /// It cannot be fetched from where it is.
    pub fn give_up(self, fault: SourceFault, now: Timestamp) -> Result<Self, Refused> {
        self.open(now)?;
        Ok(self.to(State::Failed(Failure::Unfetched(fault))))
    }

    /// Its owner takes it back.
    pub fn cancel(self, now: Timestamp) -> Result<Self, Refused> {
        self.open(now)?;
        Ok(self.to(State::Cancelled))
    }

    /// Its time is over.
    pub fn expire(self, now: Timestamp) -> Result<Self, Refused> {
        if self.state.is_open() && now >= self.expires_at {
            return Ok(self.to(State::Expired));
        }
        self.open(now)?;
        Err(Refused::NotCompleted)
    }

    /// The store holds nothing more of it.
    #[must_use]
    pub fn release(self) -> Self {
        Upload { released: true, version: self.version + 1, ..self }
    }

    /// The pipeline is at work. Progress that is behind what is known changes nothing.
    pub fn progress(self, percent: u8) -> Result<Self, Refused> {
        let initiated_at = self.in_the_pipeline()?;
        let progress_percent = percent.min(100);
        match self.state {
            State::Processing { progress_percent: known, .. } if known >= progress_percent => {
                Err(Refused::Settled)
            }
            _ => Ok(self.to(State::Processing { initiated_at, progress_percent })),
        }
    }

    /// The pipeline is done.
    pub fn finish(self) -> Result<Self, Refused> {
        let initiated_at = self.in_the_pipeline()?;
        Ok(self.to(State::Ready { initiated_at }))
    }

    /// The pipeline could make nothing of it.
    pub fn fail(self, reason_code: String) -> Result<Self, Refused> {
        let initiated_at = self.in_the_pipeline()?;
        Ok(self.to(State::Failed(Failure::Unprocessable { initiated_at, reason_code })))
    }

    /// Nothing of the file is to be left: the video that became of it is deleted for good, or has another. What was to replace the
    /// file of a deleted video replaces nothing any more.
    pub fn purge(self) -> Result<Self, Refused> {
        let initiated_at = match &self.state {
            State::Initiated { at } => *at,
            State::Processing { initiated_at, .. } | State::Ready { initiated_at } => *initiated_at,
            State::Failed(_) | State::Cancelled | State::Expired | State::Purged { .. } => {
                return Err(Refused::Settled);
            }
            State::Waiting | State::Uploading | State::Verifying if self.replaces => {
                return Ok(self.to(State::Cancelled));
            }
            State::Waiting | State::Uploading | State::Verifying => return Err(Refused::NotCompleted),
        };
        Ok(self.to(State::Purged { initiated_at }))
    }

    /// Its video is this account's from now on, and so is the file that it has or will have; that the account's quota has room for it nobody
    /// asks. What another account has begun to send in its place is taken back: it is not theirs to replace any more.
    pub fn hand_over(self, to: UserId) -> Result<Self, Refused> {
        if self.owner == to {
            return Err(Refused::Settled);
        }
        match &self.state {
            State::Initiated { .. } | State::Processing { .. } | State::Ready { .. } => {
                Ok(Upload { owner: to, version: self.version + 1, ..self })
            }
            State::Failed(_) | State::Cancelled | State::Expired | State::Purged { .. } => {
                Err(Refused::Settled)
            }
            State::Waiting | State::Uploading | State::Verifying if self.replaces => {
                Ok(self.to(State::Cancelled))
            }
            State::Waiting | State::Uploading | State::Verifying => Err(Refused::NotCompleted),
        }
    }

    /// Whether what arrived is what was declared.
    pub fn check(&self, size_bytes: u64, checksum_sha256: Option<&str>, head: &[u8]) -> Result<(), Mismatch> {
        if size_bytes != self.file.size_bytes {
            return Err(Mismatch::Size);
        }
        let declared = self.file.checksum_sha256.as_ref().map(|checksum| checksum.as_str());
        if declared.is_some() && declared != checksum_sha256 {
            return Err(Mismatch::Checksum);
        }
        match ContentType::sniff(head) {
            Some(sniffed) if sniffed == self.file.content_type => Ok(()),
            _ => Err(Mismatch::ContentType),
        }
    }

    fn to(self, state: State) -> Self {
        Upload { state, version: self.version + 1, ..self }
    }

    /// Whether bytes may still come.
    fn open(&self, now: Timestamp) -> Result<(), Refused> {
        match self.state_at(now).as_ref() {
            State::Waiting | State::Uploading | State::Verifying => Ok(()),
            State::Initiated { .. }
            | State::Processing { .. }
            | State::Ready { .. }
            | State::Purged { .. }
            | State::Failed(Failure::Unprocessable { .. }) => Err(Refused::Completed),
            State::Failed(Failure::Mismatched(mismatch)) => Err(Refused::Mismatched(*mismatch)),
            State::Failed(Failure::Unfetched(fault)) => Err(Refused::Unfetched(*fault)),
            State::Cancelled => Err(Refused::Cancelled),
            State::Expired => Err(Refused::Expired),
        }
    }

    fn verifying(&self) -> Result<(), Refused> {
        match &self.state {
            State::Verifying => Ok(()),
            State::Waiting | State::Uploading => Err(Refused::NotCompleted),
            State::Initiated { .. }
            | State::Processing { .. }
            | State::Ready { .. }
            | State::Purged { .. }
            | State::Failed(Failure::Unprocessable { .. }) => Err(Refused::Completed),
            State::Failed(Failure::Mismatched(mismatch)) => Err(Refused::Mismatched(*mismatch)),
            State::Failed(Failure::Unfetched(fault)) => Err(Refused::Unfetched(*fault)),
            State::Cancelled => Err(Refused::Cancelled),
            State::Expired => Err(Refused::Expired),
        }
    }

    fn in_the_pipeline(&self) -> Result<Timestamp, Refused> {
        match &self.state {
            State::Initiated { at } => Ok(*at),
            State::Processing { initiated_at, .. } => Ok(*initiated_at),
            State::Ready { .. }
            | State::Failed(_)
            | State::Cancelled
            | State::Expired
            | State::Purged { .. } => Err(Refused::Settled),
            State::Waiting | State::Uploading | State::Verifying => Err(Refused::NotCompleted),
        }
    }
}

/// Whether there will be nothing of it, or is nothing any more.
const fn over(state: &State) -> bool {
    matches!(state, State::Cancelled | State::Expired | State::Failed(_) | State::Purged { .. })
}

#[cfg(test)]
mod tests;
