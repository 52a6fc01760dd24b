//! `GET /v1/playback/sessions/{id}/steering`: where a player is to load from (draft-pantos-hls-rfc8216bis, section 7).
//!
//! Players ask by themselves, and send no access token: the grant in the path is what they show. Nothing is decided here, and nothing
//! written: what heartbeats have renewed is handed on, and nothing newer than that.

use crate::cdns::{PathwayClone, Pathways, Playing};
use crate::denied;
use crate::refusal::Refusal;
use crate::settings::{Proven, Settings, unix_s};
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use mcsp_function::Context;
use mcsp_ids::PlaybackSessionId;
use mcsp_playback_url::{Network, Refusal as Unproven};
use mcsp_problem::{Json, Path, Problem, Query};
use mcsp_reference::{Answer, Operation};
use playback_storage::steering::{self, Signed};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A player asks again after so long, and sooner where URLs live for a short time.
const ASKED_AGAIN_S_MAX: u64 = 300;
/// URLs are renewed with half of their time left: a player that asks so often in all of it has them in time.
const ASKED_IN_A_LIFE: u64 = 8;

/// The parameters. Others are passed over, as the specification has it; of one that is there twice the last counts, since players add
/// theirs to what they were given.
#[derive(Debug, JsonSchema)]
pub(crate) struct SteeringRequest {
    /// The player's proof of its session, out of the URL that it was given.
    #[schemars(example = &"eyJ9.c2ln")]
    grant: Option<String>,
    /// When the URL of the playlist expires that is played, in Unix seconds, out of the URL that it was given; by default as the grant
    /// has it.
    #[schemars(example = 1_893_456_000)]
    playlist_expires_at_s: Option<u64>,
    /// The pathway on which the player is.
    #[schemars(rename = "_HLS_pathway", example = &"cdn-2-1893456000")]
    pathway: Option<String>,
}

impl<'de> Deserialize<'de> for SteeringRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut told: BTreeMap<String, String> = BTreeMap::deserialize(deserializer)?;
        let expires_at_s = told.remove("playlist_expires_at_s");
        Ok(SteeringRequest {
            grant: told.remove("grant"),
            playlist_expires_at_s: expires_at_s.and_then(|text| text.parse().ok()),
            pathway: told.remove("_HLS_pathway"),
        })
    }
}

/// A steering manifest.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SteeringManifest")]
struct SteeringView {
    /// Of the format.
    #[serde(rename = "VERSION")]
    #[schemars(extend("const" = 1))]
    version: u8,
    /// After how many seconds the player asks again.
    #[serde(rename = "TTL")]
    #[schemars(example = 300)]
    ttl_s: u64,
    /// Where it asks then; left out where the URL that it has will do.
    #[serde(rename = "RELOAD-URI", skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"https://mcsp.example/v1/playback/sessions/playback_01kb5t4v00e8ptxz3kd07gq2sn/steering?grant=eyJ9.c2ln&playlist_expires_at_s=1893456000")]
    reload_uri: Option<String>,
    /// Where it may load from, the best first.
    #[serde(rename = "PATHWAY-PRIORITY")]
    #[schemars(example = ["cdn-1-1893456000", "cdn-2-1893456000"])]
    priority: Vec<String>,
    /// The pathways that its playlist does not have; left out where there are none.
    #[serde(rename = "PATHWAY-CLONES", skip_serializing_if = "Vec::is_empty")]
    clones: Vec<PathwayClone>,
}

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/playback/sessions/{id}/steering", steer)
        .named("steerPlayer", "Tell a player where to load from")
        .described(
            "The steering manifest of HLS (draft-pantos-hls-rfc8216bis, section 7). A player that plays `manifests.hls_steered` asks for \
            it by itself, and needs no access token: it has the URLs that the last heartbeat renewed, and the other CDNs. After 410 it \
            does not ask again, and after any other failure it goes on with what it was told before.",
        )
        .answers(Answer::json::<SteeringView>(StatusCode::OK, "Where to load from.").with(header::CACHE_CONTROL))
        .refuses([refused(Unproven::Malformed), refused(Unproven::Expired), over(), denied::unknown()])
}

pub(crate) async fn steer(
    State(context): State<Context>,
    Extension(settings): Extension<Arc<Settings>>,
    Path(session): Path<PlaybackSessionId>,
    Query(request): Query<SteeringRequest>,
) -> Result<Response, Problem> {
    settings.refresh_keys(&context).await;
    let now = context.now();
    let shown = request.grant.as_deref().unwrap_or_default();
    let Proven { user, video, grant } = settings.proven(shown, session, now).map_err(refused)?;
    let known = steering::find(&context, settings.bounds(), (user, session), video).await;
    let known = known.map_err(Refusal::unknown)?;
    let media = match &known.video {
        Some(version) => Some(version.video.state.media().ok_or_else(over)?),
        None => None,
    };
    if known.is_over {
        return Err(over());
    }
    let told = (grant.url_expires_at_unix_s, grant.network);
    let newest = newest(told, known.signed.as_ref());
    let ttl_s = ttl_s(settings.url_ttl_s());
    let left_ms = media.zip(known.position_ms).map(|(media, at_ms)| media.duration_ms.saturating_sub(at_ms));
    let lasts = left_ms.is_some_and(|left_ms| lasts(told.0, left_ms, ttl_s, unix_s(now)));
    // Who is bound to another network since can load nothing with what it was told before.
    let newest = if lasts && newest.1 == told.1 { told } else { newest };
    let playlist_expires_at_s = request.playlist_expires_at_s.unwrap_or(grant.url_expires_at_unix_s);
    let id = session.to_string();
    let token = if newest.0 > playlist_expires_at_s {
        // A player that was told of newer URLs goes on with them where nobody can tell it again.
        let media = media.ok_or_else(denied::unknown)?;
        Some(settings.token(media, &id, newest).map_err(|error| Problem::internal(&error))?)
    } else {
        None
    };
    let playing = Playing {
        on: request.pathway.as_deref().unwrap_or_default(),
        playlist_is_good: playlist_expires_at_s > unix_s(now),
        expires_at_s: newest.0,
        token: token.as_deref(),
    };
    let Pathways { priority, clones } = settings.cdns().pathways(playing);
    let reload_uri = known.signed.is_some().then(|| {
        let url = settings.steering_url(&id, &settings.prolonged(grant, newest, now));
        format!("{url}&playlist_expires_at_s={playlist_expires_at_s}")
    });
    let view = SteeringView { version: 1, ttl_s, reload_uri, priority, clones };
    let no_store = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((no_store, Json(view)).into_response())
}

