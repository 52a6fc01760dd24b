//! What `mcsp-bridge` is told on its command line, and what follows from it.

use crate::listen::Listen;
use clap::Parser;
use mcsp_bridge::Duties;
use mcsp_manifest::{Manifest, ManifestError};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Gives components Postgres, Redis, Kafka and calls, over HTTP on loopback or a Unix socket
///
/// The stores stand in the environment: MCSP_POSTGRES_URL, MCSP_POSTGRES_PASSWORD_<SERVICE>, MCSP_REDIS_URL,
/// MCSP_KAFKA_BROKERS, MCSP_SERVICE_URL_<TARGET>; the token that components must show in MCSP_BRIDGE_TOKEN;
/// a file with thresholds in MCSP_POLICIES.
#[derive(Debug, Parser)]
#[command(name = "mcsp-bridge", version)]
pub(crate) struct Arguments {
    /// The manifest, with the components' grants
    #[arg(long, default_value = "spin.toml")]
    pub manifest: PathBuf,
    /// Where components reach the bridge: a loopback address, or the path of a Unix socket
    #[arg(long, default_value = "127.0.0.1:9095")]
    pub listen: Listen,
    /// Where health, readiness, metrics and breakers are shown to those outside too, at any address
    #[arg(long)]
    pub ops: Option<SocketAddr>,
    /// Where the bridge reaches components, to deliver events and timers; `{service}` in it stands for the name of the
    /// component's service
    #[arg(long, default_value = "http://127.0.0.1:3000")]
    pub functions_url: String,
    /// Services that the bridge is for; all where none is named. Others need nothing in the environment
    #[arg(long = "service")]
    services: Vec<String>,
    /// Leave events to others: another bridge, or a source that brings them
    #[arg(long)]
    no_consumers: bool,
    /// Leave timers to others
    #[arg(long)]
    no_timers: bool,
    /// Answer no component: relay outboxes, and deliver timers and events
    #[arg(long, conflicts_with = "listen")]
    pub relay_only: bool,
    /// Where events are taken from those who cannot show the platform's token, such as a Knative source, and handed on
    /// with it. Whoever can reach this address can bring events
    #[arg(long)]
    pub events: Option<SocketAddr>,
}

impl Arguments {
    /// The part of the application that this process is for, with no more grants than it needs.
    pub(crate) fn manifest(&self) -> Result<Manifest, ManifestError> {
        let mut manifest = Manifest::load(&self.manifest)?;
        if !self.services.is_empty() {
            manifest = manifest.only(&self.services.iter().cloned().collect())?;
        }
        if self.relay_only {
            for component in manifest.components.values_mut() {
                let grants = &mut component.settings.grants;
                grants.redis.clear();
                grants.services.clear();
                grants.optional_services.clear();
                grants.passwords = false;
            }
        }
        Ok(manifest)
    }

    /// What is to be done beside answering components.
    pub(crate) fn duties(&self, manifest: &Manifest) -> Duties {
        let mut duties = Duties::all(manifest);
        if self.no_consumers {
            duties.consume.clear();
        }
        if self.no_timers {
            duties.remind.clear();
        }
        duties
    }
}
