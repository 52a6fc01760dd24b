//! `POST /v1/sessions/{id}/step-up`: the person of this session is authenticated anew, and gets an access token that
//! says so (RFC 9470). An account with a second factor shows a code or a passkey; one without shows its password.

use crate::settings::Settings;
use auth_credentials::{
    CodeError, PasskeyError, Purpose, attempt_code, check_answer, check_code, copied_passkey, wrong_code,
    wrong_passkey,
};
use auth_domain::{ACCESS_TOKEN_LIFE, Account, Factor, Password, Session};
use auth_passkeys::AuthenticationResponse;
use auth_storage::{Credential, Renewed};
use auth_tokens::Bearer;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use mcsp_access::{Acr, FIRST_PARTY, Permission, token_type};
use mcsp_attempts::TOO_MANY_ATTEMPTS;
use mcsp_bridge_api::passwords::Verdict;
use mcsp_bridge_api::postgres::{GuardedStatement, RowMismatch, TransactError, Transaction};
use mcsp_function::{Caller, ClientAddress, Context};
use mcsp_ids::AuthSessionId;
use mcsp_problem::{Invalid, Json, Path, Problem, Reason};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One of them.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"code": "492039"}]))]
pub(crate) struct StepUpRequest {
    /// The account's password, where it has no second factor.
    #[schemars(example = &"correct horse battery")]
    password: Option<String>,
    /// What an authenticator shows, or a recovery code.
    #[schemars(example = &"492039")]
    code: Option<String>,
    /// A passkey that answers `/v1/factors/passkey-challenge`: the credential's `toJSON()`.
    public_key: Option<AuthenticationResponse>,
}

/// What the person shows.
enum Shown {
    Password(String),
    Code(String),
    Passkey(AuthenticationResponse),
}

/// What was shown is right: a factor, and the statements that use it up.
type Taken = (Factor, Vec<GuardedStatement>);

#[derive(Serialize, JsonSchema)]
struct SteppedUp {
    /// A JWT (RFC 9068) in the place of the one that was sent. Treat it as opaque.
    #[schemars(example = &"eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImsxIn0.e30.c2lnbmF0dXJl")]
    access_token: String,
    /// How it is to be sent.
    #[schemars(extend("enum" = ["Bearer", "DPoP"]))]
    token_type: &'static str,
    /// For how long it is good.
    #[schemars(example = 600)]
    expires_in_s: i64,
    /// By how many factors the person is known now (RFC 9470).
    acr: Acr,
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/sessions/{id}/step-up", step_up)
        .named("stepUp", "Show once more who one is")
        .described(
            "Authenticates the person anew, and gives an access token that says so (RFC 9470): what an operation that \
            answers 401 `insufficient_user_authentication` asks for. An account with a second factor shows a code or \
            a passkey, one without its password. The session is the access token's own; other applications send their \
            user to sign in again. It takes no `Idempotency-Key`: its answer is a secret and is not kept.",
        )
        .requires(Permission::AccountManage)
        .answers(
            Answer::json::<SteppedUp>(StatusCode::OK, "The new access token.").with(header::CACHE_CONTROL),
        )
        .refuses([wrong_password(), wrong_code(), code_needed(), Problem::not_found()])
        .refuses([wrong_passkey(), copied_passkey()])
        .refuses([Invalid::default().into_problem(), TransactError::Conflict.into()])
        .refuses([Problem::from(TOO_MANY_ATTEMPTS)])
}

pub(crate) async fn step_up(
    State(context): State<Context>,
    Extension(settings): Extension<Settings>,
    (caller, address): (Caller, ClientAddress),
    Path(id): Path<AuthSessionId>,
    Json(request): Json<StepUpRequest>,
) -> Result<Response, Problem> {
    caller.require(Permission::AccountManage)?;
    let shown = checked(request)?;
    let Renewed { account, session, family } = current(&context, &caller, id).await?;
    let has_factor = auth_storage::has_factor(context.bridge(), account.id).await?;
    let at = context.now();
    let (factor, taken) = match shown {
        Shown::Code(code) => by_code(&context, &settings, &account, &code).await?,
        Shown::Passkey(given) => by_passkey(&context, &settings, (&account, id), &given).await?,
        // Whoever has found a signed-in device and the password does not get past the second factor.
        Shown::Password(_) if has_factor => return Err(code_needed()),
        Shown::Password(password) => {
            check(&context, &account, &password, address).await?;
            (Factor::Password, Vec::new())
        }
    };
    let session = Session { authentication: session.authentication.and(factor, at), ..session };
    store(&context, &session, factor, taken).await?;
    // What was bound to a key stays bound to it.
    let key = caller.claims.cnf.as_ref();
    let bearer = Bearer { account: &account, session: &session, family: &family, key };
    let stepped_up = SteppedUp {
        access_token: settings.tokens.access_token(&context, bearer).await?,
        token_type: token_type(key),
        expires_in_s: ACCESS_TOKEN_LIFE.as_secs(),
        acr: session.authentication.acr(),
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(stepped_up)).into_response())
}

