//! `PATCH /v1/videos/{id}`: the owner, or an editor, says something else of a video. What is left out stays; `null` clears
//! category, language, minimum age, licence and whether it is for children.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use content_contract::{Licence, Said, VideoView, answer_of, event, given};
use content_domain::{Edit, InvalidMinimumAge, MinimumAge, Outcome, Video};
use content_storage::{self as storage, WriteError};
use http::{StatusCode, header};
use mcsp_access::Permission;
use mcsp_etag::IfMatch;
use mcsp_function::{Caller, Context, TraceParent};
use mcsp_ids::{UserId, VideoId};
use mcsp_problem::{Invalid, Json, Path, Problem, Reason};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "EditVideoRequest")]
pub(crate) struct EditRequest {
    /// 1 to 100 characters on one line.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "String", example = &"A walk in the hills")]
    title: Option<String>,
    /// Up to 5,000 characters, in lines.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "String", example = &"An hour in the rain.")]
    description: Option<String>,
    /// Up to 30, each of 1 to 30 characters; they are kept in lowercase and each once.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Vec<String>", example = ["hiking"])]
    tags: Option<Vec<String>>,
    /// A slug of up to 40 characters. Null clears it.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Option<String>", example = &"travel")]
    category: Option<Option<String>>,
    /// What is spoken: a BCP 47 tag of language, script and region. Null clears it.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Option<String>", example = &"en-GB")]
    language: Option<Option<String>>,
    /// The age that one must have reached to play it. Null lets everybody.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Option<u32>", extend("enum" = [12, 16, 18, null]), example = 16)]
    minimum_age: Option<Option<u32>>,
    /// On what terms others may use it. Null says nothing of it.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Option<Licence>")]
    licence: Option<Option<Licence>>,
    /// Whether it is for children. Null says nothing of it.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Option<bool>", example = false)]
    made_for_kids: Option<Option<bool>>,
    /// Whatever else there is to say, in the place of all that was said: up to 20 fields by slugs of up to 40 characters, each of 1 to
    /// 200 on one line; all of them together have up to 16 KiB.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "BTreeMap<String, String>", example = BTreeMap::from([("camera", "a phone")]))]
    custom_fields: Option<BTreeMap<String, String>>,
}

/// Who asks, and on what condition.
pub(crate) type Asked = (Caller, TraceParent, IfMatch);

pub(crate) fn reference() -> Operation {
    Operation::patch("/v1/videos/{id}", edit)
        .named("editVideo", "Change what a video's owner says of it")
        .described(
            "What is left out stays as it is. Send the `ETag` that you have read as `If-Match`, so that nobody's change \
            is lost; without it, whoever comes last wins.",
        )
        .requires(Permission::ContentEdit)
        .answers(Answer::json::<VideoView>(StatusCode::OK, "The video as it is now.").with(header::ETAG))
        .refuses([Problem::not_found(), Invalid::default().into_problem(), WriteError::Outdated.into()])
}

pub(crate) async fn edit(
    State(context): State<Context>,
    (caller, trace, if_match): Asked,
    Path(id): Path<VideoId>,
    Json(request): Json<EditRequest>,
) -> Result<Response, Problem> {
    caller.require(Permission::ContentEdit)?;
    let video = storage::editable(&context, id, caller.user()).await?.ok_or_else(Problem::not_found)?;
    if_match.check(video.version)?;
    match video.edit(parse(request)?, context.now()) {
        Outcome::Unchanged(video) => Ok(shown(&video, caller.user())),
        Outcome::Changed(change) => {
            let event = event(&context, &trace, &change);
            storage::save(&context, &change, event, None).await.map_err(|error| refuse(error, &if_match))?;
            Ok(shown(&change.video, caller.user()))
        }
    }
}

/// As the owner or an editor sees it.
fn shown(video: &Video, viewer: UserId) -> Response {
    answer_of(&VideoView::from(video).shown_to(Some(viewer))).into_response()
}

/// Who named a version is told that it is stale; who named none may simply try again.
pub(crate) fn refuse(error: WriteError, if_match: &IfMatch) -> Problem {
    match error {
        WriteError::Outdated => if_match.outdated().unwrap_or_else(|| WriteError::Outdated.into()),
        WriteError::Failed(_) => error.into(),
    }
}

fn parse(request: EditRequest) -> Result<Edit, Problem> {
    let EditRequest {
        title,
        description,
        tags,
        category,
        language,
        minimum_age,
        licence,
        made_for_kids,
        custom_fields,
    } = request;
    let mut invalid = Invalid::default();
    let said = Said { title, description, tags, category, language, licence, made_for_kids, custom_fields };
    let mut edit = said.parse(&mut invalid);
    edit.minimum_age = minimum_age.and_then(|years| self::minimum_age(years, &mut invalid));
    invalid.into_result(edit)
}

/// Takes an age that can be taken, and notes one that can't.
pub(crate) fn minimum_age(years: Option<u32>, invalid: &mut Invalid) -> Option<Option<MinimumAge>> {
    let unfit = |error: InvalidMinimumAge| Reason::new("not_an_option", error.to_string());
    invalid.check("/minimum_age", years.map(MinimumAge::new).transpose().map_err(unfit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_each_age_that_a_video_can_ask_for_a_token_can_tell() {
        assert_eq!(MinimumAge::ALL.to_vec(), mcsp_access::AGES.map(u32::from));
    }
}
