//! Sessions, over stores of their own.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "the helpers of tests may fail as tests do")]

mod age;
mod bound_urls;
mod captions;
mod cold_start;
mod collaborators;
mod decisions;
mod devices;
mod embedding;
mod explain;
mod forgetting;
mod held;
mod hot_path;
mod keys;
mod late_copies;
mod licences;
mod many;
mod outage;
mod passwords;
mod repeating;
mod repeating_without_redis;
mod resuming;
mod scene;
mod served;
mod stale_copies;
mod steering;
mod subscription;
mod suspension;
mod takedowns;
mod told;
