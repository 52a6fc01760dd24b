//! Search with an engine: its index is built anew while videos change, and while it is away Postgres answers.

use mcsp_tests::{Account, OwnPlatform, eventually, many_videos, root};
use reqwest::Client;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const VIDEOS: u32 = 100_000;
/// What one request asks of the engine here.
const DOCUMENTS: u32 = 10_000;
/// The alias of what is written.
const WRITTEN: &str = "mcsp-videos-2-writes";

/// What the platform's engine has, asked without the platform.
struct Engine {
    client: Client,
    url: String,
}

impl Engine {
    async fn ask(&self, path: &str, body: &Value) -> Value {
        let request = self.client.post(format!("{}{path}", self.url)).json(body);
        request.send().await.expect("the engine").json().await.expect("its answer")
    }

    async fn indexes(&self) -> Vec<String> {
        let answer =
            self.client.get(format!("{}/_alias/{WRITTEN}", self.url)).send().await.expect("the engine");
        match answer.json().await.expect("its answer") {
            Value::Object(all) if !all.contains_key("error") => {
                all.into_iter().map(|(index, _)| index).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Each document's version.
    async fn versions(&self, index: &str) -> BTreeMap<String, i64> {
        self.client.post(format!("{}/{index}/_refresh", self.url)).send().await.expect("the engine");
        let all = json!({"size": DOCUMENTS, "version": true, "_source": false, "sort": ["_doc"]});
        let mut page = self.ask(&format!("/{index}/_search?scroll=1m"), &all).await;
        let mut versions = BTreeMap::new();
        loop {
            let hits = page["hits"]["hits"].as_array().expect("hits");
            if hits.is_empty() {
                return versions;
            }
            let version = |hit: &Value| {
                (hit["_id"].as_str().expect("an id").to_owned(), hit["_version"].as_i64().expect("a version"))
            };
            versions.extend(hits.iter().map(version));
            page =
                self.ask("/_search/scroll", &json!({"scroll": "1m", "scroll_id": page["_scroll_id"]})).await;
        }
    }
}

async fn versions_in_postgres(own: &OwnPlatform) -> BTreeMap<String, i64> {
    let mut postgres = PgConnection::connect(&own.postgres_url()).await.expect("Postgres");
    let rows: Vec<(String, i64)> = sqlx::query_as("SELECT id::text, version FROM content.videos")
        .fetch_all(&mut postgres)
        .await
        .expect("the videos");
    rows.into_iter().collect()
}

fn reindex(own: &OwnPlatform) -> Child {
    Command::new(root().join("target/release/mcsp"))
        .args(["reindex", "--state-dir"])
        .arg(own.environment().parent().expect("the state directory"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("target/release/mcsp")
}

async fn search(account: &Account, query: &str) -> (String, Value) {
    let answer = account.platform.get(&format!("/v1/search?{query}")).await;
    (answer.header("search-backend").to_owned(), answer.expect(200))
}

async fn rename(account: &Account, video: &str, title: &str) {
    account.patch(&format!("/v1/videos/{video}"), &json!({"title": title}), None).await.expect(200);
}

async fn until_found(account: &Account, query: &str, backend: &str, video: &str) {
    eventually(&format!("{backend} finds {query}"), async || {
        let (by, found) = search(account, query).await;
        (by == backend && found["items"][0]["id"] == video).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_index_is_built_while_videos_change_and_search_goes_on_without_the_engine() {
    let own = OwnPlatform::start_with_search().await;
    let creator = own.client().account("creator").await;
    many_videos(&own, &creator, VIDEOS).await;
    let engine = Engine { client: Client::new(), url: own.search().recipe().url() };
    let published = creator.get("/v1/videos?state=published&limit=2").await.expect(200);
    let video = |n: usize| published["items"][n]["id"].as_str().expect("a video").to_owned();
    let (renamed, other) = (video(0), video(1));
    assert_eq!(search(&creator, "q=walk").await.0, "postgres", "there is no index yet");

    // One that is killed in the middle leaves search as it was.
    let mut killed = reindex(&own);
    let left = eventually("an index is begun", async || engine.indexes().await.pop()).await;
    killed.kill().expect("a process of ours");
    killed.wait().expect("a process of ours");
    assert_eq!(search(&creator, "q=walk").await.0, "postgres");

    // Another one, while videos change.
    let done = Arc::new(AtomicBool::new(false));
    let writing = tokio::spawn({
        let (creator, renamed, done) = (creator.clone(), renamed.clone(), Arc::clone(&done));
        async move {
            let mut written = 0;
            while !done.load(Ordering::Relaxed) {
                written += 1;
                rename(&creator, &renamed, &format!("Title {written}")).await;
            }
            written
        }
    });
    let built = reindex(&own);
    let output = tokio::task::spawn_blocking(move || built.wait_with_output()).await.expect("a thread");
    let output = output.expect("a process of ours");
    done.store(true, Ordering::Relaxed);
    let written = writing.await.expect("the writer");
    assert!(output.status.success());
    assert!(written > 1, "{written}");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.starts_with(&format!("{VIDEOS} videos are in the index")), "{said}");
    let indexes = engine.indexes().await;
    assert!(indexes.len() == 1 && indexes[0] != left, "{indexes:?}");
    eventually("index and table are equal", async || {
        (engine.versions(&indexes[0]).await == versions_in_postgres(&own).await).then_some(())
    })
    .await;
    until_found(&creator, &format!("q=%22title+{written}%22"), "opensearch", &renamed).await;
    let total = async |query: &str| {
        search(&creator, &format!("{query}&facets=true&limit=1")).await.1["facets"]["total"].take()
    };
    assert_eq!(total("").await, VIDEOS / 10);

    // Without the engine, and with it again.
    own.search().kill().await;
    let begun = Instant::now();
    let (backend, found) = search(&creator, &format!("q=%22title+{written}%22")).await;
    assert_eq!((backend.as_str(), &found["items"][0]["id"]), ("postgres", &json!(renamed)));
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    rename(&creator, &other, "Written meanwhile").await;
    until_found(&creator, "q=meanwhile", "postgres", &other).await;
    own.search().start().await.expect("the engine");
    until_found(&creator, "q=meanwhile", "opensearch", &other).await;
    own.stop().await;
}
