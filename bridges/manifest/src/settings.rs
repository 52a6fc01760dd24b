//! `[component.<id>.tool.mcsp]`: what a component may reach, what it may use, and how often it may be asked.

use crate::ManifestError;
use crate::topic;
use serde::Deserialize;
use std::num::NonZeroU32;

/// The most that a component may claim of one machine.
const MAX_MEMORY_MIB: u32 = 1024;
const MAX_TIMEOUT_MS: u64 = 600_000;
const MAX_PINNED: u32 = 64;
const MAX_CONCURRENT_REQUESTS: u32 = 65_536;

/// Grants and limits of one component.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// What it may reach through the bridge.
    pub grants: Grants,
    /// What it may use.
    pub limits: Limits,
    /// How often it may be asked.
    pub rate_limits: RateLimits,
}

/// How often a component may be asked, where that differs from the platform's defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// By one user.
    pub user: Option<RateLimit>,
    /// From one network, without a token.
    pub address: Option<RateLimit>,
}

/// So many requests a minute in the long run, and so many of them at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// In the long run.
    pub per_minute: NonZeroU32,
    /// At once, by who has not asked for a while.
    pub burst: NonZeroU32,
}

/// What a component may reach through the bridge. The default is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// The platform service that it belongs to: the database role and schema, the outbox, the guards.
    pub service: Option<String>,
    /// The schema of its service.
    pub postgres: bool,
    /// Topics that it may publish to.
    pub produces: Vec<String>,
    /// Topics whose events are delivered to `events_path`.
    pub consumes: Vec<String>,
    /// Whether the events of its timers are delivered to `events_path`.
    pub timers: bool,
    /// The path that takes events, below `/events/`.
    pub events_path: Option<String>,
    /// Prefixes of the keys that it may use.
    pub redis: Vec<String>,
    /// Targets that it may call.
    pub services: Vec<String>,
    /// Targets that it may call where they have an address, and does without where they have none.
    pub optional_services: Vec<String>,
    /// Prefixes of the keys that it may have kept in the memory of the bridge.
    pub memory: Vec<String>,
    /// Hashing and checking passwords.
    pub passwords: bool,
}

/// What a component may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Instances that are kept ready. A component with at least one is never dropped.
    pub pinned: u32,
    /// Linear memory of one instance, in MiB.
    pub memory_mib: u32,
    /// Milliseconds from the request to the head of the answer.
    pub timeout_ms: u64,
    /// Requests that are served at the same time; more are refused.
    pub max_concurrent_requests: u32,
    /// Whether it takes the bodies of requests as they arrive, however long they are. Else they are whole, and short.
    pub streams_bodies: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            pinned: 0,
            memory_mib: 64,
            timeout_ms: 10_000,
            max_concurrent_requests: 256,
            streams_bodies: false,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Table {
    service: Option<String>,
    postgres: bool,
    produces: Vec<String>,
    consumes: Vec<String>,
    timers: bool,
    events_path: Option<String>,
    redis: Vec<String>,
    services: Vec<String>,
    optional_services: Vec<String>,
    memory: Vec<String>,
    passwords: bool,
    pinned: u32,
    memory_mib: u32,
    timeout_ms: u64,
    max_concurrent_requests: u32,
    streams_bodies: bool,
    rate_limit: Option<RateLimit>,
    address_rate_limit: Option<RateLimit>,
}

impl Default for Table {
    fn default() -> Self {
        let Limits { pinned, memory_mib, timeout_ms, max_concurrent_requests, streams_bodies } =
            Limits::default();
        Table {
            service: None,
            postgres: false,
            produces: Vec::new(),
            consumes: Vec::new(),
            timers: false,
            events_path: None,
            redis: Vec::new(),
            services: Vec::new(),
            optional_services: Vec::new(),
            memory: Vec::new(),
            passwords: false,
            pinned,
            memory_mib,
            timeout_ms,
            max_concurrent_requests,
            streams_bodies,
            rate_limit: None,
            address_rate_limit: None,
        }
    }
}

