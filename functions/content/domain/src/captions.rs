//! Captions: what is said in a video, to be read while it plays.

use crate::webvtt::{self, ARROW, Fault, MAGIC};
use std::borrow::Cow;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Bytes of the captions in one language.
pub const CAPTIONS_MAX_BYTES: usize = 1024 * 1024;

/// Captions in one language: a file of WebVTT that was checked, with lines that end in `\n`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captions(String);

/// Why captions are not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCaptions {
    /// There is too much of it.
    #[error("must have at most {CAPTIONS_MAX_BYTES} bytes")]
    TooLarge,
    /// Another encoding.
    #[error("line {line}: must be UTF-8")]
    NotUtf8 {
        /// From 1.
        line: usize,
    },
    /// A control character that is neither a tabulator nor the end of a line.
    #[error("line {line}: must not hold control characters")]
    ControlCharacter {
        /// From 1.
        line: usize,
    },
    /// Not what it should be.
    #[error("line {line}: {fault}")]
    Malformed {
        /// From 1.
        line: usize,
        /// What is wrong with it.
        fault: Fault,
    },
}

impl InvalidCaptions {
    /// The stable machine code.
    pub const fn code(self) -> &'static str {
        match self {
            InvalidCaptions::TooLarge => "too_long",
            InvalidCaptions::NotUtf8 { .. } => "not_utf8",
            InvalidCaptions::ControlCharacter { .. } => "control_character",
            InvalidCaptions::Malformed { fault, .. } => fault.code(),
        }
    }
}

/// Lines that a file of WebVTT has above the first one of SubRip.
const LINES_ABOVE: usize = 2;

impl Captions {
    /// Checks a file of WebVTT.
    pub fn from_webvtt(file: &[u8]) -> Result<Self, InvalidCaptions> {
        Self::checked(plain(file)?, 0)
    }

    /// Makes WebVTT of a file of SubRip, which has other times and no header.
    pub fn from_subrip(file: &[u8]) -> Result<Self, InvalidCaptions> {
        let lines = plain(file)?;
        let lines =
            lines.lines().map(|line| if line.contains(ARROW) { times(line) } else { Cow::Borrowed(line) });
        let head = [Cow::Borrowed(MAGIC), Cow::Borrowed("")];
        let webvtt = head.into_iter().chain(lines).fold(String::new(), |text, line| text + &line + "\n");
        Self::checked(webvtt, LINES_ABOVE)
    }

    /// The file.
    pub fn as_webvtt(&self) -> &str {
        &self.0
    }

    fn checked(webvtt: String, lines_above: usize) -> Result<Self, InvalidCaptions> {
        if webvtt.len() > CAPTIONS_MAX_BYTES {
            return Err(InvalidCaptions::TooLarge);
        }
        match webvtt::check(&webvtt) {
            Ok(()) => Ok(Captions(webvtt)),
            Err((line, fault)) => {
                let line = line.saturating_sub(lines_above).max(1);
                Err(InvalidCaptions::Malformed { line, fault })
            }
        }
    }
}

