//! New manifest URLs for a session that goes on.

use crate::heartbeat::Wanted;
use crate::licences::{LicencesView, Player};
use crate::served::Served;
use crate::session::allowed;
use crate::settings::Settings;
use crate::view::{ManifestsView, renewal_path};
use mcsp_function::{Context, TraceParent};
use playback_domain::{Denial, Reason, Standing};
use playback_storage::memory;
use playback_storage::videos::{self, Loaded, Source, Version};
use playback_storage::{Redis, Shown, StoreError, subscriptions};

/// New URLs.
pub(crate) struct Renewal {
    pub expires_at_s: u64,
    pub manifests: ManifestsView,
    pub licences: Option<LicencesView>,
    /// Where the next heartbeats go.
    pub path: String,
}

/// New URLs, if the viewer may still play the video. What cannot be found out now is tried again with the next
/// heartbeat: nothing is given that was not decided, and half of the time is left. `served` is told what it was decided on.
pub(crate) async fn renew(
    context: &Context,
    trace: &TraceParent,
    settings: &Settings,
    wanted: Wanted<'_>,
    served: &mut Served,
) -> Result<Option<Renewal>, Denial> {
    let Ok(loaded) = load(context, trace, settings, &wanted).await else { return Ok(None) };
    let loaded = loaded.ok_or(Denial::hidden(Reason::NotFound))?;
    *served = served.and(Served::from(&loaded));
    let version = loaded.version;
    let Wanted { viewer, session, video, network, .. } = wanted;
    // The session has its slot, which none of a suspended account has: of the other streams none is in its way.
    let (now, id) = (context.now(), session.to_string());
    let Ok(standing) = standing(context, settings, &wanted, &version, served).await else { return Ok(None) };
    let media = allowed(viewer, standing, &version, 0, now)?;
    let expires_at_s = settings.url_expires_at_s(now);
    let player = Player { user: viewer.user, session, video };
    let signed = (expires_at_s, network);
    let Ok(manifests) = settings.manifests(media, (player, &id), signed, now) else { return Ok(None) };
    if !note(context, settings, &wanted, expires_at_s).await {
        return Ok(None);
    }
    let grant = settings.grant(viewer, session, (Shown { video, expires_at_s }, network), now);
    // To play on: what was to be kept was given with the start.
    let licences = settings.licences().offer(context, media, player, None);
    Ok(Some(Renewal { expires_at_s, manifests, licences, path: renewal_path(&id, &grant) }))
}

/// What is known of the video, where the session was kept.
async fn load(
    context: &Context,
    trace: &TraceParent,
    settings: &Settings,
    wanted: &Wanted<'_>,
) -> Result<Option<Loaded>, StoreError> {
    if wanted.source == Source::Memory {
        return videos::load_without_redis(context, trace, settings.bounds(), wanted.video).await;
    }
    let redis = Redis::within(context.bridge(), settings.bounds());
    if let Some(loaded) = videos::cached(redis, wanted.video, context.now()).await? {
        return Ok(Some(loaded));
    }
    let loaded = videos::load(context, trace, settings.bounds(), wanted.video).await?;
    if let Some(loaded) = &loaded {
        videos::keep_loaded(redis, wanted.video, loaded, context.now()).await?;
    }
    Ok(loaded)
}

/// What is known of the account, as far as the video asks for it.
async fn standing(
    context: &Context,
    settings: &Settings,
    wanted: &Wanted<'_>,
    version: &Version,
    served: &mut Served,
) -> Result<Standing, StoreError> {
    let (user, bounds) = (wanted.viewer.user, settings.bounds());
    if version.video.asks_for_plan(user).is_none() {
        return Ok(Standing::UNKNOWN);
    }
    let redis = Redis::within(context.bridge(), bounds);
    let found = if wanted.source == Source::Memory {
        subscriptions::load_without_redis(context, bounds, user).await?
    } else if let Some(found) = subscriptions::cached(redis, user, context.now()).await? {
        found
    } else {
        subscriptions::load(context, redis, user).await?
    };
    *served = served.and(Served::from(&found));
    Ok(Standing { subscription: found.known.subscription, ..Standing::UNKNOWN })
}

/// Notes the new expiry where the session was kept. False where it could not be noted, or has ended meanwhile.
async fn note(context: &Context, settings: &Settings, wanted: &Wanted<'_>, expires_at_s: u64) -> bool {
    let (bridge, user, session) = (context.bridge(), wanted.viewer.user, wanted.session);
    if wanted.source == Source::Memory {
        return memory::renewed(bridge, user, session, expires_at_s).await.is_ok();
    }
    let redis = Redis::within(bridge, settings.bounds());
    let signed = (expires_at_s, wanted.network.map(|network| network.to_string()));
    playback_storage::note_renewal(redis, user, session, signed).await.unwrap_or(false)
}
