//! What a creator's uploads come to, and what their plan has.

use crate::save::signed;
use jiff::Timestamp;
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_bridge_api::sql::{Rows, sql};
use mcsp_function::Context;
use mcsp_ids::UserId;
use mcsp_problem::Problem;
use upload_domain::{UploadPlan, Usage};

/// What the owner `$1` uses at the time `$2`: `open_uploads` and `bytes`. The first condition is word for word as the index
/// has it. What nobody has completed in time counts no more, whether or not that was written yet.
pub(crate) const USED: &str = "SELECT count(*) FILTER (WHERE state IN ('waiting', 'uploading', 'verifying')) \
         AS open_uploads, coalesce(sum(size_bytes), 0)::bigint AS bytes \
     FROM uploads \
     WHERE state IN ('waiting', 'uploading', 'verifying', 'initiated', 'processing', 'ready') \
         AND owner_id = $1 AND (state IN ('initiated', 'processing', 'ready') OR expires_at > $2)";

/// What the owner uses now.
pub async fn used(context: &Context, owner: UserId) -> Result<Usage, Problem> {
    let query = sql(USED).bind(owner.uuid()).bind(context.now());
    let rows = Rows::new("uploads", context.bridge().query(query.into()).await?);
    let used =
        rows.first(|row| Ok(Usage { open_uploads: row.take("open_uploads")?, bytes: row.take("bytes")? }))?;
    Ok(used.unwrap_or(Usage { bytes: 0, open_uploads: 0 }))
}

/// What the owner's plan has for uploads, where there is a plan.
pub async fn plan(context: &Context, owner: UserId) -> Result<Option<UploadPlan>, Problem> {
    let query = sql("SELECT upload_bytes, open_uploads, entitled_until FROM plans WHERE user_id = $1")
        .bind(owner.uuid());
    let rows = Rows::new("plans", context.bridge().query(query.into()).await?);
    Ok(rows.first(|row| {
        let (bytes, open_uploads) = (row.take("upload_bytes")?, row.take("open_uploads")?);
        Ok(UploadPlan { bytes, open_uploads, until: row.take::<Option<Timestamp>>("entitled_until")? })
    })?)
}

/// The statement that keeps what an account's plan has, unless the same version or a later one is known.
pub fn keep_plan(user: UserId, version: u64, plan: UploadPlan) -> GuardedStatement {
    sql("INSERT INTO plans AS p (user_id, version, upload_bytes, open_uploads, entitled_until) \
         VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT ON CONSTRAINT plans_pkey DO UPDATE SET version = excluded.version, \
             upload_bytes = excluded.upload_bytes, open_uploads = excluded.open_uploads, \
             entitled_until = excluded.entitled_until \
         WHERE p.version < excluded.version")
    .bind(user.uuid())
    .bind(signed(version))
    .bind(plan.bytes.map(signed))
    .bind(plan.open_uploads)
    .bind(plan.until)
    .unguarded()
}

/// The statement that forgets what an account's plan had.
pub fn forget_plan(user: UserId) -> GuardedStatement {
    sql("DELETE FROM plans WHERE user_id = $1").bind(user.uuid()).unguarded()
}
