//! The running platform.

use crate::{Account, Answer, eventually};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

/// Whatever takes longer has failed: a test must end.
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// A running platform, at `MCSP_TEST_URL`.
#[derive(Clone, Debug)]
pub struct Platform {
    url: String,
    client: Client,
}

impl Platform {
    /// The platform that `scripts/test` started.
    ///
    /// # Panics
    /// Without `MCSP_TEST_URL`.
    pub fn running() -> Platform {
        let url = std::env::var("MCSP_TEST_URL").expect("MCSP_TEST_URL is not set: run scripts/test");
        Platform::at(url)
    }

    /// A platform somewhere.
    pub fn at(url: String) -> Platform {
        let client = Client::builder().timeout(ANSWER_MAX).build().expect("a client");
        Platform { url, client }
    }

    /// Where it answers: `http://127.0.0.1:8080`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The HTTP client, for what is not JSON.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// A request, to be completed and given to [`send`](Self::send).
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// Sends a request and reads the answer.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let request = request.build().expect("a request that can be sent");
        let sent = request.try_clone().expect("a body that is no stream");
        match self.client.execute(request).await {
            Ok(response) => Answer::read(&sent, response).await,
            Err(error) => panic!("{} {}: {error}", sent.method(), sent.url().path()),
        }
    }

    /// GET without a token.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// POST of a JSON body without a token.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// POST of a form, as clients of OAuth send it.
    pub async fn post_form(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(self.request(Method::POST, path).form(form)).await
    }

    /// Registers an account that no other test has, and signs it in.
    pub async fn account(&self, role: &str) -> Account {
        let email = format!("{role}-{}@example.com", Uuid::new_v4().simple());
        let password = format!("correct horse {}", Uuid::new_v4().simple());
        let registration = json!({"email": email, "password": password, "role": role});
        let registered = self.patiently("/v1/accounts", &registration).await;
        let user_id = registered.expect(201)["id"].as_str().expect("an id").to_owned();
        let signed_in = self.patiently("/v1/sessions", &json!({"email": email, "password": password})).await;
        let session = signed_in.expect(201);
        let text = |name: &str| session[name].as_str().expect("a token").to_owned();
        let (token, refresh_token) = (text("access_token"), text("refresh_token"));
        Account { platform: self.clone(), user_id, email, password, token, refresh_token }
    }

    /// POST, again for as long as the platform says that it has too much to do: hashing passwords has
    /// little room and the least priority, on purpose.
    pub(crate) async fn patiently(&self, path: &str, body: &Value) -> Answer {
        eventually(path, async || {
            let answer = self.post(path, body).await;
            let busy = [StatusCode::SERVICE_UNAVAILABLE, StatusCode::GATEWAY_TIMEOUT];
            (!busy.contains(&answer.status)).then_some(answer)
        })
        .await
    }
}
