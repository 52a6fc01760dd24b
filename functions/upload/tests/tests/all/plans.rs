//! Nothing that is asked reads a whole table, however many uploads and drafts there are.

use mcsp_testbed::unique;
use serde_json::{Value, json};
use upload_tests::{Creator, Source, Stand};

/// An owner has a hundred, nearly all of them completed.
const UPLOADS: &str = "\
    INSERT INTO uploads (id, owner_id, video_id, version, region, bucket, object_key, file_name, size_bytes, content_type, \
        state, initiated_at, created_at, expires_at) \
    SELECT gen_random_uuid(), lpad(to_hex(n % 1000), 32, '0')::uuid, gen_random_uuid(), 4, 'eu', 'mcsp-uploads', 'k', 'a.mp4', \
        64, 'video/mp4', CASE WHEN n % 50 = 0 THEN 'waiting' WHEN n % 7 = 0 THEN 'cancelled' ELSE 'ready' END, now(), \
        now() - n * interval '1 minute', now() + interval '1 day' \
    FROM generate_series(1, 100000) AS n";
const DRAFTS: &str = "\
    INSERT INTO drafts (id, owner_id, version, upload_id, draft, created_at, updated_at) \
    SELECT gen_random_uuid(), owner_id, 1, id, '{}', now(), now() FROM uploads";
const TOKENS: &str = "\
    INSERT INTO upload_tokens (upload_id, digest, expires_at) SELECT id, sha256(id::text::bytea), now() FROM uploads";
const PULLS: &str = "INSERT INTO pulls (upload_id, pulled_bytes) SELECT id, 64 FROM uploads";
const PLANS: &str = "\
    INSERT INTO plans (user_id, version) SELECT gen_random_uuid(), 1 FROM generate_series(1, 20000)";

async fn ok(creator: &Creator<'_>, method: &str, path: &str, body: Option<Value>) -> Value {
    let reply = if path.starts_with("/v1/drafts") {
        creator.request_drafts((method, path), &[], body).await
    } else {
        creator.request(method, path, body).await
    };
    assert!((200..300).contains(&reply.status), "{method} {path}: {}", reply.json);
    reply.json
}

#[tokio::test]
async fn no_query_reads_all_uploads() {
    let stand = Stand::new().await;
    for filling in [UPLOADS, DRAFTS, TOKENS, PULLS, PLANS] {
        stand.bed.execute(filling).await;
    }
    stand.bed.redefine("ANALYZE").await;
    stand.bed.take_plans().await;

    let creator = stand.creator("eu");
    let file = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41".to_vec();
    let wanted = json!({"file_name": "a.mp4", "size_bytes": file.len(), "content_type": "video/mp4"});
    let upload = ok(&creator, "POST", "/v1/uploads", Some(wanted.clone())).await;
    let path = format!("/v1/uploads/{}", upload["id"].as_str().unwrap());
    let draft = json!({"title": "A walk", "upload_id": upload["id"]});
    let draft = ok(&creator, "POST", "/v1/drafts", Some(draft)).await;
    let draft = format!("/v1/drafts/{}", draft["id"].as_str().unwrap());
    ok(&creator, "POST", &format!("{draft}/submit"), None).await;
    ok(&creator, "GET", &draft, None).await;
    ok(&creator, "GET", "/v1/uploads/quota", None).await;
    let token = ok(&creator, "POST", &format!("{path}/token"), None).await;
    ok(&stand.holder(token["token"].as_str().unwrap()), "GET", &path, None).await;
    assert_eq!(stand.send(&upload["put"], file.clone()).await, 200);
    ok(&creator, "POST", &format!("{path}/complete"), None).await;
    ok(&creator, "GET", &path, None).await;
    assert_eq!(stand.deliver_plan(&creator.user_id, 1, &json!({"level": 1, "streams": 1})).await, 204);
    let news = json!({"upload_id": upload["id"], "progress_percent": 50});
    assert_eq!(stand.deliver(&unique(), "progressed", &news).await, 204);
    assert_eq!(stand.deliver(&unique(), "completed", &news).await, 204);
    let mut replacing = wanted;
    replacing["video_id"] = upload["video_id"].clone();
    let new = ok(&creator, "POST", "/v1/uploads", Some(replacing)).await;
    assert_eq!(stand.send(&new["put"], file).await, 200);
    ok(&creator, "POST", &format!("/v1/uploads/{}/complete", new["id"].as_str().unwrap()), None).await;
    let news = json!({"upload_id": new["id"]});
    assert_eq!(stand.deliver(&unique(), "completed", &news).await, 204);
    let other = stand.creator("eu").user_id;
    assert_eq!(stand.deliver_transfer(&unique(), &upload, (&other, 9)).await, 204);
    assert_eq!(stand.deliver_purge(&unique(), &upload).await, 204);
    let source = Source::of(b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41".to_vec()).await;
    let pulled = creator.pull(&unique(), json!({"source_url": source.url()})).await;
    assert_eq!((pulled.status, stand.deliver_pull(&pulled.json).await), (201, 204));
    for owner in [creator, stand.creator_of("eu", "user_00000000000000000000000001".parse().unwrap())] {
        for list in
            ["/v1/uploads?limit=5", "/v1/drafts?limit=5", "/v1/uploads?limit=100", "/v1/drafts?limit=100"]
        {
            let first = ok(&owner, "GET", list, None).await;
            if let Some(cursor) = first["next_cursor"].as_str() {
                ok(&owner, "GET", &format!("{list}&cursor={cursor}"), None).await;
            }
        }
        ok(&owner, "GET", "/v1/uploads/quota", None).await;
    }
    let plans = stand.bed.take_plans().await;
    assert!(
        plans.iter().any(|plan| plan.plan.contains("uploads_held")),
        "the quota has its index: {plans:?}"
    );
    for plan in plans {
        for table in ["uploads", "drafts", "upload_tokens", "pulls", "plans"] {
            assert!(!plan.plan.contains(&format!("Seq Scan on {table}")), "{}\n{}", plan.sql, plan.plan);
        }
    }
}
