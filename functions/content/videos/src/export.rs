//! `GET /v1/videos/export`: all that there is of the caller's videos, to be taken along (GDPR, article 20).

mod collected;
mod record;

use collected::Collected;
use content_domain::{Language, Video};
use content_images::Images;
use content_storage::{self as storage, Kept};
use http::StatusCode;
use mcsp_access::Permission;
use mcsp_function::{Caller, Context};
use mcsp_ids::VideoId;
use mcsp_paging::{Cursor, Packed, Page};
use mcsp_problem::{Json, Problem, Query};
use mcsp_reference::{Answer, Operation};
use record::RecordView;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Videos on a page.
const VIDEOS_MAX: usize = 20;
/// Of a file of captions, in one record. In JSON it has twice as many at the most.
const PART_MAX_BYTES: usize = 128 * 1024;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportRequest {
    cursor: Option<Cursor<Place>>,
}

/// The record that a page begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    video_id: VideoId,
    /// None where it is the video's own.
    captions: Option<CaptionsPlace>,
}

/// Where to go on in the captions of a video.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct CaptionsPlace {
    language: Language,
    /// That the part is of. Of others, which have come meanwhile, all parts are given.
    version: i64,
    offset_bytes: usize,
}

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/videos/export", export)
        .named("exportVideos", "Take one's own videos along")
        .described(
            "All that there is of one's own videos, the newest first, with those that are deleted for as long as they can be had back. \
            Each video is a record, which the records of its captions follow: a long file comes in parts, to be put together in \
            their order. Each record is of one version. A page has as many as fit: ask with `next_cursor` until that is null. \
            The files that were uploaded are not in it.",
        )
        .requires(Permission::ContentEdit)
        .answers(Answer::json::<Page<RecordView>>(StatusCode::OK, "A page of records."))
}

pub(crate) async fn export(
    images: Images,
    caller: Caller,
    Query(ExportRequest { cursor }): Query<ExportRequest>,
) -> Result<Json<Page<Packed<RecordView>>>, Problem> {
    caller.require(Permission::ContentEdit)?;
    let context = &images.context;
    let place = cursor.map(|Cursor(place)| place);
    let from = place.as_ref().map(|place| place.video_id);
    // One more than are shown, which tells whether there is a next page.
    let count = i64::try_from(VIDEOS_MAX + 1).unwrap_or(i64::MAX);
    let videos = storage::to_take_along(context, caller.user(), from, count).await?;
    let mut collected = Collected::default();
    let mut next = None;
    for (n, whole) in videos.iter().enumerate() {
        let video_id = whole.video.origin.id;
        let reached = place.as_ref().filter(|place| place.video_id == video_id);
        let reached = reached.and_then(|place| place.captions.as_ref());
        let is_full =
            n == VIDEOS_MAX || reached.is_none() && !collected.take(&RecordView::of_video(&images, whole)?);
        if is_full {
            next = Some(Place { video_id, captions: None });
            break;
        }
        if let Some(captions) = captions(context, &whole.video, reached, &mut collected).await? {
            next = Some(Place { video_id, captions: Some(captions) });
            break;
        }
    }
    let next_cursor = next.map(|place| Cursor(place).encode());
    Ok(Json(Page { items: collected.into_records(), next_cursor }))
}

/// Collects the captions of a video from where the page before has ended, and tells where this one does.
async fn captions(
    context: &Context,
    video: &Video,
    reached: Option<&CaptionsPlace>,
    collected: &mut Collected,
) -> Result<Option<CaptionsPlace>, Problem> {
    let id = video.origin.id;
    for language in video.tracks.captions.keys() {
        if reached.is_some_and(|reached| *language < reached.language) {
            continue;
        }
        // They may be taken away meanwhile.
        let Some(Kept { version, text }) = storage::captions(context, id, language).await? else { continue };
        let known = |place: &&CaptionsPlace| place.language == *language && place.version == version;
        let mut offset_bytes = reached.filter(known).map_or(0, |place| place.offset_bytes);
        while let Some(part) = part(&text, offset_bytes) {
            let end = offset_bytes + part.len();
            let is_last = end == text.len();
            let record = RecordView::of_captions((id, language), version, (offset_bytes, part), is_last);
            if !collected.take(&record) {
                return Ok(Some(CaptionsPlace { language: language.clone(), version, offset_bytes }));
            }
            offset_bytes = end;
        }
    }
    Ok(None)
}

/// The part that begins here; none behind the last one.
fn part(text: &str, offset_bytes: usize) -> Option<&str> {
    let rest = text.get(offset_bytes..).filter(|rest| !rest.is_empty())?;
    rest.get(..rest.floor_char_boundary(PART_MAX_BYTES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_file_are_whole_characters_and_together_the_file() {
        // The second one has a character where the first part would end.
        let odd = format!("x{}", "é".repeat(PART_MAX_BYTES));
        for (text, expected) in [("WEBVTT".to_owned(), 1), (odd, 3), ("x".repeat(2 * PART_MAX_BYTES), 2)] {
            let (mut together, mut parts) = (String::new(), 0);
            while let Some(part) = part(&text, together.len()) {
                assert!(!part.is_empty() && part.len() <= PART_MAX_BYTES);
                together.push_str(part);
                parts += 1;
            }
            assert!(together == text && parts == expected, "{parts} parts of {} bytes", text.len());
        }
        for nowhere in [2, 100] {
            assert_eq!(part("xé", nowhere), None, "a place that no page has given");
        }
    }
}
