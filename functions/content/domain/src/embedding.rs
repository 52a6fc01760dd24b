//! Which pages may embed a video, as its owner says.

use crate::{Happened, Outcome, Video};
use jiff::Timestamp;
use mcsp_embedding::Embedding;

impl Video {
    /// Has it embedded there.
    pub fn with_embedding(self, embedding: Embedding, now: Timestamp) -> Outcome {
        if self.embedding == embedding {
            return Outcome::Unchanged(self);
        }
        let state = self.state.clone();
        Video { embedding, ..self }.changed(state, Happened::EmbeddingChanged, now)
    }
}
