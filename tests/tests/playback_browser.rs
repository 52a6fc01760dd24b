//! Players that know nothing of the platform, in a real browser: `tests/clients/player.py`. `scripts/test` installs them.

use mcsp_tests::playing::publish;
use mcsp_tests::{OwnPlatform, mp4_of, root, run_client, until_ready, uploaded_as, variable};
use serde_json::json;
use std::net::{Ipv4Addr, TcpListener};

/// Long enough for several URLs.
const DURATION_S: u32 = 24;
/// Seconds: far less than the video.
const URL_TTL: (&str, &str) = ("SPIN_VARIABLE_PLAYBACK_URL_TTL_S", "12");

/// Each walk leaves a stream behind, which is given up later.
const STREAMS: (&str, &str) = ("SPIN_VARIABLE_DEFAULT_STREAM_LIMIT", "10");

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|socket| socket.local_addr()).expect("a port").port()
}

#[tokio::test]
async fn players_in_a_browser_play_to_the_end_though_their_urls_expire() {
    let page_port = free_port();
    let page = format!(r#"["http://localhost:{page_port}"]"#);
    let pages =
        ["SPIN_VARIABLE_WEB_ORIGINS", "SPIN_VARIABLE_PLAYER_ORIGINS"].map(|name| (name, page.as_str()));
    let own = OwnPlatform::start_with(&[], &[&[URL_TTL, STREAMS], &pages[..]].concat()).await;
    let cdn = variable(&own.environment(), "SPIN_VARIABLE_CDN_BASE_URL");
    // The same one by another name, which is another host to a player.
    let other_cdn = cdn.replacen("127.0.0.1", "localhost", 1);
    let own = own.told("SPIN_VARIABLE_CDN_FAILOVER_URLS", json!([other_cdn]).to_string()).await;
    let platform = own.client();
    let creator = platform.account("creator").await;
    let film = mp4_of(DURATION_S).await;
    let (open, protected) =
        (uploaded_as(&creator, film.clone(), "none").await, uploaded_as(&creator, film, "cenc").await);
    for video_id in [&open, &protected] {
        until_ready(&creator, video_id).await;
        publish(&creator, video_id).await;
    }
    let viewer = platform.account("viewer").await;
    let given = json!({
        "cdn": cdn, "other_cdn": other_cdn,
        "issuer": platform.url(), "page_port": page_port, "token": viewer.token, "video_id": open, "protected_video_id": protected,
        "modules": root().join(".mcsp/test-clients/node_modules"), "screenshots": root().join("target/screenshots"),
    });
    let told = run_client("player.py", &given).await;
    let walks = ["hls", "dash"].map(|player| {
        format!("{player}: played to the end, with new URLs and without a stall\n{player}: stopped without new URLs\n")
    });
    let steered =
        "steered: played to the end, with URLs that the player asked for\nsteered: went to another CDN\n";
    let with_keys = "protected: played to the end with its keys\nprotected: not played without\n";
    let elsewhere = "elsewhere: not answered to a page that is not listed\n";
    assert_eq!(told, walks.concat() + steered + with_keys + elsewhere);
    own.stop().await;
}
