//! Who calls: the bearer of an access token (RFC 6750), or who has the key that it is bound to (RFC 9449).

use crate::proof::{DPOP, Unproved, algorithms, proof_of};
use crate::{Context, TraceParent};
use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use mcsp_access::{Acr, Claims, Confirmation, InvalidProof, Permission, Refusal, verify};
use mcsp_ids::UserId;
use mcsp_problem::Problem;
use mcsp_reference::{Describe, Operation};
use mcsp_regions::{InvalidRegion, Region};
use std::fmt::Display;
use std::sync::Arc;

/// What kind of token is asked for.
const CHALLENGE: &str = "Bearer realm=\"mcsp\"";

/// How a token is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Whoever has it may use it.
    Bearer,
    /// With a proof of the key that it is bound to.
    Dpop,
}

impl Scheme {
    /// A refusal whose `WWW-Authenticate` says what is asked for, such as `error="insufficient_scope"`.
    pub fn challenged(self, problem: Problem, asked: impl Display) -> Problem {
        match self {
            Scheme::Bearer => challenged(problem, &format!("{CHALLENGE}, {asked}")),
            Scheme::Dpop => challenged(problem, &format!("DPoP realm=\"mcsp\", {asked}, {}", algorithms())),
        }
    }
}

/// A person, or a client in a person's name: the bearer of a valid access token. Refuses with 401
/// `missing_token`, `invalid_token`, `expired_token` or `invalid_dpop_proof`, each with `WWW-Authenticate`, and with 403
/// `user_needed` a client that acts in its own name.
#[derive(Clone, Debug)]
pub struct Caller {
    /// What the token says.
    pub claims: Arc<Claims>,
    user: UserId,
}

/// Whoever acts with a valid access token: a person, a client in a person's name, or a client in its own name. Refuses as
/// [`Caller`] does, but for `user_needed`.
#[derive(Clone, Debug)]
pub struct Principal {
    /// What the token says.
    pub claims: Arc<Claims>,
}

/// What a request's token says of who sent it. It is checked once, however many ask.
#[derive(Clone, Debug)]
pub(crate) enum Bearer {
    /// There is no token.
    Nobody,
    /// A valid one.
    Valid(Arc<Claims>),
    /// One that is not valid, or cannot be checked now.
    Refused(Problem),
}

/// A caller, or none where no token was sent. A bad token is refused all the same.
#[derive(Clone, Debug)]
pub struct MaybeCaller(pub Option<Caller>);

impl Caller {
    /// The account.
    pub fn user(&self) -> UserId {
        self.user
    }

    /// Where the account is.
    pub fn region(&self) -> Result<Region, InvalidRegion> {
        Region::parse(&self.claims.region)
    }

    /// 403 `insufficient_permission` without the permission.
    pub fn require(&self, permission: Permission) -> Result<(), Problem> {
        require(&self.claims, permission)
    }

    /// 403 `insufficient_permission`.
    pub fn forbidden(&self, permission: Permission) -> Problem {
        lacking(&self.claims, permission)
    }

    /// How the caller's token has to be shown.
    pub fn scheme(&self) -> Scheme {
        scheme_of(&self.claims)
    }

    /// 401 `insufficient_user_authentication` (RFC 9470) where the person was authenticated less strongly, or longer
    /// ago: `POST /v1/sessions/{id}/step-up` gives a token that will do.
    pub fn require_authentication(
        &self,
        now: Timestamp,
        needed: Acr,
        max_age: SignedDuration,
    ) -> Result<(), Problem> {
        let is_strong = self.claims.acr.is_some_and(|acr| acr >= needed);
        let oldest_s = (now - max_age).as_second();
        let is_fresh = self.claims.auth_time.is_some_and(|auth_time_s| auth_time_s >= oldest_s);
        if is_strong && is_fresh {
            return Ok(());
        }
        Err(Caller::insufficient_authentication(self.scheme(), needed, max_age))
    }

    /// 401 `insufficient_user_authentication`.
    pub fn insufficient_authentication(scheme: Scheme, needed: Acr, max_age: SignedDuration) -> Problem {
        let asked = format_args!(
            "error=\"insufficient_user_authentication\", \
             error_description=\"a stronger or newer authentication is needed\", acr_values=\"{}\", max_age=\"{}\"",
            needed.as_str(),
            max_age.as_secs()
        );
        scheme.challenged(
            Problem::new(
                StatusCode::UNAUTHORIZED,
                "insufficient_user_authentication",
                "this needs a stronger or newer authentication: step up first",
            ),
            asked,
        )
    }
}

