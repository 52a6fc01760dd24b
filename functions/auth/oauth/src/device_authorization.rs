//! `POST /oauth/device_authorization`: a device without a keyboard asks to be let in (RFC 8628 section 3.1).

use crate::client::authenticate_or_count;
use crate::error::OAuthError;
use crate::form::{FORM, Form};
use crate::secret::OneTimeSecret;
use crate::{device_page, limits};
use auth_domain::{Device, GrantType, Scopes, UserCode};
use auth_storage::{DEVICE_CODE_LIFE_S, DeviceRequest, POLL_INTERVAL_S};
use auth_tokens::Tokens;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use mcsp_bridge_api::Failure;
use mcsp_function::{ClientAddress, Context};
use mcsp_problem::{Json, Problem};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::Serialize;

/// User codes that are tried before giving up: each is taken once in 10^6 times if 25 000 devices wait.
const USER_CODES_MAX: usize = 3;

/// What the device shows and keeps (RFC 8628 section 3.2).
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DeviceAuthorization")]
struct Waiting {
    /// What the device asks for tokens with. It is a secret.
    #[schemars(example = &"Tm9ib2R5IGd1ZXNzZXMgMzIgcmFuZG9tIGJ5dGVzIQA")]
    device_code: String,
    /// What the device shows, and a person types.
    #[schemars(example = &"BCDF-GHJK")]
    user_code: String,
    /// Where the person types it.
    #[schemars(example = &"https://auth.example.com/oauth/device")]
    verification_uri: String,
    /// The same with the code, to be scanned.
    #[schemars(example = &"https://auth.example.com/oauth/device?user_code=BCDF-GHJK")]
    verification_uri_complete: String,
    /// For how many seconds both codes are good.
    #[schemars(example = 600)]
    expires_in: u32,
    /// How many seconds lie between two requests for tokens at least.
    #[schemars(example = 5)]
    interval: u32,
}

/// What a device asks for.
#[derive(JsonSchema)]
#[schemars(rename = "DeviceAuthorizationForm")]
#[expect(dead_code, reason = "only described")]
struct DeviceForm {
    /// What for, separated by spaces; by default all that the client may ask for.
    #[schemars(example = &"openid playback.start")]
    scope: Option<String>,
    /// The client, where it does not authenticate by HTTP Basic.
    #[schemars(example = &"client_01kb5t4v00e8ptxz3kd07gq2sn")]
    client_id: Option<String>,
    /// Its secret, where it has one and does not authenticate by HTTP Basic.
    #[schemars(example = &"mcspcs_Tm9ib2R5IGd1ZXNzZXMgMzIgcmFuZG9tIGJ5dGVzIQ")]
    client_secret: Option<String>,
}

pub(crate) fn reference() -> Operation {
    Operation::post("/oauth/device_authorization", begin)
        .named("authorizeDevice", "Ask to be let in, for a device without a keyboard")
        .described(
            "Gives the codes of RFC 8628. The device shows `user_code` and `verification_uri`, and asks for tokens at \
            `/oauth/token` with `device_code` each `interval`, until a person has decided.",
        )
        .takes_client()
        .takes_body::<DeviceForm>(FORM)
        .answers(Answer::json::<Waiting>(StatusCode::OK, "The codes.").with(header::CACHE_CONTROL))
        .refuses([OAuthError::invalid_client(), OAuthError::unauthorized_client()])
        .refuses([OAuthError::invalid_scope(), limits::too_many()])
}

pub(crate) async fn begin(
    State(context): State<Context>,
    Extension(tokens): Extension<Tokens>,
    address: ClientAddress,
    headers: HeaderMap,
    Form(parameters): Form,
) -> Result<Response, OAuthError> {
    let caller = authenticate_or_count(&context, &headers, &parameters, address).await?;
    let client = caller.registered()?;
    if !client.may_use(GrantType::DeviceCode) {
        return Err(OAuthError::unauthorized_client());
    }
    limits::device(&context, address).await?;
    let scopes = Scopes::requested(parameters.get("scope"), &client);
    let scopes = scopes.map_err(|_| OAuthError::invalid_scope())?;
    let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let device = Device::new(user_agent, address.0);
    let request = DeviceRequest {
        client: client.id,
        scope: scopes.to_string(),
        user_agent: device.user_agent,
        address: device.address,
    };
    let device_code = OneTimeSecret::new(&context);
    for _ in 0..USER_CODES_MAX {
        let Some(user_code) = UserCode::new(&context.secret()) else { continue };
        if auth_storage::begin_device(context.bridge(), device_code.hash(), &user_code, &request).await? {
            let waiting = waiting(tokens.issuer(), &device_code, &user_code);
            return Ok(([(header::CACHE_CONTROL, "no-store")], Json(waiting)).into_response());
        }
    }
    Err(Problem::from(Failure::Overloaded).into())
}

fn waiting(issuer: &str, device_code: &OneTimeSecret, user_code: &UserCode) -> Waiting {
    let verification_uri = format!("{issuer}{}", device_page::PATH);
    Waiting {
        device_code: device_code.reveal().to_owned(),
        user_code: user_code.to_string(),
        verification_uri_complete: format!("{verification_uri}?user_code={user_code}"),
        verification_uri,
        expires_in: DEVICE_CODE_LIFE_S,
        interval: POLL_INTERVAL_S,
    }
}
