use super::super::samples::client;
use super::*;
use crate::{Account, Authentication, Device, Email, Registration};
use mcsp_access::Role;
use mcsp_ids::{AuthSessionId, UserId};
use proptest::prelude::*;
use uuid::Uuid;

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const CALLBACK: &str = "https://app.example/callback";

fn parameters(changes: &[(&str, Option<&str>)]) -> Parameters {
    let mut all = std::collections::BTreeMap::from([
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid"),
        ("state", "s"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]);
    for (name, value) in changes {
        match value {
            Some(value) => all.insert(name, value),
            None => all.remove(name),
        };
    }
    all.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn check(changes: &[(&str, Option<&str>)]) -> Result<AuthorizationRequest, Untaken> {
    AuthorizationRequest::check(&parameters(changes), &client())
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn session(authenticated_s: i64) -> Session {
    let registration = Registration {
        id: UserId::from_uuid(Uuid::from_u128(1)),
        email: Email::parse("ada@example.com").unwrap(),
        role: Role::Viewer,
        region: "eu".into(),
    };
    let account = Account::register(registration, at(0));
    let id = AuthSessionId::from_uuid(Uuid::from_u128(2));
    let authentication = Authentication::by_password(at(authenticated_s));
    Session::begin(id, &account, Device::default(), authentication, at(authenticated_s)).unwrap()
}

#[test]
fn a_good_request_is_taken_as_it_is() {
    let request = check(&[("nonce", Some("n")), ("acr_values", Some("9 2 1"))]).unwrap();
    assert_eq!(request.redirect_uri, CALLBACK);
    assert_eq!((request.state.as_deref(), request.nonce.as_deref()), (Some("s"), Some("n")));
    assert_eq!((request.scopes.to_string().as_str(), request.acr), ("openid", Some(Acr::Two)));
}

/// RFC 9700 section 4.1.3: exact comparison, but for the port of a loopback address (RFC 8252 section 7.3).
#[test]
fn nothing_is_sent_to_an_address_that_is_not_registered() {
    for uri in [
        "https://app.example/callback/",
        "https://app.example/callback?x=1",
        "https://app.example/callback#",
        "https://app.example:443/callback",
        "https://APP.example/callback",
        "https://app.example.evil.example/callback",
        "https://app.example/callback/../x",
        "https://evil.example/callback",
        "http://app.example/callback",
        "http://127.0.0.1.evil.example/callback",
        "http://127.0.0.1:80@evil.example/callback",
        "http://localhost/callback",
        "http://127.0.0.1/other",
        "javascript:alert(1)",
    ] {
        assert_eq!(check(&[("redirect_uri", Some(uri))]), Err(Untaken::UnregisteredRedirect), "{uri}");
    }
    for uri in ["http://127.0.0.1/callback", "http://127.0.0.1:53172/callback"] {
        assert_eq!(check(&[("redirect_uri", Some(uri))]).unwrap().redirect_uri, uri);
    }
    // With two registered it can't be told which one is meant.
    assert_eq!(check(&[("redirect_uri", None)]), Err(Untaken::UnregisteredRedirect));
}

#[test]
fn what_is_wrong_is_told_to_the_client_with_its_state() {
    let long = "x".repeat(1025);
    for (changes, code) in [
        (&[("response_type", None)][..], "invalid_request"),
        (&[("response_type", Some("token"))], "unsupported_response_type"),
        (&[("response_type", Some("code id_token"))], "unsupported_response_type"),
        (&[("response_mode", Some("fragment"))], "invalid_request"),
        (&[("scope", Some("content.publish"))], "invalid_scope"),
        (&[("code_challenge", None)], "invalid_request"),
        (&[("code_challenge_method", None)], "invalid_request"),
        (&[("code_challenge_method", Some("plain"))], "invalid_request"),
        (&[("prompt", Some("none login"))], "invalid_request"),
        (&[("prompt", Some("sometimes"))], "invalid_request"),
        (&[("max_age", Some("-1"))], "invalid_request"),
        (&[("max_age", Some("soon"))], "invalid_request"),
        (&[("nonce", Some(&long))], "invalid_request"),
        (&[("request", Some("a.b.c"))], "request_not_supported"),
    ] {
        match check(changes) {
            Err(Untaken::Refused { redirect_uri, state, error }) => {
                assert_eq!((redirect_uri.as_str(), state.as_deref()), (CALLBACK, Some("s")));
                assert_eq!(error.code(), code, "{changes:?}");
            }
            other => panic!("{changes:?}: {other:?}"),
        }
    }
}

#[test]
fn a_client_that_is_not_registered_for_codes_gets_none() {
    let mut client = client();
    client.details.grant_types = vec![GrantType::DeviceCode];
    let untaken = AuthorizationRequest::check(&parameters(&[]), &client).unwrap_err();
    assert!(matches!(untaken, Untaken::Refused { error: AuthorizationError::UnauthorizedClient, .. }));
}

#[test]
fn what_a_person_still_has_to_do_follows_from_what_is_known() {
    use AuthorizationError::{ConsentRequired, LoginRequired};
    let scopes = |text: &str| Scopes::parse(text).unwrap();
    let (client, session, all) = (client(), session(100), scopes("openid email"));
    let now = at(1_000);
    for (changes, signed_in, consented, page_since, expected) in [
        (&[][..], false, true, None, Ok(Step::SignIn)),
        (&[], true, false, None, Ok(Step::Consent)),
        (&[], true, true, None, Ok(Step::Answer)),
        (&[("scope", Some("openid content.edit"))], true, true, None, Ok(Step::Consent)),
        (&[("prompt", Some("none"))], false, true, None, Err(LoginRequired)),
        (&[("prompt", Some("none"))], true, false, None, Err(ConsentRequired)),
        (&[("prompt", Some("none"))], true, true, None, Ok(Step::Answer)),
        (&[("prompt", Some("login"))], true, true, None, Ok(Step::SignIn)),
        (&[("prompt", Some("login"))], true, true, Some(101), Ok(Step::SignIn)),
        (&[("prompt", Some("login"))], true, true, Some(100), Ok(Step::Answer)),
        (&[("prompt", Some("consent"))], true, true, None, Ok(Step::Consent)),
        (&[("max_age", Some("900"))], true, true, None, Ok(Step::Answer)),
        (&[("max_age", Some("899"))], true, true, None, Ok(Step::SignIn)),
        (&[("max_age", Some("899")), ("prompt", Some("none"))], true, true, None, Err(LoginRequired)),
        (&[("max_age", Some("0"))], true, true, Some(100), Ok(Step::Answer)),
    ] {
        let request = check(changes).unwrap();
        let known = Known {
            session: signed_in.then_some(&session),
            consented: consented.then_some(&all),
            page_since: page_since.map(at),
            ..Known::default()
        };
        assert_eq!(request.next_step(&client, known, now), expected, "{changes:?} {signed_in} {consented}");
    }
}

/// RFC 9470 section 4; OpenID Connect Core section 3.1.2.1: `acr` is a voluntary claim.
#[test]
fn who_has_a_second_factor_shows_it_where_the_client_wants_it() {
    let all = Scopes::parse("openid").unwrap();
    let weak = session(100);
    let authentication = weak.authentication.clone().and(crate::Factor::OneTimePassword, at(100));
    let strong = Session { authentication, ..weak.clone() };
    for (acr_values, prompt, session, has_second_factor, page_since, expected) in [
        (Some("2"), None, &weak, true, None, Ok(Step::SignIn)),
        (Some("2 1"), None, &weak, true, None, Ok(Step::SignIn)),
        (Some("2"), None, &weak, true, Some(100), Ok(Step::SignIn)),
        (Some("2"), Some("none"), &weak, true, None, Err(AuthorizationError::LoginRequired)),
        (Some("2"), None, &weak, false, None, Ok(Step::Answer)),
        (Some("2"), Some("none"), &weak, false, None, Ok(Step::Answer)),
        (Some("2"), None, &strong, true, None, Ok(Step::Answer)),
        (Some("1"), None, &weak, true, None, Ok(Step::Answer)),
        (Some("1 2"), None, &weak, true, None, Ok(Step::Answer)),
        (Some("gold"), None, &weak, true, None, Ok(Step::Answer)),
        (None, None, &weak, true, None, Ok(Step::Answer)),
    ] {
        let request = check(&[("acr_values", acr_values), ("prompt", prompt)]).unwrap();
        let known = Known {
            session: Some(session),
            consented: Some(&all),
            has_second_factor,
            page_since: page_since.map(at),
        };
        let step = request.next_step(&client(), known, at(1_000));
        assert_eq!(step, expected, "{acr_values:?} {prompt:?} {has_second_factor}");
    }
}

#[test]
fn nobody_is_asked_to_consent_to_what_is_our_own() {
    let mut client = client();
    client.details.first_party = true;
    let (request, session) = (check(&[]).unwrap(), session(100));
    let known = Known { session: Some(&session), ..Known::default() };
    assert_eq!(request.next_step(&client, known, at(200)), Ok(Step::Answer));
}

proptest! {
    /// Whatever is asked for: no code without a session, and none for a third party without consent.
    #[test]
    fn a_code_needs_a_session_and_consent(
        prompt in prop::option::of("(none|login|consent|login consent)"),
        max_age in prop::option::of(0_u32..2_000),
        signed_in_s in prop::option::of(0_i64..1_000),
        consented: bool,
        page_since in prop::option::of(0_i64..1_000),
    ) {
        let max_age = max_age.map(|seconds| seconds.to_string());
        let request = check(&[("prompt", prompt.as_deref()), ("max_age", max_age.as_deref())]).unwrap();
        let session = signed_in_s.map(session);
        let scopes = Scopes::parse("openid").unwrap();
        let known = Known {
            session: session.as_ref(),
            consented: consented.then_some(&scopes),
            page_since: page_since.map(at),
            ..Known::default()
        };
        let step = request.next_step(&client(), known, at(1_000));
        if step == Ok(Step::Answer) {
            prop_assert!(session.is_some() && consented);
        }
        if prompt.as_deref() == Some("none") {
            prop_assert!(matches!(step, Ok(Step::Answer) | Err(_)), "{step:?}");
        }
    }

    #[test]
    fn no_redirect_uri_is_taken_but_a_registered_one(uri in "(https?://)?[a-z0-9.:@/?&=-]{0,40}") {
        if let Ok(request) = check(&[("redirect_uri", Some(&uri))]) {
            prop_assert!(client().redirect_uri(&request.redirect_uri).is_some());
        }
    }
}
