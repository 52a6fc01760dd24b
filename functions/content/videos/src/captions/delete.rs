//! `DELETE /v1/videos/{id}/captions/{language}`: takes captions away.

use super::{LanguageTag, version};
use crate::change::change;
use crate::edit::Asked;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use content_domain::{Language, Outcome, Video};
use content_storage::{self as storage, By, Decided, refusals_to_change};
use http::StatusCode;
use jiff::Timestamp;
use mcsp_access::Permission;
use mcsp_etag::IfMatch;
use mcsp_function::Context;
use mcsp_ids::VideoId;
use mcsp_problem::{Path, Problem};
use mcsp_reference::{Answer, Operation};

pub(crate) fn reference() -> Operation {
    Operation::delete("/v1/videos/{id}/captions/{language}", delete)
        .named("deleteCaptions", "Take the captions in a language from a video")
        .described("Taking away what is not there changes nothing.")
        .requires(Permission::ContentEdit)
        .answers(Answer::empty(StatusCode::NO_CONTENT, "There are no captions in this language now."))
        .refuses(refusals_to_change())
}

pub(crate) async fn delete(
    State(context): State<Context>,
    (caller, trace, if_match): Asked,
    Path((id, LanguageTag(language))): Path<(VideoId, LanguageTag)>,
) -> Result<Response, Problem> {
    caller.require(Permission::ContentEdit)?;
    change(&context, (By::Editor(caller.user()), &trace), id, |video| {
        std::future::ready(decide(&if_match, &language, video, context.now()))
    })
    .await
}

fn decide(
    if_match: &IfMatch,
    language: &Language,
    video: Video,
    now: Timestamp,
) -> Result<Decided<Response>, Problem> {
    if_match.check(version(&video.tracks, language))?;
    let id = video.origin.id;
    let outcome = video.without_captions(language, now);
    let also = matches!(outcome, Outcome::Changed(_)).then(|| storage::forget_captions(id, language));
    Ok(Decided { outcome, also, answer: StatusCode::NO_CONTENT.into_response() })
}
