//! Content's videos in a search engine: OpenSearch 2, or Elasticsearch 8, by what both have in common.
//!
//! The index knows how videos are found, ranked and counted, and nothing that would be shown: what it finds is read from Postgres.
//! Each write carries the row's version, and the engine refuses what is older than what it has. Which index is searched an alias
//! says; another one names all that are written to, of which there are two while one is built anew.

mod document;
mod engine;
mod error;
mod found;
mod query;
mod rebuild;
mod write;

pub use engine::{Engine, Settings};
pub use error::IndexError;
pub use found::Found;
pub use rebuild::{IndexName, InvalidIndexName, Page};
