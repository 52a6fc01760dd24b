//! What a closed guard adds to a call, in nanoseconds: medians over alternating rounds.
//!
//! `cargo run --release -p mcsp-guard --example closed_path`

use mcsp_guard::{CallKind, Guard, Policy, Verdict};
use std::time::{Duration, Instant};

const ROUNDS: usize = 21;
const CALLS_PER_ROUND: u32 = 100_000;

/// Is pending once, as a call that waits for a socket is: so that the deadline's timer is really set.
async fn call() -> Result<u32, ()> {
    tokio::task::yield_now().await;
    Ok(1)
}

fn median_ns(mut rounds: Vec<Duration>) -> f64 {
    rounds.sort();
    let median = rounds.get(rounds.len() / 2).copied().unwrap_or_default();
    median.as_secs_f64() * 1e9 / f64::from(CALLS_PER_ROUND)
}

fn main() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let guard = Guard::new("example", "nothing", Policy::default());
    let kind = CallKind { idempotent: true, deadline: Duration::from_secs(1) };
    let (mut bare, mut timed, mut guarded) = (Vec::new(), Vec::new(), Vec::new());
    runtime.block_on(async {
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            for _ in 0..CALLS_PER_ROUND {
                std::hint::black_box(call().await).ok();
            }
            bare.push(begun.elapsed());
            let begun = Instant::now();
            for _ in 0..CALLS_PER_ROUND {
                std::hint::black_box(tokio::time::timeout(kind.deadline, call()).await).ok();
            }
            timed.push(begun.elapsed());
            let begun = Instant::now();
            for _ in 0..CALLS_PER_ROUND {
                let classify = |_: &Result<u32, ()>| Verdict::Success;
                std::hint::black_box(guard.call(kind, classify, call).await).ok();
            }
            guarded.push(begun.elapsed());
        }
    });
    let (bare, timed, guarded) = (median_ns(bare), median_ns(timed), median_ns(guarded));
    println!("bare call        {bare:7.0} ns");
    println!("with a timeout   {timed:7.0} ns");
    println!("through a guard  {guarded:7.0} ns, so {:.0} ns for the guard", guarded - bare);
    Ok(())
}
