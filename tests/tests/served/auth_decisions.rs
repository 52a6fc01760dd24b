//! What administrators decide on accounts, by Kafka as the Admin service will tell it.

use mcsp_tests::{Platform, decide, eventually};
use serde_json::json;

#[tokio::test]
async fn a_suspended_account_gets_no_token_until_it_is_reinstated() {
    let account = Platform::running().account("creator").await;
    let credentials = json!({"email": account.email, "password": account.password});
    let sign_in = async || account.platform.post("/v1/sessions", &credentials).await;
    decide(&account, 1, true).await;
    eventually("the suspension is known", async || {
        (sign_in().await.json["code"] == "account_suspended").then_some(())
    })
    .await;
    // A token that is out is good to whoever verifies it without a call, until it expires.
    account.get("/v1/videos").await.expect(200);
    let check = account.post("/v1/permissions/check", &json!({"permissions": ["content.edit"]})).await;
    assert_eq!(check.expect(200)["results"][0]["allowed"], false);
    decide(&account, 2, false).await;
    eventually("the account is reinstated", async || (sign_in().await.status.as_u16() == 201).then_some(()))
        .await;
}
