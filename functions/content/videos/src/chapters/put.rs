//! `PUT /v1/videos/{id}/chapters`: says all chapters of a video anew.

use super::{ChaptersView, answer, kept, version};
use crate::change::change;
use crate::edit::Asked;
use axum::extract::State;
use axum::response::Response;
use content_domain::{ChapterFault, Chapters, InvalidChapter, Outcome, Video};
use content_storage::{self as storage, By, Decided, Kept, refusals_to_change};
use http::{StatusCode, header};
use mcsp_access::Permission;
use mcsp_etag::IfMatch;
use mcsp_function::Context;
use mcsp_ids::VideoId;
use mcsp_problem::{Invalid, Json, Path, Problem, Reason};
use mcsp_reference::{Answer, Operation};

pub(crate) fn reference() -> Operation {
    Operation::put("/v1/videos/{id}/chapters", put)
        .named("setChapters", "Say what chapters a video has")
        .described(
            "All of them, in the place of those that there are; an empty list takes them away. The first begins at 0, each further one \
            after the one before it, and the last one before the end of the video, once that is known. `If-Match` takes the `ETag` of \
            the chapters, which is `\"0\"` where there are none.",
        )
        .requires(Permission::ContentEdit)
        .answers(Answer::json::<ChaptersView>(StatusCode::OK, "The chapters as they are now.").with(header::ETAG))
        .refuses(refusals_to_change())
        .refuses([Invalid::default().into_problem()])
}

pub(crate) async fn put(
    State(context): State<Context>,
    (caller, trace, if_match): Asked,
    Path(id): Path<VideoId>,
    Json(request): Json<ChaptersView>,
) -> Result<Response, Problem> {
    caller.require(Permission::ContentEdit)?;
    change(&context, (By::Editor(caller.user()), &trace), id, |video| {
        decide(&context, &if_match, &request, video)
    })
    .await
}

async fn decide(
    context: &Context,
    if_match: &IfMatch,
    request: &ChaptersView,
    video: Video,
) -> Result<Decided<Response>, Problem> {
    if_match.check(version(&video.tracks))?;
    let chapters = parse(request, &video)?;
    let known = kept(context, &video).await?;
    if known.text == chapters {
        let answer = answer(known.version, &chapters);
        return Ok(Decided { outcome: Outcome::Unchanged(video), also: None, answer });
    }
    let id = video.origin.id;
    let outcome = video.with_chapters(!chapters.is_empty(), context.now());
    let version = version(&outcome.video().tracks);
    let also = if chapters.is_empty() {
        storage::forget_chapters(id)
    } else {
        storage::keep_chapters(id, Kept { version, text: &chapters })
    };
    Ok(Decided { outcome, also: Some(also), answer: answer(version, &chapters) })
}

fn parse(request: &ChaptersView, video: &Video) -> Result<Chapters, Problem> {
    let given = request.chapters.iter().map(|chapter| (chapter.start_ms, chapter.title.as_str()));
    let duration_ms = video.state.media().map(|media| media.duration_ms);
    Chapters::parse(given, duration_ms).map_err(|faults| {
        let mut invalid = Invalid::default();
        for InvalidChapter { index, reason } in faults {
            let place = match reason {
                ChapterFault::TooMany => "/chapters".to_owned(),
                ChapterFault::Title(_) => format!("/chapters/{index}/title"),
                ChapterFault::NotAtTheBeginning
                | ChapterFault::NotAscending
                | ChapterFault::BehindTheEnd { .. } => format!("/chapters/{index}/start_ms"),
            };
            invalid.check::<()>(&place, Err(Reason::new(reason.code(), reason.to_string())));
        }
        invalid.into_problem()
    })
}
