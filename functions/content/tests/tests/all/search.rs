//! Search, on Postgres and on a search engine: what the pure decision shows, in a stable order, and the same on both.

use crate::finding::{Finder, at, insert_all, media, published, regions, titles, viewer};
use content_domain::{
    Category, Description, FailureCode, Language, Media, PasswordsVersion, PlanLevel, State, Tag, Tags,
    Video, Visibility, Way, decide,
};
use content_tests::Stand;
use content_tests::samples::new_user_id;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn tags(texts: &[&str]) -> Tags {
    Tags::new(texts.iter().map(|text| Tag::parse(text).unwrap()).collect()).unwrap()
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// One in each state with each visibility, in each of these places.
fn in_every_state() -> Vec<Video> {
    let first_published_at = at(0);
    let states = [
        State::Draft,
        State::Processing,
        State::Ready(media()),
        State::Published { media: media(), first_published_at },
        State::Unpublished { media: media(), first_published_at },
        State::Failed(FailureCode::try_from("unreadable".to_owned()).unwrap()),
    ];
    let visibilities = [
        Visibility::Public,
        Visibility::Unlisted,
        Visibility::Private,
        Visibility::Subscribers(PlanLevel::LOWEST),
        Visibility::Password(PasswordsVersion(1)),
    ];
    let places = [
        regions(&[], &[]),
        regions(&["eu"], &[]),
        regions(&[], &["us"]),
        regions(&["eu", "us"], &["us"]),
        regions(&["us"], &[]),
    ];
    let mut videos = Vec::new();
    for state in states {
        for visibility in visibilities {
            for (n, regions) in places.iter().enumerate() {
                let (state, regions) = (state.clone(), regions.clone());
                let mut video =
                    Video { state, visibility, regions, ..published(&format!("Needle place{n}"), 0) };
                video.details.tags = tags(&["haystack"]);
                video.details.category = Some(Category::parse("hidden").unwrap());
                videos.push(video);
            }
        }
    }
    videos
}

#[tokio::test]
async fn search_shows_exactly_what_the_decision_shows() {
    for mut finder in Finder::both().await {
        let videos = in_every_state();
        finder.write(&videos).await;
        // What is no region is not known.
        for (region, count) in
            [(None, 1), (Some("e u"), 1), (Some("eu"), 4), (Some("US"), 2), (Some("ap"), 2)]
        {
            finder.region = region;
            let looking = viewer(region.map(|region| (new_user_id(), region)));
            let shown: Vec<_> =
                videos.iter().filter(|video| decide(video, &looking, Way::Search).is_ok()).collect();
            assert_eq!(shown.len(), count, "{region:?}");
            let ids: BTreeSet<_> = shown.iter().map(|video| video.origin.id).collect();
            for query in
                ["", "q=needle", "q=need", "sort=newest", "q=needle&sort=newest", "q=neadle+", "tag=haystack"]
            {
                let found = finder.walk(query).await;
                assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), ids, "{region:?} {query}");
            }
            for query in ["", "q=needle", "q=neadle+", "category=hidden"] {
                let facets = finder.page(&format!("{query}&facets=true")).await["facets"].take();
                let all = |value| json!([{"value": value, "count": count}]);
                let expected = json!({"total": count, "categories": all("hidden"), "languages": [],
                    "tags": all("haystack")});
                assert_eq!(facets, expected, "{region:?} {query}");
            }
            let suggested = finder.answer("/suggest?q=nee").await["items"].take();
            let suggested: BTreeSet<_> = suggested
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["title"].as_str().unwrap().to_owned())
                .collect();
            let titles = shown.iter().map(|video| video.details.title.as_ref().unwrap().as_str().to_owned());
            assert_eq!(suggested, titles.collect::<BTreeSet<_>>(), "{region:?}");
        }
    }
}

#[tokio::test]
async fn a_page_shows_exactly_what_the_decision_shows() {
    let stand = Stand::new().await;
    let (videos, stranger) = (in_every_state(), new_user_id());
    insert_all(&stand, &videos).await;
    for video in &videos {
        let path = format!("/v1/videos/{}", video.origin.id);
        let owner = video.origin.owner;
        for who in [
            None,
            Some((stranger, "e u")),
            Some((stranger, "eu")),
            Some((stranger, "us")),
            Some((stranger, "ap")),
            Some((owner, "us")),
        ] {
            let reply = stand.get_from(who, &stand.videos, &path).await;
            let expected = if decide(video, &viewer(who), Way::Link).is_ok() { 200 } else { 404 };
            assert_eq!(reply.status, expected, "{who:?} {video:?}");
        }
    }
}

