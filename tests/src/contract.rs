//! Holds every answer against the API reference: what is answered stands in `docs/openapi.json`.

use jsonschema::Validator;
use mcsp_manifest::is_grpc;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// What any path may answer, whatever its operations say.
const ANYWHERE: [(u16, &str); 2] = [(404, "not_found"), (405, "method_not_allowed")];

/// What every answer of a protocol's routes has, which is said of all of them together; and what every answer has where pages of other
/// origins may call.
const EVERYWHERE: [&str; 2] = ["Tus-Resumable", "Vary"];

static CONTRACT: LazyLock<Contract> = LazyLock::new(Contract::committed);

/// The API reference, as something to hold answers against.
struct Contract {
    document: Value,
    /// Validators by the place of their schema. Making one takes longer than using it.
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// An answer, as it came.
pub(crate) struct Seen<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    /// The request's body, where it was JSON.
    pub(crate) request: Option<Value>,
    pub(crate) status: StatusCode,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

/// Checks an answer.
///
/// # Panics
/// When the API reference does not say that such a request may be answered like this.
pub(crate) fn check(seen: &Seen<'_>) {
    if let Err(fault) = CONTRACT.fault(seen) {
        let body = String::from_utf8_lossy(seen.body);
        panic!(
            "{} {} was answered as docs/openapi.json does not say: {fault}\n{} {body}",
            seen.method, seen.path, seen.status
        );
    }
}

/// The permissions of which the API reference says that one is needed. None where a token is enough.
pub fn permissions(method: &str, path: &str) -> Vec<&'static str> {
    let item = CONTRACT.item(path).map(|(_, item)| item);
    let ways = item.and_then(|item| ways(item.get(&method.to_ascii_lowercase())?));
    ways.into_iter().flatten().map(|way| way[0].as_str()).collect::<Option<_>>().unwrap_or_default()
}

/// What each way of using an access token asks for.
fn ways(operation: &Value) -> Option<impl Iterator<Item = &Value>> {
    Some(operation["security"].as_array()?.iter().filter_map(|way| way.get("access_token")))
}

impl Contract {
    fn committed() -> Contract {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");
        let text = std::fs::read_to_string(path).expect("docs/openapi.json: run scripts/generate");
        let mut document: Value = serde_json::from_str(&text).expect("JSON");
        // Clients are told to pass over fields that they don't know. The platform itself has to know its own.
        for schema in document["components"]["schemas"].as_object_mut().expect("schemas").values_mut() {
            close(schema);
        }
        Contract { document, validators: Mutex::new(HashMap::new()) }
    }

    fn fault(&self, seen: &Seen<'_>) -> Result<(), String> {
        let status = seen.status.as_u16();
        let problem: Value = serde_json::from_slice(seen.body).unwrap_or_default();
        if ANYWHERE.contains(&(status, problem["code"].as_str().unwrap_or_default())) {
            return self.fits("/components/schemas/Problem", &problem);
        }
        if is_grpc(seen.path) {
            // What is answered to who speaks gRPC stands in docs/grpc, and its own client looks.
            return self.fits("/components/schemas/Problem", &problem);
        }
        let (path, item) = self.item(seen.path).ok_or("the path is not described")?;
        let method = seen.method.to_ascii_lowercase();
        let described = item.get(&method).ok_or("the method is not described")?;
        if problem["code"] == "insufficient_permission" {
            let told = problem["detail"].as_str().and_then(|detail| detail.split(' ').next_back());
            if !ways(described).into_iter().flatten().any(|way| told.is_some() && way[0].as_str() == told) {
                return Err(format!("the permission is {told:?}"));
            }
        }
        let operation = format!("/paths/{}/{method}", escaped(path));
        let (place, response) = self.response(format!("{operation}/responses/{status}"))?;
        if problem.get("code").is_some() && problem["status"] != status {
            return Err(format!("the problem is of status {}", problem["status"]));
        }
        self.headers_fit(response, seen.headers)?;
        self.body_fits(&place, response, seen)?;
        match &seen.request {
            Some(request) if seen.status.is_success() => self.request_fits(&operation, request),
            _ => Ok(()),
        }
    }

    /// The path item of a path, literal segments before placeholders.
    fn item(&self, path: &str) -> Option<(&str, &Map<String, Value>)> {
        let items = self.document["paths"].as_object()?;
        let found = items.iter().filter(|(template, _)| matches(template, path));
        let (template, item) = found.min_by_key(|(template, _)| template.matches('{').count())?;
        Some((template, item.as_object()?))
    }

    /// A response with its place, which may be referred to.
    fn response(&self, place: String) -> Result<(String, &Value), String> {
        let response = self.document.pointer(&place).ok_or("the status is not described")?;
        match response["$ref"].as_str() {
            Some(shared) => self.response(shared.trim_start_matches('#').to_owned()),
            None => Ok((place, response)),
        }
    }

