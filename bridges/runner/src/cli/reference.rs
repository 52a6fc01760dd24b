//! The API reference at `/docs`, where a document stands beside the manifest.

use anyhow::Context;
use clap::Args;
use mcsp_runner::Document;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Where the document is looked for, beside the manifest.
const BESIDE: &str = "docs/openapi.json";

#[derive(Args, Debug)]
pub(super) struct Reference {
    /// The OpenAPI document that is shown at /docs [default: docs/openapi.json beside the manifest, if there is one]
    #[arg(long)]
    docs: Option<PathBuf>,
    /// Show no API reference
    #[arg(long, conflicts_with = "docs")]
    no_docs: bool,
}

impl Reference {
    /// The document and the page that is made of it.
    pub(super) fn documents(&self, manifest: &Path) -> anyhow::Result<Vec<Document>> {
        let path = match &self.docs {
            _ if self.no_docs => return Ok(Vec::new()),
            Some(path) => path.clone(),
            None => manifest.with_file_name(BESIDE),
        };
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound && self.docs.is_none() => return Ok(Vec::new()),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let document =
            serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))?;
        let page = Document::page("/docs", mcsp_page::render(&document), mcsp_page::STYLE);
        Ok(vec![page, Document::json("/docs/openapi.json", text)])
    }
}
