//! `POST /v1/playback/signing-keys`: makes another key. The edge is given it now, it signs in a while, and the one before
//! leaves when the last thing that it signed has expired: nothing more has to be done.
//!
//! With `compromised` all keys before are out at once, and so is every URL that they signed: players start anew.

use crate::view::{KeyView, page};
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use mcsp_access::Permission;
use mcsp_function::{Caller, Context, MissingVariable};
use mcsp_idempotency::{Answer, Claim, IdempotencyKey, once};
use mcsp_paging::Page;
use mcsp_playback_url::KeySecret;
use mcsp_problem::{Json, Problem};
use mcsp_reference::{Answer as Answered, Operation};
use mcsp_rotation::{KeyRole, KeyTimes, lead, under_way};
use playback_keyring::{Keyring, Keys, new_key};
use playback_storage::signing_keys::{self, Rotation, StoredKey};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Keys that were made and are good, or will be. Each that the edge believes is one more that can be stolen.
const MADE_MAX: usize = 8;

/// How rotations are made.
#[derive(Clone, Debug)]
pub(crate) struct Rotating {
    pub keyring: Keyring,
    lead: SignedDuration,
}

impl Rotating {
    pub(crate) fn of(context: &Context) -> Result<Self, MissingVariable> {
        let name = "signing_key_lead_s";
        let lead = lead(context.variable(name)?).ok_or(MissingVariable(name))?;
        Ok(Rotating { keyring: Keyring::of(context)?, lead })
    }
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RotatePlaybackKeysRequest")]
pub(crate) struct RotateRequest {
    /// Whether others may have the secrets: then all keys before are out at once, and so is every URL that they signed.
    #[serde(default)]
    compromised: bool,
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/playback/signing-keys", rotate)
        .named("rotatePlaybackKeys", "Rotate the keys that sign playback URLs")
        .described(
            "Makes another key. The edge is given it now, it signs in a while, and the one before leaves when the last URL \
            that it signed has expired: nothing more has to be done.",
        )
        .requires(Permission::PlaybackKeyManage)
        .answers(
            Answered::json::<Page<KeyView>>(StatusCode::CREATED, "All keys, with the new one.")
                .with(header::LOCATION),
        )
        .refuses([under_way(), too_many()])
}

pub(crate) async fn rotate(
    State(context): State<Context>,
    Extension(rotating): Extension<Rotating>,
    caller: Caller,
    IdempotencyKey(key): IdempotencyKey,
    Json(request): Json<RotateRequest>,
) -> Result<Response, Problem> {
    caller.require(Permission::PlaybackKeyManage)?;
    let scope = format!("{} playback_keys.rotate", caller.user());
    once(&context, &scope, key, &request, async |claim| {
        make_key(&context, &rotating, request.compromised, &claim).await
    })
    .await
}

async fn make_key(
    context: &Context,
    Rotating { keyring, lead }: &Rotating,
    compromised: bool,
    claim: &Claim,
) -> Result<Answer, Problem> {
    let (now, keys) = (context.now(), keyring.all(context).await?);
    let mut new = Vec::new();
    let times = if compromised {
        new = revoked(keyring, &keys, now);
        KeyTimes::first(now)
    } else if keys.roles(now).filter(|(known, role)| known.stored.is_some() && role.is_published()).count()
        < MADE_MAX
    {
        keys.rotate(*lead, now)?
    } else {
        return Err(too_many());
    };
    let sequence = new.last().map_or(keys.next_sequence(), |last| last.sequence + 1);
    new.push(new_key(context, keyring.sealing(), sequence, times));
    let gone = gone(&keys, now);
    let revoked_at = compromised.then_some(now);
    let mut stored = keys.into_stored();
    stored.retain(|key| !gone.contains(&key.sequence));
    for before in &mut stored {
        before.times.revoked_at = before.times.revoked_at.or(revoked_at);
    }
    stored.extend(new.iter().cloned());
    let after = Keys::of(keyring.configured(), stored);
    let answer = Answer::json(StatusCode::CREATED, &page(&after, now))
        .with_header(header::LOCATION, "/v1/playback/signing-keys");
    let rotation = Rotation { keys: &new, gone, revoked_at };
    signing_keys::rotate(context.bridge(), rotation, claim.record(&answer)).await?;
    // What signs in this process learns of it at once, what does elsewhere within ten seconds.
    drop(keyring.all(context).await);
    Ok(answer)
}

/// Those that are of no use any more. That a key of the configuration is revoked must be known for as long as it is there.
fn gone(keys: &Keys, now: Timestamp) -> Vec<i64> {
    let gone = keys.roles(now).filter(|(known, role)| *role == KeyRole::Gone && !known.is_configured);
    gone.filter_map(|(known, _)| known.stored.as_ref()).map(|stored| stored.sequence).collect()
}

/// The keys of the configuration, as they are to be stored so that they are out too.
fn revoked(keyring: &Keyring, keys: &Keys, now: Timestamp) -> Vec<StoredKey> {
    let times = KeyTimes { revoked_at: Some(now), ..KeyTimes::first(now) };
    let is_stored = |kid: &str| keys.roles(now).any(|(known, _)| known.kid == kid && known.stored.is_some());
    let configured = keyring.configured().iter().filter(|key| !is_stored(&key.id));
    let stored = |(key, sequence): (&KeySecret, i64)| {
        let (kid, sealed_secret) = (key.id.clone(), None);
        StoredKey { sequence, kid, sealed_secret, times }
    };
    configured.zip(keys.next_sequence()..).map(stored).collect()
}

fn too_many() -> Problem {
    Problem::new(StatusCode::CONFLICT, "too_many_keys", "too many keys are good")
        .with_detail(format_args!("at most {MADE_MAX}: wait until one leaves"))
}
