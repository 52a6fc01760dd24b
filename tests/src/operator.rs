//! Whoever runs the platform: with its own token they give roles that no account could give.

use crate::{Account, Answer, Platform};
use reqwest::Method;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Whoever runs a platform.
#[derive(Clone, Debug)]
pub struct Operator {
    platform: Platform,
    token: String,
}

impl Operator {
    /// Of the platform that `scripts/test` started.
    ///
    /// # Panics
    /// Without `MCSP_TEST_STATE_DIR`.
    pub fn of_running() -> Operator {
        let state_dir =
            std::env::var("MCSP_TEST_STATE_DIR").expect("MCSP_TEST_STATE_DIR is not set: run scripts/test");
        Operator::of(Platform::running(), &PathBuf::from(state_dir).join("platform.env"))
    }

    /// Of a platform whose secrets stand in this file.
    ///
    /// # Panics
    /// Without the file.
    pub fn of(platform: Platform, environment: &Path) -> Operator {
        let token = variable(environment, "MCSP_BRIDGE_TOKEN");
        Operator { platform, token }
    }

    /// The platform's own token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Gives a role.
    pub async fn grant(&self, user_id: &str, role: &str) -> Answer {
        self.change(Method::PUT, user_id, role).await
    }

    /// Takes a role.
    pub async fn revoke(&self, user_id: &str, role: &str) -> Answer {
        self.change(Method::DELETE, user_id, role).await
    }

    async fn change(&self, method: Method, user_id: &str, role: &str) -> Answer {
        let path = format!("/v1/accounts/{user_id}/roles/{role}");
        self.platform.send(self.platform.request(method, &path).bearer_auth(&self.token)).await
    }

    /// A signed-in account that has this role and no other.
    ///
    /// # Panics
    /// When a step fails.
    pub async fn account(&self, role: &str) -> Account {
        let account = self.platform.account("viewer").await;
        if role != "viewer" {
            self.grant(&account.user_id, role).await.expect(200);
            // A custom role stands beside a built-in one, of which each account has one at least.
            let is_built_in = mcsp_access::Role::from_name(role).is_some();
            if is_built_in {
                self.revoke(&account.user_id, "viewer").await.expect(200);
            }
        }
        account.signed_in_again().await
    }
}

impl Account {
    /// The same account with a new token, which says what is so now.
    ///
    /// # Panics
    /// When it may not sign in.
    pub async fn signed_in_again(&self) -> Account {
        let credentials = json!({"email": self.email, "password": self.password});
        let signed_in = self.platform.patiently("/v1/sessions", &credentials).await.expect(201);
        let token = signed_in["access_token"].as_str().expect("an access token").to_owned();
        Account { token, ..self.clone() }
    }
}

/// A variable of a running platform, from its `platform.env`.
///
/// # Panics
/// When it is not there.
pub fn variable(environment: &Path, name: &str) -> String {
    let text = std::fs::read_to_string(environment)
        .unwrap_or_else(|error| panic!("{}: {error}", environment.display()));
    let prefix = format!("export {name}='");
    let value = text.lines().find_map(|line| line.strip_prefix(&prefix)?.strip_suffix('\''));
    value.unwrap_or_else(|| panic!("{} has no {name}", environment.display())).to_owned()
}
