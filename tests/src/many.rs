//! More videos than anybody uploads in a test.

use crate::{Account, OwnPlatform};
use mcsp_ids::UserId;
use sqlx::{Connection, PgConnection};

/// Of the account that looks at its own.
const OWN: u32 = 100;
/// The first ones are the account's, the others belong to others, a hundred to each. One in ten is published. Each word and each tag
/// is of two hundred of them, so that whoever looks for one finds as many however many there are.
const VIDEOS: &str = "\
    INSERT INTO content.videos (id, owner_id, upload_id, region, version, state, visibility, title, description, tags, \
        category, language, media, first_published_at, created_at, updated_at) \
    SELECT gen_random_uuid(), CASE WHEN n <= $2 THEN $3 ELSE lpad(to_hex(n / 100), 32, '0')::uuid END, \
        gen_random_uuid(), 'eu', 2, CASE WHEN n % 10 = 0 THEN 'published' ELSE 'ready' END, 'public', \
        'walk ' || n || ' word' || n / 200, 'about ' || md5(n::text), ARRAY['tag' || n / 200], \
        'category-' || n % 20, CASE WHEN n % 3 = 0 THEN 'en' ELSE 'de' END, \
        '{\"duration_ms\": 1, \"renditions\": [], \"packaged\": {\"prefix\": \"p/\", \"hls\": \"m\"}}', \
        CASE WHEN n % 10 = 0 THEN now() - n * interval '1 minute' END, now(), now() \
    FROM generate_series(1, $1) AS n";

/// Gives the platform so many videos, a hundred of them the account's.
///
/// # Panics
/// Without Postgres.
pub async fn many_videos(own: &OwnPlatform, account: &Account, count: u32) {
    let owner: UserId = account.user_id.parse().expect("a user id");
    let mut postgres = PgConnection::connect(&own.postgres_url()).await.expect("Postgres");
    let (count, mine) = (i64::from(count), i64::from(OWN));
    let filling = sqlx::query(VIDEOS).bind(count).bind(mine).bind(owner.uuid());
    filling.execute(&mut postgres).await.expect("the videos");
    sqlx::query("VACUUM ANALYZE content.videos").execute(&mut postgres).await.expect("statistics");
    postgres.close().await.expect("Postgres");
}
