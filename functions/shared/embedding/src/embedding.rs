//! Which pages may embed a video.

use crate::{InvalidOrigin, Origin};

/// How browsers write an origin that they do not tell (RFC 6454, section 7.1).
const UNTOLD: &str = "null";

/// Which pages of others may embed a video. The platform's own pages, and what is no page, embed nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Embedding {
    /// Any.
    #[default]
    Anywhere,
    /// None.
    Nowhere,
    /// Those of these origins.
    Listed(Vec<Origin>),
}

/// The page of somebody else that a video is to be played in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Embedder {
    /// One of this origin.
    Page(Origin),
    /// One that is not told, such as a file or a frame in a sandbox.
    Untold,
}

impl Embedding {
    /// By these pages, each once and in order: what was said in another order is the same.
    pub fn listed(mut origins: Vec<Origin>) -> Self {
        origins.sort_unstable();
        origins.dedup();
        Embedding::Listed(origins)
    }

    /// Its stable name and the origins that are listed; none of other names.
    pub fn from_name(name: &str, origins: Vec<Origin>) -> Option<Self> {
        match name {
            "anywhere" => Some(Embedding::Anywhere),
            "nowhere" => Some(Embedding::Nowhere),
            "listed" => Some(Embedding::listed(origins)),
            _ => None,
        }
    }

    /// The stable name.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Embedding::Anywhere => "anywhere",
            Embedding::Nowhere => "nowhere",
            Embedding::Listed(_) => "listed",
        }
    }

    /// The origins that are listed.
    pub fn origins(&self) -> &[Origin] {
        match self {
            Embedding::Listed(origins) => origins,
            Embedding::Anywhere | Embedding::Nowhere => &[],
        }
    }

    /// Whether this page may embed the video. One that is not told may where all may.
    pub fn admits(&self, embedder: &Embedder) -> bool {
        match (self, embedder) {
            (Embedding::Anywhere, Embedder::Page(_) | Embedder::Untold) => true,
            (Embedding::Nowhere, Embedder::Page(_) | Embedder::Untold)
            | (Embedding::Listed(_), Embedder::Untold) => false,
            (Embedding::Listed(origins), Embedder::Page(origin)) => origins.contains(origin),
        }
    }
}

impl Embedder {
    /// Reads an origin, or `null` for one that is not told.
    pub fn parse(text: &str) -> Result<Self, InvalidOrigin> {
        if text == UNTOLD { Ok(Embedder::Untold) } else { Origin::parse(text).map(Embedder::Page) }
    }

    /// As browsers send it.
    pub fn as_str(&self) -> &str {
        match self {
            Embedder::Page(origin) => origin.as_str(),
            Embedder::Untold => UNTOLD,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(texts: &[&str]) -> Embedding {
        Embedding::listed(texts.iter().map(|text| Origin::parse(text).unwrap()).collect())
    }

    #[test]
    fn what_is_said_again_or_in_another_order_is_the_same() {
        let (a, b) = ("https://a.example", "https://b.example");
        assert_eq!(listed(&[b, a, "https://A.example:443"]), listed(&[a, b]));
        assert_ne!(listed(&[a]), listed(&[b]));
        for embedding in [Embedding::Anywhere, Embedding::Nowhere, listed(&[a])] {
            let again = Embedding::from_name(embedding.as_str(), embedding.origins().to_vec());
            assert_eq!(again, Some(embedding));
        }
        assert_eq!(Embedding::from_name("somewhere", Vec::new()), None);
    }

    #[test]
    fn a_page_that_is_not_told_is_on_no_list() {
        let (a, b) = (Embedder::parse("https://a.example"), Embedder::parse("https://b.example"));
        let embedders = [a.unwrap(), b.unwrap(), Embedder::parse("null").unwrap()];
        for (embedding, expected) in [
            (Embedding::Anywhere, [true, true, true]),
            (Embedding::Nowhere, [false, false, false]),
            (listed(&["https://a.example"]), [true, false, false]),
            (listed(&["https://a.example", "https://b.example"]), [true, true, false]),
            // Another port, scheme or host above is another origin.
            (listed(&["http://a.example", "https://a.example:8443", "https://example"]), [false; 3]),
        ] {
            let admitted = embedders.clone().map(|embedder| embedding.admits(&embedder));
            assert_eq!(admitted, expected, "{embedding:?}");
        }
        for embedder in &embedders {
            assert_eq!(Embedder::parse(embedder.as_str()).as_ref(), Ok(embedder));
        }
    }
}
