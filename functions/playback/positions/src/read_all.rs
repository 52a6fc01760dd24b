//! `GET /v1/playback/positions?videos=…`: where the caller stopped in some videos, for the lists that show it.

use axum::Extension;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use mcsp_access::Permission;
use mcsp_function::{Caller, Context};
use mcsp_ids::{UserId, VideoId};
use mcsp_problem::{Json, Problem, Query};
use mcsp_reference::{Answer, Operation};
use playback_domain::Position;
use playback_storage::memory::{self, Seen};
use playback_storage::positions::{self, Known};
use playback_storage::videos::Source;
use playback_storage::{Bounds, Redis, StoreError, probe_after_answer, remember_after_answer};
use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// A page of a list has no more.
const VIDEOS_MAX: usize = 50;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReadAllRequest {
    /// 1 to 50 ids of videos, with commas between them.
    #[serde(deserialize_with = "videos")]
    #[schemars(with = "String", example = &"video_01kb5t4v00e8ptxz3kd07gq2sn,video_01kb5t4v00e8ptxz3kd07gq2sp")]
    videos: Vec<VideoId>,
}

fn videos<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<VideoId>, D::Error> {
    let mut videos = Vec::new();
    for id in String::deserialize(deserializer)?.split(',') {
        let id = id.parse().map_err(|_| D::Error::custom("unusable, expected ids of videos"))?;
        if videos.contains(&id) {
            continue;
        }
        if videos.len() == VIDEOS_MAX {
            return Err(D::Error::custom(format_args!("too many, expected at most {VIDEOS_MAX} ids")));
        }
        videos.push(id);
    }
    Ok(videos)
}

/// Where a viewer stopped in some videos.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Positions")]
pub(crate) struct PositionsView {
    /// Those in which the viewer stopped, in the order in which they were asked for.
    items: Vec<ItemView>,
    /// Those of which it can't be found out now: none unless stores are away.
    unknown: Vec<VideoId>,
    /// Where they were found; of several places, the one that counts the least.
    #[schemars(extend("enum" = ["redis", "postgres", "memory"]))]
    served_from: &'static str,
    /// How old what was found may be; 0 where a store has it now.
    stale_ms: u64,
}

/// Where a viewer stopped in a video.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "VideoPosition")]
struct ItemView {
    video_id: VideoId,
    /// How far into the video.
    #[schemars(example = 754_000)]
    position_ms: u64,
    /// When the viewer was there, by the player's clock.
    client_time: Timestamp,
}

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/playback/positions", read_all)
        .named("getPositions", "Get where one stopped in some videos")
        .described(
            "Where the caller stopped in each of up to 50 videos, on whichever device. Those in which the caller did not \
            stop are left out.",
        )
        .requires(Permission::PlaybackStart)
        .answers(Answer::json::<PositionsView>(StatusCode::OK, "The positions."))
}

pub(crate) async fn read_all(
    State(context): State<Context>,
    Extension(bounds): Extension<Bounds>,
    caller: Caller,
    Query(ReadAllRequest { videos }): Query<ReadAllRequest>,
) -> Result<Json<PositionsView>, Problem> {
    caller.require(Permission::PlaybackStart)?;
    let found = Reading { context: &context, bounds: &bounds, user: caller.user() }.find(&videos).await?;
    Ok(Json(found.into_view(&videos)))
}

/// What was found, with where and how old it may be.
struct Found {
    positions: Vec<(VideoId, Position)>,
    unknown: Vec<VideoId>,
    source: Source,
    stale_ms: u64,
}

impl Found {
    fn into_view(self, videos: &[VideoId]) -> PositionsView {
        let item = |video: &VideoId| {
            let (_, position) = self.positions.iter().find(|(found, _)| found == video)?;
            let (position_ms, client_time) = (position.position_ms()?, position.client_time());
            Some(ItemView { video_id: *video, position_ms, client_time })
        };
        PositionsView {
            items: videos.iter().filter_map(item).collect(),
            unknown: self.unknown,
            served_from: self.source.as_str(),
            stale_ms: self.stale_ms,
        }
    }
}

struct Reading<'a> {
    context: &'a Context,
    bounds: &'a Bounds,
    user: UserId,
}

impl Reading<'_> {
    /// From Redis, and from Postgres what Redis does not know of the account; where they can't tell, what is remembered.
    async fn find(&self, videos: &[VideoId]) -> Result<Found, StoreError> {
        let Reading { context, bounds, user } = *self;
        match positions::known_of_all(Redis::within(context.bridge(), bounds), user, videos).await {
            Ok(known) => self.settle(videos.iter().copied().zip(known).collect()).await,
            Err(error) if error.is_outage() => {
                probe_after_answer(context, &error);
                self.find_without_redis(videos).await
            }
            Err(error) => Err(error),
        }
    }

    async fn settle(&self, known: Vec<(VideoId, Known)>) -> Result<Found, StoreError> {
        let Reading { context, bounds, user } = *self;
        let in_redis = |(_, known): &(VideoId, Known)| matches!(known, Known::Yes(_));
        let source = if known.iter().all(in_redis) { Source::Redis } else { Source::Postgres };
        match positions::settle_all(context.bridge(), user, &known).await {
            Ok(positions) => {
                let of = |video: VideoId| positions.iter().find(|(found, _)| *found == video);
                let seen = known.iter().map(|(video, _)| (*video, of(*video).map(|(_, position)| *position)));
                let seen = Seen { positions: seen.collect(), ..Seen::nothing_of(user) };
                remember_after_answer(context, bounds, seen);
                Ok(Found { positions, unknown: Vec::new(), source, stale_ms: 0 })
            }
            Err(error) if error.is_outage() => {
                let (told, asked): (Vec<_>, Vec<_>) = known.into_iter().partition(in_redis);
                let asked: Vec<VideoId> = asked.into_iter().map(|(video, _)| video).collect();
                let mut found = self.recall(&asked).await?;
                found.positions.extend(told.into_iter().filter_map(|(video, known)| match known {
                    Known::Yes(position) => Some((video, position?)),
                    Known::NotAmongNewest | Known::No => None,
                }));
                Ok(found)
            }
            Err(error) => Err(error),
        }
    }

    /// What is remembered, and of the rest what Postgres can tell soon.
    async fn find_without_redis(&self, videos: &[VideoId]) -> Result<Found, StoreError> {
        let Reading { context, bounds, user } = *self;
        let mut found = self.recall(videos).await?;
        if found.unknown.is_empty() {
            return Ok(found);
        }
        let saved = positions::try_find_all(context.bridge(), bounds, user, &found.unknown).await;
        if let Some(saved) = saved {
            if found.unknown.len() == videos.len() {
                found.source = Source::Postgres;
            }
            found.positions.extend(saved);
            found.unknown.clear();
        }
        Ok(found)
    }

    async fn recall(&self, videos: &[VideoId]) -> Result<Found, StoreError> {
        let remembered = memory::all_positions(self.context.bridge(), self.user, videos).await?;
        let mut found =
            Found { positions: Vec::new(), unknown: Vec::new(), source: Source::Memory, stale_ms: 0 };
        for (video, remembered) in videos.iter().zip(remembered) {
            match remembered {
                Some(remembered) => {
                    found.positions.extend(remembered.position.map(|position| (*video, position)));
                    found.stale_ms = found.stale_ms.max(remembered.age_ms);
                }
                None => found.unknown.push(*video),
            }
        }
        Ok(found)
    }
}
