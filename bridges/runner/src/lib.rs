//! The runner: serves every component of a manifest in one process.
//!
//! [`Runner::start`] makes one thread per core, each with a listener, an engine and the functions'
//! instances of its own. A function without traffic loses first its instances, then its code, and gets
//! them back with the next request; a pinned function keeps both. The bridge comes in by [`BridgeFactory`],
//! events go to functions by [`Dispatcher`], other parts show their state by [`Extension`].

mod admin;
mod body;
mod bridges;
mod client;
mod code;
mod connection;
mod dispatch;
mod document;
mod engine;
mod error;
mod function;
mod grpc;
mod host;
mod instance;
mod precompiled;
mod problem;
mod request;
mod requests;
mod runner;
mod settings;
mod span;
mod stats;
mod usage;
mod worker;

pub use admin::Extension;
pub use bridges::{BridgeFactory, NoBridge};
pub use client::{Network, NetworkError};
pub use dispatch::Dispatcher;
pub use document::Document;
pub use error::{CodeError, StartError};
pub use precompiled::precompile;
pub use runner::{Application, Runner};
pub use settings::{AdminAddress, Reuse, Settings};
pub use stats::{FunctionReport, FunctionState};