#[tokio::test]
async fn walking_by_cursor_sees_each_hit_once_while_others_are_published() {
    for finder in Finder::both().await {
        // Many are equal in all but their id.
        let videos: Vec<_> =
            (0..30).map(|n| published(if n % 3 == 0 { "catty" } else { "catty and dog" }, n / 10)).collect();
        finder.write(&videos).await;
        let all: BTreeSet<_> = videos.iter().map(|video| video.origin.id).collect();
        for query in [
            "limit=7",
            "q=catty&limit=7",
            "q=catty&sort=newest&limit=1",
            "q=catty&limit=30",
            "q=katty+&limit=7",
        ] {
            let seen = finder.walk(query).await;
            assert_eq!(seen.len(), all.len(), "{query}");
            assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), all, "{query}");
        }
        let first = finder.page("q=catty&sort=newest&limit=10").await;
        finder.write(&[published("catty, brand new", 100)]).await;
        let next = first["next_cursor"].as_str().unwrap();
        let second = finder.page(&format!("q=catty&sort=newest&limit=10&cursor={next}")).await;
        let ids = |page: &Value| -> BTreeSet<String> {
            page["items"].as_array().unwrap().iter().map(|item| item["id"].to_string()).collect()
        };
        assert!(ids(&first).is_disjoint(&ids(&second)));
        assert_eq!(ids(&second).len(), 10);
    }
}

#[tokio::test]
async fn titles_weigh_most_and_words_mean_what_people_mean() {
    for finder in Finder::both().await {
        let mut described = published("Pets", 3);
        described.details.description = Description::parse("a zebra, at home").unwrap();
        let mut tagged = published("Animals", 2);
        tagged.details.tags = tags(&["Zebra", "zoo"]);
        tagged.details.language = Some(Language::parse("pt-BR").unwrap());
        let titled = published("Zebra crossing", 1);
        let accented = published("Le Cafe\u{301} noir", 0);
        finder.write(&[described, tagged, titled, accented]).await;
        for (query, found) in [
            ("q=zebra", &["Zebra crossing", "Animals", "Pets"][..]),
            ("q=ZEB", &["Zebra crossing", "Animals", "Pets"]),
            ("q=zebra&sort=newest", &["Pets", "Animals", "Zebra crossing"]),
            ("q=zebra+-crossing+-home", &["Animals"]),
            ("q=%22zebra+crossing%22", &["Zebra crossing"]),
            ("q=%22crossing+zebra%22", &[]),
            ("q=crossing+or+zoo&sort=newest", &["Animals", "Zebra crossing"]),
            ("q=caf%C3%A9", &["Le Café noir"]),
            ("tag=ZEBRA", &["Animals"]),
            ("language=PT-br", &["Animals"]),
            ("category=none-such", &[]),
            ("q=zebra&tag=zoo&language=pt-BR", &["Animals"]),
        ] {
            assert_eq!(finder.titles(query).await, found, "{query}");
        }
    }
}

#[tokio::test]
async fn a_word_is_searched_by_its_beginning_from_three_letters_on() {
    for finder in Finder::both().await {
        finder.write(&[published("Apple", 3), published("A ape", 2), published("Ap", 1)]).await;
        for (query, found) in [
            ("a", &["A ape"][..]),
            ("ap", &["Ap"]),
            ("app", &["Apple"]),
            ("ape", &["A ape"]),
            ("apple+a", &[]),
            ("a+ape", &["A ape"]),
        ] {
            assert_eq!(finder.titles(&format!("q={query}")).await, found, "{query}");
        }
    }
}

