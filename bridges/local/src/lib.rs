//! Private stores and stand-ins for one machine: started under a state directory, on loopback, and gone
//! when the process that started them is.

mod buckets;
mod cdn;
mod config;
mod cors;
mod edge_keys;
mod error;
mod http_server;
mod kafka;
mod mail;
mod object_store;
mod opensearch;
mod pipeline;
mod postgres;
mod process;
mod programs;
mod progress;
mod redis;
mod server;
mod stack;
mod state_dir;
mod store;

pub use buckets::ObjectStoreAccess;
pub use cdn::Cdn;
pub use config::{
    Durability, KAFKA_VARIABLE, OBJECT_STORE_VARIABLE, POSTGRES_VARIABLE, PlaybackKey, REDIS_VARIABLE,
    SEARCH_VARIABLE, Source, StackConfig,
};
pub use error::LocalError;
pub use kafka::Kafka;
pub use mail::Mail;
pub use object_store::ObjectStore;
pub use opensearch::OpenSearch;
pub use pipeline::Pipeline;
pub use postgres::Postgres;
pub use process::{Group, Process};
pub use progress::{Lines, Progress, Silent};
pub use redis::Redis;
pub use server::{Recipe, Server};
pub use stack::{Stack, Urls};
