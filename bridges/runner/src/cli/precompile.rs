//! `mcsp precompile`: what an image does when it is built, so that nothing is compiled where it runs.

use clap::Args;
use mcsp_manifest::Manifest;
use std::path::PathBuf;

/// Compile every component ahead of time, for `mcsp serve --precompiled`
#[derive(Args, Debug)]
pub(super) struct Precompile {
    /// The manifest
    #[arg(long, default_value = "spin.toml")]
    manifest: PathBuf,
    /// Where the code goes
    #[arg(long)]
    out: PathBuf,
}

impl Precompile {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let manifest = Manifest::load(&self.manifest)?;
        let compiled = mcsp_runner::precompile(&manifest, &self.out)?;
        println!("{compiled} components are compiled");
        Ok(())
    }
}
