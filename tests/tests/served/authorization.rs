//! Who may use which route: each cell of role, owner and route is called on the running platform. What the table in
//! `routes` does not list is refused; a route without a row in it fails in `refusals`.

use futures::future::join_all;
use mcsp_access::{Permission, Role};
use mcsp_tests::playing::{published_by, start};
use mcsp_tests::routes::{Auth, ROUTES, Route, Thing};
use mcsp_tests::{Account, Answer, Operator, Platform};
use reqwest::Method;
use serde_json::json;
use std::collections::HashMap;
use std::fmt::Write;
use uuid::Uuid;

/// The page that shows the table. To write it anew, set `MCSP_WRITE_DOCS`.
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/authorization.md");

/// Answers by which a route says that the token will not do.
const REFUSALS: [&str; 4] = ["insufficient_permission", "missing_token", "invalid_token", "user_needed"];

async fn call(account: &Account, route: &Route, path: &str) -> Answer {
    let method = Method::from_bytes(route.method.as_bytes()).expect("a method");
    let mut request = account.request(method, path).header("idempotency-key", Uuid::new_v4().to_string());
    if let Some(body) = route.body {
        request = request.header("content-type", "application/json").body(body);
    }
    account.platform.send(request).await
}

fn permits(role: Role, permission: Option<Permission>) -> bool {
    permission.is_none_or(|permission| role.permissions().contains(&permission))
}

/// Whether the role may use the route with an id that is not its own.
fn reaches(role: Role, route: &Route) -> bool {
    matches!(route.auth, Auth::Bearer) && permits(role, route.others.or(route.permission))
}

fn protected() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(|route| matches!(route.auth, Auth::Bearer | Auth::Platform))
}

#[tokio::test]
async fn a_role_reaches_the_routes_that_it_is_listed_for_and_no_others() {
    let operator = Operator::of_running();
    for role in Role::ALL {
        // One account for each cell that may change it, so that no cell depends on another.
        let account = operator.account(role.as_str()).await;
        for route in protected().filter(|route| route.path != "/v1/accounts/me" || route.method == "GET") {
            let answer = call(&account, route, route.path).await;
            let cell = format!("{} as {}: {}", answer.request, role.as_str(), answer.json);
            let refused = answer.json["code"].as_str().is_some_and(|code| REFUSALS.contains(&code));
            if reaches(*role, route) {
                assert!(!refused, "listed, and refused: {cell}");
            } else {
                assert!([403, 404].contains(&answer.status.as_u16()), "not listed, and not refused: {cell}");
            }
        }
    }
}

#[tokio::test]
async fn without_a_token_only_open_routes_are_reached() {
    let platform = Platform::running();
    for route in ROUTES {
        let method = Method::from_bytes(route.method.as_bytes()).expect("a method");
        let mut request = platform.request(method, route.path);
        if let Some(body) = route.body {
            request = request.header("content-type", "application/json").body(body);
        }
        let answer = platform.send(request).await;
        let (status, cell) = (answer.status.as_u16(), format!("{}: {}", answer.request, answer.json));
        match route.auth {
            Auth::Bearer => assert_eq!(status, 401, "{cell}"),
            Auth::Platform => assert_eq!(status, 404, "{cell}"),
            Auth::None | Auth::Optional => assert_ne!(answer.json["code"], "missing_token", "{cell}"),
        }
    }
}

/// One thing of each kind, of one owner. The video is public, and being watched by its owner.
async fn things(owner: &Account) -> HashMap<&'static str, String> {
    let text = |value: &serde_json::Value| value.as_str().expect("an id").to_owned();
    let sessions = owner.get("/v1/sessions").await.expect(200);
    let upload = json!({"file_name": "a.mp4", "content_type": "video/mp4", "size_bytes": 9});
    let upload = owner.post("/v1/uploads", &upload).await.expect(201);
    let draft = owner.post("/v1/drafts", &json!({"title": "A walk"})).await.expect(201);
    let video = published_by(owner).await;
    let playback = start(owner, &video).await.expect(201);
    HashMap::from([
        ("user", owner.user_id.clone()),
        ("session", text(&sessions["items"][0]["id"])),
        ("upload", text(&upload["id"])),
        ("draft", text(&draft["id"])),
        ("video", video),
        ("playback", text(&playback["id"])),
    ])
}

fn prefix(thing: Thing) -> &'static str {
    match thing {
        Thing::Account => "user",
        Thing::Session => "session",
        Thing::Upload => "upload",
        Thing::Draft => "draft",
        Thing::Video => "video",
        Thing::Playback => "playback",
    }
}