/// The text of a file: normalized (Unicode NFC), with one kind of line ends, without a byte order mark.
fn plain(file: &[u8]) -> Result<String, InvalidCaptions> {
    if file.len() > CAPTIONS_MAX_BYTES {
        return Err(InvalidCaptions::TooLarge);
    }
    let text = std::str::from_utf8(file).map_err(|error| {
        let before = file.get(..error.valid_up_to()).unwrap_or_default();
        InvalidCaptions::NotUtf8 { line: 1 + before.iter().filter(|byte| **byte == b'\n').count() }
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    let is_refused = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if let Some(line) = text.lines().position(|line| line.contains(is_refused)) {
        return Err(InvalidCaptions::ControlCharacter { line: line + 1 });
    }
    Ok(if is_nfc(&text) { text } else { text.nfc().collect() })
}

/// The times of SubRip, `0:00:01,000 --> 0:00:02,500`, as WebVTT has them. Some have corners of the picture behind them, which
/// nobody heeds. What they are not is told by the check that follows.
fn times(line: &str) -> Cow<'_, str> {
    let Some((begin, rest)) = line.split_once(ARROW) else { return Cow::Borrowed(line) };
    let end = rest.split_ascii_whitespace().next().unwrap_or_default();
    Cow::Owned(format!("{} {ARROW} {}", time(begin.trim()), time(end)))
}

fn time(text: &str) -> String {
    let text = text.replace(',', ".");
    match text.split_once(':') {
        Some((hours, _)) if hours.len() == 1 => format!("0{text}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELLO: &str = "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nHello\n";

    fn webvtt(file: &[u8]) -> Result<String, InvalidCaptions> {
        Captions::from_webvtt(file).map(|captions| captions.0)
    }

    fn subrip(file: &str) -> Result<String, InvalidCaptions> {
        Captions::from_subrip(file.as_bytes()).map(|captions| captions.0)
    }

    #[test]
    fn the_same_text_in_two_spellings_is_one_text() {
        for spelling in [HELLO.to_owned(), HELLO.replace('\n', "\r\n"), HELLO.replace('\n', "\r")] {
            assert_eq!(webvtt(spelling.as_bytes()).as_deref(), Ok(HELLO));
            assert_eq!(webvtt(format!("\u{feff}{spelling}").as_bytes()).as_deref(), Ok(HELLO));
        }
        let decomposed = HELLO.replace("Hello", "Cafe\u{301}");
        assert_eq!(webvtt(decomposed.as_bytes()), Ok(HELLO.replace("Hello", "Café")));
    }

    #[test]
    fn what_normalizing_makes_is_what_is_checked() {
        // A `>` and an overlay are one character in the normal form.
        let text = HELLO.replace("-->", "-->\u{338}");
        let error = InvalidCaptions::Malformed { line: 3, fault: Fault::NoTimes };
        assert_eq!(webvtt(text.as_bytes()), Err(error));
    }

    #[test]
    fn what_is_no_text_is_refused_with_its_line() {
        let latin1 = [HELLO.as_bytes(), b"\nNOTE caf\xe9\n"].concat();
        assert_eq!(webvtt(&latin1), Err(InvalidCaptions::NotUtf8 { line: 6 }));
        for bad in ["a\0b", "a\u{1b}[31mb", "a\u{85}b"] {
            let text = HELLO.replace("Hello", bad);
            let error = InvalidCaptions::ControlCharacter { line: 4 };
            assert_eq!(webvtt(text.as_bytes()), Err(error), "{bad:?}");
        }
        assert!(webvtt(HELLO.replace("Hello", "a\tb").as_bytes()).is_ok());
    }

    #[test]
    fn captions_are_bounded() {
        let padded = |bytes: usize| format!("{HELLO}{}\n", "x".repeat(bytes - HELLO.len() - 1));
        assert!(webvtt(padded(CAPTIONS_MAX_BYTES).as_bytes()).is_ok());
        assert_eq!(webvtt(padded(CAPTIONS_MAX_BYTES + 1).as_bytes()), Err(InvalidCaptions::TooLarge));
    }

    #[test]
    fn subrip_becomes_webvtt() {
        let text = "\u{feff}1\r\n00:00:01,000 --> 00:00:02,500  X1:40 X2:600\r\n<i>Hello</i>\r\n\r\n2\r\n1:00:03,000 --> 1:00:04,000\r\nYou\r\n";
        let expected = "WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.500\n<i>Hello</i>\n\n2\n01:00:03.000 --> 01:00:04.000\nYou\n";
        assert_eq!(subrip(text).as_deref(), Ok(expected));
        for (bad, line, fault) in [
            ("", 1, Fault::NoCue),
            ("Hello\n", 1, Fault::NoTimes),
            ("1\n00:00:01,000 --> soon\nHello\n", 2, Fault::MalformedTimes),
            ("1\n00:00:03,000 --> 00:00:02,500\n", 2, Fault::EndsBeforeItBegins),
            ("1\n00:00:01,000 --> 00:00:02,500\n2\n00:00:03,000 --> 00:00:04,500\n", 4, Fault::StrayArrow),
        ] {
            assert_eq!(subrip(bad), Err(InvalidCaptions::Malformed { line, fault }), "{bad}");
        }
    }
}
