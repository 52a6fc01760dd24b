//! The document: RSS 2.0, Media RSS, and the namespaces of podcasts.

use crate::site::Site;
use content_domain::{Category, Embedding, Language, MinimumAge, State, Title, Video};
use jiff::Timestamp;
use mcsp_ids::{UserId, VideoId};
use quick_xml::SeError;
use serde::Serialize;

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
/// From this age on what is shown may not be for everyone.
const EXPLICIT_FROM_YEARS: u32 = 16;

#[derive(Serialize)]
#[serde(rename = "rss")]
struct Rss<'a> {
    #[serde(rename = "@version")]
    version: &'static str,
    #[serde(rename = "@xmlns:atom")]
    atom: &'static str,
    #[serde(rename = "@xmlns:media")]
    media: &'static str,
    #[serde(rename = "@xmlns:itunes")]
    itunes: &'static str,
    #[serde(rename = "@xmlns:podcast")]
    podcast: &'static str,
    channel: Channel<'a>,
}

#[derive(Serialize)]
struct Channel<'a> {
    title: String,
    link: String,
    description: String,
    #[serde(rename = "atom:link")]
    itself: Itself,
    #[serde(rename = "itunes:explicit")]
    is_explicit: bool,
    item: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Itself {
    #[serde(rename = "@href")]
    href: String,
    #[serde(rename = "@rel")]
    rel: &'static str,
    #[serde(rename = "@type")]
    media_type: &'static str,
}

#[derive(Serialize)]
struct Item<'a> {
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    guid: Guid,
    #[serde(rename = "pubDate")]
    published: String,
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'a str>,
    #[serde(rename = "itunes:duration")]
    duration_s: u64,
    #[serde(rename = "itunes:explicit")]
    is_explicit: bool,
    #[serde(rename = "media:content", skip_serializing_if = "Option::is_none")]
    content: Option<Content<'a>>,
    #[serde(rename = "podcast:transcript", skip_serializing_if = "Vec::is_empty")]
    transcripts: Vec<Transcript<'a>>,
}

#[derive(Serialize)]
struct Guid {
    #[serde(rename = "@isPermaLink")]
    is_permalink: bool,
    #[serde(rename = "$text")]
    video: VideoId,
}

/// Without a URL of a file: Media RSS then asks for a page that plays it.
#[derive(Serialize)]
struct Content<'a> {
    #[serde(rename = "@medium")]
    medium: &'static str,
    #[serde(rename = "@duration")]
    duration_s: u64,
    #[serde(rename = "@lang", skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    #[serde(rename = "media:player")]
    player: Player,
    #[serde(rename = "media:keywords", skip_serializing_if = "String::is_empty")]
    keywords: String,
}

#[derive(Serialize)]
struct Player {
    #[serde(rename = "@url")]
    url: String,
}

#[derive(Serialize)]
struct Transcript<'a> {
    #[serde(rename = "@url")]
    url: String,
    #[serde(rename = "@type")]
    media_type: &'static str,
    #[serde(rename = "@language")]
    language: &'a str,
    #[serde(rename = "@rel")]
    rel: &'static str,
}

/// The feed of these videos, which are in their order.
pub(crate) fn document(site: &Site, creator: UserId, videos: &[Video]) -> Result<String, SeError> {
    let name = told(&site.name);
    let rss = Rss {
        version: "2.0",
        atom: "http://www.w3.org/2005/Atom",
        media: "http://search.yahoo.com/mrss/",
        itunes: "http://www.itunes.com/dtds/podcast-1.0.dtd",
        podcast: "https://podcastindex.org/namespace/1.0",
        channel: Channel {
            title: format!("{name}: {creator}"),
            link: site.url(),
            description: format!("What {creator} has published on {name}."),
            itself: Itself { href: site.feed(creator), rel: "self", media_type: super::RSS },
            is_explicit: videos.iter().any(is_explicit),
            item: videos.iter().filter_map(|video| item(site, video)).collect(),
        },
    };
    let mut document = DECLARATION.to_owned();
    document.push_str(&quick_xml::se::to_string(&rss)?);
    Ok(document)
}

