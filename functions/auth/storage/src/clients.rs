//! Clients.

use auth_domain::{
    Client, ClientDetails, ClientKind, ClientName, GrantType, LogoutUri, RedirectUri, Scope, SecretDigest,
    Secrets,
};
use jiff::Timestamp;
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::postgres::{GuardedStatement, RowMismatch, TransactError, Transaction};
use mcsp_bridge_api::sql::{Inconsistency, Row, Rows, Sql, sql};
use mcsp_ids::ClientId;
use mcsp_paging::Limit;
use mcsp_problem::Problem;

/// The columns, in the order of [`bind`] and [`read`].
const COLUMNS: &str = "id, kind, name, redirect_uris, post_logout_redirect_uris, backchannel_logout_uri, \
     grant_types, scopes, first_party, secret_digest, previous_secret_digest, previous_secret_until, \
     version, created_at, updated_at";

/// Why a client was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Another writer was first, or it is gone.
    #[error("the client has changed")]
    Outdated,
    /// The bridge did not commit.
    #[error("the client was not written")]
    Failed(#[source] TransactError),
}

/// The client of that id.
pub async fn find(bridge: &dyn Bridge, id: ClientId) -> Result<Option<Client>, Problem> {
    let statement = sql(&format!("SELECT {COLUMNS} FROM clients WHERE id = $1")).bind(id.uuid());
    Ok(Rows::new("clients", bridge.query(statement.into()).await?).first(read)?)
}

/// All clients, the newest first; `before` is the last one seen.
pub async fn list(
    bridge: &dyn Bridge,
    before: Option<ClientId>,
    limit: Limit,
) -> Result<Vec<Client>, Problem> {
    let statement = sql(&format!(
        "SELECT {COLUMNS} FROM clients WHERE ($1::uuid IS NULL OR id < $1) ORDER BY id DESC LIMIT $2"
    ))
    .bind(before.map(|id| id.uuid()))
    .bind(limit.rows_to_read());
    Ok(Rows::new("clients", bridge.query(statement.into()).await?).map(read)?)
}

/// Stores a new client. `record` is the statement that remembers the answer.
pub async fn insert(
    bridge: &dyn Bridge,
    client: &Client,
    record: Option<GuardedStatement>,
) -> Result<(), WriteError> {
    let text = format!(
        "INSERT INTO clients ({COLUMNS}) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
    );
    write(bridge, bind(sql(&text), client).expecting(1), record).await
}

/// Writes a changed client over the version before it, and over no other.
pub async fn save(
    bridge: &dyn Bridge,
    client: &Client,
    record: Option<GuardedStatement>,
) -> Result<(), WriteError> {
    let text = format!(
        "UPDATE clients SET ({COLUMNS}) = \
         ROW ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) \
         WHERE id = $1 AND version = $13 - 1"
    );
    write(bridge, bind(sql(&text), client).expecting(1), record).await
}

/// Removes a client of that version, and with it all that it was given.
pub async fn delete(bridge: &dyn Bridge, client: &Client) -> Result<(), WriteError> {
    let statement = sql("DELETE FROM clients WHERE id = $1 AND version = $2")
        .bind(client.id.uuid())
        .bind(client.version)
        .expecting(1);
    write(bridge, statement, None).await
}

async fn write(
    bridge: &dyn Bridge,
    statement: GuardedStatement,
    record: Option<GuardedStatement>,
) -> Result<(), WriteError> {
    let statements = std::iter::once(statement).chain(record).collect();
    let transaction = Transaction::of(statements);
    match bridge.transact(transaction).await {
        Ok(_) => Ok(()),
        Err(TransactError::UnexpectedRows(RowMismatch { statement: 0, .. })) => Err(WriteError::Outdated),
        Err(error) => Err(WriteError::Failed(error)),
    }
}

fn bind(sql: Sql, client: &Client) -> Sql {
    let Client { id, kind, details, version, created_at, updated_at } = client;
    let secrets = match kind {
        ClientKind::Public => None,
        ClientKind::Confidential(secrets) => Some(secrets),
    };
    let previous = secrets.and_then(Secrets::previous);
    let octets = |digest: &SecretDigest| digest.as_bytes().to_vec();
    let uris = |uris: &[LogoutUri]| uris.iter().map(|uri| uri.as_str().to_owned()).collect::<Vec<_>>();
    sql.bind(id.uuid())
        .bind(kind.as_str())
        .bind(details.name.as_str())
        .bind(details.redirect_uris.iter().map(|uri| uri.as_str().to_owned()).collect::<Vec<_>>())
        .bind(uris(&details.post_logout_redirect_uris))
        .bind(details.backchannel_logout_uri.as_ref().map(LogoutUri::as_str))
        .bind(details.grant_types.iter().map(|grant| grant.as_str().to_owned()).collect::<Vec<_>>())
        .bind(details.scopes.iter().map(|scope| scope.as_str().to_owned()).collect::<Vec<_>>())
        .bind(details.first_party)
        .bind(secrets.map(|secrets| octets(secrets.current())))
        .bind(previous.map(|(digest, _)| octets(digest)))
        .bind(previous.map(|(_, until)| *until))
        .bind(*version)
        .bind(*created_at)
        .bind(*updated_at)
}

fn read(row: &mut Row<'_>) -> Result<Client, Inconsistency> {
    let id = ClientId::from_uuid(row.take("id")?);
    let kind: String = row.take("kind")?;
    let details = ClientDetails {
        name: row.parse("name", |text: String| ClientName::parse(&text))?,
        redirect_uris: row
            .parse("redirect_uris", |texts| all(texts, |text| RedirectUri::parse(text).ok()))?,
        post_logout_redirect_uris: row
            .parse("post_logout_redirect_uris", |texts| all(texts, |text| LogoutUri::parse(text).ok()))?,
        backchannel_logout_uri: row.parse("backchannel_logout_uri", |text: Option<String>| {
            text.map_or(Some(None), |text| LogoutUri::parse(&text).ok().map(Some))
        })?,
        grant_types: row.parse("grant_types", |names| all(names, GrantType::from_name))?,
        // A permission that no route asks for any more takes no client away.
        scopes: row.take::<Vec<String>>("scopes")?.iter().filter_map(|text| Scope::parse(text)).collect(),
        first_party: row.take("first_party")?,
    };
    let digest = |octets: Option<Vec<u8>>| match octets {
        None => Some(None),
        Some(octets) => octets.try_into().ok().map(|octets| Some(SecretDigest::from_bytes(octets))),
    };
    let current = row.parse("secret_digest", digest)?;
    let previous = row.parse("previous_secret_digest", digest)?;
    let kind =
        row.parse("previous_secret_until", |until: Option<Timestamp>| match (kind.as_str(), current) {
            ("public", None) => Some(ClientKind::Public),
            ("confidential", Some(current)) => {
                Some(ClientKind::Confidential(Secrets::of(current, previous.zip(until))))
            }
            _ => None,
        })?;
    let (version, created_at, updated_at) =
        (row.take("version")?, row.take("created_at")?, row.take("updated_at")?);
    Ok(Client { id, kind, details, version, created_at, updated_at })
}

fn all<T>(texts: Vec<String>, parse: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    texts.iter().map(|text| parse(text)).collect()
}
