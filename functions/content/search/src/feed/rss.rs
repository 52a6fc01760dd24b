//! The document: RSS 2.0, Media RSS, and the namespaces of podcasts.

use crate::site::Site;
use content_domain::{Category, Embedding, Language, MinimumAge, State, Title, Video};
use jiff::Timestamp;
use mcsp_ids::{UserId, VideoId};
use mcsp_paging::{Budget, ITEMS_MAX_BYTES};
use quick_xml::SeError;
use quick_xml::escape::partial_escape;
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

/// Readers take a `title` and a `description`, here and of items, for HTML, and all other texts for what they are.
#[derive(Serialize)]
struct Channel<'a> {
    title: String,
    link: String,
    description: String,
    #[serde(rename = "atom:link")]
    itself: Itself,
    #[serde(rename = "itunes:explicit")]
    is_explicit: bool,
    item: &'a [Item<'a>],
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
    #[serde(rename = "itunes:title")]
    plain_title: String,
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

/// The feed of these videos, which are in their order: of the first ones, where not all of them fit.
pub(crate) fn document(site: &Site, creator: UserId, videos: &[Video]) -> Result<String, SeError> {
    let items: Vec<Item<'_>> = videos.iter().filter_map(|video| item(site, video)).collect();
    let whole = written(site, creator, &items)?;
    if whole.len() <= ITEMS_MAX_BYTES {
        return Ok(whole);
    }
    written(site, creator, items.get(..fitting(&items)?).unwrap_or_default())
}

/// How many of these fit. The first one does: a single item has less than [`ITEMS_MAX_BYTES`].
fn fitting(items: &[Item<'_>]) -> Result<usize, SeError> {
    let mut budget = Budget::default();
    for (n, item) in items.iter().enumerate() {
        if !budget.take(quick_xml::se::to_string_with_root("item", item)?.len()) {
            return Ok(n);
        }
    }
    Ok(items.len())
}

fn written(site: &Site, creator: UserId, items: &[Item<'_>]) -> Result<String, SeError> {
    let name = &site.name;
    let rss = Rss {
        version: "2.0",
        atom: "http://www.w3.org/2005/Atom",
        media: "http://search.yahoo.com/mrss/",
        itunes: "http://www.itunes.com/dtds/podcast-1.0.dtd",
        podcast: "https://podcastindex.org/namespace/1.0",
        channel: Channel {
            title: html(&format!("{name}: {creator}")),
            link: site.url(),
            description: html(&format!("What {creator} has published on {name}.")),
            itself: Itself { href: site.feed(creator), rel: "self", media_type: super::RSS },
            is_explicit: items.iter().any(|item| item.is_explicit),
            item: items,
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
    let title = details.title.as_ref().map(Title::as_str).unwrap_or_default();
    Some(Item {
        title: html(title),
        plain_title: told(title),
        link: site.watch.as_ref().map(|watch| watch.url(id)),
        guid: Guid { is_permalink: false, video: id },
        published: date(*first_published_at),
        description: html(details.description.as_str()),
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

/// A text as HTML: nothing in it is markup, and its lines end where they did.
fn html(text: &str) -> String {
    partial_escape(told(text)).replace('\n', "<br/>")
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
        let (dash, hls_steered) = (None, None);
        let packaged =
            Packaged { prefix: "packaged/v/".into(), hls: "master.m3u8".into(), dash, hls_steered };
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

    fn feed(videos: &[Video]) -> String {
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

    /// What a reader shows that takes a text for HTML.
    fn shown(html: &str) -> String {
        let lines = html.replace("<br/>", "\n");
        assert!(!lines.contains(['<', '>']), "nothing else is markup: {html}");
        quick_xml::escape::unescape(&lines).unwrap().into_owned()
    }

    #[test]
    fn an_item_says_what_its_owner_said_and_nothing_that_is_no_text_of_xml() {
        let document = feed(&[video("<Rain> & \u{ffff}sun")]);
        let of = |name| texts(&document, name);
        assert_eq!(
            (of("title")[1].as_str(), of("itunes:title")),
            ("&lt;Rain&gt; &amp; sun", vec!["<Rain> & sun".into()])
        );
        assert_eq!(of("description")[1], "&lt;b&gt;Up&lt;/b&gt; &amp; \"down\"<br/>]]&gt;");
        assert_eq!(shown(&of("title")[1]), "<Rain> & sun");
        assert_eq!(shown(&of("description")[1]), "<b>Up</b> & \"down\"\n]]>");
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
            let document = feed(&[Video { embedding, ..video("Rain") }]);
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
        let explicit = |videos: &[Video]| texts(&feed(videos), "itunes:explicit");
        assert_eq!(explicit(&[video("Rain"), of_age(12)]), ["false", "false", "false"]);
        assert_eq!(explicit(&[video("Rain"), of_age(16)]), ["true", "false", "true"]);
        assert_eq!(explicit(&[]), ["false"]);
    }

    #[test]
    fn nothing_that_anybody_is_called_or_says_is_markup_to_a_reader() {
        let hostile = "</title><img src=x onerror=alert(1)> a < b &lt; \"c\" & 'd'";
        let mut video = video(hostile);
        video.details.description = Description::parse(&format!("{hostile}\n\n{hostile}")).unwrap();
        let mut named = site();
        named.name = "A & <b>".to_owned();
        let document = document(&named, UserId::from_uuid(Uuid::from_u128(2)), &[video]).unwrap();
        let of = |name| texts(&document, name).iter().map(|html| shown(html)).collect::<Vec<_>>();
        let creator = "user_00000000000000000000000002";
        assert_eq!(of("title"), [format!("A & <b>: {creator}"), hostile.to_owned()]);
        let said = format!("{hostile}\n\n{hostile}");
        assert_eq!(of("description"), [format!("What {creator} has published on A & <b>."), said]);
        assert_eq!(texts(&document, "itunes:title"), [hostile]);
    }

    #[test]
    fn a_feed_has_the_newest_that_fit_and_one_at_least() {
        let numbered = |description: &str| -> Vec<Video> {
            let of = |n| {
                let mut video = video("Rain");
                video.origin.id = VideoId::from_uuid(Uuid::from_u128(n));
                video.details.description = Description::parse(description).unwrap();
                video
            };
            (0..100).map(of).collect()
        };
        let guids = |videos: &[Video]| texts(&feed(videos), "guid");
        let ids =
            |videos: &[Video]| videos.iter().map(|video| video.origin.id.to_string()).collect::<Vec<_>>();
        let short = numbered("雨");
        assert_eq!(guids(&short), ids(&short));
        for longest in ["🎬".repeat(5_000), "&".repeat(5_000), format!("{}.", "<\n".repeat(2_499))] {
            let videos = numbered(&longest);
            let document = feed(&videos);
            assert!(document.len() < ITEMS_MAX_BYTES + 4 * 1024, "{} bytes", document.len());
            let found = guids(&videos);
            assert!((5..100).contains(&found.len()), "{} items", found.len());
            assert_eq!(found, ids(&videos[..found.len()]));
        }
    }
}
