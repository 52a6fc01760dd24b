//! What a private platform is told: variables for functions, configuration for the bridge.

use super::keys::Keys;
use anyhow::Context;
use mcsp_bridge::{
    ANYWHERE, BridgeConfig, postgres_password_variable, service_networks_variable, service_url_variable,
};
use mcsp_local::{PlaybackKey, Urls};
use mcsp_manifest::Manifest;
use mcsp_postgres::migrations::ServiceAccess;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Command;

/// The region of every account and bucket of a private platform.
const REGION: &str = "eu";
/// The networks of this machine alone.
const LOOPBACK: &str = "127.0.0.0/8 ::1/128";
/// Whom access tokens are for.
const AUDIENCE: &str = "mcsp";

/// What the variables of functions begin with; all others are the bridge's.
const OF_FUNCTIONS: &str = "SPIN_VARIABLE_";

/// Who reads a part of the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    Functions,
    Bridge,
}

/// Everything that a private platform is told, in the form of environment variables: what the sidecar and
/// stock Spin would be given, so that they can take the runner's place.
pub(crate) struct Environment(BTreeMap<String, String>);

impl Environment {
    /// `issuer` is where the platform is served.
    pub(crate) fn new(issuer: &str, urls: &Urls, keys: &Keys, manifest: &Manifest) -> anyhow::Result<Self> {
        let object_store = urls.object_store.as_ref().context("there is no object store")?;
        let buckets = urls.upload_buckets.first().context("there is no bucket for uploads")?;
        let ring = |keys: &[PlaybackKey]| {
            keys.iter().map(|key| json!({"id": key.id, "secret": key.secret})).collect::<Value>().to_string()
        };
        let own_ring = |name| anyhow::Ok(json!([{"id": "local", "secret": keys.token(name)?}]).to_string());
        let token = keys.token("bridge-token")?;
        let variables = [
            ("issuer", issuer.to_owned()),
            ("audience", AUDIENCE.to_owned()),
            ("bridge_token", token.clone()),
            ("auth_sealing_keys", keys.sealing_keys("auth")?),
            ("auth_signing_keys", keys.auth_signing_keys()),
            ("auth_secret", keys.token("auth-secret")?),
            ("mail_token_key", keys.token("mail-token-key")?),
            ("app_url", issuer.to_owned()),
            ("object_store_public_url", object_store.endpoint.clone()),
            ("object_store_region", object_store.region.clone()),
            ("object_store_access_key", object_store.access_key.clone()),
            ("object_store_secret_key", object_store.secret_key.clone()),
            ("object_store_buckets", json!({ REGION: buckets }).to_string()),
            ("cdn_base_url", urls.cdn.clone().unwrap_or_default()),
            ("playback_url_keys", ring(&urls.playback_keys)),
            ("playback_sealing_keys", keys.sealing_keys("playback")?),
            ("content_key_seeds", ring(&urls.content_key_seeds)),
            ("licence_token_keys", own_ring("licence-token-key")?),
            ("video_access_keys", own_ring("video-access-key")?),
        ];
        let mut all: BTreeMap<String, String> =
            variables.into_iter().map(|(name, value)| (of_functions(name), value)).collect();
        let stores = [
            ("MCSP_POSTGRES_URL", &urls.postgres),
            ("MCSP_REDIS_URL", &urls.redis),
            ("MCSP_KAFKA_BROKERS", &urls.kafka_brokers),
        ];
        for (name, value) in stores {
            all.insert(name.to_owned(), value.clone().unwrap_or_default());
        }
        all.insert("MCSP_BRIDGE_TOKEN".to_owned(), token);
        for service in manifest.services() {
            let password = keys.token(&format!("postgres-{service}"))?;
            all.insert(postgres_password_variable(service), password);
        }
        for target in manifest.components.values().flat_map(|component| &component.settings.grants.services) {
            let url = match target.as_str() {
                "object-store" => object_store.endpoint.clone(),
                "mail" => urls.mail.clone().unwrap_or_default(),
                // What somebody tries out on this machine is on this machine.
                "clients" | "sources" => {
                    all.insert(service_networks_variable(target), LOOPBACK.to_owned());
                    ANYWHERE.to_owned()
                }
                _ => issuer.to_owned(),
            };
            all.insert(service_url_variable(target), url);
        }
        // Empty unless it is here, or somebody sets it.
        for target in
            manifest.components.values().flat_map(|component| &component.settings.grants.optional_services)
        {
            let url = match target.as_str() {
                "search" => urls.search.clone().unwrap_or_default(),
                _ => String::new(),
            };
            all.insert(service_url_variable(target), url);
        }
        // Who sets one of them wants it otherwise.
        for (name, value) in &mut all {
            if let Ok(given) = std::env::var(name) {
                *value = given;
            }
        }
        Ok(Environment(all))
    }

