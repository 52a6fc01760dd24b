//! An example of each schema, made of the examples of its fields.

use serde_json::{Map, Value, json};

/// A value that fits the schema. `components` are the schemas that it may refer to.
pub(crate) fn of(schema: &Value, components: &Map<String, Value>) -> Value {
    if let Some(name) = schema["$ref"].as_str().and_then(|place| place.rsplit('/').next()) {
        return components.get(name).map_or(Value::Null, |schema| of(schema, components));
    }
    if let Some(example) = schema["examples"].get(0).or_else(|| schema.get("const")) {
        return example.clone();
    }
    if let Some(default) = schema.get("default").filter(|default| !default.is_null()) {
        return default.clone();
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    if let Some(first) = ["anyOf", "oneOf"].iter().find_map(|key| schema[key].get(0)) {
        return of(first, components);
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.first().and_then(Value::as_str),
        kind => kind.as_str(),
    };
    match kind {
        Some("object") => object(schema, components),
        Some("array") => Value::Array(vec![of(&schema["items"], components)]),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or_else(|| json!(1)),
        Some("boolean") => json!(false),
        Some("string") => text(schema),
        _ => Value::Null,
    }
}

fn object(schema: &Value, components: &Map<String, Value>) -> Value {
    let fields = schema["properties"].as_object().into_iter().flatten();
    Value::Object(fields.map(|(name, field)| (name.clone(), of(field, components))).collect())
}

fn text(schema: &Value) -> Value {
    match schema["format"].as_str() {
        Some("date-time") => json!("2026-11-25T09:30:00Z"),
        Some("uuid") => json!("01933b1e-8f00-7cc3-98c4-dc0c0c07398f"),
        Some("uri") => json!("https://example.com/"),
        Some("ip") => json!("192.0.2.7"),
        _ => json!("text"),
    }
}
