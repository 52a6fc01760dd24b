//! Which pages may embed a video, as it is said and told.

use content_domain::PageOrigin;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which pages of others may embed a video.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Embedding {
    /// Any, none, or some.
    pub mode: EmbeddingMode,
    /// The origins of those that may, in order, where these are `listed`; else empty.
    #[serde(default)]
    #[schemars(example = ["https://blog.example"])]
    pub origins: Vec<String>,
}

/// Which pages they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EmbeddingMode {
    /// All.
    #[default]
    Anywhere,
    /// None but the platform's own.
    Nowhere,
    /// Those of the listed origins.
    Listed,
}

impl From<&content_domain::Embedding> for Embedding {
    fn from(embedding: &content_domain::Embedding) -> Self {
        let mode = match embedding {
            content_domain::Embedding::Anywhere => EmbeddingMode::Anywhere,
            content_domain::Embedding::Nowhere => EmbeddingMode::Nowhere,
            content_domain::Embedding::Listed(_) => EmbeddingMode::Listed,
        };
        Embedding { mode, origins: embedding.origins().iter().map(PageOrigin::to_string).collect() }
    }
}
