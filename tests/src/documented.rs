//! Commands as the documentation has them, so that tests run those.

use crate::client::root;

/// The shell blocks of a section: `documented("docs/operations.md", "## Backup and restore")`.
///
/// # Panics
/// Without the page, or the section.
pub fn documented(page: &str, heading: &str) -> Vec<String> {
    let text = std::fs::read_to_string(root().join(page)).unwrap_or_else(|error| panic!("{page}: {error}"));
    let (_, section) =
        text.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("{page}: {heading}"));
    let section = section.split("\n## ").next().unwrap_or_default();
    let blocks = section.split("```sh\n").skip(1);
    blocks.filter_map(|block| Some(block.split_once("```")?.0.to_owned())).collect()
}
