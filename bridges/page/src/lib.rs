//! Renders an OpenAPI document as one page of HTML: without scripts, and without anything that it would have to
//! load from elsewhere.
//!
//! It knows OpenAPI 3.1 as `docs/openapi.json` uses it; what it does not know it passes over.
#![expect(clippy::indexing_slicing, reason = "a JSON value is null where it has no such field")]

mod markdown;
mod operation;
mod schema;
mod spec;

use crate::markdown::markdown;
use crate::operation::{anchor, operation};
use crate::schema::schemas;
use crate::spec::{Section, Spec};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;

/// The page's style, for the hash in a Content-Security-Policy.
pub const STYLE: &str = include_str!("style.css");

/// The page.
pub fn render(document: &Value) -> String {
    let spec = Spec::new(document);
    let (title, version) = (spec.title(), spec.version());
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " API reference" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#reference" { "Skip to the reference" }
                header {
                    a.brand href="#reference" { (title) }
                    span.version { "API " (version) }
                    a.raw href="/docs/openapi.json" { "OpenAPI 3.1" }
                }
                nav aria-label="Operations" {
                    // Open where there is room beside the text; on a phone the style shows the summary to open it.
                    (contents(&spec))
                }
                main id="reference" tabindex="-1" {
                    section.introduction {
                        h1 { (title) " API reference" }
                        (markdown(spec.introduction()))
                    }
                    @for section in spec.sections() {
                        (section_of(&spec, section))
                    }
                    (schemas(&spec))
                }
            }
        }
    }
    .into_string()
}

fn contents(spec: &Spec<'_>) -> Markup {
    html! {
        @for group in spec.groups() {
            details.group open {
                summary { (group.name) }
                @for section in &group.sections {
                    p.tag { a href={ "#" (anchor(section.name)) } { (section.name) } }
                    ul {
                        @for item in &section.operations {
                            li {
                                a href={ "#" (item.id) } {
                                    span class={ "method " (item.method) } { (item.method) }
                                    span.summary { (item.summary()) }
                                }
                            }
                        }
                    }
                }
            }
        }
        p.tag { a href="#schemas" { "Schemas" } }
    }
}

fn section_of(spec: &Spec<'_>, section: &Section<'_>) -> Markup {
    html! {
        section.tag id=(anchor(section.name)) {
            h2 { (section.name) }
            (markdown(section.description))
            @for item in &section.operations {
                (operation(spec, item))
            }
        }
    }
}
