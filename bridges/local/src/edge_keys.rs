//! How the stand-in for the CDN learns its keys: it asks the platform for them, as a job beside a real CDN does.

use mcsp_playback_url::{Key, KeySecret, Verifier};
use reqwest::Client;
use serde::Deserialize;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// Far shorter than a new key is published before it signs.
const PAUSE: Duration = Duration::from_secs(10);
const ANSWER_MAX: Duration = Duration::from_secs(5);
const PATH: &str = "/v1/edge-keys";

/// What is believed, to be replaced while requests are answered.
pub(crate) type Believed = Arc<RwLock<Arc<Verifier>>>;

/// Where the keys are, and the token that they are shown for. Not for logs.
pub(crate) struct KeySource {
    pub url: String,
    pub token: String,
}

#[derive(Deserialize)]
struct EdgeKeys {
    keys: Vec<KeySecret>,
}

/// Asks time and again; without an answer it goes on with what there is.
pub(crate) async fn follow(believed: Believed, source: KeySource) {
    let client = Client::builder().timeout(ANSWER_MAX).build().unwrap_or_default();
    loop {
        match ask(&client, &source).await {
            Ok(keys) => {
                let verifier = Arc::new(Verifier::new(keys));
                *believed.write().unwrap_or_else(PoisonError::into_inner) = verifier;
            }
            Err(error) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "the CDN was not given its keys");
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn ask(client: &Client, source: &KeySource) -> reqwest::Result<Vec<Key>> {
    let request = client.get(format!("{}{PATH}", source.url)).bearer_auth(&source.token);
    let answer: EdgeKeys = request.send().await?.error_for_status()?.json().await?;
    // One that is no key opens nothing.
    Ok(answer.keys.iter().filter_map(|key| key.key().ok()).collect())
}
