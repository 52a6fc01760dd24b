//! Waiting for what comes by event.

use std::time::{Duration, Instant};

/// How long an effect that comes by event may take. Generous: the tests run side by side on small machines.
const EFFECT_MAX: Duration = Duration::from_secs(180);
const PAUSE: Duration = Duration::from_millis(50);

/// Asks until there is an answer.
///
/// # Panics
/// When there is none in time.
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(started.elapsed() < EFFECT_MAX, "{what}: not within {EFFECT_MAX:?}");
        tokio::time::sleep(PAUSE).await;
    }
}
