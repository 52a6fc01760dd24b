//! Devices that wait for a person to let them in (RFC 8628): in Redis, for ten minutes.

use crate::families::TokenHash;
use crate::short_lived::{command, key, parsed, run, texts};
use auth_domain::UserCode;
use jiff::Timestamp;
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::redis::{Reply, Script};
use mcsp_ids::{AuthSessionId, ClientId, UserId};
use mcsp_problem::Problem;
use serde::{Deserialize, Serialize};

const BEGIN: &str = include_str!("lua/begin_device.lua");
const DECIDE: &str = include_str!("lua/decide_device.lua");
const POLL: &str = include_str!("lua/poll_device.lua");

/// How long the codes are good.
pub const DEVICE_CODE_LIFE_S: u32 = 600;
/// How often a device may ask.
pub const POLL_INTERVAL_S: u32 = 5;
/// Clocks and networks are not exact: a poll may come so much early.
const EARLY_MS: u32 = 500;
/// RFC 8628 section 3.5.
const SLOW_DOWN_MS: u32 = 5_000;

/// What a device asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRequest {
    /// Which client it runs.
    pub client: ClientId,
    /// What it wants, space-separated.
    pub scope: String,
    /// What it calls itself.
    pub user_agent: Option<String>,
    /// Where it is.
    pub address: Option<std::net::IpAddr>,
}

/// Who let a device in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The account.
    pub account: UserId,
    /// Where they were signed in.
    pub session: AuthSessionId,
    /// By what they were authenticated there.
    pub amr: Vec<String>,
    /// When.
    pub authenticated_at: Timestamp,
}

/// What a person decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The device is let in.
    Approve(Approval),
    /// It is not.
    Deny,
}

/// What a device is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Poll {
    /// Nobody has decided yet.
    Pending,
    /// It asks too often.
    SlowDown,
    /// It is not let in.
    Denied,
    /// It is let in. It is told once.
    Approved(Box<(DeviceRequest, Approval)>),
    /// There is no such device, or no more, or not of this client.
    Unknown,
}

/// Lets a device wait. False where the user code is taken.
pub async fn begin_device(
    bridge: &dyn Bridge,
    device_code: TokenHash,
    user_code: &UserCode,
    request: &DeviceRequest,
) -> Result<bool, Problem> {
    let stored = serde_json::to_vec(request).map_err(|error| Problem::internal(&error))?;
    let interval_ms = POLL_INTERVAL_S * 1000 - EARLY_MS;
    let script = Script {
        source: BEGIN.to_owned(),
        keys: vec![key("device", &device_code), user_code_key(user_code)],
        arguments: vec![
            request.client.to_string().into_bytes(),
            stored,
            interval_ms.to_string().into_bytes(),
            DEVICE_CODE_LIFE_S.to_string().into_bytes(),
        ],
    };
    Ok(run(bridge, script).await? == Reply::Integer(1))
}

/// What the device that shows this code asks for.
pub async fn waiting_device(
    bridge: &dyn Bridge,
    user_code: &UserCode,
) -> Result<Option<DeviceRequest>, Problem> {
    let Some(device) = device_of(bridge, user_code).await? else { return Ok(None) };
    match command(bridge, [b"HGET", device.as_bytes(), b"request"]).await? {
        Reply::Bulk(request) => parsed(&String::from_utf8_lossy(&request)).map(Some),
        _ => Ok(None),
    }
}

/// Notes a decision. False where the device waits no more.
pub async fn decide_device(
    bridge: &dyn Bridge,
    user_code: &UserCode,
    decision: &Decision,
) -> Result<bool, Problem> {
    let Some(device) = device_of(bridge, user_code).await? else { return Ok(false) };
    let (state, approval) = match decision {
        Decision::Approve(approval) => {
            let approval = serde_json::to_vec(approval).map_err(|error| Problem::internal(&error))?;
            ("approved", approval)
        }
        Decision::Deny => ("denied", Vec::new()),
    };
    let script = Script {
        source: DECIDE.to_owned(),
        keys: vec![device, user_code_key(user_code)],
        arguments: vec![state.as_bytes().to_vec(), approval],
    };
    Ok(run(bridge, script).await? == Reply::Integer(1))
}

/// Asks what was decided.
pub async fn poll_device(
    bridge: &dyn Bridge,
    device_code: TokenHash,
    client: ClientId,
) -> Result<Poll, Problem> {
    let script = Script {
        source: POLL.to_owned(),
        keys: vec![key("device", &device_code)],
        arguments: vec![client.to_string().into_bytes(), SLOW_DOWN_MS.to_string().into_bytes()],
    };
    let answer = texts(run(bridge, script).await?)?;
    Ok(match answer.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["pending"] => Poll::Pending,
        ["slow_down"] => Poll::SlowDown,
        ["denied"] => Poll::Denied,
        ["approved", request, approval] => Poll::Approved(Box::new((parsed(request)?, parsed(approval)?))),
        _ => Poll::Unknown,
    })
}

fn user_code_key(user_code: &UserCode) -> String {
    format!("auth:user-code:{}", user_code.as_str())
}

/// The key of the device that shows this code.
async fn device_of(bridge: &dyn Bridge, user_code: &UserCode) -> Result<Option<String>, Problem> {
    match command(bridge, [b"GET", user_code_key(user_code).as_bytes()]).await? {
        Reply::Bulk(device) => Ok(String::from_utf8(device).ok()),
        Reply::Nil => Ok(None),
        _ => Err(mcsp_bridge_api::Failure::Unreachable.into()),
    }
}
