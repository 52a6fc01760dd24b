//! `POST /v1/signing-keys`: makes another key. It is published now, signs in a while, and the one before leaves when
//! its last token has expired: nothing more has to be done.
//!
//! With `compromised` all keys before are out at once, and so is every token that they signed: whoever was signed
//! in asks for a new one.

use crate::key_view::{self, KeyView, schedule};
use auth_keys::{SigningKeyring, new_key};
use auth_storage::signing_keys::{self, Rotation, StoredKey};
use axum::extract::{Extension, State};
use axum::response::Response;
use http::{StatusCode, header};
use jiff::SignedDuration;
use mcsp_access::Permission;
use mcsp_function::{Caller, Context, MissingVariable};
use mcsp_idempotency::{Answer, Claim, IdempotencyKey, once};
use mcsp_paging::Page;
use mcsp_problem::{Json, Problem};
use mcsp_reference::{Answer as Answered, Operation};
use mcsp_rotation::{KeyRole, KeyTimes, lead, under_way};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How rotations are made.
#[derive(Clone, Debug)]
pub(crate) struct Rotating {
    keyring: SigningKeyring,
    lead: SignedDuration,
}

impl Rotating {
    pub(crate) fn of(context: &Context) -> Result<Self, MissingVariable> {
        let name = "signing_key_lead_s";
        let lead = lead(context.variable(name)?).ok_or(MissingVariable(name))?;
        Ok(Rotating { keyring: SigningKeyring::of(context)?, lead })
    }
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RotateKeysRequest")]
pub(crate) struct RotateRequest {
    /// Whether others may have the private keys: then all keys before are out at once, and so is every token that they
    /// signed.
    #[serde(default)]
    compromised: bool,
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/signing-keys", rotate_keys)
        .named("rotateSigningKeys", "Rotate the signing keys")
        .described(
            "Makes another key. It is published now and signs in a while, and the one before leaves when its last token \
            has expired: nothing more has to be done.",
        )
        .requires(Permission::SigningKeyManage)
        .answers(
            Answered::json::<Page<KeyView>>(StatusCode::CREATED, "All keys, with the new one.")
                .with(header::LOCATION),
        )
        .refuses([under_way()])
}

pub(crate) async fn rotate_keys(
    State(context): State<Context>,
    Extension(rotating): Extension<Rotating>,
    caller: Caller,
    IdempotencyKey(key): IdempotencyKey,
    Json(request): Json<RotateRequest>,
) -> Result<Response, Problem> {
    caller.require(Permission::SigningKeyManage)?;
    let scope = format!("{} signing_keys.rotate", caller.user());
    once(&context, &scope, key, &request, async |claim| {
        rotate(&context, &rotating, request.compromised, &claim).await
    })
    .await
}

async fn rotate(
    context: &Context,
    rotating: &Rotating,
    compromised: bool,
    claim: &Claim,
) -> Result<Answer, Problem> {
    // There may be none yet: then this makes the first one, and replaces it.
    rotating.keyring.signer(context).await?;
    let mut keys = signing_keys::list(context.bridge()).await?;
    let now = context.now();
    let schedule = schedule(&keys);
    let times = if compromised { KeyTimes::first(now) } else { schedule.rotate(rotating.lead, now)? };
    let sequence = keys.last().map_or(1, |last| last.sequence + 1);
    let key = new_key(context, rotating.keyring.sealing(), sequence, times);
    let is_gone = |(key, role): (&StoredKey, KeyRole)| (!role.is_published()).then_some(key.sequence);
    let gone: Vec<_> = keys.iter().zip(schedule.roles(now)).filter_map(is_gone).collect();
    keys.retain(|key| !gone.contains(&key.sequence));
    let revoked_at = compromised.then_some(now);
    for before in &mut keys {
        before.times.revoked_at = before.times.revoked_at.or(revoked_at);
    }
    keys.push(key.clone());
    let answer = Answer::json(StatusCode::CREATED, &key_view::page(&keys, now))
        .with_header(header::LOCATION, "/v1/signing-keys");
    let rotation = Rotation { key: &key, gone, revoked_at };
    signing_keys::rotate(context.bridge(), rotation, claim.record(&answer)).await?;
    Ok(answer)
}
