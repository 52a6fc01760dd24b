//! The Redis capability: pipelines and scripts in one round trip.
//!
//! One [`Connection`] for each worker thread; a [`Redis`] for each caller on it, with the caller's guard
//! and grant.

mod client;
mod commands;
mod config;
mod connection;
mod digests;
mod error;
mod grant;
mod plan;
mod reply;

pub use client::Redis;
pub use config::RedisConfig;
pub use connection::Connection;
pub use error::{InvalidUrl, RedisError};
pub use grant::KeyGrant;
