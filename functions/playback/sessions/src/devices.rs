//! `GET /v1/playback/devices`: what the account plays on, as far as it takes a device's place.

use crate::settings::Settings;
use axum::Extension;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use mcsp_access::Permission;
use mcsp_function::{Caller, Context};
use mcsp_ids::{DeviceId, UserId};
use mcsp_paging::Page;
use mcsp_problem::{Json, Problem};
use mcsp_reference::{Answer, Operation};
use playback_domain::device_id;
use playback_storage::devices::{self, KnownDevice};
use schemars::JsonSchema;
use serde::Serialize;
use std::cmp::Reverse;
use std::sync::Arc;

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "KnownDevice")]
pub(crate) struct DeviceView {
    id: DeviceId,
    /// As its player names it.
    #[schemars(example = &"living-room-tv")]
    device_id: String,
    /// What people call it.
    #[schemars(example = &"Living room")]
    name: Option<String>,
    /// When something was last started on it, to the day.
    last_started_at: Timestamp,
}

impl DeviceView {
    fn of(user: UserId, KnownDevice { device, last_started_at }: KnownDevice) -> Self {
        DeviceView {
            id: device_id(user, device.id()),
            device_id: device.id().to_owned(),
            name: device.name().map(str::to_owned),
            last_started_at,
        }
    }
}

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/playback/devices", list)
        .named("listDevices", "List the devices of one's account")
        .described(
            "What the account has played on, the last used first. Each takes a place of those that its plan has; one on which \
            nothing was started for 180 days does not any more.",
        )
        .requires(Permission::PlaybackStart)
        .answers(Answer::json::<Page<DeviceView>>(StatusCode::OK, "All devices: a plan has not many."))
}

pub(crate) async fn list(
    State(context): State<Context>,
    Extension(settings): Extension<Arc<Settings>>,
    caller: Caller,
) -> Result<Json<Page<DeviceView>>, Problem> {
    caller.require(Permission::PlaybackStart)?;
    let user = caller.user();
    let mut known = devices::all(&context, settings.bounds(), user).await?;
    known.sort_by_key(|known| Reverse(known.last_started_at));
    let items = known.into_iter().map(|known| DeviceView::of(user, known)).collect();
    Ok(Json(Page { items, next_cursor: None }))
}
