//! Sessions, over stores of their own.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "the helpers of tests may fail as tests do")]

mod age;
mod cold_start;
mod collaborators;
mod devices;
mod embedding;
mod explain;
mod forgetting;
mod hot_path;
mod keys;
mod licences;
mod outage;
mod passwords;
mod scene;
mod subscription;
mod suspension;