    /// Described headers have the described form; those that are promised are there; those that the reference
    /// knows at all are described here too.
    fn headers_fit(&self, response: &Value, headers: &HeaderMap) -> Result<(), String> {
        let described = response["headers"].as_object().ok_or("no header is described")?;
        for (name, reference) in described {
            let place = reference["$ref"].as_str().unwrap_or_default().trim_start_matches('#');
            let header = self.document.pointer(place).ok_or_else(|| format!("{place} is missing"))?;
            let values: Vec<_> =
                headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
            if values.is_empty() && header["required"] == true {
                return Err(format!("the header {name} is missing"));
            }
            for value in values {
                let value = match header["schema"]["type"].as_str() {
                    Some("integer") => value.parse::<i64>().map_or(json!(value), |number| json!(number)),
                    _ => json!(value),
                };
                self.fits(&format!("{place}/schema"), &value).map_err(|fault| format!("{name}: {fault}"))?;
            }
        }
        let known = self.document["components"]["headers"].as_object().ok_or("no headers")?;
        let known = known.keys().filter(|name| !name.ends_with("-where-given"));
        let told = |name: &&String| described.contains_key(*name) || EVERYWHERE.contains(&name.as_str());
        let stray = known.filter(|name| headers.contains_key(name.as_str()) && !told(name));
        match stray.map(String::as_str).collect::<Vec<_>>().as_slice() {
            [] => Ok(()),
            stray => Err(format!("these headers are not described: {}", stray.join(", "))),
        }
    }

    fn body_fits(&self, place: &str, response: &Value, seen: &Seen<'_>) -> Result<(), String> {
        let media_type = seen.headers.get("content-type").and_then(|value| value.to_str().ok());
        let media_type = media_type.map(|text| text.split(';').next().unwrap_or_default().trim());
        match (response["content"].as_object(), media_type) {
            (None, _) if seen.body.is_empty() => Ok(()),
            (Some(content), Some(media_type)) if content.contains_key(media_type) => {
                let schema = format!("{place}/content/{}/schema", escaped(media_type));
                if media_type != "application/json" && !media_type.ends_with("+json") {
                    return Ok(());
                }
                let body = serde_json::from_slice(seen.body).map_err(|error| format!("no JSON: {error}"))?;
                self.fits(&schema, &body)
            }
            (_, media_type) => Err(format!("a body of type {media_type:?} is not described")),
        }
    }

    /// What was taken is what was described.
    fn request_fits(&self, operation: &str, request: &Value) -> Result<(), String> {
        let schema = format!("{operation}/requestBody/content/application~1json/schema");
        if self.document.pointer(&schema).is_none() {
            return Ok(());
        }
        self.fits(&schema, request).map_err(|fault| format!("the request was taken: {fault}"))
    }

    fn fits(&self, place: &str, value: &Value) -> Result<(), String> {
        let validator = self.validator(place);
        let faults: Vec<_> =
            validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
        if faults.is_empty() { Ok(()) } else { Err(faults.join("; ")) }
    }

    fn validator(&self, place: &str) -> Arc<Validator> {
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        let validator = validators.entry(place.to_owned()).or_insert_with(|| {
            let mut schema = self.document.pointer(place).expect("a schema").clone();
            // What its references name must be below the same root.
            schema["components"] = self.document["components"].clone();
            let options = jsonschema::options().should_validate_formats(true);
            Arc::new(options.build(&schema).unwrap_or_else(|error| panic!("{place}: {error}")))
        });
        Arc::clone(validator)
    }
}

/// Whether a path is one of a template: `/v1/videos/{id}`.
fn matches(template: &str, path: &str) -> bool {
    let (mut template, mut path) = (template.split('/'), path.split('/'));
    loop {
        match (template.next(), path.next()) {
            (None, None) => return true,
            (Some(expected), Some(segment)) if expected == segment || expected.starts_with('{') => {}
            _ => return false,
        }
    }
}

/// Lets an object have no fields but those that are described.
fn close(schema: &mut Value) {
    let Some(fields) = schema.as_object_mut() else { return };
    if fields.contains_key("properties") && !fields.contains_key("additionalProperties") {
        fields.insert("unevaluatedProperties".to_owned(), false.into());
    }
    for keyword in ["properties", "items", "anyOf", "oneOf"] {
        match fields.get_mut(keyword) {
            Some(Value::Object(inner)) if keyword == "properties" => inner.values_mut().for_each(close),
            Some(Value::Array(inner)) => inner.iter_mut().for_each(close),
            Some(inner) => close(inner),
            None => {}
        }
    }
}

/// As a segment of a JSON Pointer (RFC 6901).
fn escaped(text: &str) -> String {
    text.replace('~', "~0").replace('/', "~1")
}
