//! `POST /oauth/device_authorization`: a device without a keyboard asks to be let in (RFC 8628 section 3.1).

use crate::client::authenticate_or_count;
use crate::error::OAuthError;
use crate::form::Form;
use crate::secret::OneTimeSecret;
use crate::{device_page, limits};
use auth_domain::{Device, GrantType, Scopes, UserCode};
use auth_storage::{DEVICE_CODE_LIFE_S, DeviceRequest, POLL_INTERVAL_S};
use auth_tokens::Tokens;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use mcsp_bridge_api::Failure;
use mcsp_function::{ClientAddress, Context};
use mcsp_problem::{Json, Problem};
use serde::Serialize;

/// User codes that are tried before giving up: each is taken once in 10^6 times if 25 000 devices wait.
const USER_CODES_MAX: usize = 3;

/// What the device shows and keeps (RFC 8628 section 3.2).
#[derive(Serialize)]
struct Waiting {
    device_code: String,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: String,
    expires_in: u32,
    interval: u32,
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
