//! `content.v1.Catalog/BatchGet`: the whole state of many videos at once.

use super::messages::{BatchGetRequest, BatchGetResponse, BatchGetResult};
use super::parse;
use content_contract::VideoState;
use content_domain::{Video, Viewer, Way, decide};
use content_storage as storage;
use mcsp_function::Context;
use mcsp_ids::VideoId;
use mcsp_problem::{Invalid, Problem, Reason};
use std::collections::HashMap;

/// Ids of one request.
const IDS_MAX: usize = 100;

pub(crate) async fn batch_get(
    context: Context,
    BatchGetRequest { ids }: BatchGetRequest,
) -> Result<BatchGetResponse, Problem> {
    if ids.len() > IDS_MAX {
        let reason = Reason::new("too_many", format!("must be at most {IDS_MAX}"));
        return Err(Invalid::problem_at("/ids", reason));
    }
    let mut invalid = Invalid::default();
    let numbered = ids.iter().enumerate();
    let parsed: Vec<VideoId> =
        numbered.filter_map(|(n, id)| invalid.check(&format!("/ids/{n}"), parse(id))).collect();
    let parsed = invalid.into_result(parsed)?;
    let found = storage::find_all(&context, &parsed).await?.into_iter();
    let found = found.filter(|video| decide(video, &Viewer::Service, Way::Link).is_ok());
    let found: HashMap<VideoId, Video> = found.map(|video| (video.origin.id, video)).collect();
    let result = |(id, parsed)| {
        let video = found.get(&parsed).map(|video| VideoState::from(video).into());
        BatchGetResult { id, video }
    };
    Ok(BatchGetResponse { results: ids.into_iter().zip(parsed).map(result).collect() })
}
