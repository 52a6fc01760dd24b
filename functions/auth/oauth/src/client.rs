//! Who calls: clients, which prove that they are themselves (RFC 6749 section 2.3).

use crate::error::OAuthError;
use crate::limits;
use auth_domain::{Client, ClientKind, Parameters};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, header};
use mcsp_access::FIRST_PARTY;
use mcsp_function::{ClientAddress, Context};
use mcsp_ids::ClientId;

/// A client that has proved itself, as far as its kind can.
pub(crate) enum Caller {
    /// A registered one.
    Client(Box<Client>),
    /// Who began a session with the platform itself: no client, and bound to nothing but its token.
    FirstParty,
}

/// What a request says of its client.
#[derive(Debug, PartialEq, Eq)]
struct Credentials {
    id: String,
    secret: Option<String>,
}

impl Caller {
    /// The registered client.
    pub(crate) fn registered(self) -> Result<Client, OAuthError> {
        match self {
            Caller::Client(client) => Ok(*client),
            Caller::FirstParty => Err(OAuthError::unauthorized_client()),
        }
    }

    pub(crate) fn id(&self) -> Option<ClientId> {
        match self {
            Caller::Client(client) => Some(client.id),
            Caller::FirstParty => None,
        }
    }
}

/// Finds the client and checks its secret. All that can be wrong about it gets the same answer.
pub(crate) async fn authenticate(
    context: &Context,
    headers: &HeaderMap,
    parameters: &Parameters,
) -> Result<Caller, OAuthError> {
    let Credentials { id, secret } = credentials(headers, parameters)?;
    if id == FIRST_PARTY && secret.is_none() {
        return Ok(Caller::FirstParty);
    }
    let id: ClientId = id.parse().map_err(|_| OAuthError::invalid_client())?;
    let client = auth_storage::clients::find(context.bridge(), id).await?;
    let client = client.ok_or_else(OAuthError::invalid_client)?;
    let is_itself = match (&client.kind, secret) {
        (ClientKind::Public, None) => true,
        (ClientKind::Confidential(_), Some(secret)) => client.knows(&secret, context.now()),
        // A secret where there is none is not passed over: somebody believes to be protected by it.
        (ClientKind::Public, Some(_)) | (ClientKind::Confidential(_), None) => false,
    };
    if is_itself { Ok(Caller::Client(Box::new(client))) } else { Err(OAuthError::invalid_client()) }
}

/// The same, for the routes that do nothing else before: whatever fails is counted.
pub(crate) async fn authenticate_or_count(
    context: &Context,
    headers: &HeaderMap,
    parameters: &Parameters,
    address: ClientAddress,
) -> Result<Caller, OAuthError> {
    let caller = authenticate(context, headers, parameters).await;
    if caller.is_err() {
        limits::count_refusal(context, address).await?;
    }
    caller
}

/// The client of a request that anybody may make in its name: of a browser, or of a device.
pub(crate) async fn named(context: &Context, parameters: &Parameters) -> Result<Option<Client>, OAuthError> {
    let Some(Ok(id)) = parameters.get("client_id").map(str::parse::<ClientId>) else { return Ok(None) };
    Ok(auth_storage::clients::find(context.bridge(), id).await?)
}

/// Basic authentication or the body, and not both (RFC 6749 section 2.3).
fn credentials(headers: &HeaderMap, parameters: &Parameters) -> Result<Credentials, OAuthError> {
    let in_body = (parameters.get("client_id"), parameters.get("client_secret"));
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        let (id, secret) = in_body;
        let id = id.ok_or_else(OAuthError::invalid_client)?.to_owned();
        return Ok(Credentials { id, secret: secret.map(str::to_owned) });
    };
    let basic = value.to_str().ok().and_then(basic).ok_or_else(OAuthError::invalid_client)?;
    match in_body {
        (_, Some(_)) => Err(OAuthError::invalid_request("the client authenticates in more than one way")),
        (Some(id), None) if id != basic.id => {
            Err(OAuthError::invalid_request("client_id is not the client that authenticates"))
        }
        (Some(_) | None, None) => Ok(basic),
    }
}

/// `Basic`, of two form-encoded values (RFC 6749 section 2.3.1).
fn basic(value: &str) -> Option<Credentials> {
    let (scheme, encoded) = value.split_once(' ')?;
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':').filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let plain = |text: &str| {
        // As the value of a form has it; a name without a value is read back whole.
        form_urlencoded::parse(text.as_bytes()).next().map(|(name, _)| name.into_owned())
    };
    let secret = plain(secret).filter(|secret| !secret.is_empty());
    Some(Credentials { id: plain(id)?, secret })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(authorization: Option<&str>, body: &str) -> Result<(String, Option<String>), &'static str> {
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        }
        let parameters = Parameters::parse(body.as_bytes()).unwrap();
        let read = credentials(&headers, &parameters);
        read.map(|Credentials { id, secret }| (id, secret)).map_err(|error| {
            if error.is_refusal_of_a_secret() { "invalid_client" } else { "invalid_request" }
        })
    }

    #[test]
    fn a_client_authenticates_in_one_way() {
        let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
        let both = Ok(("a".to_owned(), Some("s".to_owned())));
        assert_eq!(read(Some(&basic("a:s")), ""), both);
        assert_eq!(read(Some(&basic("a:s")), "client_id=a"), both);
        assert_eq!(read(None, "client_id=a&client_secret=s"), both);
        assert_eq!(read(None, "client_id=a"), Ok(("a".to_owned(), None)));
        assert_eq!(read(Some(&basic("a:%2B+%3A")), ""), Ok(("a".to_owned(), Some("+ :".to_owned()))));
        assert_eq!(read(Some(&basic("a:s")), "client_secret=s"), Err("invalid_request"));
        assert_eq!(read(Some(&basic("a:s")), "client_id=b"), Err("invalid_request"));
        for (authorization, body) in
            [(None, ""), (Some("Bearer x"), "client_id=a"), (Some("Basic !"), ""), (Some("Basic YQ=="), "")]
        {
            assert_eq!(read(authorization, body), Err("invalid_client"), "{authorization:?}");
        }
    }
}
