//! Passkeys: enrolled, shown as first and as second factor and to step up; each challenge is answered once.

use crate::common::{PASSWORD, code_of, signed_in, text};
use auth_tests::authenticator::Authenticator;
use auth_tests::browser::{Browser, answer, location};
use auth_tests::{Reply, Stand};
use futures::future::join_all;
use serde_json::{Value, json};

const MINUTE_S: i64 = 60;
const SESSIONS: &str =
    "SELECT acr || ' ' || array_to_string(amr, ',') FROM sessions ORDER BY id DESC LIMIT 1";

/// An account with a passkey, and the session that enrolled it.
struct Protected {
    stand: Stand,
    email: String,
    user_id: String,
    token: Value,
    factor_id: String,
    passkey: Authenticator,
    recovery_codes: Vec<String>,
}

async fn enrolled(stand: &Stand, token: &Value) -> Value {
    let body = json!({"kind": "passkey", "name": "phone"});
    let reply = stand.send("POST", "/v1/factors", Some(token), body).await;
    assert_eq!(reply.status, 201, "{}", reply.json);
    reply.json
}

async fn confirm(stand: &Stand, token: &Value, factor: &Value, made: &Value) -> Reply {
    let path = format!("/v1/factors/{}/confirmation", text(&factor["id"]));
    stand.send("POST", &path, Some(token), json!({ "public_key": made })).await
}

/// A challenge to sign in at the API.
async fn asked(stand: &Stand) -> Value {
    let reply = stand.send("POST", "/v1/sessions/passkey-challenge", None, Value::Null).await;
    assert_eq!(reply.status, 200, "{}", reply.json);
    assert_eq!(reply.json["expires_in_s"], 300);
    reply.json["public_key"].clone()
}

async fn show(stand: &Stand, shown: &Value) -> Reply {
    stand.send("POST", "/v1/sessions/passkey", None, json!({ "public_key": shown })).await
}

impl Protected {
    async fn with(mut passkey: Authenticator) -> Self {
        let stand = Stand::new().await;
        let (email, session) = signed_in(&stand).await;
        let token = session["access_token"].clone();
        let factor = enrolled(&stand, &token).await;
        let made = passkey.create(&factor["public_key"]);
        let confirmed = confirm(&stand, &token, &factor, &made).await;
        assert_eq!(confirmed.status, 200, "{}", confirmed.json);
        let codes = confirmed.json["recovery_codes"].as_array().unwrap();
        let recovery_codes = codes.iter().map(text).collect();
        let (user_id, factor_id) = (text(&session["user_id"]), text(&factor["id"]));
        Protected { stand, email, user_id, token, factor_id, passkey, recovery_codes }
    }

    async fn new() -> Self {
        Self::with(Authenticator::default()).await
    }

    async fn sign_in(&mut self) -> Reply {
        let options = asked(&self.stand).await;
        let shown = self.passkey.get(&options);
        show(&self.stand, &shown).await
    }

    /// The first step of a sign-in with the password.
    async fn challenge(&self) -> Value {
        let asked = self.stand.sign_in(&self.email, PASSWORD).await;
        assert_eq!(code_of(&asked), (401, "second_factor_required"), "{}", asked.json);
        asked.json
    }

    async fn complete(&self, challenge: &Value, shown: &Value) -> Reply {
        let body = json!({"challenge": challenge["challenge"], "public_key": shown});
        self.stand.send("POST", "/v1/sessions/second-factor", None, body).await
    }
}

