//! `POST /oauth/revoke`: a client gives back what it was given (RFC 7009). With either token the refresh tokens and
//! the right to renew end; access tokens that are out are good for minutes still, wherever nobody introspects them.

use crate::client::authenticate_or_count;
use crate::error::OAuthError;
use crate::form::{FORM, Form};
use crate::limits;
use auth_tokens::{RefreshToken, Tokens};
use axum::extract::{Extension, State};
use http::{HeaderMap, StatusCode};
use mcsp_access::FIRST_PARTY;
use mcsp_function::{ClientAddress, Context};
use mcsp_ids::{ClientId, RefreshFamilyId};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;

/// A token, and the client whose it is.
#[derive(JsonSchema)]
#[schemars(rename = "OAuthTokenForm")]
#[expect(dead_code, reason = "only described")]
pub(crate) struct TokenForm {
    /// An access token or a refresh token.
    #[schemars(example = &"mcsprt_AZrbIhyAcACAAAAAAAAAAQAAAADhM7nzK4R3Vb0sJmHq9zvYpH5Lr7wq2Xz0cVnUo3TtYQ")]
    token: String,
    /// What kind of token it is. It is seen from the token, whatever stands here.
    #[schemars(example = &"refresh_token")]
    token_type_hint: Option<String>,
    /// The client, where it does not authenticate by HTTP Basic.
    #[schemars(example = &"client_01kb5t4v00e8ptxz3kd07gq2sn")]
    client_id: Option<String>,
    /// Its secret, where it has one and does not authenticate by HTTP Basic.
    #[schemars(example = &"mcspcs_Tm9ib2R5IGd1ZXNzZXMgMzIgcmFuZG9tIGJ5dGVzIQ")]
    client_secret: Option<String>,
}

pub(crate) fn reference() -> Operation {
    Operation::post("/oauth/revoke", revoke)
        .named("revokeToken", "Give a token back")
        .described(
            "A client gives back what it was given (RFC 7009): with either token the refresh tokens and the right to \
            renew end. Access tokens that are out are good for minutes still, wherever nobody introspects them. The \
            answer is the same for a token that is none, or another client's.",
        )
        .takes_client()
        .takes_body::<TokenForm>(FORM)
        .answers(Answer::empty(StatusCode::OK, "The token is of no use, if it ever was."))
        .refuses([OAuthError::invalid_client(), limits::too_many()])
}

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
