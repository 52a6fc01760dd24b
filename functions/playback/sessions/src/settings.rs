//! What the component is configured with, parsed once for each instance.

use crate::cdns::Cdns;
use crate::embedder::OwnPages;
use crate::licences::{Licences, Player};
use crate::view::ManifestsView;
use mcsp_function::{Caller, ClientAddress, Context, MissingVariable};
use mcsp_ids::{PlaybackSessionId, UserId, VideoId};
use mcsp_playback_url::{
    Binding, Grant, InvalidGrant, Network, Refusal, SessionGrant, Verifier, ring_from_json,
};
use mcsp_problem::Problem;
use playback_domain::{Embedder, Region, Viewer};
use playback_keyring::{Keyring, SIGNED_LIFE};
use playback_storage::videos::Media;
use playback_storage::{Bounds, Shown};
use schemars::JsonSchema;
use serde::Deserialize;

/// A manifest URL lives for a day at most.
const URL_TTL_MAX_S: u64 = 24 * 60 * 60;

/// A player's proof of its session is good for so long. It gets a new one with each new manifest URL.
const GRANT_TTL_S: u64 = 12 * 60 * 60;

// A key is good until the last thing that it signed has expired.
const _: () = assert!(URL_TTL_MAX_S <= SIGNED_LIFE.as_secs().unsigned_abs() && GRANT_TTL_S <= URL_TTL_MAX_S);

/// `?grant=…`: a player's proof of its session, out of the path that it was given.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GrantQuery {
    /// A player's proof of its session, out of the path that it was given: with it the session goes on whatever is down.
    #[serde(default)]
    #[schemars(example = &"eyJ9.c2ln")]
    pub grant: Option<String>,
}

/// How a session was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OpenedBy {
    /// With which passwords.
    pub unlocked: Option<u64>,
    /// In which page of somebody else.
    pub embedder: Option<Embedder>,
    /// In which network, where its URLs are bound to that.
    pub network: Option<Network>,
}

/// Whose session a grant proves, what that plays, and all else that the grant says.
#[derive(Debug)]
pub(crate) struct Proven {
    pub user: UserId,
    pub video: VideoId,
    pub grant: SessionGrant,
}

/// What the component is configured with.
#[derive(Debug)]
pub(crate) struct Settings {
    keyring: Keyring,
    bounds: Bounds,
    cdns: Cdns,
    /// Where the platform is reached, without a slash at its end.
    issuer: String,
    url_ttl_s: u64,
    binding: Binding,
    stream_limit: u32,
    device_limit: u32,
    licences: Licences,
    access: Verifier,
    own_pages: OwnPages,
}

