//! What can be done with many videos at once. Each is decided by what decides it for one.

use crate::{publish, unpublish};
use content_contract::{Licence, Said, deleted, given, given_back, meant};
use content_domain::{DraftVisibility, Edit, Gone, InvalidText, Outcome, Tags, Video, Visibility};
use content_storage as storage;
use http::StatusCode;
use mcsp_access::Permission;
use mcsp_bridge_api::postgres::GuardedStatement;
use mcsp_function::{Context, TraceParent};
use mcsp_problem::{Invalid, Problem, Reason};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where the action stands in the request.
const ACTION: &str = "/action";

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "BulkAction", example = BTreeMap::from([("kind", "publish")]))]
pub(super) struct ActionRequest {
    /// Which.
    kind: Kind,
    /// Who is to see the videos. Required for `set_visibility`, and only for that.
    #[serde(default)]
    visibility: Option<DraftVisibility>,
    /// The level of the plan that one must have to play them, from 1 to 100; the lowest where it is left out. Only where the visibility is
    /// `subscribers`.
    #[serde(default)]
    #[schemars(example = 2)]
    minimum_plan_level: Option<u32>,
    /// Up to 30, each of 1 to 30 characters. Required for `add_tags` and `remove_tags`, and only for these.
    #[serde(default)]
    #[schemars(example = ["hiking"])]
    tags: Option<Vec<String>>,
    /// A slug of up to 40 characters. Null clears it. Only for `edit`, where what is left out stays.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", example = &"travel")]
    category: Option<Option<String>>,
    /// What is spoken: a BCP 47 tag of language, script and region. Null clears it. Only for `edit`.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", example = &"en-GB")]
    language: Option<Option<String>>,
    /// On what terms others may use them. Null says nothing of it. Only for `edit`.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Licence>")]
    licence: Option<Option<Licence>>,
    /// Whether they are for children. Null says nothing of it. Only for `edit`.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<bool>", example = false)]
    made_for_kids: Option<Option<bool>>,
}

/// What is done with each video.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "BulkActionKind")]
enum Kind {
    /// It is published.
    Publish,
    /// It is taken back.
    Unpublish,
    /// Others see it.
    SetVisibility,
    /// It is deleted.
    Delete,
    /// It is had back, where it was deleted.
    Restore,
    /// Tags come behind those that it has.
    AddTags,
    /// Tags go from among those that it has.
    RemoveTags,
    /// Category, language, licence, or whether it is for children, is another.
    Edit,
}

/// What is done, checked.
pub(super) enum Action {
    Publish,
    Unpublish,
    SetVisibility(Visibility),
    Delete,
    Restore,
    AddTags(Tags),
    RemoveTags(Tags),
    Edit(Edit),
}

impl ActionRequest {
    pub(super) fn permission(&self) -> Permission {
        match self.kind {
            Kind::Publish | Kind::Unpublish | Kind::SetVisibility => Permission::ContentPublish,
            Kind::Delete | Kind::Restore | Kind::AddTags | Kind::RemoveTags | Kind::Edit => {
                Permission::ContentEdit
            }
        }
    }

    pub(super) fn parse(&self, invalid: &mut Invalid) -> Option<Action> {
        let mut noted = Invalid::default();
        let action = self.parse_noting(&mut noted);
        invalid.within(ACTION, noted);
        action
    }

    fn parse_noting(&self, invalid: &mut Invalid) -> Option<Action> {
        let ActionRequest {
            kind,
            visibility,
            minimum_plan_level,
            tags,
            category,
            language,
            licence,
            made_for_kids,
        } = self.clone();
        let is_for_tags = matches!(kind, Kind::AddTags | Kind::RemoveTags);
        for (place, is_given, is_for_it) in [
            ("/visibility", visibility.is_some(), kind == Kind::SetVisibility),
            ("/minimum_plan_level", minimum_plan_level.is_some(), kind == Kind::SetVisibility),
            ("/tags", tags.is_some(), is_for_tags),
            ("/category", category.is_some(), kind == Kind::Edit),
            ("/language", language.is_some(), kind == Kind::Edit),
            ("/licence", licence.is_some(), kind == Kind::Edit),
            ("/made_for_kids", made_for_kids.is_some(), kind == Kind::Edit),
        ] {
            if is_given && !is_for_it {
                let reason = Reason::new("not_for_this_action", "must be left out where this is done");
                invalid.check::<()>(place, Err(reason));
            }
        }
        if is_for_tags && tags.is_none() {
            return invalid.check("/tags", Err(missing()));
        }
        let said = Said { tags, category, language, licence, made_for_kids, ..Said::default() };
        let edit = said.parse(invalid);
        match kind {
            Kind::Publish => Some(Action::Publish),
            Kind::Unpublish => Some(Action::Unpublish),
            Kind::SetVisibility => {
                let visibility = invalid.check("/visibility", visibility.ok_or_else(missing))?;
                meant(Some(visibility), minimum_plan_level, invalid).map(Action::SetVisibility)
            }
            Kind::Delete => Some(Action::Delete),
            Kind::Restore => Some(Action::Restore),
            Kind::AddTags => edit.tags.map(Action::AddTags),
            Kind::RemoveTags => edit.tags.map(Action::RemoveTags),
            Kind::Edit => Some(Action::Edit(edit)),
        }
    }
}