/// What is published; nothing else is found.
fn item<'a>(site: &Site, video: &'a Video) -> Option<Item<'a>> {
    let State::Published { media, first_published_at } = &video.state else { return None };
    let (id, details) = (video.origin.id, &video.details);
    let duration_s = media.duration_ms.div_ceil(1000);
    let transcript = |language: &'a Language| Transcript {
        url: site.captions(id, language.as_str()),
        media_type: "text/vtt",
        language: language.as_str(),
        rel: "captions",
    };
    Some(Item {
        title: told(details.title.as_ref().map(Title::as_str).unwrap_or_default()),
        link: site.watch.as_ref().map(|watch| watch.url(id)),
        guid: Guid { is_permalink: false, video: id },
        published: date(*first_published_at),
        description: told(details.description.as_str()),
        category: details.category.as_ref().map(Category::as_str),
        duration_s,
        is_explicit: is_explicit(video),
        content: player(site, video).map(|player| Content {
            medium: "video",
            duration_s,
            language: details.language.as_ref().map(Language::as_str),
            player,
            keywords: told(&details.tags.iter().collect::<Vec<_>>().join(", ")),
        }),
        transcripts: video.tracks.captions.keys().map(transcript).collect(),
    })
}

/// A reader shows it in a page of its own: where not all pages may embed the video, it is given the one on which it is watched.
fn player(site: &Site, video: &Video) -> Option<Player> {
    let embed = site.embed.as_ref().filter(|_| video.embedding == Embedding::Anywhere);
    let page = embed.or(site.watch.as_ref())?;
    Some(Player { url: page.url(video.origin.id) })
}

fn is_explicit(video: &Video) -> bool {
    video.details.minimum_age.map(MinimumAge::get).is_some_and(|years| years >= EXPLICIT_FROM_YEARS)
}

