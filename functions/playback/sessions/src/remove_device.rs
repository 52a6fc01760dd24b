//! `DELETE /v1/playback/devices/{id}`: makes room for another device. What plays on it goes on until it ends.

use crate::served::{SERVED_FROM, STALE_MS, Served};
use crate::settings::Settings;
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use mcsp_access::Permission;
use mcsp_function::{Caller, Context};
use mcsp_ids::DeviceId;
use mcsp_problem::{Path, Problem};
use mcsp_reference::{Answer, Operation};
use playback_domain::device_id;
use playback_storage::devices;
use std::sync::Arc;

pub(crate) fn reference() -> Operation {
    Operation::delete("/v1/playback/devices/{id}", remove)
        .named("removeDevice", "Remove a device from one's account")
        .described(
            "Makes room for another. What plays on it goes on until it ends; to start something anew it needs a place again.",
        )
        .requires(Permission::PlaybackStart)
        .answers(
            Answer::empty(StatusCode::NO_CONTENT, "It takes no place any more.")
                .with(SERVED_FROM)
                .with(STALE_MS),
        )
        .refuses([Problem::not_found()])
}

pub(crate) async fn remove(
    State(context): State<Context>,
    Extension(settings): Extension<Arc<Settings>>,
    caller: Caller,
    Path(id): Path<DeviceId>,
) -> Result<Response, Problem> {
    caller.require(Permission::PlaybackStart)?;
    let (bridge, user) = (context.bridge(), caller.user());
    let found = devices::all(&context, settings.bounds(), user).await?;
    let served = Served::from(&found);
    let known = found.known.into_iter().find(|known| device_id(user, known.device.id()) == id);
    let device = known.ok_or_else(Problem::not_found)?.device;
    devices::remove(bridge, bridge.into(), user, device.id()).await?;
    Ok((StatusCode::NO_CONTENT, served.headers()).into_response())
}
