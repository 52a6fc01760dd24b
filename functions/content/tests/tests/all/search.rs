//! Search: what the pure decision shows, in a stable order.

use content_domain::{
    Description, Details, FailureCode, Language, Media, Origin, Packaged, PasswordsVersion, PlanLevel, State,
    Tag, Tags, Title, Video, Viewer, Visibility, Way, Withheld, decide,
};
use content_storage::insert;
use content_tests::Stand;
use content_tests::samples::{new_user_id, new_video_id};
use jiff::{SignedDuration, Timestamp};
use mcsp_bridge_api::postgres::Transaction;
use mcsp_ids::{UploadId, VideoId};
use serde_json::Value;
use std::collections::BTreeSet;

fn at(second: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_700_000_000 + second)
}

fn media() -> Media {
    let packaged = Packaged { prefix: "packaged/v/".into(), hls: "master.m3u8".into(), dash: None };
    Media { duration_ms: 1_000, renditions: Vec::new(), packaged, protection: None }
}

fn published(title: &str, second: i64) -> Video {
    let id = new_video_id();
    let upload = UploadId::from_uuid(id.uuid());
    Video {
        origin: Origin { id, owner: new_user_id(), upload, region: "eu".into(), asks_for_protection: false },
        version: 1,
        state: State::Published { media: media(), first_published_at: at(second) },
        withheld: Withheld::default(),
        deletion: None,
        visibility: Visibility::Public,
        publish_at: None,
        details: Details { title: Some(Title::parse(title).unwrap()), ..Details::default() },
        created_at: at(second),
        updated_at: at(second),
    }
}

async fn write(stand: &Stand, videos: &[Video]) {
    for videos in videos.chunks(100) {
        let statements = videos.iter().map(|video| insert(video, None)).collect();
        let transaction = Transaction::of(statements);
        stand.bed.bridge("content-events").transact(transaction).await.unwrap();
    }
}

async fn page(stand: &Stand, query: &str) -> Value {
    let reply = stand.search.send(("GET", &format!("/v1/search?{query}")), &[], None).await;
    assert_eq!(reply.status, 200, "{query}: {}", reply.json);
    assert_eq!(reply.headers["search-backend"], "postgres");
    reply.json
}

async fn titles(stand: &Stand, query: &str) -> Vec<String> {
    let page = page(stand, query).await;
    let items = page["items"].as_array().unwrap().iter();
    items.map(|item| item["title"].as_str().unwrap().to_owned()).collect()
}

/// All hits, page by page.
async fn walk(stand: &Stand, query: &str) -> Vec<VideoId> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = page(stand, &format!("{query}{cursor}")).await;
        let items = page["items"].as_array().unwrap();
        assert!(!items.is_empty() || cursor.is_empty(), "a cursor leads to no empty page");
        seen.extend(items.iter().map(|item| item["id"].as_str().unwrap().parse::<VideoId>().unwrap()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return seen,
        }
    }
}

#[tokio::test]
async fn search_shows_exactly_what_the_decision_shows() {
    let stand = Stand::new().await;
    let first_published_at = at(0);
    let states = [
        State::Processing,
        State::Ready(media()),
        State::Published { media: media(), first_published_at },
        State::Unpublished { media: media(), first_published_at },
        State::Failed(FailureCode::try_from("unreadable".to_owned()).unwrap()),
    ];
    let mut videos = Vec::new();
    for state in states {
        let asking = [Visibility::Subscribers(PlanLevel::LOWEST), Visibility::Password(PasswordsVersion(1))];
        for visibility in
            [Visibility::Public, Visibility::Unlisted, Visibility::Private].into_iter().chain(asking)
        {
            videos.push(Video { state: state.clone(), visibility, ..published("Needle", 0) });
        }
    }
    write(&stand, &videos).await;
    let shown: BTreeSet<_> = videos
        .iter()
        .filter(|video| decide(video, Viewer::Anyone, Way::Search).is_ok())
        .map(|video| video.origin.id)
        .collect();
    assert_eq!(shown.len(), 1);
    for query in ["", "q=needle", "q=need", "sort=newest", "q=needle&sort=newest"] {
        assert_eq!(walk(&stand, query).await.into_iter().collect::<BTreeSet<_>>(), shown, "{query}");
    }
    for video in &videos {
        let path = format!("/v1/videos/{}", video.origin.id);
        for (viewer, user) in
            [(Viewer::Anyone, None), (Viewer::User(video.origin.owner), Some(video.origin.owner))]
        {
            let reply = match user {
                None => stand.videos.send(("GET", &path), &[], None).await,
                Some(user) => stand.send_as(user, &stand.videos, ("GET", &path), None).await,
            };
            assert_eq!(reply.status == 200, decide(video, viewer, Way::Link).is_ok(), "{video:?}");
        }
    }
}

#[tokio::test]
async fn walking_by_cursor_sees_each_hit_once_while_others_are_published() {
    let stand = Stand::new().await;
    // Many are equal in all but their id.
    let videos: Vec<_> =
        (0..30).map(|n| published(if n % 3 == 0 { "cat" } else { "cat and dog" }, n / 10)).collect();
    write(&stand, &videos).await;
    let all: BTreeSet<_> = videos.iter().map(|video| video.origin.id).collect();
    for query in ["limit=7", "q=cat&limit=7", "q=cat&sort=newest&limit=1", "q=cat&limit=30"] {
        let seen = walk(&stand, query).await;
        assert_eq!(seen.len(), all.len(), "{query}");
        assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), all, "{query}");
    }
    let first = page(&stand, "q=cat&sort=newest&limit=10").await;
    write(&stand, &[published("cat, brand new", 100)]).await;
    let next = first["next_cursor"].as_str().unwrap();
    let second = page(&stand, &format!("q=cat&sort=newest&limit=10&cursor={next}")).await;
    let ids = |page: &Value| -> BTreeSet<String> {
        page["items"].as_array().unwrap().iter().map(|item| item["id"].to_string()).collect()
    };
    assert!(ids(&first).is_disjoint(&ids(&second)));
    assert_eq!(ids(&second).len(), 10);
}

