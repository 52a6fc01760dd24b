//! `POST /oauth/revoke`: a client gives back what it was given (RFC 7009). With either token the refresh tokens and
//! the right to renew end; access tokens that are out are good for minutes still, wherever nobody introspects them.

use crate::client::authenticate_or_count;
use crate::error::OAuthError;
use crate::form::Form;
use auth_tokens::{RefreshToken, Tokens};
use axum::extract::{Extension, State};
use http::{HeaderMap, StatusCode};
use mcsp_access::FIRST_PARTY;
use mcsp_function::{ClientAddress, Context};
use mcsp_ids::{ClientId, RefreshFamilyId};

pub(crate) async fn revoke(
    State(context): State<Context>,
    Extension(tokens): Extension<Tokens>,
    address: ClientAddress,
    headers: HeaderMap,
    Form(parameters): Form,
) -> Result<StatusCode, OAuthError> {
    let caller = authenticate_or_count(&context, &headers, &parameters, address).await?;
    let client = caller.id();
    let token = parameters.get("token").ok_or_else(|| OAuthError::invalid_request("token is required"))?;
    if let Some(family) = family_of(&context, &tokens, client, token).await? {
        auth_storage::revoke(context.bridge(), family).await?;
    }
    // The same for a token that is none, or not this client's (RFC 7009 section 2.2).
    Ok(StatusCode::OK)
}

/// The family of a token of this client.
async fn family_of(
    context: &Context,
    tokens: &Tokens,
    client: Option<ClientId>,
    token: &str,
) -> Result<Option<RefreshFamilyId>, OAuthError> {
    if let Some(token) = RefreshToken::parse(token) {
        let (bridge, now) = (context.bridge(), context.now());
        let is_genuine = tokens.secret().shown(&token, client).is_genuine;
        // What was ever given out will do: a client may have missed the last successor.
        let hash = (!is_genuine).then(|| token.hash());
        let live = auth_storage::live_family(bridge, token.family(), hash, now).await?;
        return Ok(live.map(|(_, family)| family).filter(|family| family.client == client).map(|f| f.id));
    }
    let claims = tokens.verified(context, token).await?;
    let given_to = client.map_or_else(|| FIRST_PARTY.to_owned(), |client| client.to_string());
    Ok(claims.filter(|claims| claims.client_id == given_to).and_then(|claims| claims.fid))
}
