//! Where viewers stopped.

use mcsp_ids::VideoId;
use mcsp_tests::Platform;
use mcsp_tests::playing::{published, start};
use serde_json::json;
use uuid::Uuid;

fn path(video_id: &str) -> String {
    format!("/v1/playback/positions/{video_id}")
}

#[tokio::test]
async fn the_later_write_counts_in_whatever_order_they_come() {
    let platform = Platform::running();
    let video_id = published(&platform).await;
    let viewer = platform.account("viewer").await;
    viewer.get(&path(&video_id)).await.refused(404, "not_found");
    for (position_ms, client_time, counting_ms) in [
        (2_000, "2026-01-01T00:00:02Z", 2_000),
        (1_000, "2026-01-01T00:00:01Z", 2_000),
        (3_000, "2026-01-01T00:00:03Z", 3_000),
        (3_000, "2026-01-01T00:00:03Z", 3_000),
    ] {
        let body = json!({"position_ms": position_ms, "client_time": client_time});
        let written = viewer.put(&path(&video_id), &body).await.expect(200);
        assert_eq!(written["position_ms"], counting_ms);
        assert_eq!(viewer.get(&path(&video_id)).await.expect(200), written);
    }
    let session = start(&viewer, &video_id).await.expect(201);
    assert_eq!(session["resume_position_ms"], 3_000);
}

#[tokio::test]
async fn a_clock_that_runs_ahead_does_not_win_for_ever() {
    let platform = Platform::running();
    let video_id = published(&platform).await;
    let viewer = platform.account("viewer").await;
    let ahead = json!({"position_ms": 1_000, "client_time": "2999-01-01T00:00:00Z"});
    viewer.put(&path(&video_id), &ahead).await.expect(200);
    let next = viewer.put(&path(&video_id), &json!({"position_ms": 2_000})).await.expect(200);
    assert_eq!(next["position_ms"], 2_000);
}

#[tokio::test]
async fn a_heartbeats_position_is_read_at_once() {
    let platform = Platform::running();
    let video_id = published(&platform).await;
    let viewer = platform.account("viewer").await;
    let session = start(&viewer, &video_id).await.expect(201);
    let beat = json!({"position_ms": 700, "state": "paused"});
    let heartbeat = session["renewal_path"].as_str().expect("a path");
    viewer.put(heartbeat, &beat).await.expect(200);
    assert_eq!(viewer.get(&path(&video_id)).await.expect(200)["position_ms"], 700);
}

#[tokio::test]
async fn positions_are_the_viewers_own() {
    let platform = Platform::running();
    let video_id = published(&platform).await;
    let (viewer, other) = (platform.account("viewer").await, platform.account("viewer").await);
    viewer.put(&path(&video_id), &json!({"position_ms": 1_000})).await.expect(200);
    other.get(&path(&video_id)).await.refused(404, "not_found");
}

#[tokio::test]
async fn the_positions_in_a_list_of_videos_are_read_at_once() {
    let platform = Platform::running();
    let (first, second) = (published(&platform).await, published(&platform).await);
    let viewer = platform.account("viewer").await;
    let unknown = VideoId::from_uuid(Uuid::now_v7());
    for (video_id, position_ms) in [(&first, 1_000), (&second, 2_000)] {
        viewer.put(&path(video_id), &json!({"position_ms": position_ms})).await.expect(200);
    }
    let list = format!("/v1/playback/positions?videos={second},{unknown},{first}");
    let read = viewer.get(&list).await.expect(200);
    let found: Vec<_> =
        read["items"].as_array().expect("items").iter().map(|item| &item["video_id"]).collect();
    assert_eq!(found, [&json!(second), &json!(first)]);
    assert_eq!((&read["items"][0]["position_ms"], &read["unknown"]), (&json!(2_000), &json!([])));
    let nobodys = platform.account("viewer").await.get(&list).await.expect(200);
    assert_eq!(nobodys["items"], json!([]));
    let too_many: Vec<_> = (0..51).map(|_| VideoId::from_uuid(Uuid::now_v7()).to_string()).collect();
    let too_many = too_many.join(",");
    let refused = viewer.get(&format!("/v1/playback/positions?videos={too_many}")).await;
    refused.refused(400, "invalid_query");
}

#[tokio::test]
async fn a_position_that_is_forgotten_is_gone_until_a_later_one_is_told() {
    let platform = Platform::running();
    let video_id = published(&platform).await;
    let viewer = platform.account("viewer").await;
    viewer.put(&path(&video_id), &json!({"position_ms": 1_000})).await.expect(200);
    for _ in 0..2 {
        let forgotten = viewer.delete(&path(&video_id)).await;
        assert_eq!(forgotten.header("mcsp-served-from"), "redis");
        forgotten.expect(204);
        viewer.get(&path(&video_id)).await.refused(404, "not_found");
    }
    let earlier = json!({"position_ms": 2_000, "client_time": "2026-01-01T00:00:00Z"});
    viewer.put(&path(&video_id), &earlier).await.refused(404, "not_found");
    let session = start(&viewer, &video_id).await.expect(201);
    assert_eq!(session["resume_position_ms"], 0);
    let beat = json!({"position_ms": 700, "state": "paused"});
    viewer.put(session["renewal_path"].as_str().expect("a path"), &beat).await.expect(200);
    assert_eq!(viewer.get(&path(&video_id)).await.expect(200)["position_ms"], 700);
}

#[tokio::test]
async fn an_unknown_video_has_no_position_and_takes_none() {
    let platform = Platform::running();
    let viewer = platform.account("viewer").await;
    let unknown = path(&VideoId::from_uuid(Uuid::now_v7()).to_string());
    viewer.get(&unknown).await.refused(404, "not_found");
    viewer.put(&unknown, &json!({"position_ms": 1})).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_position_behind_every_video_is_refused_with_its_place() {
    let platform = Platform::running();
    let video_id = published(&platform).await;
    let viewer = platform.account("viewer").await;
    let answer = viewer.put(&path(&video_id), &json!({"position_ms": u64::MAX})).await;
    answer.refused(422, "validation_failed");
    assert_eq!(answer.json["errors"][0]["pointer"], "/position_ms");
}
