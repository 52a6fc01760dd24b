//! RFC 9449: its own examples, and one wrong proof for each check of section 4.3.

use super::*;
use ed25519_dalek::Signer;
use serde_json::json;

/// The proofs of the RFC, and the thumbprint of their key, of sections 4.1, 6.1 and 7.1.
const OF_A_TOKEN_REQUEST: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
const THUMBPRINT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
const IAT: i64 = 1_562_262_616;

const NOW_S: i64 = 1_764_061_200;
const URI: &str = "https://media.example/v1/videos";
const TOKEN: &str = "the access token";

enum Signed {
    P256(p256::ecdsa::SigningKey),
    Ed25519(Box<ed25519_dalek::SigningKey>),
}

fn p256() -> Signed {
    Signed::P256(p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap())
}

fn ed25519() -> Signed {
    Signed::Ed25519(Box::new(ed25519_dalek::SigningKey::from_bytes(&[7; 32])))
}

impl Signed {
    fn header(&self) -> Value {
        let text = |octets: &[u8]| URL_SAFE_NO_PAD.encode(octets);
        match self {
            Signed::P256(key) => {
                let point = key.verifying_key().to_sec1_point(false);
                let (x, y) = (text(&point.as_bytes()[1..33]), text(&point.as_bytes()[33..]));
                json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": {"kty": "EC", "crv": "P-256", "x": x, "y": y}})
            }
            Signed::Ed25519(key) => {
                let x = text(key.verifying_key().as_bytes());
                json!({"typ": "dpop+jwt", "alg": "EdDSA", "jwk": {"kty": "OKP", "crv": "Ed25519", "x": x}})
            }
        }
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = match self {
            Signed::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(signed.as_bytes());
                signature.to_bytes().to_vec()
            }
            Signed::Ed25519(key) => key.sign(signed.as_bytes()).to_bytes().to_vec(),
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn claims() -> Value {
    let ath = URL_SAFE_NO_PAD.encode(Sha256::digest(TOKEN));
    json!({"jti": "1", "htm": "POST", "htu": URI, "iat": NOW_S, "ath": ath})
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn check(proof: &str) -> Result<Proof, InvalidProof> {
    Proof::check(proof, ProvedRequest { method: "POST", uri: URI, token: Some(TOKEN) }, at(NOW_S))
}

/// A good header or good claims with one member that is another, or is not there.
fn with(good: &Value, name: &str, value: Value) -> Value {
    let mut changed = good.clone();
    let members = changed.as_object_mut().unwrap();
    members.remove(name);
    if !value.is_null() {
        members.insert(name.to_owned(), value);
    }
    changed
}

#[test]
fn the_example_of_the_rfc_is_right() {
    let of = ProvedRequest { method: "POST", uri: "https://server.example.com/token", token: None };
    let proof = Proof::check(OF_A_TOKEN_REQUEST, of, at(IAT)).unwrap();
    assert_eq!(proof.thumbprint(), THUMBPRINT);
    assert!(is_same_length(proof.thumbprint()));
}

fn is_same_length(text: &str) -> bool {
    crate::is_thumbprint(text) && !crate::is_thumbprint(&text[1..]) && !crate::is_thumbprint("")
}

#[test]
fn a_proof_names_its_key_and_no_two_are_called_the_same() {
    let names: Vec<String> = [p256(), ed25519()]
        .iter()
        .flat_map(|key| {
            ["1", "2"].map(|jti| {
                let proof = check(&key.sign(&key.header(), &with(&claims(), "jti", json!(jti)))).unwrap();
                assert_eq!(proof.thumbprint().len(), 43);
                proof.name()
            })
        })
        .collect();
    assert_eq!(names.iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
}

#[test]
fn a_wrong_proof_is_refused_for_each_check() {
    for key in [p256(), ed25519()] {
        let (header, claims) = (key.header(), claims());
        let by_header = |name: &str, value: Value| key.sign(&with(&header, name, value), &claims);
        let by_claim = |name: &str, value: Value| key.sign(&header, &with(&claims, name, value));
        let by_jwk = |name: &str, value: Value| by_header("jwk", with(&header["jwk"], name, value));
        let good = key.sign(&header, &claims);
        assert!(check(&good).is_ok(), "what follows must differ from a good proof only where it says");
        let (signed, signature) = good.rsplit_once('.').unwrap();
        let other = Signed::sign(
            &match key {
                Signed::P256(_) => ed25519(),
                Signed::Ed25519(_) => p256(),
            },
            &header,
            &claims,
        );
        for (name, proof, refusal) in [
            // 2: a well-formed JWT.
            ("empty", String::new(), InvalidProof::Malformed),
            ("not three parts", signed.to_owned(), InvalidProof::Malformed),
            ("no base64", format!("{signed}.!{signature}"), InvalidProof::Malformed),
            ("too long", by_claim("jti", json!("x".repeat(5000))), InvalidProof::Malformed),
            // 3: all required claims.
            ("no jti", by_claim("jti", Value::Null), InvalidProof::Malformed),
            ("empty jti", by_claim("jti", json!("")), InvalidProof::Malformed),
            ("no htm", by_claim("htm", Value::Null), InvalidProof::Malformed),
            ("no htu", by_claim("htu", Value::Null), InvalidProof::Malformed),
            ("no iat", by_claim("iat", Value::Null), InvalidProof::Malformed),
            ("iat as text", by_claim("iat", json!("1764061200")), InvalidProof::Malformed),
            // 4: the type.
            ("no typ", by_header("typ", Value::Null), InvalidProof::Malformed),
            ("another typ", by_header("typ", json!("at+jwt")), InvalidProof::WrongType),
            // 5: the algorithm.
            ("none", by_header("alg", json!("none")), InvalidProof::WrongAlgorithm),
            ("symmetric", by_header("alg", json!("HS256")), InvalidProof::WrongAlgorithm),
            ("unsupported", by_header("alg", json!("RS256")), InvalidProof::WrongAlgorithm),
            ("critical", by_header("crit", json!(["exp"])), InvalidProof::Malformed),
            // 6: the signature, with the key in it.
            ("no key", by_header("jwk", Value::Null), InvalidProof::Malformed),
            ("another key", other, InvalidProof::BadSignature),
            ("no signature", format!("{signed}."), InvalidProof::BadSignature),
            ("another curve", by_jwk("crv", json!("P-384")), InvalidProof::UnusableKey),
            ("another kind of key", by_jwk("kty", json!("oct")), InvalidProof::UnusableKey),
            ("half a key", by_jwk("x", json!("AAAA")), InvalidProof::UnusableKey),
            // 7: no private key.
            ("a private key", by_jwk("d", json!("AAAA")), InvalidProof::UnusableKey),
            // 8 and 9: the request.
            ("another method", by_claim("htm", json!("GET")), InvalidProof::OtherRequest),
            ("another spelling", by_claim("htm", json!("post")), InvalidProof::OtherRequest),
            (
                "another path",
                by_claim("htu", json!("https://media.example/v1/video")),
                InvalidProof::OtherRequest,
            ),
            (
                "another host",
                by_claim("htu", json!("https://other.example/v1/videos")),
                InvalidProof::OtherRequest,
            ),
            (
                "another scheme",
                by_claim("htu", json!("http://media.example/v1/videos")),
                InvalidProof::OtherRequest,
            ),
            ("no address", by_claim("htu", json!("/v1/videos")), InvalidProof::OtherRequest),
            // 11: the time.
            ("old", by_claim("iat", json!(NOW_S - 61)), InvalidProof::Untimely),
            ("from the future", by_claim("iat", json!(NOW_S + 31)), InvalidProof::Untimely),
            // 12: the token.
            ("no token", by_claim("ath", Value::Null), InvalidProof::OtherToken),
            ("another token", by_claim("ath", json!("AAAA")), InvalidProof::OtherToken),
        ] {
            assert_eq!(check(&proof), Err(refusal), "{name}");
        }
    }
}

#[test]
fn no_changed_character_is_a_proof() {
    let key = p256();
    let good = key.sign(&key.header(), &claims());
    for at in 0..good.len() {
        let mut changed = good.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        assert!(check(std::str::from_utf8(&changed).unwrap()).is_err(), "character {at}");
    }
}

#[test]
fn times_within_the_window_and_with_fractions_are_good() {
    let key = ed25519();
    for iat in [json!(NOW_S - 60), json!(NOW_S + 30), json!(NOW_S as f64 - 0.25)] {
        assert!(check(&key.sign(&key.header(), &with(&claims(), "iat", iat.clone()))).is_ok(), "{iat}");
    }
}

#[test]
fn an_address_may_be_written_in_other_ways() {
    for other in [
        "HTTPS://media.example/v1/videos",
        "https://MEDIA.example/v1/videos",
        "https://media.example:443/v1/videos",
        "https://media.example/v1/videos?limit=3",
        "https://media.example/v1/videos#top",
    ] {
        assert!(is_same_place(other, URI), "{other}");
    }
    for other in [
        "https://media.example:8443/v1/videos",
        "https://user@media.example/v1/videos",
        "https://media.example/v1/videos/",
        "https://media.example/v1/VIDEOS",
        "https://media.example",
        "media.example/v1/videos",
        "",
    ] {
        assert!(!is_same_place(other, URI), "{other}");
    }
    assert!(is_same_place("http://127.0.0.1:80", "http://127.0.0.1/"));
}
