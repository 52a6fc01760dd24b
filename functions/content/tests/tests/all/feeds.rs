//! What a creator has published, as a feed, and how pages embed it.

use content_tests::Stand;
use content_tests::samples::{decided, new_user_id, new_video_id};
use mcsp_ids::{UserId, VideoId};
use mcsp_testbed::{Reply, unique};
use serde_json::{Value, json};

/// A creator's videos.
struct Channel {
    stand: Stand,
    creator: UserId,
}

impl Channel {
    async fn new() -> Channel {
        Channel { stand: Stand::with_pages().await, creator: new_user_id() }
    }

    async fn publish(&self, title: &str) -> VideoId {
        let video = self.stand.ready_video(self.creator, title).await;
        self.change(video, ("POST", "/publish"), None).await;
        video
    }

    async fn change(&self, video: VideoId, (method, behind): (&str, &str), body: Option<Value>) {
        let path = format!("/v1/videos/{video}{behind}");
        let component = if behind.is_empty() { &self.stand.videos } else { &self.stand.publication };
        let reply = self.stand.send_as(self.creator, component, (method, &path), body).await;
        assert!([200, 204].contains(&reply.status), "{path}: {}", reply.text);
    }

    async fn feed_with(&self, headers: &[(&str, &str)]) -> Reply {
        let path = format!("/v1/creators/{}/feed", self.creator);
        self.stand.search.send(("GET", &path), headers, None).await
    }

    async fn feed(&self) -> String {
        let reply = self.feed_with(&[]).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.text
    }

    async fn oembed(&self, query: &str) -> Reply {
        self.stand.search.send(("GET", &format!("/v1/oembed?{query}")), &[], None).await
    }
}

/// The videos of a feed, as they stand in it.
pub fn guids(feed: &str) -> Vec<&str> {
    let items = feed.split("<guid isPermaLink=\"false\">").skip(1);
    items.filter_map(|item| item.split('<').next()).collect()
}

#[tokio::test]
async fn the_newest_comes_first_and_says_where_it_is_watched() {
    let channel = Channel::new().await;
    let first = channel.publish("Rain & <sun>").await;
    channel.stand.bed.pass(60);
    let second = channel.publish("Snow").await;
    let reply = channel.feed_with(&[]).await;
    assert_eq!(
        (&reply.headers["content-type"], &reply.headers["cache-control"]),
        (&"application/rss+xml;charset=utf-8".parse().unwrap(), &"public, max-age=300".parse().unwrap())
    );
    assert_eq!(guids(&reply.text), [second.to_string(), first.to_string()]);
    for part in [
        "<title>Rain &amp;amp; &amp;lt;sun&amp;gt;</title>".to_owned(),
        "<itunes:title>Rain &amp; &lt;sun&gt;</itunes:title>".to_owned(),
        format!("<link>https://tv.example/watch?v={first}</link>"),
        format!("<media:player url=\"https://tv.example/embed/{first}\"/>"),
        "<itunes:duration>2</itunes:duration>".to_owned(),
        "<link>https://tv.example/</link>".to_owned(),
    ] {
        assert!(reply.text.contains(&part), "{part}\n{}", reply.text);
    }
    assert!(!reply.text.contains("packaged"), "no file is named: {}", reply.text);
}

#[tokio::test]
async fn only_what_anybody_finds_is_in_it() {
    let channel = Channel::new().await;
    let seen = channel.publish("Needle").await;
    channel.stand.ready_video(channel.creator, "Needle that is ready").await;
    let elsewhere = channel.stand.ready_video(new_user_id(), "Needle of another").await;
    assert_ne!(elsewhere, seen);
    let mut hidden = Vec::new();
    for (what, body) in [
        (("PUT", "/visibility"), Some(json!({"visibility": "unlisted"}))),
        (("PUT", "/visibility"), Some(json!({"visibility": "private"}))),
        (("PUT", "/visibility"), Some(json!({"visibility": "subscribers"}))),
        (("PUT", "/regions"), Some(json!({"allow": ["eu"], "deny": []}))),
        (("PUT", "/regions"), Some(json!({"allow": [], "deny": ["us"]}))),
        (("POST", "/unpublish"), None),
        (("DELETE", ""), None),
    ] {
        let video = channel.publish("Needle that was seen").await;
        assert_eq!(guids(&channel.feed().await).len(), 2, "{what:?}");
        channel.change(video, what, body).await;
        hidden.push(video);
        assert_eq!(guids(&channel.feed().await), [seen.to_string()], "{what:?}");
    }
    let (kind, decision) = decided(seen, 1, true);
    channel.stand.events.deliver_until_taken(&unique(), kind, &decision).await;
    let empty = channel.feed().await;
    assert_eq!(guids(&empty), Vec::<&str>::new());
    assert!(!empty.contains("Needle"));
}

#[tokio::test]
async fn who_has_published_nothing_looks_like_who_does_not_exist() {
    let channel = Channel::new().await;
    channel.stand.ready_video(channel.creator, "Not yet").await;
    let (silent, creator) = (channel.feed().await, channel.creator.to_string());
    let nobody = Channel { creator: new_user_id(), ..channel };
    let feed = nobody.feed().await;
    assert_eq!(feed.replace(&nobody.creator.to_string(), &creator), silent);
    let wrong = nobody.stand.search.send(("GET", "/v1/creators/me/feed"), &[], None).await;
    assert_eq!(wrong.status, 400, "{}", wrong.text);
}