impl Principal {
    /// The account, where it is a person or a client in a person's name that acts.
    pub fn user(&self) -> Option<UserId> {
        self.claims.user()
    }

    /// 403 `insufficient_permission` without the permission.
    pub fn require(&self, permission: Permission) -> Result<(), Problem> {
        require(&self.claims, permission)
    }
}

impl Describe for Principal {
    fn describe(operation: &mut Operation) {
        describe_token(operation);
        operation.take_access_token(challenged(forbidden(), CHALLENGE));
        operation.refuse(challenged(missing(), CHALLENGE));
    }
}

impl Describe for Caller {
    fn describe(operation: &mut Operation) {
        Principal::describe(operation);
        operation.refuse(user_needed());
    }
}

impl Describe for MaybeCaller {
    fn describe(operation: &mut Operation) {
        describe_token(operation);
        operation.refuse(user_needed());
    }
}

/// An access token, where there is one.
fn describe_token(operation: &mut Operation) {
    operation.take_optional_access_token();
    operation.take_header(DPOP, false);
    operation.refuse(refused(Scheme::Bearer, Refusal::Malformed));
    operation.refuse(refused(Scheme::Bearer, Refusal::Expired));
    operation.refuse(unproved(InvalidProof::Missing));
}

impl<S> FromRequestParts<S> for Principal
where
    Context: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let claims = Bearer::of(parts, &Context::from_ref(state)).await.claims()?;
        claims.map(|claims| Principal { claims }).ok_or_else(|| challenged(missing(), CHALLENGE))
    }
}

impl<S> FromRequestParts<S> for Caller
where
    Context: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let MaybeCaller(caller) = MaybeCaller::from_request_parts(parts, state).await?;
        caller.ok_or_else(|| challenged(missing(), CHALLENGE))
    }
}

impl<S> FromRequestParts<S> for MaybeCaller
where
    Context: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Bearer::of(parts, &Context::from_ref(state)).await.claims()? {
            None => Ok(MaybeCaller(None)),
            Some(claims) => match claims.user() {
                Some(user) => Ok(MaybeCaller(Some(Caller { claims, user }))),
                None => Err(user_needed()),
            },
        }
    }
}

impl Bearer {
    pub(crate) async fn of(parts: &mut Parts, context: &Context) -> Self {
        if let Some(known) = parts.extensions.get::<Bearer>() {
            return known.clone();
        }
        let Some(value) = parts.headers.get(header::AUTHORIZATION).cloned() else { return Bearer::Nobody };
        let Ok(trace) = TraceParent::from_request_parts(parts, &()).await;
        let found = match accepted(context, &trace, &value, parts).await {
            Ok(claims) => Bearer::Valid(Arc::new(claims)),
            Err(problem) => Bearer::Refused(problem),
        };
        parts.extensions.insert(found.clone());
        found
    }

    /// Those of a valid token; none where none was sent.
    fn claims(self) -> Result<Option<Arc<Claims>>, Problem> {
        match self {
            Bearer::Nobody => Ok(None),
            Bearer::Valid(claims) => Ok(Some(claims)),
            Bearer::Refused(problem) => Err(problem),
        }
    }
}

fn require(claims: &Claims, permission: Permission) -> Result<(), Problem> {
    if claims.permits(permission) { Ok(()) } else { Err(lacking(claims, permission)) }
}

fn lacking(claims: &Claims, permission: Permission) -> Problem {
    let name = permission.as_str();
    let problem = forbidden().with_detail(format_args!("needs the permission {name}"));
    scheme_of(claims).challenged(problem, format_args!("error=\"insufficient_scope\", scope=\"{name}\""))
}

fn scheme_of(claims: &Claims) -> Scheme {
    if claims.cnf.is_some() { Scheme::Dpop } else { Scheme::Bearer }
}

fn user_needed() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "user_needed", "only a person's token is of use here")
}

