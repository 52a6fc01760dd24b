//! The stores of the running platform, for what no service tells.

use sqlx::{Connection, PgConnection};

/// Its Postgres, as who owns all of it.
///
/// # Panics
/// Without `MCSP_TEST_POSTGRES_URL`.
pub async fn postgres() -> PgConnection {
    let url = std::env::var("MCSP_TEST_POSTGRES_URL").expect("MCSP_TEST_POSTGRES_URL: run scripts/test");
    PgConnection::connect(&url).await.expect("Postgres")
}
