//! `POST /v1/videos/{id}/unlock`: takes a password of a video, and gives what Playback asks for in its place.

use crate::settings::Settings;
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use content_contract::viewer;
use content_domain::VideoPassword;
use content_storage as storage;
use http::{HeaderValue, StatusCode, header};
use jiff::Timestamp;
use mcsp_access::Permission;
use mcsp_attempts::{Attempt, Limit, Policy, TOO_MANY_ATTEMPTS};
use mcsp_bridge_api::passwords::Verdict;
use mcsp_function::{Caller, Context};
use mcsp_ids::{UserId, VideoId};
use mcsp_playback_url::AccessGrant;
use mcsp_problem::{Invalid, Json, Path, Problem, Reason};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// As long as an evening. What was unlocked stays so while it is played.
const GRANT_TTL_S: i64 = 12 * 60 * 60;
/// Of one account at one video: in the long run 144 guesses a day.
const ACCOUNT: Policy = Policy {
    service: "content",
    operation: "unlock",
    name: "account",
    free_attempts: 10,
    forget_ms: 10 * 60 * 1000,
    delay_max_ms: 15 * 60 * 1000,
    is_told: true,
};
/// Of all accounts at one video: many may guess together. Wide, since many may come together who know it.
const VIDEO: Policy = Policy {
    service: "content",
    operation: "unlock",
    name: "video",
    free_attempts: 1_000,
    forget_ms: 10 * 1000,
    delay_max_ms: 60 * 1000,
    is_told: false,
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnlockRequest {
    /// One of the video's passwords.
    #[schemars(example = &"open sesame")]
    password: String,
}

/// What opens a video to its viewer.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Unlocked")]
struct UnlockedView {
    /// What `POST /v1/playback/sessions` takes as `access_grant`, of this account and for this video.
    #[schemars(example = &"eyJ9.c2ln")]
    access_grant: String,
    /// Until when sessions can be started with it.
    expires_at: Timestamp,
}

/// Why it stays locked.
#[derive(Clone, Copy, Debug)]
enum UnlockError {
    NotLocked,
    Wrong,
}

impl From<UnlockError> for Problem {
    fn from(error: UnlockError) -> Self {
        let (status, code, title) = match error {
            UnlockError::NotLocked => {
                (StatusCode::CONFLICT, "not_locked", "the video does not ask for a password")
            }
            UnlockError::Wrong => (StatusCode::FORBIDDEN, "wrong_password", "the password is another"),
        };
        Problem::new(status, code, title)
    }
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/videos/{id}/unlock", unlock)
        .named("unlockVideo", "Give the password of a video")
        .described(
            "Takes one of the passwords of a video whose visibility is `password`, and gives a grant with which this account \
            may start to play it for twelve hours, or until the passwords change. Wrong guesses are counted, and whoever has \
            made ten waits longer and longer.",
        )
        .requires(Permission::PlaybackStart)
        .answers(Answer::json::<UnlockedView>(StatusCode::OK, "It is unlocked.").with(header::CACHE_CONTROL))
        .refuses([Problem::not_found(), Invalid::default().into_problem(), TOO_MANY_ATTEMPTS.into()])
        .refuses([UnlockError::NotLocked, UnlockError::Wrong].map(Problem::from))
}

pub(crate) async fn unlock(
    State(context): State<Context>,
    Extension(settings): Extension<Arc<Settings>>,
    caller: Caller,
    Path(id): Path<VideoId>,
    Json(request): Json<UnlockRequest>,
) -> Result<Response, Problem> {
    caller.require(Permission::PlaybackStart)?;
    let password = VideoPassword::parse(&request.password)
        .map_err(|error| Invalid::problem_at("/password", Reason::new(error.code(), error.to_string())))?;
    let user = caller.user();
    let video = storage::find_shown(&context, id, &viewer(Some(&caller))).await?;
    let video = video.ok_or_else(Problem::not_found)?;
    let version = video.visibility.passwords().ok_or(UnlockError::NotLocked)?;
    let attempt = attempt(&context, user, id).await?;
    let hashes = storage::passwords(&context, id, version).await?;
    if !is_one_of(&context, &password, hashes).await? {
        return Err(UnlockError::Wrong.into());
    }
    attempt.take_back(&context).await;
    let expires_at_s = context.now().as_second().saturating_add(GRANT_TTL_S);
    let expires_at = Timestamp::from_second(expires_at_s).map_err(|error| Problem::internal(&error))?;
    let access_grant = settings.signer().sign_access(&AccessGrant {
        user_id: user.to_string(),
        video_id: id.to_string(),
        passwords_version: u64::try_from(version.0).unwrap_or_default(),
        expires_at_unix_s: u64::try_from(expires_at_s).unwrap_or_default(),
    });
    let no_store = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((no_store, Json(UnlockedView { access_grant, expires_at })).into_response())
}

/// Counts a guess, if one may be made now: parallel ones do not slip through. It is taken back when it was right.
async fn attempt(context: &Context, user: UserId, id: VideoId) -> Result<Attempt<2>, Problem> {
    let limits = [Limit::new(ACCOUNT, &format!("{user} {id}")), Limit::new(VIDEO, &id.to_string())];
    let attempt = mcsp_attempts::attempt(context, limits).await;
    attempt.map_err(|refused| refused.into_problem(TOO_MANY_ATTEMPTS))
}

async fn is_one_of(
    context: &Context,
    password: &VideoPassword,
    hashes: Vec<String>,
) -> Result<bool, Problem> {
    for hash in hashes {
        let verdict = context.bridge().verify_password(password.reveal().to_owned(), Some(hash)).await?;
        match verdict {
            // They are hashed anew when they are set anew: viewers don't write.
            Verdict::Right | Verdict::RightButOutdated => return Ok(true),
            Verdict::Wrong => {}
        }
    }
    Ok(false)
}