impl Settings {
    pub(crate) fn of(context: &Context) -> Result<Self, MissingVariable> {
        let unusable = |name| move || MissingVariable(name);
        let url_ttl_s = context.variable("playback_url_ttl_s")?.parse().ok();
        let limit = |name: &'static str| {
            let limit = context.variable(name)?.parse().ok().filter(|limit| *limit > 0);
            limit.ok_or(MissingVariable(name))
        };
        let access = ring_from_json(context.variable("video_access_keys")?);
        Ok(Settings {
            access: Verifier::new(access.map_err(|_| MissingVariable("video_access_keys"))?),
            keyring: Keyring::of(context)?,
            bounds: Bounds::of(context)?,
            cdns: Cdns::of(context)?,
            issuer: context.variable("issuer")?.trim_end_matches('/').to_owned(),
            url_ttl_s: url_ttl_s
                .filter(|ttl_s| (1..=URL_TTL_MAX_S).contains(ttl_s))
                .ok_or_else(unusable("playback_url_ttl_s"))?,
            binding: Binding::parse(context.variable("playback_url_binding")?)
                .map_err(|_| MissingVariable("playback_url_binding"))?,
            stream_limit: limit("default_stream_limit")?,
            device_limit: limit("default_device_limit")?,
            licences: Licences::of(context)?,
            own_pages: OwnPages::of(context)?,
        })
    }

    /// Who calls, with what the account is entitled to.
    pub(crate) fn viewer(&self, caller: &Caller) -> Result<Viewer, Problem> {
        // Auth issues no token without a region: what is no region is a mistake of ours.
        let region = caller.region().map_err(|error| Problem::internal(&error))?;
        Ok(self.viewer_of(caller.user(), region, caller.claims.age_reached))
    }

    /// Whoever has this account, is there and is told to be so old.
    pub(crate) fn viewer_of(&self, user: UserId, region: Region, age_reached: Option<u8>) -> Viewer {
        let Settings { stream_limit, device_limit, .. } = *self;
        Viewer { user, region, age_reached, unlocked: None, stream_limit, device_limit, embedder: None }
    }

    /// The platform's own pages, which embed nothing.
    pub(crate) fn own_pages(&self) -> &OwnPages {
        &self.own_pages
    }

    /// Of which passwords the account has given one to Content. A grant that is no good, or of another account or video, is
    /// as if it were not there.
    pub(crate) fn unlocked(
        &self,
        grant: Option<&str>,
        user: UserId,
        video: VideoId,
        now: jiff::Timestamp,
    ) -> Option<u64> {
        let grant = self.access.verify_access(grant?, unix_s(now)).ok()?;
        let is_its_own = grant.user_id.parse() == Ok(user) && grant.video_id.parse() == Ok(video);
        is_its_own.then_some(grant.passwords_version)
    }

    /// How many streams an account may have open.
    pub(crate) fn stream_limit(&self) -> u32 {
        self.stream_limit
    }

    /// Looks for keys that sign since. To be called before anything is signed or verified.
    pub(crate) async fn refresh_keys(&self, context: &Context) {
        self.keyring.refresh(context, &self.bounds).await;
    }

    /// What an outage may cost.
    pub(crate) fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// A proof of a session, for its player.
    pub(crate) fn grant(
        &self,
        viewer: &Viewer,
        session: PlaybackSessionId,
        (shown, network): (Shown, Option<Network>),
        now: jiff::Timestamp,
    ) -> String {
        self.keyring.ring().signer.sign_session(&SessionGrant {
            session_id: session.to_string(),
            user_id: viewer.user.to_string(),
            passwords_version: viewer.unlocked,
            embedder: viewer.embedder.as_ref().map(|embedder| embedder.as_str().to_owned()),
            network,
            video_id: shown.video.to_string(),
            url_expires_at_unix_s: shown.expires_at_s,
            expires_at_unix_s: grant_expires_at_s(now),
        })
    }

    /// What a player proves of its session, and how that was opened. What proves nothing, or of another's session, is as if it were
    /// not there.
    pub(crate) fn shown(
        &self,
        grant: Option<&str>,
        user: UserId,
        session: PlaybackSessionId,
        now: jiff::Timestamp,
    ) -> Option<(Shown, OpenedBy)> {
        let grant = self.keyring.ring().verifier.verify_session(grant?, unix_s(now)).ok()?;
        let is_its_own = grant.user_id.parse() == Ok(user) && grant.session_id.parse() == Ok(session);
        let video = grant.video_id.parse().ok().filter(|_| is_its_own)?;
        let opened_by = OpenedBy {
            unlocked: grant.passwords_version,
            embedder: grant.embedder.map(|text| Embedder::parse(&text).unwrap_or(Embedder::Untold)),
            network: grant.network,
        };
        Some((Shown { video, expires_at_s: grant.url_expires_at_unix_s }, opened_by))
    }

    /// What a player proves of a session that asks where to load from, and whose that is.
    pub(crate) fn proven(
        &self,
        grant: &str,
        session: PlaybackSessionId,
        now: jiff::Timestamp,
    ) -> Result<Proven, Refusal> {
        let grant = self.keyring.ring().verifier.verify_steering(grant, unix_s(now))?;
        let is_of_it = grant.session_id.parse() == Ok(session);
        let ids = grant.user_id.parse().ok().zip(grant.video_id.parse().ok());
        let (user, video) = ids.filter(|_| is_of_it).ok_or(Refusal::Path)?;
        Ok(Proven { user, video, grant })
    }

    /// The same proof for a while longer, of a session whose URLs were signed so since.
    pub(crate) fn prolonged(
        &self,
        grant: SessionGrant,
        (expires_at_s, network): (u64, Option<Network>),
        now: jiff::Timestamp,
    ) -> String {
        self.keyring.ring().signer.sign_steering(&SessionGrant {
            url_expires_at_unix_s: expires_at_s,
            expires_at_unix_s: grant_expires_at_s(now),
            network,
            ..grant
        })
    }

    /// Where videos are loaded from.
    pub(crate) fn cdns(&self) -> &Cdns {
        &self.cdns
    }

    /// How long a URL lives.
    pub(crate) fn url_ttl_s(&self) -> u64 {
        self.url_ttl_s
    }

    /// Where a player is told where to load from, which it asks whatever page or machine it plays on.
    pub(crate) fn steering_url(&self, session: &str, grant: &str) -> String {
        format!("{}/v1/playback/sessions/{session}/steering?grant={grant}", self.issuer)
    }

    /// Where players get the keys of protected videos.
    pub(crate) fn licences(&self) -> &Licences {
        &self.licences
    }

    /// The network that URLs for whoever has this address are bound to. Where the host does not tell the address, they are not bound.
    pub(crate) fn network(&self, address: ClientAddress) -> Option<Network> {
        self.binding.network(address.0?)
    }

    /// When a URL expires that is signed now, in Unix seconds.
    pub(crate) fn url_expires_at_s(&self, now: jiff::Timestamp) -> u64 {
        unix_s(now).saturating_add(self.url_ttl_s)
    }

    /// Whether a URL has less than half of its time left.
    pub(crate) fn renewal_due(&self, expires_at_s: u64, now: jiff::Timestamp) -> bool {
        expires_at_s.saturating_sub(self.url_ttl_s / 2) <= unix_s(now)
    }

    /// What opens a video's whole directory, and names the session. While the same key signs, the same input gives the same token.
    pub(crate) fn token(
        &self,
        media: &Media,
        session: &str,
        (expires_at_s, network): (u64, Option<Network>),
    ) -> Result<String, InvalidGrant> {
        let grant = Grant::new(media.prefix.as_str(), session, expires_at_s)?.within(network);
        Ok(self.keyring.ring().signer.sign(&grant))
    }

    /// The URLs of the manifests, with such a token.
    pub(crate) fn manifests(
        &self,
        media: &Media,
        (player, session): (Player, &str),
        (expires_at_s, network): (u64, Option<Network>),
        now: jiff::Timestamp,
    ) -> Result<ManifestsView, InvalidGrant> {
        let Media { prefix, hls, dash, hls_steered, .. } = media;
        let token = self.token(media, session, (expires_at_s, network))?;
        let url = |manifest: &String| format!("{}/p/{token}/{prefix}{manifest}", self.cdns.first());
        let steered = |manifest: &String| {
            let steering =
                self.steering_url(session, &self.steering_grant(player, (expires_at_s, network), now));
            let steering: String = form_urlencoded::byte_serialize(steering.as_bytes()).collect();
            format!("{}?steering={steering}", url(manifest))
        };
        Ok(ManifestsView {
            hls: url(hls),
            dash: dash.as_ref().map(url),
            hls_steered: hls_steered.as_ref().map(steered),
        })
    }

    /// What a player shows that asks where to load from, without an access token. How the session was opened is not in it: the CDN need
    /// not learn of that.
    fn steering_grant(
        &self,
        player: Player,
        (expires_at_s, network): (u64, Option<Network>),
        now: jiff::Timestamp,
    ) -> String {
        self.keyring.ring().signer.sign_steering(&SessionGrant {
            session_id: player.session.to_string(),
            user_id: player.user.to_string(),
            passwords_version: None,
            embedder: None,
            network,
            video_id: player.video.to_string(),
            url_expires_at_unix_s: expires_at_s,
            expires_at_unix_s: grant_expires_at_s(now),
        })
    }
}

/// When a grant expires that is signed now, in Unix seconds.
fn grant_expires_at_s(now: jiff::Timestamp) -> u64 {
    unix_s(now).saturating_add(GRANT_TTL_S)
}

/// A time in Unix seconds.
pub(crate) fn unix_s(time: jiff::Timestamp) -> u64 {
    u64::try_from(time.as_second()).unwrap_or_default()
}