impl Action {
    /// Whether there is something to be done with a video that is deleted.
    pub(super) fn reaches_what_is_deleted(&self) -> bool {
        match self {
            Action::Delete | Action::Restore => true,
            Action::Publish
            | Action::Unpublish
            | Action::SetVisibility(_)
            | Action::AddTags(_)
            | Action::RemoveTags(_)
            | Action::Edit(_) => false,
        }
    }

    /// What becomes of a video, and what is written with it where it changes.
    pub(super) fn apply(
        &self,
        context: &Context,
        trace: &TraceParent,
        video: Video,
    ) -> Result<(Outcome, Vec<GuardedStatement>), Problem> {
        let (id, now) = (video.origin.id, context.now());
        let alone = |outcome: Outcome| (outcome, Vec::new());
        let gone = |Gone| Problem::not_found();
        let with_tags = |tags: Tags| Edit { tags: Some(tags), ..Edit::default() };
        Ok(match self {
            Action::Publish => alone(publish::decide(video, now)?),
            Action::Unpublish => alone(unpublish::decide(video, now)?),
            Action::SetVisibility(visibility) => {
                (video.with_visibility(*visibility, now), vec![storage::forget_passwords(id)])
            }
            Action::Delete => {
                let (outcome, purge) = deleted(context, trace, video).map_err(gone)?;
                (outcome, purge.into_iter().collect())
            }
            Action::Restore => given_back(context, trace, video).map_err(gone)?,
            Action::AddTags(tags) => {
                let tags = video.details.tags.with(tags).map_err(too_many_tags)?;
                alone(video.edit(with_tags(tags), now))
            }
            Action::RemoveTags(tags) => {
                let tags = video.details.tags.without(tags);
                alone(video.edit(with_tags(tags), now))
            }
            Action::Edit(edit) => alone(video.edit(edit.clone(), now)),
        })
    }
}

fn missing() -> Reason {
    Reason::new("missing_field", "is required")
}

fn too_many_tags(error: InvalidText) -> Problem {
    Problem::new(StatusCode::CONFLICT, "too_many_tags", "the video has as many tags as it can")
        .with_detail(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn parsed(action: Value) -> Result<Action, Vec<(String, &'static str)>> {
        let request: ActionRequest = serde_json::from_value(action).unwrap();
        let mut invalid = Invalid::default();
        let action = request.parse(&mut invalid);
        let noted = invalid.into_result(()).map_err(|problem| {
            let errors = problem.errors().iter();
            errors.map(|error| (error.pointer.clone().unwrap(), error.code)).collect::<Vec<_>>()
        });
        noted.map(|()| action.unwrap())
    }

    #[test]
    fn an_action_has_what_it_needs_and_nothing_else() {
        for good in [
            json!({"kind": "publish"}),
            json!({"kind": "unpublish"}),
            json!({"kind": "set_visibility", "visibility": "unlisted"}),
            json!({"kind": "set_visibility", "visibility": "subscribers", "minimum_plan_level": 2}),
            json!({"kind": "delete"}),
            json!({"kind": "restore"}),
            json!({"kind": "add_tags", "tags": ["Hiking"]}),
            json!({"kind": "remove_tags", "tags": ["hiking"]}),
            json!({"kind": "edit", "category": null, "language": "en", "licence": "cc-by", "made_for_kids": false}),
        ] {
            assert!(parsed(good.clone()).is_ok(), "{good}");
        }
        for (bad, place, code) in [
            (json!({"kind": "set_visibility"}), "/action/visibility", "missing_field"),
            (json!({"kind": "add_tags"}), "/action/tags", "missing_field"),
            (json!({"kind": "add_tags", "tags": ["a", " "]}), "/action/tags/1", "blank"),
            (json!({"kind": "edit", "category": "Not A Slug"}), "/action/category", "invalid_slug"),
            (json!({"kind": "publish", "visibility": "public"}), "/action/visibility", "not_for_this_action"),
            (json!({"kind": "delete", "tags": []}), "/action/tags", "not_for_this_action"),
            (
                json!({"kind": "set_visibility", "visibility": "public", "minimum_plan_level": 2}),
                "/action/minimum_plan_level",
                "not_for_this_visibility",
            ),
            (json!({"kind": "restore", "licence": null}), "/action/licence", "not_for_this_action"),
        ] {
            assert_eq!(parsed(bad.clone()).err(), Some(vec![(place.to_owned(), code)]), "{bad}");
        }
    }

    #[test]
    fn null_and_nothing_are_two_requests() {
        let text = |action: Value| {
            let request: ActionRequest = serde_json::from_value(action).unwrap();
            serde_json::to_string(&request).unwrap()
        };
        let nothing = text(json!({"kind": "edit"}));
        assert_ne!(text(json!({"kind": "edit", "category": null})), nothing, "their fingerprints differ");
    }
}
