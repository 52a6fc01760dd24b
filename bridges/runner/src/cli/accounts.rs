//! `mcsp accounts`: gives roles and takes them away in the name of whoever runs the platform. It is how the first
//! administrator is made: no account is born as one.

use super::state::StateDir;
use anyhow::{Context, ensure};
use clap::{Args, Subcommand};
use mcsp_bridge_api::token;
use reqwest::Method;
use serde_json::Value;
use std::path::PathBuf;

/// Give roles to accounts, and take them away
#[derive(Args, Debug)]
pub(super) struct Accounts {
    /// Where the running platform keeps its state
    #[arg(long, default_value = ".mcsp", global = true)]
    state_dir: PathBuf,
    /// Where a platform answers whose state is elsewhere; MCSP_BRIDGE_TOKEN is then needed
    #[arg(long, env = "MCSP_URL", global = true)]
    url: Option<String>,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Give an account a role, such as `admin`
    Grant {
        /// `user_…`, as registering has answered it
        user_id: String,
        /// A built-in or custom role
        role: String,
    },
    /// Take a role from an account
    Revoke {
        /// `user_…`
        user_id: String,
        /// A role that it has
        role: String,
    },
}

impl Accounts {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let state = StateDir::new(self.state_dir);
        let url = self.url.map_or_else(|| state.url(), Ok)?;
        let tokens = state.variable("MCSP_BRIDGE_TOKEN")?;
        let token = token::shown(&tokens);
        let (method, user_id, role) = match &self.action {
            Action::Grant { user_id, role } => (Method::PUT, user_id, role),
            Action::Revoke { user_id, role } => (Method::DELETE, user_id, role),
        };
        let url = format!("{}/v1/accounts/{user_id}/roles/{role}", url.trim_end_matches('/'));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let request = reqwest::Client::new().request(method, &url).bearer_auth(token);
            let response = request.send().await.context("the platform does not answer")?;
            let status = response.status();
            let answer: Value = response.json().await.unwrap_or_default();
            let said =
                ["detail", "title"].iter().find_map(|name| answer.get(name)?.as_str()).unwrap_or_default();
            ensure!(status.is_success(), "{status}: {said}");
            println!("{user_id} has the roles {}", names(answer.get("roles")));
            Ok(())
        })
    }
}

fn names(roles: Option<&Value>) -> String {
    let names = roles.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    names.collect::<Vec<_>>().join(", ")
}
