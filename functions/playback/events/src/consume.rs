//! `POST /events/playback-events`: takes the events that Playback follows.

use crate::{account_changed, subscription_changed, video_changed};
use axum::Extension;
use axum::extract::State;
use mcsp_events::{Applied, Received};
use mcsp_function::Context;
use mcsp_problem::Problem;
use playback_storage::Bounds;

/// All of Content's events about videos carry the whole state: one handler is right for each of them.
const VIDEO_EVENTS: &str = "mcsp.content.video.";
/// And so do Auth's about accounts.
const ACCOUNT_EVENTS: &str = "mcsp.auth.account.";
/// And Subscription's.
const SUBSCRIPTION_EVENTS: &str = "mcsp.subscription.";

pub(crate) async fn consume(
    State(context): State<Context>,
    Extension(bounds): Extension<Bounds>,
    received: Received,
) -> Result<Applied, Problem> {
    match received.kind.as_str() {
        kind if kind.starts_with(VIDEO_EVENTS) => video_changed::apply(&context, &bounds, &received).await,
        kind if kind.starts_with(ACCOUNT_EVENTS) => {
            account_changed::apply(&context, &bounds, &received).await
        }
        kind if kind.starts_with(SUBSCRIPTION_EVENTS) => {
            subscription_changed::apply(&context, &bounds, &received).await
        }
        _ => Ok(Applied::Ignored),
    }
}
