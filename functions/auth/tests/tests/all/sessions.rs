//! What only shows from within: accounts that may not sign in, hashes that have aged, a Redis that is down.

use auth_tests::Stand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::join_all;
use mcsp_bridge_api::redis::{Operation, Reply};
use mcsp_testbed::unique;
use sha2::{Digest, Sha256};

const PASSWORD: &str = "correct horse";
/// How long a session lasts that nobody uses.
const SESSION_S: i64 = 30 * 86_400;
const SESSIONS_MAX: usize = 100;
const FREE_ATTEMPTS: usize = 20;

/// Limits stand in the Redis that all tests share, so each account has an address of its own.
fn unused_email() -> String {
    format!("ada-{}@example.com", unique())
}

#[tokio::test]
async fn a_suspended_or_closed_account_says_so_only_to_who_knows_its_password() {
    let stand = Stand::new().await;
    let email = unused_email();
    stand.register(&email, PASSWORD).await;
    for (change, code) in [
        ("UPDATE accounts SET state = 'suspended', version = version + 1", "account_suspended"),
        ("UPDATE accounts SET state = 'closed', version = version + 1", "account_closed"),
    ] {
        stand.bed.execute(change).await;
        let right = stand.sign_in(&email, PASSWORD).await;
        assert_eq!((right.status, right.code()), (403, code));
        let wrong = stand.sign_in(&email, "not the password").await;
        assert_eq!((wrong.status, wrong.code()), (401, "wrong_credentials"));
    }
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM sessions").await, 0);
}

#[tokio::test]
async fn a_hash_is_made_anew_when_its_cost_has_risen() {
    let stand = Stand::new().await;
    let email = unused_email();
    stand.register(&email, PASSWORD).await;
    let stand = stand.with_costlier_hashes().await;
    assert_eq!(stand.sign_in(&email, "not the password").await.status, 401);
    assert!(stand.bed.ask::<String>("SELECT phc FROM passwords").await.contains("t=2"));
    assert_eq!(stand.sign_in(&email, PASSWORD).await.status, 201);
    let renewed: String = stand.bed.ask("SELECT phc FROM passwords").await;
    assert!(renewed.contains("t=3"), "{renewed}");
    assert_eq!(stand.sign_in(&email, PASSWORD).await.status, 201);
    assert_eq!(stand.bed.ask::<String>("SELECT phc FROM passwords").await, renewed, "once");
}

#[tokio::test]
async fn without_redis_nobody_signs_in() {
    let stand = Stand::without_redis().await;
    let email = unused_email();
    stand.register(&email, PASSWORD).await;
    let refused = stand.sign_in(&email, PASSWORD).await;
    assert_eq!((refused.status, refused.code()), (503, "dependency_unavailable"));
    assert!(refused.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn a_session_that_nobody_uses_is_gone_in_a_month() {
    let stand = Stand::new().await;
    stand.bed.stop_clock();
    let email = unused_email();
    stand.register(&email, PASSWORD).await;
    stand.sign_in(&email, PASSWORD).await;
    stand.bed.pass(SESSION_S - 1);
    let second = stand.sign_in(&email, PASSWORD).await;
    assert_eq!(stand.listed_sessions(&second.json["access_token"]).await, 2);
    stand.bed.pass(1);
    assert_eq!(stand.listed_sessions(&second.json["access_token"]).await, 1);
    stand.sign_in(&email, PASSWORD).await;
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM sessions").await, 2, "the expired one is removed");
}

#[tokio::test]
async fn signing_in_cannot_fill_the_table() {
    let stand = Stand::new().await;
    let email = unused_email();
    stand.register(&email, PASSWORD).await;
    for _ in 0..SESSIONS_MAX / 10 {
        for reply in join_all((0..11).map(|_| stand.sign_in(&email, PASSWORD))).await {
            assert_eq!(reply.status, 201, "{}", reply.json);
        }
    }
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM sessions").await, SESSIONS_MAX as i64);
}

#[tokio::test]
async fn attempts_are_counted_for_addresses_without_an_account_too() {
    let stand = Stand::new().await;
    let nobody = unused_email();
    let mut wrong = 0;
    // Waits begin at a second and double: more than a few attempts beyond the free ones take minutes.
    for _ in 0..2 * FREE_ATTEMPTS {
        let reply = stand.sign_in(&nobody, PASSWORD).await;
        match reply.status {
            401 => wrong += 1,
            429 => assert!(reply.headers["ratelimit"].to_str().unwrap().starts_with("\"account\";r=0;")),
            _ => panic!("{}", reply.json),
        }
    }
    assert!((FREE_ATTEMPTS..FREE_ATTEMPTS + 5).contains(&wrong), "{wrong}");
}

#[tokio::test]
async fn parallel_guesses_do_not_slip_through() {
    let stand = Stand::new().await;
    let email = unused_email();
    stand.register(&email, PASSWORD).await;
    let guesses = join_all((0..3 * FREE_ATTEMPTS).map(|_| stand.sign_in(&email, "not the password"))).await;
    let tried = guesses.iter().filter(|reply| reply.status == 401).count();
    let refused = guesses.iter().filter(|reply| reply.status == 429).count();
    assert_eq!(tried + refused, guesses.len());
    // The first wait is a second: on a slow machine a few may come after it.
    assert!((FREE_ATTEMPTS..FREE_ATTEMPTS + 5).contains(&tried), "{tried}");
}

#[tokio::test]
async fn a_right_password_takes_its_attempt_back() {
    let stand = Stand::new().await;
    let email = unused_email();
    stand.register(&email, PASSWORD).await;
    let remaining = |reply: &auth_tests::Reply| {
        let text = reply.headers["ratelimit"].to_str().unwrap();
        text.split("r=").nth(1).unwrap().split(';').next().unwrap().parse::<u32>().unwrap()
    };
    let first = remaining(&stand.sign_in(&email, PASSWORD).await);
    assert_eq!(remaining(&stand.sign_in(&email, PASSWORD).await), first);
    assert_eq!(counted(&stand, &email).await, None);
    assert_eq!(remaining(&stand.sign_in(&email, "not the password").await), first);
    assert_eq!(counted(&stand, &email).await.as_deref(), Some("1"));
    assert_eq!(stand.sign_in(&email, PASSWORD).await.status, 201);
    // The wrong one still counts, less what is forgotten of it by now.
    let left: f64 = counted(&stand, &email).await.unwrap().parse().unwrap();
    assert!(left > 0.0 && left <= 1.0, "{left}");
}

/// The attempts that Redis counts for an account.
async fn counted(stand: &Stand, email: &str) -> Option<String> {
    let key = format!("auth:sign-in:account:{}", URL_SAFE_NO_PAD.encode(Sha256::digest(email)));
    let words = ["HGET", &key, "attempts"].map(|word| word.as_bytes().to_vec()).into();
    match stand.bed.bridge("auth-sessions").pipeline(vec![Operation::Command(words)]).await.unwrap().pop() {
        Some(Reply::Bulk(attempts)) => Some(String::from_utf8(attempts).unwrap()),
        other => {
            assert_eq!(other, Some(Reply::Nil));
            None
        }
    }
}