#[tokio::test]
async fn a_passkey_alone_signs_in_and_counts_as_two_factors() {
    for (passkey, amr) in
        [(Authenticator::default(), "2 hwk,user,mfa"), (Authenticator::synced(), "2 swk,user,mfa")]
    {
        let mut ada = Protected::with(passkey).await;
        let session = ada.sign_in().await;
        assert_eq!(session.status, 201, "{}", session.json);
        assert_eq!(session.json["user_id"], ada.user_id.as_str());
        assert_eq!(ada.stand.bed.ask::<String>(SESSIONS).await, amr);
        // Strong enough for what is sensitive, where the token of the password is not.
        let token = &session.json["access_token"];
        let codes = "/v1/factors/recovery-codes";
        let weak = ada.stand.send("POST", codes, Some(&ada.token), Value::Null).await;
        assert_eq!(code_of(&weak), (401, "insufficient_user_authentication"));
        assert_eq!(ada.stand.send("POST", codes, Some(token), Value::Null).await.status, 201);
        assert_eq!(ada.sign_in().await.status, 201, "and once more");
    }
}

#[tokio::test]
async fn enrolling_gives_recovery_codes_an_event_and_a_second_factor() {
    let ada = Protected::new().await;
    assert_eq!(ada.recovery_codes.len(), 10);
    let listed = ada.stand.send("GET", "/v1/factors", Some(&ada.token), Value::Null).await.json;
    let item = &listed["items"][0];
    assert_eq!(
        (&item["kind"], &item["name"], &item["confirmed"]),
        (&json!("passkey"), &json!("phone"), &json!(true))
    );
    let challenge = ada.challenge().await;
    let body = json!({"challenge": challenge["challenge"], "code": ada.recovery_codes[0]});
    let completed = ada.stand.send("POST", "/v1/sessions/second-factor", None, body).await;
    assert_eq!(completed.status, 201, "{}", completed.json);
    let remove = format!("/v1/factors/{}", ada.factor_id);
    let token = &completed.json["access_token"];
    assert_eq!(ada.stand.send("DELETE", &remove, Some(token), Value::Null).await.status, 204);
    assert_eq!(ada.stand.sign_in(&ada.email, PASSWORD).await.status, 201, "the password is enough again");
    assert_eq!(ada.stand.bed.ask::<i64>("SELECT count(*) FROM recovery_codes").await, 0);
    let events = ada.stand.bed.emitted(&ada.user_id).await;
    let kinds: Vec<_> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(
        kinds,
        ["registered", "factor_added", "factor_removed"].map(|what| format!("mcsp.auth.account.{what}.v1"))
    );
    let told: Vec<_> = events[1].data.as_object().unwrap().keys().collect();
    assert_eq!(told, ["email_verified", "region", "roles", "state", "user_id", "version"], "ids only");
}

#[tokio::test]
async fn a_removed_passkey_signs_nobody_in() {
    let mut ada = Protected::new().await;
    let token = ada.sign_in().await.json["access_token"].clone();
    let remove = format!("/v1/factors/{}", ada.factor_id);
    assert_eq!(ada.stand.send("DELETE", &remove, Some(&token), Value::Null).await.status, 204);
    assert_eq!(code_of(&ada.sign_in().await), (403, "wrong_passkey"));
}

#[tokio::test]
async fn a_challenge_is_answered_once_however_many_do_it_at_once() {
    let mut ada = Protected::with(Authenticator::synced()).await;
    let options = asked(&ada.stand).await;
    // Without a counter nothing but the challenge tells one from another.
    let shown = ada.passkey.get(&options);
    let replies = join_all((0..6).map(|_| show(&ada.stand, &shown))).await;
    let begun = replies.iter().filter(|reply| reply.status == 201).count();
    assert_eq!(begun, 1, "{:?}", replies.iter().map(code_of).collect::<Vec<_>>());
    assert!(replies.iter().all(|reply| reply.status == 201 || code_of(reply) == (403, "wrong_passkey")));
    assert_eq!(code_of(&show(&ada.stand, &shown).await), (403, "wrong_passkey"));
    let stored: String = ada.stand.bed.ask("SELECT string_agg(hash, ' ') FROM answered_challenges").await;
    assert!(!stored.contains(&text(&options["challenge"])));
}

