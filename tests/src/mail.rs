//! Mails that the platform has sent: caught by the stand-in, and shown there.

use crate::eventually;
use serde_json::Value;

/// A mail.
#[derive(Clone, Debug)]
pub struct Mail {
    /// What it is about: `verification`, `recovery`, …
    pub category: String,
    /// What stands in it.
    pub text: String,
}

impl Mail {
    /// The token in its link.
    ///
    /// # Panics
    /// When there is none.
    pub fn token(&self) -> &str {
        let (_, after) = self.text.split_once("#token=").expect("a token");
        after.split_whitespace().next().expect("a token")
    }
}

/// Waits for as many mails of one kind to an address, and gives the newest of them.
///
/// # Panics
/// When they do not come, or `MCSP_TEST_MAIL_URL` is not set.
pub async fn nth_mail(to: &str, category: &str, count: usize) -> Mail {
    eventually(&format!("mail {count} of the kind {category}"), async || {
        let fitting: Vec<Mail> =
            mails(to).await.into_iter().filter(|mail| mail.category == category).collect();
        fitting.into_iter().nth(count.checked_sub(1)?)
    })
    .await
}

/// All mails to an address, the oldest first.
///
/// # Panics
/// When `MCSP_TEST_MAIL_URL` is not set, or does not answer.
pub async fn mails(to: &str) -> Vec<Mail> {
    let url = std::env::var("MCSP_TEST_MAIL_URL").expect("MCSP_TEST_MAIL_URL is not set: run scripts/test");
    let asked = reqwest::Client::new().get(format!("{url}/v1/messages")).query(&[("to", to)]).send().await;
    let answer: Value = asked.expect("an answer").json().await.expect("JSON");
    let text = |item: &Value, field: &str| item[field].as_str().unwrap_or_default().to_owned();
    let items = answer["items"].as_array().expect("items");
    items.iter().map(|item| Mail { category: text(item, "category"), text: text(item, "text") }).collect()
}
