//! What clients may be, and what they are taken for.

use super::*;
use proptest::prelude::*;

const AT: Timestamp = Timestamp::UNIX_EPOCH;
const HOUR: SignedDuration = SignedDuration::from_hours(1);

fn details(redirect_uris: &[&str], grant_types: &[GrantType]) -> ClientDetails {
    ClientDetails {
        name: ClientName::parse("An application").unwrap(),
        redirect_uris: redirect_uris.iter().map(|uri| RedirectUri::parse(uri).unwrap()).collect(),
        post_logout_redirect_uris: Vec::new(),
        backchannel_logout_uri: None,
        grant_types: grant_types.to_vec(),
        scopes: vec![Scope::parse("openid").unwrap()],
        first_party: false,
    }
}

fn client(kind: ClientKind, redirect_uris: &[&str]) -> Client {
    let id = ClientId::from_uuid(uuid::Uuid::nil());
    Client::register(id, kind, details(redirect_uris, &[GrantType::AuthorizationCode]), AT).unwrap()
}

fn confidential() -> (Client, ClientSecret) {
    let secret = ClientSecret::new(&[1; 32]);
    let kind = ClientKind::Confidential(Secrets::new(secret.digest()));
    (client(kind, &["https://app.example/cb"]), secret)
}

#[test]
fn redirect_uris_of_three_kinds_are_taken() {
    for uri in [
        "https://app.example/callback",
        "https://app.example:8443/callback?tenant=1",
        "https://app.example",
        "http://127.0.0.1/callback",
        "http://127.0.0.1:3000/callback",
        "http://[::1]:3000",
        "http://localhost:3000/callback",
        "com.example.app:/oauth2redirect",
    ] {
        assert_eq!(RedirectUri::parse(uri).map(|uri| uri.as_str().to_owned()), Ok(uri.to_owned()));
    }
}

#[test]
fn redirect_uris_that_others_could_answer_are_refused() {
    let long = format!("https://app.example/{}", "x".repeat(1024));
    for (uri, refusal) in [
        ("", InvalidUri::Malformed),
        ("/callback", InvalidUri::Malformed),
        ("app.example/callback", InvalidUri::Malformed),
        ("https:", InvalidUri::Malformed),
        ("https://", InvalidUri::Malformed),
        ("https:///callback", InvalidUri::Malformed),
        ("https:/app.example/callback", InvalidUri::Malformed),
        ("HTTPS://app.example/", InvalidUri::Malformed),
        ("https://APP.example/", InvalidUri::Malformed),
        ("https://app.example\\@evil.example/", InvalidUri::Malformed),
        ("https://app.example/\n", InvalidUri::Malformed),
        ("https://app.example/ü", InvalidUri::Malformed),
        ("https://app.example:port/", InvalidUri::Malformed),
        ("https://app.example:99999/", InvalidUri::Malformed),
        ("https://user@app.example/", InvalidUri::UserInfo),
        ("https://app.example/#x", InvalidUri::Fragment),
        ("https://*.example/", InvalidUri::Wildcard),
        ("http://app.example/callback", InvalidUri::Scheme),
        ("http://127.0.0.1.evil.example/", InvalidUri::Scheme),
        ("http://127.0.0.2/", InvalidUri::Scheme),
        ("http://[::2]/", InvalidUri::Scheme),
        ("javascript:alert(1)", InvalidUri::Scheme),
        ("data:text/html,x", InvalidUri::Scheme),
        ("myapp:/callback", InvalidUri::Scheme),
        ("com.example.app://host/callback", InvalidUri::Scheme),
        (&long, InvalidUri::TooLong),
    ] {
        assert_eq!(RedirectUri::parse(uri), Err(refusal), "{uri}");
    }
}

#[test]
fn a_logout_uri_is_of_the_web() {
    assert!(LogoutUri::parse("https://app.example/logout").is_ok());
    assert!(LogoutUri::parse("http://localhost:3000/logout").is_ok());
    assert_eq!(LogoutUri::parse("com.example.app:/logout"), Err(InvalidUri::Scheme));
}

#[test]
fn a_redirect_uri_is_matched_exactly() {
    let client = client(ClientKind::Public, &["https://app.example/cb", "com.example.app:/cb"]);
    for same in ["https://app.example/cb", "com.example.app:/cb"] {
        assert_eq!(client.redirect_uri(same).map(RedirectUri::as_str), Some(same));
    }
    for other in [
        "https://app.example/cb/",
        "https://app.example/cb?x",
        "https://app.example:443/cb",
        "https://app.example/CB",
        "https://app.example/%63b",
        "https://app.example/cb#",
        "http://app.example/cb",
        " https://app.example/cb",
        "",
    ] {
        assert_eq!(client.redirect_uri(other), None, "{other}");
    }
}

