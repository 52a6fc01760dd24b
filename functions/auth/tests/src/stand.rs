//! Auth, standing alone.

use crate::mailbox::{Letter, Mailbox};
use mcsp_access::Role;
use mcsp_ids::UserId;
use mcsp_passwords::PasswordsConfig;
use mcsp_testbed::{BRIDGE_TOKEN, Component, Reply, Setup, Testbed, new_id, serve};
use serde_json::{Value, json};
use std::num::NonZeroUsize;
use uuid::Uuid;

/// Sign-ins that a test makes at once wait for each other, on a busy machine for long.
const QUEUED_MAX: NonZeroUsize = NonZeroUsize::MIN.saturating_add(63);
const PATIENCE_MS: u32 = 60_000;

/// Auth with a database of its own.
pub struct Stand {
    /// What it stands on.
    pub bed: Testbed,
    accounts: Component,
    /// `auth-sessions`
    pub sessions: Component,
    /// `auth-oauth`
    pub oauth: Component,
    /// `auth-clients`
    pub clients: Component,
    /// `auth-roles`
    pub roles: Component,
    /// `auth-decisions`
    pub decisions: Component,
    mail: Component,
    erasure: Component,
    logout: Component,
    factors: Component,
    /// What was sent.
    pub mailbox: Mailbox,
    /// Where requests come from: an address that no other test has.
    address: String,
}

impl Stand {
    /// With the stores that `scripts/test` started.
    pub async fn new() -> Self {
        let mailbox = Mailbox::default();
        let targets = vec![("mail", serve(mailbox.router()).await)];
        let bed = Testbed::new("auth", Setup { targets, ..patient() }).await;
        Stand { mailbox, ..Self::on(bed) }
    }

    /// With a Redis that is down.
    pub async fn without_redis() -> Self {
        Self::on(Testbed::new("auth", Setup { redis_is_down: true, ..patient() }).await)
    }

    /// Where an address may register that often in a minute.
    pub async fn with_registrations_per_minute(count: usize) -> Self {
        let variables = vec![("registrations_per_minute", count.to_string())];
        Self::on(Testbed::new("auth", Setup { variables, ..patient() }).await)
    }

    /// Where passwords are looked up at this address.
    pub async fn with_password_ranges(url: String) -> Self {
        let mailbox = Mailbox::default();
        let targets = vec![("mail", serve(mailbox.router()).await), ("password-ranges", url)];
        let bed = Testbed::new("auth", Setup { targets, ..patient() }).await;
        Stand { mailbox, ..Self::on(bed) }
    }

    /// Where a refresh token that was exchanged gives its successor again for so many seconds.
    pub async fn with_refresh_grace_s(seconds: u32) -> Self {
        let variables = vec![("auth_refresh_grace_s", seconds.to_string())];
        Self::on(Testbed::new("auth", Setup { variables, ..patient() }).await)
    }

    /// The same Auth after its Redis went down.
    pub async fn with_redis_down(self) -> Self {
        Self::on(self.bed.restarted(Setup { redis_is_down: true, ..patient() }).await)
    }

    /// The same Auth after its secret was changed.
    pub async fn with_another_secret(self) -> Self {
        let variables = vec![("auth_secret", "YW5vdGhlciBzZWNyZXQsIG9mIHRoaXJ0eS10d28gYnl0ZXM".to_owned())];
        Self::on(self.bed.restarted(Setup { variables, ..patient() }).await)
    }

    /// The same Auth after the cost of a hash was raised.
    pub async fn with_costlier_hashes(self) -> Self {
        let passwords = PasswordsConfig { iterations: 3, ..patient().passwords };
        Self::on(self.bed.restarted(Setup { passwords, ..patient() }).await)
    }

