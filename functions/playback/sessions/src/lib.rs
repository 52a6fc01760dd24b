//! Playback sessions: the hot path of the platform.

mod cdns;
mod denied;
mod devices;
mod embedder;
mod end;
mod explain;
mod heartbeat;
mod licences;
mod plan;
mod refusal;
mod remove_device;
mod renewal;
mod served;
mod session;
mod settings;
mod signal;
mod start;
mod steering;
mod view;
mod warm_up;
mod with_redis;
mod without_redis;

use axum::routing::{delete, get, post, put};
use axum::{Extension, Router};
use mcsp_function::{Context, MissingVariable, WARM_UP_PATH};
use mcsp_reference::Section;
use std::sync::Arc;

/// `/v1/playback/sessions`, `/v1/playback/sessions/{id}`, its heartbeat and its steering, `/v1/playback/devices`, and
/// `/v1/playback/explain`.
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    let settings = Arc::new(settings::Settings::of(context)?);
    Ok(Router::new()
        .route("/v1/playback/sessions", post(start::start))
        .route("/v1/playback/sessions/{id}", delete(end::end))
        .route("/v1/playback/sessions/{id}/heartbeat", put(heartbeat::heartbeat))
        .route("/v1/playback/sessions/{id}/steering", get(steering::steer))
        .route("/v1/playback/devices", get(devices::list))
        .route("/v1/playback/devices/{id}", delete(remove_device::remove))
        .route("/v1/playback/explain", post(explain::explain))
        .route(WARM_UP_PATH, get(warm_up::warm_up))
        .layer(Extension(settings)))
}

/// What the API reference says of them.
pub fn reference() -> Section {
    let operations = [
        start::reference(),
        heartbeat::reference(),
        steering::reference(),
        end::reference(),
        devices::reference(),
        remove_device::reference(),
        explain::reference(),
    ];
    Section::new("Playback", "All that a player needs, from the first second to the last.", operations)
}

mcsp_function::component!(
    router,
    variables = [
        "issuer",
        "audience",
        "bridge_token",
        "cdn_base_url",
        "cdn_failover_urls",
        "default_device_limit",
        "default_stream_limit",
        "licence_policy",
        "licence_token_keys",
        "playback_url_binding",
        "playback_url_keys",
        "playback_url_ttl_s",
        "redis_patience_ms",
        "sealing_keys",
        "stale_ttl_s",
        "video_access_keys",
        "player_origins",
        "web_origins",
    ]
);
