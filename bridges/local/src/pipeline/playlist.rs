//! Reads what ffmpeg wrote into the master playlist (RFC 8216), and makes one of it for players that are steered.

use serde::Serialize;

/// One rendition of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Rendition {
    pub(crate) name: String,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) bitrate_bps: u64,
    pub(crate) codecs: String,
}

/// The renditions of a master playlist, in its order.
pub(crate) fn renditions(master: &str) -> Vec<Rendition> {
    master.lines().filter_map(|line| rendition(line.strip_prefix("#EXT-X-STREAM-INF:")?)).collect()
}

/// What a player needs of draft-pantos-hls-rfc8216bis that is steered: variables that stand in the playlist's own URL, and where to ask.
/// Variants that name no pathway are of the pathway `.`, which is the place that they come from.
const STEERED: &str = "#EXTM3U\n#EXT-X-VERSION:11\n#EXT-X-DEFINE:QUERYPARAM=\"steering\"\n\
     #EXT-X-CONTENT-STEERING:SERVER-URI=\"{$steering}\"\n";

/// The same master playlist for players that are steered from where `steering` says in the query of its URL.
pub(crate) fn steered(master: &str) -> String {
    let is_replaced = |line: &&str| line.starts_with("#EXTM3U") || line.starts_with("#EXT-X-VERSION:");
    let rest = master.lines().filter(|line| !is_replaced(line));
    rest.fold(STEERED.to_owned(), |playlist, line| playlist + line + "\n")
}

fn rendition(attributes: &str) -> Option<Rendition> {
    let (width, height) = attribute(attributes, "RESOLUTION")?.split_once('x')?;
    Some(Rendition {
        name: format!("{height}p"),
        width: width.parse().ok()?,
        height: height.parse().ok()?,
        bitrate_bps: attribute(attributes, "BANDWIDTH")?.parse().ok()?,
        codecs: attribute(attributes, "CODECS")?.to_owned(),
    })
}

/// The value of an attribute; commas within quotes do not end it.
fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = attributes;
    loop {
        let (key, after) = rest.split_once('=')?;
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => {
                let (value, next) = quoted.split_once('"')?;
                (value, next.trim_start_matches(','))
            }
            None => after.split_once(',').unwrap_or((after, "")),
        };
        if key == name {
            return Some(value);
        }
        rest = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_master_playlist_names_its_renditions() {
        let master = "#EXTM3U\n#EXT-X-VERSION:6\n\
            #EXT-X-STREAM-INF:BANDWIDTH=840400,RESOLUTION=640x360,CODECS=\"avc1.64001e,mp4a.40.2\"\n\
            media_0.m3u8\n\n";
        let expected = Rendition {
            name: "360p".to_owned(),
            width: 640,
            height: 360,
            bitrate_bps: 840_400,
            codecs: "avc1.64001e,mp4a.40.2".to_owned(),
        };
        assert_eq!(renditions(master), [expected]);
    }

    #[test]
    fn a_steered_playlist_is_the_same_with_where_to_ask() {
        let master = "#EXTM3U\n#EXT-X-VERSION:7\n\
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"group_A1\",URI=\"media_2.m3u8\"\n\
            #EXT-X-STREAM-INF:BANDWIDTH=840400,AUDIO=\"group_A1\"\nmedia_0.m3u8\n\n";
        let expected = "#EXTM3U\n#EXT-X-VERSION:11\n#EXT-X-DEFINE:QUERYPARAM=\"steering\"\n\
            #EXT-X-CONTENT-STEERING:SERVER-URI=\"{$steering}\"\n\
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"group_A1\",URI=\"media_2.m3u8\"\n\
            #EXT-X-STREAM-INF:BANDWIDTH=840400,AUDIO=\"group_A1\"\nmedia_0.m3u8\n\n";
        assert_eq!(steered(master), expected);
    }

    #[test]
    fn what_lacks_a_resolution_is_no_rendition() {
        assert_eq!(renditions("#EXT-X-STREAM-INF:BANDWIDTH=64000,CODECS=\"mp4a.40.2\"\na/playlist.m3u8"), []);
    }
}
