//! Logout tokens, which tell a client that a session has ended.

use auth_keys::SigningKeyring;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use mcsp_access::issue_logout_token;
use mcsp_function::{Context, MissingVariable};
use mcsp_ids::{AuthSessionId, ClientId, UserId};
use mcsp_problem::Problem;
use serde::Serialize;

/// How long a logout token is good: the two minutes that section 2.4 has as the most.
const LOGOUT_TOKEN_LIFE: SignedDuration = SignedDuration::from_mins(2);

/// What issues logout tokens, made once for the life of an instance.
///
/// A component that has one needs the variables `issuer`, `sealing_keys` and `signing_keys`.
#[derive(Clone, Debug)]
pub struct LogoutTokens {
    keys: SigningKeyring,
    issuer: String,
}

/// Who is told of what.
#[derive(Clone, Copy, Debug)]
pub struct Logout {
    /// The client.
    pub client: ClientId,
    /// Whose session it was.
    pub account: UserId,
    /// Which session has ended.
    pub session: AuthSessionId,
}

/// The claims of a logout token (OpenID Connect Back-Channel Logout 1.0 section 2.4).
#[derive(Serialize)]
struct LogoutClaims<'a> {
    iss: &'a str,
    sub: UserId,
    aud: ClientId,
    iat: i64,
    exp: i64,
    jti: String,
    sid: AuthSessionId,
    events: Events,
}

/// That it is a logout, as a Security Event Token says it (RFC 8417).
#[derive(Default, Serialize)]
struct Events {
    #[serde(rename = "http://schemas.openid.net/event/backchannel-logout")]
    backchannel_logout: Nothing,
}

/// `{}`
#[derive(Default, Serialize)]
struct Nothing {}

impl LogoutTokens {
    /// With the component's variables.
    pub fn of(context: &Context) -> Result<Self, MissingVariable> {
        Ok(LogoutTokens {
            keys: SigningKeyring::of(context)?,
            issuer: context.variable("issuer")?.to_owned(),
        })
    }

    /// A logout token. Each is another one, also of the same logout: a client refuses one that it has seen.
    pub async fn issue(&self, context: &Context, logout: Logout) -> Result<String, Problem> {
        let now = context.now();
        let claims = LogoutClaims {
            iss: &self.issuer,
            sub: logout.account,
            aud: logout.client,
            iat: now.as_second(),
            exp: (now + LOGOUT_TOKEN_LIFE).as_second(),
            jti: URL_SAFE_NO_PAD.encode(context.secret()),
            sid: logout.session,
            events: Events::default(),
        };
        Ok(issue_logout_token(&*self.keys.signer(context).await?, &claims))
    }
}
