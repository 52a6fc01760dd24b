//! Schemas: what a value may be, in words.

use crate::markdown::markdown;
use crate::spec::{Spec, text};
use maud::{Markup, html};
use serde_json::{Map, Value};

/// All named schemas.
pub(crate) fn schemas(spec: &Spec<'_>) -> Markup {
    html! {
        section.tag id="schemas" {
            h2 { "Schemas" }
            @for (name, schema) in spec.schemas() {
                article.schema id={ "schema-" (name) } {
                    h3 { (name) }
                    (markdown(text(&schema["description"])))
                    (described(spec, schema))
                }
            }
        }
    }
}

/// The fields of an object, or what else the schema allows.
pub(crate) fn described(spec: &Spec<'_>, schema: &Value) -> Markup {
    html! {
        @if let Some(fields) = schema["properties"].as_object() {
            (fields_of(spec, schema, fields))
        } @else {
            p.type { (kind(schema)) }
        }
        (choices(schema))
    }
}

/// Fields in the order of their declaration, which only the list of required ones keeps.
fn fields_of(spec: &Spec<'_>, schema: &Value, fields: &Map<String, Value>) -> Markup {
    let required: Vec<_> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let others = fields.keys().map(String::as_str).filter(|name| !required.contains(name));
    html! {
        dl.fields {
            @for name in required.iter().copied().chain(others) {
                @if let Some(field) = fields.get(name) {
                    div {
                        dt {
                            code { (name) }
                            span.type { (kind(field)) }
                            @if !required.contains(&name) { span.optional { "optional" } }
                        }
                        dd {
                            (markdown(meaning(spec, field)))
                            (choices(spec.resolved(field)))
                            (bounds(field))
                        }
                    }
                }
            }
        }
    }
}

/// What a field says of itself, or else what its type does.
fn meaning<'v>(spec: &Spec<'v>, field: &'v Value) -> &'v str {
    match text(&field["description"]) {
        "" => text(&spec.resolved(field)["description"]),
        own => own,
    }
}

/// The type, with links to named ones.
pub(crate) fn kind(schema: &Value) -> Markup {
    if let Some(name) = schema["$ref"].as_str().and_then(|place| place.rsplit('/').next()) {
        return html! { a href={ "#schema-" (name) } { (name) } };
    }
    if let Some(value) = schema.get("const") {
        return html! { code { (value.to_string()) } };
    }
    let ways = ["anyOf", "oneOf", "allOf"].iter().find_map(|key| schema[key].as_array());
    if let Some(ways) = ways.filter(|_| schema.get("type").is_none()) {
        if ways.iter().all(|way| way.get("const").is_some()) {
            return html! { "string" };
        }
        return html! { @for (n, way) in ways.iter().enumerate() { @if n > 0 { " or " } (kind(way)) } };
    }
    match &schema["type"] {
        Value::String(name) => one_kind(name, schema),
        Value::Array(names) => {
            let names = names.iter().map(text);
            html! { @for (n, name) in names.enumerate() { @if n > 0 { " or " } (one_kind(name, schema)) } }
        }
        _ => html! { "anything" },
    }
}

fn one_kind(name: &str, schema: &Value) -> Markup {
    match (name, schema["format"].as_str()) {
        ("array", _) => html! { "array of " (kind(&schema["items"])) },
        ("object", _) if schema["additionalProperties"].is_object() => {
            html! { "map to " (kind(&schema["additionalProperties"])) }
        }
        // Widths of integers say nothing to a client that the bounds don't.
        ("string", Some(format)) => html! { (name) " (" (format) ")" },
        _ => html! { (name) },
    }
}

/// The values that are possible, where they are few.
pub(crate) fn choices(schema: &Value) -> Markup {
    let plain = schema["enum"].as_array().into_iter().flatten().map(|value| (value, ""));
    let told = schema["oneOf"].as_array().into_iter().flatten();
    let told = told.flat_map(|way| {
        let one = way.get("const").map(|value| (value, text(&way["description"])));
        let several = way["enum"].as_array().into_iter().flatten().map(|value| (value, ""));
        one.into_iter().chain(several)
    });
    let all: Vec<(&Value, &str)> = plain.chain(told).collect();
    html! {
        @if !all.is_empty() {
            ul.choices {
                @for (value, meaning) in all {
                    li {
                        code { (value.as_str().map_or_else(|| value.to_string(), str::to_owned)) }
                        @if !meaning.is_empty() { " " (meaning) }
                    }
                }
            }
        }
    }
}

/// Bounds and form.
pub(crate) fn bounds(schema: &Value) -> Markup {
    let words = [
        ("minimum", "at least"),
        ("maximum", "at most"),
        ("default", "by default"),
        ("pattern", "matches"),
        ("minLength", "shortest"),
        ("maxLength", "longest"),
    ];
    let told: Vec<_> = words
        .iter()
        .filter_map(|(key, word)| schema.get(*key).map(|value| (*key, *word, value)))
        // Of numbers that cannot be negative this says nothing.
        .filter(|(key, _, value)| !(*key == "minimum" && **value == 0))
        .collect();
    html! {
        @if !told.is_empty() {
            p.bounds {
                @for (n, (_, word, value)) in told.iter().enumerate() {
                    @if n > 0 { ", " }
                    (word) " " code { (value.as_str().map_or_else(|| value.to_string(), str::to_owned)) }
                }
            }
        }
    }
}
