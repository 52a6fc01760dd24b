//! Content's catalog, as far as Upload asks it: a stand-in, since Content is another service with a database of its own.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, StatusCode, header};
use mcsp_ids::Video;
use mcsp_testbed::{BRIDGE_TOKEN, new_id};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// The videos that Content has.
#[derive(Clone, Default)]
pub(crate) struct Catalog(Arc<Mutex<HashMap<String, Value>>>);

impl Catalog {
    /// A new video of this owner, in this state.
    pub(crate) fn add(&self, owner_id: &str, state: &str) -> String {
        let id = new_id::<Video>().to_string();
        self.0
            .lock()
            .unwrap()
            .insert(id.clone(), json!({"video_id": id, "owner_id": owner_id, "state": state}));
        id
    }

    /// Has a video in this state from now on.
    pub(crate) fn set(&self, id: &str, state: Value) {
        self.0.lock().unwrap().get_mut(id).unwrap()["state"] = state;
    }

    pub(crate) fn router(&self) -> Router {
        Router::new().route("/v1/catalog/{id}", get(show)).with_state(self.clone())
    }
}

async fn show(State(catalog): State<Catalog>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let is_platform = headers[header::AUTHORIZATION] == format!("Bearer {BRIDGE_TOKEN}");
    match catalog.0.lock().unwrap().get(&id).filter(|_| is_platform) {
        Some(video) => ([(header::CONTENT_TYPE, "application/json")], video.to_string()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
