//! Load: wrk, which keeps every connection busy (a closed loop) and so finds the most that a server does.

use crate::rounds::Samples;
use anyhow::{Context, bail, ensure};
use std::borrow::Cow;
use std::io::Write;
use std::process::Command;
use std::time::{Duration, Instant};

/// What to send, again and again.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    pub method: &'static str,
    /// `/hello`
    pub path: Cow<'static, str>,
    /// Bearer tokens of the callers, who take turns; empty for no one.
    pub tokens: Vec<String>,
    pub body: Option<String>,
    /// The status that every answer must have, and a text that the first one must hold.
    pub expect: (u16, &'static str),
    pub connections: u32,
}

/// What one run of a load found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    pub per_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
}

impl Load {
    /// GET, without a token.
    pub fn get(path: impl Into<Cow<'static, str>>, connections: u32, text: &'static str) -> Self {
        let path = path.into();
        Load { method: "GET", path, tokens: vec![], body: None, expect: (200, text), connections }
    }

    /// Checks one answer whole, then sends for this long to `url`, without the path.
    pub fn run(&self, url: &str, duration: Duration) -> anyhow::Result<Measured> {
        self.check(url)?;
        let mut script = tempfile::Builder::new().suffix(".lua").tempfile()?;
        script.write_all(self.script().as_bytes())?;
        let output = Command::new("wrk")
            .args(["--threads", "1", "--connections", &self.connections.to_string()])
            .args(["--duration", &format!("{}s", duration.as_secs().max(1))])
            .arg("--script")
            .arg(script.path())
            .arg(format!("{url}{}", self.path))
            .output()
            .context("cannot run wrk; install it: sudo apt-get install wrk")?;
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text.lines().find_map(|line| line.strip_prefix("measured ")).unwrap_or_default();
        let numbers: Vec<f64> = line.split(' ').filter_map(|number| number.parse().ok()).collect();
        let [requests, us, p50_us, p99_us, refused, broken] = numbers[..] else {
            bail!("wrk gave no figures: {text}{}", String::from_utf8_lossy(&output.stderr));
        };
        ensure!(
            requests > 0.0 && refused + broken == 0.0,
            "{url}{}: of {requests} answers {refused} were errors, and {broken} connections broke",
            self.path
        );
        Ok(Measured { per_second: requests / us * 1e6, p50_ms: p50_us / 1e3, p99_ms: p99_us / 1e3 })
    }

    /// wrk counts statuses above 399; that the rest is right is looked at here.
    pub(crate) fn check(&self, url: &str) -> anyhow::Result<()> {
        self.one_by_one(url, 1).map(drop)
    }

    /// Milliseconds until each of so many answers was there, each checked whole, over one connection that is open already.
    pub(crate) fn one_by_one(&self, url: &str, count: usize) -> anyhow::Result<Samples> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let client = reqwest::Client::new();
            // Whatever the answer is.
            client.get(url).send().await?.bytes().await?;
            let mut samples = Samples::default();
            for _ in 0..count {
                let begun = Instant::now();
                self.checked(&client, url).await?;
                samples.push(begun.elapsed().as_secs_f64() * 1e3);
            }
            Ok(samples)
        })
    }

    async fn checked(&self, client: &reqwest::Client, url: &str) -> anyhow::Result<()> {
        let mut request = client.request(self.method.parse()?, format!("{url}{}", self.path));
        if let Some(token) = self.tokens.first() {
            request = request.bearer_auth(token);
        }
        if let Some(body) = &self.body {
            request = request.header("content-type", "application/json").body(body.clone());
        }
        let answer = request.send().await?;
        let (status, text) = (answer.status().as_u16(), answer.text().await?);
        ensure!(
            status == self.expect.0 && text.contains(self.expect.1),
            "{url}{} answered {status}: {text}",
            self.path
        );
        Ok(())
    }

    /// The requests are made once: what the generator spends on each, both sides of a comparison lose.
    fn script(&self) -> String {
        let tokens: String = self.tokens.iter().map(|token| format!("{token:?},")).collect();
        let body = self.body.as_ref().map_or("nil".to_owned(), |body| format!("{body:?}"));
        format!(
            r#"
wrk.method = "{method}"
wrk.body = {body}
if wrk.body then wrk.headers["content-type"] = "application/json" end
local tokens, requests, turn = {{ {tokens} }}, {{}}, 0
function init(args)
  for i, token in ipairs(tokens) do
    wrk.headers["authorization"] = "Bearer " .. token
    requests[i] = wrk.format()
  end
  if #tokens == 0 then requests[1] = wrk.format() end
end
function request()
  turn = turn % #requests + 1
  return requests[turn]
end
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("measured %d %d %f %f %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
"#,
            method = self.method,
        )
    }
}
