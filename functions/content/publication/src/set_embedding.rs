//! `PUT /v1/videos/{id}/embedding`: says which pages may embed the video.

use crate::change::{Asked, Target, answered, change, refusals};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use content_contract::EmbeddingMode;
use content_domain::{Embedding, InvalidText, PageOrigin};
use mcsp_access::Permission;
use mcsp_function::Context;
use mcsp_ids::VideoId;
use mcsp_problem::{Invalid, Json, Path, Problem, Reason};
use mcsp_reference::Operation;
use schemars::JsonSchema;
use serde::Deserialize;

/// Origins of one list: more than anybody keeps apart, and little enough for each start of a session to read.
const ORIGINS_MAX: usize = 100;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetEmbeddingRequest {
    /// Which pages may.
    mode: EmbeddingMode,
    /// The origins of those that may, where these are `listed`: 1 to 100, each with its scheme, its host and, where it is not the
    /// scheme's own, its port, and nothing else. They are kept in lowercase, each once and in order.
    #[serde(default)]
    #[schemars(example = ["https://blog.example"])]
    origins: Vec<String>,
}

impl SetEmbeddingRequest {
    fn parse(&self) -> Result<Embedding, Problem> {
        let mut invalid = Invalid::default();
        let origins = origins(&self.origins, &mut invalid);
        let is_missing = Reason::new("missing_field", "is required where pages are listed");
        let embedding = match self.mode {
            EmbeddingMode::Anywhere => unlisted(Embedding::Anywhere, &self.origins),
            EmbeddingMode::Nowhere => unlisted(Embedding::Nowhere, &self.origins),
            EmbeddingMode::Listed if self.origins.is_empty() => Err(is_missing),
            EmbeddingMode::Listed => Ok(Embedding::listed(origins)),
        };
        let embedding = invalid.check("/origins", embedding).unwrap_or_default();
        invalid.into_result(embedding)
    }
}

/// Whoever lists pages means these, and no others.
fn unlisted(embedding: Embedding, origins: &[String]) -> Result<Embedding, Reason> {
    let contradiction = Reason::new("contradiction", "must be empty where pages are not listed");
    if origins.is_empty() { Ok(embedding) } else { Err(contradiction) }
}

/// Those that can be taken. Too many are one error, not one for each.
fn origins(texts: &[String], invalid: &mut Invalid) -> Vec<PageOrigin> {
    if texts.len() > ORIGINS_MAX {
        let error = InvalidText::TooMany { max: ORIGINS_MAX };
        invalid.check::<()>("/origins", Err(Reason::new(error.code(), error.to_string())));
        return Vec::new();
    }
    let parse = |text: &String| {
        PageOrigin::parse(text).map_err(|error| Reason::new("invalid_origin", format!("is {error}")))
    };
    let parsed = texts.iter().enumerate();
    parsed.filter_map(|(n, text)| invalid.check(&format!("/origins/{n}"), parse(text))).collect()
}

pub(crate) fn reference() -> Operation {
    Operation::put("/v1/videos/{id}/embedding", set_embedding)
        .named("setEmbedding", "Say which pages may embed a video")
        .described(
            "Says which pages of others may embed the video, in place of what was said before. It may be said before the video is \
            published. In other pages it is denied to play it (`embedding_denied`), to its owner too. The platform's own pages, \
            and what is no page, such as an application, play it as before.",
        )
        .requires(Permission::ContentPublish)
        .answers(answered())
        .refuses(refusals())
        .refuses([Invalid::default().into_problem()])
}

pub(crate) async fn set_embedding(
    State(context): State<Context>,
    (caller, trace, if_match): Asked,
    Path(id): Path<VideoId>,
    Json(request): Json<SetEmbeddingRequest>,
) -> Result<Response, Problem> {
    caller.require(Permission::ContentPublish)?;
    let embedding = request.parse()?;
    let target = Target { id, owner: caller.user() };
    let answer = change(
        &context,
        &trace,
        target,
        |_, _| None,
        |video| {
            if_match.check(video.version)?;
            Ok(video.with_embedding(embedding.clone(), context.now()))
        },
    )
    .await?;
    Ok(answer.into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(mode: EmbeddingMode, origins: &[&str]) -> Result<Embedding, Vec<(String, &'static str)>> {
        let origins = origins.iter().map(ToString::to_string).collect();
        SetEmbeddingRequest { mode, origins }.parse().map_err(|problem| {
            problem.errors().iter().map(|error| (error.pointer.clone().unwrap(), error.code)).collect()
        })
    }

    #[test]
    fn origins_are_kept_once_in_lowercase_and_in_order() {
        let origin = |text| PageOrigin::parse(text).unwrap();
        assert_eq!(
            parsed(
                EmbeddingMode::Listed,
                &["https://B.example", "https://a.example:443", "https://b.example"]
            ),
            Ok(Embedding::Listed(vec![origin("https://a.example"), origin("https://b.example")]))
        );
        assert_eq!(parsed(EmbeddingMode::Anywhere, &[]), Ok(Embedding::Anywhere));
        assert_eq!(parsed(EmbeddingMode::Nowhere, &[]), Ok(Embedding::Nowhere));
    }

    #[test]
    fn all_that_can_not_be_taken_is_told_with_its_place() {
        let at = |pointer: &str, code| (pointer.to_owned(), code);
        assert_eq!(
            parsed(EmbeddingMode::Listed, &["https://a.example", "*", "https://a.example/blog"]),
            Err(vec![at("/origins/1", "invalid_origin"), at("/origins/2", "invalid_origin")])
        );
        assert_eq!(parsed(EmbeddingMode::Listed, &[]), Err(vec![at("/origins", "missing_field")]));
        for mode in [EmbeddingMode::Anywhere, EmbeddingMode::Nowhere] {
            assert_eq!(parsed(mode, &["https://a.example"]), Err(vec![at("/origins", "contradiction")]));
        }
        let many: Vec<_> = (0..=ORIGINS_MAX).map(|n| format!("https://{n}.example")).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        assert!(parsed(EmbeddingMode::Listed, &many[1..]).is_ok());
        assert_eq!(parsed(EmbeddingMode::Listed, &many), Err(vec![at("/origins", "too_many")]));
    }
}