fn checked(request: StepUpRequest) -> Result<Shown, Problem> {
    match (request.password, request.code, request.public_key) {
        (Some(password), None, None) => Ok(Shown::Password(password)),
        (None, Some(code), None) => Ok(Shown::Code(code)),
        (None, None, Some(given)) => Ok(Shown::Passkey(given)),
        _ => {
            let reason = Reason::new("one_of", "one of `password`, `code` and `public_key` is needed");
            Err(Invalid::problem_at("", reason))
        }
    }
}

/// The session of the token that the request was made with, and no other. Other applications never see a password or
/// a code: they send their user to sign in again.
async fn current(context: &Context, caller: &Caller, id: AuthSessionId) -> Result<Renewed, Problem> {
    let claims = &caller.claims;
    let (Some(family), true) = (claims.fid, claims.sid == Some(id) && claims.client_id == FIRST_PARTY) else {
        return Err(Problem::not_found());
    };
    let found = auth_storage::current(context.bridge(), id, family, context.now()).await?;
    found.filter(|found| found.account.id == caller.user()).ok_or_else(Problem::not_found)
}

async fn by_code(
    context: &Context,
    settings: &Settings,
    account: &Account,
    code: &str,
) -> Result<Taken, Problem> {
    let attempt = attempt_code(context, account.id).await?;
    let checked = check_code(context, &settings.sealing_keys, account.id, code).await;
    if !matches!(checked, Err(CodeError::Wrong)) {
        attempt.take_back(context).await;
    }
    Ok((Factor::OneTimePassword, vec![checked?]))
}

async fn by_passkey(
    context: &Context,
    settings: &Settings,
    (account, session): (&Account, AuthSessionId),
    given: &AuthenticationResponse,
) -> Result<Taken, PasskeyError> {
    let party = (settings.tokens.secret(), &settings.relying_party);
    let checked = check_answer(context, party, Purpose::StepUp(session), given, Some(account.id)).await?;
    Ok((checked.factor, checked.take))
}

async fn check(
    context: &Context,
    account: &Account,
    password: &str,
    address: ClientAddress,
) -> Result<(), Problem> {
    let password = Password::attempt(password).map_err(|_| wrong_password())?;
    let attempt = auth_credentials::attempt(context, &account.email, address).await?;
    let found = auth_storage::credential_of(context.bridge(), account.id).await?;
    let Credential { phc, .. } = found.ok_or_else(Problem::not_found)?;
    match context.bridge().verify_password(password.reveal().to_owned(), Some(phc)).await? {
        Verdict::Right | Verdict::RightButOutdated => {
            attempt.take_back(context).await;
            Ok(())
        }
        Verdict::Wrong => Err(wrong_password()),
    }
}

async fn store(
    context: &Context,
    session: &Session,
    factor: Factor,
    taken: Vec<GuardedStatement>,
) -> Result<(), Problem> {
    let statements = std::iter::once(auth_storage::authenticated(session)).chain(taken).collect();
    let transaction = Transaction::of(statements);
    match context.bridge().transact(transaction).await {
        Ok(_) => Ok(()),
        // It was ended meanwhile.
        Err(TransactError::UnexpectedRows(RowMismatch { statement: 0, .. })) => Err(Problem::not_found()),
        // What was shown was taken by another request.
        Err(TransactError::UnexpectedRows(_)) => Err(match factor {
            Factor::HardwareKey | Factor::SoftwareKey => wrong_passkey(),
            Factor::Password | Factor::OneTimePassword => wrong_code(),
        }),
        Err(error) => Err(error.into()),
    }
}

fn wrong_password() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "wrong_password", "the password is another")
}

fn code_needed() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "code_needed", "the account has a second factor: show that instead")
}
