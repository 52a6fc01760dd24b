//! How a file goes to the store: in one piece, or in which parts.

use crate::InvalidFile;

const MIB: u64 = 1024 * 1024;

/// The largest file that goes in one piece, unless its uploader wants parts.
pub const PUT_MAX_BYTES: u64 = 64 * MIB;
/// The smallest part but for the last (S3's limit).
pub const PART_MIN_BYTES: u64 = 5 * MIB;
/// The largest part (S3's limit).
pub const PART_MAX_BYTES: u64 = 5 * 1024 * MIB;
/// The most parts of a file (S3's limit).
pub const PARTS_MAX: u32 = 10_000;
/// The largest file (S3's limit).
pub const OBJECT_MAX_BYTES: u64 = 5 * 1024 * 1024 * MIB;

/// The largest file that goes in parts of the least size.
pub const LEAST_PARTS_MAX_BYTES: u64 = PART_MIN_BYTES * PARTS_MAX as u64;

/// About how many parts a large file gets: few enough to list them in two calls, and a lost part is no great
/// loss.
const PARTS_WANTED: u64 = 2_000;

/// How the bytes are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// With one request.
    Put,
    /// In parts, which can be sent side by side and again.
    Multipart,
}

impl Method {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Method::Put => "put",
            Method::Multipart => "multipart",
        }
    }
}

/// How one file goes to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// With one request.
    Put,
    /// In these parts.
    Multipart(PartPlan),
}

impl Plan {
    /// The plan for a file: in one piece up to 64 MiB, in parts above, or as `wanted`.
    pub fn of(size_bytes: u64, wanted: Option<Method>) -> Result<Self, InvalidFile> {
        let by_size = if size_bytes <= PUT_MAX_BYTES { Method::Put } else { Method::Multipart };
        let (method, max_bytes) = match wanted.unwrap_or(by_size) {
            Method::Put => (Method::Put, PUT_MAX_BYTES),
            Method::Multipart => (Method::Multipart, OBJECT_MAX_BYTES),
        };
        match size_bytes {
            0 => Err(InvalidFile::SizeZero),
            size if size > max_bytes => Err(InvalidFile::SizeTooLarge { max_bytes }),
            size => Ok(match method {
                Method::Put => Plan::Put,
                Method::Multipart => Plan::Multipart(PartPlan::of(size)),
            }),
        }
    }

    /// The plan for a file in parts of the least size: whoever passes it on holds no more of it at a time.
    pub fn in_least_parts(size_bytes: u64) -> Result<Self, InvalidFile> {
        match size_bytes {
            0 => Err(InvalidFile::SizeZero),
            size if size > LEAST_PARTS_MAX_BYTES => {
                Err(InvalidFile::SizeTooLarge { max_bytes: LEAST_PARTS_MAX_BYTES })
            }
            size => Ok(Plan::Multipart(PartPlan::with_part_size(size, PART_MIN_BYTES))),
        }
    }

    /// Which of the two it is.
    pub const fn method(self) -> Method {
        match self {
            Plan::Put => Method::Put,
            Plan::Multipart(_) => Method::Multipart,
        }
    }

    /// The parts, where there are any.
    pub const fn parts(self) -> Option<PartPlan> {
        match self {
            Plan::Put => None,
            Plan::Multipart(parts) => Some(parts),
        }
    }
}

/// Parts of one size; only the last may be smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartPlan {
    object_bytes: u64,
    part_bytes: u64,
    count: u32,
}

/// A part as the store has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredPart {
    /// From 1.
    pub number: u32,
    /// Its size.
    pub size_bytes: u64,
}

/// What the store lacks: a part that is missing or has another size than planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("part {first_part} and {others} others are missing, or of another size than planned")]
pub struct Short {
    /// The first such part.
    pub first_part: u32,
    /// How many more there are.
    pub others: u32,
}

