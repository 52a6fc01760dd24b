//! Where a player gets the keys of a protected video, and what it shows for them.

use crate::settings::unix_s;
use jiff::Timestamp;
use mcsp_function::{Context, MissingVariable};
use mcsp_ids::{LicenceId, PlaybackSessionId, UserId, VideoId};
use mcsp_playback_url::{LICENCE_TOKEN_TTL_S, LicenceGrant, Signer, ring_from_json};
use playback_domain::{KeySystem, Terms};
use playback_storage::videos::Media;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The key systems by which licences are given, and the terms, as the configuration has them.
#[derive(Debug)]
pub(crate) struct Licences {
    signer: Signer,
    key_systems: Vec<KeySystem>,
    terms: Terms,
    offline_days: Option<u16>,
}

/// The variable `licence_policy`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Policy {
    key_systems: Vec<String>,
    robustness: String,
    output: String,
    #[serde(default)]
    offline_days: Option<u16>,
}

/// Nobody keeps keys for longer.
const OFFLINE_DAYS_MAX: u16 = 365;
const DAY_S: u64 = 24 * 60 * 60;

/// Whose session it is, and what it plays.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Player {
    pub user: UserId,
    pub session: PlaybackSessionId,
    pub video: VideoId,
}

/// Where to ask for a licence, by key system; null where this platform or the video's terms do not have it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LicencePaths")]
pub(crate) struct LicencesView {
    /// Google's key system.
    #[schemars(example = &"/v1/playback/licences/widevine?token=eyJ9.eyJ9.c2ln")]
    widevine: Option<String>,
    /// Apple's key system.
    #[schemars(example = &"/v1/playback/licences/fairplay?token=eyJ9.eyJ9.c2ln")]
    fairplay: Option<String>,
    /// Microsoft's key system.
    #[schemars(example = &"/v1/playback/licences/playready?token=eyJ9.eyJ9.c2ln")]
    playready: Option<String>,
    /// The key system that every browser has (W3C EME).
    #[schemars(example = &"/v1/playback/licences/clearkey?token=eyJ9.eyJ9.c2ln")]
    clearkey: Option<String>,
    /// Until when one of them, whichever, can be asked once.
    expires_at: Timestamp,
    /// Until when the player may keep the keys, to play without a network; null where only as long as it plays.
    kept_until: Option<Timestamp>,
}

impl Licences {
    pub(crate) fn of(context: &Context) -> Result<Self, MissingVariable> {
        let unusable = |name| move || MissingVariable(name);
        let ring = ring_from_json(context.variable("licence_token_keys")?).unwrap_or_default();
        let key = ring.into_iter().next().ok_or_else(unusable("licence_token_keys"))?;
        let policy = Policy::parse(context.variable("licence_policy")?);
        let (key_systems, terms, offline_days) = policy.ok_or_else(unusable("licence_policy"))?;
        Ok(Licences { signer: Signer::new(key), key_systems, terms, offline_days })
    }

    /// Until when keys may be kept that are given now, in Unix seconds; none where none may be.
    pub(crate) fn kept_until_s(&self, now: Timestamp) -> Option<u64> {
        self.offline_days.map(|days| unix_s(now).saturating_add(u64::from(days) * DAY_S))
    }

    /// Where this player gets its keys; none where the video needs none. Each call makes another token, which is good once.
    /// Where they are to be kept, `kept_until_s` says until when.
    pub(crate) fn offer(
        &self,
        context: &Context,
        media: &Media,
        player: Player,
        kept_until_s: Option<u64>,
    ) -> Option<LicencesView> {
        let terms = Terms { kept: kept_until_s.is_some(), ..self.terms };
        let protection = media.protection.as_ref()?;
        let issued_at_unix_s = unix_s(context.now());
        let expires_at_unix_s = issued_at_unix_s.saturating_add(LICENCE_TOKEN_TTL_S.into());
        let id: LicenceId = context.new_id();
        let token = self.signer.sign_licence(&LicenceGrant {
            id: id.to_string(),
            user_id: player.user.to_string(),
            session_id: player.session.to_string(),
            video_id: player.video.to_string(),
            key_ids: protection.key_ids.clone(),
            seed_id: protection.seed_id.clone(),
            robustness: self.terms.robustness.as_str().to_owned(),
            output: self.terms.output.as_str().to_owned(),
            kept_until_unix_s: kept_until_s,
            issued_at_unix_s,
            expires_at_unix_s,
        });
        let path = |system: KeySystem| {
            let is_offered = self.key_systems.contains(&system) && system.enforces(terms);
            is_offered.then(|| format!("/v1/playback/licences/{}?token={token}", system.as_str()))
        };
        Some(LicencesView {
            widevine: path(KeySystem::Widevine),
            fairplay: path(KeySystem::FairPlay),
            playready: path(KeySystem::PlayReady),
            clearkey: path(KeySystem::ClearKey),
            expires_at: crate::view::expiry(expires_at_unix_s).ok()?,
            kept_until: kept_until_s.and_then(|until_s| crate::view::expiry(until_s).ok()),
        })
    }
}

impl Policy {
    /// By which key systems, on which terms, and for how many days keys may be kept, where they may.
    fn parse(text: &str) -> Option<(Vec<KeySystem>, Terms, Option<u16>)> {
        let Policy { key_systems, robustness, output, offline_days } = serde_json::from_str(text).ok()?;
        let key_systems: Vec<_> =
            key_systems.iter().map(|name| KeySystem::named(name)).collect::<Option<_>>()?;
        let terms = Terms::named(&robustness, &output)?;
        // What none of them could hold a player to is not promised.
        let kept = Terms { kept: true, ..terms };
        let is_possible = offline_days.is_none_or(|days| {
            (1..=OFFLINE_DAYS_MAX).contains(&days) && key_systems.iter().any(|system| system.enforces(kept))
        });
        is_possible.then_some((key_systems, terms, offline_days))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_names_what_there_is() {
        let of = |systems: &str, robustness: &str| {
            Policy::parse(&format!(
                r#"{{"key_systems": {systems}, "robustness": "{robustness}", "output": "any"}}"#
            ))
        };
        let known = of(r#"["clearkey", "widevine"]"#, "software");
        assert_eq!(known, Some((vec![KeySystem::ClearKey, KeySystem::Widevine], Terms::OPEN, None)));
        assert_eq!(of("[]", "hardware").map(|(systems, ..)| systems), Some(Vec::new()));
        assert_eq!(of(r#"["clearkeys"]"#, "software"), None);
        assert_eq!(of("[]", "best"), None);
        assert_eq!(Policy::parse("{}"), None);
    }

    #[test]
    fn keys_are_kept_where_a_key_system_can_end_that() {
        let of = |systems: &str, days: u32| {
            let policy = format!(
                r#"{{"key_systems": {systems}, "robustness": "software", "output": "any", "offline_days": {days}}}"#
            );
            Policy::parse(&policy).and_then(|(.., days)| days)
        };
        assert_eq!(of(r#"["clearkey", "widevine"]"#, 30), Some(30));
        assert_eq!(of(r#"["clearkey"]"#, 30), None, "it keeps them for ever");
        assert_eq!((of(r#"["widevine"]"#, 0), of(r#"["widevine"]"#, 366)), (None, None));
    }
}
