//! Everything but Playback, as busy as it may be: slow queries hold all that a service has of Postgres, and each function
//! serves as many requests as it may.

use crate::{Account, OwnPlatform, eventually, root};
use mcsp_manifest::Manifest;
use reqwest::{Client, Method};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;
use tokio::task::JoinSet;

/// The components that take requests, with one that waits for the tables that are held: a token where it needs one.
const ASKED: [(&str, &str, Asks); 9] = [
    ("auth-accounts", "/v1/accounts/me", Asks::Account),
    ("auth-factors", "/v1/factors", Asks::Account),
    ("auth-roles", "/v1/permissions/check", Asks::Permissions),
    ("auth-sessions", "/v1/sessions", Asks::Account),
    ("content-catalog", "/v1/catalog/video_00000000000000000000000000", Asks::Platform),
    ("content-search", "/v1/search?q=anything", Asks::Nobody),
    ("content-videos", "/v1/videos", Asks::Account),
    ("upload-drafts", "/v1/drafts", Asks::Account),
    ("upload-sessions", "/v1/uploads", Asks::Account),
];
/// What they read.
const HELD: [&str; 6] =
    ["auth.accounts", "auth.sessions", "auth.factors", "content.videos", "upload.drafts", "upload.uploads"];
/// More than each may serve, so that there is always another one.
const MORE: u32 = 16;
/// Whoever is refused asks again after so long.
const PAUSE: Duration = Duration::from_millis(500);

#[derive(Clone, Copy)]
enum Asks {
    Nobody,
    Account,
    Platform,
    Permissions,
}

/// Requests that go on until this is dropped.
pub struct Flood {
    asking: JoinSet<()>,
    limits: Vec<(&'static str, u64)>,
    held: PgConnection,
}

impl Flood {
    /// The policies under which services go on waiting for slow queries: by default a breaker would spare them soon.
    pub fn policies() -> PathBuf {
        root().join("tests/flood.toml")
    }

    /// Asks until every component is at its limit. Those who ask come one after the other, over `spread`, and so do the
    /// ends of their requests later.
    ///
    /// # Panics
    /// Where a component does not come to its limit.
    pub async fn begin(
        own: &OwnPlatform,
        account: &Account,
        platform_token: &str,
        spread: Duration,
    ) -> Flood {
        let mut held = PgConnection::connect(&own.postgres_url()).await.expect("Postgres");
        sqlx::query("BEGIN").execute(&mut held).await.expect("a transaction");
        let lock = format!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", HELD.join(", "));
        sqlx::query(AssertSqlSafe(lock)).execute(&mut held).await.expect("the tables");
        let manifest = Manifest::load(&root().join("spin.toml"));
        let manifest = manifest.expect("the manifest");
        let (mut asking, mut limits) = (JoinSet::new(), Vec::new());
        let client = Client::builder().timeout(Duration::from_secs(60)).build().expect("a client");
        for (component, path, asks) in ASKED {
            let settings = &manifest.components[component].settings;
            let limit = settings.limits.max_concurrent_requests;
            limits.push((component, u64::from(limit)));
            let url = format!("{}{path}", account.platform.url());
            let (method, token, body) = match asks {
                Asks::Nobody => (Method::GET, None, None),
                Asks::Account => (Method::GET, Some(account.token.clone()), None),
                Asks::Platform => (Method::GET, Some(platform_token.to_owned()), None),
                Asks::Permissions => {
                    let body = r#"{"permissions": ["content.edit"]}"#;
                    (Method::POST, Some(account.token.clone()), Some(body))
                }
            };
            let askers = limit.saturating_add(MORE);
            for number in 0..askers {
                let late = spread * number / askers;
                let (client, url, method, token) =
                    (client.clone(), url.clone(), method.clone(), token.clone());
                asking.spawn(async move {
                    tokio::time::sleep(late).await;
                    loop {
                        let mut request = client.request(method.clone(), &url);
                        if let Some(token) = &token {
                            request = request.bearer_auth(token);
                        }
                        if let Some(body) = body {
                            request = request.header("content-type", "application/json").body(body);
                        }
                        // Refused or not, it asks again.
                        request.send().await.ok();
                        tokio::time::sleep(PAUSE).await;
                    }
                });
            }
        }
        let flood = Flood { asking, limits, held };
        // One that was answered just now makes room for a moment.
        let mut below: BTreeSet<_> = ASKED.iter().map(|(component, ..)| *component).collect();
        eventually("every other function is at its limit", async || {
            let now: BTreeSet<_> =
                flood.below_the_limit(own).await.into_iter().map(|(name, _)| name).collect();
            below.retain(|component| now.contains(component));
            below.is_empty().then_some(())
        })
        .await;
        flood
    }

    /// The components that serve less than they may, with how much.
    pub async fn below_the_limit(&self, own: &OwnPlatform) -> Vec<(&'static str, u64)> {
        let in_flight = gauges(own, "mcsp_function_in_flight").await;
        let served = self.limits.iter().zip(in_flight);
        served
            .filter(|((_, limit), served)| served < limit)
            .map(|((component, _), served)| (*component, served))
            .collect()
    }

    /// Ends it, gives the tables back, and waits until its last instance is gone.
    ///
    /// # Panics
    /// Without Postgres, or if one stays for ever.
    pub async fn end(mut self, own: &OwnPlatform) {
        self.asking.shutdown().await;
        self.held.close().await.expect("Postgres");
        eventually("nothing is left of the flood", async || {
            gauges(own, "mcsp_function_instances").await.iter().all(|instances| *instances == 0).then_some(())
        })
        .await;
    }
}

/// A gauge of each component that is asked.
async fn gauges(own: &OwnPlatform, name: &str) -> [u64; ASKED.len()] {
    let metrics = own.admin("/metrics").await;
    ASKED.map(|(component, ..)| {
        let name = format!("{name}{{component=\"{component}\"");
        let line = metrics.lines().find(|line| line.starts_with(&name)).expect("a metric");
        line.rsplit(' ').next().and_then(|value| value.parse().ok()).expect("a number")
    })
}
