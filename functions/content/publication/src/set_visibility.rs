//! `PUT /v1/videos/{id}/visibility`: says who sees the video while it is published.

use crate::change::{Asked, Target, answered, change, refusals};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use content_domain::{
    InvalidPlanLevel, PlanLevel, VIDEO_PASSWORDS_MAX, Video, VideoPassword, Visibility, VisibilityName,
};
use content_storage as storage;
use mcsp_access::Permission;
use mcsp_function::Context;
use mcsp_ids::VideoId;
use mcsp_problem::{Invalid, Json, Path, Problem, Reason};
use mcsp_reference::Operation;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetVisibilityRequest {
    /// Who is to see it.
    visibility: VisibilityName,
    /// The level of the plan that one must have to play it, 1 to 100; 1 by default. Only for `subscribers`.
    #[serde(default)]
    #[schemars(example = 2)]
    minimum_plan_level: Option<u32>,
    /// 1 to 5, each of 4 to 128 characters: whoever knows one may play it. Required for `password`, and only for that.
    #[serde(default)]
    #[schemars(example = ["open sesame"])]
    passwords: Option<Vec<String>>,
}

/// Whom the owner means the video for.
enum Meant {
    Plainly(Visibility),
    ForThoseWhoKnow(Vec<VideoPassword>),
}

impl SetVisibilityRequest {
    fn parse(self) -> Result<Meant, Problem> {
        let SetVisibilityRequest { visibility, minimum_plan_level, passwords } = self;
        let mut invalid = Invalid::default();
        let meant = match visibility {
            VisibilityName::Public => Some(Meant::Plainly(Visibility::Public)),
            VisibilityName::Unlisted => Some(Meant::Plainly(Visibility::Unlisted)),
            VisibilityName::Private => Some(Meant::Plainly(Visibility::Private)),
            VisibilityName::Subscribers => {
                let level = minimum_plan_level.map_or(Ok(PlanLevel::LOWEST), PlanLevel::new);
                let level = invalid.check(PLAN_LEVEL, level.map_err(out_of_range));
                level.map(|level| Meant::Plainly(Visibility::Subscribers(level)))
            }
            VisibilityName::Password => {
                parse_passwords(passwords.as_deref().unwrap_or_default(), &mut invalid)
            }
        };
        if minimum_plan_level.is_some() && visibility != VisibilityName::Subscribers {
            invalid.check::<()>(PLAN_LEVEL, Err(not_for_this("subscribers")));
        }
        if passwords.is_some() && visibility != VisibilityName::Password {
            invalid.check::<()>(PASSWORDS, Err(not_for_this("password")));
        }
        match meant {
            Some(meant) => invalid.into_result(meant),
            None => Err(invalid.into_problem()),
        }
    }
}

const PLAN_LEVEL: &str = "/minimum_plan_level";
const PASSWORDS: &str = "/passwords";

fn parse_passwords(texts: &[String], invalid: &mut Invalid) -> Option<Meant> {
    if !(1..=VIDEO_PASSWORDS_MAX).contains(&texts.len()) {
        let reason = Reason::new("out_of_range", format!("must hold 1 to {VIDEO_PASSWORDS_MAX} passwords"));
        return invalid.check(PASSWORDS, Err(reason));
    }
    let parsed: Vec<_> = texts.iter().map(|text| VideoPassword::parse(text)).collect();
    let passwords = parsed.into_iter().enumerate().filter_map(|(n, password)| {
        invalid.check(
            &format!("{PASSWORDS}/{n}"),
            password.map_err(|error| Reason::new(error.code(), error.to_string())),
        )
    });
    Some(Meant::ForThoseWhoKnow(passwords.collect()))
}

fn out_of_range(error: InvalidPlanLevel) -> Reason {
    Reason::new("out_of_range", error.to_string())
}

fn not_for_this(visibility: &str) -> Reason {
    let detail = format!("must be left out where the visibility is not `{visibility}`");
    Reason::new("not_for_this_visibility", detail)
}

pub(crate) fn reference() -> Operation {
    Operation::put("/v1/videos/{id}/visibility", set_visibility)
        .named("setVisibility", "Say who sees a video")
        .described(
            "Says who sees the video while it is published. It may be said before. What is for subscribers is seen by all \
            who have its link, and played by those whose plan has `minimum_plan_level` at least; search does not list it. So is \
            what asks for a password: those play it who have given one to `POST /v1/videos/{id}/unlock`. New passwords end \
            what was unlocked with earlier ones, also where they are the same.",
        )
        .requires(Permission::ContentPublish)
        .answers(answered())
        .refuses(refusals())
        .refuses([Invalid::default().into_problem()])
}

pub(crate) async fn set_visibility(
    State(context): State<Context>,
    (caller, trace, if_match): Asked,
    Path(id): Path<VideoId>,
    Json(request): Json<SetVisibilityRequest>,
) -> Result<Response, Problem> {
    caller.require(Permission::ContentPublish)?;
    let meant = request.parse()?;
    let target = Target { id, owner: caller.user() };
    let answer = match meant {
        Meant::Plainly(visibility) => {
            let forget = |_: &_, _: &_| Some(storage::forget_passwords(id));
            change(&context, &trace, target, forget, |video| {
                if_match.check(video.version)?;
                Ok(video.with_visibility(visibility, context.now()))
            })
            .await?
        }
        Meant::ForThoseWhoKnow(passwords) => {
            // Nobody has hashes made for a video that is not theirs.
            storage::owned(&context, id, target.owner).await?.ok_or_else(Problem::not_found)?;
            let hashes = hashes(&context, &passwords).await?;
            let keep = |video: &Video, _: &_| {
                let version = video.visibility.passwords()?;
                Some(storage::keep_passwords(id, version, &hashes))
            };
            change(&context, &trace, target, keep, |video| {
                if_match.check(video.version)?;
                Ok(video.with_passwords(context.now()))
            })
            .await?
        }
    };
    Ok(answer.into_response())
}

/// One after the other: a creator waits for some, others wait for their turn.
async fn hashes(context: &Context, passwords: &[VideoPassword]) -> Result<Vec<String>, Problem> {
    let mut hashes = Vec::new();
    for password in passwords {
        hashes.push(context.bridge().hash_password(password.reveal().to_owned()).await?);
    }
    Ok(hashes)
}
