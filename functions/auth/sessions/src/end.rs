//! `DELETE /v1/sessions/{id}`: signs a device out. Its refresh tokens end at once, its access tokens when they
//! expire.

use auth_storage::EndError;
use axum::extract::State;
use http::StatusCode;
use mcsp_access::Permission;
use mcsp_function::{Caller, Context};
use mcsp_ids::AuthSessionId;
use mcsp_problem::{Path, Problem};
use mcsp_reference::{Answer, Operation};

pub(crate) fn reference() -> Operation {
    Operation::delete("/v1/sessions/{id}", end)
        .named("endSession", "Sign a device out")
        .described(
            "Ends one of one's own sessions. Access tokens that the device has are good until they expire; they find no \
            session to end.",
        )
        .requires(Permission::AccountManage)
        .answers(Answer::empty(StatusCode::NO_CONTENT, "The session has ended."))
        .refuses([Problem::not_found()])
}

pub(crate) async fn end(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<AuthSessionId>,
) -> Result<StatusCode, Problem> {
    caller.require(Permission::AccountManage)?;
    let ended = auth_storage::end(context.bridge(), caller.user(), id, caller.claims.sid).await;
    ended.map_err(|error| match error {
        EndError::NotFound => Problem::not_found(),
        EndError::Failed(error) => error.into(),
    })?;
    Ok(StatusCode::NO_CONTENT)
}
