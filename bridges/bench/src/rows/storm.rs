//! A sign-in storm: what the hashing of passwords costs everybody else.

use super::Bench;
use super::playback::{CONNECTIONS, STREAM_LIMIT, starts};
use super::steady::{Beside, Disturbed, OTHERS, all_answered};
use crate::load::Load;
use crate::page::{Goal, Row};
use crate::pod::{OTHERS_CORE, POD_CORE, Pod, Spec, apart, clients, with_redis};
use crate::process::{keep_here, keep_on};
use anyhow::{Context, ensure};
use mcsp_tests::{Account, OwnPlatform, Platform, policies};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Who signs in, again and again, and comes back as late as told: several times what the hashing threads of a small
/// machine do, and hold in their queue.
const SIGNING_IN: u32 = 128;
/// People don't come all at once, nor come back so: each waits for up to so long more.
const SPREAD: Duration = Duration::from_secs(1);
const STARTS: &str = "a playback session start";

pub(super) fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let mut rows = vec![stormed(bench, clients(None)?, in_one_process)?];
    if std::thread::available_parallelism()?.get() > 1 {
        rows.push(apart(|| {
            // The stores are where the storm is, but for the one that Playback asks.
            keep_here(OTHERS_CORE)?;
            stormed(bench, clients(Some(OTHERS_CORE))?, beside)
        })?);
        rows.push(apart(|| stormed(bench, clients(Some(OTHERS_CORE))?, within))?);
    }
    Ok(rows)
}

/// What is measured on a platform of its own.
type Measured = fn(&Bench, &OwnPlatform, &Load, &Storm<'_>) -> anyhow::Result<Row>;

fn stormed(bench: &Bench, runtime: Runtime, measured: Measured) -> anyhow::Result<Row> {
    let platform = runtime.block_on(OwnPlatform::start_with(&[], &[STREAM_LIMIT]));
    let client = platform.client();
    let start = runtime.block_on(starts(&platform));
    let storm = Storm { accounts: runtime.block_on(accounts(&client)), runtime: &runtime };
    let row = measured(bench, &platform, &start, &storm);
    runtime.block_on(platform.stop());
    row
}

fn in_one_process(
    bench: &Bench,
    platform: &OwnPlatform,
    start: &Load,
    storm: &Storm<'_>,
) -> anyhow::Result<Row> {
    let client = platform.client();
    row(bench, ("in one process", Beside::EachCore), (STARTS, start), client.url(), storm, &client)
}

fn beside(bench: &Bench, platform: &OwnPlatform, start: &Load, storm: &Storm<'_>) -> anyhow::Result<Row> {
    let auth = pod(bench, platform, "auth", OTHERS_CORE)?;
    with_redis(platform, storm.runtime)?;
    let playback = pod(bench, platform, "playback", POD_CORE)?;
    let auth = Platform::at(auth.url());
    row(
        bench,
        ("in pods with a core each", Beside::OthersCore),
        (STARTS, start),
        &playback.url(),
        storm,
        &auth,
    )
}

fn within(bench: &Bench, platform: &OwnPlatform, _: &Load, storm: &Storm<'_>) -> anyhow::Result<Row> {
    keep_on(OTHERS_CORE, platform.id())?;
    let reading = own_page(&storm.accounts);
    let auth = pod(bench, platform, "auth", OTHERS_CORE)?;
    let auth = Platform::at(auth.url());
    row(
        bench,
        ("in the very pod", Beside::EachCore),
        ("an account's own page", &reading),
        auth.url(),
        storm,
        &auth,
    )
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
        core: Some(core),
        environment: &platform.environment(),
        variables: &[STREAM_LIMIT, ("MCSP_POLICIES", &policies().display().to_string())],
        arguments: &[],
        scratch: bench.scratch(),
    })
}

/// What others ask at `url`, without and with a storm at `auth`.
fn row(
    bench: &Bench,
    (place, beside): (&str, Beside),
    (what, load): (&str, &Load),
    url: &str,
    storm: &Storm<'_>,
    auth: &Platform,
) -> anyhow::Result<Row> {
    let per_second = bench.capacity(load, url)? * OTHERS;
    let counts = Arc::new(Counts::default());
    let mut seconds = 0.0;
    let measured = || all_answered(bench, load, url, per_second);
    let sides = Disturbed::measure(bench, beside, measured, || {
        let begun = Instant::now();
        let raging = storm.begin(auth, &counts);
        let answers = measured();
        storm.runtime.block_on(raging.end())?;
        seconds += begun.elapsed().as_secs_f64();
        answers
    })?;
    let (signed_in, turned_away) = counts.per_second(seconds);
    ensure!(signed_in > 0.0, "nobody could sign in");
    Ok(Row {
        figure: format!("sign-in storm, {place}: p99 of {what} ÷ without it"),
        samples: sides.ratio(),
        unit: "",
        goal: Some(Goal::AtMost(1.2)),
        made_of: format!(
            "open loop, {per_second:.0} req/s; {sides}; {SIGNING_IN} clients signing in: {signed_in:.0} sign-ins/s and \
             {turned_away:.0} told to come back"
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
