//! `Upload-Metadata`: what the client says of the file.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::HashMap;
use upload_domain::{File, Protection};

/// The name of the file's name, as clients of tus have it.
pub(crate) const FILE_NAME: &str = "filename";
/// The name of its media type.
pub(crate) const FILE_TYPE: &str = "filetype";

/// The name of how the video is to be protected: `none` or `cenc`.
pub(crate) const PROTECTION: &str = "protection";
/// The name of the id of the video that gets the file.
pub(crate) const VIDEO_ID: &str = "video_id";

/// Pairs of a name and a value in base64, with commas between them; none where a pair is none, or a name stands there twice.
pub(crate) fn parse(text: &str) -> Option<HashMap<&str, String>> {
    let mut values = HashMap::new();
    for pair in text.split(',').map(str::trim) {
        let (name, value) = pair.split_once(' ').unwrap_or((pair, ""));
        let value = String::from_utf8(STANDARD.decode(value).ok()?).ok()?;
        if name.is_empty() || values.insert(name, value).is_some() {
            return None;
        }
    }
    Some(values)
}

/// What is known of the file, in the same form.
pub(crate) fn of(file: &File, protection: Protection) -> String {
    let pairs = [
        (FILE_NAME, file.name.as_str()),
        (FILE_TYPE, file.content_type.as_str()),
        (PROTECTION, protection.as_str()),
    ];
    pairs.map(|(name, value)| format!("{name} {}", STANDARD.encode(value))).join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use upload_domain::{ContentType, FileName};

    #[test]
    fn what_is_told_of_a_file_can_be_read_again() {
        let name = FileName::parse("Ürlaub, 2026.mp4").unwrap();
        let file = File { name, size_bytes: 1, content_type: ContentType::Mp4, checksum_sha256: None };
        let text = of(&file, Protection::Cenc);
        let values = parse(&text).unwrap();
        assert_eq!((&*values[FILE_NAME], &*values[FILE_TYPE]), ("Ürlaub, 2026.mp4", "video/mp4"));
        assert_eq!(values[PROTECTION], "cenc");
    }

    #[test]
    fn pairs_may_have_no_value_and_spaces_around_them() {
        let values = parse("filename YS5tcDQ=, is_private ,x").unwrap();
        assert_eq!((&*values["filename"], &*values["is_private"], &*values["x"]), ("a.mp4", "", ""));
    }

    #[test]
    fn what_is_no_list_of_pairs_is_refused() {
        for text in ["", ",", "a YQ==,", "a !", "a YQ==,a YQ==", "a /w==", "a YQ== YQ=="] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
