//! How many bytes of items an answer has room for.

/// Bytes of the items of a page, or of another answer with as many as fit: half of what an answer may have, so that all else of it
/// has room.
pub const ITEMS_MAX_BYTES: usize = 512 * 1024;

/// The bytes of the items that were taken, while they fit into [`ITEMS_MAX_BYTES`].
#[derive(Debug, Default)]
pub struct Budget {
    bytes: usize,
}

impl Budget {
    /// Takes an item of so many bytes if it fits. The first one does.
    pub fn take(&mut self, bytes: usize) -> bool {
        let all = self.bytes + bytes;
        let fits = self.bytes == 0 || all <= ITEMS_MAX_BYTES;
        if fits {
            self.bytes = all;
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_taken_up_to_the_last_byte_and_what_does_not_fit_takes_no_room() {
        let mut budget = Budget::default();
        assert!(budget.take(ITEMS_MAX_BYTES - 2));
        assert!(!budget.take(3));
        assert!(budget.take(2));
        assert!(!budget.take(1));
    }

    #[test]
    fn the_first_item_fits_however_long_it_is_and_no_other_beside_it() {
        let mut budget = Budget::default();
        assert!(budget.take(ITEMS_MAX_BYTES + 1));
        assert!(!budget.take(1));
    }
}
