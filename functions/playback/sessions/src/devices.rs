//! `GET /v1/playback/devices`: what the account plays on, as far as it takes a device's place.

use crate::served::{SERVED_FROM, STALE_MS, Served};
use crate::settings::Settings;
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use jiff::Timestamp;
use mcsp_access::Permission;
use mcsp_function::{Caller, Context};
use mcsp_ids::{DeviceId, UserId};
use mcsp_paging::{Cursor, Limit, Packed, Page};
use mcsp_problem::{Json, Problem, Query};
use mcsp_reference::{Answer, Operation};
use playback_domain::device_id;
use playback_storage::devices::{self, KnownDevice};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::sync::Arc;

/// A device's place in the list: when something was last started on it, in milliseconds since the Unix epoch, and its id.
type Place = (i64, DeviceId);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListRequest {
    #[serde(default)]
    limit: Limit,
    #[serde(default)]
    cursor: Option<Cursor<Place>>,
}

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
    fn place(&self) -> Place {
        (self.last_started_at.as_millisecond(), self.id)
    }

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
        .answers(
            Answer::json::<Page<DeviceView>>(StatusCode::OK, "A page of them.").with(SERVED_FROM).with(STALE_MS),
        )
}

pub(crate) async fn list(
    State(context): State<Context>,
    Extension(settings): Extension<Arc<Settings>>,
    caller: Caller,
    Query(ListRequest { limit, cursor }): Query<ListRequest>,
) -> Result<Response, Problem> {
    caller.require(Permission::PlaybackStart)?;
    let user = caller.user();
    let found = devices::all(&context, settings.bounds(), user).await?;
    let served = Served::from(&found);
    let views = found.known.into_iter().map(|known| DeviceView::of(user, known)).collect();
    Ok((served.headers(), Json(page(views, limit, cursor))).into_response())
}

/// The last used first. An account has few enough that all are read for each page.
fn page(mut views: Vec<DeviceView>, limit: Limit, cursor: Option<Cursor<Place>>) -> Page<Packed<DeviceView>> {
    let order = |(at_ms, id): Place| (Reverse(at_ms), id);
    if let Some(Cursor(seen)) = cursor {
        views.retain(|view| order(view.place()) > order(seen));
    }
    views.sort_by_key(|view| order(view.place()));
    views.truncate(limit.shown() + 1);
    Page::new(views, limit, DeviceView::place, |view| view)
}

#[cfg(test)]
mod tests {
    use super::*;
    use playback_domain::Device;
    use uuid::Uuid;

    const LIMIT: u32 = 2;

    fn devices() -> Vec<DeviceView> {
        // Two of the same time.
        [(1, "tv"), (5, "phone"), (3, "tablet"), (3, "watch"), (2, "car")]
            .map(|(second, name)| {
                let device = Device::parse(name.to_owned(), None).unwrap();
                let last_started_at = Timestamp::from_second(second).unwrap();
                DeviceView::of(UserId::from_uuid(Uuid::nil()), KnownDevice { device, last_started_at })
            })
            .into()
    }

    #[test]
    fn pages_have_each_device_once_and_the_last_used_first() {
        let limit: Limit = serde_json::from_value(LIMIT.into()).unwrap();
        let (mut seen, mut pages, mut cursor) = (Vec::new(), 0, None);
        loop {
            let page = serde_json::to_value(page(devices(), limit, cursor)).unwrap();
            for item in page["items"].as_array().unwrap() {
                seen.push(item["device_id"].as_str().unwrap().to_owned());
            }
            pages += 1;
            cursor = serde_json::from_value(page["next_cursor"].clone()).unwrap();
            if cursor.is_none() {
                break;
            }
        }
        seen[1..3].sort();
        assert_eq!((seen.join(" "), pages), ("phone tablet watch car tv".to_owned(), 3));
    }
}
