//! `/v1/roles` and who has them.

use auth_tests::{Member, Stand};
use futures::future::join_all;
use mcsp_access::{Permission, Role};
use mcsp_testbed::new_id;
use serde_json::{Value, json};

fn of(member: &Member, role: &str) -> String {
    format!("/v1/accounts/{}/roles/{role}", member.id)
}

fn helpdesk() -> Value {
    json!({"name": "helpdesk", "description": "Answers calls", "permissions": ["role.view", "permission.check"]})
}

#[tokio::test]
async fn a_grant_is_told_once_with_the_whole_state() {
    let stand = Stand::new().await;
    let (admin, viewer) = (stand.account(&["admin"]).await, stand.account(&[]).await);
    for _ in 0..2 {
        let granted = stand.ask(&admin, ("PUT", &of(&viewer, "creator")), None).await;
        assert_eq!((granted.status, &granted.json["roles"]), (200, &json!(["viewer", "creator"])));
    }
    let emitted = stand.bed.emitted(viewer.id).await;
    assert_eq!(emitted.len(), 2, "registered, and granted once");
    assert_eq!(emitted[1].kind, "mcsp.auth.account.role_granted.v1");
    assert_eq!(
        (&emitted[1].data["roles"], &emitted[1].data["version"]),
        (&json!(["viewer", "creator"]), &json!(2))
    );
    let revoked = stand.ask(&admin, ("DELETE", &of(&viewer, "creator")), None).await;
    assert_eq!((revoked.status, &revoked.json["roles"]), (200, &json!(["viewer"])));
    assert_eq!(stand.bed.emitted(viewer.id).await[2].kind, "mcsp.auth.account.role_revoked.v1");
}

#[tokio::test]
async fn nobody_is_lifted_beyond_who_lifts() {
    let stand = Stand::new().await;
    let (admin, other_admin) = (stand.account(&["admin"]).await, stand.account(&["admin"]).await);
    let viewer = stand.account(&[]).await;
    for (route, code) in [
        (("PUT", of(&viewer, "admin")), "role_not_below_own"),
        (("PUT", of(&other_admin, "creator")), "account_not_below_own"),
        (("DELETE", of(&other_admin, "admin")), "account_not_below_own"),
        (("PUT", of(&admin, "creator")), "own_roles"),
        (("DELETE", of(&admin, "admin")), "own_roles"),
    ] {
        let refused = stand.ask(&admin, (route.0, &route.1), None).await;
        assert_eq!((refused.status, refused.code()), (403, code), "{route:?}");
    }
    let last = stand.ask(&admin, ("DELETE", &of(&viewer, "viewer")), None).await;
    assert_eq!((last.status, last.code()), (409, "last_role"));
    let demoted = stand.platform(("DELETE", &of(&other_admin, "admin"))).await;
    assert_eq!((demoted.status, &demoted.json["roles"]), (200, &json!(["viewer"])));
}

#[tokio::test]
async fn a_role_that_was_taken_is_of_no_use_while_the_token_still_names_it() {
    let stand = Stand::new().await;
    let (admin, viewer) = (stand.account(&["admin"]).await, stand.account(&[]).await);
    stand.platform(("DELETE", &of(&admin, "admin"))).await;
    let refused = stand.ask(&admin, ("PUT", &of(&viewer, "creator")), None).await;
    assert_eq!((refused.status, refused.code()), (403, "insufficient_permission"));
    let refused = stand.ask(&admin, ("POST", "/v1/roles"), Some(helpdesk())).await;
    assert_eq!((refused.status, refused.code()), (403, "insufficient_permission"));
}

