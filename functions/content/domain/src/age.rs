//! The age that a video asks for.

/// An age that one must have reached to play a video: 12, 16 or 18.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinimumAge(u32);

/// No video asks for that age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 12, 16 or 18")]
pub struct InvalidMinimumAge;

impl MinimumAge {
    /// Every one. Of more nobody could be told whether they have reached them.
    pub const ALL: [u32; 3] = [12, 16, 18];

    /// Checks.
    pub fn new(years: u32) -> Result<Self, InvalidMinimumAge> {
        if MinimumAge::ALL.contains(&years) { Ok(MinimumAge(years)) } else { Err(InvalidMinimumAge) }
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}
