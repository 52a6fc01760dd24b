//! WebVTT (W3C Candidate Recommendation of 2019-04-04): what a file must be so that every player reads it the same, and how its
//! parts are written.
//!
//! What players would pass over in silence is refused here, so that its author learns of it. What stands inside of a cue is not
//! looked at: players show tags that they do not know as if they were not there.

mod settings;

use settings::are_settings;
use std::fmt;

/// What parts the times of a cue, and may stand nowhere else.
pub(crate) const ARROW: &str = "-->";
/// What a file begins with.
pub(crate) const MAGIC: &str = "WEBVTT";

/// What is wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Its first line is another one.
    #[error("the first line must be `{MAGIC}`, alone or with a text behind a space")]
    NoMagic,
    /// There is nothing to show.
    #[error("there is no cue")]
    NoCue,
    /// Something else stands where the times of a cue must.
    #[error(
        "a cue must have its times, as in `00:00:01.000 --> 00:00:02.500`, in its first line or behind its name"
    )]
    NoTimes,
    /// They are no times.
    #[error("both times must be as in `00:00:01.000 --> 00:00:02.500`, with minutes and seconds below 60")]
    MalformedTimes,
    /// It would never be shown.
    #[error("the cue must end after it begins")]
    EndsBeforeItBegins,
    /// Cues stand in the order in which they are shown.
    #[error("the cue must not begin before the one above it")]
    OutOfOrder,
    /// How it is to be shown is not said in words of WebVTT.
    #[error("the settings behind the times must be of WebVTT, each once")]
    MalformedSettings,
    /// A part that has not ended.
    #[error("`-->` may only part the times of a cue: is there an empty line missing above?")]
    StrayArrow,
    /// Styles and regions are for the cues behind them.
    #[error("styles and regions must stand before the first cue")]
    BehindCues,
}

impl Fault {
    /// The stable machine code.
    pub const fn code(self) -> &'static str {
        match self {
            Fault::NoMagic => "no_webvtt_header",
            Fault::NoCue => "no_cue",
            Fault::NoTimes => "no_times",
            Fault::MalformedTimes => "malformed_times",
            Fault::EndsBeforeItBegins => "ends_before_it_begins",
            Fault::OutOfOrder => "out_of_order",
            Fault::MalformedSettings => "malformed_settings",
            Fault::StrayArrow => "stray_arrow",
            Fault::BehindCues => "behind_cues",
        }
    }
}

/// A place in a file: a line, from 1.
pub(crate) type Line = usize;

/// Checks a text whose lines end with `\n`.
pub(crate) fn check(text: &str) -> Result<(), (Line, Fault)> {
    let mut lines = text.lines().zip(1..).map(|(text, number)| Numbered { text, number });
    let first = lines.next().filter(|line| is_magic(line.text)).ok_or((1, Fault::NoMagic))?;
    // What players read of a header is up to the first empty line.
    without_arrow(lines.by_ref().take_while(|line| !line.text.is_empty()))?;
    let (mut last_line, mut last_begin_ms) = (first.number, None);
    while let Some(line) = lines.find(|line| !line.text.is_empty()) {
        last_line = line.number;
        let mut rest = lines.by_ref().take_while(|line| !line.text.is_empty());
        match Block::of(line.text) {
            Block::Note => without_arrow(rest)?,
            Block::Style if last_begin_ms.is_some() => return Err((line.number, Fault::BehindCues)),
            Block::Style => without_arrow(rest)?,
            Block::Cue { is_named } => {
                let times = if is_named { rest.next() } else { Some(line) };
                let times =
                    times.filter(|line| line.text.contains(ARROW)).ok_or((last_line, Fault::NoTimes))?;
                let at = |fault| (times.number, fault);
                let begin_ms = cue_begin_ms(times.text).map_err(at)?;
                if last_begin_ms.is_some_and(|last_ms| begin_ms < last_ms) {
                    return Err(at(Fault::OutOfOrder));
                }
                last_begin_ms = Some(begin_ms);
                without_arrow(rest)?;
            }
        }
    }
    last_begin_ms.map(|_| ()).ok_or((last_line, Fault::NoCue))
}

