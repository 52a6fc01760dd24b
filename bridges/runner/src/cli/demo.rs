//! `mcsp demo`: takes a video through a running platform, from sign-up to playing, and shows each step.

#![allow(
    clippy::disallowed_methods,
    reason = "the demo is a client: its time and randomness are the machine's"
)]
#![allow(clippy::indexing_slicing, reason = "what JSON does not have is null, not a panic")]

mod api;
mod events;
mod media;

use super::state::StateDir;
use anyhow::{Context, ensure};
use api::{Api, text};
use clap::Args;
use events::Watch;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long the pipeline, or an event, may take.
const PATIENCE: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(200);

/// Take a video through the running platform, from sign-up to playing
#[derive(Args, Debug)]
pub(super) struct Demo {
    /// A video; a short one is made where none is named
    video: Option<PathBuf>,
    /// Where the running platform keeps its state
    #[arg(long, default_value = ".mcsp")]
    state_dir: PathBuf,
    /// Where a platform answers whose state is elsewhere; MCSP_KAFKA_BROKERS is then needed, and SPIN_VARIABLE_PLAYBACK_URL_KEYS
    #[arg(long, env = "MCSP_URL")]
    url: Option<String>,
}

/// Someone who is signed in.
struct Person {
    token: String,
}

impl Demo {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.block_on(self.play())
    }

    async fn play(self) -> anyhow::Result<()> {
        let begun = Instant::now();
        let state = StateDir::new(self.state_dir);
        let api = Api::new(self.url.map_or_else(|| state.url(), Ok)?);
        let brokers = state.variable("MCSP_KAFKA_BROKERS")?;
        let directory = tempfile::tempdir()?;
        let video = media::video(self.video, directory.path()).await?;

        let creator = sign_up(&api, "creator").await?;
        let viewer = sign_up(&api, "viewer").await?;

        let initiated = Watch::begin(&brokers, "media.upload.initiated").await?;
        let video_id = upload(&api, &creator, &video).await?;
        initiated.shows(&video_id).await?;
        until_ready(&api, &creator, &video_id).await?;

        let published = Watch::begin(&brokers, "media.published").await?;
        let title = publish(&api, &creator, &video_id).await?;
        published.shows(&video_id).await?;
        until_found(&api, &title, &video_id).await?;

        watch(&api, &viewer, &video_id, &state).await?;
        println!("\nfrom sign-up to playing in {:.1} s", begun.elapsed().as_secs_f64());
        Ok(())
    }
}

async fn sign_up(api: &Api, role: &str) -> anyhow::Result<Person> {
    let email = format!("{role}-{}@example.com", uuid::Uuid::new_v4().simple());
    let password = format!("demo {}", uuid::Uuid::new_v4().simple());
    api.step(&format!("register a {role}"))
        .json("/v1/accounts", &json!({"email": email, "password": password, "role": role}))
        .await?;
    let session = api
        .step(&format!("the {role} signs in"))
        .json("/v1/sessions", &json!({"email": email, "password": password}))
        .await?;
    Ok(Person { token: text(&session, "access_token")?.to_owned() })
}

/// Sends the file in parts, by nothing but the URLs. Gives the id of the video that it will be.
async fn upload(api: &Api, creator: &Person, video: &std::path::Path) -> anyhow::Result<String> {
    let content = tokio::fs::read(video).await.with_context(|| format!("cannot read {}", video.display()))?;
    let request = json!({
        "file_name": "demo.mp4", "size_bytes": content.len(), "content_type": "video/mp4", "method": "multipart",
    });
    let upload = api.step("create an upload").by(&creator.token).json("/v1/uploads", &request).await?;
    let (id, video_id) = (text(&upload, "id")?, text(&upload, "video_id")?);
    let part_bytes = upload["part_size_bytes"].as_u64().context("no size of the parts")?;
    let parts = content.chunks(usize::try_from(part_bytes)?);
    let numbers: Vec<usize> = (1..=parts.len()).collect();
    let signed = api
        .step("sign the parts' URLs")
        .by(&creator.token)
        .json(&format!("/v1/uploads/{id}/parts"), &json!({ "part_numbers": numbers }))
        .await?;
    let signed = signed["parts"].as_array().context("no signed parts")?;
    for (part, signed) in parts.zip(signed) {
        api.put(text(signed, "url")?, &signed["headers"], part.to_vec()).await?;
    }
    api.step("complete the upload")
        .by(&creator.token)
        .json(&format!("/v1/uploads/{id}/complete"), &Value::Null)
        .await?;
    Ok(video_id.to_owned())
}

