//! `POST /v1/accounts/recovery/confirmation`: sets a new password with the token of a mail, and signs all
//! devices out. A second factor is asked for all the same at the next sign-in, unless the address was not verified until
//! then: whoever had the account may have been somebody else, who waits for its owner with a passkey.

use crate::breached::refuse_breached;
use crate::confirm::{TOKEN_EXAMPLE, commit, opened, unusable_token};
use crate::password::{chosen, password_mails};
use crate::settings::Settings;
use auth_domain::MailKind;
use auth_events::{account_changed, mail_requested};
use axum::extract::{Extension, State};
use axum::response::Response;
use http::StatusCode;
use mcsp_bridge_api::postgres::{TransactError, Transaction};
use mcsp_function::{Context, TraceParent};
use mcsp_idempotency::{Answer, IdempotencyKey, once};
use mcsp_problem::{Invalid, Json, Problem};
use mcsp_reference::{Answer as Answered, Operation};
use schemars::JsonSchema;
use serde::Deserialize;

/// Callers are unknown here: a key is one client's by being unguessable.
const IDEMPOTENCY_SCOPE: &str = "accounts.recovery.confirmation";

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecoverRequest {
    /// The token of the mail. It is good once.
    #[schemars(example = TOKEN_EXAMPLE)]
    token: String,
    /// The new password: 12 to 128 characters, none of the commonest passwords, and none that is known to be stolen
    /// where the platform looks for that.
    #[schemars(example = &"correct horse battery")]
    password: String,
}

pub(crate) fn reference() -> Operation {
    Operation::post("/v1/accounts/recovery/confirmation", recover)
        .named("recoverAccount", "Set a new password with a mail's token")
        .described(
            "Sets the password, signs all devices out, and verifies the address. A second factor is asked for all the \
            same at the next sign-in. If the address was not verified before, though, whoever registered it may have \
            been somebody else: second factors, recovery codes, consents and the date of birth are forgotten then.",
        )
        .answers(Answered::empty(StatusCode::NO_CONTENT, "The password is set."))
        .refuses([unusable_token(), Invalid::default().into_problem(), TransactError::Conflict.into()])
}

pub(crate) async fn recover(
    State(context): State<Context>,
    Extension(settings): Extension<Settings>,
    trace: TraceParent,
    IdempotencyKey(key): IdempotencyKey,
    Json(request): Json<RecoverRequest>,
) -> Result<Response, Problem> {
    let password = chosen("/password", &request.password)?;
    once(&context, IDEMPOTENCY_SCOPE, key, &request.token, async |claim| {
        let mail = opened(&context, &settings, &request.token, &[MailKind::Recovery]).await?;
        refuse_breached(&context, &trace, "/password", &password).await?;
        let phc = context.bridge().hash_password(password.reveal().to_owned()).await?;
        let at = context.now();
        let was_verified = mail.account.email_verified;
        let account = mail.account.recover();
        let (notice, [withdraw, store]) = password_mails(&context, &account);
        let answer = Answer::empty(StatusCode::NO_CONTENT);
        let guards = [auth_storage::hold_account(account.id), auth_storage::take_token(mail.id, at)];
        let guarded = guards.len();
        let ended = [
            // Before the sessions are ended, so that no sign-in with the old password begins one after that.
            auth_storage::set_password(account.id, &phc, None, at),
            auth_storage::end_all(account.id, None),
        ];
        let forgotten = (!was_verified).then(|| auth_storage::forget_earlier_holder(account.id));
        let changed = [
            auth_storage::update(&account, at),
            auth_storage::withdraw(account.id, &[MailKind::EmailChange], at),
            withdraw,
            store,
        ];
        let statements = guards.into_iter().chain(ended).chain(forgotten.into_iter().flatten());
        let statements = statements.chain(changed).chain(claim.record(&answer)).collect();
        let events = vec![
            account_changed(&context, &trace, &account, "account.recovered"),
            mail_requested(&context, &trace, &notice),
        ];
        commit(&context, Transaction { consumed_event: None, statements, events }, guarded).await?;
        Ok(answer)
    })
    .await
}
