//! What is looked for, as people type it into search engines: `cat "living room" -dog or fox`.
//!
//! Whatever finds videos goes by this, so that all of them find the same.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The fewest letters that are taken for the beginning of a word: fewer begin nearly everything, and all of it
/// would have to be ranked.
const PREFIX_MIN_LETTERS: usize = 3;
/// Letters of a word that is found in spite of a wrong one: of shorter ones too many are near, and longer ones are no words.
const NEAR_LETTERS: std::ops::RangeInclusive<usize> = 4..=30;
/// What is looked for beyond this is passed over.
const TERMS_MAX: usize = 32;

/// Words to look for: any of the alternatives must be met, with all of its terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms(Vec<Vec<Term>>);

/// A word, or words in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// In lowercase. At least one.
    pub words: Vec<String>,
    /// Whether it must not be there.
    pub is_excluded: bool,
    /// Whether its one word may be the beginning of a word.
    pub is_beginning: bool,
}

impl Terms {
    /// `"in quotes"` is a phrase, `-word` must not be there, `or` stands between alternatives. The last word is taken for the
    /// beginning of one, unless it is closed off (in quotes, excluded, or followed by something else) or has fewer than three
    /// letters.
    ///
    /// Nothing where nothing was typed; terms that find nothing where that holds no word.
    pub fn parse(text: &str) -> Option<Self> {
        // As the texts that are searched.
        let text: String = text.nfc().collect();
        if text.trim().is_empty() {
            return None;
        }
        let (mut alternatives, mut present, mut rest) = (Vec::new(), Vec::new(), text.as_str());
        for _ in 0..TERMS_MAX {
            let Some((typed, behind)) = Typed::next(rest) else { break };
            rest = behind;
            if typed.is_or() {
                alternatives.push(std::mem::take(&mut present));
            } else {
                present.extend(typed.term(behind.is_empty()));
            }
        }
        alternatives.push(present);
        alternatives.retain(|terms| !terms.is_empty());
        Some(Terms(alternatives))
    }

    /// Any of them will do; none where nothing is found.
    pub fn alternatives(&self) -> &[Vec<Term>] {
        &self.0
    }

    /// What is looked for in any of the alternatives.
    pub fn wanted(&self) -> impl Iterator<Item = &Term> {
        self.0.iter().flatten().filter(|term| !term.is_excluded)
    }

    /// Whether any of its words can be found in spite of a wrong letter.
    pub fn have_near(&self) -> bool {
        self.wanted().any(|term| term.near().is_some())
    }
}

impl Term {
    /// What words that are near have in common with this one: itself, and what is left of it without each of its letters. So one
    /// letter too many, too few or another one, or two that have changed places, make no difference. None for phrases, and where a
    /// word is too short or too long for it. A video keeps the same of its title's and its tags' words.
    pub fn near(&self) -> Option<Vec<String>> {
        match self.words.as_slice() {
            [word] if !self.is_excluded => near_words(word),
            _ => None,
        }
    }

    /// Whether a word of a text is one of those that are looked for, or near it where that will do.
    pub fn fits(&self, word: &str, near_will_do: bool) -> bool {
        let is_one = |own: &String| own == word || (self.is_beginning && word.starts_with(own.as_str()));
        self.words.iter().any(is_one) || (near_will_do && self.is_near(word))
    }

    fn is_near(&self, word: &str) -> bool {
        let (Some(own), Some(others)) = (self.near(), near_words(word)) else { return false };
        own.iter().any(|own| others.contains(own))
    }
}

/// The words of a text in lowercase, each with its place in it.
pub fn words_of(text: &str) -> impl Iterator<Item = (std::ops::Range<usize>, String)> {
    let mut rest = 0;
    std::iter::from_fn(move || {
        // A mark alone, as some follow emoji, is no word.
        let start = rest + text.get(rest..)?.find(char::is_alphanumeric)?;
        let after = text.get(start..)?;
        let end = start + after.find(|c: char| !is_of_word(c)).unwrap_or(after.len());
        rest = end;
        Some((start..end, after.get(..end - start)?.chars().map(lowercase).collect()))
    })
}

fn near_words(word: &str) -> Option<Vec<String>> {
    if !NEAR_LETTERS.contains(&word.chars().count()) {
        return None;
    }
    let without = |(place, letter): (usize, char)| {
        let (before, from) = word.split_at(place);
        format!("{before}{}", from.get(letter.len_utf8()..).unwrap_or_default())
    };
    let mut all: Vec<String> =
        std::iter::once(word.to_owned()).chain(word.char_indices().map(without)).collect();
    all.sort_unstable();
    all.dedup();
    Some(all)
}

/// What stands between spaces, or in quotes.
struct Typed<'a> {
    text: &'a str,
    is_excluded: bool,
    is_quoted: bool,
}