#[tokio::test]
async fn a_challenge_ends_after_five_minutes_and_is_forgotten_then() {
    let mut ada = Protected::new().await;
    let options = asked(&ada.stand).await;
    ada.stand.bed.pass(5 * MINUTE_S);
    let late = ada.passkey.get(&options);
    assert_eq!(code_of(&show(&ada.stand, &late).await), (403, "wrong_passkey"));
    assert_eq!(
        ada.stand.bed.ask::<i64>("SELECT count(*) FROM answered_challenges").await,
        1,
        "the enrolment's"
    );
    ada.stand.bed.pass(5 * MINUTE_S);
    assert_eq!(ada.sign_in().await.status, 201);
    assert_eq!(ada.stand.bed.ask::<i64>("SELECT count(*) FROM answered_challenges").await, 1);
    let token = ada.stand.sign_in(&ada.email, PASSWORD).await;
    assert_eq!(token.code(), "second_factor_required");
}

#[tokio::test]
async fn a_challenge_is_good_for_what_it_was_made_for_and_nothing_else() {
    let mut ada = Protected::new().await;
    let session = ada.sign_in().await.json;
    let token = &session["access_token"];
    let step_up = async |token: &Value, session: &Value, shown: &Value| {
        let path = format!("/v1/sessions/{}/step-up", text(&session["id"]));
        ada.stand.send("POST", &path, Some(token), json!({ "public_key": shown })).await
    };
    let own = async |token: &Value| {
        let reply = ada.stand.send("POST", "/v1/factors/passkey-challenge", Some(token), Value::Null).await;
        assert_eq!(reply.status, 200, "{}", reply.json);
        reply.json["public_key"].clone()
    };
    let (for_sign_in, for_step_up) = (asked(&ada.stand).await, own(token).await);
    let mut passkey = ada.passkey.copied();
    assert_eq!(for_step_up["allowCredentials"].as_array().unwrap().len(), 1);
    assert_eq!(code_of(&step_up(token, &session, &passkey.get(&for_sign_in)).await), (403, "wrong_passkey"));
    assert_eq!(code_of(&show(&ada.stand, &passkey.get(&for_step_up)).await), (403, "wrong_passkey"));
    // Nor is that of another session.
    let shown = passkey.get(&asked(&ada.stand).await);
    let other = show(&ada.stand, &shown).await.json;
    let crossed = passkey.get(&for_step_up);
    assert_eq!(code_of(&step_up(&other["access_token"], &other, &crossed).await), (403, "wrong_passkey"));
    // Nor one of our own making.
    for challenge in ["", "AAAA", "bm90IG9uZSBvZiBvdXJz", &format!("{}AAAA", text(&for_sign_in["challenge"]))]
    {
        let forged = passkey.get(&json!({"rpId": "auth.example", "challenge": challenge}));
        assert_eq!(code_of(&show(&ada.stand, &forged).await), (403, "wrong_passkey"), "{challenge}");
    }
}

#[tokio::test]
async fn stepping_up_with_a_passkey_gives_a_token_that_will_do_once() {
    let mut ada = Protected::new().await;
    let session = ada.sign_in().await.json;
    let token = &session["access_token"];
    ada.stand.bed.pass(9 * MINUTE_S);
    let before = ada.stand.bed.now().as_second();
    let path = format!("/v1/sessions/{}/step-up", text(&session["id"]));
    let options = ada.stand.send("POST", "/v1/factors/passkey-challenge", Some(token), Value::Null).await;
    let shown = json!({"public_key": ada.passkey.get(&options.json["public_key"])});
    let replies = join_all((0..4).map(|_| ada.stand.send("POST", &path, Some(token), shown.clone()))).await;
    let stepped_up: Vec<_> = replies.iter().filter(|reply| reply.status == 200).collect();
    assert_eq!(stepped_up.len(), 1, "{:?}", replies.iter().map(code_of).collect::<Vec<_>>());
    assert_eq!(stepped_up[0].json["acr"], "2");
    let since = "SELECT max(extract(epoch FROM authenticated_at))::bigint FROM sessions";
    assert!(ada.stand.bed.ask::<i64>(since).await >= before);
    let both = json!({"code": "123456", "public_key": shown["public_key"]});
    assert_eq!(code_of(&ada.stand.send("POST", &path, Some(token), both).await), (422, "validation_failed"));
    let (_, bea) = signed_in(&ada.stand).await;
    let none = ada
        .stand
        .send("POST", "/v1/factors/passkey-challenge", Some(&bea["access_token"]), Value::Null)
        .await;
    assert_eq!(code_of(&none), (409, "no_passkey"));
}

