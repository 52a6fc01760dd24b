//! A video that its owner would give to somebody, who takes it or does not.

pub(crate) mod accept;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod offer;

use content_domain::{NotTransferable, Offer, Title, Video};
use content_storage as storage;
use http::{StatusCode, header};
use jiff::Timestamp;
use mcsp_etag::ETag;
use mcsp_function::Context;
use mcsp_idempotency::Answer;
use mcsp_ids::{UserId, VideoId};
use mcsp_problem::{Invalid, Problem, Reason};
use schemars::JsonSchema;
use serde::Serialize;

/// An offer of a video.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Transfer")]
pub(crate) struct TransferView {
    /// The video.
    video_id: VideoId,
    /// Its title, where it has one, and can be given now: not while it is blocked or deleted.
    #[schemars(example = &"A walk in the hills")]
    title: Option<String>,
    /// Whose it is.
    from: UserId,
    /// Whose it is to be.
    to: UserId,
    /// Since when.
    offered_at: Timestamp,
    /// From when on it can't be accepted.
    expires_at: Timestamp,
}

impl TransferView {
    fn of(video: &Video, offer: &Offer) -> Self {
        let title = video.check_transfer(offer.to).ok().and(video.details.title.as_ref());
        TransferView {
            video_id: video.origin.id,
            title: title.map(Title::as_str).map(str::to_owned),
            from: offer.from,
            to: offer.to,
            offered_at: offer.offered_at,
            expires_at: offer.expires_at,
        }
    }
}

/// A video with its offer, for those two whom it concerns: 404 `not_found` to all others, and where there is none.
async fn offered(context: &Context, id: VideoId, user: UserId) -> Result<(Video, Offer), Problem> {
    let offer = storage::offer_of(context, id).await?;
    let offer = offer.filter(|offer| offer.is_open_to(user, context.now())).ok_or_else(Problem::not_found)?;
    let video = storage::find(context, id).await?.ok_or_else(Problem::not_found)?;
    // It has been given away since it was read.
    if video.origin.owner != offer.from {
        return Err(Problem::not_found());
    }
    Ok((video, offer))
}

/// The ETag is the video's: what is taken over is what was read.
fn answer(status: StatusCode, video: &Video, offer: &Offer) -> Answer {
    Answer::json(status, &TransferView::of(video, offer)).with_header(header::ETAG, ETag(video.version))
}

const NOT_TRANSFERABLE: [NotTransferable; 3] =
    [NotTransferable::NotReady, NotTransferable::Blocked, NotTransferable::Deleted];

fn refused(error: NotTransferable) -> Problem {
    let (code, title) = match error {
        NotTransferable::NotReady => {
            ("not_ready", "the video has no file yet, or it is still being processed")
        }
        NotTransferable::Blocked => ("video_blocked", "the video is blocked"),
        NotTransferable::Deleted => ("video_deleted", "the video is deleted"),
        NotTransferable::Theirs => {
            return Invalid::problem_at("/to", Reason::new("already_owner", "must be somebody else"));
        }
    };
    Problem::new(StatusCode::CONFLICT, code, title)
}
