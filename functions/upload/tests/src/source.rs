//! A third party's server, which has a file.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::header::{CONTENT_RANGE, ETAG, IF_RANGE, LOCATION, RANGE};
use http::{HeaderMap, StatusCode};
use mcsp_testbed::serve;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A server that has a file.
#[derive(Clone)]
pub struct Source {
    address: String,
    state: Arc<Mutex<Has>>,
}

/// What a source has, and how it answers.
#[derive(Clone)]
pub struct Has {
    /// The file.
    pub file: Vec<u8>,
    /// By what it is known.
    pub etag: Option<&'static str>,
    /// Whether it gives ranges.
    pub ranges: bool,
    /// How large it says that the file is, where that is not so.
    pub claimed_bytes: Option<u64>,
    /// From which byte on it answers with what.
    pub fails: Option<(usize, u16)>,
    /// Where it leads to.
    pub leads_to: Option<String>,
    /// How long it takes to answer.
    pub takes: Duration,
    /// Whether it answers at all.
    pub hangs: bool,
    /// What it was asked.
    pub asked: Vec<HeaderMap>,
}

impl Source {
    /// One that has a file, gives ranges of it, and knows it by a tag.
    pub async fn of(file: Vec<u8>) -> Self {
        let has = Has {
            file,
            etag: Some("\"one\""),
            ranges: true,
            claimed_bytes: None,
            fails: None,
            leads_to: None,
            takes: Duration::ZERO,
            hangs: false,
            asked: Vec::new(),
        };
        let state = Arc::new(Mutex::new(has));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&state));
        Source { address: serve(router).await, state }
    }

    /// Where the file is, with a secret.
    pub fn url(&self) -> String {
        format!("{}/films/a%20film.mp4?signature=hush", self.address)
    }

    /// Changes what it has, or how it answers.
    pub fn set(&self, change: impl FnOnce(&mut Has)) {
        change(&mut self.state.lock().unwrap());
    }

    /// What it was asked since this was last asked.
    pub fn take(&self) -> Vec<HeaderMap> {
        std::mem::take(&mut self.state.lock().unwrap().asked)
    }
}

async fn answer(State(state): State<Arc<Mutex<Has>>>, headers: HeaderMap) -> Response {
    let has = {
        let mut has = state.lock().unwrap();
        has.asked.push(headers.clone());
        has.clone()
    };
    if has.hangs {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(has.takes).await;
    let range = range(&headers).unwrap_or((0, has.file.len()));
    let plain = |status: u16| Response::builder().status(StatusCode::from_u16(status).unwrap());
    if let Some(to) = has.leads_to {
        return plain(302).header(LOCATION, to).body(Body::from("moved")).unwrap();
    }
    if let Some((_, status)) = has.fails.filter(|(from, _)| range.0 >= *from) {
        return plain(status).body(Body::from("the words of a source")).unwrap();
    }
    let same = headers.get(IF_RANGE).is_none_or(|tag| has.etag.is_some_and(|known| tag == known));
    let mut response = if has.ranges && same {
        let end = range.1.min(has.file.len());
        let of = has.claimed_bytes.unwrap_or(has.file.len() as u64);
        let told = format!("bytes {}-{}/{of}", range.0, end - 1);
        plain(206).header(CONTENT_RANGE, told).body(Body::from(has.file[range.0..end].to_vec())).unwrap()
    } else {
        plain(200).body(Body::from(has.file)).unwrap()
    };
    if let Some(etag) = has.etag {
        response.headers_mut().insert(ETAG, etag.parse().unwrap());
    }
    response
}

/// From which byte to which, of a request for a range.
fn range(headers: &HeaderMap) -> Option<(usize, usize)> {
    let (first, last) = headers.get(RANGE)?.to_str().ok()?.strip_prefix("bytes=")?.split_once('-')?;
    Some((first.parse().ok()?, last.parse::<usize>().ok()? + 1))
}
