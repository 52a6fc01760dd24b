//! The commands of `mcsp`, one file each: its arguments and what it does.

mod functions;
mod serve;

use clap::{Parser, Subcommand};

/// Runs the platform's functions.
#[derive(Debug, Parser)]
#[command(name = "mcsp", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Functions(functions::Functions),
    Serve(serve::Serve),
}

impl Cli {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        match self.command {
            Command::Functions(command) => command.run(),
            Command::Serve(command) => command.run(),
        }
    }
}
