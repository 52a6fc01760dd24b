//! The API reference: what an endpoint says of its operations, and the OpenAPI 3.1 document that is made of it.
//!
//! What the signature of a handler tells is taken from it: parameters, body, headers, token, and how each of them
//! refuses. Each extractor tells its part by [`Describe`]. What a signature can't tell stands in the operation's
//! own file, in a function `reference()` that gives an [`Operation`]; a component gathers them in a [`Section`].
//!
//! None of it is called by a component, so the linker leaves it out of the `.wasm` file.

mod answer;
mod describe;
mod document;
mod example;
mod header;
mod host;
mod operation;
mod refusal;
mod schemas;
mod section;
mod writer;

pub use answer::Answer;
pub use describe::{Describe, Handler};
pub use document::{Document, Incomplete};
pub use operation::Operation;
pub use refusal::{Refusal, RefusalDocument};
pub use section::Section;

/// Gives the schema of a type.
pub(crate) type SchemaOf = fn(&mut schemars::SchemaGenerator) -> schemars::Schema;