/// RFC 822, as RSS has it, with the year in full.
fn date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Without what XML 1.0 has no way to write (section 2.2), escaped or not.
fn told(text: &str) -> String {
    let is_unwritable = |c: char| matches!(c, '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    text.chars().filter(|c| !is_unwritable(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::Template;
    use content_domain::{
        Collaborators, Description, Details, Media, Origin, Packaged, Regions, Tag, Tags, Thumbnails, Tracks,
        Visibility, Withheld,
    };
    use mcsp_ids::UploadId;
    use quick_xml::Reader;
    use quick_xml::events::Event;
    use uuid::Uuid;

    fn site() -> Site {
        Site::at(
            "https://api.example",
            Template::parse("https://tv.example/watch?a=1&v={video_id}"),
            Template::parse("https://tv.example/embed/{video_id}"),
        )
    }

    fn video(title: &str) -> Video {
        let id = VideoId::from_uuid(Uuid::from_u128(1));
        let packaged = Packaged { prefix: "packaged/v/".into(), hls: "master.m3u8".into(), dash: None };
        let (renditions, thumbnails) = (Vec::new(), Vec::new());
        let media = Media { duration_ms: 61_001, renditions, packaged, protection: None, thumbnails };
        let details = Details {
            title: Some(Title::parse(title).unwrap()),
            description: Description::parse("<b>Up</b> & \"down\"\n]]>").unwrap(),
            tags: Tags::new(vec![Tag::parse("a&b").unwrap(), Tag::parse("rain").unwrap()]).unwrap(),
            category: Some(Category::parse("travel").unwrap()),
            language: Some(Language::parse("en-GB").unwrap()),
            ..Details::default()
        };
        let captions = [(Language::parse("de").unwrap(), 2)].into_iter().collect();
        Video {
            origin: Origin {
                id,
                owner: UserId::from_uuid(Uuid::from_u128(2)),
                upload: Some(UploadId::from_uuid(Uuid::from_u128(3))),
                region: "eu".into(),
                asks_for_protection: false,
            },
            version: 3,
            state: State::Published { media, first_published_at: "2026-12-01T08:09:10.5Z".parse().unwrap() },
            withheld: Withheld::default(),
            deletion: None,
            visibility: Visibility::Public,
            regions: Regions::default(),
            publish_at: None,
            details,
            tracks: Tracks { captions, chapters: None },
            collaborators: Collaborators::default(),
            thumbnails: Thumbnails::default(),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            embedding: Embedding::Anywhere,
        }
    }

    fn written(videos: &[Video]) -> String {
        document(&site(), UserId::from_uuid(Uuid::from_u128(2)), videos).unwrap()
    }

    /// The texts of elements of this name, as a reader has them.
    fn texts(document: &str, name: &str) -> Vec<String> {
        let mut reader = Reader::from_str(document);
        let (mut texts, mut open): (Vec<String>, bool) = (Vec::new(), false);
        loop {
            match reader.read_event().unwrap() {
                Event::Start(start) => {
                    open = start.name().as_ref() == name.as_bytes();
                    if open {
                        texts.push(String::new());
                    }
                }
                Event::Text(text) if open => texts.last_mut().unwrap().push_str(&text.decode().unwrap()),
                Event::GeneralRef(entity) if open => {
                    let entity = format!("&{};", entity.decode().unwrap());
                    texts.last_mut().unwrap().push_str(&quick_xml::escape::unescape(&entity).unwrap());
                }
                Event::End(_) => open = false,
                Event::Eof => return texts,
                _ => {}
            }
        }
    }

    #[test]
    fn an_item_says_what_its_owner_said_and_nothing_that_is_no_text_of_xml() {
        let document = written(&[video("<Rain> & \u{ffff}sun")]);
        let of = |name| texts(&document, name);
        assert_eq!(of("title")[1], "<Rain> & sun");
        assert_eq!(of("description")[1], "<b>Up</b> & \"down\"\n]]>");
        assert_eq!(
            of("link"),
            ["https://tv.example/", "https://tv.example/watch?a=1&v=video_00000000000000000000000001"]
        );
        assert_eq!(of("guid"), ["video_00000000000000000000000001"]);
        assert_eq!(of("pubDate"), ["Tue, 01 Dec 2026 08:09:10 GMT"]);
        assert_eq!((of("category"), of("itunes:duration")), (vec!["travel".into()], vec!["62".into()]));
        assert_eq!(of("media:keywords"), ["a&b, rain"]);
        for part in [
            "<guid isPermaLink=\"false\">",
            "<media:content medium=\"video\" duration=\"62\" lang=\"en-GB\">",
            "<media:player url=\"https://tv.example/embed/video_00000000000000000000000001\"/>",
            "<podcast:transcript url=\"https://api.example/v1/videos/video_00000000000000000000000001/captions/de\" \
             type=\"text/vtt\" language=\"de\" rel=\"captions\"/>",
            "<atom:link href=\"https://api.example/v1/creators/user_00000000000000000000000002/feed\" rel=\"self\" \
             type=\"application/rss+xml\"/>",
        ] {
            assert!(document.contains(part), "{part}\n{document}");
        }
        assert!(!document.contains("enclosure") && !document.contains("packaged"), "{document}");
    }

    #[test]
    fn what_not_all_pages_may_embed_is_watched_on_its_own() {
        for embedding in [Embedding::Nowhere, Embedding::Listed(Vec::new())] {
            let document = written(&[Video { embedding, ..video("Rain") }]);
            let page =
                "<media:player url=\"https://tv.example/watch?a=1&amp;v=video_00000000000000000000000001\"/>";
            assert!(document.contains(page) && !document.contains("/embed/"), "{document}");
        }
    }

    #[test]
    fn what_is_not_for_the_young_is_explicit_and_so_is_its_feed() {
        let of_age = |years| {
            let mut video = video("Rain");
            video.details.minimum_age = Some(MinimumAge::new(years).unwrap());
            video
        };
        let explicit = |videos: &[Video]| texts(&written(videos), "itunes:explicit");
        assert_eq!(explicit(&[video("Rain"), of_age(12)]), ["false", "false", "false"]);
        assert_eq!(explicit(&[video("Rain"), of_age(16)]), ["true", "false", "true"]);
        assert_eq!(explicit(&[]), ["false"]);
    }
}
