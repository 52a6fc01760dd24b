//! `mcsp bench`: a program of its own, because it holds the functions' native twins, which `mcsp` must not.

use anyhow::ensure;
use clap::Args;
use std::os::unix::process::CommandExt;
use std::process::Command;

const PROGRAM: &str = "mcsp-bench";

/// Measure the platform against its native twin and its goals
#[derive(Args, Debug)]
#[command(disable_help_flag = true)]
pub(super) struct Bench {
    /// What `mcsp-bench` takes: see `mcsp bench --help`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

impl Bench {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let program = std::env::current_exe()?.with_file_name(PROGRAM);
        ensure!(program.exists(), "{} is not built: run scripts/bench", program.display());
        // Comes back only where it could not start.
        Err(Command::new(program).args(self.arguments).exec().into())
    }
}
