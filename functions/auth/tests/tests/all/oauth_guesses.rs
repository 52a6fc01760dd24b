//! Guessing the codes that devices show, by the forms of the page (RFC 8628 section 5.1).

use crate::common::{PASSWORD, signed_in};
use auth_tests::app::App;
use auth_tests::browser::Browser;
use auth_tests::{Reply, Stand};
use serde_json::json;

const FREE_ATTEMPTS: usize = 20;

/// The code that a new device shows.
async fn user_code(app: &App<'_>) -> String {
    let reply = app.post("/oauth/device_authorization", &[]).await;
    reply.json["user_code"].as_str().unwrap_or_else(|| panic!("{}", reply.json)).to_owned()
}

/// A browser with a form to decide by.
async fn deciding<'a>(stand: &'a Stand, app: &App<'_>) -> (Browser<'a>, Reply) {
    let (email, _) = signed_in(stand).await;
    let browser = stand.browser();
    let path = format!("/oauth/device?user_code={}", user_code(app).await);
    let page = browser.sign_in(&path, &email, PASSWORD).await;
    assert!(page.text.contains("Connect a device?"), "{}", page.text);
    (browser, page)
}

#[tokio::test]
async fn guessing_user_codes_by_deciding_is_slow() {
    let stand = Stand::new().await;
    let app = stand.app(json!({})).await;
    let (browser, page) = deciding(&stand, &app).await;
    let mut statuses = Vec::new();
    for step in ["allow", "deny"].into_iter().cycle().take(FREE_ATTEMPTS + 10) {
        let guess = [("step", step), ("user_code", "BBBB-BBBB")];
        statuses.push(browser.submit(&page, &guess).await.status);
    }
    assert_eq!(statuses[..FREE_ATTEMPTS], [404; FREE_ATTEMPTS]);
    assert!(statuses.contains(&429), "{statuses:?}");
}

#[tokio::test]
async fn who_types_right_codes_may_decide_as_often_as_they_like() {
    let stand = Stand::new().await;
    let app = stand.app(json!({})).await;
    let (browser, page) = deciding(&stand, &app).await;
    for step in ["allow", "deny"].into_iter().cycle().take(FREE_ATTEMPTS + 5) {
        let code = user_code(&app).await;
        let decided = browser.submit(&page, &[("step", step), ("user_code", &code)]).await;
        assert_eq!(decided.status, 200, "{}", decided.text);
    }
}
