//! Asking a person whether a third party's application may act for them.

use crate::page::{Page, hidden};
use auth_domain::{Account, Client, Parameters, Scopes};
use maud::{Markup, html};

/// What is asked.
pub(crate) struct Consent<'a> {
    pub(crate) client: &'a Client,
    pub(crate) scopes: &'a Scopes,
    pub(crate) account: &'a Account,
    pub(crate) request: &'a Parameters,
    pub(crate) token: &'a str,
}

pub(crate) fn page(consent: Consent<'_>) -> Page {
    let Consent { client, scopes, account, request, token } = consent;
    let content = html! {
        p { strong { (client.details.name.as_str()) } " asks to:" }
        (list(scopes))
        p class="faint" { "You are signed in as " strong { (account.email.as_str()) } "." }
        form method="post" action=(super::PATH) {
            (hidden(request))
            input type="hidden" name="form" value=(token);
            button name="step" value="allow" { "Allow" }
            button name="step" value="deny" class="second" { "Do not allow" }
        }
    };
    Page::new("Allow access?", content)
}

/// What scopes mean for a person.
pub(crate) fn list(scopes: &Scopes) -> Markup {
    html! { ul { @for name in scopes.names() { li { (meaning(name)) } } } }
}

fn meaning(scope: &str) -> &str {
    match scope {
        "openid" => "know who you are",
        "email" => "see your e-mail address",
        "profile" => "see your profile",
        "offline_access" => "stay connected while you are away",
        "account.manage" => "see and change your account",
        "media.upload" => "upload media",
        "content.edit" => "create and change your content",
        "content.publish" => "publish your content, and take it back",
        "playback.start" => "play what you can watch",
        // By the name that developers know: better than saying nothing of it.
        other => other,
    }
}
