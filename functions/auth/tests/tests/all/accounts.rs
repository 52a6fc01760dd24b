//! What only shows from within: what registering stores and tells others.

use auth_tests::{Stand, unused_address};
use futures::future::join_all;
use serde_json::{Value, json};

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "correct horse";
const REGISTRATIONS: usize = 5;

#[tokio::test]
async fn registering_emits_the_whole_state_and_no_address() {
    let stand = Stand::new().await;
    let reply = stand.register(EMAIL, PASSWORD).await;
    assert_eq!(reply.status, 201, "{}", reply.json);
    let event: String = stand
        .bed
        .ask("SELECT topic || ' ' || type || ' ' || key FROM outbox WHERE topic = 'user.account.changed'")
        .await;
    let id = reply.json["id"].as_str().unwrap();
    assert_eq!(event, format!("user.account.changed mcsp.auth.account.registered.v1 {id}"));
    let data: Vec<u8> = stand.bed.ask("SELECT data FROM outbox WHERE topic = 'user.account.changed'").await;
    assert_eq!(
        serde_json::from_slice::<Value>(&data).unwrap(),
        json!({
            "user_id": id, "version": 1, "state": "active", "roles": ["viewer"], "region": "eu",
            "email_verified": false,
        })
    );
}

#[tokio::test]
async fn registering_again_changes_and_emits_nothing_but_notes_the_time() {
    let stand = Stand::new().await;
    stand.register(EMAIL, PASSWORD).await;
    let phc: String = stand.bed.ask("SELECT phc FROM passwords").await;
    let again = stand.register("ADA@example.com", "what a stranger tries").await;
    assert_eq!(again.status, 201, "{}", again.json);
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM accounts").await, 1);
    let told = "SELECT count(*) FROM outbox WHERE topic = 'user.account.changed'";
    assert_eq!(stand.bed.ask::<i64>(told).await, 1);
    assert_eq!(stand.bed.ask::<String>("SELECT phc FROM passwords").await, phc);
    assert!(stand.bed.ask::<bool>("SELECT registered_again_at > created_at FROM accounts").await);
}

#[tokio::test]
async fn a_password_is_stored_as_argon2id_only() {
    let stand = Stand::new().await;
    stand.register(EMAIL, PASSWORD).await;
    let phc: String = stand.bed.ask("SELECT phc FROM passwords").await;
    assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
}

#[tokio::test]
async fn an_address_that_registers_too_often_waits_and_no_other_does() {
    let stand = Stand::with_registrations_per_minute(REGISTRATIONS).await;
    let emails: Vec<_> = (0..3 * REGISTRATIONS).map(|n| format!("ada-{n}@example.com")).collect();
    let replies = join_all(emails.iter().map(|email| stand.register(email, PASSWORD))).await;
    let (registered, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 201);
    // The first wait is a second, and the next ones double: on a slow machine a few may come after it.
    assert!((REGISTRATIONS..REGISTRATIONS + 3).contains(&registered.len()), "{}", registered.len());
    for reply in &refused {
        assert_eq!((reply.status, reply.code()), (429, "too_many_registrations"), "{}", reply.json);
        assert!(reply.headers["retry-after"].to_str().unwrap().parse::<u32>().unwrap() > 0);
        assert!(reply.headers["ratelimit"].to_str().unwrap().starts_with("\"address\";r=0;t="));
    }
    let policy = format!("\"address\";q={REGISTRATIONS};w=60");
    assert!(replies.iter().all(|reply| reply.headers["ratelimit-policy"] == policy));
    let accounts = i64::try_from(registered.len()).unwrap();
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM accounts").await, accounts);
    let another = stand.register_from(&unused_address(), "bea@example.com", PASSWORD).await;
    assert_eq!(another.status, 201, "{}", another.json);
}

#[tokio::test]
async fn what_is_refused_for_its_form_is_not_counted() {
    let stand = Stand::with_registrations_per_minute(1).await;
    for _ in 0..3 {
        assert_eq!(stand.register(EMAIL, "short").await.status, 422);
    }
    assert_eq!(stand.register(EMAIL, PASSWORD).await.status, 201);
}

#[tokio::test]
async fn what_fails_on_our_side_is_not_counted() {
    let stand = Stand::with_registrations_per_minute(1).await;
    stand.bed.redefine("ALTER TABLE passwords RENAME TO away").await;
    for _ in 0..3 {
        assert_eq!(stand.register(EMAIL, PASSWORD).await.status, 500);
    }
    stand.bed.redefine("ALTER TABLE away RENAME TO passwords").await;
    assert_eq!(stand.register(EMAIL, PASSWORD).await.status, 201);
}

#[tokio::test]
async fn without_redis_registering_goes_on() {
    let stand = Stand::without_redis().await;
    let reply = stand.register(EMAIL, PASSWORD).await;
    assert_eq!(reply.status, 201, "{}", reply.json);
    let told: Vec<&str> =
        reply.headers.get_all("ratelimit").iter().map(|limit| limit.to_str().unwrap()).collect();
    assert!(!told.iter().any(|limit| limit.starts_with("\"address\"")), "{told:?}");
}
