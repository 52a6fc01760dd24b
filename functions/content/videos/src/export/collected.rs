//! The records of a page, as many as fit.

use super::record::RecordView;

/// Records on a page.
const RECORDS_MAX: usize = 50;
/// Of records on a page, as JSON: half of what an answer may have. A single one has less.
const BYTES_MAX: usize = 512 * 1024;

#[derive(Default)]
pub(super) struct Collected {
    records: Vec<RecordView>,
    bytes: usize,
}

impl Collected {
    /// Takes a record if it fits. The first one does.
    pub(super) fn take(&mut self, record: RecordView) -> bool {
        // Texts, numbers and times: serialization has nothing to fail at.
        let bytes = serde_json::to_vec(&record).unwrap_or_default().len();
        let fits = self.records.len() < RECORDS_MAX && self.bytes + bytes <= BYTES_MAX;
        if !fits && !self.records.is_empty() {
            return false;
        }
        self.bytes += bytes;
        self.records.push(record);
        true
    }

    pub(super) fn into_records(self) -> Vec<RecordView> {
        self.records
    }
}
