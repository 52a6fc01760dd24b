//! The OpenAPI 3.1 document.
#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value is null where it has no such field, and what is written to is an object that is made here"
)]

use crate::header::{HEADERS, OPTIONAL};
use crate::refusal::{PROBLEM, RefusalDocument};
use crate::writer::Writer;
use crate::{Section, example};
use schemars::JsonSchema;
use serde_json::{Map, Value, json};

/// The name of the security scheme of access tokens.
pub(crate) const ACCESS_TOKEN: &str = "access_token";
/// The name of the security scheme of clients.
pub(crate) const CLIENT: &str = "client";
/// The name of the security scheme of the platform's own parts.
pub(crate) const PLATFORM_TOKEN: &str = "platform_token";
/// The name of the security scheme of uploads that others send.
pub(crate) const UPLOAD_TOKEN: &str = "upload_token";

/// What the document is made of.
pub struct Document {
    title: &'static str,
    version: &'static str,
    introduction: &'static str,
    services: Vec<(&'static str, Vec<Section>)>,
    problem: RefusalDocument,
}

/// What the document lacks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the API reference is incomplete:\n{}", .0.join("\n"))]
pub struct Incomplete(pub Vec<String>);

impl Document {
    /// An empty document, with the type of problem documents.
    pub fn new<P: JsonSchema>(
        title: &'static str,
        version: &'static str,
        introduction: &'static str,
    ) -> Self {
        let problem = RefusalDocument::new::<P>(PROBLEM, ("code", "title"));
        Document { title, version, introduction, services: Vec::new(), problem }
    }

    /// Adds a service with its components.
    #[must_use]
    pub fn service(mut self, name: &'static str, sections: impl IntoIterator<Item = Section>) -> Self {
        self.services.push((name, sections.into_iter().collect()));
        self
    }

    /// The document, if nothing is lacking.
    pub fn build(self) -> Result<Value, Incomplete> {
        let mut writer = Writer::new(self.problem);
        let mut paths: Map<String, Value> = Map::new();
        for section in self.services.iter().flat_map(|(_, sections)| sections) {
            for operation in &section.operations {
                let item = paths.entry(operation.path).or_insert_with(|| json!({}));
                let method = operation.method.as_str().to_ascii_lowercase();
                if !item[&method].is_null() {
                    writer.fault(operation, "is described twice");
                }
                item[method] = writer.operation(section.name, operation);
            }
        }
        let Writer { schemas, refusals, mut faults, .. } = writer;
        let components = schemas.finish(&mut faults);
        undescribed(&components, &mut faults);
        give_examples(&mut paths, &components);
        let document = json!({
            "openapi": "3.1.1",
            "info": {
                "title": self.title,
                "version": self.version,
                "description": self.introduction,
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "servers": [{"url": "/", "description": "Where this document was read"}],
            "tags": tags(&self.services),
            "x-tagGroups": groups(&self.services),
            "paths": paths,
            "components": {
                "schemas": components,
                "responses": refusals,
                "headers": headers(),
                "securitySchemes": security_schemes(),
            },
        });
        if faults.is_empty() { Ok(document) } else { Err(Incomplete(faults)) }
    }
}

fn security_schemes() -> Value {
    json!({
        ACCESS_TOKEN: {
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "An access token (RFC 9068). What stands beside it is the permission that the caller needs. One that is \
                bound to a key is sent as `DPoP`, with a proof in the header of that name (RFC 9449).",
        },
        CLIENT: {
            "type": "http", "scheme": "basic",
            "description": "A client's id and secret, both form-encoded (RFC 6749, section 2.3.1). They may stand in the body instead.",
        },
        PLATFORM_TOKEN: {
            "type": "http", "scheme": "bearer",
            "description": "The token that the parts of the platform share. Clients have none: to them there is nothing here.",
        },
        UPLOAD_TOKEN: {
            "type": "http", "scheme": "bearer",
            "description": "The token of the one upload that the path names, which its owner got by `POST /v1/uploads/{id}/token` for \
                somebody without an account.",
        },
    })
}

fn headers() -> Map<String, Value> {
    let mut headers = Map::new();
    for header in HEADERS {
        let written = |required: bool| {
            json!({
                "description": header.description, "required": required, "schema": header.schema(),
                "example": header.example(),
            })
        };
        headers.insert(header.name.to_owned(), written(true));
        headers.insert(format!("{}{OPTIONAL}", header.name), written(false));
    }
    headers
}

fn tags(services: &[(&str, Vec<Section>)]) -> Vec<Value> {
    let sections = services.iter().flat_map(|(_, sections)| sections);
    sections.map(|section| json!({"name": section.name, "description": section.description})).collect()
}

fn groups(services: &[(&str, Vec<Section>)]) -> Vec<Value> {
    let names = |sections: &[Section]| sections.iter().map(|section| section.name).collect::<Vec<_>>();
    services.iter().map(|(name, sections)| json!({"name": name, "tags": names(sections)})).collect()
}

/// Notes each field that says nothing of itself.
fn undescribed(components: &Map<String, Value>, faults: &mut Vec<String>) {
    let is_described = |schema: &Value| {
        let named = schema["$ref"].as_str().and_then(|place| place.rsplit('/').next());
        let named = named.is_some_and(|name| components[name]["description"].is_string());
        named || schema["description"].is_string()
    };
    for (name, schema) in components {
        for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
            let ways = schema["anyOf"].as_array().into_iter().flatten();
            if !is_described(schema) && !ways.into_iter().any(is_described) {
                faults.push(format!("schema {name}: the field `{field}` has no description"));
            }
        }
    }
}

/// Gives an example to each body that has none.
fn give_examples(paths: &mut Map<String, Value>, components: &Map<String, Value>) {
    let operations = paths.values_mut().filter_map(Value::as_object_mut).flat_map(Map::values_mut);
    for operation in operations {
        if let Some(request) = operation.pointer_mut("/requestBody/content") {
            complete(request, components);
        }
        for response in operation["responses"].as_object_mut().into_iter().flat_map(Map::values_mut) {
            if let Some(answer) = response.get_mut("content") {
                complete(answer, components);
            }
        }
    }
}

fn complete(content: &mut Value, components: &Map<String, Value>) {
    for (media_type, body) in content.as_object_mut().into_iter().flatten() {
        // A page is to be looked at.
        if media_type != "text/html" && body["example"].is_null() {
            let example = example::of(&body["schema"], components);
            body["example"] = example;
        }
    }
}
