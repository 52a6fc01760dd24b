//! What only shows from within: one announcement, and nothing lost while the object store is down.

use futures::future::join_all;
use mcsp_testbed::Emitted;
use serde_json::{Value, json};
use upload_tests::{Creator, Stand};

const PART_BYTES: usize = 5 * 1024 * 1024;
const COMPLETIONS: usize = 50;
const DAY_S: i64 = 86_400;

fn mp4(size: usize) -> Vec<u8> {
    let mut file = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41".to_vec();
    file.resize(size, 0);
    file
}

fn request(size: usize, method: &str) -> Value {
    json!({"file_name": "a.mp4", "size_bytes": size, "content_type": "video/mp4", "method": method})
}

fn path(upload: &Value) -> String {
    format!("/v1/uploads/{}", upload["id"].as_str().unwrap())
}

async fn expect(creator: &Creator<'_>, status: u16, method: &str, path: &str, body: Option<Value>) -> Value {
    let reply = creator.request(method, path, body).await;
    assert_eq!(reply.status, status, "{method} {path}: {}", reply.json);
    reply.json
}

/// An upload in two parts, both sent.
async fn sent_in_parts(stand: &Stand, creator: &Creator<'_>) -> Value {
    let wanted = request(PART_BYTES + 1, "multipart");
    let upload = expect(creator, 201, "POST", "/v1/uploads", Some(wanted)).await;
    let numbers = json!({"part_numbers": [1, 2]});
    let signed = expect(creator, 200, "POST", &format!("{}/parts", path(&upload)), Some(numbers)).await;
    for (signed, part) in
        signed["parts"].as_array().unwrap().iter().zip(mp4(PART_BYTES + 1).chunks(PART_BYTES))
    {
        assert_eq!(stand.send(signed, part.to_vec()).await, 200);
    }
    upload
}

#[tokio::test]
async fn fifty_completions_at_once_announce_once_and_answer_the_same() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let upload = sent_in_parts(&stand, &creator).await;
    let complete = format!("{}/complete", path(&upload));
    let replies =
        join_all((0..COMPLETIONS).map(async |_| creator.request("POST", &complete, None).await)).await;
    for reply in &replies {
        assert_eq!(reply.status, 200, "{}", reply.json);
        assert_eq!(reply.json, replies[0].json);
    }
    let emitted = stand.bed.emitted(upload["id"].as_str().unwrap()).await;
    let [Emitted { topic, kind, data }] = &emitted[..] else { panic!("{emitted:?}") };
    assert_eq!(
        (topic.as_str(), kind.as_str()),
        ("media.upload.initiated", "mcsp.upload.session.initiated.v1")
    );
    assert_eq!((&data["upload_id"], &data["video_id"]), (&upload["id"], &upload["video_id"]));
    assert_eq!(data["object"]["size_bytes"], json!(PART_BYTES + 1));
    assert_eq!((&data["protection"], &upload["protection"]), (&json!("none"), &json!("none")));
    assert_eq!(data["file_name"], Value::Null);
}

#[tokio::test]
async fn while_the_store_is_down_nothing_is_lost() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let (kept, dropped) = (sent_in_parts(&stand, &creator).await, sent_in_parts(&stand, &creator).await);
    let fresh =
        expect(&creator, 201, "POST", "/v1/uploads", Some(request(PART_BYTES + 1, "multipart"))).await;
    let numbers = Some(json!({"part_numbers": [1]}));
    let calls = [
        ("POST", format!("{}/complete", path(&kept)), None),
        ("DELETE", path(&dropped), None),
        ("POST", format!("{}/parts", path(&fresh)), numbers),
    ];
    stand.set_store_down(true);
    for (method, path, body) in calls.clone() {
        let problem = expect(&creator, 503, method, &path, body).await;
        assert_eq!(problem["code"], "dependency_unavailable", "{method} {path}");
    }
    assert!(stand.bed.emitted(kept["id"].as_str().unwrap()).await.is_empty());
    stand.set_store_down(false);
    for ((method, path, body), status) in calls.into_iter().zip([200, 204, 200]) {
        expect(&creator, status, method, &path, body).await;
    }
    assert_eq!(stand.bed.emitted(kept["id"].as_str().unwrap()).await.len(), 1);
}

#[tokio::test]
async fn first_parts_that_are_asked_for_at_once_share_one_multipart_upload() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let upload =
        expect(&creator, 201, "POST", "/v1/uploads", Some(request(PART_BYTES + 1, "multipart"))).await;
    let parts = format!("{}/parts", path(&upload));
    let ids = join_all((0..8).map(async |_| {
        let signed = expect(&creator, 200, "POST", &parts, Some(json!({"part_numbers": [1]}))).await;
        let url: reqwest::Url = signed["parts"][0]["url"].as_str().unwrap().parse().unwrap();
        url.query_pairs().find(|(name, _)| name == "uploadId").unwrap().1.into_owned()
    }))
    .await;
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
}

#[tokio::test]
async fn an_upload_ends_with_its_time() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let upload = expect(&creator, 201, "POST", "/v1/uploads", Some(request(64, "put"))).await;
    assert_eq!(stand.send(&upload["put"], mp4(64)).await, 200);
    stand.bed.pass(DAY_S + 1);
    assert_eq!(expect(&creator, 200, "GET", &path(&upload), None).await["state"], "expired");
    let problem = expect(&creator, 409, "POST", &format!("{}/complete", path(&upload)), None).await;
    assert_eq!(problem["code"], "upload_expired");
    stand.bed.pass(-DAY_S - 1);
    expect(&creator, 204, "DELETE", &path(&upload), None).await;
    assert_eq!(expect(&creator, 200, "GET", &path(&upload), None).await["state"], "expired");
}

#[tokio::test]
async fn the_region_of_the_account_is_where_the_bytes_go_and_nothing_goes_elsewhere() {
    let stand = Stand::new().await;
    for (region, bucket) in [("eu", "mcsp-uploads"), ("us", "mcsp-packaged")] {
        let creator = stand.creator(region);
        let upload = expect(&creator, 201, "POST", "/v1/uploads", Some(request(64, "put"))).await;
        let url: reqwest::Url = upload["put"]["url"].as_str().unwrap().parse().unwrap();
        assert!(url.path().starts_with(&format!("/{bucket}/")), "{url}");
        assert_eq!(stand.send(&upload["put"], mp4(64)).await, 200);
        expect(&creator, 200, "POST", &format!("{}/complete", path(&upload)), None).await;
        let emitted = stand.bed.emitted(upload["id"].as_str().unwrap()).await;
        let announced = &emitted[0].data;
        assert_eq!((&announced["region"], &announced["object"]["bucket"]), (&json!(region), &json!(bucket)));
        assert_eq!(stand.stored(&upload).await, [announced["object"]["key"].as_str().unwrap()]);
    }
    let wanted = Some(request(64, "put"));
    let problem = expect(&stand.creator("mars"), 409, "POST", "/v1/uploads", wanted).await;
    assert_eq!(problem["code"], "no_bucket_for_region");
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM uploads").await, 2);
}
