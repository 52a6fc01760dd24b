//! `POST /events/playback-events`: takes the events that Playback follows.

use crate::{account_changed, account_decided, subscription_changed, video_changed, video_decided};
use axum::Extension;
use axum::extract::State;
use http::StatusCode;
use mcsp_events::{Applied, Received, waits};
use mcsp_function::Context;
use mcsp_problem::Problem;
use playback_storage::Bounds;

/// All of Content's events about videos carry the whole state: one handler is right for each of them.
const VIDEO_EVENTS: &str = "mcsp.content.video.";
/// And so do Auth's about accounts.
const ACCOUNT_EVENTS: &str = "mcsp.auth.account.";
/// And Subscription's.
const SUBSCRIPTION_EVENTS: &str = "mcsp.subscription.";
/// And Admin's, of what it decides on a video. What else it may come to decide on one says nothing of whether it is blocked.
const VIDEO_DECISIONS: [&str; 2] = ["mcsp.admin.video.blocked.v1", "mcsp.admin.video.restored.v1"];
/// Or on an account.
const ACCOUNT_DECISIONS: &str = "mcsp.admin.account.";

pub(crate) async fn consume(
    State(context): State<Context>,
    Extension(bounds): Extension<Bounds>,
    received: Received,
) -> Result<Applied, Problem> {
    let applied = match received.kind.as_str() {
        kind if kind.starts_with(VIDEO_EVENTS) => video_changed::apply(&context, &bounds, &received).await,
        kind if kind.starts_with(ACCOUNT_EVENTS) => {
            account_changed::apply(&context, &bounds, &received).await
        }
        kind if kind.starts_with(SUBSCRIPTION_EVENTS) => {
            subscription_changed::apply(&context, &bounds, &received).await
        }
        kind if VIDEO_DECISIONS.contains(&kind) => video_decided::apply(&context, &bounds, &received).await,
        kind if kind.starts_with(ACCOUNT_DECISIONS) => {
            account_decided::apply(&context, &bounds, &received).await
        }
        // What Admin decides on other things, and whatever else its topics will carry.
        _ => Ok(Applied::Ignored),
    };
    applied.map_err(for_its_stores)
}

/// Nothing is needed but Postgres and Redis. Once Postgres has an event, Redis must hear of it, however long it is away:
/// of a video that was taken back, or an account that was suspended, it still has what was before. One that takes too long
/// (504) may be what fails by itself; a store that is silent is soon known to be away.
fn for_its_stores(problem: Problem) -> Problem {
    if problem.status() == StatusCode::SERVICE_UNAVAILABLE { waits(problem) } else { problem }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;

    #[test]
    fn an_event_waits_for_a_store_that_is_away_and_not_where_it_takes_too_long() {
        for (status, is_waited_for) in [
            (StatusCode::SERVICE_UNAVAILABLE, true),
            (StatusCode::GATEWAY_TIMEOUT, false),
            (StatusCode::INTERNAL_SERVER_ERROR, false),
        ] {
            let response = for_its_stores(Problem::new(status, "code", "title")).into_response();
            assert_eq!(response.headers().contains_key("mcsp-waits-for"), is_waited_for, "{status}");
        }
    }
}