#[tokio::test]
async fn titles_weigh_most_and_words_mean_what_people_mean() {
    let stand = Stand::new().await;
    let mut described = published("Pets", 3);
    described.details.description = Description::parse("a zebra, at home").unwrap();
    let mut tagged = published("Animals", 2);
    tagged.details.tags = Tags::new(vec![Tag::parse("Zebra").unwrap(), Tag::parse("zoo").unwrap()]).unwrap();
    tagged.details.language = Some(Language::parse("pt-BR").unwrap());
    let titled = published("Zebra crossing", 1);
    let accented = published("Le Cafe\u{301} noir", 0);
    write(&stand, &[described, tagged, titled, accented]).await;
    assert_eq!(titles(&stand, "q=zebra").await, ["Zebra crossing", "Animals", "Pets"]);
    assert_eq!(titles(&stand, "q=ZEB").await, ["Zebra crossing", "Animals", "Pets"]);
    assert_eq!(titles(&stand, "q=zebra&sort=newest").await, ["Pets", "Animals", "Zebra crossing"]);
    assert_eq!(titles(&stand, "q=zebra+-crossing+-home").await, ["Animals"]);
    assert_eq!(titles(&stand, "q=%22zebra+crossing%22").await, ["Zebra crossing"]);
    assert_eq!(titles(&stand, "q=%22crossing+zebra%22").await, [""; 0]);
    assert_eq!(titles(&stand, "q=crossing+or+zoo&sort=newest").await, ["Animals", "Zebra crossing"]);
    assert_eq!(titles(&stand, "q=caf%C3%A9").await, ["Le Café noir"]);
    assert_eq!(titles(&stand, "tag=ZEBRA").await, ["Animals"]);
    assert_eq!(titles(&stand, "language=PT-br").await, ["Animals"]);
    assert_eq!(titles(&stand, "category=none-such").await, [""; 0]);
    assert_eq!(titles(&stand, "q=zebra&tag=zoo&language=pt-BR").await, ["Animals"]);
}

#[tokio::test]
async fn a_word_is_searched_by_its_beginning_from_three_letters_on() {
    let stand = Stand::new().await;
    write(&stand, &[published("Apple", 3), published("A ape", 2), published("Ap", 1)]).await;
    for (query, found) in [
        ("a", &["A ape"][..]),
        ("ap", &["Ap"]),
        ("app", &["Apple"]),
        ("ape", &["A ape"]),
        ("apple+a", &[]),
        ("a+ape", &["A ape"]),
    ] {
        assert_eq!(titles(&stand, &format!("q={query}")).await, found, "{query}");
    }
}

#[tokio::test]
async fn no_query_is_more_than_the_backend_can_take() {
    let stand = Stand::new().await;
    write(&stand, &[published("it's 50% \\ 'quoted' & | ! ( ) : *", 0)]).await;
    let hostile = [
        "'",
        "''",
        "\\",
        "it's",
        "a'b:*",
        "!!!",
        "&|",
        "(",
        ":*",
        "<->",
        "-",
        "\"",
        "\"a",
        "%",
        "or",
        "-or -",
        "https://a.example/b-c?d=e",
        "foo-bar",
        "a@b.example",
        "1.5e10",
        "\u{1f468}\u{200d}\u{1f469}",
        "\u{202e}",
    ];
    for text in hostile {
        let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        for sort in ["relevance", "newest"] {
            page(&stand, &format!("q={encoded}&sort={sort}")).await;
        }
    }
    assert_eq!(titles(&stand, "q=it%27s").await.len(), 1);
    let long = "x".repeat(501);
    for (query, parameter) in [
        (format!("q={long}"), "q"),
        ("q=a%00b".into(), "q"),
        ("language=english".into(), "language"),
        ("category=A".into(), "category"),
        ("tag=".into(), "tag"),
        ("sort=best".into(), "sort"),
        ("limit=0".into(), "limit"),
        ("cursor=x".into(), "cursor"),
    ] {
        let reply = stand.search.send(("GET", &format!("/v1/search?{query}")), &[], None).await;
        assert_eq!((reply.status, reply.json["code"].as_str()), (400, Some("invalid_query")), "{query}");
        assert_eq!(reply.json["errors"][0]["parameter"], parameter, "{}", reply.json);
    }
}

#[tokio::test]
async fn a_cursor_of_another_order_is_refused() {
    let stand = Stand::new().await;
    write(&stand, &[published("cat", 0), published("cat", 1)]).await;
    let cursor = page(&stand, "q=cat&limit=1").await["next_cursor"].as_str().unwrap().to_owned();
    for query in ["q=cat&sort=newest", "sort=relevance"] {
        let path = format!("/v1/search?{query}&cursor={cursor}");
        let reply = stand.search.send(("GET", &path), &[], None).await;
        assert_eq!((reply.status, reply.json["code"].as_str()), (400, Some("invalid_query")), "{query}");
    }
}
