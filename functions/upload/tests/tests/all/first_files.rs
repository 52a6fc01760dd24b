//! The file of a video that is there before it, as Content says.

use bytes::Bytes;
use futures::future::join_all;
use http_body_util::Full;
use mcsp_testbed::{Reply, unique};
use serde_json::{Value, json};
use upload_tests::{Creator, Stand};

const MP4: &[u8] = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41";
const AT_ONCE: usize = 12;
/// `a.mp4` and `video/mp4`.
const FILE: &str = "filename YS5tcDQ=,filetype dmlkZW8vbXA0";

async fn create(creator: &Creator<'_>, video: &str, more: Value) -> Reply {
    let mut wanted = json!({"file_name": "a.mp4", "size_bytes": MP4.len(), "content_type": "video/mp4", "video_id": video});
    wanted.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    creator.request("POST", "/v1/uploads", Some(wanted)).await
}

async fn created(creator: &Creator<'_>, video: &str, more: Value) -> Value {
    let reply = create(creator, video, more).await;
    assert_eq!(reply.status, 201, "{}", reply.json);
    reply.json
}

async fn create_by_tus(creator: &Creator<'_>, metadata: &str) -> Reply {
    let headers = [("upload-length", "33"), ("upload-metadata", metadata)];
    creator.tus(("POST", "/v1/tus"), &headers, Full::<Bytes>::default()).await
}

fn path(upload: &Value) -> String {
    format!("/v1/uploads/{}", upload["id"].as_str().unwrap())
}

async fn complete(stand: &Stand, creator: &Creator<'_>, upload: &Value) -> Reply {
    assert_eq!(stand.send(&upload["put"], MP4.to_vec()).await, 200);
    creator.request("POST", &format!("{}/complete", path(upload)), None).await
}

async fn told(stand: &Stand, happened: &str, upload: &Value) -> u16 {
    let news = json!({"upload_id": upload["id"], "progress_percent": 50, "reason_code": "no_video"});
    stand.deliver(&unique(), happened, &news).await
}

async fn refused(creator: &Creator<'_>, video: &str) -> (u16, String) {
    let reply = create(creator, video, json!({})).await;
    (reply.status, reply.code().to_owned())
}

fn not_ready() -> (u16, String) {
    (409, "source_not_ready".to_owned())
}

#[tokio::test]
async fn a_drafts_file_is_announced_as_its_own() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let draft = stand.content_has(&creator, "draft");
    let upload = created(&creator, &draft, json!({"protection": "cenc"})).await;
    assert_eq!((&upload["video_id"], &upload["replaces"]), (&json!(draft), &json!(false)));
    assert_eq!(upload["protection"], "cenc");
    assert_eq!(complete(&stand, &creator, &upload).await.status, 200);
    let announced = stand.bed.emitted(upload["id"].as_str().unwrap()).await;
    let data = &announced[0].data;
    assert_eq!((&data["video_id"], &data["replaces"]), (&json!(draft), &json!(false)));
    assert_eq!((&data["owner_id"], &data["protection"]), (&json!(creator.user_id), &json!("cenc")));

    // From here on it is a video as any: Content is not asked again.
    stand.bed.set_down("content", true);
    assert_eq!(refused(&creator, &draft).await, not_ready());
    assert_eq!(told(&stand, "completed", &upload).await, 204);
    let replacing = created(&creator, &draft, json!({})).await;
    assert_eq!((&replacing["replaces"], &replacing["protection"]), (&json!(true), &json!("cenc")));
}

#[tokio::test]
async fn only_a_draft_of_ones_own_gets_a_file() {
    let stand = Stand::new().await;
    let (creator, stranger) = (stand.creator("eu"), stand.creator("eu"));
    let draft = stand.content_has(&creator, "draft");
    let nobodys = "video_01h455vb4pex5vsknk084sn02q";
    for (who, video) in [(&stranger, draft.as_str()), (&creator, nobodys)] {
        assert_eq!(refused(who, video).await, (404, "not_found".to_owned()));
    }
    for state in ["processing", "ready", "failed", "blocked", "deleted", "something new"] {
        stand.content_says(&draft, json!(state));
        assert_eq!(refused(&creator, &draft).await, not_ready(), "{state}");
    }
    stand.content_says(&draft, json!(7));
    assert_eq!(refused(&creator, &draft).await, (503, "dependency_unavailable".to_owned()));
    stand.content_says(&draft, json!("draft"));
    stand.bed.set_down("content", true);
    assert_eq!(refused(&creator, &draft).await, (503, "dependency_unavailable".to_owned()));
    stand.bed.set_down("content", false);
    assert_eq!(stand.bed.ask::<i64>("SELECT count(*) FROM uploads").await, 0);
    created(&creator, &draft, json!({})).await;
}

