//! The commands of `mcsp`, one file each: its arguments and what it does.

mod accounts;
mod bench;
mod cost;
mod demo;
mod events;
mod functions;
mod migrate;
mod platform;
mod precompile;
mod reference;
mod reindex;
mod scaling;
mod serve;
mod state;
mod topics;
mod up;

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
    Up(up::Up),
    Migrate(migrate::Migrate),
    Topics(topics::Topics),
    Accounts(accounts::Accounts),
    Reindex(reindex::Reindex),
    Demo(demo::Demo),
    Bench(bench::Bench),
    Events(events::Events),
    Functions(functions::Functions),
    Cost(cost::Cost),
    Precompile(precompile::Precompile),
    Serve(serve::Serve),
}

impl Cli {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        match self.command {
            Command::Up(command) => command.run(),
            Command::Migrate(command) => command.run(),
            Command::Topics(command) => command.run(),
            Command::Accounts(command) => command.run(),
            Command::Reindex(command) => command.run(),
            Command::Demo(command) => command.run(),
            Command::Bench(command) => command.run(),
            Command::Events(command) => command.run(),
            Command::Functions(command) => command.run(),
            Command::Cost(command) => command.run(),
            Command::Precompile(command) => command.run(),
            Command::Serve(command) => command.run(),
        }
    }
}