impl<'a> Typed<'a> {
    /// The first one of a text, and what is behind it.
    fn next(text: &'a str) -> Option<(Self, &'a str)> {
        let text = text.trim_start();
        let (is_excluded, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
        if let Some(quoted) = text.strip_prefix('"') {
            let (text, behind) = quoted.split_once('"').unwrap_or((quoted, ""));
            return Some((Typed { text, is_excluded, is_quoted: true }, behind));
        }
        let end = text.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(text.len());
        let (text, behind) = text.split_at(end);
        if text.is_empty() && behind.is_empty() {
            return None;
        }
        Some((Typed { text, is_excluded, is_quoted: false }, behind))
    }

    fn is_or(&self) -> bool {
        !self.is_quoted && !self.is_excluded && self.text.eq_ignore_ascii_case("or")
    }

    fn term(&self, is_last: bool) -> Option<Term> {
        let Typed { text, is_excluded, is_quoted } = *self;
        let words: Vec<String> = words_of(text).map(|(_, word)| word).collect();
        let is_open = is_last && !is_quoted && !is_excluded && text.ends_with(is_of_word);
        let is_beginning = match words.as_slice() {
            [] => return None,
            [word] => is_open && word.chars().count() >= PREFIX_MIN_LETTERS,
            _ => false,
        };
        Some(Term { words, is_excluded, is_beginning })
    }
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c)
}

/// As Postgres does it: one letter for one.
fn lowercase(letter: char) -> char {
    let mut lower = letter.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(lower), None) => lower,
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let term = |term: &Term| {
            let (excluded, beginning) =
                (if term.is_excluded { "-" } else { "" }, if term.is_beginning { "…" } else { "" });
            format!("{excluded}{}{beginning}", term.words.join("+"))
        };
        let terms = Terms::parse(text).unwrap();
        let alternatives = terms.alternatives().iter();
        let alternatives: Vec<_> =
            alternatives.map(|terms| terms.iter().map(term).collect::<Vec<_>>().join(" ")).collect();
        alternatives.join(" | ")
    }

    #[test]
    fn what_is_typed_means_what_people_mean() {
        for (typed, meant) in [
            ("Cat \"Living Room\" -dog or FOX ", "cat living+room -dog | fox"),
            ("cat or", "cat"),
            ("or or cat!", "cat"),
            ("-\"big dog\" it's", "-big+dog it+s"),
            ("a@b.example 1.5e10 ", "a+b+example 1+5e10"),
            ("black\"cat\"dog", "black cat dog…"),
            ("\"or\" -or", "or -or"),
            ("e\u{301}t\u{e9} ÉTÉ", "été été…"),
            ("--cat", "-cat"),
        ] {
            assert_eq!(shown(typed), meant, "{typed}");
        }
        for wordless in ["-", "!!!", "\"", "or", "- -", "\u{1f468}\u{200d}\u{1f469} \u{2764}\u{fe0f}"] {
            assert_eq!(shown(wordless), "", "{wordless}");
        }
        assert_eq!(Terms::parse(" \u{3000}"), None);
        assert_eq!(shown(&"a ".repeat(100)).len(), 2 * TERMS_MAX - 1);
    }

    #[test]
    fn only_a_word_that_is_still_being_typed_is_a_beginning() {
        for open in ["cat", "black cat", "\"black cat\" dog", "caf\u{e9}", "-dog cat", "c cat", "k-9 cat"] {
            assert!(shown(open).ends_with('…'), "{open}");
        }
        for closed in ["cat ", "\"black cat", "\"black cat\"", "cat -dog", "cat!", "black-cat"] {
            assert!(!shown(closed).contains('…'), "{closed}");
        }
        for few in ["a", "ca", "black ca", "black.c", "e\u{301}e\u{301}"] {
            assert!(!shown(few).contains('…'), "{few}");
        }
    }

    #[test]
    fn one_wrong_letter_makes_no_difference() {
        let fits =
            |typed: &str, word: &str| Terms::parse(typed).unwrap().wanted().next().unwrap().fits(word, true);
        for (typed, word) in [
            ("zebra ", "zebra"),
            ("zbra ", "zebra"),
            ("zebbra ", "zebra"),
            ("zabra ", "zebra"),
            ("zerba ", "zebra"),
            ("ebra ", "zebra"),
            ("zebr ", "zebra"),
            ("cat", "cats"),
        ] {
            assert!(fits(typed, word), "{typed} {word}");
        }
        for (typed, word) in [("cat ", "car"), ("zebra ", "zebu"), ("walk ", "wilt"), ("zebra ", "zoo")] {
            assert!(!fits(typed, word), "{typed} {word}");
        }
        let term = |typed| Terms::parse(typed).unwrap().0.remove(0).remove(0);
        assert_eq!(term("abca ").near().unwrap(), ["aba", "abc", "abca", "aca", "bca"]);
        for without in ["cat ", "\"big zebra\"", "-zebra", &"x".repeat(31)] {
            assert_eq!(term(without).near(), None, "{without}");
        }
    }

    #[test]
    fn words_have_their_places() {
        let text = "Le Café, noir";
        let words: Vec<_> = words_of(text).collect();
        assert_eq!(words, [(0..2, "le".into()), (3..8, "café".into()), (10..14, "noir".into())]);
        assert!(words.iter().all(|(place, _)| text.get(place.clone()).is_some()));
    }
}
