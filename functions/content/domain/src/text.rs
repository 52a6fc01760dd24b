//! What people write about a video: normalized (Unicode NFC), bounded, free of control characters.

use crate::InvalidText;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// How many tags a video may have.
pub const TAGS_MAX: usize = 30;

/// How much of a text is taken. A cluster can have any number of bytes, so these have a bound too: room
/// for the longest emoji in short texts, and for four bytes a character in long ones.
struct Bounds {
    clusters_max: usize,
    bytes_max: usize,
    lines: Lines,
}

#[derive(PartialEq, Eq)]
enum Lines {
    One,
    Many,
}

const TITLE: Bounds = Bounds { clusters_max: 100, bytes_max: 1_600, lines: Lines::One };
const DESCRIPTION: Bounds = Bounds { clusters_max: 5_000, bytes_max: 20_000, lines: Lines::Many };
const CUSTOM_VALUE: Bounds = Bounds { clusters_max: 200, bytes_max: 3_200, lines: Lines::One };
const TAG: Bounds = Bounds { clusters_max: 30, bytes_max: 480, lines: Lines::One };

/// A video's title: 1 to 100 characters on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Title(String);

/// A video's description: up to 5,000 characters, in lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description(String);

/// A tag: 1 to 30 characters, in lowercase, so that there is one spelling to search for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag(String);

/// A video's tags: up to [`TAGS_MAX`], each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags(Vec<Tag>);

