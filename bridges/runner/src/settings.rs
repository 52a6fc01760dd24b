//! How a runner serves, with the values that hold where nothing else is said.

use crate::client::Network;
use mcsp_traces::Tracer;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// How a runner serves. What belongs to one component stands in the manifest.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where functions are served. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where state and metrics are shown; nowhere where it is none. Never a public address.
    pub admin: Option<AdminAddress>,
    /// Where compiled code is kept between starts. It must belong to the user of the runner alone: what
    /// lies there is executed.
    pub cache_dir: PathBuf,
    /// Where [`crate::precompile`] has put the code of every component. Then nothing is compiled, and nothing is written.
    pub precompiled: Option<PathBuf>,
    /// Threads that serve, each with a listener, an engine and instances of its own.
    pub workers: usize,
    /// How often an instance is used.
    pub reuse: Reuse,
    /// How long an instance without requests is kept.
    pub instance_idle: Duration,
    /// How long the code of a component without requests is kept, and the instances of a pinned one.
    pub code_idle: Duration,
    /// How long a shutdown waits for requests that are being served.
    pub drain: Duration,
    /// Whether the listener takes requests below `/events/`. Where events come from outside (Knative) it
    /// must; where the bridge's consumers run in the same process they use [`crate::Dispatcher`].
    pub public_events: bool,
    /// Proxies that say truly for whom they ask (`X-Forwarded-For`). Nobody else is believed.
    pub trusted_proxies: Vec<Network>,
    /// Told of each request that a function serves.
    pub tracer: Tracer,
}

impl Settings {
    /// Serves on a loopback port of the system's choice, without an admin face.
    pub fn new(cache_dir: PathBuf) -> Self {
        Settings {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            admin: None,
            cache_dir,
            precompiled: None,
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            reuse: Reuse::default(),
            instance_idle: Duration::from_secs(1),
            code_idle: Duration::from_secs(60),
            drain: Duration::from_secs(20),
            public_events: false,
            trusted_proxies: Vec::new(),
            tracer: Tracer::default(),
        }
    }
}

/// Where the admin face listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdminAddress {
    /// A loopback port.
    Tcp(SocketAddr),
    /// A Unix socket, which is made anew.
    Unix(PathBuf),
}

/// How often an instance is used. The defaults are Spin's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reuse {
    /// Requests that one instance serves in its life.
    pub requests: usize,
    /// Requests that one instance serves at the same time.
    pub concurrent: usize,
}

impl Reuse {
    /// An instance for each request.
    pub const OFF: Reuse = Reuse { requests: 1, concurrent: 1 };
}

impl Default for Reuse {
    fn default() -> Self {
        Reuse { requests: 128, concurrent: 16 }
    }
}
