//! Upload's components, in one program: each further one would link the bridge again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod drafts;
mod ends;
mod first_files;
mod handovers;
mod pipeline;
mod plans;
mod pull;
mod quota;
mod replacing;
mod sessions;
mod sweeping;
mod tokens;
mod tus;
