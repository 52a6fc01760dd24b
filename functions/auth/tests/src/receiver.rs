//! A client's server, which is told of logouts.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use mcsp_testbed::serve;
use std::sync::{Arc, Mutex};

/// What takes logout tokens.
#[derive(Clone)]
pub struct Receiver {
    address: String,
    state: Arc<Mutex<Taken>>,
}

#[derive(Default)]
struct Taken {
    /// What came, also where it was not taken.
    tokens: Vec<String>,
    /// What is answered from now on, and where to that leads.
    answer: Option<(StatusCode, Option<String>)>,
}

impl Receiver {
    /// One that listens, and takes what comes.
    pub async fn listening() -> Self {
        let state = Arc::<Mutex<Taken>>::default();
        let router = Router::new().fallback(take).with_state(state.clone());
        Receiver { address: format!("{}/told", serve(router).await), state }
    }

    /// Its address.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Answers with this status from now on.
    pub fn answer_with(&self, status: u16) {
        self.state.lock().unwrap().answer = Some((StatusCode::from_u16(status).unwrap(), None));
    }

    /// Leads elsewhere from now on.
    pub fn redirect_to(&self, address: &str) {
        let answer = (StatusCode::TEMPORARY_REDIRECT, Some(address.to_owned()));
        self.state.lock().unwrap().answer = Some(answer);
    }

    /// The tokens that came since this was last asked.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().tokens)
    }
}

async fn take(State(state): State<Arc<Mutex<Taken>>>, parts: Parts, body: Bytes) -> Response {
    assert_eq!((parts.method.as_str(), parts.uri.path()), ("POST", "/told"));
    assert_eq!(parts.headers[header::CONTENT_TYPE], "application/x-www-form-urlencoded");
    let mut taken = state.lock().unwrap();
    let token = std::str::from_utf8(&body).unwrap().strip_prefix("logout_token=").unwrap();
    taken.tokens.push(token.to_owned());
    match &taken.answer {
        None => StatusCode::OK.into_response(),
        Some((status, None)) => status.into_response(),
        Some((status, Some(address))) => (*status, [(header::LOCATION, address)]).into_response(),
    }
}
