//! The CDNs that videos are loaded from: the first one, and those that players go to where it fails.

use mcsp_function::{Context, MissingVariable};
use playback_domain::Origin;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

const FIRST: &str = "cdn_base_url";
/// A JSON array of base URLs.
const VARIABLE: &str = "cdn_failover_urls";
/// As many as a player is told of.
const CDNS_MAX: usize = 8;
/// The pathway of a playlist that names none (draft-pantos-hls-rfc8216bis, section 4.4.6.2.1): here the CDN that it came from, with the URLs that it
/// was loaded with.
const OF_THE_PLAYLIST: &str = ".";

/// The CDNs, the first one first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cdns {
    first: String,
    /// The hosts of all of them; none where there is only the first one.
    hosts: Vec<String>,
}

/// What a player has, and what there is for it now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Playing<'a> {
    /// Which pathway the player says that it is on.
    pub on: &'a str,
    /// Whether the URL of its playlist is still good.
    pub playlist_is_good: bool,
    /// When the newest URLs expire, in Unix seconds.
    pub expires_at_s: u64,
    /// What opens them, where they are newer than the one of its playlist.
    pub token: Option<&'a str>,
}

/// Where a player may load from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Pathways {
    /// The best one first.
    pub priority: Vec<String>,
    pub clones: Vec<PathwayClone>,
}

/// A pathway that is another one with other URLs.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct PathwayClone {
    /// Which one: that of the playlist.
    #[serde(rename = "BASE-ID")]
    #[schemars(extend("const" = "."))]
    base_id: &'static str,
    /// The CDN, and when the URLs expire: others have another id.
    #[serde(rename = "ID")]
    #[schemars(example = &"cdn-2-1893456000")]
    id: String,
    /// How its URLs differ.
    #[serde(rename = "URI-REPLACEMENT")]
    uri_replacement: UriReplacement,
}

/// What of a URL is replaced.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
struct UriReplacement {
    /// The host; left out where there is one CDN.
    #[serde(rename = "HOST", skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"cdn-2.example")]
    host: Option<String>,
    /// What is added to the query; left out where the playlist's own URL is the newest.
    #[serde(rename = "PARAMS", skip_serializing_if = "Option::is_none")]
    params: Option<Params>,
}

/// What is added to the query of a URL.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "UriParams")]
struct Params {
    /// What opens the newest URLs: the CDN puts it in the place of the one in the path.
    #[schemars(example = &"eyJ9.c2ln")]
    token: String,
}

impl Cdns {
    /// As the variables `cdn_base_url` and `cdn_failover_urls` have them.
    pub(crate) fn of(context: &Context) -> Result<Self, MissingVariable> {
        Cdns::parse(context.variable(FIRST)?, context.variable(VARIABLE)?).map_err(MissingVariable)
    }

    /// A player replaces the host of a URL and nothing else: all of several must have the same scheme and port, and no path.
    /// Otherwise the variable to blame.
    fn parse(first: &str, others: &str) -> Result<Self, &'static str> {
        let others: Vec<String> = serde_json::from_str(others).map_err(|_| VARIABLE)?;
        let first = first.trim_end_matches('/').to_owned();
        if others.is_empty() {
            return Ok(Cdns { first, hosts: Vec::new() });
        }
        let others = others.iter().map(|url| split(url.trim_end_matches('/')).ok_or(VARIABLE));
        let all = std::iter::once(split(&first).ok_or(FIRST)).chain(others);
        let (hosts, around): (Vec<_>, BTreeSet<_>) = all.collect::<Result<_, _>>()?;
        let differing: BTreeSet<_> = hosts.iter().collect();
        let is_usable = around.len() == 1 && differing.len() == hosts.len() && hosts.len() <= CDNS_MAX;
        is_usable.then_some(Cdns { first, hosts }).ok_or(VARIABLE)
    }

    /// The base URL of the first one, without a slash at its end.
    pub(crate) fn first(&self) -> &str {
        &self.first
    }

    /// The pathways of a player. One on which it is stays the best one: it has been told of it, or has gone there since another one
    /// failed.
    pub(crate) fn pathways(&self, playing: Playing<'_>) -> Pathways {
        let is_renewed = playing.token.is_some();
        let count = self.hosts.len().max(1);
        // While nothing is newer, the first CDN is the playlist's own.
        let numbers = if is_renewed { 1..=count } else { 2..=count };
        let clones: Vec<_> = numbers.map(|number| self.clone_of(number, playing)).collect();
        let told = clones.iter().map(|clone| clone.id.clone());
        let own = OF_THE_PLAYLIST.to_owned();
        let mut priority: Vec<String> = if is_renewed {
            told.chain(playing.playlist_is_good.then_some(own)).collect()
        } else {
            std::iter::once(own).chain(told).collect()
        };
        let on = cdn_of(playing.on).map(|cdn| format!("{cdn}-"));
        if let Some(on) = on {
            // Stable: all others stay in their order.
            priority.sort_by_key(|id| !id.starts_with(&on));
        }
        Pathways { priority, clones }
    }

    fn clone_of(&self, number: usize, playing: Playing<'_>) -> PathwayClone {
        PathwayClone {
            base_id: OF_THE_PLAYLIST,
            id: format!("cdn-{number}-{}", playing.expires_at_s),
            uri_replacement: UriReplacement {
                host: self.hosts.get(number - 1).cloned(),
                params: playing.token.map(|token| Params { token: token.to_owned() }),
            },
        }
    }
}

