//! How much is kept.

/// The bounds of one service's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryConfig {
    /// Size of all copies; those unused for the longest go first. Each counts its key, its value, and
    /// [`ENTRY_BYTES`], which bounds their number too.
    pub max_copy_bytes: u64,
    /// Size of what is held, counted alike. When it is reached nothing more can be held.
    pub max_held_bytes: usize,
    /// Size of one value.
    pub max_value_bytes: usize,
    /// Steps of one exchange.
    pub max_steps: usize,
}

/// What an entry takes beside its key and its value.
pub const ENTRY_BYTES: usize = 256;

impl Default for MemoryConfig {
    fn default() -> Self {
        MemoryConfig {
            max_copy_bytes: 64 << 20,
            max_held_bytes: 32 << 20,
            max_value_bytes: 64 << 10,
            max_steps: 256,
        }
    }
}
