//! Private stores and stand-ins for one machine: started under a state directory, on loopback, and gone
//! when the process that started them is.

mod config;
mod error;
mod kafka;
mod postgres;
mod process;
mod programs;
mod progress;
mod redis;
mod server;
mod stack;
mod state_dir;

pub use config::{Durability, KAFKA_VARIABLE, POSTGRES_VARIABLE, REDIS_VARIABLE, Source, StackConfig};
pub use error::LocalError;
pub use kafka::Kafka;
pub use postgres::Postgres;
pub use process::{Group, Process};
pub use progress::{Lines, Progress, Silent};
pub use redis::Redis;
pub use server::{Recipe, Server};
pub use stack::{Stack, Urls};
