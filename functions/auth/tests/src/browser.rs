//! A browser without scripts, as far as the pages need one: it keeps cookies, and sends forms as they stand.

use crate::app::encoded;
use crate::{Stand, unused_address};
use mcsp_testbed::Reply;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// One person's browser.
pub struct Browser<'a> {
    stand: &'a Stand,
    address: String,
    cookies: Mutex<BTreeMap<String, String>>,
}

impl Stand {
    /// A browser that has been nowhere.
    pub fn browser(&self) -> Browser<'_> {
        Browser { stand: self, address: unused_address(), cookies: Mutex::default() }
    }
}

impl Browser<'_> {
    /// Opens an address of the platform.
    pub async fn open(&self, path: &str) -> Reply {
        let cookies = self.cookie_header();
        let headers = [("cookie", cookies.as_str()), ("spin-client-addr", &self.address)];
        self.keep(self.stand.oauth.send(("GET", path), &headers, None).await)
    }

    /// Sends the form of a page, with what a person types and the button that they press.
    pub async fn submit(&self, page: &Reply, typed: &[(&str, &str)]) -> Reply {
        let action = between(&page.text, "action=\"", "\"").expect("the page has no form");
        let hidden = hidden_fields(&page.text);
        let mut all: Vec<(&str, &str)> =
            hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        all.retain(|(name, _)| typed.iter().all(|(other, _)| other != name));
        all.extend(typed);
        self.post(action, &all).await
    }

    /// Sends any form.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Reply {
        let cookies = self.cookie_header();
        let headers = [("cookie", cookies.as_str()), ("spin-client-addr", &self.address)];
        self.keep(self.stand.oauth.send_form(path, &headers, &encoded(form)).await)
    }

    /// Signs in on the page that an address shows, and gives where that leads.
    pub async fn sign_in(&self, path: &str, email: &str, password: &str) -> Reply {
        let page = self.open(path).await;
        assert!(page.text.contains("type=\"password\""), "{}", page.text);
        let reply = self.submit(&page, &[("email", email), ("password", password)]).await;
        assert_eq!(reply.status, 303, "{}", reply.text);
        self.open(&location(&reply)).await
    }

    /// Forgets who is signed in, and nothing else.
    pub fn forget(&self, name: &str) {
        self.cookies.lock().unwrap().remove(name);
    }

    /// Another browser with the same cookies.
    pub fn stolen(&self) -> Self {
        let cookies = Mutex::new(self.cookies.lock().unwrap().clone());
        Browser { stand: self.stand, address: unused_address(), cookies }
    }

    fn cookie_header(&self) -> String {
        let cookies = self.cookies.lock().unwrap();
        cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn keep(&self, reply: Reply) -> Reply {
        let mut cookies = self.cookies.lock().unwrap();
        for value in reply.headers.get_all("set-cookie") {
            let pair = value.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            cookies.insert(name.to_owned(), value.to_owned());
        }
        reply
    }
}

/// Where a reply leads.
pub fn location(reply: &Reply) -> String {
    let location = reply.headers.get("location").unwrap_or_else(|| panic!("no redirect: {}", reply.text));
    location.to_str().unwrap().to_owned()
}

/// A parameter of where a reply leads.
pub fn answer(reply: &Reply, name: &str) -> Option<String> {
    let url: url::Url = location(reply).parse().unwrap();
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn hidden_fields(page: &str) -> Vec<(String, String)> {
    let fields = page.split("<input type=\"hidden\" ").skip(1);
    let text = |field: &str, name: &str| between(field, &format!("{name}=\""), "\"").map(unescaped);
    fields.filter_map(|field| Some((text(field, "name")?, text(field, "value")?))).collect()
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    text.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}
