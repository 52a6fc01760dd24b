//! `GET /v1/search`.

use mcsp_tests::{Account, Platform, titled_video};
use serde_json::{Value, json};
use uuid::Uuid;

async fn search(account: &Account, query: &str) -> Value {
    let answer = account.platform.get(&format!("/v1/search?{query}")).await;
    assert_eq!(answer.header("search-backend"), "postgres", "{}", answer.json);
    answer.expect(200)
}

fn ids(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().expect("items");
    items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
}

async fn publish(account: &Account, video_id: &str) {
    account.post(&format!("/v1/videos/{video_id}/publish"), &json!({})).await.expect(200);
}

#[tokio::test]
async fn a_video_is_found_while_it_is_published_and_public() {
    let owner = Platform::running().account("creator").await;
    let (video_id, title) = titled_video(&owner).await;
    let word = title.split(' ').next_back().expect("a word").to_owned();
    let found = async || ids(&search(&owner, &format!("q={word}")).await);
    assert_eq!(found().await, [""; 0], "ready");
    publish(&owner, &video_id).await;
    assert_eq!(found().await, std::slice::from_ref(&video_id));
    let beginning = &word[..word.len() - 4];
    assert_eq!(ids(&search(&owner, &format!("q=Sample+{beginning}")).await), std::slice::from_ref(&video_id));
    for visibility in ["unlisted", "private"] {
        let path = format!("/v1/videos/{video_id}/visibility");
        owner.put(&path, &json!({"visibility": visibility})).await.expect(200);
        assert_eq!(found().await, [""; 0], "{visibility}");
        let by_owner = owner.get(&format!("/v1/search?q={word}")).await.expect(200);
        assert_eq!(ids(&by_owner), [""; 0], "{visibility}, by its owner");
    }
    owner
        .put(&format!("/v1/videos/{video_id}/visibility"), &json!({"visibility": "public"}))
        .await
        .expect(200);
    assert_eq!(found().await, std::slice::from_ref(&video_id));
    owner.post(&format!("/v1/videos/{video_id}/unpublish"), &json!({})).await.expect(200);
    assert_eq!(found().await, [""; 0], "unpublished");
}

#[tokio::test]
async fn a_video_is_found_where_it_is_shown_by_who_is_known_to_be_there() {
    let owner = Platform::running().account("creator").await;
    let (video_id, title) = titled_video(&owner).await;
    let word = title.split(' ').next_back().expect("a word").to_owned();
    publish(&owner, &video_id).await;
    let viewer = owner.platform.account("viewer").await;
    let path = format!("/v1/videos/{video_id}");
    let by_anyone = async || {
        let found = ids(&search(&owner, &format!("q={word}")).await).len();
        (owner.platform.get(&path).await.status.as_u16(), found)
    };
    let by_viewer = async || {
        let found = ids(&viewer.get(&format!("/v1/search?q={word}")).await.expect(200)).len();
        (viewer.get(&path).await.status.as_u16(), found)
    };
    // Accounts are in `eu` here.
    for (allow, deny, to_anyone, to_viewer) in [
        (json!([]), json!(["us"]), (404, 0), (200, 1)),
        (json!(["EU"]), json!([]), (404, 0), (200, 1)),
        (json!([]), json!(["eu"]), (404, 0), (404, 0)),
        (json!([]), json!([]), (200, 1), (200, 1)),
    ] {
        let regions = json!({"allow": allow, "deny": deny});
        owner.put(&format!("{path}/regions"), &regions).await.expect(200);
        assert_eq!((by_anyone().await, by_viewer().await), (to_anyone, to_viewer), "{regions}");
    }
}

#[tokio::test]
async fn filters_and_orders_narrow_and_sort() {
    let owner = Platform::running().account("creator").await;
    let tag = format!("t{}", &Uuid::new_v4().simple().to_string()[..20]);
    let mut videos = Vec::new();
    for (title, category, language) in
        [("Zebra", "nature", "en"), ("Giraffe", "nature", "de"), ("Zebra", "film", "en")]
    {
        let (video_id, _) = titled_video(&owner).await;
        let edit = json!({"title": title, "tags": [tag], "category": category, "language": language});
        owner.patch(&format!("/v1/videos/{video_id}"), &edit, None).await.expect(200);
        publish(&owner, &video_id).await;
        videos.push(video_id);
    }
    let [zebra, giraffe, film] = [&videos[0], &videos[1], &videos[2]].map(Clone::clone);
    let by_tag = format!("tag={}&sort=newest", tag.to_uppercase());
    assert_eq!(ids(&search(&owner, &by_tag).await), [film.clone(), giraffe.clone(), zebra.clone()]);
    assert_eq!(
        ids(&search(&owner, &format!("{by_tag}&category=nature")).await),
        [giraffe.clone(), zebra.clone()]
    );
    assert_eq!(
        ids(&search(&owner, &format!("{by_tag}&language=EN&q=zeb")).await),
        [film.clone(), zebra.clone()]
    );
    assert_eq!(ids(&search(&owner, &format!("tag={tag}&q=zebra+-giraffe")).await).len(), 2);
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = search(&owner, &format!("{by_tag}&limit=1{cursor}")).await;
        seen.extend(ids(&page));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, [film, giraffe, zebra]);
}

#[tokio::test]
async fn what_is_no_search_names_the_bad_parameter() {
    let platform = Platform::running();
    let long = format!("q={}", "x".repeat(501));
    let cases = [
        (long.as_str(), "q"),
        ("q=a%00b", "q"),
        ("language=english", "language"),
        ("category=A+B", "category"),
        ("tag=", "tag"),
        ("sort=best", "sort"),
        ("limit=101", "limit"),
        ("cursor=x", "cursor"),
        ("page=2", "page"),
    ];
    for (query, parameter) in cases {
        let answer = platform.get(&format!("/v1/search?{query}")).await;
        answer.refused(400, "invalid_query");
        assert_eq!(answer.json["errors"][0]["parameter"], parameter, "{}", answer.json);
    }
}
