//! What a caller sees of a video: all that shows a part of it asks here.

use content_contract::viewer;
use content_domain::{Video, Way, decide};
use content_storage as storage;
use mcsp_function::{Caller, Context};
use mcsp_ids::VideoId;
use mcsp_problem::Problem;

/// The video, or 404 `not_found`, also where it is hidden.
pub(crate) async fn seen(context: &Context, caller: Option<Caller>, id: VideoId) -> Result<Video, Problem> {
    let video = storage::find(context, id).await?.ok_or_else(Problem::not_found)?;
    // What is hidden is told apart from what does not exist by nobody.
    decide(&video, &viewer(caller.as_ref()), Way::Link).map_err(|_hidden| Problem::not_found())?;
    Ok(video)
}
