//! How much a creator may have in the platform, and be sending at a time.

use jiff::Timestamp;

/// What a creator's uploads may come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Of files that are kept, and of those that are on their way with the sizes that were declared.
    pub bytes: u64,
    /// Uploads that are neither completed nor over.
    pub open_uploads: u32,
}

/// What a creator's uploads come to. Those that came to nothing do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// As [`Quota::bytes`].
    pub bytes: u64,
    /// As [`Quota::open_uploads`].
    pub open_uploads: u32,
}

/// What a plan has for uploads, as Subscription last told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UploadPlan {
    /// None where it says nothing of it.
    pub bytes: Option<u64>,
    /// None where it says nothing of it.
    pub open_uploads: Option<u32>,
    /// The first moment at which it is over, if that is known.
    pub until: Option<Timestamp>,
}

/// Which part of a quota is not enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Exceeded {
    /// The file would be too much.
    #[error("the file is larger than what is left of the quota")]
    Bytes,
    /// As many uploads are open as may be.
    #[error("too many uploads are open")]
    OpenUploads,
}

impl Quota {
    /// With a plan: as much as that has, and never less than without one.
    #[must_use]
    pub fn with(self, plan: Option<UploadPlan>, now: Timestamp) -> Self {
        let Some(plan) = plan.filter(|plan| plan.until.is_none_or(|until| now < until)) else { return self };
        Quota {
            bytes: plan.bytes.map_or(self.bytes, |bytes| bytes.max(self.bytes)),
            open_uploads: plan.open_uploads.map_or(self.open_uploads, |open| open.max(self.open_uploads)),
        }
    }

    /// What is in the way of another upload of this size.
    pub fn check(&self, used: Usage, size_bytes: u64) -> Result<(), Exceeded> {
        if used.open_uploads >= self.open_uploads {
            return Err(Exceeded::OpenUploads);
        }
        if size_bytes > self.bytes.saturating_sub(used.bytes) { Err(Exceeded::Bytes) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WITHOUT_PLAN: Quota = Quota { bytes: 100, open_uploads: 2 };

    #[test]
    fn a_plan_gives_more_and_never_less_until_it_ends() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let plan = UploadPlan { bytes: Some(50), open_uploads: Some(9), until: Some(at(10)) };
        assert_eq!(WITHOUT_PLAN.with(Some(plan), at(9)), Quota { bytes: 100, open_uploads: 9 });
        assert_eq!(WITHOUT_PLAN.with(Some(plan), at(10)), WITHOUT_PLAN);
        let silent = UploadPlan { bytes: Some(500), open_uploads: None, until: None };
        assert_eq!(WITHOUT_PLAN.with(Some(silent), at(9)), Quota { bytes: 500, open_uploads: 2 });
        assert_eq!(WITHOUT_PLAN.with(None, at(0)), WITHOUT_PLAN);
    }

    #[test]
    fn what_is_left_may_be_used_to_the_last_byte() {
        let used = |bytes, open_uploads| Usage { bytes, open_uploads };
        assert_eq!(WITHOUT_PLAN.check(used(40, 1), 60), Ok(()));
        assert_eq!(WITHOUT_PLAN.check(used(40, 1), 61), Err(Exceeded::Bytes));
        assert_eq!(WITHOUT_PLAN.check(used(40, 2), 1), Err(Exceeded::OpenUploads));
        // A plan that has ended may leave more behind than there may be.
        assert_eq!(WITHOUT_PLAN.check(used(400, 0), 1), Err(Exceeded::Bytes));
        assert_eq!(WITHOUT_PLAN.check(used(0, 0), u64::MAX), Err(Exceeded::Bytes));
    }
}
