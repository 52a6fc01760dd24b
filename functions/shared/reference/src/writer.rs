//! What the document says of one operation.
#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value is null where it has no such field, and what is written to is an object that is made here"
)]

use crate::answer::Answer;
use crate::document::{ACCESS_TOKEN, CLIENT, PLATFORM_TOKEN, UPLOAD_TOKEN};
use crate::header::{self, OPTIONAL};
use crate::operation::{Operation, Token};
use crate::refusal::{PROBLEM, Refusal, RefusalDocument};
use crate::schemas::{Schemas, of_parameters};
use http::{HeaderName, StatusCode};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) struct Writer {
    pub(crate) schemas: Schemas,
    /// What tells of refusals that say nothing else.
    problem: RefusalDocument,
    /// Responses that refuse, by status and codes.
    pub(crate) refusals: Map<String, Value>,
    /// The title of each code, by media type and status.
    titles: BTreeMap<(&'static str, u16, &'static str), &'static str>,
    pub(crate) faults: Vec<String>,
    ids: BTreeSet<&'static str>,
}

impl Writer {
    pub(crate) fn new(problem: RefusalDocument) -> Self {
        Writer {
            schemas: Schemas::default(),
            problem,
            refusals: Map::new(),
            titles: BTreeMap::new(),
            faults: Vec::new(),
            ids: BTreeSet::new(),
        }
    }

    pub(crate) fn fault(&mut self, operation: &Operation, what: &str) {
        self.faults.push(format!("{} {}: {what}", operation.method, operation.path));
    }

    pub(crate) fn operation(&mut self, section: &str, operation: &Operation) -> Value {
        if operation.summary.is_empty() || operation.description.is_empty() {
            self.fault(operation, "has no summary or no description");
        }
        if operation.id.is_empty() || !self.ids.insert(operation.id) {
            self.fault(operation, "has no name of its own");
        }
        if operation.answers.is_empty() {
            self.fault(operation, "has no answer");
        }
        if !operation.permissions.is_empty() && operation.token != Token::Access {
            self.fault(operation, "asks for a permission and for no access token");
        }
        let mut written = json!({
            "tags": [section],
            "operationId": operation.id,
            "summary": operation.summary,
            "description": operation.description,
            "security": security(operation),
            "responses": self.responses(operation),
        });
        let parameters = self.parameters(operation);
        if !parameters.is_empty() {
            written["parameters"] = Value::Array(parameters);
        }
        if let Some(body) = &operation.body {
            let schemas = body.schemas.iter();
            let content: Map<_, _> = schemas
                .map(|(media_type, schema)| {
                    ((*media_type).to_owned(), json!({"schema": self.schemas.of_request(*schema)}))
                })
                .collect();
            written["requestBody"] = json!({"required": body.required, "content": content});
        }
        written
    }

    fn parameters(&mut self, operation: &Operation) -> Vec<Value> {
        let names = placeholders(operation.path);
        let schemas = match operation.path_parameters.map(of_parameters) {
            None => Vec::new(),
            Some(schema) => match schema["prefixItems"].as_array() {
                Some(items) => items.clone(),
                None => vec![schema],
            },
        };
        if names.len() != schemas.len() {
            self.fault(operation, "takes another number of path parameters than its path has");
        }
        let in_path =
            names.into_iter().zip(schemas).map(|(name, schema)| parameter("path", name, true, schema));
        let mut parameters: Vec<Value> = in_path.collect();
        if let Some(query) = operation.query.map(of_parameters) {
            let required = query["required"].as_array().cloned().unwrap_or_default();
            for (name, schema) in query["properties"].as_object().into_iter().flatten() {
                let required = required.iter().any(|field| field == name);
                parameters.push(parameter("query", name, required, not_null(schema.clone())));
            }
        }
        for (name, required) in &operation.headers {
            match header::find(name.as_str()) {
                None => self.fault(operation, &format!("takes the header {name}, which is not described")),
                Some(header) => parameters.push(json!({
                    "in": "header", "name": header.name, "required": required,
                    "description": header.description, "schema": header.schema(), "example": header.example(),
                })),
            }
        }
        for parameter in &parameters {
            if parameter["description"].as_str().is_none_or(str::is_empty) {
                self.fault(operation, &format!("does not describe the parameter {}", parameter["name"]));
            }
        }
        parameters
    }

