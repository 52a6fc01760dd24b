//! Uploads whose bytes the platform fetches: from where, and how far that is.

use crate::save::signed;
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_bridge_api::sql::{Rows, sql};
use mcsp_function::Context;
use mcsp_ids::UploadId;
use mcsp_problem::Problem;
use upload_domain::{SourceUrl, Validator};

/// A file that is being fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pull {
    /// Where it is.
    pub source: SourceUrl,
    /// By what it is known to be the same.
    pub validator: Validator,
    /// How many bytes of it the store has.
    pub pulled_bytes: u64,
    /// How often in a row the source gave nothing.
    pub failures: u32,
}

/// The statement that keeps where an upload is fetched from.
pub fn begin_pull(upload: UploadId, source: &SourceUrl, validator: &Validator) -> GuardedStatement {
    sql("INSERT INTO pulls (upload_id, source_url, etag, last_modified) VALUES ($1, $2, $3, $4)")
        .bind(upload.uuid())
        .bind(source.as_str())
        .bind(validator.etag.as_deref())
        .bind(validator.last_modified.as_deref())
        .expecting(1)
}

/// What is to be fetched of an upload; none where nothing is, or nothing more.
pub async fn pull_of(context: &Context, upload: UploadId) -> Result<Option<Pull>, Problem> {
    let query = sql("SELECT source_url, etag, last_modified, pulled_bytes, failures FROM pulls \
         WHERE upload_id = $1 AND source_url IS NOT NULL")
    .bind(upload.uuid());
    let rows = Rows::new("pulls", context.bridge().query(query.into()).await?);
    Ok(rows.first(|row| {
        let source = row.parse("source_url", |text: String| SourceUrl::parse(&text).ok())?;
        let validator = Validator { etag: row.take("etag")?, last_modified: row.take("last_modified")? };
        Ok(Pull {
            source,
            validator,
            pulled_bytes: row.take("pulled_bytes")?,
            failures: row.take("failures")?,
        })
    })?)
}

/// The statement that notes how much of an upload the store has, and how often in a row the source gave nothing.
pub fn note_pull(upload: UploadId, pulled_bytes: u64, failures: u32) -> GuardedStatement {
    sql("UPDATE pulls SET pulled_bytes = $2, failures = $3 WHERE upload_id = $1 AND source_url IS NOT NULL")
        .bind(upload.uuid())
        .bind(signed(pulled_bytes))
        .bind(failures)
        .expecting(1)
}

/// The statement that forgets where an upload was fetched from, as nothing more is. Where so much is told, that is there.
pub fn end_pull(upload: UploadId, pulled_bytes: Option<u64>) -> GuardedStatement {
    sql("UPDATE pulls SET source_url = NULL, pulled_bytes = coalesce($2, pulled_bytes) WHERE upload_id = $1")
        .bind(upload.uuid())
        .bind(pulled_bytes.map(signed))
        .unguarded()
}
