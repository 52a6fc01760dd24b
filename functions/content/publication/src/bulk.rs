//! `POST /v1/videos/bulk`: does the same with many videos, with each of them as if it were asked for alone.

mod action;

use action::{Action, ActionRequest};
use axum::extract::State;
use axum::response::Response;
use content_contract::event;
use content_domain::{Outcome, Video};
use content_storage::{self as storage, By, Decided};
use futures::stream::{self, StreamExt, TryStreamExt};
use http::StatusCode;
use mcsp_access::Permission;
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_function::{Caller, Context, TraceParent};
use mcsp_idempotency::{Answer, Claim, IdempotencyKey, once};
use mcsp_ids::{UserId, VideoId};
use mcsp_problem::{Invalid, Json, Problem, Reason};
use mcsp_reference::{Answer as Answered, Operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Videos of one request.
const VIDEOS_MAX: usize = 100;
/// Videos that are written at the same time: one who changes many leaves the others their connections.
const AT_ONCE: usize = 4;
/// Where the videos are named.
const VIDEO_IDS: &str = "/video_ids";

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "BulkRequest")]
pub(crate) struct BulkRequest {
    /// What is done with each video.
    action: ActionRequest,
    /// 1 to 100, each once.
    video_ids: Vec<VideoId>,
}

/// What became of each video.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "BulkAnswer")]
struct BulkView {
    /// In the order in which the videos were named.
    items: Vec<ItemView>,
}

/// What became of a video.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "BulkItem")]
struct ItemView {
    /// Which.
    video_id: VideoId,
    /// What became of it.
    status: Status,
    /// Why it was refused, by the code that the request for this video alone is refused with; null where it was not.
    #[schemars(example = ())]
    code: Option<&'static str>,
    /// Its version by then, as in the ETag; null where it was refused.
    #[schemars(example = 7)]
    version: Option<i64>,
}

/// What became of a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "BulkStatus")]
enum Status {
    /// It was changed.
    Done,
    /// It was so already.
    Unchanged,
    /// It stays what it was.
    Refused,
}

/// What is done in a request, and what for.
struct Work<'a> {
    context: &'a Context,
    trace: &'a TraceParent,
    owner: UserId,
    action: &'a Action,
    claim: &'a Claim,
    /// The versions of those that an earlier try of the request has changed, before it died.
    changed_before: BTreeMap<String, i64>,
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/videos/bulk", bulk)
        .named("changeVideos", "Do the same with many videos")
        .described(
            "Each video is changed, or refused, as by the request for it alone, and one that is refused keeps no other back: the answer \
            is 200, with what became of each. With an `Idempotency-Key`, a request that broke off is taken up by its repetition \
            where it broke off: no video is changed twice.",
        )
        .requires_one_of([Permission::ContentEdit, Permission::ContentPublish].map(Some))
        .answers(Answered::json::<BulkView>(StatusCode::OK, "What became of each video."))
        .refuses([Invalid::default().into_problem()])
}

pub(crate) async fn bulk(
    State(context): State<Context>,
    caller: Caller,
    trace: TraceParent,
    IdempotencyKey(key): IdempotencyKey,
    Json(request): Json<BulkRequest>,
) -> Result<Response, Problem> {
    caller.require(request.action.permission())?;
    let action = request.parse()?;
    let owner = caller.user();
    once(&context, &format!("{owner} bulk"), key, &request, async |claim| {
        let changed_before = claim.parts(&context).await?;
        let work =
            Work { context: &context, trace: &trace, owner, action: &action, claim: &claim, changed_before };
        let videos: Vec<_> = request.video_ids.iter().map(|id| work.on(*id)).collect();
        let items: Vec<ItemView> = stream::iter(videos).buffered(AT_ONCE).try_collect().await?;
        let answer = Answer::json(StatusCode::OK, &BulkView { items });
        claim.keep_whole(&context, &answer).await?;
        Ok(answer)
    })
    .await
}

impl BulkRequest {
    fn parse(&self) -> Result<Action, Problem> {
        let mut invalid = Invalid::default();
        let action = self.action.parse(&mut invalid);
        if !(1..=VIDEOS_MAX).contains(&self.video_ids.len()) {
            let reason = Reason::new("out_of_range", format!("must name 1 to {VIDEOS_MAX} videos"));
            invalid.check::<()>(VIDEO_IDS, Err(reason));
        }
        let mut named = BTreeSet::new();
        for (n, id) in self.video_ids.iter().enumerate().take(VIDEOS_MAX) {
            if !named.insert(id) {
                let reason = Reason::new("duplicate", "is named already");
                invalid.check::<()>(&format!("{VIDEO_IDS}/{n}"), Err(reason));
            }
        }
        match action {
            Some(action) => invalid.into_result(action),
            None => Err(invalid.into_problem()),
        }
    }
}

impl Work<'_> {
    /// Changes a video, or tells why not. What is nobody's fault who asks ends all of it: a repetition goes on from there.
    async fn on(&self, id: VideoId) -> Result<ItemView, Problem> {
        if let Some(version) = self.changed_before.get(&id.to_string()) {
            return Ok(ItemView::of(id, Status::Done, *version));
        }
        let event = |change: &_| event(self.context, self.trace, change);
        let decide = |video| std::future::ready(self.decide(video));
        let by = if self.action.reaches_what_is_deleted() { By::OwnerOfDeleted } else { By::Owner };
        let changed = storage::change(self.context, (id, by(self.owner)), event, decide).await;
        changed.or_else(|problem| ItemView::refused(id, problem))
    }

    fn decide(&self, video: Video) -> Result<Decided<ItemView, Vec<GuardedStatement>>, Problem> {
        let id = video.origin.id;
        let (outcome, mut also) = self.action.apply(self.context, self.trace, video)?;
        let version = outcome.video().version;
        let status = match &outcome {
            Outcome::Changed(_) => {
                also.extend(self.claim.record_part(self.context, &id.to_string(), &version));
                Status::Done
            }
            Outcome::Unchanged(_) => {
                also.clear();
                Status::Unchanged
            }
        };
        Ok(Decided { outcome, also, answer: ItemView::of(id, status, version) })
    }
}

impl ItemView {
    fn of(video_id: VideoId, status: Status, version: i64) -> Self {
        ItemView { video_id, status, code: None, version: Some(version) }
    }

    fn refused(video_id: VideoId, problem: Problem) -> Result<Self, Problem> {
        if problem.status().is_client_error() {
            Ok(ItemView { video_id, status: Status::Refused, code: Some(problem.code()), version: None })
        } else {
            Err(problem)
        }
    }
}