    fn on(bed: Testbed) -> Self {
        Stand {
            accounts: bed.component("auth-accounts", auth_accounts::router),
            sessions: bed.component("auth-sessions", auth_sessions::router),
            oauth: bed.component("auth-oauth", auth_oauth::router),
            clients: bed.component("auth-clients", auth_clients::router),
            roles: bed.component("auth-roles", auth_roles::router),
            decisions: bed.component("auth-decisions", auth_decisions::router),
            mail: bed.component("auth-mail", auth_mail::router),
            erasure: bed.component("auth-erasure", auth_erasure::router),
            logout: bed.component("auth-logout", auth_logout::router),
            factors: bed.component("auth-factors", auth_factors::router),
            mailbox: Mailbox::default(),
            bed,
            address: unused_address(),
        }
    }

    /// `POST /v1/accounts`
    pub async fn register(&self, email: &str, password: &str) -> Reply {
        self.register_from(&self.address, email, password).await
    }

    /// `POST /v1/accounts`, from an address such as [`unused_address`].
    pub async fn register_from(&self, address: &str, email: &str, password: &str) -> Reply {
        let body = json!({"email": email, "password": password});
        self.accounts.send(("POST", "/v1/accounts"), &[("spin-client-addr", address)], Some(body)).await
    }

    /// `POST /v1/sessions`
    pub async fn sign_in(&self, email: &str, password: &str) -> Reply {
        let headers = [("spin-client-addr", self.address.as_str())];
        let body = json!({"email": email, "password": password});
        self.sessions.send(("POST", "/v1/sessions"), &headers, Some(body)).await
    }

    /// A registered account, with the roles that the platform gave it. Those of its token are the same.
    pub async fn account(&self, roles: &[&str]) -> Member {
        let registered =
            self.register(&format!("{}@example.com", Uuid::new_v4().simple()), "correct horse").await;
        assert_eq!(registered.status, 201, "{}", registered.json);
        let id: UserId = registered.json["id"].as_str().unwrap().parse().unwrap();
        for role in roles {
            let granted = self.platform(("PUT", &format!("/v1/accounts/{id}/roles/{role}"))).await;
            assert_eq!(granted.status, 200, "{}", granted.json);
        }
        let mut claims = self.bed.claims(id, Role::Viewer);
        claims.roles.extend(roles.iter().filter_map(|name| Role::from_name(name)));
        Member { id, bearer: self.bed.bearer_of(&claims) }
    }

    /// Sends a request to `auth-roles`, in the platform's name.
    pub async fn platform(&self, route: (&str, &str)) -> Reply {
        let bearer = format!("Bearer {BRIDGE_TOKEN}");
        self.roles.send(route, &[("authorization", &bearer)], None).await
    }

    /// Sends a request to `auth-roles`, in an account's name.
    pub async fn ask(&self, member: &Member, route: (&str, &str), body: Option<Value>) -> Reply {
        self.roles.send(route, &[("authorization", &member.bearer)], body).await
    }

