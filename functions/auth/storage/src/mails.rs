//! Mails that are to be sent, and the tokens in those that were.

use crate::accounts::{COLUMNS, read};
use auth_domain::{Account, Mail, MailKind};
use jiff::Timestamp;
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_bridge_api::sql::{Rows, sql};
use mcsp_ids::{MailId, UserId};
use mcsp_problem::Problem;

/// A mail, and whom it goes to.
pub struct Addressed {
    /// The mail.
    pub id: MailId,
    /// Why.
    pub kind: MailKind,
    /// Whom it goes to.
    pub account: Account,
}

/// Stores a mail.
pub fn store(mail: &Mail) -> GuardedStatement {
    sql("INSERT INTO mails (id, account_id, kind, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(mail.id.uuid())
        .bind(mail.account.map(|account| account.uuid()))
        .bind(mail.kind.as_str())
        .bind(mail.created_at)
        .bind(mail.expires_at)
        .expecting(1)
}

/// A mail that is still worth sending, or whose token is still good. None for one to nobody.
pub async fn mail(bridge: &dyn Bridge, id: MailId, at: Timestamp) -> Result<Option<Addressed>, Problem> {
    let text = format!(
        "SELECT {COLUMNS}, m.kind FROM mails m JOIN accounts a ON a.id = m.account_id \
         WHERE m.id = $1 AND m.expires_at > $2"
    );
    let statement = sql(&text).bind(id.uuid()).bind(at);
    let rows = Rows::new("mails", bridge.query(statement.into()).await?);
    Ok(rows.first(|row| {
        let account = read(row)?;
        let kind = row.parse("kind", |name: String| MailKind::from_name(&name))?;
        Ok(Addressed { id, kind, account })
    })?)
}

/// Uses a token up: of two at the same time one finds it gone.
pub fn take_token(id: MailId, at: Timestamp) -> GuardedStatement {
    sql("DELETE FROM mails WHERE id = $1 AND expires_at > $2").bind(id.uuid()).bind(at).expecting(1)
}

/// Removes a mail that has no token, or is to nobody.
pub fn remove(id: MailId) -> GuardedStatement {
    sql("DELETE FROM mails WHERE id = $1").bind(id.uuid()).unguarded()
}

/// Takes back all mails of some kinds to an account, with their tokens, and all that have expired.
pub fn withdraw(account: UserId, kinds: &[MailKind], at: Timestamp) -> GuardedStatement {
    let kinds: Vec<String> = kinds.iter().map(|kind| kind.as_str().to_owned()).collect();
    sql("DELETE FROM mails WHERE account_id = $1 AND (kind = ANY ($2) OR expires_at <= $3)")
        .bind(account.uuid())
        .bind(kinds)
        .bind(at)
        .unguarded()
}
