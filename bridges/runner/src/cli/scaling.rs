//! How functions scale: arguments of every command that serves them.

use clap::Args;
use mcsp_runner::{Reuse, Settings};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Args, Debug)]
pub(super) struct Scaling {
    /// Threads that serve; one per core where it is not given
    #[arg(long)]
    workers: Option<usize>,
    /// Take a new instance for every request
    #[arg(long)]
    no_reuse: bool,
    /// Milliseconds after which an unused instance is dropped
    #[arg(long, default_value_t = 1_000)]
    instance_idle_ms: u64,
    /// Milliseconds after which the code of an unused component is dropped
    #[arg(long, default_value_t = 60_000)]
    code_idle_ms: u64,
}

impl Scaling {
    pub(super) fn settings(&self, cache_dir: PathBuf) -> Settings {
        let defaults = Settings::new(cache_dir);
        Settings {
            workers: self.workers.unwrap_or(defaults.workers),
            reuse: if self.no_reuse { Reuse::OFF } else { Reuse::default() },
            instance_idle: Duration::from_millis(self.instance_idle_ms),
            code_idle: Duration::from_millis(self.code_idle_ms),
            ..defaults
        }
    }
}