#[tokio::test]
async fn what_belongs_to_somebody_is_reached_by_nobody_else() {
    let operator = Operator::of_running();
    let owner = operator.account("creator").await;
    let things = things(&owner).await;
    let strangers =
        join_all(Role::ALL.iter().map(async |role| (*role, operator.account(role.as_str()).await)));
    let strangers = strangers.await;
    let mut cells = 0;
    for (route, thing) in protected().filter_map(|route| Some((route, route.owned?))) {
        let prefix = prefix(thing);
        let nobodys = format!("{prefix}_00000000000000000000000000");
        let path = route.path.replace(&nobodys, &things[prefix]);
        assert_ne!(path, route.path, "the path of {} names no {prefix}", route.manifest_route);
        for (role, stranger) in &strangers {
            let answer = call(stranger, route, &path).await;
            let cell = format!("{} of another as {}: {}", answer.request, role.as_str(), answer.json);
            if route.others.is_some_and(|others| permits(*role, Some(others))) {
                assert!(answer.status.is_success(), "listed, and refused: {cell}");
            } else {
                assert!([403, 404].contains(&answer.status.as_u16()), "not listed, and not refused: {cell}");
                cells += 1;
            }
        }
    }
    assert!(cells > 0);
    // Nobody has changed anything: it is all there.
    for path in ["session", "upload", "draft", "video"] {
        let route = if path == "session" {
            "/v1/sessions".to_owned()
        } else {
            format!("/v1/{path}s/{}", things[path])
        };
        owner.get(&route).await.expect(200);
    }
}

#[test]
fn the_page_shows_the_table() {
    let rendered = page();
    if std::env::var_os("MCSP_WRITE_DOCS").is_some() {
        std::fs::write(PAGE, &rendered).expect("docs/authorization.md");
    }
    let written = std::fs::read_to_string(PAGE).unwrap_or_default();
    assert_eq!(
        written, rendered,
        "docs/authorization.md is not what the routes say: set MCSP_WRITE_DOCS=1 to write it"
    );
}

fn page() -> String {
    let mut page = String::from(
        "# Who may use which route\n\n\
         Generated from the table that the tests call, cell by cell, on a running platform\n\
         (`tests/src/routes.rs`, `tests/tests/served/authorization.rs`). What is not listed is refused: with 403, or with 404\n\
         where others may not know of a thing. *own* means that the path names something that only its owner reaches.\n\
         A registered client reaches of this only what its scope names; custom roles permit what they list.\n\n",
    );
    let roles: Vec<_> = Role::ALL.iter().map(|role| role.as_str()).collect();
    let _ = writeln!(page, "| route | needs | no token | {} |", roles.join(" | "));
    let _ = writeln!(page, "|---|---|{}", "---|".repeat(roles.len() + 1));
    for route in ROUTES {
        let needs = match (route.auth, route.permission) {
            (Auth::None | Auth::Optional, _) => "nothing".to_owned(),
            (Auth::Platform, _) => "the platform's own token".to_owned(),
            (Auth::Bearer, None) => "an access token".to_owned(),
            (Auth::Bearer, Some(permission)) => format!("`{}`", permission.as_str()),
        };
        let others =
            route.others.map(|others| format!(", of others `{}`", others.as_str())).unwrap_or_default();
        let cell = |role: Role| match (route.owned, route.others) {
            _ if matches!(route.auth, Auth::None | Auth::Optional) => "yes",
            _ if matches!(route.auth, Auth::Platform) => "",
            (_, Some(others)) if permits(role, Some(others)) => "yes",
            (Some(_), _) if permits(role, route.permission) => "own",
            (None, _) if permits(role, route.permission) => "yes",
            _ => "",
        };
        let open = if matches!(route.auth, Auth::None | Auth::Optional) { "yes" } else { "" };
        let cells: Vec<_> = Role::ALL.iter().map(|role| cell(*role)).collect();
        let (method, path) = (route.method, route.manifest_route);
        let _ = writeln!(page, "| `{method} {path}` | {needs}{others} | {open} | {} |", cells.join(" | "));
    }
    page.push_str("\n## What each role may do\n\n| permission |");
    let _ = writeln!(page, " {} |\n|---|{}", roles.join(" | "), "---|".repeat(roles.len()));
    for permission in Permission::ALL {
        let cells: Vec<_> = Role::ALL
            .iter()
            .map(|role| if role.permissions().contains(permission) { "yes" } else { "" })
            .collect();
        let _ = writeln!(page, "| `{}` | {} |", permission.as_str(), cells.join(" | "));
    }
    page
}
