//! `PUT /v1/videos/{id}/captions/{language}`: gives a video captions in a language, or others.

use super::sent::Sent;
use super::{CaptionsView, LanguageTag, version};
use crate::change::change;
use crate::edit::Asked;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use content_domain::{Captions, Language, Outcome, TooManyCaptions, Video};
use content_storage::{self as storage, By, Decided, Kept, refusals_to_change};
use http::{StatusCode, header};
use mcsp_access::Permission;
use mcsp_etag::{ETag, IfMatch};
use mcsp_function::Context;
use mcsp_ids::VideoId;
use mcsp_problem::{Invalid, Json, Path, Problem};
use mcsp_reference::{Answer, Operation};

pub(crate) fn reference() -> Operation {
    let answer = |status, text| Answer::json::<CaptionsView>(status, text).with(header::ETAG);
    Operation::put("/v1/videos/{id}/captions/{language}", put)
        .named("setCaptions", "Give a video captions in a language")
        .described(
            "A file of WebVTT, or of SubRip (`application/x-subrip`), of which WebVTT is made, in UTF-8 and of at most 1 MiB. What is \
            wrong with it is told with its line. `If-Match` takes the `ETag` of these captions, which is `\"0\"` where there are none.",
        )
        .requires(Permission::ContentEdit)
        .answers(answer(StatusCode::OK, "There are other captions now, or the same ones still."))
        .answers(answer(StatusCode::CREATED, "There are captions in this language now."))
        .refuses(refusals_to_change())
        .refuses([Invalid::default().into_problem(), too_many(TooManyCaptions)])
}

pub(crate) async fn put(
    State(context): State<Context>,
    (caller, trace, if_match): Asked,
    Path((id, LanguageTag(language))): Path<(VideoId, LanguageTag)>,
    sent: Sent,
) -> Result<Response, Problem> {
    caller.require(Permission::ContentEdit)?;
    // Nobody has a file read for a video that they may not change.
    storage::editable(&context, id, caller.user()).await?.ok_or_else(Problem::not_found)?;
    let captions = sent.parse()?;
    let said = (&language, &captions);
    change(&context, (By::Editor(caller.user()), &trace), id, |video| {
        decide(&context, &if_match, said, video)
    })
    .await
}

async fn decide(
    context: &Context,
    if_match: &IfMatch,
    (language, captions): (&Language, &Captions),
    video: Video,
) -> Result<Decided<Response>, Problem> {
    let (id, known) = (video.origin.id, video.tracks.captions.get(language).copied());
    if_match.check(version(&video.tracks, language))?;
    let status = if known.is_some() { StatusCode::OK } else { StatusCode::CREATED };
    if known.is_some()
        && let Some(kept) = storage::captions(context, id, language).await?
        && known == Some(kept.version)
        && kept.text == captions.as_webvtt()
    {
        let answer = answer(status, language, kept.version);
        return Ok(Decided { outcome: Outcome::Unchanged(video), also: None, answer });
    }
    let outcome = video.with_captions(language.clone(), context.now()).map_err(too_many)?;
    let version = version(&outcome.video().tracks, language);
    let also = storage::keep_captions(id, language, Kept { version, text: captions });
    Ok(Decided { outcome, also: Some(also), answer: answer(status, language, version) })
}

fn answer(status: StatusCode, language: &Language, version: i64) -> Response {
    let etag = [(header::ETAG, ETag(version).to_string())];
    (status, etag, Json(CaptionsView::of(language, version))).into_response()
}

fn too_many(error: TooManyCaptions) -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "too_many_captions",
        "the video has captions in as many languages as it can",
    )
    .with_detail(error)
}