#[tokio::test]
async fn after_a_password_a_passkey_is_the_second_factor() {
    let mut ada = Protected::new().await;
    let (first, second) = (ada.challenge().await, ada.challenge().await);
    assert_eq!(first["public_key"]["challenge"], first["challenge"]);
    assert_eq!(first["public_key"]["allowCredentials"].as_array().unwrap().len(), 1);
    let shown = ada.passkey.get(&first["public_key"]);
    assert_eq!(code_of(&ada.complete(&second, &shown).await), (403, "wrong_passkey"), "another challenge");
    let replies = join_all((0..4).map(|_| ada.complete(&first, &shown))).await;
    let begun = replies.iter().filter(|reply| reply.status == 201).count();
    assert_eq!(begun, 1, "{:?}", replies.iter().map(code_of).collect::<Vec<_>>());
    assert_eq!(ada.stand.bed.ask::<String>(SESSIONS).await, "2 pwd,hwk,user,mfa");
    assert_eq!(code_of(&ada.complete(&first, &shown).await), (401, "unusable_challenge"));
    let neither = json!({"challenge": second["challenge"]});
    let neither = ada.stand.send("POST", "/v1/sessions/second-factor", None, neither).await;
    assert_eq!(code_of(&neither), (422, "validation_failed"));
    // Without the password it is worth nothing.
    let unasked = ada.passkey.get(&json!({"rpId": "auth.example", "challenge": second["challenge"]}));
    assert_eq!(code_of(&show(&ada.stand, &unasked).await), (403, "wrong_passkey"));
}

#[tokio::test]
async fn a_passkey_of_another_account_is_nobodys() {
    let ada = Protected::new().await;
    let (_, session) = signed_in(&ada.stand).await;
    let token = &session["access_token"];
    let factor = enrolled(&ada.stand, token).await;
    let mut mallory = Authenticator::default();
    // What Ada's authenticator made cannot be another account's too.
    let mut stolen = ada.passkey.copied();
    let known = confirm(&ada.stand, token, &factor, &stolen.create(&factor["public_key"])).await;
    assert_eq!(code_of(&known), (409, "passkey_exists"));
    let made = mallory.create(&factor["public_key"]);
    assert_eq!(confirm(&ada.stand, token, &factor, &made).await.status, 200, "the refusal used nothing up");
    let challenge = ada.challenge().await;
    let shown = mallory.get(&challenge["public_key"]);
    assert_eq!(code_of(&ada.complete(&challenge, &shown).await), (403, "wrong_passkey"));
    // One that claims to be Ada's is neither hers nor its owner's.
    let mut claiming = mallory.copied();
    claiming.create(
        &json!({"user": {"id": "AZrbIhyAcACAAAAAAAAAAQ"}, "rp": {"id": "auth.example"}, "challenge": ""}),
    );
    let shown = claiming.get(&asked(&ada.stand).await);
    assert_eq!(code_of(&show(&ada.stand, &shown).await), (403, "wrong_passkey"));
    // Nor is one that says nothing.
    let mut silent = mallory.get(&asked(&ada.stand).await);
    silent["response"]["userHandle"] = Value::Null;
    assert_eq!(code_of(&show(&ada.stand, &silent).await), (403, "wrong_passkey"));
}

#[tokio::test]
async fn a_page_of_another_origin_gets_nowhere() {
    let mut ada = Protected::new().await;
    for origin in ["https://auth.example", "http://auth.example.evil.com", "http://evil.com", "null"] {
        let mut phished = ada.passkey.lured_to(origin);
        let shown = phished.get(&asked(&ada.stand).await);
        assert_eq!(code_of(&show(&ada.stand, &shown).await), (403, "wrong_passkey"), "{origin}");
    }
    assert_eq!(ada.sign_in().await.status, 201);
}