fn ttl_s(url_ttl_s: u64) -> u64 {
    (url_ttl_s / ASKED_IN_A_LIFE).clamp(1, ASKED_AGAIN_S_MAX)
}

/// When the newest URLs expire that anybody knows of, and what they are bound to: those that the player was told of before, which it
/// proves, or those that were signed since. Where it was not noted what these are bound to, they are handed on to who is bound to nothing.
fn newest(told: (u64, Option<Network>), signed: Option<&Signed>) -> (u64, Option<Network>) {
    match signed.filter(|signed| signed.expires_at_s > told.0) {
        Some(Signed { expires_at_s, network: Some(bound) }) if bound.is_empty() => (*expires_at_s, None),
        Some(Signed { expires_at_s, network: Some(bound) }) => {
            Network::parse(bound).map_or(told, |network| (*expires_at_s, Some(network)))
        }
        Some(Signed { expires_at_s, network: None }) if told.1.is_none() => (*expires_at_s, None),
        Some(Signed { network: None, .. }) | None => told,
    }
}

/// Whether URLs open all that is left of what is played, and still do when the player asks again. Then it needs no newer ones: hls.js
/// (1.7) does not get to the end of a video whose pathway changes in the last segment.
fn lasts(expires_at_s: u64, left_ms: u64, ttl_s: u64, now_s: u64) -> bool {
    now_s.saturating_add(left_ms.div_ceil(1_000)).saturating_add(ttl_s) <= expires_at_s
}

/// 403: it is no proof of this session.
fn refused(unproven: Unproven) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, unproven.code(), "this URL is not valid, or not any more")
}

/// 410: there is nothing more to be told, so that the player does not ask again.
fn over() -> Problem {
    Problem::new(StatusCode::GONE, "session_over", "this session is over")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_player_hears_of_newer_urls_before_the_old_ones_are_over() {
        assert_eq!([1, 3, 6, 60, 1_199, 3_600, 86_400].map(ttl_s), [1, 1, 1, 7, 149, 300, 300]);
    }

    #[test]
    fn of_what_is_proven_and_what_is_known_the_newest_counts() {
        let (home, abroad) = (Network::parse("192.0.2.0/24"), Network::parse("203.0.113.0/24"));
        let signed = |expires_at_s, network: Option<&str>| {
            let network = network.map(str::to_owned);
            newest((900, home), Some(&Signed { expires_at_s, network }))
        };
        assert_eq!(newest((900, home), None), (900, home));
        assert_eq!(signed(899, Some("203.0.113.0/24")), (900, home), "an earlier one is over sooner");
        assert_eq!(signed(1_000, Some("203.0.113.0/24")), (1_000, abroad));
        assert_eq!(signed(1_000, Some("")), (1_000, None), "it is bound to none");
        assert_eq!(signed(1_000, Some("home")), (900, home), "nobody can tell to what");
        assert_eq!(signed(1_000, None), (900, home), "whoever renewed it did not say");
        let unbound = Signed { expires_at_s: 1_000, network: None };
        assert_eq!(newest((900, None), Some(&unbound)), (1_000, None), "nothing is bound here");
    }

    #[test]
    fn urls_last_where_they_open_all_that_is_left_until_after_the_next_question() {
        let lasts = |left_ms| lasts(1_000, left_ms, 300, 600);
        assert_eq!([0, 99_001, 100_000, 100_001, u64::MAX].map(lasts), [true, true, true, false, false]);
    }

    #[test]
    fn what_players_add_to_a_url_is_passed_over_and_of_two_the_last_counts() {
        let pairs =
            [("grant", "a"), ("_HLS_pathway", "."), ("_HLS_pathway", "cdn-2-9"), ("_HLS_throughput", "x")];
        let pairs = pairs.into_iter().chain([("playlist_expires_at_s", "9"), ("another", "")]);
        let pairs = serde::de::value::MapDeserializer::<_, serde::de::value::Error>::new(pairs);
        let SteeringRequest { grant, playlist_expires_at_s, pathway } =
            SteeringRequest::deserialize(pairs).unwrap();
        assert_eq!(
            (grant.as_deref(), playlist_expires_at_s, pathway.as_deref()),
            (Some("a"), Some(9), Some("cdn-2-9"))
        );
    }
}
