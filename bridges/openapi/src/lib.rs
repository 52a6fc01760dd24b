//! The whole API: the one place that knows every endpoint's crate. The runner knows none of them; it shows the file
//! that this makes.

use mcsp_problem::Problem;
use mcsp_reference::{Document, Incomplete};
use serde_json::Value;

/// What holds for every operation.
const INTRODUCTION: &str = include_str!("introduction.md");

/// The OpenAPI document of the platform.
pub fn document() -> Result<Value, Incomplete> {
    let [clients, signing_keys] = auth_clients::reference();
    Document::new::<Problem>("MCSP", env!("CARGO_PKG_VERSION"), INTRODUCTION)
        .service(
            "User & Auth",
            [
                auth_accounts::reference(),
                auth_sessions::reference(),
                auth_factors::reference(),
                auth_roles::reference(),
                auth_oauth::reference(),
                clients,
                signing_keys,
            ],
        )
        .service(
            "Upload",
            [
                upload_sessions::reference(),
                upload_tus::reference(),
                upload_drafts::reference(),
                upload_pull::reference(),
            ],
        )
        .service(
            "Content",
            [
                content_videos::reference(),
                content_publication::reference(),
                content_search::reference(),
                content_indexer::reference(),
                content_catalog::reference(),
            ],
        )
        .service(
            "Playback",
            [
                playback_sessions::reference(),
                playback_licences::reference(),
                playback_positions::reference(),
                playback_keys::reference(),
            ],
        )
        .build()
}
