//! An application that was registered as a client, and what it asks for.

use crate::Stand;
use mcsp_testbed::Reply;
use serde_json::{Value, json};

/// RFC 7636 appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// What the verifier hashes to.
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// Where every application here is registered.
pub const CALLBACK: &str = "https://app.example/callback";
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A registered application.
pub struct App<'a> {
    stand: &'a Stand,
    /// `client_…`
    pub id: String,
    /// What a confidential one proves itself with.
    pub secret: Option<String>,
}

impl Stand {
    /// A third party's application, public, for codes and devices; with changes such as `{"first_party": true}`.
    pub async fn app(&self, changes: Value) -> App<'_> {
        let mut client = json!({
            "kind": "public", "name": "An <application>", "redirect_uris": [CALLBACK],
            "grant_types": ["authorization_code", "refresh_token", DEVICE_CODE],
            "scopes": ["openid", "email", "account.manage", "playback.start"],
        });
        for (name, value) in changes.as_object().into_iter().flatten() {
            client[name] = value.clone();
        }
        let reply = self.administer(("POST", "/v1/clients"), &[], Some(client)).await;
        assert_eq!(reply.status, 201, "{}", reply.json);
        let text = |name: &str| reply.json[name].as_str().map(str::to_owned);
        App { stand: self, id: text("id").unwrap(), secret: text("secret") }
    }
}

impl App<'_> {
    /// The path of an authorization request, with changes: another value, or none for an empty one.
    pub fn request(&self, changes: &[(&str, &str)]) -> String {
        let mut all = vec![
            ("client_id", self.id.as_str()),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid email"),
            ("state", "the state"),
            ("nonce", "the nonce"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        all.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        all.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
        format!("/oauth/authorize?{}", encoded(&all))
    }

    /// `POST /oauth/token`, with its id, and its secret where it has one.
    pub async fn token(&self, form: &[(&str, &str)]) -> Reply {
        self.post("/oauth/token", form).await
    }

    /// `POST` of a form to a route of the protocol.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Reply {
        self.post_with(path, &[], form).await
    }

    /// The same, with more headers.
    pub async fn post_with(&self, path: &str, headers: &[(&str, &str)], form: &[(&str, &str)]) -> Reply {
        let mut all = form.to_vec();
        if all.iter().all(|(name, _)| *name != "client_id") {
            all.push(("client_id", &self.id));
        }
        all.extend(self.secret.as_deref().map(|secret| ("client_secret", secret)));
        self.stand.post_form_with(path, headers, &encoded(&all)).await
    }

    /// Redeems a code.
    pub async fn redeem(&self, code: &str) -> Reply {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        self.token(&form).await
    }

    /// Exchanges a refresh token.
    pub async fn refresh(&self, token: &Value) -> Reply {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token.as_str().unwrap())]).await
    }

    /// Asks what was decided for a device.
    pub async fn poll(&self, device_code: &Value) -> Reply {
        self.token(&[("grant_type", DEVICE_CODE), ("device_code", device_code.as_str().unwrap())]).await
    }
}

/// As a form has it.
pub fn encoded(pairs: &[(&str, &str)]) -> String {
    let mut url = url::Url::parse("http://localhost").unwrap();
    url.query_pairs_mut().extend_pairs(pairs);
    url.query().unwrap_or_default().to_owned()
}
