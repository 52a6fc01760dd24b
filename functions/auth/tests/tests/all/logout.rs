//! Back-channel logout: clients are told of sessions that have ended.

use auth_tests::app::App;
use auth_tests::browser::{Browser, answer};
use auth_tests::{Receiver, Stand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcsp_bridge_api::signatures::verify_ed25519;
use mcsp_testbed::unique;
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse";
const ISSUER: &str = "http://auth.example";
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
const TIMERS: &str = "SELECT count(*) FROM timers";

/// Somebody with an account, signed in with the platform itself.
struct Person {
    email: String,
    id: Value,
    token: Value,
}

impl Person {
    async fn registered(stand: &Stand) -> Person {
        let email = format!("ada-{}@example.com", unique());
        stand.register(&email, PASSWORD).await;
        let session = stand.sign_in(&email, PASSWORD).await.json;
        Person { email, id: session["user_id"].clone(), token: session["access_token"].clone() }
    }

    /// Signs in to an application; gives the claims of its ID token.
    async fn signs_in<'s>(&self, stand: &'s Stand, app: &App<'_>) -> (Browser<'s>, Value) {
        let browser = stand.browser();
        let redirect = browser.sign_in(&app.request(&[]), &self.email, PASSWORD).await;
        let id_token = app.redeem(&answer(&redirect, "code").unwrap()).await.json["id_token"].clone();
        (browser, part(id_token.as_str().unwrap(), 1))
    }
}

/// One of our own applications, which asks for no consent.
async fn app<'s>(stand: &'s Stand, logout: Option<&str>) -> App<'s> {
    stand.app(json!({"first_party": true, "backchannel_logout_uri": logout})).await
}

fn part(token: &str, index: usize) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(index).unwrap()).unwrap()).unwrap()
}

/// The claims of a logout token, which one of the published keys has signed.
async fn verified(stand: &Stand, token: &str) -> Value {
    let header = part(token, 0);
    assert_eq!((&header["typ"], &header["alg"]), (&json!("logout+jwt"), &json!("EdDSA")));
    let published = stand.oauth.send(("GET", "/.well-known/jwks.json"), &[], None).await.json;
    let key = published["keys"].as_array().unwrap().iter().find(|key| key["kid"] == header["kid"]).unwrap();
    let octets = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    assert!(verify_ed25519(&octets(key["x"].as_str().unwrap()), signed.as_bytes(), &octets(signature)));
    part(token, 1)
}

#[tokio::test]
async fn a_client_is_told_who_and_where_with_a_token_of_two_minutes() {
    let (stand, receiver) = (Stand::new().await, Receiver::listening().await);
    let (person, app) = (Person::registered(&stand).await, app(&stand, Some(receiver.address())).await);
    let (_, identity) = person.signs_in(&stand, &app).await;
    assert_eq!(stand.bed.ask::<i64>(TIMERS).await, 0);
    let path = format!("/v1/sessions/{}", identity["sid"].as_str().unwrap());
    assert_eq!(stand.send("DELETE", &path, Some(&person.token), Value::Null).await.status, 204);
    assert_eq!(stand.deliver_timers().await, [204]);
    let told = receiver.take();
    assert_eq!(told.len(), 1);
    let claims = verified(&stand, &told[0]).await;
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!(ISSUER), &json!(app.id)));
    assert_eq!((&claims["sub"], &claims["sid"]), (&person.id, &identity["sid"]));
    assert_eq!(claims["events"], json!({EVENT: {}}));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 120);
    assert!(claims["jti"].as_str().unwrap().len() >= 32 && claims.get("nonce").is_none());
}

#[tokio::test]
async fn whatever_ends_a_session_its_clients_are_told() {
    for way in ["one", "others", "password", "suspension", "closing"] {
        let (stand, receiver) = (Stand::new().await, Receiver::listening().await);
        let (person, app) = (Person::registered(&stand).await, app(&stand, Some(receiver.address())).await);
        let (_, identity) = person.signs_in(&stand, &app).await;
        let token = Some(&person.token);
        let status = match way {
            "one" => {
                let path = format!("/v1/sessions/{}", identity["sid"].as_str().unwrap());
                stand.send("DELETE", &path, token, Value::Null).await.status
            }
            "others" => stand.send("DELETE", "/v1/sessions", token, Value::Null).await.status,
            "password" => {
                let change = json!({"current_password": PASSWORD, "new_password": "battery staple horse"});
                stand.send("PUT", "/v1/accounts/me/password", token, change).await.status
            }
            "suspension" => {
                let decision = json!({"user_id": person.id, "version": 1, "suspended": true});
                stand.decisions.deliver("decision", "mcsp.admin.account.suspended.v1", &decision).await.status
            }
            _ => stand.send("DELETE", "/v1/accounts/me", token, Value::Null).await.status,
        };
        assert!([200, 204].contains(&status), "{way}: {status}");
        assert!(stand.deliver_timers().await.contains(&204), "{way}");
        let told = receiver.take();
        assert_eq!(told.len(), 1, "{way}");
        assert_eq!(part(&told[0], 1)["sid"], identity["sid"], "{way}");
    }
}

