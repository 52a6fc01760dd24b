//! What tests of several components begin with.

use auth_tests::{Reply, Stand};
use mcsp_testbed::unique;
use serde_json::Value;

pub const PASSWORD: &str = "correct horse";

/// A member of an answer that is a text.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value}")).to_owned()
}

/// What an answer is told from others by.
pub fn code_of(reply: &Reply) -> (u16, &str) {
    (reply.status, reply.code())
}

/// A new account's address, and the answer that signed it in.
pub async fn signed_in(stand: &Stand) -> (String, Value) {
    let email = format!("ada-{}@example.com", unique());
    stand.register(&email, PASSWORD).await;
    let reply = stand.sign_in(&email, PASSWORD).await;
    assert_eq!(reply.status, 201, "{}", reply.json);
    (email, reply.json)
}
