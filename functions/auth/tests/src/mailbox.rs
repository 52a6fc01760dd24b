//! What takes mails to be sent, in place of a mail service.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use std::sync::{Arc, Mutex};

/// A mail that was sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Letter {
    /// What it is about.
    pub category: String,
    /// What stands in it.
    pub text: String,
}

/// All that was sent: one mail for each idempotency key.
#[derive(Clone, Default)]
pub struct Mailbox(Arc<Mutex<Caught>>);

#[derive(Default)]
struct Caught {
    /// Key and mail.
    mails: Vec<(String, Value)>,
    /// What is answered in place of taking the mail.
    answer: Option<StatusCode>,
}

impl Mailbox {
    /// Has every mail answered with this status from now on, or taken.
    pub fn refuse_with(&self, status: Option<u16>) {
        self.0.lock().unwrap().answer = status.map(|status| StatusCode::from_u16(status).unwrap());
    }

    /// The mails to an address, the oldest first.
    pub fn to(&self, address: &str) -> Vec<Letter> {
        let text = |mail: &Value, field: &str| mail[field].as_str().unwrap().to_owned();
        let caught = self.0.lock().unwrap();
        let fitting = caught.mails.iter().filter(|(_, mail)| mail["to"] == address);
        fitting
            .map(|(_, mail)| Letter { category: text(mail, "category"), text: text(mail, "text") })
            .collect()
    }

    /// How many mails there are.
    pub fn count(&self) -> usize {
        self.0.lock().unwrap().mails.len()
    }

    pub(crate) fn router(&self) -> Router {
        Router::new().route("/v1/messages", post(take)).with_state(self.clone())
    }
}

impl Letter {
    /// The token in it.
    pub fn token(&self) -> String {
        let (_, after) =
            self.text.split_once("#token=").unwrap_or_else(|| panic!("{}: no token", self.category));
        after.split_whitespace().next().unwrap().to_owned()
    }
}

async fn take(State(mailbox): State<Mailbox>, headers: HeaderMap, mail: Bytes) -> StatusCode {
    let mut caught = mailbox.0.lock().unwrap();
    if let Some(answer) = caught.answer {
        return answer;
    }
    let key = headers["idempotency-key"].to_str().unwrap().to_owned();
    if caught.mails.iter().all(|(other, _)| *other != key) {
        caught.mails.push((key, serde_json::from_slice(&mail).unwrap()));
    }
    StatusCode::ACCEPTED
}
