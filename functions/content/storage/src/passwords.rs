//! The hashes of videos' passwords.

use crate::ReadError;
use content_domain::PasswordsVersion;
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_bridge_api::sql::{Rows, sql};
use mcsp_function::Context;
use mcsp_ids::VideoId;

/// The statement that replaces a video's passwords, of which these are the hashes.
pub fn keep_passwords(
    id: VideoId,
    PasswordsVersion(version): PasswordsVersion,
    hashes: &[String],
) -> GuardedStatement {
    sql("INSERT INTO video_passwords (video_id, version, hashes) VALUES ($1, $2, $3) \
         ON CONFLICT ON CONSTRAINT video_passwords_pkey \
         DO UPDATE SET version = EXCLUDED.version, hashes = EXCLUDED.hashes")
    .bind(id.uuid())
    .bind(version)
    .bind(hashes.to_vec())
    .expecting(1)
}

/// The statement that forgets them, where there are any.
pub fn forget_passwords(id: VideoId) -> GuardedStatement {
    sql("DELETE FROM video_passwords WHERE video_id = $1").bind(id.uuid()).unguarded()
}

/// The hashes of the passwords of this version; none where others have replaced them.
pub async fn passwords(
    context: &Context,
    id: VideoId,
    PasswordsVersion(version): PasswordsVersion,
) -> Result<Vec<String>, ReadError> {
    let statement = sql("SELECT hashes FROM video_passwords WHERE video_id = $1 AND version = $2");
    let statement = statement.bind(id.uuid()).bind(version);
    let rows = Rows::new("video_passwords", context.bridge().query(statement.into()).await?);
    Ok(rows.first(|row| row.take("hashes"))?.unwrap_or_default())
}