#[test]
fn only_a_loopback_address_may_have_another_port() {
    let client = client(ClientKind::Public, &["http://127.0.0.1:1/cb", "http://[::1]/cb?x"]);
    for same in ["http://127.0.0.1/cb", "http://127.0.0.1:65535/cb", "http://[::1]:9/cb?x"] {
        assert!(client.redirect_uri(same).is_some(), "{same}");
    }
    for other in [
        "http://127.0.0.1:9/",
        "http://localhost:9/cb",
        "http://127.0.0.1:9@evil.example/cb",
        "http://127.0.0.1:99999/cb",
        "http://127.0.0.1:9.evil.example/cb",
        "http://127.0.0.1.evil.example/cb",
        "https://127.0.0.1/cb",
        "http://[::1]x/cb?x",
        "http://[::1]:9/cb",
    ] {
        assert_eq!(client.redirect_uri(other), None, "{other}");
    }
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let id = ClientId::from_uuid(uuid::Uuid::nil());
    let uri = &["https://app.example/cb"][..];
    use GrantType::*;
    for (redirect_uris, grant_types, refusal) in [
        (uri, &[][..], InvalidClient::NoGrantType),
        (uri, &[ClientCredentials], InvalidClient::PublicInItsOwnName),
        (&[], &[AuthorizationCode], InvalidClient::NoRedirectUri),
        (uri, &[RefreshToken], InvalidClient::NothingToRefresh),
    ] {
        let registered = Client::register(id, ClientKind::Public, details(redirect_uris, grant_types), AT);
        assert_eq!(registered, Err(refusal));
        let edited = client(ClientKind::Public, uri).edit(details(redirect_uris, grant_types), AT);
        assert_eq!(edited, Err(refusal));
    }
    let tv = details(&[], &[DeviceCode, RefreshToken]);
    assert!(Client::register(id, ClientKind::Public, tv, AT).is_ok());
}

#[test]
fn the_same_details_are_no_change() {
    let (client, _) = confidential();
    let same = client.clone().edit(client.details.clone(), AT + HOUR).unwrap();
    assert_eq!(same, client);
    let edited =
        client.clone().edit(ClientDetails { first_party: true, ..client.details }, AT + HOUR).unwrap();
    assert_eq!((edited.version, edited.updated_at), (2, AT + HOUR));
}

#[test]
fn a_replaced_secret_is_good_for_the_overlap_and_the_one_before_it_no_longer() {
    let (client, first) = confidential();
    let (second, third) = (ClientSecret::new(&[2; 32]), ClientSecret::new(&[3; 32]));
    let client = client.rotate_secret(second.digest(), HOUR, AT).unwrap();
    let just_before = AT + HOUR - SignedDuration::from_secs(1);
    assert!(client.knows(first.reveal(), just_before) && client.knows(second.reveal(), AT));
    assert!(!client.knows(first.reveal(), AT + HOUR) && client.knows(second.reveal(), AT + HOUR));
    let client = client.rotate_secret(third.digest(), HOUR, AT).unwrap();
    assert!(!client.knows(first.reveal(), AT) && client.knows(second.reveal(), AT));
    let client = client.rotate_secret(first.digest(), SignedDuration::ZERO, AT).unwrap();
    assert!(!client.knows(third.reveal(), AT) && client.knows(first.reveal(), AT));
    assert_eq!(client.version, 4);
}

#[test]
fn a_public_client_has_no_secret() {
    let client = client(ClientKind::Public, &["https://app.example/cb"]);
    assert!(!client.knows("", AT));
    let secret = ClientSecret::new(&[1; 32]).digest();
    assert_eq!(client.rotate_secret(secret, HOUR, AT), Err(NoSecret));
}

#[test]
fn a_secret_shows_itself_in_no_log() {
    let (client, secret) = confidential();
    assert_eq!(format!("{secret:?}"), "ClientSecret(…)");
    assert!(!format!("{client:?}").contains("[1, "));
    assert_eq!(secret.reveal().len(), "mcsp_client_secret_".len() + 64);
}

#[test]
fn grants_and_scopes_are_known_by_their_names() {
    for grant_type in GrantType::ALL {
        assert_eq!(GrantType::from_name(grant_type.as_str()), Some(grant_type));
    }
    for refused in ["password", "implicit", ""] {
        assert_eq!(GrantType::from_name(refused), None);
    }
    assert!(Scope::parse("content.edit").is_some() && Scope::parse("offline_access").is_some());
    assert!(Scope::parse("content.edti").is_none() && Scope::parse("a b").is_none());
}

#[test]
fn a_name_is_short_and_printable() {
    assert_eq!(ClientName::parse("  TV ").unwrap().as_str(), "TV");
    for bad in ["", "  ", "a\nb", &"x".repeat(81)] {
        assert_eq!(ClientName::parse(bad), None);
    }
}

proptest! {
    #[test]
    fn what_is_registered_admits_itself(path in "[a-z/]{0,20}", port in 1..u16::MAX) {
        for uri in [format!("https://app.example:{port}/{path}"), format!("http://127.0.0.1:{port}/{path}")] {
            prop_assert!(RedirectUri::parse(&uri).unwrap().admits(&uri));
        }
    }

    #[test]
    fn no_text_is_admitted_that_could_not_have_been_registered(text in "http://(127\\.0\\.0\\.1|localhost|\\[::1\\])[ -~]{0,20}/cb") {
        let registered = RedirectUri::parse("http://127.0.0.1/cb").unwrap();
        if registered.admits(&text) {
            prop_assert!(RedirectUri::parse(&text).is_ok(), "{text}");
        }
    }
}
