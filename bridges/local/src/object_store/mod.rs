//! A private object store that speaks S3: SigV4 and presigned URLs, multipart uploads, checksums, ranges.

mod body;
mod layout;
mod objects;
mod server;
mod service;
mod uploads;

pub use server::ObjectStore;
