//! Drafts: what creators say of videos before these are there.

use crate::save::Written;
use content_contract::Draft;
use jiff::Timestamp;
use mcsp_bridge_api::postgres::{GuardedStatement, RowMismatch, TransactError, Transaction, Violation};
use mcsp_bridge_api::sql::{Inconsistency, Json, Row, Rows, exclusively, sql};
use mcsp_function::Context;
use mcsp_ids::{DraftId, UploadId, UserId};
use mcsp_problem::Problem;

const COLUMNS: &str = "id, owner_id, version, upload_id, draft, submitted_at, created_at, updated_at";

/// A draft, with what it is kept by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptDraft {
    /// Its id.
    pub id: DraftId,
    /// Who writes it.
    pub owner: UserId,
    /// Starts at 1, one more with every change.
    pub version: i64,
    /// The upload whose video it is of.
    pub upload: Option<UploadId>,
    /// What it says.
    pub draft: Draft,
    /// When it was submitted as it is.
    pub submitted_at: Option<Timestamp>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// Why a draft was not saved.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DraftError {
    /// Another request changed it since it was read; of a new one, that there are as many as may be.
    #[error("the draft is not what it was, or there are too many")]
    Overtaken,
    /// The upload is not that of the draft's owner by now: look again whose it is, and decide again.
    #[error("the upload is not the draft's owner's")]
    UploadLost,
    /// The upload has another draft.
    #[error("the upload has another draft")]
    UploadTaken,
    /// Nothing was written, or it is not known.
    #[error("the draft could not be saved")]
    Failed(#[source] TransactError),
}

/// The owner's draft: 404 `not_found` where there is none, or where it is another's.
pub async fn owned_draft(context: &Context, id: DraftId, owner: UserId) -> Result<KeptDraft, Problem> {
    let query = sql(&format!("SELECT {COLUMNS} FROM drafts WHERE id = $1 AND owner_id = $2"))
        .bind(id.uuid())
        .bind(owner.uuid());
    let rows = Rows::new("drafts", context.bridge().query(query.into()).await?);
    rows.first(read)?.ok_or_else(Problem::not_found)
}

/// The owner's drafts, the newest first, behind the one that `after` names.
pub async fn page_of_drafts(
    context: &Context,
    owner: UserId,
    after: Option<DraftId>,
    rows: i64,
) -> Result<Vec<KeptDraft>, Problem> {
    let query = sql(&format!(
        "SELECT {COLUMNS} FROM drafts WHERE owner_id = $1 AND ($2::uuid IS NULL OR id < $2) \
         ORDER BY id DESC LIMIT $3"
    ))
    .bind(owner.uuid())
    .bind(after.map(|after| after.uuid()))
    .bind(rows);
    Ok(Rows::new("drafts", context.bridge().query(query.into()).await?).map(read)?)
}

/// The draft of an upload, where it has one.
pub async fn draft_of(context: &Context, upload: UploadId) -> Result<Option<DraftId>, Problem> {
    let query = sql("SELECT id FROM drafts WHERE upload_id = $1").bind(upload.uuid());
    let rows = Rows::new("drafts", context.bridge().query(query.into()).await?);
    Ok(rows.first(|row| Ok(DraftId::from_uuid(row.take("id")?)))?)
}

/// Saves a new draft, if its owner has fewer than so many, and the upload that it names.
pub async fn insert_draft(
    context: &Context,
    kept: &KeptDraft,
    at_most: u32,
    written: Written,
) -> Result<(), DraftError> {
    let statement = sql(&format!(
        "INSERT INTO drafts ({COLUMNS}) SELECT $1, $2, $3, $4, $5, $6, $7, $8 \
         WHERE (SELECT count(*) FROM drafts WHERE owner_id = $2) < $9"
    ))
    .bind(kept.id.uuid())
    .bind(kept.owner.uuid())
    .bind(kept.version)
    .bind(kept.upload.map(|upload| upload.uuid()))
    .bind(serde_json::json!(kept.draft))
    .bind(kept.submitted_at)
    .bind(kept.created_at)
    .bind(kept.updated_at)
    .bind(at_most)
    .expecting(1);
    let before = (Some(exclusively("drafts of", kept.owner.uuid())), upload_is_theirs(kept));
    transact(context, before, statement, written).await
}

