//! Where in a video's texts the words are that were looked for. It is the texts that tell, whatever has found them.

use content_domain::{Term, Terms, Title, Video, words_of};
use schemars::JsonSchema;
use serde::Serialize;
use std::ops::Range;

/// Bytes of a description that are shown around a word, of which a third stands before it.
const EXCERPT_BYTES: usize = 180;

/// A text with the words in it that were looked for.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Highlight {
    /// Which text.
    field: Field,
    /// The text, or a part of a long one, in pieces.
    pieces: Vec<Piece>,
}

/// A text of a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Field {
    /// All of the title.
    Title,
    /// A part of the description.
    Description,
    /// One of the tags.
    Tag,
}

/// A piece of a text.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
struct Piece {
    /// It is plain text: what writes it into a page has to escape it.
    #[schemars(example = &"A walk")]
    text: String,
    /// Whether it was looked for.
    is_hit: bool,
}

/// The texts of a video in which words are that were looked for.
pub(crate) fn highlights(video: &Video, terms: &Terms, near_will_do: bool) -> Vec<Highlight> {
    let wanted: Vec<&Term> = terms.wanted().collect();
    let is_hit = |word: &str, near_will_do| wanted.iter().any(|term| term.fits(word, near_will_do));
    let details = &video.details;
    let title = details.title.as_ref().map(Title::as_str);
    let description = details.description.as_str();
    let highlight = |field, text, near_will_do| {
        let hits: Vec<Range<usize>> =
            words_of(text).filter(|(_, word)| is_hit(word, near_will_do)).map(|(place, _)| place).collect();
        let shown = match field {
            Field::Title | Field::Tag => 0..text.len(),
            Field::Description => excerpt(text, hits.first()?),
        };
        (!hits.is_empty()).then(|| Highlight { field, pieces: pieces(text, shown, &hits) })
    };
    // Words of descriptions are found as they are typed only.
    let texts = title
        .map(|title| (Field::Title, title, near_will_do))
        .into_iter()
        .chain([(Field::Description, description, false)])
        .chain(details.tags.iter().map(|tag| (Field::Tag, tag, near_will_do)));
    texts.filter_map(|(field, text, near_will_do)| highlight(field, text, near_will_do)).collect()
}

/// From a word before the first hit to one behind it.
fn excerpt(text: &str, hit: &Range<usize>) -> Range<usize> {
    let (earliest, latest) =
        (hit.start.saturating_sub(EXCERPT_BYTES / 3), hit.end.max(hit.start + EXCERPT_BYTES * 2 / 3));
    let mut shown = hit.clone();
    for (word, _) in words_of(text) {
        if word.start >= earliest {
            shown.start = shown.start.min(word.start);
        }
        if word.end <= latest {
            shown.end = shown.end.max(word.end);
        }
    }
    // A text that is shown to its ends keeps what stands there.
    if text.len() <= EXCERPT_BYTES { 0..text.len() } else { shown }
}

fn pieces(text: &str, shown: Range<usize>, hits: &[Range<usize>]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut push = |place: Range<usize>, is_hit| {
        let text = text.get(place).unwrap_or_default();
        if !text.is_empty() {
            pieces.push(Piece { text: text.to_owned(), is_hit });
        }
    };
    let mut done = shown.start;
    for hit in hits.iter().filter(|hit| hit.start >= shown.start && hit.end <= shown.end) {
        push(done..hit.start, false);
        push(hit.clone(), true);
        done = hit.end;
    }
    push(done..shown.end, false);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, typed: &str) -> String {
        let terms = Terms::parse(typed).unwrap();
        let wanted: Vec<_> = terms.wanted().collect();
        let hits: Vec<_> = words_of(text)
            .filter(|(_, word)| wanted.iter().any(|term| term.fits(word, true)))
            .map(|(place, _)| place)
            .collect();
        let shown = hits.first().map_or(0..text.len(), |first| excerpt(text, first));
        let pieces = pieces(text, shown, &hits);
        pieces
            .iter()
            .map(|piece| if piece.is_hit { format!("[{}]", piece.text) } else { piece.text.clone() })
            .collect()
    }

    #[test]
    fn what_was_looked_for_is_marked() {
        assert_eq!(
            shown("A Walk, in <b>the</b> hills.", "walk the hil"),
            "A [Walk], in <b>[the]</b> [hills]."
        );
        assert_eq!(shown("zebra", "zbra "), "[zebra]");
        assert_eq!(shown("a cat and a dog", "cat -dog"), "a [cat] and a dog");
        assert_eq!(shown("\u{1f468}\u{200d}\u{1f469} été", "ete or été"), "\u{1f468}\u{200d}\u{1f469} [été]");
    }

    #[test]
    fn of_a_long_text_a_part_is_shown() {
        let long = format!("{}needle {}", "é word ".repeat(200), "word é ".repeat(200));
        let excerpt = shown(&long, "needle ");
        assert!(excerpt.len() < EXCERPT_BYTES + 20 && excerpt.contains(" [needle] "), "{excerpt}");
        assert_eq!(shown(&"x".repeat(1_000), &"x".repeat(450)).len(), 1_000 + 2);
    }
}