async fn until_ready(api: &Api, creator: &Person, video_id: &str) -> anyhow::Result<()> {
    let path = format!("/v1/videos/{video_id}");
    let begun = Instant::now();
    loop {
        let (status, video) = api.quietly(Method::GET, &path, Some(&creator.token)).await?;
        let state = video["state"].as_str().unwrap_or("not heard of yet").to_owned();
        if status == StatusCode::OK && state == "ready" {
            break;
        }
        ensure!(state != "failed", "the pipeline failed: {video}");
        ensure!(begun.elapsed() < PATIENCE, "the video is not ready after {PATIENCE:?}: {state}");
        tokio::time::sleep(PAUSE).await;
    }
    api.step("the pipeline has made HLS and DASH: the video is ready").by(&creator.token).get(&path).await?;
    Ok(())
}

async fn publish(api: &Api, creator: &Person, video_id: &str) -> anyhow::Result<String> {
    let path = format!("/v1/videos/{video_id}");
    let title = format!("Demonstration {}", uuid::Uuid::new_v4().simple());
    api.step("give it a title")
        .by(&creator.token)
        .send(Method::PATCH, &path, Some(&json!({"title": title})))
        .await?;
    api.step("publish it").by(&creator.token).json(&format!("{path}/publish"), &Value::Null).await?;
    Ok(title)
}

async fn until_found(api: &Api, title: &str, video_id: &str) -> anyhow::Result<()> {
    let query = title.split(' ').next_back().unwrap_or(title);
    let found = api.step("search finds it").get(&format!("/v1/search?q={query}")).await?;
    ensure!(found.to_string().contains(video_id), "search does not find {video_id}: {found}");
    Ok(())
}

async fn watch(api: &Api, viewer: &Person, video_id: &str, state: &StateDir) -> anyhow::Result<()> {
    let start = json!({"video_id": video_id, "device": {"id": "living-room", "name": "TV"}});
    let begun = Instant::now();
    // Playback hears of the publication by event.
    while api.start_quietly(&viewer.token, &start).await? != StatusCode::CREATED {
        ensure!(begun.elapsed() < PATIENCE, "Playback has not heard of the video after {PATIENCE:?}");
        tokio::time::sleep(PAUSE).await;
    }
    let session = api
        .step("the viewer starts to watch")
        .by(&viewer.token)
        .json("/v1/playback/sessions", &start)
        .await?;
    let url = text(&session["manifests"], "hls")?.to_owned();
    for manifest in [&url, text(&session["manifests"], "dash")?] {
        media::probe(manifest).await?;
        media::decode(manifest).await?;
    }
    let half_way_ms = session["duration_ms"].as_u64().context("no duration")? / 2;
    let path = format!("/v1/playback/sessions/{}", text(&session, "id")?);
    let position = json!({"position_ms": half_way_ms, "client_time": jiff::Timestamp::now().to_string()});
    api.step("stop half-way").by(&viewer.token).send(Method::DELETE, &path, Some(&position)).await?;
    let again = api.step("start again").by(&viewer.token).json("/v1/playback/sessions", &start).await?;
    ensure!(again["resume_position_ms"] == half_way_ms, "the resume position is lost: {again}");
    println!("     it resumes at {half_way_ms} ms");
    api.refused("the URL with one character changed", &changed(&url)).await?;
    api.refused("the URL after its expiry", &expired(&url, state)?).await
}

/// The URL with one character of its token changed.
fn changed(url: &str) -> String {
    let at = url.find("/p/").map_or(0, |at| at + 20);
    let mut changed = String::with_capacity(url.len());
    for (index, character) in url.char_indices() {
        let other = if character == 'A' { 'B' } else { 'A' };
        changed.push(if index == at { other } else { character });
    }
    changed
}

/// The URL as it was signed two hours ago, for one hour: made with the platform's own key.
fn expired(url: &str, state: &StateDir) -> anyhow::Result<String> {
    let keys: Vec<Value> = serde_json::from_str(&state.variable("SPIN_VARIABLE_PLAYBACK_URL_KEYS")?)?;
    let key = keys.first().context("there is no key for playback URLs")?;
    let key = mcsp_playback_url::Key::new(text(key, "id")?, text(key, "secret")?.as_bytes())?;
    let (before, signed) = url.split_once("/p/").context("not a signed URL")?;
    let (_, path) = signed.split_once('/').context("not a signed URL")?;
    let (prefix, _) = path.rsplit_once('/').context("not a signed URL")?;
    let expired_at = u64::try_from(jiff::Timestamp::now().as_second())?.saturating_sub(3600);
    let grant = mcsp_playback_url::Grant::new(format!("{prefix}/"), "playback_demo", expired_at)?;
    Ok(format!("{before}/p/{}/{path}", mcsp_playback_url::Signer::new(key).sign(&grant)))
}