fn shown_token(value: &HeaderValue) -> Option<(Scheme, &str)> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let schemes = [("bearer", Scheme::Bearer), ("dpop", Scheme::Dpop)];
    let (_, scheme) = schemes.into_iter().find(|(name, _)| scheme.eq_ignore_ascii_case(name))?;
    Some((scheme, token.trim()))
}

/// Believes a token that is shown as it has to be: with a proof if it is bound to a key, and only then.
async fn accepted(
    context: &Context,
    trace: &TraceParent,
    value: &HeaderValue,
    parts: &Parts,
) -> Result<Claims, Problem> {
    let (scheme, token) = shown_token(value).ok_or_else(|| refused(Scheme::Bearer, Refusal::Malformed))?;
    let claims = believed(context, trace, token).await.map_err(|unbelieved| match unbelieved {
        Unbelieved::Refused(refusal) => refused(scheme, refusal),
        Unbelieved::Failed(problem) => problem,
    })?;
    match (scheme, &claims.cnf) {
        (Scheme::Bearer, None) => {}
        // Whoever has stolen it may have nothing but it.
        (Scheme::Bearer, Some(_)) => return Err(unproved(InvalidProof::Missing)),
        (Scheme::Dpop, None) => return Err(refused(scheme, Refusal::WrongType)),
        (Scheme::Dpop, Some(Confirmation { jkt })) => {
            let request = (&parts.method, parts.uri.path());
            let proof = proof_of(context, &parts.headers, request, Some(token)).await;
            let proof = proof.map_err(|error| match error {
                Unproved::Invalid(invalid) => unproved(invalid),
                Unproved::Failed(problem) => problem,
            })?;
            match proof {
                None => return Err(unproved(InvalidProof::Missing)),
                Some(proof) if proof.thumbprint() != jkt => return Err(unproved(InvalidProof::OtherKey)),
                Some(_) => {}
            }
        }
    }
    Ok(claims)
}

/// Why what a token says is not taken for true.
enum Unbelieved {
    Refused(Refusal),
    /// It cannot be checked now.
    Failed(Problem),
}

impl From<Problem> for Unbelieved {
    fn from(problem: Problem) -> Self {
        Unbelieved::Failed(problem)
    }
}

async fn believed(context: &Context, trace: &TraceParent, token: &str) -> Result<Claims, Unbelieved> {
    let keyring = context.keyring();
    let check = |keys: &_| verify(token, keys, &keyring.issuer, &keyring.audience, context.now());
    match check(&*keyring.keys(context, trace).await?) {
        Err(Refusal::UnknownKey) => match keyring.newer_keys(context, trace).await? {
            Some(keys) => check(&keys).map_err(Unbelieved::Refused),
            None => Err(Unbelieved::Refused(Refusal::UnknownKey)),
        },
        checked => checked.map_err(Unbelieved::Refused),
    }
}

fn missing() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "missing_token", "this needs an access token")
}

fn forbidden() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "insufficient_permission", "the account may not do this")
}

fn refused(scheme: Scheme, refusal: Refusal) -> Problem {
    let problem = match refusal {
        Refusal::Expired => {
            Problem::new(StatusCode::UNAUTHORIZED, "expired_token", "the access token has expired")
        }
        Refusal::Malformed
        | Refusal::WrongType
        | Refusal::UnknownKey
        | Refusal::BadSignature
        | Refusal::WrongAudience
        | Refusal::NotYetValid => {
            Problem::new(StatusCode::UNAUTHORIZED, "invalid_token", "the access token is not valid here")
        }
    };
    let asked = format_args!("error=\"invalid_token\", error_description=\"{refusal}\"");
    scheme.challenged(problem.with_detail(refusal), asked)
}

/// 401 `invalid_dpop_proof` (RFC 9449 section 7.1).
fn unproved(invalid: InvalidProof) -> Problem {
    let problem = Problem::new(
        StatusCode::UNAUTHORIZED,
        "invalid_dpop_proof",
        "the proof of the token's key is missing or wrong",
    );
    let asked = format_args!("error=\"invalid_dpop_proof\", error_description=\"{invalid}\"");
    Scheme::Dpop.challenged(problem.with_detail(invalid), asked)
}

fn challenged(problem: Problem, challenge: &str) -> Problem {
    match HeaderValue::from_str(challenge) {
        Ok(value) => problem.with_header(header::WWW_AUTHENTICATE, value),
        Err(_) => problem,
    }
}
