//! The page of somebody else that a video is played in, as a request tells.
//!
//! A browser says of which page a script sends a `POST` or `PUT`, and no script can keep it from doing so (Fetch Standard, section
//! 3.2). What sends no origin is no page of a browser. The platform's own pages embed nothing; where they are embedded themselves,
//! they pass on by whom.

use axum::extract::FromRequestParts;
use http::header;
use http::request::Parts;
use mcsp_function::{Context, MissingVariable};
use mcsp_problem::{Invalid, Problem, Reason};
use mcsp_reference::{Describe, Operation};
use playback_domain::{Embedder, Origin};
use std::convert::Infallible;

/// A JSON array of origins.
const VARIABLE: &str = "player_origins";

/// The page whose script sends a request, whoever's it is; none where no browser says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SentBy(pub(crate) Option<Embedder>);

/// The origins of the platform's own pages: the issuer's, and those that are configured.
#[derive(Clone, Debug)]
pub(crate) struct OwnPages(Vec<Origin>);

impl OwnPages {
    pub(crate) fn of(context: &Context) -> Result<Self, MissingVariable> {
        let unusable = || MissingVariable(VARIABLE);
        let texts: Vec<String> = serde_json::from_str(context.variable(VARIABLE)?).map_err(|_| unusable())?;
        let listed = texts.iter().map(|text| Origin::parse(text).map_err(|_| unusable()));
        let issuer = Origin::of_url(context.variable("issuer")?);
        listed.chain(issuer.ok().map(Ok)).collect::<Result<_, _>>().map(OwnPages)
    }

    /// Whose page it is played in, if that is somebody else's. What the browser says of the page that sends the request outweighs what
    /// the request says: that a page can make up.
    pub(crate) fn embedder(&self, sent_by: SentBy, told: Option<Embedder>) -> Option<Embedder> {
        [sent_by.0, told].into_iter().flatten().find(|page| !self.include(page))
    }

    fn include(&self, page: &Embedder) -> bool {
        match page {
            Embedder::Page(origin) => self.0.contains(origin),
            Embedder::Untold => false,
        }
    }
}

/// What a player passes on.
pub(crate) fn told(text: Option<&str>) -> Result<Option<Embedder>, Problem> {
    let unfit = |error: playback_domain::InvalidOrigin| {
        Invalid::problem_at("/embedding_origin", Reason::new("invalid_origin", format!("is {error}")))
    };
    text.map(|text| Embedder::parse(text).map_err(unfit)).transpose()
}

impl<S: Sync> FromRequestParts<S> for SentBy {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let mut origins = parts.headers.get_all(header::ORIGIN).iter();
        let only = origins.next().map(|origin| (origin, origins.next()));
        Ok(SentBy(only.map(|(origin, another)| match (origin.to_str().map(Embedder::parse), another) {
            (Ok(Ok(page)), None) => page,
            // What is no origin of the web, such as an extension's, is on no list.
            (Ok(Ok(_) | Err(_)) | Err(_), _) => Embedder::Untold,
        })))
    }
}

/// Browsers send it by themselves.
impl Describe for SentBy {
    fn describe(_: &mut Operation) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    async fn sent_by(lines: &[&str]) -> Option<Embedder> {
        let request = lines.iter().fold(Request::builder(), |request, line| request.header("origin", *line));
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let Ok(SentBy(page)) = SentBy::from_request_parts(&mut parts, &()).await;
        page
    }

    fn page(text: &str) -> Embedder {
        Embedder::parse(text).unwrap()
    }

    #[tokio::test]
    async fn a_page_that_is_told_in_no_good_way_is_not_told() {
        assert_eq!(sent_by(&[]).await, None);
        assert_eq!(sent_by(&["https://blog.example"]).await, Some(page("https://blog.example")));
        for lines in [
            &["null"][..],
            &[""],
            &["chrome-extension://abc"],
            &["https://blog.example/"],
            &["https://blog.example", "https://player.example"],
        ] {
            assert_eq!(sent_by(lines).await, Some(Embedder::Untold), "{lines:?}");
        }
    }

    #[test]
    fn what_a_page_makes_up_outweighs_nothing() {
        let own = OwnPages(vec![Origin::parse("https://player.example").unwrap()]);
        let (player, blog, other) =
            (page("https://player.example"), page("https://blog.example"), page("https://other.example"));
        for (sent_by, told, embedder) in [
            (None, None, None),
            (Some(&player), None, None),
            (Some(&blog), None, Some(&blog)),
            (Some(&Embedder::Untold), None, Some(&Embedder::Untold)),
            // A page of others can say what it likes.
            (Some(&blog), Some(&other), Some(&blog)),
            (Some(&blog), Some(&player), Some(&blog)),
            (Some(&Embedder::Untold), Some(&player), Some(&Embedder::Untold)),
            // The platform's own player, and an application, pass on what embeds them.
            (Some(&player), Some(&blog), Some(&blog)),
            (Some(&player), Some(&player), None),
            (Some(&player), Some(&Embedder::Untold), Some(&Embedder::Untold)),
            (None, Some(&blog), Some(&blog)),
        ] {
            let found = own.embedder(SentBy(sent_by.cloned()), told.cloned());
            assert_eq!(found.as_ref(), embedder, "{sent_by:?} {told:?}");
        }
    }
}