/// Saves a draft that is one version on from what is stored, if its owner has the upload that it names.
pub async fn save_draft(context: &Context, kept: &KeptDraft, written: Written) -> Result<(), DraftError> {
    let statement = sql("UPDATE drafts SET version = $3, upload_id = $4, draft = $5, submitted_at = $6, \
             updated_at = $7 \
         WHERE id = $1 AND version = $2")
    .bind(kept.id.uuid())
    .bind(kept.version - 1)
    .bind(kept.version)
    .bind(kept.upload.map(|upload| upload.uuid()))
    .bind(serde_json::json!(kept.draft))
    .bind(kept.submitted_at)
    .bind(kept.updated_at)
    .expecting(1);
    transact(context, (None, upload_is_theirs(kept)), statement, written).await
}

/// Removes a draft as it was read.
pub async fn remove_draft(context: &Context, kept: &KeptDraft) -> Result<(), DraftError> {
    let statement = sql("DELETE FROM drafts WHERE id = $1 AND version = $2")
        .bind(kept.id.uuid())
        .bind(kept.version)
        .expecting(1);
    transact(context, (None, None), statement, Written::default()).await
}

/// The statement that forgets an owner's drafts.
pub fn forget_drafts(owner: UserId) -> GuardedStatement {
    sql("DELETE FROM drafts WHERE owner_id = $1").bind(owner.uuid()).unguarded()
}

/// The statement that lets a transaction fail where the upload of a draft is not its owner's, and lets nobody have it before that ends: a
/// draft that was attached by then is known to whoever gives the video away.
fn upload_is_theirs(kept: &KeptDraft) -> Option<GuardedStatement> {
    let held = sql("SELECT FROM uploads WHERE id = $1 AND owner_id = $2 FOR SHARE");
    kept.upload.map(|upload| held.bind(upload.uuid()).bind(kept.owner.uuid()).expecting(1))
}

/// The draft's own statement may have two before it: one for its owner, and one for its upload.
async fn transact(
    context: &Context,
    (of_owner, of_upload): (Option<GuardedStatement>, Option<GuardedStatement>),
    own: GuardedStatement,
    written: Written,
) -> Result<(), DraftError> {
    let Written { events, statements } = written;
    let place_of_upload = u32::from(of_owner.is_some());
    let place_of_own = place_of_upload + u32::from(of_upload.is_some());
    let statements = of_owner.into_iter().chain(of_upload).chain([own]).chain(statements).collect();
    match context.bridge().transact(Transaction { consumed_event: None, statements, events }).await {
        Ok(_) => Ok(()),
        Err(TransactError::UnexpectedRows(RowMismatch { statement, .. })) if statement == place_of_own => {
            Err(DraftError::Overtaken)
        }
        Err(TransactError::UnexpectedRows(RowMismatch { statement, .. })) if statement == place_of_upload => {
            Err(DraftError::UploadLost)
        }
        Err(TransactError::ConstraintViolated(Violation { constraint, .. }))
            if constraint == "drafts_upload_id_key" =>
        {
            Err(DraftError::UploadTaken)
        }
        Err(error) => Err(DraftError::Failed(error)),
    }
}

fn read(row: &mut Row<'_>) -> Result<KeptDraft, Inconsistency> {
    let id = DraftId::from_uuid(row.take("id")?);
    let owner = UserId::from_uuid(row.take("owner_id")?);
    let version = row.take("version")?;
    let upload: Option<uuid::Uuid> = row.take("upload_id")?;
    let Json(draft) = row.take("draft")?;
    Ok(KeptDraft {
        id,
        owner,
        version,
        upload: upload.map(UploadId::from_uuid),
        draft,
        submitted_at: row.take("submitted_at")?,
        created_at: row.take("created_at")?,
        updated_at: row.take("updated_at")?,
    })
}