#[tokio::test]
async fn a_wrong_letter_is_found_in_spite_of_where_nothing_else_is() {
    for finder in Finder::both().await {
        let mut tagged = published("Stripes", 2);
        tagged.details.tags = tags(&["zebra"]);
        let mut described = published("Other", 3);
        described.details.description = Description::parse("a zebra").unwrap();
        finder.write(&[tagged, described, published("Zebra crossing", 1), published("Zebu", 0)]).await;
        for (query, found) in [
            ("zbra+", &["Stripes", "Zebra crossing"][..]),
            ("zerba+", &["Stripes", "Zebra crossing"]),
            ("zabra+crossing", &["Zebra crossing"]),
            ("zabra+-crossing", &["Stripes"]),
            ("zabra+or+zubu", &["Stripes", "Zebra crossing", "Zebu"]),
            ("%22zabra+crossing%22", &[]),
            ("zzzra+", &[]),
        ] {
            let page = finder.page(&format!("q={query}")).await;
            assert_eq!(titles(&page), found, "{query}");
            assert_eq!(page["is_near"], !found.is_empty() || query == "zzzra+", "{query}");
        }
        // What has the word as it was typed is enough.
        let page = finder.page("q=zebu").await;
        assert_eq!((titles(&page), &page["is_near"]), (vec!["Zebu".to_owned()], &json!(false)));
        // The order stays the same behind the first page.
        let first = finder.page("q=zbra+&limit=1").await;
        let next = first["next_cursor"].as_str().unwrap();
        for sort in ["relevance", "newest"] {
            let second = finder.page(&format!("q=zbra+&limit=1&sort={sort}&cursor={next}")).await;
            assert_eq!(
                (titles(&second), &second["is_near"]),
                (vec!["Zebra crossing".to_owned()], &json!(true))
            );
        }
        assert_eq!(first["items"][0]["highlights"][0]["field"], "tag");
    }
}

#[tokio::test]
async fn filters_are_bounds_and_owners_and_facets_count_what_they_leave() {
    for finder in Finder::both().await {
        let mut videos = Vec::new();
        for (n, (category, language, tag)) in
            [("film", "en", "b"), ("film", "de", "a"), ("music", "en", "a")].into_iter().enumerate()
        {
            let mut video = published(&format!("Clip {n}"), n as i64);
            let media = Media { duration_ms: 1_000 * n as u64, ..media() };
            video.state = State::Published { media, first_published_at: at(n as i64) };
            video.details.category = Some(Category::parse(category).unwrap());
            video.details.language = Some(Language::parse(language).unwrap());
            video.details.tags = tags(&[tag, "clip"]);
            videos.push(video);
        }
        finder.write(&videos).await;
        let (owner, second) = (videos[1].origin.owner, at(1));
        for (query, found) in [
            (format!("owner_id={owner}"), &["Clip 1"][..]),
            ("min_duration_ms=1000".into(), &["Clip 2", "Clip 1"]),
            ("max_duration_ms=1000&sort=newest".into(), &["Clip 1", "Clip 0"]),
            (format!("published_from={second}"), &["Clip 2", "Clip 1"]),
            (format!("published_before={second}"), &["Clip 0"]),
            (format!("q=clip&published_from={second}&max_duration_ms=1500"), &["Clip 1"]),
            ("category=film&language=en".into(), &["Clip 0"]),
        ] {
            assert_eq!(finder.titles(&query).await, found, "{query}");
        }
        let facets = finder.page("q=clip&min_duration_ms=1&facets=true&limit=1").await["facets"].take();
        let count = |value: &str, count: u32| json!({"value": value, "count": count});
        assert_eq!(
            facets,
            json!({
                "total": 2,
                "categories": [count("film", 1), count("music", 1)],
                "languages": [count("de", 1), count("en", 1)],
                "tags": [count("a", 2), count("clip", 2)],
            })
        );
        assert_eq!(finder.page("q=clip").await["facets"], Value::Null);
    }
}

#[tokio::test]
async fn suggestions_are_titles_that_search_would_show() {
    for finder in Finder::both().await {
        let mut described = published("Other", 9);
        described.details.description = Description::parse("zebra").unwrap();
        let hidden = Video { visibility: Visibility::Unlisted, ..published("Zebra hidden", 8) };
        let titled = ["Zebra crossing", "zebra CROSSING", "A zebra", "Black zebra"]
            .into_iter()
            .zip(0..)
            .map(|(title, n)| published(title, n));
        finder.write(&titled.chain([described, hidden]).collect::<Vec<_>>()).await;
        for (typed, suggested) in [
            ("zeb", &["Black zebra", "A zebra", "zebra CROSSING"][..]),
            ("zebra+cro", &["zebra CROSSING"]),
            ("ze", &[]),
            ("zabra+", &[]),
            ("+", &[]),
        ] {
            let items =
                finder.stand.search.send(("GET", &format!("/v1/search/suggest?q={typed}")), &[], None).await;
            let titles: Vec<_> = suggested.iter().map(|title| json!({"title": title})).collect();
            assert_eq!(items.json, json!({"items": titles}), "{typed}");
        }
    }
}

