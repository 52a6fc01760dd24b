//! `GET /v1/creators/{id}/feed`: what a creator has published for everyone, as RSS.

mod rss;

use crate::site::Site;
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use content_domain::Video;
use content_storage::{self as storage, Filters, Search};
use http::{HeaderValue, StatusCode, header};
use mcsp_etag::IfNoneMatch;
use mcsp_function::Context;
use mcsp_ids::UserId;
use mcsp_paging::Limit;
use mcsp_problem::{Path, Problem};
use mcsp_reference::{Answer, Operation};
use schemars::JsonSchema;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Videos of one feed at the most: the newest ones.
const ITEMS_MAX: Limit = Limit::MAX;

/// Readers ask every few minutes at most; what is taken back may be shown for so long.
pub(crate) const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// The media type that is registered nowhere and that all readers know.
const RSS: &str = "application/rss+xml";
const RSS_UTF8: HeaderValue = HeaderValue::from_static("application/rss+xml;charset=utf-8");

/// RSS 2.0 with Media RSS, and with what podcasts have beside it.
#[derive(JsonSchema)]
#[schemars(rename = "Feed", example = &"<?xml version=\"1.0\" encoding=\"UTF-8\"?><rss version=\"2.0\">…</rss>")]
#[expect(dead_code, reason = "only described")]
struct Feed(String);

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/creators/{id}/feed", feed)
        .named("getCreatorFeed", "Follow a creator with a feed reader")
        .described(
            "The newest videos of a creator as RSS 2.0, up to a hundred and as many as fit into 512 KiB, of those that anybody finds who \
            has not signed in, which are published, public and shown in all regions. What their owner said of them is text, of which \
            titles and descriptions are HTML as readers expect it: what would be markup is escaped, and lines end with `<br/>`. No \
            file is in it that could be played without a session: a video is named by its id \
            (`guid`), with the page on which it is watched, where the platform has one. Who has published nothing, and who does \
            not exist, has an empty feed.",
        )
        .answers(
            Answer::of::<Feed>(RSS, StatusCode::OK, "The feed.")
                .with(header::ETAG)
                .with(header::CACHE_CONTROL),
        )
        .answers(
            Answer::empty(StatusCode::NOT_MODIFIED, "It is what the reader has.")
                .with(header::ETAG)
                .with(header::CACHE_CONTROL),
        )
}

pub(crate) async fn feed(
    State(context): State<Context>,
    Extension(site): Extension<Arc<Site>>,
    known: IfNoneMatch,
    Path(creator): Path<UserId>,
) -> Result<Response, Problem> {
    let filters = Filters { owner: Some(creator), ..Filters::default() };
    let hits = storage::search(&context, &Search { filters, ..Search::default() }, ITEMS_MAX).await?;
    let videos: Vec<Video> = hits.into_iter().take(ITEMS_MAX.shown()).filter_map(|hit| hit.video).collect();
    let document = rss::document(&site, creator, &videos).map_err(|error| Problem::internal(&error))?;
    // Of all that is in it, whatever that came from.
    let tag = etag(&document);
    let headers = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, CACHE_CONTROL)];
    if tag.to_str().is_ok_and(|tag| known.includes(tag)) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let typed = [
        (header::CONTENT_TYPE, RSS_UTF8),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    Ok((headers, typed, document).into_response())
}

fn etag(document: &str) -> HeaderValue {
    let digest = Sha256::digest(document);
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    // Digits and letters are a header.
    HeaderValue::try_from(format!("\"{hex}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}
