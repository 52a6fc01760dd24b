//! The records of a page, as many as fit.

use super::record::RecordView;
use mcsp_paging::{Fitting, Packed};

/// Records on a page.
const RECORDS_MAX: usize = 50;

#[derive(Default)]
pub(super) struct Collected(Fitting<RecordView>);

impl Collected {
    /// Takes a record if it fits. The first one does.
    pub(super) fn take(&mut self, record: &RecordView) -> bool {
        self.0.items().len() < RECORDS_MAX && self.0.take(record)
    }

    pub(super) fn into_records(self) -> Vec<Packed<RecordView>> {
        self.0.into_items()
    }
}
