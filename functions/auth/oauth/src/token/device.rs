//! The device grant (RFC 8628 section 3.4): a TV asks again and again until a person has decided.

use super::{Asked, Granted, first_tokens, kept_under};
use crate::error::OAuthError;
use auth_domain::{Authentication, Client, Device, RefreshFamily, Scopes, Session};
use auth_storage::{Approval, AuthorizeError, DeviceRequest, FirstToken, Poll};
use auth_tokens::Bearer;

const REFUSED: &str = "the person who let the device in is no longer signed in";

pub(super) async fn exchange(asked: Asked<'_>, client: &Client) -> Result<Granted, OAuthError> {
    let code = asked.needed("device_code", "device_code is required")?;
    let (request, approval) =
        match auth_storage::poll_device(asked.context.bridge(), kept_under(code), client.id).await? {
            Poll::Approved(approved) => *approved,
            Poll::Pending => return Err(OAuthError::new("authorization_pending", "nobody has decided yet")),
            Poll::SlowDown => {
                return Err(OAuthError::new("slow_down", "asked too soon: wait five seconds more each time"));
            }
            Poll::Denied => return Err(OAuthError::new("access_denied", "the person refused")),
            // Not a guess: a device goes on asking when its code has expired.
            Poll::Unknown => {
                return Err(OAuthError::new("expired_token", "there is no such code, or no more"));
            }
        };
    begin(asked, client, request, approval).await
}

/// The device gets a session of its own, so that it can be signed out alone.
async fn begin(
    asked: Asked<'_>,
    client: &Client,
    request: DeviceRequest,
    approval: Approval,
) -> Result<Granted, OAuthError> {
    let (context, refused) = (asked.context, || OAuthError::invalid_grant(REFUSED));
    let account = auth_storage::account(context.bridge(), approval.account).await?.ok_or_else(refused)?;
    let authentication = Authentication::from_amr(&approval.amr, approval.authenticated_at);
    let authentication = authentication.ok_or_else(refused)?;
    let device = Device::new(request.user_agent.as_deref(), request.address);
    let session = Session::begin(context.new_id(), &account, device, authentication, context.now());
    let session = session.map_err(|_| refused())?;
    let scopes = Scopes::parse(&request.scope).unwrap_or_default().limited_to(client);
    let family = RefreshFamily {
        id: context.new_id(),
        session: session.id,
        client: Some(client.id),
        scope: scopes.to_string(),
        key: asked.key_of_refresh(client).map(str::to_owned),
        created_at: session.created_at,
    };
    let first_token = FirstToken { family: &family, hash: asked.tokens.first_refresh(&family).hash() };
    auth_storage::begin_for(context.bridge(), approval.session, &session, first_token).await.map_err(
        |error| match error {
            AuthorizeError::SessionEnded => refused(),
            AuthorizeError::Failed(error) => mcsp_problem::Problem::from(error).into(),
        },
    )?;
    let bearer = Bearer { account: &account, session: &session, family: &family, key: asked.key.as_ref() };
    first_tokens(&asked, client, bearer, None).await
}