impl Settings {
    pub(crate) fn read(component: &str, table: Option<toml::Table>) -> Result<Self, ManifestError> {
        let Some(table) = table else { return Ok(Settings::default()) };
        let table: Table = table
            .try_into()
            .map_err(|source| ManifestError::Settings { component: component.to_owned(), source })?;
        let settings = Settings {
            grants: Grants {
                service: table.service,
                postgres: table.postgres,
                produces: table.produces,
                consumes: table.consumes,
                timers: table.timers,
                events_path: table.events_path,
                redis: table.redis,
                services: table.services,
                optional_services: table.optional_services,
                memory: table.memory,
                passwords: table.passwords,
            },
            limits: Limits {
                pinned: table.pinned,
                memory_mib: table.memory_mib,
                timeout_ms: table.timeout_ms,
                max_concurrent_requests: table.max_concurrent_requests,
                streams_bodies: table.streams_bodies,
            },
            rate_limits: RateLimits { user: table.rate_limit, address: table.address_rate_limit },
        };
        settings.grants.check(component)?;
        settings.limits.check(component)?;
        Ok(settings)
    }
}

impl Grants {
    fn check(&self, component: &str) -> Result<(), ManifestError> {
        let refuse = |key, problem: &str| Err(ManifestError::component(component, key, problem));
        match &self.service {
            Some(service) if !is_name(service) => {
                return refuse("service", "a service is lower case letters, digits and hyphens");
            }
            None if self.postgres
                || !(self.produces.is_empty() && self.consumes.is_empty() && self.memory.is_empty()) =>
            {
                return refuse(
                    "service",
                    "missing: postgres, produces, consumes and memory belong to a service",
                );
            }
            Some(_) | None => {}
        }
        for (key, topics) in [("produces", &self.produces), ("consumes", &self.consumes)] {
            for name in topics {
                topic::check(name).map_err(|problem| ManifestError::component(component, key, problem))?;
            }
        }
        match &self.events_path {
            None if !self.consumes.is_empty() || self.timers => {
                return refuse("events_path", "missing: consumed events and timers are delivered to it");
            }
            Some(_) if self.consumes.is_empty() && !self.timers => {
                return refuse("events_path", "nothing is delivered without `consumes` or `timers`");
            }
            Some(path) if !path.starts_with("/events/") || path.contains([':', '*', '?']) => {
                return refuse("events_path", "an exact path below `/events/` is expected");
            }
            Some(_) | None => {}
        }
        if self.timers && !self.postgres {
            return refuse("timers", "without `postgres` no timer can be set");
        }
        for (key, prefixes) in [("redis", &self.redis), ("memory", &self.memory)] {
            if prefixes.iter().any(String::is_empty) {
                return refuse(key, "an empty prefix would grant every key");
            }
        }
        for (key, targets) in [("services", &self.services), ("optional_services", &self.optional_services)] {
            if let Some(name) = targets.iter().find(|name| !is_name(name)) {
                return refuse(key, &format!("`{name}` is not lower case letters, digits and hyphens"));
            }
        }
        Ok(())
    }
}

impl Limits {
    fn check(&self, component: &str) -> Result<(), ManifestError> {
        for (key, value, lowest, highest) in [
            ("pinned", u64::from(self.pinned), 0, u64::from(MAX_PINNED)),
            ("memory_mib", u64::from(self.memory_mib), 1, u64::from(MAX_MEMORY_MIB)),
            ("timeout_ms", self.timeout_ms, 1, MAX_TIMEOUT_MS),
            (
                "max_concurrent_requests",
                u64::from(self.max_concurrent_requests),
                1,
                u64::from(MAX_CONCURRENT_REQUESTS),
            ),
        ] {
            if !(lowest..=highest).contains(&value) {
                let problem = format!("{value} is not between {lowest} and {highest}");
                return Err(ManifestError::component(component, key, problem));
            }
        }
        Ok(())
    }
}

/// Whether a name can be that of a component, a service or a target of calls.
pub(crate) fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}