    fn responses(&mut self, operation: &Operation) -> Map<String, Value> {
        let mut responses = Map::new();
        for answer in &operation.answers {
            let written = self.answer(operation, answer);
            if responses.insert(answer.status.as_str().to_owned(), written).is_some() {
                self.fault(operation, "has two answers of one status");
            }
        }
        let mut by_status: BTreeMap<u16, Vec<&Refusal>> = BTreeMap::new();
        for refusal in operation.refusals.values() {
            by_status.entry(refusal.status.as_u16()).or_default().push(refusal);
        }
        for (status, refusals) in by_status {
            let written = self.refusals(operation, status, &refusals);
            match responses.get_mut(&status.to_string()) {
                Some(answer) => merge(answer, &written),
                None => {
                    drop(responses.insert(status.to_string(), self.shared(operation, &refusals, written)))
                }
            }
        }
        responses
    }

    /// Keeps a response once, however many operations have it.
    fn shared(&mut self, operation: &Operation, refusals: &[&Refusal], response: Value) -> Value {
        let status = refusals.first().map(|refusal| refusal.status.as_str().to_owned());
        let codes = refusals.iter().map(|refusal| refusal.code.to_owned());
        let name = status.into_iter().chain(codes).collect::<Vec<_>>().join(".");
        let reference = json!({"$ref": format!("#/components/responses/{name}")});
        let known = self.refusals.entry(name).or_insert_with(|| response.clone());
        if *known != response {
            self.fault(operation, "gives codes other headers or documents than other operations do");
        }
        reference
    }

    fn answer(&mut self, operation: &Operation, answer: &Answer) -> Value {
        let mut written = json!({"description": answer.description});
        if let Some((media_type, schema)) = answer.body {
            let schema = self.schemas.of_answer(schema);
            written["content"] = json!({media_type: {"schema": schema}});
        }
        let common = [(TRACEPARENT, true)].into_iter().chain(LIMITS.map(|name| (name, false)));
        let headers: Vec<_> = answer.headers.iter().cloned().chain(common).collect();
        written["headers"] = self.headers(operation, &headers);
        written
    }

    fn refusals(&mut self, operation: &Operation, status: u16, refusals: &[&Refusal]) -> Value {
        for refusal in refusals {
            let media_type = refusal.document.map_or(PROBLEM, |document| document.media_type);
            let told = (media_type, status, refusal.code);
            if *self.titles.entry(told).or_insert(refusal.title) != refusal.title {
                self.fault(
                    operation,
                    &format!("gives the code {} another title than elsewhere", refusal.code),
                );
            }
        }
        let listed = refusals.iter().map(|refusal| format!("- `{}`: {}", refusal.code, refusal.title));
        let listed: Vec<_> = listed.collect();
        let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        let names: BTreeSet<&str> =
            refusals.iter().flat_map(|r| &r.headers).map(HeaderName::as_str).collect();
        let headers: Vec<(HeaderName, bool)> = names
            .into_iter()
            .filter_map(|name| HeaderName::try_from(name).ok())
            .filter(|name| !LIMITS.contains(name))
            .map(|name| {
                let always = refusals.iter().all(|refusal| refusal.headers.contains(&name));
                (name, always)
            })
            .chain([(TRACEPARENT, false)])
            .chain(LIMITS.map(|name| (name, false)))
            .collect();
        json!({
            "description": format!("{}\n\n{}", reason.unwrap_or("Problem"), listed.join("\n")),
            "headers": self.headers(operation, &headers),
            "content": self.documents(status, refusals),
        })
    }

    /// The documents that tell of refusals, by media type.
    fn documents(&mut self, status: u16, refusals: &[&Refusal]) -> Map<String, Value> {
        let plain = refusals.iter().filter(|refusal| refusal.document.is_none()).copied().collect();
        let mut groups: Vec<(RefusalDocument, Vec<&Refusal>)> = vec![(self.problem, plain)];
        for refusal in refusals {
            let Some(document) = refusal.document else { continue };
            // All that is told by one document in this status has the same schema.
            match groups.iter_mut().skip(1).find(|(known, _)| known.media_type == document.media_type) {
                Some((_, group)) => group.push(refusal),
                None => groups.push((document, vec![refusal])),
            }
        }
        let mut content: Map<String, Value> = Map::new();
        for (document, group) in groups.into_iter().filter(|(_, group)| !group.is_empty()) {
            let schema = self.schemas.of_answer(document.schema);
            let codes: Vec<_> = group.iter().map(|refusal| refusal.code).collect();
            let code = document.members.0;
            let told = json!({"allOf": [schema, {"properties": {code: {"type": "string", "enum": codes}}}]});
            match content.get_mut(document.media_type) {
                Some(body) => {
                    body["schema"] = json!({"anyOf": [body["schema"].take(), told]});
                }
                None => {
                    let body = json!({"schema": told, "example": plain_example(document, status, &group)});
                    content.insert(document.media_type.to_owned(), body);
                }
            }
        }
        content
    }

