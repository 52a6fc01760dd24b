//! What all pages have in common: their frame, their style, and the headers that keep them to themselves.

use auth_domain::Parameters;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, StatusCode, header};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use mcsp_reference::{Answer, Operation};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const STYLE: &str = include_str!("style.css");
const PASSKEY_SCRIPT: &str = include_str!("passkey.js");

/// The style stands in the page, and no other does: its digest stands in the policy.
static STYLE_SOURCE: LazyLock<String> = LazyLock::new(|| source(STYLE));
/// The same for the one script that there is.
static PASSKEY_SOURCE: LazyLock<String> = LazyLock::new(|| source(PASSKEY_SCRIPT));

fn source(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

/// A page.
pub(crate) struct Page {
    status: StatusCode,
    title: &'static str,
    content: Markup,
    /// Where the answer to its form may lead, beside here.
    leads_to: Option<String>,
    offers_passkeys: bool,
    headers: Vec<(header::HeaderName, HeaderValue)>,
}

impl Page {
    pub(crate) fn new(title: &'static str, content: Markup) -> Self {
        let status = StatusCode::OK;
        Page { status, title, content, leads_to: None, offers_passkeys: false, headers: Vec::new() }
    }

    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Page { status, ..self }
    }

    /// It has a button for passkeys, which the script shows.
    pub(crate) fn offering_passkeys(self) -> Self {
        Page { offers_passkeys: true, ..self }
    }

    /// The form's answer is a redirect to this address, which browsers hold to `form-action` too.
    pub(crate) fn leading_to(self, uri: &str) -> Self {
        Page { leads_to: Some(form_target(uri)), ..self }
    }

    pub(crate) fn with_headers(
        mut self,
        headers: impl IntoIterator<Item = (header::HeaderName, HeaderValue)>,
    ) -> Self {
        self.headers.extend(headers);
        self
    }

    fn policy(&self) -> String {
        let leads_to = self.leads_to.as_deref().unwrap_or_default();
        let scripts = if self.offers_passkeys { PASSKEY_SOURCE.as_str() } else { "'none'" };
        format!(
            "default-src 'none'; style-src {}; script-src {scripts}; form-action 'self' {leads_to}; \
             frame-ancestors 'none'; base-uri 'none'",
            *STYLE_SOURCE
        )
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let policy = HeaderValue::from_str(&self.policy());
        let document = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    main { h1 { (self.title) } (self.content) }
                    @if self.offers_passkeys { script { (PreEscaped(PASSKEY_SCRIPT)) } }
                }
            }
        };
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
            (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        ];
        let mut response = (self.status, headers, document.into_string()).into_response();
        // A policy that can't be sent would leave the page without one.
        let policy = policy.unwrap_or(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        response
            .headers_mut()
            .extend(self.headers.into_iter().map(|(name, value)| (Some(name), value)).collect::<Vec<_>>());
        response
    }
}

/// How a page is answered with, in the API reference.
pub(crate) fn described(status: StatusCode, description: &'static str) -> Answer {
    Answer::of::<String>("text/html", status, description)
        .with(header::CACHE_CONTROL)
        .sometimes_with(header::RETRY_AFTER)
}

/// What any page may turn out to be instead, in the API reference.
pub(crate) fn with_failures(operation: Operation) -> Operation {
    [
        (StatusCode::CONFLICT, "Something else changed this at the same time."),
        (StatusCode::TOO_MANY_REQUESTS, "Too many attempts failed."),
        (StatusCode::INTERNAL_SERVER_ERROR, "This could not be done."),
        (StatusCode::SERVICE_UNAVAILABLE, "Something that the page needs is down."),
        (StatusCode::GATEWAY_TIMEOUT, "Something that the page needs did not answer in time."),
    ]
    .into_iter()
    .fold(operation, |operation, (status, text)| operation.answers(described(status, text)))
}

/// A page that only says something.
pub(crate) fn message(title: &'static str, text: &str) -> Page {
    Page::new(title, html! { p role="status" { (text) } })
}

/// Parameters that go along with a form.
pub(crate) fn hidden(parameters: &Parameters) -> Markup {
    html! {
        @for (name, value) in parameters.iter() {
            input type="hidden" name=(name) value=(value);
        }
    }
}

/// A redirect target as a source of `form-action`: its origin, or its scheme where a policy can name no more.
fn form_target(uri: &str) -> String {
    let (scheme, rest) = uri.split_once(':').unwrap_or((uri, ""));
    let authority = rest.strip_prefix("//").and_then(|rest| rest.split(['/', '?']).next());
    match authority.filter(|authority| !authority.starts_with('[')) {
        Some(authority) => format!("{scheme}://{authority}"),
        None => format!("{scheme}:"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_may_lead_to_the_clients_origin_and_nowhere_else() {
        for (uri, source) in [
            ("https://app.example/callback?x=1", "https://app.example"),
            ("https://app.example:8443?x", "https://app.example:8443"),
            ("http://127.0.0.1:53172/callback", "http://127.0.0.1:53172"),
            ("http://[::1]:53172/callback", "http:"),
            ("com.example.app:/callback", "com.example.app:"),
        ] {
            assert_eq!(form_target(uri), source, "{uri}");
        }
    }

    #[test]
    fn what_others_write_is_text_on_a_page() {
        let parameters = Parameters::parse(b"state=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E").unwrap();
        let text = hidden(&parameters).into_string();
        assert!(!text.contains("<script"), "{text}");
        assert_eq!(text.matches('"').count(), 6, "{text}");
    }

    #[test]
    fn the_policy_lets_in_nothing_but_the_pages_own_style_and_script() {
        let page = message("Title", "text").leading_to("https://app.example/callback");
        let policy = page.policy();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"));
        assert!(policy.contains("script-src 'none'; "));
        let policy = page.offering_passkeys().policy();
        assert!(policy.contains(&format!("script-src {}; ", *PASSKEY_SOURCE)));
        assert!(!PASSKEY_SCRIPT.contains("</"), "it would end early");
        assert!(policy.contains("form-action 'self' https://app.example; frame-ancestors 'none'"));
        assert!(!policy.contains("unsafe"));
    }
}
