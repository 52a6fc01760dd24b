//! `POST /v1/videos`: a video that is there before its file, as a draft.

use crate::edit::minimum_age;
use axum::extract::State;
use axum::response::Response;
use content_contract::{DraftVisibility, Licence, Said, VideoView, event, meant};
use content_domain::{Edit, Origin, Outcome, Video, Visibility};
use content_storage::{self as storage, DraftError, WriteError};
use http::{StatusCode, header};
use mcsp_access::Permission;
use mcsp_etag::ETag;
use mcsp_function::{Caller, Context, TraceParent};
use mcsp_idempotency::{Answer, Claim, IdempotencyKey, once};
use mcsp_problem::{Invalid, Json, Problem};
use mcsp_reference::{Answer as Answered, Operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Drafts of one owner.
const DRAFTS_MAX: u32 = 1_000;

/// What is left out or null is not said.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CreateVideoRequest")]
pub(crate) struct CreateRequest {
    /// 1 to 100 characters on one line.
    #[schemars(example = &"A walk in the hills")]
    title: Option<String>,
    /// Up to 5,000 characters, in lines.
    #[schemars(example = &"An hour in the rain.")]
    description: Option<String>,
    /// Up to 30, each of 1 to 30 characters; they are kept in lowercase and each once.
    #[schemars(example = ["hiking"])]
    tags: Option<Vec<String>>,
    /// A slug of up to 40 characters.
    #[schemars(example = &"travel")]
    category: Option<String>,
    /// What is spoken: a BCP 47 tag of language, script and region.
    #[schemars(example = &"en-GB")]
    language: Option<String>,
    /// The age that one must have reached to play it.
    #[schemars(extend("enum" = [12, 16, 18, null]), example = 16)]
    minimum_age: Option<u32>,
    /// On what terms others may use it.
    licence: Option<Licence>,
    /// Whether it is for children.
    #[schemars(example = false)]
    made_for_kids: Option<bool>,
    /// Whatever else there is to say: up to 20 fields by slugs of up to 40 characters, each of 1 to 200 on one line; all of them
    /// together have up to 16 KiB.
    #[schemars(example = BTreeMap::from([("camera", "a phone")]))]
    custom_fields: Option<BTreeMap<String, String>>,
    /// Who is to see it once it is published; `public` by default.
    visibility: Option<DraftVisibility>,
    /// The level of the plan that one must have to play it, 1 to 100; 1 by default. Only for `subscribers`.
    #[schemars(example = 2)]
    minimum_plan_level: Option<u32>,
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/videos", create)
        .named("createVideo", "Begin a video without a file")
        .described(
            "The video is there at once, as a `draft`: its owner sees and changes it, and may have it published later, and to all \
            others it does not exist. It gets its file by an upload with its `video_id`, and is processed from then on. With \
            `visibility` the permission `content.publish` is needed too; passwords and regions are said afterwards.",
        )
        .requires(Permission::ContentEdit)
        .answers(
            Answered::json::<VideoView>(StatusCode::CREATED, "The video, a draft.")
                .with(header::LOCATION)
                .with(header::ETAG),
        )
        .refuses([Invalid::default().into_problem(), too_many(), WriteError::Outdated.into()])
}

pub(crate) async fn create(
    State(context): State<Context>,
    (caller, trace): (Caller, TraceParent),
    IdempotencyKey(key): IdempotencyKey,
    Json(request): Json<CreateRequest>,
) -> Result<Response, Problem> {
    caller.require(Permission::ContentEdit)?;
    if request.visibility.is_some() {
        caller.require(Permission::ContentPublish)?;
    }
    let scope = format!("POST /v1/videos {}", caller.user());
    once(&context, &scope, key, &request, async |claim| {
        begun(&context, (&caller, &trace), parse(&request)?, claim).await
    })
    .await
}

async fn begun(
    context: &Context,
    (caller, trace): (&Caller, &TraceParent),
    (edit, visibility): (Edit, Visibility),
    claim: Claim,
) -> Result<Answer, Problem> {
    let (owner, now) = (caller.user(), context.now());
    let origin = Origin {
        id: context.new_id(),
        owner,
        upload: None,
        region: caller.claims.region.clone(),
        asks_for_protection: false,
    };
    let created = Video::draft(origin, edit, visibility, now);
    let known = storage::owner(context, owner).await?;
    // As any video that comes to be while its owner's account is kept back.
    let is_active = known.is_none_or(|owner| owner.is_active);
    let kept_back = match created.video.clone().of_account(is_active, now) {
        Outcome::Changed(change) => Some(change),
        Outcome::Unchanged(_) => None,
    };
    let video = kept_back.as_ref().map_or(&created.video, |change| &change.video);
    let answer = Answer::json(StatusCode::CREATED, &VideoView::from(video))
        .with_header(header::LOCATION, format!("/v1/videos/{}", video.origin.id))
        .with_header(header::ETAG, ETag(video.version));
    let changes = std::iter::once(&created).chain(&kept_back);
    let events = changes.map(|change| event(context, trace, change)).collect();
    match storage::insert_draft(context, (video, known), DRAFTS_MAX, events, claim.record(&answer)).await {
        Ok(()) => Ok(answer),
        Err(DraftError::TooMany) => Err(too_many()),
        Err(DraftError::Failed(error)) => Err(error.into()),
    }
}

fn parse(request: &CreateRequest) -> Result<(Edit, Visibility), Problem> {
    let mut invalid = Invalid::default();
    let said = Said {
        title: request.title.clone(),
        description: request.description.clone(),
        tags: request.tags.clone(),
        category: request.category.clone().map(Some),
        language: request.language.clone().map(Some),
        licence: request.licence.map(Some),
        made_for_kids: request.made_for_kids.map(Some),
        custom_fields: request.custom_fields.clone(),
    };
    let mut edit = said.parse(&mut invalid);
    edit.minimum_age = request.minimum_age.and_then(|years| minimum_age(Some(years), &mut invalid));
    let visibility = meant(request.visibility, request.minimum_plan_level, &mut invalid);
    invalid.into_result((edit, visibility.unwrap_or(Visibility::Public)))
}

/// 409: nobody needs so many.
fn too_many() -> Problem {
    Problem::new(StatusCode::CONFLICT, "too_many_drafts", "there are as many drafts as may be")
        .with_detail("send some their files; deleted ones count until they can't be had back")
}
