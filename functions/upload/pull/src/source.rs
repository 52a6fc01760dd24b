//! A file where it is, asked for a piece at a time.
//!
//! Addresses are called by the bridge's target `sources`, which is all of the public internet and nothing else; it looks at what it
//! connects to, and follows no redirect. Those are followed here, one call after the other.

use jiff::{SignedDuration, Timestamp};
use mcsp_bridge_api::Failure;
use mcsp_bridge_api::services::{Request, Response};
use mcsp_function::Context;
use mcsp_problem::Problem;
use upload_domain::{Piece, SourceAnswer, SourceFault, SourceUrl, Validator};

const TARGET: &str = "sources";
/// So often a source may lead on.
const REDIRECTS_MAX: usize = 5;
/// Time for a piece, with all redirects on the way to it.
const PIECE_FOR: SignedDuration = SignedDuration::from_secs(10);
/// As the bridge says that an address is not to be called.
const NOT_CALLED: [&str; 2] = ["address-not-allowed", "malformed-path"];
/// As the bridge says that there is more than it takes at once.
const TOO_MUCH: &str = "response-too-large";

/// A file where it is.
pub(crate) struct Source<'a> {
    context: &'a Context,
    url: &'a SourceUrl,
    /// Where that led to the last time.
    led_to: SourceUrl,
}

/// Which bytes are wanted, and what they must be of.
pub(crate) struct Wanted<'a> {
    pub(crate) from: u64,
    pub(crate) bytes: u64,
    /// By what the file is known, where it is.
    pub(crate) known: Option<&'a Validator>,
}

/// Why there is no piece.
pub(crate) enum Unfetched {
    /// There will be none.
    Fault(SourceFault),
    /// There may be one later.
    NotNow,
    /// Nobody asks the source for so many milliseconds, as it failed whoever did: that is no failure to give this piece.
    BreakerOpen(u32),
    /// It is not the source's fault.
    Ours(Problem),
}

impl<'a> Source<'a> {
    pub(crate) fn at(context: &'a Context, url: &'a SourceUrl) -> Self {
        Source { context, url, led_to: url.clone() }
    }

    /// Asks for bytes, and gives those that came.
    pub(crate) async fn fetch(&mut self, wanted: &Wanted<'_>) -> Result<(Piece, Vec<u8>), Unfetched> {
        let until = self.context.now() + PIECE_FOR;
        let led_before = self.led_to != *self.url;
        match self.follow(wanted, until).await {
            // What it led to may have been good for a while.
            Err(Unfetched::Fault(SourceFault::Refused)) if led_before => {
                self.led_to = self.url.clone();
                self.follow(wanted, until).await
            }
            fetched => fetched,
        }
    }

    async fn follow(&mut self, wanted: &Wanted<'_>, until: Timestamp) -> Result<(Piece, Vec<u8>), Unfetched> {
        for _ in 0..=REDIRECTS_MAX {
            let response = self.call(wanted, until).await?;
            match read(&response) {
                SourceAnswer::Bytes(piece) => return Ok((piece, response.body)),
                SourceAnswer::Elsewhere(location) => {
                    self.led_to = self.led_to.redirected(&location).map_err(Unfetched::Fault)?;
                }
                SourceAnswer::NotNow => return Err(Unfetched::NotNow),
                SourceAnswer::Fault(fault) => return Err(Unfetched::Fault(fault)),
            }
        }
        Err(Unfetched::Fault(SourceFault::Refused))
    }

    async fn call(&self, wanted: &Wanted<'_>, until: Timestamp) -> Result<Response, Unfetched> {
        let left = until.duration_since(self.context.now());
        let deadline_ms = u32::try_from(left.as_millis()).ok().filter(|left| *left > 0);
        let request = Request {
            target: TARGET.to_owned(),
            method: "GET".to_owned(),
            path: self.led_to.as_str().to_owned(),
            headers: headers(wanted),
            body: Vec::new(),
            idempotent: true,
            deadline_ms: Some(deadline_ms.ok_or(Unfetched::NotNow)?),
        };
        self.context.bridge().call(request).await.map_err(|failure| unfetched(failure, wanted))
    }
}

fn read(response: &Response) -> SourceAnswer {
    let named = |name: &str| response.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    let bytes = response.body.len() as u64;
    SourceAnswer::read(response.status, |name| named(name).map(|(_, value)| value.as_str()), bytes)
}

fn headers(wanted: &Wanted<'_>) -> Vec<(String, String)> {
    let last = (wanted.from + wanted.bytes).saturating_sub(1);
    let mut headers = vec![
        ("accept".to_owned(), "*/*".to_owned()),
        // Coded bytes are others than those of the file, and ranges of them too.
        ("accept-encoding".to_owned(), "identity".to_owned()),
        ("range".to_owned(), format!("bytes={}-{last}", wanted.from)),
        ("user-agent".to_owned(), "MCSP".to_owned()),
    ];
    let condition = wanted.known.and_then(Validator::if_range);
    headers.extend(condition.map(|tag| ("if-range".to_owned(), tag.to_owned())));
    headers
}

fn unfetched(failure: Failure, wanted: &Wanted<'_>) -> Unfetched {
    match failure {
        Failure::Refused(code) if NOT_CALLED.contains(&code.as_str()) => {
            Unfetched::Fault(SourceFault::NotAllowed)
        }
        // It gave ranges before: a condition that is not met any more is answered with all of the file.
        Failure::Refused(code) if code == TOO_MUCH && wanted.known.is_some() => {
            Unfetched::Fault(SourceFault::Changed)
        }
        Failure::Refused(code) if code == TOO_MUCH => Unfetched::Fault(SourceFault::WithoutRanges),
        Failure::BreakerOpen(retry_after_ms) => Unfetched::BreakerOpen(retry_after_ms),
        Failure::DeadlineExceeded | Failure::Unreachable => Unfetched::NotNow,
        failure @ (Failure::Overloaded | Failure::NotGranted(_) | Failure::Refused(_)) => {
            Unfetched::Ours(failure.into())
        }
    }
}
