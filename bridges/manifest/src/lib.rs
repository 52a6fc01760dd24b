//! Reads `spin.toml` (Spin manifest version 2): components, routes, variables, and the grants, limits and
//! pins that stand under `tool.mcsp`.
//!
//! [`Manifest::load`] refuses what would go wrong later, and names the place. [`Router`] finds the component
//! of a path as Spin does; [`Variables`] resolves `{{ templates }}` as Spin does.

mod component;
mod error;
mod manifest;
mod route;
mod schema;
mod settings;
mod topic;
mod variables;

pub use component::{Component, Dependency};
pub use error::ManifestError;
pub use manifest::{Manifest, Route};
pub use route::{Router, is_grpc};
pub use settings::{Grants, Limits, RateLimit, RateLimits, Settings};
pub use topic::{DEAD_LETTER_SUFFIX, dead_letter_topic};
pub use variables::{Variable, VariableError, Variables, environment};