#[tokio::test]
async fn a_reader_that_has_it_is_told_so_until_it_changes() {
    let channel = Channel::new().await;
    let video = channel.publish("Rain").await;
    let first = channel.feed_with(&[]).await;
    let tag = first.headers["etag"].to_str().unwrap().to_owned();
    for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}")] {
        let again = channel.feed_with(&[("if-none-match", &known)]).await;
        assert_eq!((again.status, again.text.as_str()), (304, ""), "{known}");
        assert_eq!(again.headers["etag"], first.headers["etag"]);
        assert_eq!(again.headers["cache-control"], first.headers["cache-control"]);
    }
    channel.change(video, ("POST", "/unpublish"), None).await;
    let changed = channel.feed_with(&[("if-none-match", &tag)]).await;
    assert_eq!((changed.status, guids(&changed.text).len()), (200, 0));
    channel.change(video, ("POST", "/publish"), None).await;
    assert_eq!(channel.feed_with(&[("if-none-match", &tag)]).await.status, 304, "it is as it was");
    channel.change(video, ("PATCH", ""), Some(json!({"title": "Snow"}))).await;
    assert_eq!(channel.feed_with(&[("if-none-match", &tag)]).await.status, 200);
}

#[tokio::test]
async fn what_some_pages_may_embed_is_shown_to_others_on_its_own_page() {
    let channel = Channel::new().await;
    let video = channel.publish("Rain").await;
    let url = format!("url=https%3A%2F%2Ftv.example%2Fwatch%3Fv%3D{video}");
    let shown = channel.oembed(&format!("{url}&format=json&maxwidth=320&other=1")).await;
    assert_eq!(shown.status, 200, "{}", shown.json);
    assert_eq!(
        (&shown.json["type"], &shown.json["version"], &shown.json["title"]),
        (&json!("video"), &json!("1.0"), &json!("Rain"))
    );
    assert_eq!((&shown.json["width"], &shown.json["height"]), (&json!(320), &json!(180)));
    let html = shown.json["html"].as_str().unwrap();
    assert!(html.contains(&format!("src=\"https://tv.example/embed/{video}\"")), "{html}");

    let listed = json!({"mode": "listed", "origins": ["https://blog.example"]});
    channel.change(video, ("PUT", "/embedding"), Some(listed)).await;
    assert_eq!(channel.oembed(&url).await.json["type"], "video");
    assert!(!channel.feed().await.contains("/embed/"), "who reads it elsewhere can't play it");
    channel.change(video, ("PUT", "/embedding"), Some(json!({"mode": "nowhere"}))).await;
    let link = channel.oembed(&url).await.json;
    assert_eq!((&link["type"], &link["html"]), (&json!("link"), &json!(null)));
}

#[tokio::test]
async fn a_title_is_no_html_and_what_is_hidden_is_not_told() {
    let channel = Channel::new().await;
    let video = channel.publish("\"><script>alert(1)</script>").await;
    let url = format!("url=https%3A%2F%2Ftv.example%2Fwatch%3Fv%3D{video}");
    let shown = channel.oembed(&url).await;
    let html = shown.json["html"].as_str().unwrap();
    assert!(!html.contains("<script") && html.contains("&lt;script"), "{html}");
    channel.change(video, ("PUT", "/visibility"), Some(json!({"visibility": "unlisted"}))).await;
    assert_eq!(channel.oembed(&url).await.status, 200, "who has the link sees it");
    channel.change(video, ("PUT", "/visibility"), Some(json!({"visibility": "private"}))).await;
    for url in [
        url,
        format!("url=https%3A%2F%2Ftv.example%2Fwatch%3Fv%3D{}", new_video_id()),
        format!("url=https%3A%2F%2Fother.example%2Fwatch%3Fv%3D{video}"),
        "url=x".to_owned(),
    ] {
        let hidden = channel.oembed(&url).await;
        assert_eq!((hidden.status, hidden.code()), (404, "not_found"), "{url}");
    }
    for (query, status, code) in [
        ("", 400, "invalid_query"),
        ("url=x&maxwidth=wide", 400, "invalid_query"),
        ("url=x&format=xml", 501, "format_not_offered"),
    ] {
        let refused = channel.oembed(query).await;
        assert_eq!((refused.status, refused.code()), (status, code), "{query}");
    }
}

#[tokio::test]
async fn without_pages_there_are_no_links_and_no_oembed() {
    let channel = Channel { stand: Stand::new().await, creator: new_user_id() };
    let video = channel.publish("Rain").await;
    let feed = channel.feed().await;
    assert_eq!(guids(&feed), [video.to_string()]);
    assert_eq!((feed.matches("<link>").count(), feed.contains("media:player")), (1, false), "{feed}");
    assert_eq!(channel.oembed(&format!("url=https://tv.example/watch?v={video}")).await.status, 404);
}
