//! What a caller sees of a video: all that shows a part of it asks here.

use content_contract::viewer;
use content_domain::Video;
use content_storage as storage;
use mcsp_function::{Caller, Context};
use mcsp_ids::VideoId;
use mcsp_problem::Problem;

/// The video, or 404 `not_found`, also where it is hidden.
pub(crate) async fn seen(context: &Context, caller: Option<Caller>, id: VideoId) -> Result<Video, Problem> {
    storage::find_shown(context, id, &viewer(caller.as_ref())).await?.ok_or_else(Problem::not_found)
}
