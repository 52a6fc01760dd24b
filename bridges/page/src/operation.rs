//! One operation.

use crate::markdown::markdown;
use crate::schema::{bounds, choices, described, kind};
use crate::spec::{Item, Spec, text};
use maud::{Markup, html};
use serde_json::Value;

/// A section's id within the page.
pub(crate) fn anchor(name: &str) -> String {
    let words: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    format!("section-{words}")
}

pub(crate) fn operation(spec: &Spec<'_>, item: &Item<'_>) -> Markup {
    let operation = item.operation;
    html! {
        article.operation id=(item.id) {
            h3 { a.self href={ "#" (item.id) } { (item.summary()) } }
            p.route {
                span class={ "method " (item.method) } { (item.method) }
                code { (item.path) }
            }
            (markdown(text(&operation["description"])))
            (access(operation))
            (parameters(operation))
            @if let Some(body) = operation.get("requestBody") {
                h4 { "Body" @if body["required"] == false { span.optional { "optional" } } }
                (content(spec, body))
            }
            h4 { "Answers" }
            @for (status, answer) in operation["responses"].as_object().into_iter().flatten() {
                (self::answer(spec, status, spec.resolved(answer)))
            }
        }
    }
}

/// Which tokens the operation takes: any of its ways will do.
fn access(operation: &Value) -> Markup {
    let ways: Vec<_> = operation["security"].as_array().into_iter().flatten().collect();
    let asks = |scheme: &str| ways.iter().any(|way| way.get(scheme).is_some());
    let is_optional = ways.iter().any(|way| way.as_object().is_some_and(serde_json::Map::is_empty));
    let permissions: Vec<_> =
        ways.iter().filter_map(|way| way.get("access_token")).map(|names| text(&names[0])).collect();
    html! {
        p.access {
            @if asks("client") {
                "For clients, which authenticate by HTTP Basic or in the body."
            } @else if asks("access_token") {
                @if is_optional { "An access token may be sent" } @else { "Needs an access token" }
                @if permissions.iter().any(|name| !name.is_empty()) {
                    @for (n, name) in permissions.iter().enumerate() {
                        @if n > 0 { ", or" }
                        @if name.is_empty() { " alone" } @else { " with the permission " code { (name) } }
                    }
                }
                "."
                @if asks("platform_token") { " The platform's own token will do, too." }
                @if asks("upload_token") { " The upload's own token will do, too." }
            } @else if asks("platform_token") {
                "For the platform's own parts: the platform's token."
            } @else {
                "No token is needed."
            }
        }
    }
}

fn parameters(operation: &Value) -> Markup {
    let all: Vec<_> = operation["parameters"].as_array().into_iter().flatten().collect();
    html! {
        @for (place, title) in [("path", "In the path"), ("query", "In the query"), ("header", "Headers")] {
            @if all.iter().any(|parameter| parameter["in"] == place) {
                h4 { (title) }
                dl.fields {
                    @for parameter in all.iter().filter(|parameter| parameter["in"] == place) {
                        div {
                            dt {
                                code { (text(&parameter["name"])) }
                                span.type { (kind(&parameter["schema"])) }
                                @if parameter["required"] != true { span.optional { "optional" } }
                            }
                            dd {
                                (markdown(text(&parameter["description"])))
                                (choices(&parameter["schema"]))
                                (bounds(&parameter["schema"]))
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Successes are shown; what may go wrong is there to be opened.
fn answer(spec: &Spec<'_>, status: &str, answer: &Value) -> Markup {
    let is_success = status.starts_with(['2', '3']);
    let mut description = text(&answer["description"]).splitn(2, "\n\n");
    let (first, rest) = (description.next().unwrap_or_default(), description.next().unwrap_or_default());
    html! {
        details.answer open[is_success] {
            summary {
                span class={ "status s" (status.chars().next().unwrap_or('0')) } { (status) }
                span { (first) }
                span.codes { @for code in codes(answer) { code { (code) } } }
            }
            (markdown(rest))
            (headers(spec, answer))
            (content(spec, answer))
        }
    }
}

/// What refusals are told by: each document with the codes that it may have.
fn refusals(body: &Value) -> Vec<(&Value, Vec<&str>)> {
    let schema = &body["schema"];
    let documents = schema["anyOf"].as_array().map_or_else(|| std::slice::from_ref(schema), Vec::as_slice);
    documents
        .iter()
        .filter_map(|document| {
            let members = document["allOf"][1]["properties"].as_object()?;
            let codes = members.values().filter_map(|member| member["enum"].as_array());
            Some((&document["allOf"][0], codes.flatten().map(text).collect()))
        })
        .collect()
}

/// The codes of refusals, at a glance.
fn codes(answer: &Value) -> Vec<&str> {
    let bodies = answer["content"].as_object().into_iter().flatten();
    bodies.flat_map(|(_, body)| refusals(body)).flat_map(|(_, codes)| codes).collect()
}

/// The headers that not every answer has anyway.
fn headers(spec: &Spec<'_>, answer: &Value) -> Markup {
    let headers: Vec<_> = answer["headers"].as_object().into_iter().flatten().collect();
    let own: Vec<_> = headers.into_iter().filter(|(name, _)| !spec.is_everywhere(name)).collect();
    html! {
        @if !own.is_empty() {
            p.headers {
                "Headers: "
                @for (n, (name, header)) in own.iter().enumerate() {
                    @if n > 0 { ", " }
                    code title=(text(&spec.resolved(header)["description"])) { (name) }
                    @if spec.resolved(header)["required"] != true { " (where given)" }
                }
            }
        }
    }
}

/// What a body holds, with an example. Of refusals the codes were told, so the document's name is enough, and plain
/// problem documents are no news.
fn content(spec: &Spec<'_>, body: &Value) -> Markup {
    html! {
        @for (media_type, body) in body["content"].as_object().into_iter().flatten() {
            @let refusals = refusals(body);
            @if refusals.is_empty() {
                div.body {
                    div {
                        p.type { code { (media_type) } " " (kind(&body["schema"])) }
                        (described(spec, spec.resolved(&body["schema"])))
                    }
                    @if let Some(example) = body.get("example") {
                        figure {
                            figcaption { "Example" }
                            pre tabindex="0" { code { (format!("{example:#}")) } }
                        }
                    }
                }
            } @else {
                p.type {
                    code { (media_type) }
                    @for (n, (document, _)) in refusals.iter().enumerate() {
                        @if n > 0 { " or" } " " (kind(document))
                    }
                }
            }
        }
    }
}