    fn headers(&mut self, operation: &Operation, names: &[(HeaderName, bool)]) -> Value {
        let mut headers = Map::new();
        for (name, always) in names {
            match header::find(name.as_str()) {
                None => {
                    self.fault(operation, &format!("answers with the header {name}, which is not described"))
                }
                Some(header) => {
                    let place = format!(
                        "#/components/headers/{}{}",
                        header.name,
                        if *always { "" } else { OPTIONAL }
                    );
                    headers.insert(header.name.to_owned(), json!({"$ref": place}));
                }
            }
        }
        Value::Object(headers)
    }
}

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// What nearly every answer has: only where nobody is counted there are none.
const LIMITS: [HeaderName; 2] =
    [HeaderName::from_static("ratelimit"), HeaderName::from_static("ratelimit-policy")];

fn parameter(place: &str, name: &str, required: bool, mut schema: Value) -> Value {
    let mut parameter = json!({"in": place, "name": name, "required": required});
    if let Some(fields) = schema.as_object_mut() {
        if let Some(description) = fields.remove("description") {
            parameter["description"] = description;
        }
        if let Some(example) = fields.remove("examples").as_mut().and_then(|examples| examples.get(0)) {
            parameter["example"] = example.clone();
        }
    }
    parameter["schema"] = schema;
    parameter
}

/// A parameter that is left out is not null.
fn not_null(mut schema: Value) -> Value {
    if schema["default"].is_null()
        && let Some(fields) = schema.as_object_mut()
    {
        fields.remove("default");
    }
    if let Some(kinds) = schema["type"].as_array() {
        let kinds: Vec<_> = kinds.iter().filter(|kind| *kind != "null").cloned().collect();
        if let [kind] = kinds.as_slice() {
            schema["type"] = kind.clone();
        }
    }
    if let Some(fields) = schema.as_object_mut()
        && let Some(Value::Array(ways)) = fields.remove("anyOf")
    {
        let ways: Vec<_> = ways.into_iter().filter(|way| way["type"] != "null").collect();
        match <[Value; 1]>::try_from(ways) {
            Ok([Value::Object(only)]) => only.into_iter().for_each(|(key, value)| {
                fields.entry(key).or_insert(value);
            }),
            Ok([other]) => drop(fields.insert("anyOf".to_owned(), json!([other]))),
            Err(ways) => drop(fields.insert("anyOf".to_owned(), Value::Array(ways))),
        }
    }
    schema
}

/// The names in braces, in their order.
fn placeholders(path: &str) -> Vec<&str> {
    path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}')).collect()
}

/// Adds an answer of another media type to one with the same status.
fn merge(answer: &mut Value, other: &Value) {
    for (media_type, body) in other["content"].as_object().into_iter().flatten() {
        answer["content"][media_type] = body.clone();
    }
    let both = [&answer["description"], &other["description"]];
    answer["description"] = both.map(|text| text.as_str().unwrap_or_default()).join("\n\n").into();
    let headers = [&answer["headers"], &other["headers"]].map(|headers| headers.as_object().cloned());
    let [mut headers, others] = headers.map(Option::unwrap_or_default);
    // What one of them does not always have, both do not.
    let is_shared = |name: &String| headers.get(name) == others.get(name);
    let names: Vec<_> =
        headers.keys().chain(others.keys()).filter(|name| !is_shared(name)).cloned().collect();
    for name in names {
        let place = format!("#/components/headers/{name}{OPTIONAL}");
        headers.insert(name, json!({"$ref": place}));
    }
    answer["headers"] = headers.into();
}

/// The first refusal of a group, without what only some occurrences have.
fn plain_example(document: RefusalDocument, status: u16, group: &[&Refusal]) -> Option<Value> {
    let refusal = group.first()?;
    let (code, title) = document.members;
    let mut example = json!({code: refusal.code, title: refusal.title});
    if document.media_type == PROBLEM {
        example["type"] = format!("urn:mcsp:problem:{}", refusal.code).into();
        example["status"] = status.into();
    }
    Some(example)
}

/// Any of these will do.
fn security(operation: &Operation) -> Value {
    let mut ways: Vec<Value> = match operation.token {
        Token::None => Vec::new(),
        Token::Optional => vec![json!({}), json!({ACCESS_TOKEN: []})],
        Token::Client => vec![json!({CLIENT: []}), json!({})],
        Token::Access if operation.permissions.is_empty() => vec![json!({ACCESS_TOKEN: []})],
        Token::Access => {
            let names = operation.permissions.iter().map(|name| name.iter().collect::<Vec<_>>());
            names.map(|names| json!({ACCESS_TOKEN: names})).collect()
        }
    };
    ways.extend(operation.platform.then(|| json!({PLATFORM_TOKEN: []})));
    ways.extend(operation.upload.then(|| json!({UPLOAD_TOKEN: []})));
    ways.into()
}
