//! Access tokens and ID tokens, and the key that signs them.

use crate::{RefreshToken, Secret};
use auth_domain::{ACCESS_TOKEN_LIFE, Account, RefreshFamily, Session};
use auth_keys::SigningKeyring;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use mcsp_access::{
    Acr, Claims, Confirmation, FIRST_PARTY, Permission, Role, SigningKey, Subject, issue, issue_id_token,
    verify,
};
use mcsp_function::{Context, MissingVariable};
use mcsp_ids::{AuthSessionId, ClientId, UserId};
use mcsp_problem::Problem;
use serde::Serialize;
use std::sync::Arc;

/// What issues tokens, made once for the life of an instance.
///
/// A component that has one needs the variables `issuer`, `audience`, `sealing_keys`, `signing_keys`, `secret` and
/// `refresh_grace_s`.
#[derive(Clone, Debug)]
pub struct Tokens(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    keys: SigningKeyring,
    issuer: String,
    audience: String,
    secret: Secret,
    refresh_grace: SignedDuration,
}

/// In whose name a client is to act.
#[derive(Clone, Copy, Debug)]
pub struct Bearer<'a> {
    /// Who.
    pub account: &'a Account,
    /// Where they are signed in.
    pub session: &'a Session,
    /// What the client may do there.
    pub family: &'a RefreshFamily,
    /// The key that the access token is to be bound to.
    pub key: Option<&'a Confirmation>,
}

/// What a client is to do in its own name.
#[derive(Clone, Copy, Debug)]
pub struct OwnName<'a> {
    /// The client.
    pub client: ClientId,
    /// What for, space-separated.
    pub scope: &'a str,
    /// What it may do with that.
    pub role: Role,
    /// The key that the access token is to be bound to.
    pub key: Option<&'a Confirmation>,
}

/// What an ID token is made of, beside who is signed in.
#[derive(Clone, Copy, Debug)]
pub struct IdTokenRequest<'a> {
    /// The client.
    pub client: ClientId,
    /// What it sent with its request, to recognize the answer by.
    pub nonce: Option<&'a str>,
}

/// The claims of an ID token (OpenID Connect Core 1.0 section 2).
#[derive(Serialize)]
struct IdClaims<'a> {
    iss: &'a str,
    sub: UserId,
    aud: ClientId,
    iat: i64,
    exp: i64,
    auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    acr: Acr,
    amr: Vec<String>,
    sid: AuthSessionId,
}

impl Tokens {
    /// With the component's variables.
    pub fn of(context: &Context) -> Result<Self, MissingVariable> {
        let keys = SigningKeyring::of(context)?;
        let unusable = MissingVariable("secret");
        let secret = Secret::parse(context.variable(unusable.0)?).ok_or(unusable)?;
        let unusable = MissingVariable("refresh_grace_s");
        let grace_s: u32 = context.variable(unusable.0)?.parse().map_err(|_| unusable)?;
        let refresh_grace = SignedDuration::from_secs(i64::from(grace_s));
        let issuer = context.variable("issuer")?.to_owned();
        let audience = context.variable("audience")?.to_owned();
        Ok(Tokens(Arc::new(Inner { keys, issuer, audience, secret, refresh_grace })))
    }

    /// Who issues the tokens: the base of every address of the protocol.
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// What refresh tokens are derived with.
    pub fn secret(&self) -> &Secret {
        &self.0.secret
    }

    /// In which a refresh token that was exchanged gives the same successor again.
    pub fn refresh_grace(&self) -> SignedDuration {
        self.0.refresh_grace
    }

    /// A family's first refresh token.
    pub fn first_refresh(&self, family: &RefreshFamily) -> RefreshToken {
        self.0.secret.first(family.id)
    }

    /// An access token (RFC 9068) for a client that acts for a person. It does not outlive the session.
    pub async fn access_token(&self, context: &Context, bearer: Bearer<'_>) -> Result<String, Problem> {
        let Bearer { account, session, family, key } = bearer;
        let now = context.now();
        let claims = Claims {
            client_id: family.client.map_or_else(|| FIRST_PARTY.to_owned(), |client| client.to_string()),
            exp: (now + ACCESS_TOKEN_LIFE).min(session.expires_at).as_second(),
            sid: Some(session.id),
            fid: Some(family.id),
            scope: family.scope.clone(),
            roles: account.roles.clone(),
            permissions: account.custom_permissions().collect(),
            region: account.region.clone(),
            age_reached: age_told(account, family, now),
            acr: Some(session.authentication.acr()),
            amr: session.authentication.amr(),
            auth_time: Some(session.authentication.at.as_second()),
            cnf: key.cloned(),
            ..self.claims(context, Subject::User(account.id))
        };
        Ok(issue(&*self.signer(context).await?, &claims))
    }

    /// An access token for a client that acts in its own name (RFC 6749 section 4.4).
    pub async fn client_token(&self, context: &Context, own: OwnName<'_>) -> Result<String, Problem> {
        let claims = Claims {
            scope: own.scope.to_owned(),
            roles: vec![own.role],
            cnf: own.key.cloned(),
            ..self.claims(context, Subject::Client(own.client))
        };
        Ok(issue(&*self.signer(context).await?, &claims))
    }

    /// An ID token: to tell a client who is signed in, and of no other use.
    pub async fn id_token(
        &self,
        context: &Context,
        session: &Session,
        request: IdTokenRequest<'_>,
    ) -> Result<String, Problem> {
        let now = context.now();
        let claims = IdClaims {
            iss: &self.0.issuer,
            sub: session.account,
            aud: request.client,
            iat: now.as_second(),
            exp: (now + ACCESS_TOKEN_LIFE).as_second(),
            auth_time: session.authentication.at.as_second(),
            nonce: request.nonce,
            acr: session.authentication.acr(),
            amr: session.authentication.amr(),
            sid: session.id,
        };
        Ok(issue_id_token(&*self.signer(context).await?, &claims))
    }

    /// What an access token says, if it is one of ours and good.
    pub async fn verified(&self, context: &Context, token: &str) -> Result<Option<Claims>, Problem> {
        let Inner { keys, issuer, audience, .. } = &*self.0;
        let published = keys.key_set(context).await?;
        Ok(verify(token, &published, issuer, audience, context.now()).ok())
    }

    /// What all access tokens have in common.
    fn claims(&self, context: &Context, sub: Subject) -> Claims {
        let now = context.now();
        Claims {
            iss: self.0.issuer.clone(),
            aud: self.0.audience.clone(),
            sub,
            client_id: sub.to_string(),
            iat: now.as_second(),
            exp: (now + ACCESS_TOKEN_LIFE).as_second(),
            nbf: None,
            jti: URL_SAFE_NO_PAD.encode(context.secret()),
            sid: None,
            fid: None,
            scope: String::new(),
            roles: Vec::new(),
            permissions: Vec::new(),
            region: String::new(),
            age_reached: None,
            acr: None,
            amr: Vec::new(),
            auth_time: None,
            cnf: None,
        }
    }

    /// The key that signs now.
    async fn signer(&self, context: &Context) -> Result<Arc<SigningKey>, Problem> {
        self.0.keys.signer(context).await
    }
}

/// How old the person is, for those who need to know: a client that may not play anything in their name does not.
fn age_told(account: &Account, family: &RefreshFamily, now: Timestamp) -> Option<u8> {
    let mut scopes = family.scope.split(' ');
    let may_play = family.client.is_none() || scopes.any(|scope| scope == Permission::PlaybackStart.as_str());
    account.birth_date.filter(|_| may_play)?.age_reached(now)
}
