//! `mcsp reindex`: builds the index of the search engine anew, while the old one is searched and videos change.

use super::platform::{Platform, PlatformArguments};
use anyhow::Context;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// How often a step is tried: the engine may be busy, or away for a moment.
const TRIES_MAX: u32 = 6;
/// Before the second try; doubled for each further one.
const PAUSE: Duration = Duration::from_millis(500);
const BAR: &str = "{wide_bar} {human_pos}/{human_len} videos, {per_sec}, {eta} left";

/// Build the index of the search engine anew, while the old one is searched
#[derive(Args, Debug)]
pub(super) struct Reindex {
    #[command(flatten)]
    platform: PlatformArguments,
}

impl Reindex {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let platform = self.platform.open()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let begun = step(&platform, "/v1/search-indexes", &Value::Null).await?;
            let name = begun.get("name").and_then(Value::as_str).context("the index has no name")?;
            let bar =
                ProgressBar::new(number(&begun, "videos")?).with_style(ProgressStyle::with_template(BAR)?);
            let written = fill(&platform, name, &bar).await?;
            let path = format!("/v1/search-indexes/{name}/activate");
            let active = step(&platform, &path, &json!({"videos": written})).await?;
            bar.finish_and_clear();
            println!("{} videos are in the index {name}, which is searched now", number(&active, "videos")?);
            Ok(())
        })
    }
}

/// Page by page, as long as there is one.
async fn fill(platform: &Platform, name: &str, bar: &ProgressBar) -> anyhow::Result<u64> {
    let path = format!("/v1/search-indexes/{name}/videos");
    let (mut written, mut last) = (0, Value::Null);
    loop {
        let page = step(platform, &path, &json!({"after": last})).await?;
        written += number(&page, "written")?;
        // Videos come to be meanwhile.
        bar.set_length(written.max(bar.length().unwrap_or_default()));
        bar.set_position(written);
        last = page.get("last").cloned().unwrap_or_default();
        if last.is_null() {
            return Ok(written);
        }
    }
}

/// A step done again has no other effect than once, but for the first: what that leaves off the next one removes.
async fn step(platform: &Platform, path: &str, body: &Value) -> anyhow::Result<Value> {
    let body = Some(body).filter(|body| !body.is_null());
    let mut pause = PAUSE;
    for _ in 1..TRIES_MAX {
        match platform.send(Method::POST, path, body).await {
            Ok(answered) if !answered.status.is_server_error() => return answered.success(),
            Ok(_) | Err(_) => tokio::time::sleep(pause).await,
        }
        pause *= 2;
    }
    platform.send(Method::POST, path, body).await?.success()
}

fn number(answer: &Value, name: &str) -> anyhow::Result<u64> {
    answer.get(name).and_then(Value::as_u64).with_context(|| format!("the answer lacks `{name}`"))
}
