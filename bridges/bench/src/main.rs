//! The command `mcsp-bench`, which `mcsp bench` and `scripts/bench` run: measures what exists against the
//! goals, all in one run on one machine, and writes the table of docs/performance.md.

mod load;
mod machine;
mod pace;
mod page;
mod pod;
mod process;
mod rounds;
mod rows;
mod twin;

use clap::{Args, Parser, Subcommand};
use page::Row;
use rows::{Bench, Group};
use std::path::PathBuf;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measure the platform against its native twin and its goals
#[derive(Parser)]
#[command(name = "mcsp-bench", version, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    measure: Measure,
}

#[derive(Subcommand)]
enum Command {
    Twin(twin::Twin),
}

#[derive(Args)]
struct Measure {
    /// What to measure; everything where nothing is named
    #[arg(value_enum)]
    groups: Vec<Group>,
    /// Rounds of each comparison; the sides take turns in each
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds of load on each side in each round
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Keep the table in this page, between its two markers; nothing else of it is touched
    #[arg(long)]
    page: Option<PathBuf>,
}

fn main() -> ExitCode {
    let Arguments { command, measure } = Arguments::parse();
    let done = match command {
        Some(Command::Twin(twin)) => twin.run(),
        None => measure.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mcsp-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

impl Measure {
    fn run(self) -> anyhow::Result<()> {
        let bench = Bench::new(self.rounds, self.seconds)?;
        let mut rows: Vec<Row> = Vec::new();
        for group in Group::chosen(&self.groups) {
            eprintln!("measuring: {group}");
            let measured = group.measure(&bench)?;
            measured.iter().for_each(|row| eprintln!("  {row}"));
            rows.extend(measured);
        }
        let table = page::render(&rows, &machine::describe()?, &bench);
        println!("{table}");
        match self.page {
            Some(path) => page::keep(&path, &table),
            None => Ok(()),
        }
    }
}
