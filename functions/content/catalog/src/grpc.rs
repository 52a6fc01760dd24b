//! `content.v1.Catalog`: the catalog by gRPC.

pub(crate) mod batch_get;
pub(crate) mod get;
mod messages;

use mcsp_ids::{InvalidId, VideoId};
use mcsp_problem::Reason;

/// Takes an id out of a message.
fn parse(id: &str) -> Result<VideoId, Reason> {
    id.parse().map_err(|error: InvalidId| Reason::new("invalid_id", error.to_string()))
}
