//! `DELETE /v1/playback/positions/{video_id}`: forgets where the caller stopped. What a player tells of an earlier time,
//! or a process still holds, does not bring it back.

use crate::overwrite::overwrite;
use crate::write::{Told, write_behind};
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, StatusCode};
use mcsp_access::Permission;
use mcsp_etag::IfMatch;
use mcsp_function::{Caller, Context};
use mcsp_ids::{UserId, VideoId};
use mcsp_problem::{Path, Problem};
use mcsp_reference::{Answer, Operation};
use playback_domain::Position;
use playback_storage::memory;
use playback_storage::videos::Source;
use playback_storage::{Bounds, Redis, StoreError, positions, probe_after_answer};

const SERVED_FROM: HeaderName = HeaderName::from_static("mcsp-served-from");
const STALE_MS: HeaderName = HeaderName::from_static("mcsp-stale-ms");

pub(crate) fn reference() -> Operation {
    Operation::delete("/v1/playback/positions/{video_id}", forget)
        .named("forgetPosition", "Forget where one stopped")
        .described(
            "Forgets where the caller stopped in a video, on every device. What a player tells of an earlier time does \
            not bring it back; a session that goes on begins it anew. It is the same whether there was a position or \
            not. With `If-Match` it is forgotten only where the position that counts is one that was read; that is compared in \
            Redis alone: while it is away, such a request is 503.",
        )
        .requires(Permission::PlaybackStart)
        .answers(Answer::empty(StatusCode::NO_CONTENT, "It is forgotten.").with(SERVED_FROM).with(STALE_MS))
}

pub(crate) async fn forget(
    State(context): State<Context>,
    Extension(bounds): Extension<Bounds>,
    caller: Caller,
    Path(video): Path<VideoId>,
    if_match: IfMatch,
) -> Result<Response, Problem> {
    caller.require(Permission::PlaybackStart)?;
    let user = caller.user();
    let told = Told { user, video, position: Position::forgotten(None, context.now()) };
    let source = match overwrite(&context, &bounds, &if_match, told).await? {
        Some((_, source)) => source,
        None => Forgetting { context: &context, bounds: &bounds, user, video }.forget().await?,
    };
    let served = [(SERVED_FROM, source.as_str()), (STALE_MS, "0")];
    Ok((StatusCode::NO_CONTENT, served).into_response())
}

/// What is to be forgotten.
struct Forgetting<'a> {
    context: &'a Context,
    bounds: &'a Bounds,
    user: UserId,
    video: VideoId,
}

impl Forgetting<'_> {
    /// In Redis, and in Postgres after the answer. Where Redis does not know all of the account's positions Postgres
    /// comes first; where neither can be told now it is held until they can.
    async fn forget(&self) -> Result<Source, StoreError> {
        let Forgetting { context, bounds, user, video } = *self;
        let redis = Redis::within(context.bridge(), bounds);
        match positions::forget_known(redis, user, video, context.now()).await {
            Ok(Some(forgotten)) => {
                self.write_behind(forgotten);
                self.remember(forgotten).await?;
                Ok(Source::Redis)
            }
            Ok(None) => self.forget_saved().await,
            Err(error) if error.is_outage() => {
                probe_after_answer(context, &error);
                match memory::position(context.bridge(), user, video).await? {
                    Some(_) => self.hold().await,
                    None => self.forget_saved().await,
                }
            }
            Err(error) => Err(error),
        }
    }

    async fn forget_saved(&self) -> Result<Source, StoreError> {
        let Forgetting { context, user, video, .. } = *self;
        match positions::forget_saved(context.bridge(), user, video, context.now()).await {
            Ok(Some(forgotten)) => self.put(forgotten).await.map(|()| Source::Postgres),
            // There is no such video.
            Ok(None) => Ok(Source::Postgres),
            Err(error) if error.is_outage() => self.hold().await,
            Err(error) => Err(error),
        }
    }

    /// Redis must hear of it before it tells an older one.
    async fn put(&self, forgotten: Position) -> Result<(), StoreError> {
        let Forgetting { context, bounds, user, video } = *self;
        match positions::put(Redis::within(context.bridge(), bounds), user, video, forgotten).await {
            Ok(counting) => self.remember(counting).await,
            Err(error) if error.is_outage() => {
                memory::hold_position(context.bridge(), user, video, forgotten).await.map(drop)
            }
            Err(error) => Err(error),
        }
    }

    /// Holds it until the stores have it.
    async fn hold(&self) -> Result<Source, StoreError> {
        let Forgetting { context, user, video, .. } = *self;
        let forgotten = memory::hold_forgotten(context.bridge(), user, video, context.now()).await?;
        self.write_behind(forgotten);
        Ok(Source::Memory)
    }

    fn write_behind(&self, position: Position) {
        write_behind(self.context, Told { user: self.user, video: self.video, position });
    }

    /// What is held for the stores is not to be written over it.
    async fn remember(&self, position: Position) -> Result<(), StoreError> {
        let Forgetting { context, bounds, user, video } = *self;
        memory::settle_position(context.bridge(), bounds, (user, video), position).await
    }
}
