//! `content.v1.Catalog/Get`: the whole state of a video.

use super::messages::{GetRequest, GetResponse};
use super::parse;
use crate::read::read;
use content_contract::VideoState;
use mcsp_function::Context;
use mcsp_problem::{Invalid, Problem};

pub(crate) async fn get(context: Context, GetRequest { id }: GetRequest) -> Result<GetResponse, Problem> {
    let id = parse(&id).map_err(|reason| Invalid::problem_at("/id", reason))?;
    let video = read(&context, id).await?;
    Ok(GetResponse { video: Some(VideoState::from(&video).into()) })
}
