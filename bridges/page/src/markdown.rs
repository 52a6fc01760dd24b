//! Descriptions, which are Markdown.

use maud::{Markup, PreEscaped};
use pulldown_cmark::{Event, HeadingLevel, Parser, Tag, TagEnd, html};

/// As HTML, in which the description's headings are below the page's own. HTML in it is shown, not taken.
pub(crate) fn markdown(text: &str) -> Markup {
    let events = Parser::new(text).map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::Heading { level, id, classes, attrs }) => {
            Event::Start(Tag::Heading { level: lowered(level), id, classes, attrs })
        }
        Event::End(TagEnd::Heading(level)) => Event::End(TagEnd::Heading(lowered(level))),
        event => event,
    });
    let mut written = String::new();
    html::push_html(&mut written, events);
    PreEscaped(written)
}

/// `h1` is the page's.
fn lowered(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 => HeadingLevel::H2,
        level => level,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_shown_and_not_taken() {
        let written = markdown("# A `b` <script>alert(1)</script>").into_string();
        assert!(written.starts_with("<h2>A <code>b</code>"), "{written}");
        assert!(!written.contains("<script"), "{written}");
    }
}
