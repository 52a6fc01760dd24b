//! URLs that are bound to the network of who asked for them.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may fail as tests do")]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcsp_playback_url::{Binding, Grant, Key, Refusal, Signer, Verifier};
use std::net::IpAddr;

const NOW: u64 = 1_800_000_000;
const PATH: &str = "packaged/video_1/360p/segment_000.m4s";

fn key() -> Key {
    Key::new("k1", b"secret of k1, long enough to be used").unwrap()
}

fn bound_to(address: &str) -> String {
    let network = Binding::parse("ipv4/24 ipv6/48").unwrap().network(address.parse().unwrap());
    let grant = Grant::new("packaged/video_1/", "session_1", NOW + 60).unwrap();
    Signer::new(key()).sign(&grant.within(network))
}

fn verify(address: Option<&str>, token: &str) -> Result<Grant, Refusal> {
    let address: Option<IpAddr> = address.map(|address| address.parse().unwrap());
    Verifier::new([key()]).verify_from(address, token, PATH, NOW)
}

#[test]
fn it_opens_in_its_network_and_nowhere_else() {
    for (bound, inside, outside) in [
        ("192.0.2.77", ["192.0.2.77", "192.0.2.1"], ["192.0.3.77", "2001:db8:1::1"]),
        ("2001:db8:1::1", ["2001:db8:1::1", "2001:db8:1:ffff::2"], ["2001:db8:2::1", "192.0.2.77"]),
    ] {
        let token = bound_to(bound);
        for address in inside {
            let grant = verify(Some(address), &token).unwrap();
            assert!(grant.network().unwrap().contains(address.parse().unwrap()), "{address}");
        }
        for address in outside {
            let refusal = verify(Some(address), &token).unwrap_err();
            assert_eq!((refusal, refusal.code()), (Refusal::Elsewhere, "url_elsewhere"), "{address}");
        }
    }
}

#[test]
fn where_nobody_says_the_address_it_opens_nothing() {
    let token = bound_to("192.0.2.77");
    assert_eq!(verify(None, &token), Err(Refusal::Elsewhere));
    assert_eq!(Verifier::new([key()]).verify(&token, PATH, NOW), Err(Refusal::Elsewhere));
}

#[test]
fn one_that_is_not_bound_opens_everywhere() {
    let grant = Grant::new("packaged/video_1/", "session_1", NOW + 60).unwrap();
    let token = Signer::new(key()).sign(&grant);
    for address in [None, Some("192.0.2.77"), Some("2001:db8::1")] {
        assert_eq!(verify(address, &token), Ok(grant.clone()));
    }
}

#[test]
fn the_network_can_neither_be_changed_nor_taken_away() {
    let token = bound_to("192.0.2.77");
    let (payload, signature) = token.split_once('.').unwrap();
    let payload = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    assert!(payload.contains("192.0.2.0/24"), "{payload}");
    for (from, to) in [("192.0.2.0/24", "192.0.3.0/24"), (",\"net\":\"192.0.2.0/24\"", "")] {
        assert!(payload.contains(from), "{payload}");
        let changed = URL_SAFE_NO_PAD.encode(payload.replace(from, to));
        let forged = format!("{changed}.{signature}");
        assert_eq!(verify(Some("192.0.3.1"), &forged), Err(Refusal::Signature), "{to}");
    }
}
