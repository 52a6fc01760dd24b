//! `GET /v1/playback/signing-keys`: which key signs playback URLs, which will, and which one's URLs may still be good.

use crate::rotate::Rotating;
use crate::view::{KeyView, page};
use axum::Extension;
use axum::extract::State;
use http::StatusCode;
use mcsp_access::Permission;
use mcsp_function::{Caller, Context};
use mcsp_paging::Page;
use mcsp_problem::{Json, Problem};
use mcsp_reference::{Answer, Operation};

pub(crate) fn reference() -> Operation {
    Operation::get("/v1/playback/signing-keys", list)
        .named("listPlaybackKeys", "List the keys that sign playback URLs")
        .described(
            "Which key signs playback URLs, which will, and which one's URLs may still be good; the newest first. Nobody \
            is shown a secret.",
        )
        .requires(Permission::PlaybackKeyManage)
        .answers(Answer::json::<Page<KeyView>>(StatusCode::OK, "All keys: there are few."))
}

pub(crate) async fn list(
    State(context): State<Context>,
    Extension(rotating): Extension<Rotating>,
    caller: Caller,
) -> Result<Json<Page<KeyView>>, Problem> {
    caller.require(Permission::PlaybackKeyManage)?;
    let keys = rotating.keyring.all(&context).await?;
    Ok(Json(page(&keys, context.now())))
}
