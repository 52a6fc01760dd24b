//! `mcsp accounts`: gives roles and takes them away in the name of whoever runs the platform. It is how the first
//! administrator is made: no account is born as one.

use super::platform::PlatformArguments;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::Value;

/// Give roles to accounts, and take them away
#[derive(Args, Debug)]
pub(super) struct Accounts {
    #[command(flatten)]
    platform: PlatformArguments,
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
        let platform = self.platform.open()?;
        let (method, user_id, role) = match &self.action {
            Action::Grant { user_id, role } => (Method::PUT, user_id, role),
            Action::Revoke { user_id, role } => (Method::DELETE, user_id, role),
        };
        let path = format!("/v1/accounts/{user_id}/roles/{role}");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let answer = platform.send(method, &path, None).await?.success()?;
            println!("{user_id} has the roles {}", names(answer.get("roles")));
            Ok(())
        })
    }
}

fn names(roles: Option<&Value>) -> String {
    let names = roles.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    names.collect::<Vec<_>>().join(", ")
}
