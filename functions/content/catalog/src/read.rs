//! A video, for another service.

use content_domain::{Video, Viewer};
use content_storage as storage;
use mcsp_function::Context;
use mcsp_ids::VideoId;
use mcsp_problem::Problem;

/// The video, or 404 `not_found`.
pub(crate) async fn read(context: &Context, id: VideoId) -> Result<Video, Problem> {
    storage::find_shown(context, id, &Viewer::Service).await?.ok_or_else(Problem::not_found)
}
