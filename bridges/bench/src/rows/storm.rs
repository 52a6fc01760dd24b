//! A sign-in storm: what the hashing of passwords costs everybody else.

use super::Bench;
use super::playback::{CONNECTIONS, STREAM_LIMIT, starts};
use super::steady::{Latency, OTHERS, all_answered};
use crate::load::Load;
use crate::page::{Goal, Row};
use crate::pod::{Pod, Spec};
use anyhow::{Context, ensure};
use mcsp_tests::{Account, OwnPlatform, Platform, policies};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Who signs in, again and again, and comes back as late as told: several times what the hashing threads of a small
/// machine do, and hold in their queue.
const SIGNING_IN: u32 = 128;
/// People don't come all at once, nor come back so: each waits for up to so long more.
const SPREAD: Duration = Duration::from_secs(1);

pub(super) fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    // Its own thread sends the storm; the others' requests are paced by this one.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let platform = runtime.block_on(OwnPlatform::start_with(&[], &[STREAM_LIMIT]));
    let rows = stormed(bench, &runtime, &platform);
    runtime.block_on(platform.stop());
    rows
}

fn stormed(bench: &Bench, runtime: &Runtime, platform: &OwnPlatform) -> anyhow::Result<Vec<Row>> {
    let client = platform.client();
    let start = ("a playback session start", &runtime.block_on(starts(&client)));
    let storm = Storm { accounts: runtime.block_on(accounts(&client)), runtime };
    let reading = ("an account's own page", &own_page(&storm.accounts));
    let mut rows = vec![row(bench, "in one process", start, client.url(), &storm, &client)?];
    if std::thread::available_parallelism()?.get() > 1 {
        let pod = |service, core| pod(bench, platform, service, core);
        let (auth, playback) = (pod("auth", 0)?, pod("playback", 1)?);
        let auth = Platform::at(auth.url());
        rows.push(row(bench, "in pods with a core each", start, &playback.url(), &storm, &auth)?);
        rows.push(row(bench, "in the very pod", reading, auth.url(), &storm, &auth)?);
    }
    Ok(rows)
}

/// What Auth does besides, for those who are signed in.
fn own_page(accounts: &[Account]) -> Load {
    let tokens = accounts.iter().map(|account| account.token.clone()).collect();
    Load { tokens, ..Load::get("/v1/accounts/me", CONNECTIONS, "email") }
}

/// A service as it is deployed, over the platform's stores.
fn pod(bench: &Bench, platform: &OwnPlatform, service: &str, core: usize) -> anyhow::Result<Pod> {
    Pod::start(Spec {
        service,
        core,
        environment: &platform.environment(),
        variables: &[STREAM_LIMIT, ("MCSP_POLICIES", &policies().display().to_string())],
        scratch: bench.scratch(),
    })
}

/// What others ask at `url`, without and with a storm at `auth`.
fn row(
    bench: &Bench,
    place: &str,
    (what, load): (&str, &Load),
    url: &str,
    storm: &Storm<'_>,
    auth: &Platform,
) -> anyhow::Result<Row> {
    let per_second = load.run(url, bench.load)?.per_second * OTHERS;
    let (mut calm, mut rough) = (Latency::default(), Latency::default());
    let counts = Arc::new(Counts::default());
    for _ in 0..bench.rounds {
        calm.take(&all_answered(bench, load, url, per_second)?);
        let raging = storm.begin(auth, &counts);
        let answers = all_answered(bench, load, url, per_second);
        storm.runtime.block_on(raging.end())?;
        rough.take(&answers?);
    }
    let seconds = bench.load.as_secs_f64() * bench.rounds as f64;
    let (signed_in, turned_away) = counts.per_second(seconds);
    ensure!(signed_in > 0.0, "nobody could sign in");
    Ok(Row {
        figure: format!("sign-in storm, {place}: p99 of {what} ÷ without it"),
        samples: rough.p99_ms.over(&calm.p99_ms),
        unit: "",
        goal: Some(Goal::AtMost(1.2)),
        made_of: format!(
            "open loop, {per_second:.0} req/s; calm {calm}; {SIGNING_IN} clients signing in {rough}, \
             {signed_in:.0} sign-ins/s and {turned_away:.0} told to come back"
        ),
    })
}

async fn accounts(platform: &Platform) -> Vec<Account> {
    let mut accounts = Vec::new();
    for _ in 0..SIGNING_IN {
        accounts.push(platform.account("viewer").await);
    }
    accounts
}

#[derive(Default)]
struct Counts {
    signed_in: AtomicU64,
    turned_away: AtomicU64,
}

impl Counts {
    fn per_second(&self, seconds: f64) -> (f64, f64) {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed) as f64 / seconds;
        (of(&self.signed_in), of(&self.turned_away))
    }
}

/// Who signs in all at once.
struct Storm<'a> {
    accounts: Vec<Account>,
    runtime: &'a Runtime,
}

impl Storm<'_> {
    /// They sign in until the end.
    fn begin(&self, auth: &Platform, counts: &Arc<Counts>) -> Raging {
        let over = CancellationToken::new();
        let mut clients = JoinSet::new();
        for (account, number) in self.accounts.iter().zip(0..) {
            let account = Account { platform: auth.clone(), ..account.clone() };
            let late = SPREAD * number / SIGNING_IN;
            let client = sign_in(account, late, over.clone(), Arc::clone(counts));
            clients.spawn_on(client, self.runtime.handle());
        }
        Raging { over, clients }
    }
}

/// A storm that has begun.
struct Raging {
    over: CancellationToken,
    clients: JoinSet<anyhow::Result<()>>,
}

impl Raging {
    async fn end(mut self) -> anyhow::Result<()> {
        self.over.cancel();
        while let Some(client) = self.clients.join_next().await {
            client??;
        }
        Ok(())
    }
}

async fn sign_in(
    account: Account,
    late: Duration,
    over: CancellationToken,
    counts: Arc<Counts>,
) -> anyhow::Result<()> {
    let credentials = json!({"email": account.email, "password": account.password});
    drop(timeout(late, over.cancelled()).await);
    while !over.is_cancelled() {
        let answer = account.platform.post("/v1/sessions", &credentials).await;
        match answer.status.as_u16() {
            201 => {
                counts.signed_in.fetch_add(1, Ordering::Relaxed);
            }
            503 | 504 => {
                counts.turned_away.fetch_add(1, Ordering::Relaxed);
                let wait_s = answer.header("retry-after").parse().context("when to come back")?;
                drop(timeout(Duration::from_secs(wait_s) + late, over.cancelled()).await);
            }
            status => anyhow::bail!("a sign-in was answered {status}"),
        }
    }
    Ok(())
}
