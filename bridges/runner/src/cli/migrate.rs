//! `mcsp migrate`: brings a database's schemas and roles up to date, as a deployment does before it starts.

use anyhow::Context;
use clap::Args;
use mcsp_bridge::{postgres_password_variable, role_of};
use mcsp_manifest::Manifest;
use mcsp_postgres::migrations::{ServiceAccess, migrate};
use std::path::PathBuf;

/// Bring the schemas and roles of a database up to date
#[derive(Args, Debug)]
pub(super) struct Migrate {
    /// The manifest, which names the services
    #[arg(long, default_value = "spin.toml")]
    manifest: PathBuf,
    /// The migrations
    #[arg(long, default_value = "migrations")]
    migrations: PathBuf,
    /// The database, with a role that may make schemas and roles
    #[arg(long, env = "MCSP_POSTGRES_URL", hide_env_values = true)]
    url: String,
}

impl Migrate {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let manifest = Manifest::load(&self.manifest)?;
        let services = manifest.services().into_iter().map(|service| {
            let variable = postgres_password_variable(service);
            let password = std::env::var(&variable)
                .with_context(|| format!("{variable} is not set: the role {} needs it", role_of(service)))?;
            Ok(ServiceAccess { service: service.to_owned(), role: role_of(service), password })
        });
        let services = services.collect::<anyhow::Result<Vec<_>>>()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let report = runtime.block_on(migrate(&self.url, &self.migrations, &services))?;
        for file in &report.applied {
            println!("applied {file}");
        }
        println!("{} schemas are up to date", services.len());
        Ok(())
    }
}
