//! The bridge: every capability for every component, behind grants and guards.
//!
//! [`Bridges`] is what a process has once: guards, limits, the Kafka producer, hashing threads. A [`Worker`] is what
//! each thread has: connections. [`Worker::for_component`] gives the port that a component's calls go to.
//! [`Background`] relays outboxes and delivers events.

mod background;
mod bridges;
mod config;
mod deliver;
mod granted;
mod metrics;
mod policies;
mod stop_signals;
mod traced;
mod worker;

pub use background::{Background, Duties};
pub use bridges::{Bridges, StartError};
pub use config::{
    BridgeConfig, ConfigError, POLICIES_VARIABLE, postgres_password_variable, role_of,
    service_networks_variable, service_url_variable, target_at,
};
pub use deliver::{Invoke, delivery_request};
pub use mcsp_services::ANYWHERE;
pub use metrics::{Pages, trace_metrics};
pub use policies::{Policies, PoliciesError, load_policies, watch_policies};
pub use stop_signals::StopSignals;
pub use worker::Worker;