    /// Sends a request to `auth-clients`, in an administrator's name.
    pub async fn administer(
        &self,
        route: (&str, &str),
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Reply {
        let bearer = self.bed.bearer(new_id(), Role::Admin);
        let headers: Vec<_> = headers.iter().copied().chain([("authorization", bearer.as_str())]).collect();
        self.clients.send(route, &headers, body).await
    }

    /// `POST` of a form to `auth-oauth`.
    pub async fn post_form(&self, path: &str, form: &str) -> Reply {
        self.post_form_with(path, &[], form).await
    }

    /// The same, with more headers.
    pub async fn post_form_with(&self, path: &str, headers: &[(&str, &str)], form: &str) -> Reply {
        let address = [("spin-client-addr", self.address.as_str())];
        let headers: Vec<_> = address.into_iter().chain(headers.iter().copied()).collect();
        self.oauth.send_form(path, &headers, form).await
    }

    /// Exchanges the refresh token of a session that [`sign_in`](Self::sign_in) began.
    pub async fn refresh(&self, token: &Value) -> Reply {
        let token = token.as_str().unwrap();
        let form = [("client_id", "first-party"), ("grant_type", "refresh_token"), ("refresh_token", token)];
        self.post_form("/oauth/token", &crate::app::encoded(&form)).await
    }

    /// A request to the component that has the path, with an access token where one is given.
    pub async fn send(&self, method: &str, path: &str, token: Option<&Value>, body: Value) -> Reply {
        let bearer = token.map(|token| format!("Bearer {}", token.as_str().unwrap()));
        let bearer = bearer.as_deref().map(|bearer| ("authorization", bearer));
        self.send_with((method, path), bearer.as_slice(), body).await
    }

    /// The same, with any headers.
    pub async fn send_with(
        &self,
        (method, path): (&str, &str),
        headers: &[(&str, &str)],
        body: Value,
    ) -> Reply {
        let component = match path {
            _ if path.starts_with("/v1/factors") || path.ends_with("/step-up") => &self.factors,
            _ if path.starts_with("/v1/sessions") => &self.sessions,
            _ => &self.accounts,
        };
        let address = [("spin-client-addr", self.address.as_str())];
        let headers: Vec<_> = address.into_iter().chain(headers.iter().copied()).collect();
        component.send((method, path), &headers, Some(body)).await
    }

    /// Delivers all events that ask for mails, also those that were delivered before, and gives the statuses.
    pub async fn deliver_mails(&self) -> Vec<u16> {
        let events: String = self
            .bed
            .ask(
                "SELECT coalesce(string_agg(event_id || ' ' || convert_from(data, 'UTF8'), E'\n' ORDER BY id), '') \
                 FROM outbox WHERE topic = 'auth.mail.requested'",
            )
            .await;
        let mut statuses = Vec::new();
        for event in events.lines() {
            let (id, data) = event.split_once(' ').unwrap();
            let data = serde_json::from_str(data).unwrap();
            statuses.push(self.mail.deliver(id, "mcsp.auth.mail.requested.v1", &data).await.status);
        }
        statuses
    }

    /// Delivers all timers, due or not, and gives the statuses: there is no bridge that would.
    pub async fn deliver_timers(&self) -> Vec<u16> {
        self.timers_delivered().await.into_iter().map(|reply| reply.status).collect()
    }

    /// The same, with all that was answered.
    pub async fn timers_delivered(&self) -> Vec<Reply> {
        let timers: String = self
            .bed
            .ask("SELECT coalesce(string_agg(concat_ws(' ', component, event_id, type, data), E'\n' ORDER BY due_at), '') FROM timers")
            .await;
        let mut replies = Vec::new();
        for timer in timers.lines() {
            let [component, id, kind, data] = timer.splitn(4, ' ').collect::<Vec<_>>().try_into().unwrap();
            let component = if component == "auth-logout" { &self.logout } else { &self.erasure };
            replies.push(component.deliver(id, kind, &serde_json::from_str(data).unwrap()).await);
        }
        replies
    }

    /// The newest mail to an address, after all that were asked for were sent.
    pub async fn newest_mail(&self, to: &str) -> Letter {
        self.deliver_mails().await;
        self.mailbox.to(to).pop().unwrap_or_else(|| panic!("no mail"))
    }

    /// `GET /v1/sessions?limit=100`: how many are listed.
    pub async fn listed_sessions(&self, token: &Value) -> usize {
        let bearer = format!("Bearer {}", token.as_str().unwrap());
        let headers = [("authorization", bearer.as_str())];
        let reply = self.sessions.send(("GET", "/v1/sessions?limit=100"), &headers, None).await;
        reply.json["items"].as_array().unwrap_or_else(|| panic!("{}", reply.json)).len()
    }
}

/// A registered account.
pub struct Member {
    /// Who.
    pub id: UserId,
    /// An `authorization` header.
    pub bearer: String,
}

/// The defaults, with time for all that a test does at once.
fn patient() -> Setup {
    let passwords = PasswordsConfig {
        max_queued_calls_per_thread: QUEUED_MAX,
        deadline_ms: PATIENCE_MS,
        ..PasswordsConfig::default()
    };
    Setup { passwords, ..Setup::default() }
}

/// Where a client may be that no other test has: limits stand in the Redis that all tests share.
pub fn unused_address() -> String {
    let [a, b, c, ..] = Uuid::new_v4().into_bytes();
    format!("10.{a}.{b}.{c}:5000")
}
