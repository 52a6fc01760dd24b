//! What a signed URL opens, and what it does not.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may fail as tests do")]

use mcsp_playback_url::{Grant, InvalidGrant, InvalidKey, Key, Refusal, Signer, Verifier};

const NOW: u64 = 1_800_000_000;
const PATH: &str = "packaged/video_1/360p/segment_000.m4s";

fn key(id: &str) -> Key {
    Key::new(id, format!("secret of {id}, long enough to be used").as_bytes()).unwrap()
}

fn grant() -> Grant {
    Grant::new("packaged/video_1/", "session_1", NOW + 60).unwrap()
}

fn token() -> String {
    Signer::new(key("k1")).sign(&grant())
}

fn verify(token: &str, path: &str, now: u64) -> Result<Grant, Refusal> {
    Verifier::new([key("k1")]).verify(token, path, now)
}

#[test]
fn a_token_opens_every_path_under_its_prefix() {
    for path in ["packaged/video_1/master.m3u8", PATH] {
        assert_eq!(verify(&token(), path, NOW), Ok(grant()));
    }
}

#[test]
fn any_session_id_survives_the_token() {
    let grant = Grant::new("packaged/video_1/", "a\"b\\c\u{1}\u{e9}", NOW + 60).unwrap();
    let token = Signer::new(key("k1")).sign(&grant);
    assert_eq!(verify(&token, PATH, NOW), Ok(grant));
}

#[test]
fn a_token_is_plain_in_a_url() {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    assert!(token().bytes().all(plain));
}

#[test]
fn one_changed_character_anywhere_is_refused() {
    let token = token();
    for at in 0..token.len() {
        for other in "Aa0-_.Z9%/ é".chars() {
            let mut changed: Vec<char> = token.chars().collect();
            if changed[at] == other {
                continue;
            }
            changed[at] = other;
            let changed: String = changed.into_iter().collect();
            assert!(verify(&changed, PATH, NOW).is_err(), "{other} at {at} was accepted");
        }
    }
}

#[test]
fn a_shortened_or_extended_token_is_refused() {
    let token = token();
    for length in 0..token.len() {
        assert!(verify(&token[..length], PATH, NOW).is_err(), "{length} characters were accepted");
    }
    for more in ["A", "=", ".", ".A", " "] {
        assert!(verify(&format!("{token}{more}"), PATH, NOW).is_err(), "{more:?} more was accepted");
    }
    assert_eq!(verify(&"A".repeat(1 << 20), PATH, NOW), Err(Refusal::Malformed));
}

#[test]
fn a_token_is_refused_from_its_expiry_on() {
    assert!(verify(&token(), PATH, NOW + 59).is_ok());
    let refusal = verify(&token(), PATH, NOW + 60).unwrap_err();
    assert_eq!(refusal, Refusal::Expired);
    assert_eq!(refusal.code(), "url_expired");
}

#[test]
fn a_broken_token_is_never_called_expired() {
    let mut broken = token();
    broken.pop();
    assert_eq!(verify(&broken, PATH, NOW + 3600).unwrap_err().code(), "url_invalid");
}

#[test]
fn another_prefix_is_refused() {
    for path in
        ["packaged/video_2/master.m3u8", "packaged/video_10/master.m3u8", "packaged", "master.m3u8", ""]
    {
        assert_eq!(verify(&token(), path, NOW), Err(Refusal::Path), "{path} was accepted");
    }
}

#[test]
fn no_spelling_of_a_path_leads_out_of_the_prefix() {
    for path in [
        "packaged/video_1/../video_2/master.m3u8",
        "packaged/video_1/..",
        "packaged/video_1/./master.m3u8",
        "packaged/video_1//master.m3u8",
        "packaged/video_1/",
        "/packaged/video_1/master.m3u8",
        "packaged/video_1/%2e%2e/video_2/master.m3u8",
        "packaged/video_1/%2E%2E%2Fvideo_2/master.m3u8",
        "packaged/video_1/%252e%252e/video_2/master.m3u8",
        "packaged/video_1/..%c0%af..",
        "packaged/video_1/..\\video_2\\master.m3u8",
        "packaged/video_1/..;/video_2/master.m3u8",
        "packaged/video_1/master.m3u8?x=../..",
        "packaged/video_1/master.m3u8#..",
        "packaged/video_1/master.m3u8\0.txt",
        "packaged/video_1/master.m3u8\r\nx: y",
        "packaged/video_1/\u{ff0e}\u{ff0e}/master.m3u8",
        "Packaged/Video_1/master.m3u8",
    ] {
        assert_eq!(verify(&token(), path, NOW), Err(Refusal::Path), "{path:?} was accepted");
    }
}

#[test]
fn an_unknown_key_id_is_refused() {
    let foreign = Signer::new(key("k2")).sign(&grant());
    assert_eq!(verify(&foreign, PATH, NOW), Err(Refusal::UnknownKey));
}

#[test]
fn a_foreign_secret_under_a_known_id_is_refused() {
    let impostor = Key::new("k1", b"thirty-two bytes of another key!").unwrap();
    let forged = Signer::new(impostor).sign(&grant());
    assert_eq!(verify(&forged, PATH, NOW), Err(Refusal::Signature));
}

#[test]
fn both_keys_are_accepted_while_they_overlap() {
    let ring = Verifier::new([key("k1"), key("k2")]);
    for id in ["k1", "k2"] {
        let token = Signer::new(key(id)).sign(&grant());
        assert!(ring.verify(&token, PATH, NOW).is_ok(), "{id} was refused");
    }
}

#[test]
fn only_directories_of_plain_names_can_be_granted() {
    for prefix in
        ["", "/", "packaged/video_1", "/packaged/", "packaged//", "../", "packaged/../", "a b/", "%2e/"]
    {
        assert_eq!(Grant::new(prefix, "s", NOW), Err(InvalidGrant::PathPrefix), "{prefix:?} was granted");
    }
    assert_eq!(Grant::new("packaged/", "", NOW), Err(InvalidGrant::SessionId));
}

#[test]
fn a_short_secret_is_no_key() {
    assert_eq!(Key::new("k1", &[7; 31]).unwrap_err(), InvalidKey::ShortSecret);
    assert_eq!(Key::new("", &[7; 32]).unwrap_err(), InvalidKey::Id);
}

#[test]
fn a_key_does_not_show_its_secret() {
    assert!(!format!("{:?}", key("k1")).contains("secret"));
}
