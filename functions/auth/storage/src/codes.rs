//! Authorization codes: in Redis, for a minute, and used once.

use crate::families::TokenHash;
use crate::short_lived::{key, parsed, run, texts};
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::redis::Script;
use mcsp_ids::{ClientId, RefreshFamilyId};
use mcsp_problem::Problem;
use serde::{Deserialize, Serialize};

const KEEP: &str = include_str!("lua/keep_code.lua");
const REDEEM: &str = include_str!("lua/redeem_code.lua");

/// How long a code is good (RFC 6749 section 4.1.2 allows ten times that).
const CODE_LIFE_S: u32 = 60;
/// How long a second use is known as one, and revokes what the first gave.
const USED_KNOWN_S: u32 = 60 * 60;

/// What a code stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeGrant {
    /// The client that it is for.
    pub client: ClientId,
    /// What it gives. The family is there already, and its first token is not known to anybody.
    pub family: RefreshFamilyId,
    /// Which the token request has to repeat, where the authorization request named it.
    pub redirect_uri: Option<String>,
    /// Which the token request has to meet.
    pub code_challenge: String,
    /// For the ID token.
    pub nonce: Option<String>,
    /// The thumbprint of the key that the token request has to prove.
    #[serde(default)]
    pub key: Option<String>,
}

/// What became of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redemption {
    /// It was shown for the first time.
    First(CodeGrant),
    /// It was shown before, and gave this.
    Again(RefreshFamilyId),
    /// There is no such code, or no more, or not for this client.
    Unknown,
}

/// Keeps a code.
pub async fn keep_code(bridge: &dyn Bridge, code: TokenHash, grant: &CodeGrant) -> Result<(), Problem> {
    let stored = serde_json::to_vec(grant).map_err(|error| Problem::internal(&error))?;
    let script = Script {
        source: KEEP.to_owned(),
        keys: vec![key("code", &code)],
        arguments: vec![
            grant.client.to_string().into_bytes(),
            stored,
            grant.family.to_string().into_bytes(),
            CODE_LIFE_S.to_string().into_bytes(),
        ],
    };
    run(bridge, script).await.map(drop)
}

/// Redeems a code.
pub async fn redeem_code(
    bridge: &dyn Bridge,
    code: TokenHash,
    client: ClientId,
) -> Result<Redemption, Problem> {
    let script = Script {
        source: REDEEM.to_owned(),
        keys: vec![key("code", &code)],
        arguments: vec![client.to_string().into_bytes(), USED_KNOWN_S.to_string().into_bytes()],
    };
    let answer = texts(run(bridge, script).await?)?;
    Ok(match answer.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["first", grant] => Redemption::First(parsed(grant)?),
        ["again", family] => family.parse().map_or(Redemption::Unknown, Redemption::Again),
        _ => Redemption::Unknown,
    })
}
