//! `content.v1.Catalog/BatchGet`: the whole state of many videos at once, of as many as fit into an answer.

use super::messages::{BatchGetRequest, BatchGetResponse, BatchGetResult};
use super::parse;
use content_contract::VideoState;
use content_domain::{Video, Viewer, Way, decide};
use content_storage::{self as storage, ReadError};
use mcsp_function::Context;
use mcsp_ids::VideoId;
use mcsp_paging::Budget;
use mcsp_problem::{Invalid, Problem, Reason};
use prost::Message;
use std::collections::HashMap;

/// Ids of one request.
const IDS_MAX: usize = 100;
/// Videos that are read at once. Of the longest ones the bridge carries no more in one answer.
const VIDEOS_AT_ONCE: usize = 50;

/// An id, as it was asked for and as it was read.
type Asked = (String, VideoId);

/// The results that fit. A single one has less than [`mcsp_paging::ITEMS_MAX_BYTES`].
#[derive(Default)]
struct Fitting {
    results: Vec<BatchGetResult>,
    budget: Budget,
}

impl Fitting {
    /// Takes a result if it fits. The first one does.
    fn take(&mut self, result: BatchGetResult) -> bool {
        let fits = self.budget.take(result.encoded_len());
        if fits {
            self.results.push(result);
        }
        fits
    }
}

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
    let asked: Vec<Asked> = ids.into_iter().zip(parsed).collect();
    let mut fitting = Fitting::default();
    for asked in asked.chunks(VIDEOS_AT_ONCE) {
        let found = read(&context, asked).await?;
        let mut results = asked.iter().map(|(id, parsed)| {
            let video = found.get(parsed).map(|video| VideoState::from(video).into());
            BatchGetResult { id: id.clone(), video }
        });
        if !results.all(|result| fitting.take(result)) {
            break;
        }
    }
    let Fitting { results, .. } = fitting;
    let remaining_ids = asked.into_iter().skip(results.len()).map(|(id, _)| id).collect();
    Ok(BatchGetResponse { results, remaining_ids })
}

/// Those of these videos that are there.
async fn read(context: &Context, asked: &[Asked]) -> Result<HashMap<VideoId, Video>, ReadError> {
    let ids: Vec<VideoId> = asked.iter().map(|(_, id)| *id).collect();
    let found = storage::find_all(context, &ids).await?.into_iter();
    let found = found.filter(|video| decide(video, &Viewer::Service, Way::Link).is_ok());
    Ok(found.map(|video| (video.origin.id, video)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use mcsp_paging::ITEMS_MAX_BYTES;

    #[test]
    fn results_are_taken_while_they_fit_and_the_first_one_always() {
        for (bytes, fitting) in
            [(ITEMS_MAX_BYTES + 1, 1), (ITEMS_MAX_BYTES / 2, 1), (100 * 1024, 5), (30, IDS_MAX)]
        {
            let mut taken = Fitting::default();
            let results = (0..IDS_MAX).map(|_| BatchGetResult { id: "x".repeat(bytes), video: None });
            let count = results.take_while(|result| taken.take(result.clone())).count();
            assert_eq!((count, taken.results.len()), (fitting, fitting), "{bytes}");
        }
    }
}