#[tokio::test]
async fn a_draft_has_one_upload_at_a_time_however_many_ask_at_once() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let draft = stand.content_has(&creator, "draft");
    let replies = join_all((0..AT_ONCE).map(|_| create(&creator, &draft, json!({})))).await;
    let (made, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 201);
    assert_eq!(made.len(), 1);
    for reply in refused {
        assert_eq!((reply.status, reply.code()), (409, "source_not_ready"));
    }
}

#[tokio::test]
async fn after_an_upload_that_came_to_nothing_another_one_may_bring_it() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let draft = stand.content_has(&creator, "draft");
    let cancelled = created(&creator, &draft, json!({})).await;
    assert_eq!(creator.request("DELETE", &path(&cancelled), None).await.status, 204);

    let mismatched = created(&creator, &draft, json!({})).await;
    stand.put_instead(&mismatched, b"something else", None).await;
    let complete_path = format!("{}/complete", path(&mismatched));
    assert_eq!(creator.request("POST", &complete_path, None).await.status, 422);

    // Its time is over, and nobody has written that yet.
    let expired = created(&creator, &draft, json!({})).await;
    assert_eq!(stand.send(&expired["put"], MP4.to_vec()).await, 200);
    stand.run_out().await;
    let last = created(&creator, &draft, json!({})).await;
    let mut states = Vec::new();
    for upload in [&cancelled, &mismatched, &expired, &last] {
        states.push(creator.request("GET", &path(upload), None).await.json["state"].clone());
    }
    assert_eq!(states, ["cancelled", "failed", "expired", "waiting"]);
    assert!(!stand.store_has(&expired, None).await);
    assert_eq!(complete(&stand, &creator, &last).await.status, 200);

    // What the pipeline could make nothing of was the draft's file.
    assert_eq!(told(&stand, "failed", &last).await, 204);
    assert_eq!(refused(&creator, &draft).await, not_ready());
    for upload in [&cancelled, &mismatched, &expired] {
        assert!(stand.bed.emitted(upload["id"].as_str().unwrap()).await.is_empty());
    }
}

#[tokio::test]
async fn the_file_comes_by_tus_too() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let draft = stand.content_has(&creator, "draft");
    let id = |video: &str| format!("{FILE},video_id {}", base64(video));
    let refused = create_by_tus(&creator, &id("upload_01h455vb4pex5vsknk084sn02q")).await;
    assert_eq!((refused.status, &refused.json["errors"][0]["pointer"]), (422, &json!("/video_id")));
    assert_eq!(create_by_tus(&stand.creator("eu"), &id(&draft)).await.code(), "not_found");
    let begun = create_by_tus(&creator, &id(&draft)).await;
    assert_eq!(begun.status, 201, "{}", begun.json);
    assert_eq!(create_by_tus(&creator, &id(&draft)).await.code(), "source_not_ready");
    let upload = begun.headers["location"].to_str().unwrap().replace("/v1/tus/", "/v1/uploads/");
    let seen = creator.request("GET", &upload, None).await.json;
    assert_eq!((&seen["video_id"], &seen["replaces"]), (&json!(draft), &json!(false)));
}

#[tokio::test]
async fn what_is_there_is_replaced_by_tus_too_and_by_who_may_publish() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let uploader = stand.client_of(&creator, "media.upload");
    let draft = stand.content_has(&creator, "draft");
    let upload = created(&uploader, &draft, json!({})).await;
    assert_eq!(complete(&stand, &creator, &upload).await.status, 200);
    assert_eq!(told(&stand, "completed", &upload).await, 204);
    let metadata = format!("{FILE},video_id {}", base64(&draft));
    let protected = create_by_tus(&creator, &format!("{metadata},protection {}", base64("none"))).await;
    assert_eq!((protected.status, &protected.json["errors"][0]["pointer"]), (422, &json!("/protection")));
    assert_eq!(create_by_tus(&uploader, &metadata).await.code(), "insufficient_permission");
    assert_eq!(refused(&uploader, &draft).await, (403, "insufficient_permission".to_owned()));
    assert_eq!(create_by_tus(&creator, &metadata).await.status, 201);
    assert_eq!(create_by_tus(&creator, &metadata).await.code(), "replacement_under_way");
}

#[tokio::test]
async fn a_key_begins_one_upload_of_a_draft() {
    let stand = Stand::new().await;
    let creator = stand.creator("eu");
    let draft = stand.content_has(&creator, "draft");
    let wanted = json!({
        "file_name": "a.mp4", "size_bytes": MP4.len(), "content_type": "video/mp4", "video_id": draft,
    });
    let send = async || creator.request_with_key(("POST", "/v1/uploads"), "k1", Some(wanted.clone())).await;
    let (first, again) = (send().await, send().await);
    assert_eq!((first.status, again.status, &first.json), (201, 201, &again.json));
}

fn base64(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}
