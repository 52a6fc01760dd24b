//! Content's components, in one program: each further one would link the bridge again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod bulk;
mod captions;
mod catalog;
mod chapters;
mod collaborators;
mod deletes;
mod draft_videos;
mod drafts;
mod embedding;
mod events;
mod explain;
mod export;
mod feeds;
mod finding;
mod index;
mod moderation;
mod pages;
mod passwords;
mod plans;
mod publication;
mod regions;
mod replacing;
mod search;
mod thumbnails;
mod transfers;
mod visibility;
