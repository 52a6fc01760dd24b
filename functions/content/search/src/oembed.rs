//! `GET /v1/oembed`: how a page shows a video of which it has the URL (oEmbed 1.0, <https://oembed.com>).

use crate::feed::CACHE_CONTROL;
use crate::site::Site;
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use content_domain::{Embedding, Title, Video, Viewer};
use content_storage as storage;
use http::{StatusCode, header};
use mcsp_function::Context;
use mcsp_problem::{Json, Problem, Query};
use mcsp_reference::{Answer, Operation};
use quick_xml::escape::escape;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Pixels that a frame is wide where nobody says.
const WIDTH_DEFAULT: u64 = 640;
/// How a picture is shaped of which that is not known.
const SHAPE_DEFAULT: (u64, u64) = (16, 9);

/// The parameters. Others are passed over, as the specification has it.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct OembedRequest {
    /// Where people see the video.
    #[schemars(example = &"https://tv.example/watch/video_01kb5t4v00e8ptxz3kd07gq2sn")]
    url: String,
    /// Only `json`.
    #[schemars(example = &"json")]
    format: Option<String>,
    /// Pixels that the frame may be wide.
    #[schemars(example = 1280)]
    maxwidth: Option<u16>,
    /// Pixels that it may be high.
    #[schemars(example = 720)]
    maxheight: Option<u16>,
}

/// How a page shows a video.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Oembed")]
struct OembedView {
    /// `video`, or `link` where it may be embedded nowhere, or there is no page to be embedded.
    r#type: Kind,
    /// Of oEmbed.
    #[schemars(extend("const" = "1.0"))]
    version: &'static str,
    /// The video's.
    #[schemars(example = &"A walk in the hills")]
    title: String,
    /// The platform's name.
    #[schemars(example = &"MCSP")]
    provider_name: String,
    /// Where the platform is found.
    #[schemars(example = &"https://tv.example/")]
    provider_url: String,
    #[serde(flatten)]
    frame: Option<Frame>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum Kind {
    Video,
    Link,
}

/// What the page puts in.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "OembedFrame")]
struct Frame {
    /// A frame of HTML.
    #[schemars(example = &"<iframe src=\"https://tv.example/embed/video_01kb5t4v00e8ptxz3kd07gq2sn\"></iframe>")]
    html: String,
    /// Pixels.
    #[schemars(example = 1280)]
    width: u64,
    /// Pixels.
    #[schemars(example = 720)]
    height: u64,
}

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/oembed", oembed)
        .named("getOembed", "Embed a video by its URL")
        .described(
            "What a page shows for the URL of a video (oEmbed 1.0): a frame with the platform's player, or a link alone where its \
            owner lets it be embedded nowhere. Where some pages may, the frame plays in these. It is told of videos that \
            anybody sees by their link who has not signed in.",
        )
        .answers(
            Answer::json::<OembedView>(StatusCode::OK, "How to show it.").with(header::CACHE_CONTROL),
        )
        .refuses([Problem::not_found(), not_offered()])
}

pub(crate) async fn oembed(
    State(context): State<Context>,
    Extension(site): Extension<Arc<Site>>,
    Query(request): Query<OembedRequest>,
) -> Result<Response, Problem> {
    if request.format.as_deref().is_some_and(|format| format != "json") {
        return Err(not_offered());
    }
    let id = site.watch.as_ref().and_then(|watch| watch.video_of(&request.url));
    let id = id.ok_or_else(Problem::not_found)?;
    let video = storage::find_shown(&context, id, &Viewer::Anyone).await?.ok_or_else(Problem::not_found)?;
    Ok(([(header::CACHE_CONTROL, CACHE_CONTROL)], Json(view(&site, &video, &request))).into_response())
}

/// 501, as the specification has it.
fn not_offered() -> Problem {
    Problem::new(StatusCode::NOT_IMPLEMENTED, "format_not_offered", "only the format json is offered")
}

fn view(site: &Site, video: &Video, request: &OembedRequest) -> OembedView {
    let title = video.details.title.as_ref().map(Title::as_str).unwrap_or_default();
    let embed = site.embed.as_ref().filter(|_| video.embedding != Embedding::Nowhere);
    let frame = embed.map(|embed| {
        let (width, height) = size(shape(video), request.maxwidth, request.maxheight);
        // The player learns by the origin of this page whether it may play here.
        let html = format!(
            "<iframe src=\"{}\" width=\"{width}\" height=\"{height}\" title=\"{}\" frameborder=\"0\" \
             allow=\"autoplay; encrypted-media; fullscreen; picture-in-picture\" \
             referrerpolicy=\"strict-origin-when-cross-origin\" allowfullscreen></iframe>",
            escape(embed.url(video.origin.id)),
            escape(title),
        );
        Frame { html, width, height }
    });
    OembedView {
        r#type: if frame.is_some() { Kind::Video } else { Kind::Link },
        version: "1.0",
        title: title.to_owned(),
        provider_name: site.name.clone(),
        provider_url: site.url(),
        frame,
    }
}

/// That of the largest picture.
fn shape(video: &Video) -> (u64, u64) {
    let renditions = video.state.media().map(|media| media.renditions.as_slice()).unwrap_or_default();
    let shapes = renditions.iter().map(|of| (u64::from(of.width), u64::from(of.height)));
    let shapes = shapes.filter(|(width, height)| *width > 0 && *height > 0);
    shapes.max_by_key(|(width, height)| width * height).unwrap_or(SHAPE_DEFAULT)
}

/// As large as it may be; as wide as usual where nothing is said of that.
fn size((wide, high): (u64, u64), width_max: Option<u16>, height_max: Option<u16>) -> (u64, u64) {
    let width = width_max.map_or(WIDTH_DEFAULT, u64::from).max(1);
    let height = (width * high / wide).max(1);
    match height_max.map(|most| u64::from(most).max(1)) {
        Some(most) if height > most => ((most * wide / high).max(1), most),
        Some(_) | None => (width, height),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_has_the_shape_of_the_picture_and_fits() {
        for (shape, width_max, height_max, expected) in [
            ((1920, 1080), None, None, (640, 360)),
            ((1920, 1080), Some(1280), None, (1280, 720)),
            ((1920, 1080), Some(1280), Some(360), (640, 360)),
            ((1920, 1080), None, Some(180), (320, 180)),
            ((1920, 1080), None, Some(9_000), (640, 360)),
            ((1080, 1920), None, None, (640, 1137)),
            ((1080, 1920), None, Some(360), (202, 360)),
            ((1920, 1080), Some(0), Some(0), (1, 1)),
        ] {
            let found = size(shape, width_max, height_max);
            assert_eq!(found, expected, "{shape:?} {width_max:?} {height_max:?}");
        }
    }
}