#[tokio::test]
async fn a_custom_role_permits_what_it_lists() {
    let stand = Stand::new().await;
    let (admin, agent) = (stand.account(&["admin"]).await, stand.account(&[]).await);
    let made = stand.ask(&admin, ("POST", "/v1/roles"), Some(helpdesk())).await;
    assert_eq!((made.status, made.headers["etag"].to_str().unwrap()), (201, "\"1\""), "{}", made.json);
    let twice = stand.ask(&admin, ("POST", "/v1/roles"), Some(helpdesk())).await;
    assert_eq!((twice.status, twice.code()), (409, "role_exists"));
    let granted = stand.ask(&admin, ("PUT", &of(&agent, "helpdesk")), None).await;
    assert_eq!(granted.json["roles"], json!(["viewer", "helpdesk"]), "{}", granted.json);
    assert_eq!(stand.bed.emitted(agent.id).await[1].data["roles"], json!(["viewer", "helpdesk"]));
    let account = auth_storage::account(&*stand.bed.bridge("auth-roles"), agent.id).await.unwrap().unwrap();
    let carried: Vec<_> = account.custom_permissions().collect();
    assert_eq!(carried, [Permission::RoleView, Permission::PermissionCheck], "what its tokens carry");
    let in_use = stand.ask(&admin, ("DELETE", "/v1/roles/helpdesk"), None).await;
    assert_eq!((in_use.status, in_use.code()), (409, "role_in_use"));
    let edit = json!({"permissions": ["role.view"]});
    let edited = stand.ask(&admin, ("PATCH", "/v1/roles/helpdesk"), Some(edit)).await;
    assert_eq!((edited.status, &edited.json["permissions"]), (200, &json!(["role.view"])), "{}", edited.json);
    let account = auth_storage::account(&*stand.bed.bridge("auth-roles"), agent.id).await.unwrap().unwrap();
    assert_eq!(account.custom_permissions().collect::<Vec<_>>(), [Permission::RoleView]);
    stand.ask(&admin, ("DELETE", &of(&agent, "helpdesk")), None).await;
    assert_eq!(stand.ask(&admin, ("DELETE", "/v1/roles/helpdesk"), None).await.status, 204);
    assert_eq!(stand.ask(&admin, ("GET", "/v1/roles/helpdesk"), None).await.status, 404);
}

#[tokio::test]
async fn who_has_a_custom_role_manages_only_what_is_below_it() {
    let stand = Stand::new().await;
    let admin = stand.account(&["admin"]).await;
    let lead = json!({"name": "lead", "permissions": ["role.view", "role.grant", "role.manage", "account.manage", "playback.start"]});
    assert_eq!(stand.ask(&admin, ("POST", "/v1/roles"), Some(lead)).await.status, 201);
    let (lead, viewer) = (stand.account(&["lead"]).await, stand.account(&[]).await);
    let mut claims = stand.bed.claims(lead.id, Role::Viewer);
    claims.permissions = vec![Permission::RoleView, Permission::RoleGrant, Permission::RoleManage];
    let lead = Member { id: lead.id, bearer: stand.bed.bearer_of(&claims) };
    let make = async |name: &str, permissions: Value| {
        let body = json!({"name": name, "permissions": permissions});
        stand.ask(&lead, ("POST", "/v1/roles"), Some(body)).await
    };
    assert_eq!(make("agent", json!(["role.view"])).await.status, 201);
    let beyond = make("beyond", json!(["client.manage"])).await;
    assert_eq!((beyond.status, beyond.code()), (403, "role_not_below_own"));
    let equal =
        make("equal", json!(["role.view", "role.grant", "role.manage", "account.manage", "playback.start"]))
            .await;
    assert_eq!((equal.status, equal.code()), (403, "role_not_below_own"));
    let own = json!({"permissions": ["role.view", "client.manage"]});
    let own = stand.ask(&lead, ("PATCH", "/v1/roles/lead"), Some(own)).await;
    assert_eq!((own.status, own.code()), (403, "role_not_below_own"));
    assert_eq!(stand.ask(&lead, ("PUT", &of(&viewer, "agent")), None).await.status, 200);
    let creator = stand.ask(&lead, ("PUT", &of(&viewer, "creator")), None).await;
    assert_eq!((creator.status, creator.code()), (403, "role_not_below_own"));
}

#[tokio::test]
async fn of_many_grants_at_once_each_stays() {
    let stand = Stand::new().await;
    let (admin, viewer) = (stand.account(&["admin"]).await, stand.account(&[]).await);
    let roles = ["creator", "moderator", "service"];
    let grants = roles.iter().map(|role| {
        let (stand, admin, path) = (&stand, &admin, of(&viewer, role));
        async move { stand.ask(admin, ("PUT", &path), None).await.status }
    });
    assert_eq!(join_all(grants).await, [200; 3]);
    let held = stand.platform(("GET", &format!("/v1/accounts/{}/roles", viewer.id))).await;
    let mut names: Vec<_> = held.json["roles"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["creator", "moderator", "service", "viewer"]);
    assert_eq!(stand.bed.emitted(viewer.id).await.len(), 4);
}

