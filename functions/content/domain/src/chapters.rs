//! The chapters of a video.

use crate::webvtt::{MAGIC, Time, escaped};
use crate::{InvalidText, Title};

/// Chapters of a video.
pub const CHAPTERS_MAX: usize = 100;
/// Where the last one may begin while nobody knows how long the video is: no video lasts for 100 hours.
const START_MAX_MS: u64 = 100 * 3_600 * 1_000;

/// A part of a video, until the next one begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chapter {
    /// From the beginning of the video.
    pub start_ms: u64,
    /// What it is called.
    pub title: Title,
}

/// The chapters of a video in their order; the first one, where there is any, begins with the video.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chapters(Vec<Chapter>);

/// What is wrong with one of several chapters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("chapter {index}: {reason}")]
pub struct InvalidChapter {
    /// Which one, from 0.
    pub index: usize,
    /// What is wrong with it.
    pub reason: ChapterFault,
}

/// What is wrong with a chapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChapterFault {
    /// It is one more than there may be.
    #[error("must have at most {CHAPTERS_MAX} entries")]
    TooMany,
    /// Its title.
    #[error(transparent)]
    Title(InvalidText),
    /// It is the first one, and something of the video comes before it.
    #[error("must be 0: the first chapter begins with the video")]
    NotAtTheBeginning,
    /// It does not begin after the one before it.
    #[error("must be greater than that of the chapter before")]
    NotAscending,
    /// It begins when the video is over.
    #[error("must be less than {end_ms}, which is the end of the video")]
    BehindTheEnd {
        /// Milliseconds.
        end_ms: u64,
    },
}

impl ChapterFault {
    /// The stable machine code.
    pub const fn code(self) -> &'static str {
        match self {
            ChapterFault::TooMany => "too_many",
            ChapterFault::Title(error) => error.code(),
            ChapterFault::NotAtTheBeginning | ChapterFault::BehindTheEnd { .. } => "out_of_range",
            ChapterFault::NotAscending => "not_ascending",
        }
    }
}

impl Chapters {
    /// Takes starts in milliseconds and titles of a video that is so long, where that is known; or tells all that is wrong.
    pub fn parse<'a>(
        given: impl ExactSizeIterator<Item = (u64, &'a str)>,
        duration_ms: Option<u64>,
    ) -> Result<Self, Vec<InvalidChapter>> {
        if given.len() > CHAPTERS_MAX {
            return Err(vec![InvalidChapter { index: CHAPTERS_MAX, reason: ChapterFault::TooMany }]);
        }
        let end_ms = duration_ms.unwrap_or(START_MAX_MS);
        let (mut chapters, mut faults, mut last_ms) = (Vec::with_capacity(given.len()), Vec::new(), None);
        for (index, (start_ms, title)) in given.enumerate() {
            let start = check_start(start_ms, last_ms, end_ms);
            let title = Title::parse(title).map_err(ChapterFault::Title);
            last_ms = Some(start_ms);
            faults.extend(
                [start.err(), title.as_ref().err().copied()]
                    .into_iter()
                    .flatten()
                    .map(|reason| InvalidChapter { index, reason }),
            );
            chapters.extend(title.ok().map(|title| Chapter { start_ms, title }));
        }
        if faults.is_empty() { Ok(Chapters(chapters)) } else { Err(faults) }
    }

    /// The chapters in their order.
    pub fn as_slice(&self) -> &[Chapter] {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A file of WebVTT with a cue for each chapter of a video that is so long. What begins after its end, where they were said
    /// before it was known, is not in it.
    pub fn to_webvtt(&self, duration_ms: u64) -> String {
        let ends = self.0.iter().skip(1).map(|next| next.start_ms).chain([duration_ms]);
        let cues = self.0.iter().zip(ends).filter(|(chapter, _)| chapter.start_ms < duration_ms);
        cues.fold(format!("{MAGIC}\n"), |file, (Chapter { start_ms, title }, end_ms)| {
            let (begin, end) = (Time { ms: *start_ms }, Time { ms: end_ms.min(duration_ms) });
            format!("{file}\n{begin} --> {end}\n{}\n", escaped(title.as_str()))
        })
    }
}

fn check_start(start_ms: u64, last_ms: Option<u64>, end_ms: u64) -> Result<(), ChapterFault> {
    match last_ms {
        None if start_ms > 0 => Err(ChapterFault::NotAtTheBeginning),
        Some(last_ms) if start_ms <= last_ms => Err(ChapterFault::NotAscending),
        _ if start_ms >= end_ms => Err(ChapterFault::BehindTheEnd { end_ms }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(
        given: &[(u64, &str)],
        duration_ms: Option<u64>,
    ) -> Result<Chapters, Vec<(usize, ChapterFault)>> {
        let parsed = Chapters::parse(given.iter().copied(), duration_ms);
        parsed.map_err(|faults| {
            faults.into_iter().map(|InvalidChapter { index, reason }| (index, reason)).collect()
        })
    }

    #[test]
    fn chapters_begin_with_the_video_and_follow_each_other_to_its_end() {
        use ChapterFault::*;
        assert_eq!(parse(&[], Some(1)).map(|none| none.is_empty()), Ok(true));
        assert!(parse(&[(0, "a"), (1, "b"), (9, "c")], Some(10)).is_ok());
        assert!(parse(&[(0, "a"), (START_MAX_MS - 1, "b")], None).is_ok());
        assert_eq!(parse(&[(1, "a")], None), Err(vec![(0, NotAtTheBeginning)]));
        assert_eq!(
            parse(&[(0, "a"), (5, "b"), (5, "c"), (4, "d")], None),
            Err(vec![(2, NotAscending), (3, NotAscending)])
        );
        assert_eq!(parse(&[(0, "a"), (10, "b")], Some(10)), Err(vec![(1, BehindTheEnd { end_ms: 10 })]));
        assert_eq!(
            parse(&[(0, "a"), (u64::MAX, "b")], None),
            Err(vec![(1, BehindTheEnd { end_ms: START_MAX_MS })])
        );
        let blank = Title(InvalidText::Blank);
        assert_eq!(
            parse(&[(3, " ")], None),
            Err(vec![(0, NotAtTheBeginning), (0, blank)]),
            "all of it is told"
        );
    }

    #[test]
    fn there_are_100_at_most() {
        let many: Vec<_> = (0..=CHAPTERS_MAX as u64).map(|n| (n, "x")).collect();
        assert!(parse(&many[..CHAPTERS_MAX], None).is_ok());
        assert_eq!(parse(&many, None), Err(vec![(CHAPTERS_MAX, ChapterFault::TooMany)]));
    }

    #[test]
    fn players_are_given_cues_that_fill_the_video() {
        let chapters =
            parse(&[(0, "Before"), (61_500, "Q & A --> <b>"), (3_600_000, "After")], None).unwrap();
        let file = "WEBVTT\n\n00:00:00.000 --> 00:01:01.500\nBefore\n\n00:01:01.500 --> 00:30:00.000\nQ &amp; A --&gt; &lt;b&gt;\n";
        assert_eq!(chapters.to_webvtt(1_800_000), file, "what lies behind the end is left out");
        assert_eq!(crate::webvtt::check(file), Ok(()));
        assert!(chapters.to_webvtt(3_700_000).ends_with("01:00:00.000 --> 01:01:40.000\nAfter\n"));
        assert_eq!(Chapters::default().to_webvtt(1), "WEBVTT\n");
    }
}
