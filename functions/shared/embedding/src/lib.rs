//! Web pages, by their origins, and which of them may embed a video: for all who decide by them alike.
//!
//! Pure: no clock, no randomness, no I/O.

mod embedding;
mod origin;

pub use embedding::{Embedder, Embedding};
pub use origin::{InvalidOrigin, Origin};