#[tokio::test]
async fn a_copied_passkey_is_told_by_its_counter() {
    let mut ada = Protected::new().await;
    let mut copy = ada.passkey.copied();
    assert_eq!(ada.sign_in().await.status, 201);
    assert_eq!(ada.sign_in().await.status, 201);
    let shown = copy.get(&asked(&ada.stand).await);
    assert_eq!(code_of(&show(&ada.stand, &shown).await), (403, "copied_passkey"));
    assert_eq!(
        ada.stand.bed.ask::<i64>("SELECT sign_count FROM factors").await,
        i64::from(ada.passkey.count)
    );
    assert_eq!(ada.sign_in().await.status, 201);
}

#[tokio::test]
async fn an_unconfirmed_passkey_protects_nothing_and_its_challenge_is_its_own() {
    let stand = Stand::new().await;
    let (email, session) = signed_in(&stand).await;
    let token = &session["access_token"];
    let first = enrolled(&stand, token).await;
    let second = enrolled(&stand, token).await;
    assert_eq!(stand.sign_in(&email, PASSWORD).await.status, 201);
    let mut passkey = Authenticator::default();
    let made = passkey.create(&first["public_key"]);
    assert_eq!(code_of(&confirm(&stand, token, &first, &made).await), (404, "not_found"), "it gave way");
    assert_eq!(code_of(&confirm(&stand, token, &second, &made).await), (403, "wrong_passkey"));
    let path = format!("/v1/factors/{}/confirmation", text(&second["id"]));
    let code = stand.send("POST", &path, Some(token), json!({"code": "123456"})).await;
    assert_eq!(code_of(&code), (403, "wrong_code"));
    assert_eq!(code_of(&stand.send("POST", &path, Some(token), json!({})).await), (422, "validation_failed"));
    stand.bed.pass(5 * MINUTE_S);
    let late = passkey.create(&second["public_key"]);
    assert_eq!(code_of(&confirm(&stand, token, &second, &late).await), (403, "wrong_passkey"));
    let totp = stand.send("POST", "/v1/factors", Some(token), json!({"kind": "totp"})).await.json;
    let other = confirm(&stand, token, &totp, &passkey.create(&second["public_key"])).await;
    assert_eq!(code_of(&other), (403, "wrong_passkey"), "an authenticator is no passkey");
}

#[tokio::test]
async fn a_closed_account_is_taken_back_by_its_passkey_and_a_suspended_one_is_not() {
    let mut ada = Protected::new().await;
    let token = ada.sign_in().await.json["access_token"].clone();
    let closed = ada.stand.send("DELETE", "/v1/accounts/me", Some(&token), Value::Null).await;
    assert_eq!(closed.status, 200, "{}", closed.json);
    assert_eq!(code_of(&ada.sign_in().await), (403, "account_closed"));
    let shown = ada.passkey.get(&asked(&ada.stand).await);
    let body = json!({"public_key": shown, "reopen": true});
    let reopened = ada.stand.send("POST", "/v1/sessions/passkey", None, body).await;
    assert_eq!(reopened.status, 201, "{}", reopened.json);
    ada.stand.bed.execute("UPDATE accounts SET state = 'suspended', version = version + 1").await;
    assert_eq!(code_of(&ada.sign_in().await), (403, "account_suspended"));
}

