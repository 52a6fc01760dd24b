//! `POST /v1/playback/licences/clearkey`: the keys themselves, as browsers want them (W3C EME, 9.1).

use crate::body::LicenceRequest;
use crate::problems;
use crate::settings::Settings;
use crate::shown::{SERVED_FROM, STALE_MS, TokenQuery, granted, refusals};
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderValue, StatusCode, header};
use mcsp_access::Permission;
use mcsp_function::{Caller, Context};
use mcsp_playback_url::{Key, content_key};
use mcsp_problem::{Json, Problem, Query};
use mcsp_reference::{Answer, Operation};
use playback_domain::KeySystem;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use uuid::Uuid;

/// More keys than any video has.
const KEYS_MAX: usize = 16;

/// A licence request (W3C EME, 9.1.3). Members that are not known are passed over, as EME has it.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "ClearKeyRequest")]
struct Asked {
    /// The ids of the keys, each 16 bytes in base64url: 1 to 16 of them.
    #[schemars(example = ["AAECAwQFBgcICQoLDA0ODw"])]
    kids: Vec<String>,
    /// For how long they are to be kept.
    r#type: SessionType,
}

/// For how long keys are to be kept.
#[derive(Clone, Copy, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "ClearKeySessionType")]
enum SessionType {
    /// While the video is played.
    Temporary,
}

/// A licence (W3C EME, 9.1.4).
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ClearKeyLicence")]
struct Licence {
    /// A key each.
    keys: Vec<JsonWebKey>,
    /// For how long they are to be kept.
    r#type: SessionType,
}

/// A symmetric key (RFC 7517, RFC 7518 section 6.4).
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ClearKey")]
struct JsonWebKey {
    /// Always `oct`.
    #[schemars(extend("const" = "oct"))]
    kty: &'static str,
    /// Its id, as it was asked for.
    #[schemars(example = &"AAECAwQFBgcICQoLDA0ODw")]
    kid: String,
    /// The key: 16 bytes in base64url.
    #[schemars(example = &"tQ0bJVWb6b0KPL6KtZIy_A")]
    k: String,
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/playback/licences/clearkey", clearkey)
        .named("getClearKeyLicence", "Get the keys of a protected video")
        .described(
            "The keys in the clear, for the key system `org.w3.clearkey` that every browser has: a licence request and a \
            licence in the format of W3C EME. A session of a protected video names this path in `licences.clearkey`, with a \
            token that is good for five minutes and once, for the account whose session it is. The body's media type does not \
            matter.",
        )
        .requires(Permission::PlaybackStart)
        .takes_body::<Asked>("application/json")
        .answers(
            Answer::json::<Licence>(StatusCode::OK, "The keys.")
                .with(header::CACHE_CONTROL)
                .with(SERVED_FROM)
                .with(STALE_MS),
        )
        .refuses(refusals())
        .refuses([problems::key_not_granted()])
}

pub(crate) async fn clearkey(
    State(context): State<Context>,
    Extension(settings): Extension<Arc<Settings>>,
    caller: Caller,
    Query(TokenQuery { token }): Query<TokenQuery>,
    LicenceRequest(body): LicenceRequest,
) -> Result<Response, Problem> {
    let granted = granted(&context, &settings, &caller, &token, KeySystem::ClearKey)?;
    let (key_ids, kept) = asked_for(&body)?;
    if !key_ids.iter().all(|key_id| granted.grant.key_ids.contains(key_id)) {
        return Err(problems::key_not_granted());
    }
    let seed = settings.seed(&granted.grant.seed_id).ok_or_else(|| Problem::internal(&UnknownSeed))?;
    let served = granted.take(&context, &settings).await?;
    let keys = key_ids.into_iter().map(|key_id| JsonWebKey::of(seed, key_id)).collect();
    let no_store = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((no_store, served, Json(Licence { keys, r#type: kept })).into_response())
}

/// The packager has a seed that `content_key_seeds` lacks.
#[derive(Debug, thiserror::Error)]
#[error("the seed of the video's keys is not configured")]
struct UnknownSeed;

fn asked_for(body: &[u8]) -> Result<(Vec<Uuid>, SessionType), Problem> {
    let Asked { kids, r#type: kept } = serde_json::from_slice(body).map_err(|error| {
        problems::malformed().with_detail(format_args!("at line {} column {}", error.line(), error.column()))
    })?;
    if !(1..=KEYS_MAX).contains(&kids.len()) {
        return Err(problems::malformed().with_detail(format_args!("`kids` must hold 1 to {KEYS_MAX} ids")));
    }
    let key_id = |kid: &String| Uuid::from_slice(&URL_SAFE_NO_PAD.decode(kid).ok()?).ok();
    let key_ids: Option<_> = kids.iter().map(key_id).collect();
    let key_ids =
        key_ids.ok_or_else(|| problems::malformed().with_detail("a key id is not 16 bytes in base64url"))?;
    Ok((key_ids, kept))
}

impl JsonWebKey {
    fn of(seed: &Key, key_id: Uuid) -> Self {
        let k = URL_SAFE_NO_PAD.encode(content_key(seed, key_id));
        JsonWebKey { kty: "oct", kid: URL_SAFE_NO_PAD.encode(key_id.as_bytes()), k }
    }
}

#[cfg(test)]
mod tests {
    use super::asked_for;
    use uuid::Uuid;

    #[test]
    fn a_browsers_request_is_read() {
        let request = br#"{"kids":["AAECAwQFBgcICQoLDA0ODw"],"type":"temporary"}"#;
        let key_id = Uuid::from_u128(0x0001_0203_0405_0607_0809_0a0b_0c0d_0e0f);
        assert_eq!(asked_for(request).unwrap().0, [key_id]);
    }

    #[test]
    fn what_no_browser_asks_is_malformed() {
        let many =
            format!(r#"{{"kids":[{}],"type":"temporary"}}"#, [r#""AAECAwQFBgcICQoLDA0ODw""#; 17].join(","));
        for body in [
            "",
            "kids",
            "[]",
            r#"{"type":"temporary"}"#,
            r#"{"kids":[],"type":"temporary"}"#,
            r#"{"kids":["AAECAwQFBgcICQoLDA0OD"],"type":"temporary"}"#,
            r#"{"kids":["AAECAwQFBgcICQoLDA0ODw=="],"type":"temporary"}"#,
            r#"{"kids":["AAECAwQFBgcICQoLDA0ODw"],"type":"persistent-license"}"#,
            r#"{"kids":[1],"type":"temporary"}"#,
            &many,
        ] {
            let refused = asked_for(body.as_bytes()).map(|_| ()).unwrap_err();
            assert_eq!(refused.code(), "malformed_licence_request", "{body}");
        }
    }
}
