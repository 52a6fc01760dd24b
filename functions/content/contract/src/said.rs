//! What an owner says of a video, at once or in a draft: checked in one way.

use crate::{meant, regions};
use content_domain::{
    Category, CustomFields, Description, Draft, Drafted, Edit, InvalidField, InvalidText, Language, Licence,
    NotSchedulable, TAGS_MAX, Tag, Tags, Title, check_plan,
};
use jiff::Timestamp;
use mcsp_problem::{Invalid, Problem, Reason};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// What is said, as it was sent. What is `None` is not said.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// 1 to 100 characters on one line.
    pub title: Option<String>,
    /// Up to 5,000 characters, in lines.
    pub description: Option<String>,
    /// Up to 30, each of 1 to 30 characters.
    pub tags: Option<Vec<String>>,
    /// A slug; none clears it.
    pub category: Option<Option<String>>,
    /// A BCP 47 tag; none clears it.
    pub language: Option<Option<String>>,
    /// None clears it.
    pub licence: Option<Option<Licence>>,
    /// None clears it.
    pub made_for_kids: Option<Option<bool>>,
    /// Up to 20: slugs of up to 40 characters, and values of 1 to 200, of 16 KiB in all.
    pub custom_fields: Option<BTreeMap<String, String>>,
}

impl Said {
    /// Takes what can be taken, and notes what can't at the field of its name.
    pub fn parse(self, invalid: &mut Invalid) -> Edit {
        let mut edit = Edit { licence: self.licence, made_for_kids: self.made_for_kids, ..Edit::default() };
        if let Some(title) = self.title {
            edit.title = invalid.check("/title", Title::parse(&title).map_err(reason));
        }
        if let Some(description) = self.description {
            edit.description =
                invalid.check("/description", Description::parse(&description).map_err(reason));
        }
        if let Some(tags) = self.tags {
            edit.tags = parse_tags(&tags, invalid);
        }
        if let Some(category) = self.category {
            let category = category.map(|text| Category::parse(&text)).transpose();
            edit.category = invalid.check("/category", category.map_err(reason));
        }
        if let Some(language) = self.language {
            let language = language.map(|text| Language::parse(&text)).transpose();
            edit.language = invalid.check("/language", language.map_err(reason));
        }
        if let Some(fields) = self.custom_fields {
            edit.custom_fields = parse_fields(&fields, invalid);
        }
        edit
    }
}

/// A draft that is whole: it has a title, what it says can be taken, and its publication lies ahead.
pub fn whole(draft: &Draft, now: Timestamp) -> Result<Drafted, Problem> {
    let mut invalid = Invalid::default();
    if draft.title.is_none() {
        invalid.check::<()>("/title", Err(Reason::new("missing_field", "is required")));
    }
    if let Some(publish_at) = draft.publish_at {
        invalid.check("/publish_at", check_plan(publish_at, now).map_err(out_of_range));
    }
    let drafted = drafted(draft, &mut invalid);
    invalid.into_result(drafted)
}

/// A draft that was whole when it was submitted.
pub fn submitted(draft: &Draft) -> Result<Drafted, Problem> {
    let mut invalid = Invalid::default();
    let drafted = drafted(draft, &mut invalid);
    invalid.into_result(drafted)
}

fn drafted(draft: &Draft, invalid: &mut Invalid) -> Drafted {
    let Draft { title, description, tags, category, language, publish_at, .. } = draft.clone();
    let said = Said {
        title,
        description,
        tags,
        category: category.map(Some),
        language: language.map(Some),
        licence: draft.licence.map(Some),
        made_for_kids: draft.made_for_kids.map(Some),
        custom_fields: draft.custom_fields.clone(),
    };
    Drafted {
        edit: said.parse(invalid),
        visibility: meant(draft.visibility, draft.minimum_plan_level, invalid),
        // As it is kept: finer than that it would not be found to be the same.
        publish_at: publish_at.and_then(|at| Timestamp::from_millisecond(at.as_millisecond()).ok()),
        regions: draft.regions.as_ref().map(|said| regions("/regions", (&said.allow, &said.deny), invalid)),
    }
}

/// Too many are one error, not one for each.
fn parse_tags(texts: &[String], invalid: &mut Invalid) -> Option<Tags> {
    if texts.len() > TAGS_MAX {
        return invalid.check("/tags", Err(reason(InvalidText::TooMany { max: TAGS_MAX })));
    }
    let parsed = texts.iter().enumerate();
    let tags: Vec<Tag> = parsed
        .filter_map(|(n, text)| invalid.check(&format!("/tags/{n}"), Tag::parse(text).map_err(reason)))
        .collect();
    invalid.check("/tags", Tags::new(tags).map_err(reason))
}

/// What is wrong with a key, or too much, is told of all of them: a key can be anything.
fn parse_fields(given: &BTreeMap<String, String>, invalid: &mut Invalid) -> Option<CustomFields> {
    let mut fields = CustomFields::default();
    let mut is_good = true;
    for (key, value) in given {
        let (place, error) = match fields.set(key, value) {
            Ok(()) => continue,
            Err(InvalidField::Key(error)) => ("/custom_fields".to_owned(), error),
            Err(InvalidField::Value(error)) => (format!("/custom_fields/{key}"), error),
        };
        invalid.check::<()>(&place, Err(reason(error)));
        is_good = false;
        if matches!(error, InvalidText::TooMany { .. }) {
            break;
        }
    }
    if !is_good {
        return None;
    }
    let fit = fields.fit().map_err(reason);
    invalid.check("/custom_fields", fit.map(|()| fields))
}

/// Tells a field that is left out, which is `None`, from one that is null.
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

fn reason(error: InvalidText) -> Reason {
    Reason::new(error.code(), error.to_string())
}

fn out_of_range(error: NotSchedulable) -> Reason {
    Reason::new("out_of_range", error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_are_too_long_together_are_one_error() {
        // Of 200 characters, and 2,200 bytes.
        let value = "\u{1f468}\u{200d}\u{1f469}".repeat(200);
        for (count, expected) in
            [(7, None), (8, Some(("/custom_fields", "too_long"))), (20, Some(("/custom_fields", "too_long")))]
        {
            let fields = (0..count).map(|n| (format!("k{n}"), value.clone())).collect();
            let mut invalid = Invalid::default();
            let edit = Said { custom_fields: Some(fields), ..Said::default() }.parse(&mut invalid);
            let problem = invalid.into_problem();
            let found: Vec<_> = problem
                .errors()
                .iter()
                .map(|error| (error.pointer.as_deref().unwrap(), error.code))
                .collect();
            assert_eq!(found, Vec::from_iter(expected), "{count} fields");
            assert_eq!(edit.custom_fields.is_some(), expected.is_none(), "{count} fields");
        }
    }
}
