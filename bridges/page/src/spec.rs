//! The document, by what the page shows.

use serde_json::Value;

/// The methods, in the order in which operations of one path are shown.
const METHODS: [&str; 6] = ["options", "get", "post", "put", "patch", "delete"];

pub(crate) struct Spec<'a> {
    document: &'a Value,
    groups: Vec<Group<'a>>,
    /// Headers that all answers may have.
    everywhere: Vec<&'a str>,
}

/// A service.
pub(crate) struct Group<'a> {
    pub(crate) name: &'a str,
    pub(crate) sections: Vec<Section<'a>>,
}

/// A tag, with its operations.
pub(crate) struct Section<'a> {
    pub(crate) name: &'a str,
    pub(crate) description: &'a str,
    pub(crate) operations: Vec<Item<'a>>,
}

/// An operation.
pub(crate) struct Item<'a> {
    pub(crate) method: &'static str,
    pub(crate) path: &'a str,
    pub(crate) id: &'a str,
    pub(crate) operation: &'a Value,
}

impl Item<'_> {
    pub(crate) fn summary(&self) -> &str {
        text(&self.operation["summary"])
    }
}

impl<'a> Spec<'a> {
    pub(crate) fn new(document: &'a Value) -> Self {
        let tags = document["tags"].as_array().into_iter().flatten();
        let mut sections: Vec<Section<'a>> = tags
            .map(|tag| Section {
                name: text(&tag["name"]),
                description: text(&tag["description"]),
                operations: Vec::new(),
            })
            .collect();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for method in METHODS {
                let Some(operation) = item.get(method) else { continue };
                let tag = text(&operation["tags"][0]);
                if let Some(section) = sections.iter_mut().find(|section| section.name == tag) {
                    section.operations.push(Item {
                        method,
                        path,
                        id: text(&operation["operationId"]),
                        operation,
                    });
                }
            }
        }
        let mut spec = Spec { document, groups: grouped(document, sections), everywhere: Vec::new() };
        spec.everywhere = spec.common_headers();
        spec
    }

    fn common_headers(&self) -> Vec<&'a str> {
        let operations = self.sections().flat_map(|section| &section.operations);
        let answers: Vec<_> = operations
            .flat_map(|item| item.operation["responses"].as_object().into_iter().flatten())
            .collect();
        let headers = self.document["components"]["headers"].as_object().into_iter().flatten();
        let is_common = |name: &str| {
            answers.iter().all(|(_, answer)| self.resolved(answer)["headers"].get(name).is_some())
        };
        headers.map(|(name, _)| name.as_str()).filter(|name| is_common(name)).collect()
    }

    /// Whether all answers may have the header, so that it is said once in the introduction.
    pub(crate) fn is_everywhere(&self, header: &str) -> bool {
        self.everywhere.contains(&header)
    }

    pub(crate) fn title(&self) -> &'a str {
        text(&self.document["info"]["title"])
    }

    pub(crate) fn version(&self) -> &'a str {
        text(&self.document["info"]["version"])
    }

    pub(crate) fn introduction(&self) -> &'a str {
        text(&self.document["info"]["description"])
    }

    pub(crate) fn groups(&self) -> &[Group<'a>] {
        &self.groups
    }

    pub(crate) fn sections(&self) -> impl Iterator<Item = &Section<'a>> {
        self.groups.iter().flat_map(|group| &group.sections)
    }

    pub(crate) fn schemas(&self) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let schemas = self.document["components"]["schemas"].as_object().into_iter().flatten();
        schemas.map(|(name, schema)| (name.as_str(), schema))
    }

    /// What a reference stands for, or the value itself.
    pub(crate) fn resolved<'v>(&self, value: &'v Value) -> &'v Value
    where
        'a: 'v,
    {
        let place = value["$ref"].as_str().and_then(|place| place.strip_prefix('#'));
        place.and_then(|place| self.document.pointer(place)).unwrap_or(value)
    }
}

/// Sections by `x-tagGroups`; what is in no group stands in one of its own.
fn grouped<'a>(document: &'a Value, mut sections: Vec<Section<'a>>) -> Vec<Group<'a>> {
    let mut groups = Vec::new();
    for group in document["x-tagGroups"].as_array().into_iter().flatten() {
        let tags: Vec<_> = group["tags"].as_array().into_iter().flatten().map(text).collect();
        let (inside, outside) = sections.into_iter().partition(|section| tags.contains(&section.name));
        sections = outside;
        groups.push(Group { name: text(&group["name"]), sections: inside });
    }
    if !sections.is_empty() {
        groups.push(Group { name: "More", sections });
    }
    groups
}

/// The text of a value; empty where it is none.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