impl PartPlan {
    /// The parts of a file of 1 byte to 5 TiB.
    fn of(object_bytes: u64) -> Self {
        let wanted_bytes = object_bytes.div_ceil(PARTS_WANTED).div_ceil(MIB) * MIB;
        Self::with_part_size(object_bytes, wanted_bytes.clamp(PART_MIN_BYTES, PART_MAX_BYTES))
    }

    fn with_part_size(object_bytes: u64, part_bytes: u64) -> Self {
        let count = object_bytes.div_ceil(part_bytes.max(1)).try_into().unwrap_or(u32::MAX);
        PartPlan { object_bytes, part_bytes, count }
    }

    /// The plan as it was stored; none where it breaks a limit.
    pub fn stored(object_bytes: u64, part_bytes: u64) -> Option<Self> {
        let plan = Self::with_part_size(object_bytes, part_bytes);
        let within = (PART_MIN_BYTES..=PART_MAX_BYTES).contains(&part_bytes);
        (within && (1..=PARTS_MAX).contains(&plan.count)).then_some(plan)
    }

    /// The size of every part but the last.
    pub const fn part_bytes(self) -> u64 {
        self.part_bytes
    }

    /// How many there are.
    pub const fn count(self) -> u32 {
        self.count
    }

    /// The size of a part; none where there is no part of that number.
    pub fn size_of(self, number: u32) -> Option<u64> {
        if !(1..=self.count).contains(&number) {
            return None;
        }
        let before = u64::from(number - 1) * self.part_bytes;
        Some(self.part_bytes.min(self.object_bytes - before))
    }

    /// How many bytes of the file come before a part.
    pub fn bytes_before(self, number: u32) -> u64 {
        self.object_bytes.min(u64::from(number.saturating_sub(1)) * self.part_bytes)
    }

    /// How many parts the store has from the first on, in their planned sizes and without a gap. `stored` is in the order of
    /// the numbers.
    pub fn leading(self, stored: &[StoredPart]) -> u32 {
        let planned = |part: &StoredPart| self.size_of(part.number) == Some(part.size_bytes);
        let leading = (1..).zip(stored).take_while(|(number, part)| part.number == *number && planned(part));
        leading.last().map_or(0, |(number, _)| number)
    }

