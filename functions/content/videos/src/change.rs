//! Changing what goes with a video.

use content_contract::event;
use content_domain::Video;
use content_storage::{self as storage, By, Decided};
use mcsp_function::{Context, TraceParent};
use mcsp_ids::VideoId;
use mcsp_problem::Problem;

/// Changes a video as decided, where it is there for whom it is changed by, and again where another writer was first: who edits the title
/// is no reason to refuse captions.
pub(crate) async fn change<A, D: Future<Output = Result<Decided<A>, Problem>>>(
    context: &Context,
    (by, trace): (By, &TraceParent),
    id: VideoId,
    decide: impl Fn(Video) -> D,
) -> Result<A, Problem> {
    storage::change(context, (id, by), |change| event(context, trace, change), decide).await
}
