//! What a licence is asked for with: the token that a session gave, by the account whose session it is.

use crate::problems;
use crate::settings::Settings;
use http::HeaderName;
use mcsp_access::Permission;
use mcsp_function::{Caller, Context};
use mcsp_ids::LicenceId;
use mcsp_playback_url::{LICENCE_TOKEN_TTL_S, LicenceGrant, Refusal};
use mcsp_problem::Problem;
use playback_domain::{KeySystem, Terms};
use playback_storage::licences::{Shown, Taken, take};
use playback_storage::videos::Source;
use schemars::JsonSchema;
use serde::Deserialize;

/// Longer than any token can be shown.
const TAKEN_TTL_MS: u32 = 2 * 1000 * LICENCE_TOKEN_TTL_S;

/// Where it was found that the token is good.
pub(crate) const SERVED_FROM: HeaderName = HeaderName::from_static("mcsp-served-from");
/// How old that may be.
pub(crate) const STALE_MS: HeaderName = HeaderName::from_static("mcsp-stale-ms");

/// `?token=…`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenQuery {
    /// Out of the path that the session gave.
    #[schemars(example = &"eyJ9.eyJ9.c2ln")]
    pub token: String,
}

/// A token that is right, of the caller's session. It may have been shown before.
pub(crate) struct Granted {
    pub grant: LicenceGrant,
    shown: Shown,
}

/// Checks a token, and that the key system can keep its terms.
pub(crate) fn granted(
    context: &Context,
    settings: &Settings,
    caller: &Caller,
    token: &str,
    system: KeySystem,
) -> Result<Granted, Problem> {
    caller.require(Permission::PlaybackStart)?;
    let now_s = u64::try_from(context.now().as_second()).unwrap_or_default();
    let grant = settings.verifier().verify_licence(token, now_s).map_err(|refusal| match refusal {
        Refusal::Expired => problems::token_expired(),
        Refusal::Malformed
        | Refusal::UnknownKey
        | Refusal::Signature
        | Refusal::Path
        | Refusal::Elsewhere => problems::token_invalid().caused_by(&refusal),
    })?;
    if grant.user_id.parse() != Ok(caller.user()) {
        return Err(problems::token_invalid());
    }
    let (session, id) = (grant.session_id.parse(), grant.id.parse::<LicenceId>());
    // They were signed here: what cannot be read is of a version of this program that is not this one.
    let (Ok(session), Ok(id), Some(terms)) = (session, id, Terms::named(&grant.robustness, &grant.output))
    else {
        return Err(problems::token_invalid());
    };
    if !system.enforces(Terms { kept: grant.kept_until_unix_s.is_some(), ..terms }) {
        return Err(problems::terms_not_enforced());
    }
    let shown = Shown { user: caller.user(), session, id, ttl_ms: TAKEN_TTL_MS };
    Ok(Granted { grant, shown })
}

impl Granted {
    /// Takes the token, right before the answer: a licence that could not be given leaves it good. Gives the headers that say who
    /// could tell.
    pub(crate) async fn take(
        &self,
        context: &Context,
        settings: &Settings,
    ) -> Result<[(HeaderName, &'static str); 2], Problem> {
        let (taken, source) = take(context, settings.bounds(), &self.shown).await?;
        match taken {
            Taken::First => Ok([(SERVED_FROM, Source::as_str(source)), (STALE_MS, "0")]),
            Taken::Before => Err(problems::token_used()),
            Taken::Ended => Err(problems::session_ended()),
        }
    }
}

/// How a token is refused.
pub(crate) fn refusals() -> [Problem; 5] {
    [
        problems::token_expired(),
        problems::token_invalid(),
        problems::token_used(),
        problems::session_ended(),
        problems::terms_not_enforced(),
    ]
}
