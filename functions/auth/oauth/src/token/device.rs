//! The device grant (RFC 8628 section 3.4): a TV asks again and again until a person has decided.

use super::{Asked, Granted, first_tokens, kept_under, left_of};
use crate::error::OAuthError;
use auth_domain::{Authentication, Client, Device, RefreshFamily, Session};
use auth_storage::{AuthorizeError, DeviceSession, FirstToken, LetIn, Poll, SignedIn, TokenHash};
use auth_tokens::Bearer;
use mcsp_ids::AuthSessionId;
use mcsp_problem::Problem;

const REFUSED: &str = "the person who let the device in is no longer signed in";
const USED: &str = "the device has used its tokens already, was signed out, or asks with another key";

pub(super) async fn exchange(asked: Asked<'_>, client: &Client) -> Result<Granted, OAuthError> {
    let code = kept_under(asked.needed("device_code", "device_code is required")?);
    let context = asked.context;
    let ids = DeviceSession { session: context.new_id(), family: context.new_id() };
    let let_in = match auth_storage::poll_device(context.bridge(), code, client.id, ids).await? {
        Poll::Approved(let_in) => *let_in,
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
    let result = begin(&asked, client, code, let_in).await;
    // After a failure of ours, or where an answer was lost, the device asks again, and nobody has to let it in once more.
    if result.as_ref().is_err_and(OAuthError::is_refusal_of_a_secret) {
        // Where this fails, it is refused until the code expires.
        drop(auth_storage::forget_device(context.bridge(), code).await);
    }
    result
}

/// The device gets a session of its own, so that it can be signed out alone.
async fn begin(
    asked: &Asked<'_>,
    client: &Client,
    code: TokenHash,
    let_in: LetIn,
) -> Result<Granted, OAuthError> {
    let LetIn { request, approval, ids, is_begun } = let_in;
    let (context, refused) = (asked.context, || OAuthError::invalid_grant(REFUSED));
    let account = auth_storage::account(context.bridge(), approval.account).await?.ok_or_else(refused)?;
    let authentication = Authentication::from_amr(&approval.amr, approval.authenticated_at);
    let authentication = authentication.ok_or_else(refused)?;
    let device = Device::new(request.user_agent.as_deref(), request.address);
    let session = Session::begin(ids.session, &account, device, authentication, context.now());
    let session = session.map_err(|_| refused())?;
    let family = RefreshFamily {
        id: ids.family,
        session: session.id,
        client: Some(client.id),
        scope: left_of(&request.scope, client)?.to_string(),
        key: asked.key_of_refresh(client).map(str::to_owned),
        created_at: session.created_at,
    };
    let first_token = FirstToken { family: &family, hash: asked.tokens.first_refresh(&family).hash() };
    // What has begun before and was ended does not begin again.
    let is_first = !is_begun && begins(asked, approval.session, &session, first_token).await?;
    if !is_begun {
        // Before anything is given. Where this fails, the device asks again and finds the session that has begun.
        auth_storage::note_begun(context.bridge(), code).await?;
    }
    let SignedIn { account, session } =
        if is_first { SignedIn { account, session } } else { begun_before(asked, first_token).await? };
    let bearer = Bearer { account: &account, session: &session, family: &family, key: asked.key.as_ref() };
    first_tokens(asked, client, bearer, None).await
}

/// Begins the session. False where it has begun when the device asked before.
async fn begins(
    asked: &Asked<'_>,
    approved_in: AuthSessionId,
    session: &Session,
    first_token: FirstToken<'_>,
) -> Result<bool, OAuthError> {
    let begun = auth_storage::begin_for(asked.context.bridge(), approved_in, session, first_token).await;
    begun.map_err(|error| match error {
        AuthorizeError::SessionEnded => OAuthError::invalid_grant(REFUSED),
        AuthorizeError::Failed(error) => Problem::from(error).into(),
    })
}

/// The session that has begun when the device asked before, if it has not yet used what that gave. A client without refresh
/// tokens never does: asking again, it gets other access tokens of the same session, until its code expires.
async fn begun_before(asked: &Asked<'_>, first_token: FirstToken<'_>) -> Result<SignedIn, OAuthError> {
    let FirstToken { family, hash } = first_token;
    let (bridge, now) = (asked.context.bridge(), asked.context.now());
    let live = auth_storage::live_family(bridge, family.id, Some(hash), now).await?;
    let same_key = live.filter(|(_, begun)| begun.key == family.key);
    same_key.map(|(signed_in, _)| signed_in).ok_or_else(|| OAuthError::invalid_grant(USED))
}
