//! Devices that wait for a person to let them in (RFC 8628): in Redis, for ten minutes.

use crate::families::TokenHash;
use crate::short_lived::{command, key, parsed, run, texts};
use auth_domain::UserCode;
use jiff::Timestamp;
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::redis::{Reply, Script};
use mcsp_ids::{AuthSessionId, ClientId, RefreshFamilyId, UserId};
use mcsp_problem::Problem;
use serde::{Deserialize, Serialize};

const BEGIN: &str = include_str!("lua/begin_device.lua");
const DECIDE: &str = include_str!("lua/decide_device.lua");
const POLL: &str = include_str!("lua/poll_device.lua");
const NOTE_BEGUN: &str = include_str!("lua/note_begun.lua");

/// How long the codes are good.
pub const DEVICE_CODE_LIFE_S: u32 = 600;
/// How often a device may ask.
pub const POLL_INTERVAL_S: u32 = 5;
/// Clocks and networks are not exact: a poll may come so much early.
const EARLY_MS: u32 = 500;
/// RFC 8628 section 3.5.
const SLOW_DOWN_MS: u32 = 5_000;
/// How long a device whose session has begun may ask again for what it was given.
const GIVEN_AGAIN_S: u32 = 60;

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

/// The ids of what a device is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceSession {
    /// The session that begins.
    pub session: AuthSessionId,
    /// What its client is given there.
    pub family: RefreshFamilyId,
}

/// A device that is let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetIn {
    /// What it has asked for.
    pub request: DeviceRequest,
    /// Who let it in.
    pub approval: Approval,
    /// The same each time that it asks: however often that is, one session begins.
    pub ids: DeviceSession,
    /// Whether that session has begun before: where it is no more, its owner has ended it.
    pub is_begun: bool,
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
    /// It is let in. It is told so until its code expires, or [`forget_device`].
    Approved(Box<LetIn>),
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

/// Asks what was decided. `ids` are those of what the device is given, if it has none yet.
pub async fn poll_device(
    bridge: &dyn Bridge,
    device_code: TokenHash,
    client: ClientId,
    ids: DeviceSession,
) -> Result<Poll, Problem> {
    let ids = serde_json::to_vec(&ids).map_err(|error| Problem::internal(&error))?;
    let script = Script {
        source: POLL.to_owned(),
        keys: vec![key("device", &device_code)],
        arguments: vec![client.to_string().into_bytes(), SLOW_DOWN_MS.to_string().into_bytes(), ids],
    };
    let answer = texts(run(bridge, script).await?)?;
    Ok(match answer.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["pending"] => Poll::Pending,
        ["slow_down"] => Poll::SlowDown,
        ["denied"] => Poll::Denied,
        ["approved", request, approval, ids, begun] => Poll::Approved(Box::new(LetIn {
            request: parsed(request)?,
            approval: parsed(approval)?,
            ids: parsed(ids)?,
            is_begun: !begun.is_empty(),
        })),
        _ => Poll::Unknown,
    })
}

/// Notes that the session of a device has begun. Its code expires in a minute from then.
pub async fn note_begun(bridge: &dyn Bridge, device_code: TokenHash) -> Result<(), Problem> {
    let script = Script {
        source: NOTE_BEGUN.to_owned(),
        keys: vec![key("device", &device_code)],
        arguments: vec![GIVEN_AGAIN_S.to_string().into_bytes()],
    };
    run(bridge, script).await.map(drop)
}

/// Ends the wait of a device that gets nothing, or nothing any more.
pub async fn forget_device(bridge: &dyn Bridge, device_code: TokenHash) -> Result<(), Problem> {
    command(bridge, [b"DEL", key("device", &device_code).as_bytes()]).await.map(drop)
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
