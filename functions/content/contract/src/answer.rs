//! How a change of a video is answered, whatever changed.

use crate::VideoView;
use content_domain::Video;
use http::{StatusCode, header};
use mcsp_etag::ETag;
use mcsp_idempotency::Answer;

/// The video as it is now, with its version.
pub fn answer(video: &Video) -> Answer {
    answer_of(&VideoView::from(video))
}

/// The same of what somebody is shown of it.
pub fn answer_of(view: &VideoView) -> Answer {
    Answer::json(StatusCode::OK, view).with_header(header::ETAG, ETag(view.version))
}
