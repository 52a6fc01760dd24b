//! A platform that answers, asked in the name of whoever runs it.

use super::state::StateDir;
use anyhow::{Context, ensure};
use clap::Args;
use mcsp_bridge_api::token;
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;
use std::path::PathBuf;

/// Which platform.
#[derive(Args, Debug)]
pub(super) struct PlatformArguments {
    /// Where the running platform keeps its state
    #[arg(long, default_value = ".mcsp", global = true)]
    state_dir: PathBuf,
    /// Where a platform answers whose state is elsewhere; MCSP_BRIDGE_TOKEN is then needed
    #[arg(long, env = "MCSP_URL", global = true)]
    url: Option<String>,
}

/// Its address, and the token by which it knows its own.
pub(super) struct Platform {
    url: String,
    token: String,
    client: Client,
}

/// What it answered.
pub(super) struct Answered {
    pub(super) status: StatusCode,
    pub(super) json: Value,
}

impl PlatformArguments {
    pub(super) fn open(self) -> anyhow::Result<Platform> {
        let state = StateDir::new(self.state_dir);
        let url = self.url.map_or_else(|| state.url(), Ok)?;
        let tokens = state.variable("MCSP_BRIDGE_TOKEN")?;
        let token = token::shown(&tokens).to_owned();
        Ok(Platform { url: url.trim_end_matches('/').to_owned(), token, client: Client::new() })
    }
}

impl Platform {
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Answered> {
        let request = self.client.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let response = request.send().await.context("the platform does not answer")?;
        Ok(Answered { status: response.status(), json: response.json().await.unwrap_or_default() })
    }
}

impl Answered {
    /// What it says, where it is no refusal.
    pub(super) fn success(self) -> anyhow::Result<Value> {
        let Answered { status, json } = self;
        let said = ["detail", "title"].iter().find_map(|name| json.get(name)?.as_str()).unwrap_or_default();
        ensure!(status.is_success(), "{status}: {said}");
        Ok(json)
    }
}