#[tokio::test]
async fn roles_are_listed_by_name_page_by_page() {
    let stand = Stand::new().await;
    let admin = stand.account(&["admin"]).await;
    for name in ["aardvark", "helpdesk", "zebra"] {
        let role = json!({"name": name, "permissions": []});
        assert_eq!(stand.ask(&admin, ("POST", "/v1/roles"), Some(role)).await.status, 201);
    }
    let (mut seen, mut query) = (Vec::new(), "limit=3".to_owned());
    loop {
        let page = stand.ask(&admin, ("GET", &format!("/v1/roles?{query}")), None).await;
        assert_eq!(page.status, 200, "{}", page.json);
        seen.extend(page.json["items"].as_array().unwrap().iter().map(|role| role["name"].clone()));
        let Some(next) = page.json["next_cursor"].as_str() else { break };
        query = format!("limit=3&cursor={next}");
    }
    assert_eq!(seen, ["aardvark", "admin", "creator", "helpdesk", "moderator", "service", "viewer", "zebra"]);
}

#[tokio::test]
async fn bad_roles_are_refused() {
    let stand = Stand::new().await;
    let admin = stand.account(&["admin"]).await;
    for (field, value, pointer) in [
        ("name", json!("admin"), "/name"),
        ("name", json!("With Spaces"), "/name"),
        ("description", json!("x".repeat(201)), "/description"),
        ("permissions", json!(["role.view", "role.viwe"]), "/permissions/1"),
        ("permissions", json!(vec!["role.view"; 99]), "/permissions"),
    ] {
        let mut role = helpdesk();
        role[field] = value;
        let refused = stand.ask(&admin, ("POST", "/v1/roles"), Some(role)).await;
        assert_eq!((refused.status, &refused.json["errors"][0]["pointer"]), (422, &json!(pointer)));
    }
    for method in ["PATCH", "DELETE"] {
        let body = (method == "PATCH").then(|| json!({}));
        let refused = stand.ask(&admin, (method, "/v1/roles/viewer"), body).await;
        assert_eq!((refused.status, refused.code()), (409, "role_is_built_in"));
    }
    let nobody = format!("/v1/accounts/{}/roles/creator", new_id::<mcsp_ids::User>());
    assert_eq!(stand.ask(&admin, ("PUT", &nobody), None).await.status, 404);
    assert_eq!(stand.ask(&admin, ("PUT", &of(&admin, "nothing")), None).await.status, 404);
}

#[tokio::test]
async fn a_check_tells_what_is_stored_and_not_what_a_token_says() {
    let stand = Stand::new().await;
    let (service, creator) = (stand.account(&["service"]).await, stand.account(&["creator"]).await);
    let ask = async |member: &Member, user: Option<&Member>| {
        let permissions = ["content.publish", "role.grant", "of.nothing"];
        let body = json!({"user_id": user.map(|user| user.id), "permissions": permissions});
        stand.ask(member, ("POST", "/v1/permissions/check"), Some(body)).await
    };
    let allowed = |json: &Value| {
        let results = json["results"].as_array().unwrap_or_else(|| panic!("{json}"));
        results.iter().map(|result| result["allowed"].as_bool().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(allowed(&ask(&service, Some(&creator)).await.json), [true, false, false]);
    assert_eq!(allowed(&ask(&creator, None).await.json), [true, false, false]);
    let others = ask(&creator, Some(&service)).await;
    assert_eq!((others.status, others.code()), (403, "insufficient_permission"));
    stand.platform(("DELETE", &of(&creator, "creator"))).await;
    assert_eq!(allowed(&ask(&creator, None).await.json), [false; 3], "the token still says creator");
    stand.platform(("PUT", &of(&creator, "creator"))).await;
    stand.bed.execute("UPDATE accounts SET state = 'suspended' WHERE roles @> '{creator}'").await;
    assert_eq!(allowed(&ask(&service, Some(&creator)).await.json), [false; 3]);
}

#[tokio::test]
async fn everybody_sees_their_own_roles_and_others_need_leave() {
    let stand = Stand::new().await;
    let (moderator, viewer) = (stand.account(&["moderator"]).await, stand.account(&[]).await);
    let roles_of = |member: &Member| format!("/v1/accounts/{}/roles", member.id);
    let own = stand.ask(&viewer, ("GET", &roles_of(&viewer)), None).await;
    assert_eq!((own.status, &own.json["roles"]), (200, &json!(["viewer"])));
    assert_eq!(own.json["permissions"], json!(["account.manage", "playback.start"]));
    assert_eq!(stand.ask(&moderator, ("GET", &roles_of(&viewer)), None).await.status, 200);
    let refused = stand.ask(&viewer, ("GET", &roles_of(&moderator)), None).await;
    assert_eq!((refused.status, refused.code()), (403, "insufficient_permission"));
}