#[derive(Clone, Copy)]
struct Numbered<'a> {
    text: &'a str,
    number: Line,
}

/// What stands between empty lines.
enum Block {
    /// For people.
    Note,
    /// Of styles, or of a region.
    Style,
    /// Its first line may be its name.
    Cue { is_named: bool },
}

impl Block {
    fn of(first_line: &str) -> Self {
        let is_note =
            first_line.strip_prefix("NOTE").is_some_and(|rest| rest.is_empty() || rest.starts_with(BLANKS));
        match first_line.trim_end_matches(BLANKS) {
            _ if first_line.contains(ARROW) => Block::Cue { is_named: false },
            _ if is_note => Block::Note,
            "STYLE" | "REGION" => Block::Style,
            _ => Block::Cue { is_named: true },
        }
    }
}

/// What parts words.
const BLANKS: [char; 2] = [' ', '\t'];

fn is_magic(line: &str) -> bool {
    line.strip_prefix(MAGIC)
        .is_some_and(|rest| (rest.is_empty() || rest.starts_with(BLANKS)) && !rest.contains(ARROW))
}

fn without_arrow<'a>(mut lines: impl Iterator<Item = Numbered<'a>>) -> Result<(), (Line, Fault)> {
    let stray = lines.find(|line| line.text.contains(ARROW));
    // What is left of them is not for others to read.
    lines.for_each(drop);
    stray.map_or(Ok(()), |line| Err((line.number, Fault::StrayArrow)))
}

/// When a cue begins, which says how it is shown as it must.
fn cue_begin_ms(line: &str) -> Result<u64, Fault> {
    let (begin, rest) = line.split_once(ARROW).ok_or(Fault::NoTimes)?;
    let (begin, rest) =
        begin.strip_suffix(BLANKS).zip(rest.strip_prefix(BLANKS)).ok_or(Fault::MalformedTimes)?;
    let (begin, rest) = (begin.trim_end_matches(BLANKS), rest.trim_matches(BLANKS));
    let (end, settings) = rest.split_once(BLANKS).unwrap_or((rest, ""));
    let (begin_ms, end_ms) = read_time(begin).zip(read_time(end)).ok_or(Fault::MalformedTimes)?;
    if begin_ms >= end_ms {
        return Err(Fault::EndsBeforeItBegins);
    }
    if are_settings(settings) { Ok(begin_ms) } else { Err(Fault::MalformedSettings) }
}

/// Milliseconds of `[hours:]minutes:seconds.thousandths`, of which the first have two digits at least and the others two and three.
fn read_time(text: &str) -> Option<u64> {
    let (text, thousandths) = text.split_once('.')?;
    let mut parts = text.rsplit(':');
    let seconds = number(parts.next()?, 2..=2)?;
    let minutes = number(parts.next()?, 2..=2)?;
    let hours = parts.next().map_or(Some(0), |hours| number(hours, 2..=HOURS_MAX_DIGITS))?;
    let ms = number(thousandths, 3..=3)?;
    (parts.next().is_none() && seconds < 60 && minutes < 60)
        .then_some(((hours * 60 + minutes) * 60 + seconds) * 1_000 + ms)
}

/// More than that no video lasts.
const HOURS_MAX_DIGITS: usize = 4;

fn number(digits: &str, length: std::ops::RangeInclusive<usize>) -> Option<u64> {
    (length.contains(&digits.len()) && is_number(digits)).then(|| digits.parse().ok())?
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// A time as a file has it.
pub(crate) struct Time {
    pub(crate) ms: u64,
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, ms) = (self.ms / 1_000, self.ms % 1_000);
        let (minutes, seconds) = (seconds / 60, seconds % 60);
        write!(f, "{:02}:{:02}:{seconds:02}.{ms:03}", minutes / 60, minutes % 60)
    }
}

/// A text as a cue has it: nothing of it is taken for a tag.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests;
