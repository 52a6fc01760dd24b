//! What the first start would have to wait for, before there is one.

use crate::settings::Settings;
use axum::Extension;
use axum::extract::State;
use http::StatusCode;
use mcsp_function::Context;
use playback_storage::connect;
use std::sync::Arc;

/// The keys that sign, and connections to the stores. Without them starts are answered, too.
pub(crate) async fn warm_up(
    State(context): State<Context>,
    Extension(settings): Extension<Arc<Settings>>,
) -> StatusCode {
    settings.refresh_keys(&context).await;
    match connect(&context).await {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}
