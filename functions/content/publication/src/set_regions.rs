//! `PUT /v1/videos/{id}/regions`: says where the video is shown and played.

use crate::change::{Asked, Target, answered, change, refusals};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use content_contract::regions;
use content_domain::Regions;
use mcsp_access::Permission;
use mcsp_function::Context;
use mcsp_ids::VideoId;
use mcsp_problem::{Invalid, Json, Path, Problem};
use mcsp_reference::Operation;
use schemars::JsonSchema;
use serde::Deserialize;

/// Both lists are to be said: one that was left out would be lifted without a word.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetRegionsRequest {
    /// Only there; everywhere where it is empty. Up to 250, as access tokens name regions: 1 to 16 letters, digits and hyphens. They
    /// are kept in lowercase, each once and in order.
    #[schemars(example = ["eu"])]
    allow: Vec<String>,
    /// Not there. Up to 250, none of them in `allow` too.
    #[schemars(example = ["us"])]
    deny: Vec<String>,
}

impl SetRegionsRequest {
    fn parse(&self) -> Result<Regions, Problem> {
        let mut invalid = Invalid::default();
        let regions = regions("", (&self.allow, &self.deny), &mut invalid);
        invalid.into_result(regions)
    }
}

pub(crate) fn reference() -> Operation {
    Operation::put("/v1/videos/{id}/regions", set_regions)
        .named("setRegions", "Say where a video is shown")
        .described(
            "Says where the video is shown and played while it is published, in place of what was said before. It may be said \
            before it is. Where a viewer is, the access token says: who is elsewhere, or has none, finds no such video, in search \
            either, and is denied to play it (`region_denied`). Its owner sees it everywhere, and plays it as others do. With two \
            empty lists it is shown everywhere.",
        )
        .requires(Permission::ContentPublish)
        .answers(answered())
        .refuses(refusals())
        .refuses([Invalid::default().into_problem()])
}

pub(crate) async fn set_regions(
    State(context): State<Context>,
    (caller, trace, if_match): Asked,
    Path(id): Path<VideoId>,
    Json(request): Json<SetRegionsRequest>,
) -> Result<Response, Problem> {
    caller.require(Permission::ContentPublish)?;
    let regions = request.parse()?;
    let target = Target { id, owner: caller.user() };
    let answer = change(
        &context,
        &trace,
        target,
        |_, _| None,
        |video| {
            if_match.check(video.version)?;
            Ok(video.with_regions(regions.clone(), context.now()))
        },
    )
    .await?;
    Ok(answer.into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use content_contract::REGIONS_MAX;
    use content_domain::Region;

    fn parsed(allow: &[&str], deny: &[&str]) -> Result<Regions, Vec<(String, &'static str)>> {
        let texts = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        let request = SetRegionsRequest { allow: texts(allow), deny: texts(deny) };
        request.parse().map_err(|problem| {
            problem.errors().iter().map(|error| (error.pointer.clone().unwrap(), error.code)).collect()
        })
    }

    #[test]
    fn regions_are_kept_once_in_lowercase_and_in_order() {
        let region = |name| Region::parse(name).unwrap();
        assert_eq!(
            parsed(&["US", "eu", "us"], &["ap"]),
            Ok(Regions { allow: vec![region("eu"), region("us")], deny: vec![region("ap")] })
        );
        assert_eq!(parsed(&[], &[]), Ok(Regions::default()));
    }

    #[test]
    fn all_that_can_not_be_taken_is_told_with_its_place() {
        let at = |pointer: &str, code| (pointer.to_owned(), code);
        assert_eq!(
            parsed(&["eu", "", "a-region-with-a-long-name"], &["u\u{0}", "us", "EU"]),
            Err(vec![
                at("/allow/1", "invalid_region"),
                at("/allow/2", "invalid_region"),
                at("/deny/0", "invalid_region"),
                at("/deny/2", "contradiction"),
            ])
        );
        let many: Vec<_> = (0..=REGIONS_MAX).map(|n| format!("r{n}")).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        assert!(parsed(&many[1..], &[]).is_ok());
        assert_eq!(
            parsed(&many, &["!"]),
            Err(vec![at("/allow", "too_many"), at("/deny/0", "invalid_region")])
        );
    }
}
