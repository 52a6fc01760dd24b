//! Uploads that the platform fetches, from a server of somebody else's.

use axum::Router;
use axum::body::Bytes;
use axum::http::header::{CONTENT_RANGE, ETAG, LOCATION, RANGE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use mcsp_testbed::serve;
use mcsp_tests::{Account, Answer, Platform, eventually, mp4_of};
use serde_json::{Value, json};

const DURATION_S: u32 = 2;

/// A server that gives ranges of a film at `/film.mp4`, leads there from `/moved`, and from `/away` to what is not public.
async fn source(film: Vec<u8>) -> String {
    let film = Bytes::from(film);
    let lead = |to: &'static str| get(move || async move { (StatusCode::FOUND, [(LOCATION, to)]) });
    let router = Router::new()
        .route("/film.mp4", get(move |headers: HeaderMap| async move { part(&film, &headers) }))
        .route("/moved", lead("/film.mp4?signature=hush"))
        .route("/away", lead("https://10.0.0.1/film.mp4"));
    serve(router).await
}

fn part(film: &Bytes, headers: &HeaderMap) -> Response {
    let range = headers[RANGE].to_str().expect("text").strip_prefix("bytes=").expect("bytes");
    let (first, last) = range.split_once('-').expect("a range");
    let first: usize = first.parse().expect("a number");
    let end = film.len().min(last.parse::<usize>().expect("a number") + 1);
    Response::builder()
        .status(StatusCode::PARTIAL_CONTENT)
        .header(CONTENT_RANGE, format!("bytes {first}-{}/{}", end - 1, film.len()))
        .header(ETAG, "\"film\"")
        .body(film.slice(first..end).into())
        .expect("a response")
}

async fn pull(owner: &Account, url: &str) -> Answer {
    owner.post("/v1/uploads/pull", &json!({"source_url": url})).await
}

async fn until(owner: &Account, upload: &Value, state: &str) -> Value {
    let path = format!("/v1/uploads/{}", upload["id"].as_str().expect("an id"));
    eventually(state, async || Some(owner.get(&path).await.json).filter(|upload| upload["state"] == state))
        .await
}

#[tokio::test]
async fn a_film_that_is_elsewhere_becomes_a_video() {
    let owner = Platform::running().account("creator").await;
    let film = mp4_of(DURATION_S).await;
    let (size, url) = (film.len(), source(film).await);
    let upload = pull(&owner, &format!("{url}/moved")).await.expect(201);
    assert_eq!((&upload["size_bytes"], &upload["content_type"]), (&json!(size), &json!("video/mp4")));
    let ready = until(&owner, &upload, "ready").await;
    assert_eq!(ready["pulled_bytes"], size);
    let video = format!("/v1/videos/{}", upload["video_id"].as_str().expect("an id"));
    let video = eventually("the video is ready", async || {
        Some(owner.get(&video).await.json).filter(|video| video["state"] == "ready")
    })
    .await;
    assert!(video["duration_ms"].as_u64().expect("a duration").abs_diff(u64::from(DURATION_S) * 1000) < 300);
}

#[tokio::test]
async fn a_source_that_leads_to_what_is_not_public_is_refused() {
    let owner = Platform::running().account("creator").await;
    let url = source(mp4_of(DURATION_S).await).await;
    for url in [format!("{url}/away"), "https://169.254.169.254/latest/meta-data/".to_owned()] {
        pull(&owner, &url).await.refused(422, "source_not_allowed");
    }
    let list = owner.get("/v1/uploads").await.expect(200);
    assert_eq!(list["items"], json!([]), "nothing has begun");
}