#[tokio::test]
async fn what_was_looked_for_is_marked() {
    let finder = Finder::in_postgres().await;
    let mut video = published("A <b>walk</b> in the hills", 0);
    video.details.description =
        Description::parse(&format!("{}walking a walk", "far away ".repeat(50))).unwrap();
    video.details.tags = tags(&["walk", "rain"]);
    finder.write(&[video]).await;
    let highlights = finder.page("q=walk+hill").await["items"][0]["highlights"].take();
    let piece = |text: &str, is_hit: bool| json!({"text": text, "is_hit": is_hit});
    assert_eq!(
        highlights[0],
        json!({"field": "title", "pieces": [
            piece("A <b>", false), piece("walk", true), piece("</b> in the ", false), piece("hills", true),
        ]})
    );
    assert_eq!(highlights[1]["field"], "description");
    assert!(highlights[1]["pieces"][0]["text"].as_str().unwrap().len() < 100);
    assert_eq!(highlights[2], json!({"field": "tag", "pieces": [piece("walk", true)]}));
    assert_eq!(finder.page("").await["items"][0]["highlights"], json!([]));
}

#[tokio::test]
async fn no_query_is_more_than_a_backend_can_take() {
    for finder in Finder::both().await {
        finder.write(&[published("it's 50% \\ 'quoted' & | ! ( ) : * a@b.example 1.5", 0)]).await;
        let many = "a ".repeat(249);
        let long = "x".repeat(500);
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
            "abcd* OR {\"match_all\":{}}",
            &many,
            &long,
        ];
        for text in hostile {
            for sort in ["relevance", "newest"] {
                finder.page(&format!("q={}&sort={sort}&facets=true", encoded(text))).await;
            }
            finder
                .stand
                .search
                .send(("GET", &format!("/v1/search/suggest?q={}", encoded(text))), &[], None)
                .await;
        }
        for found in ["it's", "a@b.example", "1.5", "50%", "\"quoted a\""] {
            assert_eq!(finder.titles(&format!("q={}", encoded(found))).await.len(), 1, "{found}");
        }
    }
}

#[tokio::test]
async fn what_is_no_search_names_the_bad_parameter() {
    let finder = Finder::in_postgres().await;
    let long = "x".repeat(501);
    for (query, parameter) in [
        (format!("?q={long}"), "q"),
        ("?q=a%00b".into(), "q"),
        ("?language=english".into(), "language"),
        ("?category=A".into(), "category"),
        ("?tag=".into(), "tag"),
        ("?owner_id=video_00000000000000000000000000".into(), "owner_id"),
        ("?min_duration_ms=-1".into(), "min_duration_ms"),
        ("?max_duration_ms=1e3".into(), "max_duration_ms"),
        ("?published_from=yesterday".into(), "published_from"),
        ("?published_before=2026-13-01T00:00:00Z".into(), "published_before"),
        ("?facets=all".into(), "facets"),
        ("?sort=best".into(), "sort"),
        ("?limit=0".into(), "limit"),
        ("?cursor=x".into(), "cursor"),
        ("/suggest".into(), "q"),
        ("/suggest?q=a&limit=1".into(), "limit"),
        (format!("/suggest?q={long}"), "q"),
    ] {
        let reply = finder.stand.search.send(("GET", &format!("/v1/search{query}")), &[], None).await;
        assert_eq!((reply.status, reply.json["code"].as_str()), (400, Some("invalid_query")), "{query}");
        assert_eq!(reply.json["errors"][0]["parameter"], parameter, "{}", reply.json);
    }
}

#[tokio::test]
async fn a_cursor_of_another_order_is_refused() {
    for finder in Finder::both().await {
        finder.write(&[published("cat", 0), published("cat", 1)]).await;
        let cursor = finder.page("q=cat&limit=1").await["next_cursor"].as_str().unwrap().to_owned();
        for query in ["q=cat&sort=newest", "sort=relevance"] {
            let path = format!("/v1/search?{query}&cursor={cursor}");
            let reply = finder.stand.search.send(("GET", &path), &[], None).await;
            assert_eq!((reply.status, reply.json["code"].as_str()), (400, Some("invalid_query")), "{query}");
        }
    }
}
