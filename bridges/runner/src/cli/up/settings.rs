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

/// The region of every account and bucket of a private platform.
const REGION: &str = "eu";
/// The networks of this machine alone.
const LOOPBACK: &str = "127.0.0.0/8 ::1/128";
/// Whom access tokens are for.
const AUDIENCE: &str = "mcsp";

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
        let mut all: BTreeMap<String, String> = variables
            .into_iter()
            .map(|(name, value)| (format!("SPIN_VARIABLE_{}", name.to_ascii_uppercase()), value))
            .collect();
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
                "clients" => {
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

    /// An application variable.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        self.0
            .get(&format!("SPIN_VARIABLE_{}", name.to_ascii_uppercase()))
            .cloned()
            .or_else(|| mcsp_manifest::environment(name))
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