    /// Whether the store has every part in its planned size; others than planned do not matter.
    pub fn check(self, stored: &[StoredPart]) -> Result<(), Short> {
        let there: std::collections::HashMap<u32, u64> =
            stored.iter().map(|part| (part.number, part.size_bytes)).collect();
        let mut short = (1..=self.count).filter(|number| there.get(number).copied() != self.size_of(*number));
        match short.next() {
            None => Ok(()),
            Some(first_part) => {
                Err(Short { first_part, others: u32::try_from(short.count()).unwrap_or(u32::MAX) })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(size_bytes: u64) -> PartPlan {
        Plan::of(size_bytes, Some(Method::Multipart)).unwrap().parts().unwrap()
    }

    fn all(plan: PartPlan) -> Vec<StoredPart> {
        (1..=plan.count())
            .map(|number| StoredPart { number, size_bytes: plan.size_of(number).unwrap() })
            .collect()
    }

    #[test]
    fn a_file_goes_in_one_piece_up_to_64_mib_and_in_parts_above() {
        assert_eq!(Plan::of(1, None), Ok(Plan::Put));
        assert_eq!(Plan::of(PUT_MAX_BYTES, None), Ok(Plan::Put));
        assert_eq!(Plan::of(PUT_MAX_BYTES + 1, None).unwrap().method(), Method::Multipart);
        assert_eq!(Plan::of(1, Some(Method::Multipart)).unwrap().method(), Method::Multipart);
    }

    #[test]
    fn what_no_method_carries_is_refused() {
        assert_eq!(Plan::of(0, None), Err(InvalidFile::SizeZero));
        assert_eq!(
            Plan::of(PUT_MAX_BYTES + 1, Some(Method::Put)),
            Err(InvalidFile::SizeTooLarge { max_bytes: PUT_MAX_BYTES })
        );
        assert!(Plan::of(OBJECT_MAX_BYTES, None).is_ok());
        for size in [OBJECT_MAX_BYTES + 1, u64::MAX] {
            assert_eq!(
                Plan::of(size, None),
                Err(InvalidFile::SizeTooLarge { max_bytes: OBJECT_MAX_BYTES }),
                "{size}"
            );
        }
    }

    #[test]
    fn a_missing_a_short_and_a_needless_part_are_told_apart() {
        let plan = parts(12 * MIB);
        let mut stored = all(plan);
        assert_eq!(plan.check(&stored), Ok(()));
        stored.push(StoredPart { number: 9, size_bytes: 1 });
        assert_eq!(plan.check(&stored), Ok(()));
        stored[1].size_bytes -= 1;
        assert_eq!(plan.check(&stored), Err(Short { first_part: 2, others: 0 }));
        assert_eq!(plan.check(&[]), Err(Short { first_part: 1, others: 2 }));
    }

    #[test]
    fn parts_of_the_least_size_carry_a_file_of_a_bounded_size() {
        let least = |size| Plan::in_least_parts(size).map(|plan| plan.parts().unwrap());
        assert_eq!(least(1).unwrap().part_bytes(), PART_MIN_BYTES);
        assert_eq!(least(LEAST_PARTS_MAX_BYTES).unwrap().count(), PARTS_MAX);
        assert_eq!(least(0), Err(InvalidFile::SizeZero));
        let max_bytes = LEAST_PARTS_MAX_BYTES;
        assert_eq!(least(max_bytes + 1), Err(InvalidFile::SizeTooLarge { max_bytes }));
    }

    #[test]
    fn parts_lead_up_to_the_first_gap() {
        let plan = parts(12 * MIB);
        let mut stored = all(plan);
        assert_eq!((plan.leading(&stored), plan.bytes_before(4)), (3, 12 * MIB));
        stored[2].size_bytes -= 1;
        assert_eq!((plan.leading(&stored), plan.bytes_before(3)), (2, 10 * MIB));
        stored.remove(0);
        assert_eq!((plan.leading(&stored), plan.leading(&[]), plan.bytes_before(1)), (0, 0, 0));
    }

    proptest! {
        #[test]
        fn the_parts_of_any_file_are_within_the_limits_and_make_up_the_whole(size in 1..=OBJECT_MAX_BYTES) {
            let plan = parts(size);
            prop_assert!((1..=PARTS_MAX).contains(&plan.count()));
            let sizes: Vec<u64> = all(plan).iter().map(|part| part.size_bytes).collect();
            prop_assert_eq!(sizes.iter().sum::<u64>(), size);
            let (last, others) = sizes.split_last().unwrap();
            prop_assert!(others.iter().all(|part| (PART_MIN_BYTES..=PART_MAX_BYTES).contains(part)));
            prop_assert!((1..=PART_MAX_BYTES).contains(last));
            prop_assert_eq!(plan.size_of(0), None);
            prop_assert_eq!(plan.size_of(plan.count() + 1), None);
        }

        #[test]
        fn a_plan_survives_being_stored(size in 1..=OBJECT_MAX_BYTES) {
            let plan = parts(size);
            prop_assert_eq!(PartPlan::stored(size, plan.part_bytes()), Some(plan));
        }

        #[test]
        fn only_the_whole_of_the_parts_passes(size in PART_MIN_BYTES..1024 * MIB, lost in any::<prop::sample::Index>()) {
            let plan = parts(size);
            let mut stored = all(plan);
            let lost = stored.remove(lost.index(stored.len()));
            prop_assert_eq!(plan.check(&stored), Err(Short { first_part: lost.number, others: 0 }));
        }
    }
}