    /// Has the functions reach the bridge at `url`, as those must that are in another process.
    pub(crate) fn with_bridge_at(mut self, url: String) -> Self {
        self.0.insert(of_functions("bridge_url"), url);
        self
    }

    /// Gives a command the part that its reader needs, and nothing of what is the other's.
    pub(crate) fn give(&self, command: &mut Command, reader: Reader) {
        for (name, value) in &self.0 {
            let read_by = if name.starts_with(OF_FUNCTIONS) { Reader::Functions } else { Reader::Bridge };
            if read_by == reader {
                command.env(name, value);
            } else {
                command.env_remove(name);
            }
        }
    }

    /// An application variable.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        self.0.get(&of_functions(name)).cloned().or_else(|| mcsp_manifest::environment(name))
    }

    /// What the bridge is told.
    pub(crate) fn bridge(&self, manifest: &Manifest) -> anyhow::Result<BridgeConfig> {
        Ok(BridgeConfig::read(manifest, |name| {
            self.0.get(name).cloned().or_else(|| std::env::var(name).ok())
        })?)
    }

    /// Each service's place in the database.
    pub(crate) fn services(&self, manifest: &Manifest) -> Vec<ServiceAccess> {
        let access = |service: &str| ServiceAccess {
            service: service.to_owned(),
            role: mcsp_bridge::role_of(service),
            password: self.0.get(&postgres_password_variable(service)).cloned().unwrap_or_default(),
        };
        manifest.services().into_iter().map(access).collect()
    }

    /// Writes a file that a shell can source, for other commands. It holds every secret: its owner alone
    /// may read it.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        for (name, value) in &self.0 {
            writeln!(file, "export {name}='{}'", value.replace('\'', "'\\''"))?;
        }
        Ok(())
    }
}

/// What an application variable is called in the environment.
fn of_functions(variable: &str) -> String {
    format!("{OF_FUNCTIONS}{}", variable.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;

    #[test]
    fn functions_are_not_given_what_the_bridge_reaches_the_stores_with() {
        let all =
            ["SPIN_VARIABLE_ISSUER", "MCSP_POSTGRES_URL"].map(|name| (name.to_owned(), "value".to_owned()));
        let environment = Environment(all.into()).with_bridge_at("http://127.0.0.1:1".to_owned());
        let given = |reader| {
            let mut command = Command::new("true");
            environment.give(&mut command, reader);
            let given = command.get_envs().map(|(name, value)| (name.to_owned(), value.map(OsStr::to_owned)));
            given.collect::<BTreeMap<_, _>>()
        };
        let functions = given(Reader::Functions);
        assert_eq!(functions[OsStr::new("SPIN_VARIABLE_ISSUER")].as_deref(), Some(OsStr::new("value")));
        assert_eq!(
            functions[OsStr::new("SPIN_VARIABLE_BRIDGE_URL")].as_deref(),
            Some(OsStr::new("http://127.0.0.1:1"))
        );
        assert_eq!(functions[OsStr::new("MCSP_POSTGRES_URL")], None);
        let bridge = given(Reader::Bridge);
        assert_eq!(bridge[OsStr::new("MCSP_POSTGRES_URL")].as_deref(), Some(OsStr::new("value")));
        assert_eq!(bridge[OsStr::new("SPIN_VARIABLE_ISSUER")], None);
    }
}
