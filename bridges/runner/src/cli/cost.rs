//! `mcsp cost`: what the functions of a running `mcsp` have used since it started, at prices, and what it is worth that they
//! are dropped when nobody asks.

mod bill;
mod plot;

use super::functions::{admin_address, fetch};
use anyhow::Context;
use bill::{Bill, Item, Prices};
use clap::{Args, ValueEnum};
use mcsp_runner::AdminAddress;
use std::path::PathBuf;

/// Show what each function has used, what that costs, and what is saved because it is dropped when nobody asks
#[derive(Args, Debug)]
pub(super) struct Cost {
    /// The admin face of the running mcsp: an address or the path of a Unix socket
    #[arg(long, env = "MCSP_ADMIN", default_value = ".mcsp/admin.sock", value_parser = admin_address)]
    admin: AdminAddress,
    #[command(flatten)]
    prices: Prices,
    /// How it is shown
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Draw a chart into this file, too (SVG)
    #[arg(long)]
    plot: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Table,
    Json,
}

impl Cost {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let reports = serde_json::from_slice(&fetch(&self.admin)?)?;
        let bill = Bill::new(self.prices, reports);
        if let Some(path) = &self.plot {
            std::fs::write(path, plot::svg(&bill))
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        match self.format {
            Format::Table => print!("{}", table(&bill)),
            Format::Json => println!("{}", serde_json::to_string_pretty(&bill)?),
        }
        Ok(())
    }
}

fn table(bill: &Bill) -> String {
    let width = bill.components.iter().map(|item| item.component.len()).max().unwrap_or(0).max(8);
    let mut out = format!(
        "{:width$}{:>10}{:>12}{:>12}{:>12}{:>12}{:>10}{:>14}{:>14}{:>8}\n{:width$}{:>10}{:>12}{:>12}{:>12}{:>12}{:>10}{:>14}{:>14}{:>8}\n",
        "",
        "",
        "PER 1000",
        "REQUESTS",
        "",
        "",
        "",
        "A MONTH",
        "A MONTH",
        "",
        "FUNCTION",
        "REQUESTS",
        "CPU MS",
        "MEM GiB s",
        "SENT KiB",
        "COST",
        "ACTIVE %",
        "ALWAYS ON",
        "DROPPED",
        "SAVED",
    );
    for item in bill.components.iter().chain([&bill.total]) {
        out.push_str(&row(item, width));
    }
    out
}

fn row(item: &Item, width: usize) -> String {
    let of_1000 = |value: fn(&bill::Usage) -> f64, decimals: usize| {
        let used = item.per_1000_requests.as_ref();
        used.map_or_else(|| "-".to_owned(), |used| format!("{:.decimals$}", value(used)))
    };
    let percent = |part: Option<f64>| part.map_or_else(|| "-".to_owned(), |part| format!("{part:.1} %"));
    format!(
        "{:width$}{:>10}{:>12}{:>12}{:>12}{:>12}{:>10}{:>14.4}{:>14.4}{:>8}\n",
        item.component,
        item.requests,
        of_1000(|used| used.cpu_ms, 1),
        of_1000(|used| used.memory_gib_s, 3),
        of_1000(|used| used.sent_bytes / 1024.0, 1),
        of_1000(|used| used.cost, 6),
        percent(item.active_percent),
        item.monthly.always_on,
        item.monthly.dropped,
        percent(item.saved_percent),
    )
}