impl Title {
    /// Normalizes and checks.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        visible(text, &TITLE).map(Title)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Description {
    /// Normalizes and checks. An empty one is a description too.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        normalized(text, &DESCRIPTION).map(Description)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Tag {
    /// Normalizes and checks.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        // Lowercasing can take a text out of its normal form.
        visible(text, &TAG).map(|tag| Tag(tag.to_lowercase().nfc().collect()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Tags {
    /// Leaves out what was said before.
    pub fn new(tags: Vec<Tag>) -> Result<Self, InvalidText> {
        let mut unique = Vec::with_capacity(tags.len().min(TAGS_MAX));
        for tag in tags {
            if !unique.contains(&tag) {
                if unique.len() == TAGS_MAX {
                    return Err(InvalidText::TooMany { max: TAGS_MAX });
                }
                unique.push(tag);
            }
        }
        Ok(Tags(unique))
    }

    /// These and more, each once.
    pub fn with(&self, more: &Tags) -> Result<Self, InvalidText> {
        Tags::new(self.0.iter().chain(&more.0).cloned().collect())
    }

    /// These but for others.
    #[must_use]
    pub fn without(&self, others: &Tags) -> Self {
        Tags(self.0.iter().filter(|tag| !others.0.contains(tag)).cloned().collect())
    }

    /// The tags, in the order that they were given in.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(Tag::as_str)
    }
}

/// Normalizes and checks what a custom field says: 1 to 200 characters on one line.
pub(crate) fn custom_value(text: &str) -> Result<String, InvalidText> {
    visible(text, &CUSTOM_VALUE)
}

fn visible(text: &str, bounds: &Bounds) -> Result<String, InvalidText> {
    let text = normalized(text, bounds)?;
    if text.chars().all(|c| c.is_whitespace() || is_invisible(c)) {
        Err(InvalidText::Blank)
    } else {
        Ok(text)
    }
}

fn normalized(text: &str, bounds: &Bounds) -> Result<String, InvalidText> {
    let too_long = InvalidText::TooLong { max: bounds.clusters_max };
    if text.len() > bounds.bytes_max {
        return Err(too_long);
    }
    let lines = text.trim().replace("\r\n", "\n");
    if lines.chars().any(|c| is_refused(c) && !(c == '\n' && bounds.lines == Lines::Many)) {
        return Err(InvalidText::ControlCharacter);
    }
    let text: String = lines.nfc().collect();
    if text.graphemes(true).count() > bounds.clusters_max || text.len() > bounds.bytes_max {
        return Err(too_long);
    }
    Ok(text)
}

/// Controls, line and paragraph separators, and the embeddings and overrides by which a title could turn
/// round the text that stands next to it. Isolates stay: right-to-left names need them.
fn is_refused(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// Takes no place on the screen, yet is no white space to Unicode.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}'
        | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAMILY: &str = "👨‍👩‍👧‍👦";

    #[test]
    fn a_title_is_counted_in_what_readers_take_for_characters() {
        assert!(Title::parse(&"x".repeat(100)).is_ok());
        assert_eq!(Title::parse(&"x".repeat(101)), Err(InvalidText::TooLong { max: 100 }));
        assert!(FAMILY.len() > 20 && Title::parse(&FAMILY.repeat(60)).is_ok());
        let decomposed = "e\u{301}".repeat(100);
        assert_eq!(Title::parse(&decomposed).unwrap().as_str(), "é".repeat(100));
    }

    #[test]
    fn a_cluster_of_endless_marks_is_too_long() {
        let zalgo = format!("e{}", "\u{301}".repeat(2_000));
        assert_eq!(Title::parse(&zalgo), Err(InvalidText::TooLong { max: 100 }));
    }

    #[test]
    fn the_same_text_in_two_spellings_is_one_text() {
        assert_eq!(Title::parse("Cafe\u{301}"), Title::parse(" Café "));
        assert_eq!(Tag::parse("CAFÉ"), Tag::parse("cafe\u{301}"));
    }

    #[test]
    fn control_characters_are_refused() {
        for bad in ["a\0b", "a\u{7}b", "a\u{1b}[31mb", "a\nb", "a\tb", "a\u{202e}b", "a\u{85}b", "a\u{2028}b"]
        {
            assert_eq!(Title::parse(bad), Err(InvalidText::ControlCharacter), "{bad:?}");
        }
        assert_eq!(Description::parse("a\0b"), Err(InvalidText::ControlCharacter));
        assert_eq!(Description::parse("a\r\n\nb").unwrap().as_str(), "a\n\nb");
    }

    #[test]
    fn what_nobody_can_see_is_no_title() {
        for blank in ["", "   ", "\u{200b}", "\u{2060} \u{ad}", "\u{3164}"] {
            assert_eq!(Title::parse(blank), Err(InvalidText::Blank), "{blank:?}");
        }
        assert!(Description::parse("").is_ok());
    }

    #[test]
    fn tags_are_kept_once_and_bounded() {
        let tags = |texts: &[String]| Tags::new(texts.iter().map(|t| Tag::parse(t).unwrap()).collect());
        let twice = tags(&["Cat".into(), "dog".into(), "cat".into()]).unwrap();
        assert_eq!(twice.iter().collect::<Vec<_>>(), ["cat", "dog"]);
        let many: Vec<String> = (0..=TAGS_MAX).map(|n| format!("t{n}")).collect();
        assert!(tags(&many[..TAGS_MAX]).is_ok());
        assert_eq!(tags(&many), Err(InvalidText::TooMany { max: TAGS_MAX }));
    }

    #[test]
    fn tags_come_behind_those_that_there_are_and_go_from_among_them() {
        let tags =
            |texts: &[&str]| Tags::new(texts.iter().map(|t| Tag::parse(t).unwrap()).collect()).unwrap();
        let known = tags(&["cat", "dog"]);
        assert_eq!(known.with(&tags(&["Dog", "eel"])), Ok(tags(&["cat", "dog", "eel"])));
        assert_eq!(known.without(&tags(&["Dog", "eel"])), tags(&["cat"]));
        let many: Vec<String> = (0..TAGS_MAX).map(|n| format!("t{n}")).collect();
        let full = tags(&many.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(full.with(&tags(&["t0"])), Ok(full.clone()));
        assert_eq!(full.with(&known), Err(InvalidText::TooMany { max: TAGS_MAX }));
    }
}