/// The CDN of a pathway of ours, such as `cdn-2`; none of that of the playlist.
fn cdn_of(pathway: &str) -> Option<&str> {
    pathway.rsplit_once('-').map(|(cdn, _)| cdn).filter(|cdn| cdn.starts_with("cdn-"))
}

/// The host of an origin, and what stands around it.
fn split(url: &str) -> Option<(String, (String, String))> {
    let origin = Origin::parse(url).ok()?;
    let (scheme, authority) = origin.as_str().split_once("://")?;
    // A colon within brackets is the address's own.
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        Some(_) | None => (authority, ""),
    };
    Some((host.to_owned(), (scheme.to_owned(), port.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const FIRST: &str = "https://a.example";

    fn three() -> Cdns {
        Cdns::parse(FIRST, r#"["https://b.example/", "https://c.example"]"#).unwrap()
    }

    fn fresh(on: &str) -> Playing<'_> {
        Playing { on, playlist_is_good: true, expires_at_s: 9, token: None }
    }

    fn renewed(on: &str) -> Playing<'_> {
        Playing { token: Some("t"), ..fresh(on) }
    }

    #[test]
    fn where_there_is_one_it_may_stand_anywhere() {
        for first in [FIRST, "http://127.0.0.1:9096", "https://a.example/videos", "http://cdn/"] {
            let one = Cdns::parse(first, "[]").unwrap();
            assert_eq!((one.first(), one.hosts.len()), (first.trim_end_matches('/'), 0));
        }
    }

    #[test]
    fn several_differ_in_their_hosts_alone() {
        assert_eq!(three().hosts, ["a.example", "b.example", "c.example"]);
        let here = Cdns::parse("http://127.0.0.1:9096", r#"["http://localhost:9096", "http://[::1]:9096"]"#);
        assert_eq!(here.unwrap().hosts, ["127.0.0.1", "localhost", "[::1]"]);
        for others in [
            "",
            "{}",
            r#"["b.example"]"#,
            r#"["http://b.example"]"#,
            r#"["https://b.example:8443"]"#,
            r#"["https://b.example/videos"]"#,
            r#"["https://A.example"]"#,
        ] {
            assert_eq!(Cdns::parse(FIRST, others), Err(VARIABLE), "{others}");
        }
        assert_eq!(Cdns::parse("https://a.example/videos", r#"["https://b.example"]"#), Err(super::FIRST));
        let many: Vec<_> = (0..CDNS_MAX).map(|n| format!("https://b{n}.example")).collect();
        assert_eq!(Cdns::parse(FIRST, &json!(many).to_string()), Err(VARIABLE));
    }

    #[test]
    fn a_player_stays_where_its_playlist_came_from_until_there_are_newer_urls() {
        let Pathways { priority, clones } = three().pathways(fresh("."));
        assert_eq!(priority, [".", "cdn-2-9", "cdn-3-9"]);
        let other = json!({"BASE-ID": ".", "ID": "cdn-2-9", "URI-REPLACEMENT": {"HOST": "b.example"}});
        assert_eq!(json!(clones)[0], other);
        let one = Cdns::parse(FIRST, "[]").unwrap();
        let Pathways { priority, clones } = one.pathways(fresh("."));
        assert_eq!((priority, clones), (vec![".".to_owned()], Vec::new()));
        let Pathways { priority, clones } = one.pathways(renewed("."));
        assert_eq!(priority, ["cdn-1-9", "."]);
        let newer = json!([{"BASE-ID": ".", "ID": "cdn-1-9", "URI-REPLACEMENT": {"PARAMS": {"token": "t"}}}]);
        assert_eq!(json!(clones), newer);
    }

    #[test]
    fn newer_urls_are_for_all_and_the_playlists_own_are_the_last_resort() {
        let Pathways { priority, clones } = three().pathways(renewed("."));
        assert_eq!(priority, ["cdn-1-9", "cdn-2-9", "cdn-3-9", "."]);
        let first = json!({"HOST": "a.example", "PARAMS": {"token": "t"}});
        assert_eq!(json!(clones)[0]["URI-REPLACEMENT"], first);
        let over = Playing { playlist_is_good: false, ..renewed(".") };
        assert_eq!(three().pathways(over).priority, ["cdn-1-9", "cdn-2-9", "cdn-3-9"]);
    }

    #[test]
    fn who_has_gone_to_another_stays_there() {
        let priority = |playing| three().pathways(playing).priority;
        assert_eq!(priority(fresh("cdn-2-9")), ["cdn-2-9", ".", "cdn-3-9"]);
        assert_eq!(priority(renewed("cdn-3-5")), ["cdn-3-9", "cdn-1-9", "cdn-2-9", "."]);
        for unknown in ["", "cdn-4-5", "cdn-", "cdn", "cdn-1", "-", "another"] {
            assert_eq!(priority(renewed(unknown)), ["cdn-1-9", "cdn-2-9", "cdn-3-9", "."], "{unknown:?}");
        }
    }
}