#[tokio::test]
async fn each_client_hears_once_of_each_session_and_of_no_other() {
    let stand = Stand::new().await;
    let (receiver, other) = (Receiver::listening().await, Receiver::listening().await);
    let person = Person::registered(&stand).await;
    let told = app(&stand, Some(receiver.address())).await;
    let (silent, unused) = (app(&stand, None).await, app(&stand, Some(other.address())).await);
    let (browser, identity) = person.signs_in(&stand, &told).await;
    // Given something again, and to another one, in the same session.
    for app in [&told, &silent] {
        let redirect = browser.open(&app.request(&[])).await;
        assert_eq!(app.redeem(&answer(&redirect, "code").unwrap()).await.status, 200);
    }
    let (_, stranger) = Person::registered(&stand).await.signs_in(&stand, &unused).await;
    assert_ne!(stranger["sid"], identity["sid"]);
    stand.send("DELETE", "/v1/sessions", Some(&person.token), Value::Null).await;
    assert_eq!(stand.deliver_timers().await, [204]);
    assert_eq!((receiver.take().len(), other.take().len()), (1, 0));
}

#[tokio::test]
async fn what_is_not_taken_comes_again_with_a_new_token_until_it_is() {
    let (stand, receiver) = (Stand::new().await, Receiver::listening().await);
    let (person, app) = (Person::registered(&stand).await, app(&stand, Some(receiver.address())).await);
    person.signs_in(&stand, &app).await;
    stand.send("DELETE", "/v1/sessions", Some(&person.token), Value::Null).await;
    for status in [503, 500, 404, 429] {
        receiver.answer_with(status);
        assert_eq!(stand.deliver_timers().await, [503], "{status}");
    }
    stand.bed.pass(24 * 60 * 60 - 60);
    receiver.answer_with(204);
    assert_eq!(stand.deliver_timers().await, [204]);
    let told: Vec<Value> = receiver.take().iter().map(|token| part(token, 1)).collect();
    assert_eq!(told.len(), 5);
    for (index, claims) in told.iter().enumerate() {
        assert!(told[..index].iter().all(|earlier| earlier["jti"] != claims["jti"]));
    }
    assert!(told[4]["iat"].as_i64() > told[0]["exp"].as_i64(), "it would have run out");
}

#[tokio::test]
async fn what_a_client_refuses_or_does_not_take_in_a_day_is_a_dead_letter() {
    let (stand, receiver) = (Stand::new().await, Receiver::listening().await);
    let (person, app) = (Person::registered(&stand).await, app(&stand, Some(receiver.address())).await);
    person.signs_in(&stand, &app).await;
    stand.send("DELETE", "/v1/sessions", Some(&person.token), Value::Null).await;
    receiver.answer_with(400);
    let refused = stand.timers_delivered().await.pop().unwrap();
    assert_eq!((refused.status, refused.code()), (422, "logout_refused"));
    receiver.take();
    stand.bed.pass(24 * 60 * 60 + 60);
    let late = stand.timers_delivered().await.pop().unwrap();
    assert_eq!((late.status, late.code()), (422, "logout_undelivered"));
    assert!(receiver.take().is_empty());
}

#[tokio::test]
async fn no_address_leads_to_where_clients_have_no_business() {
    let (stand, receiver, inner) =
        (Stand::new().await, Receiver::listening().await, Receiver::listening().await);
    let (person, app) = (Person::registered(&stand).await, app(&stand, Some(receiver.address())).await);
    person.signs_in(&stand, &app).await;
    stand.send("DELETE", "/v1/sessions", Some(&person.token), Value::Null).await;
    receiver.redirect_to(inner.address());
    assert_eq!(stand.deliver_timers().await, [503]);
    assert_eq!((receiver.take().len(), inner.take().len()), (1, 0), "a redirect is not followed");
    for address in ["https://10.0.0.1/told", "https://169.254.169.254/told", "https://[fd00::1]/told"] {
        let path = format!("/v1/clients/{}", app.id);
        let edited =
            stand.administer(("PATCH", &path), &[], Some(json!({"backchannel_logout_uri": address}))).await;
        assert_eq!(edited.status, 200, "{}", edited.json);
        let refused = stand.timers_delivered().await.pop().unwrap();
        assert_eq!((refused.status, refused.code()), (422, "logout_not_sent"), "{address}");
        assert_eq!(refused.json["detail"], "address-not-allowed", "{address}");
    }
}

#[tokio::test]
async fn who_is_gone_or_wants_to_hear_no_more_is_not_called() {
    let (stand, receiver) = (Stand::new().await, Receiver::listening().await);
    let (person, app) = (Person::registered(&stand).await, app(&stand, Some(receiver.address())).await);
    person.signs_in(&stand, &app).await;
    stand.send("DELETE", "/v1/sessions", Some(&person.token), Value::Null).await;
    let path = format!("/v1/clients/{}", app.id);
    stand.administer(("PATCH", &path), &[], Some(json!({"backchannel_logout_uri": null}))).await;
    assert_eq!(stand.deliver_timers().await, [204]);
    stand.bed.execute("DELETE FROM clients").await;
    assert_eq!(stand.deliver_timers().await, [204]);
    assert!(receiver.take().is_empty());
}