#[tokio::test]
async fn erasing_an_account_takes_its_passkeys_too() {
    let mut ada = Protected::new().await;
    let token = ada.sign_in().await.json["access_token"].clone();
    ada.stand.send("DELETE", "/v1/accounts/me", Some(&token), Value::Null).await;
    ada.stand.bed.pass(30 * 24 * 60 * MINUTE_S + 1);
    assert_eq!(ada.stand.deliver_timers().await, [204]);
    for table in ["accounts", "factors", "recovery_codes", "sign_in_challenges"] {
        assert_eq!(ada.stand.bed.ask::<i64>(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    assert_eq!(code_of(&ada.sign_in().await), (403, "wrong_passkey"));
}

/// What the page's script is given.
fn options_of(page: &Reply) -> Value {
    let (_, after) = page.text.split_once("data-options=\"").unwrap_or_else(|| panic!("{}", page.text));
    serde_json::from_str(&after.split_once('"').unwrap().0.replace("&quot;", "\"")).unwrap()
}

async fn shown_on(browser: &Browser<'_>, page: &Reply, passkey: &mut Authenticator) -> Reply {
    let shown = passkey.get(&options_of(page)).to_string();
    browser.submit(page, &[("email", ""), ("password", ""), ("passkey", &shown)]).await
}

#[tokio::test]
async fn the_sign_in_page_takes_a_passkey_in_the_place_of_all_else() {
    let mut ada = Protected::new().await;
    let app = ada.stand.app(json!({"first_party": true})).await;
    let browser = ada.stand.browser();
    let page = browser.open(&app.request(&[("acr_values", "2")])).await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("script-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
    let signed_in = shown_on(&browser, &page, &mut ada.passkey).await;
    assert_eq!(signed_in.status, 303, "{}", signed_in.text);
    let redirect = browser.open(&location(&signed_in)).await;
    let granted = app.redeem(&answer(&redirect, "code").unwrap()).await.json;
    assert!(granted["access_token"].is_string(), "{granted}");
    assert_eq!(ada.stand.bed.ask::<String>(SESSIONS).await, "2 hwk,user,mfa");
}

#[tokio::test]
async fn the_sign_in_page_says_what_is_wrong_with_a_passkey_and_offers_itself_again() {
    let mut ada = Protected::new().await;
    let app = ada.stand.app(json!({"first_party": true})).await;
    let browser = ada.stand.browser();
    let open = async || browser.open(&app.request(&[])).await;
    let page = open().await;
    let stranger = shown_on(&browser, &page, &mut Authenticator::default()).await;
    assert_eq!(stranger.status, 403);
    assert!(
        stranger.text.contains("The passkey is not known here") && stranger.text.contains("role=\"alert\"")
    );
    assert!(options_of(&stranger)["challenge"].is_string());
    for nonsense in ["x", "{}", "[]", "null"] {
        let page = open().await;
        assert_eq!(browser.submit(&page, &[("passkey", nonsense)]).await.status, 403, "{nonsense}");
    }
    // A challenge is one browser's, and good for five minutes.
    let other = ada.stand.browser();
    let (own, others) = (open().await, other.open(&app.request(&[])).await);
    let shown = ada.passkey.get(&options_of(&others)).to_string();
    assert_eq!(browser.submit(&own, &[("passkey", &shown)]).await.status, 403);
    let page = open().await;
    ada.stand.bed.pass(5 * MINUTE_S);
    assert_eq!(shown_on(&browser, &page, &mut ada.passkey).await.status, 403);
    let mut copy = ada.passkey.copied();
    let page = open().await;
    let shown = ada.passkey.get(&options_of(&page)).to_string();
    assert_eq!(browser.submit(&page, &[("passkey", &shown)]).await.status, 303);
    let login = browser.open(&app.request(&[("prompt", "login")])).await;
    assert_eq!(browser.submit(&login, &[("passkey", &shown)]).await.status, 403, "it was answered");
    let copied = shown_on(&browser, &login, &mut copy).await;
    assert!(copied.text.contains("seems to exist twice"), "{}", copied.text);
    // The password alone is not enough, and the page says what is.
    let typed = [("email", ada.email.as_str()), ("password", PASSWORD)];
    let asked = other.submit(&others, &typed).await;
    assert!(asked.status == 403 && asked.text.contains("or use your passkey"), "{}", asked.text);
    ada.stand.bed.execute("UPDATE accounts SET state = 'suspended', version = version + 1").await;
    let page = other.open(&app.request(&[])).await;
    assert!(shown_on(&other, &page, &mut ada.passkey).await.text.contains("The account is suspended."));
}
