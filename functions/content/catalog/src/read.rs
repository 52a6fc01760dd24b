//! A video, for another service.

use content_domain::{Video, Viewer, Way, decide};
use content_storage as storage;
use mcsp_function::Context;
use mcsp_ids::VideoId;
use mcsp_problem::Problem;

/// The video, or 404 `not_found`.
pub(crate) async fn read(context: &Context, id: VideoId) -> Result<Video, Problem> {
    let video = storage::find(context, id).await?.ok_or_else(Problem::not_found)?;
    decide(&video, &Viewer::Service, Way::Link).map_err(|_hidden| Problem::not_found())?;
    Ok(video)
}
