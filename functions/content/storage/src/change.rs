//! Changing videos as is decided of what there is.

use crate::videos::write_beside;
use crate::{ReadError, WriteError, editable, owned, owned_or_deleted, save, shared};
use content_domain::{Change, Outcome, Video};
use mcsp_bridge_api::kafka::Event;
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_function::Context;
use mcsp_ids::{UserId, VideoId};
use mcsp_problem::Problem;

/// How often a change may lose against others before the caller is told. Each loss means that somebody else has changed
/// the same video in these milliseconds.
const RACES_MAX: usize = 5;

/// What was decided on a video.
pub struct Decided<A, S = Option<GuardedStatement>> {
    /// What becomes of it.
    pub outcome: Outcome,
    /// What is written with it, also where it stays as it is: such as the answer to remember.
    pub also: S,
    /// What the caller is told.
    pub answer: A,
}

/// Whose word counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Its owner's.
    Owner(UserId),
    /// Its owner's, also where it is deleted.
    OwnerOfDeleted(UserId),
    /// Its owner's, or that of an editor.
    Editor(UserId),
    /// Its owner's, or that of whoever works on it, in whatever role.
    Collaborator(UserId),
}

impl By {
    async fn load(self, context: &Context, id: VideoId) -> Result<Option<Video>, ReadError> {
        match self {
            By::Owner(owner) => owned(context, id, owner).await,
            By::OwnerOfDeleted(owner) => owned_or_deleted(context, id, owner).await,
            By::Editor(user) => editable(context, id, user).await,
            By::Collaborator(user) => shared(context, id, user).await,
        }
    }
}

/// Changes a video as decided, with the event, where it is there for whom it is changed by. Where another writer was first, it is
/// decided again on what that one left: of two who publish at the same time, one publishes and the other finds it published.
pub async fn change<A, S, D>(
    context: &Context,
    (id, by): (VideoId, By),
    event: impl Fn(&Change) -> Event,
    decide: impl Fn(Video) -> D,
) -> Result<A, Problem>
where
    S: IntoIterator<Item = GuardedStatement>,
    D: Future<Output = Result<Decided<A, S>, Problem>>,
{
    for _ in 0..RACES_MAX {
        let video = by.load(context, id).await?.ok_or_else(Problem::not_found)?;
        let Decided { outcome, also, answer } = decide(video).await?;
        let written = match outcome {
            Outcome::Unchanged(video) => write_beside(context, &video, also).await,
            Outcome::Changed(change) => save(context, &change, event(&change), also).await,
        };
        match written {
            Ok(()) => return Ok(answer),
            Err(WriteError::Outdated) => {}
            Err(error @ WriteError::Failed(_)) => return Err(error.into()),
        }
    }
    Err(WriteError::Outdated.into())
}

/// How each change may be refused.
pub fn refusals_to_change() -> [Problem; 2] {
    [Problem::not_found(), WriteError::Outdated.into()]
}
