//! What can happen to a video: each thing by itself, and any sequence of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod acts;
mod audience;
mod deletion;
mod drafts;
mod people;
mod publication;
mod samples;
mod sequences;
