//! A file that is fetched from where it is: which addresses are taken, what the source's answers mean, and whether it is still the
//! same file.
//!
//! Whether an address may be called at all is the bridge's to say, which sees what it connects to.

use crate::FileName;
use jiff::SignedDuration;
use std::fmt;
use url::{Host, Url};

/// The longest address that is taken.
pub const SOURCE_URL_MAX_BYTES: usize = 2048;
/// The longest validator that is kept; a longer one is none.
const VALIDATOR_MAX_BYTES: usize = 256;
/// Below this ports are those of known services, of which none but HTTPS serves files.
const FIRST_FREE_PORT: u16 = 1024;
/// So often in a row a source may give nothing.
const FAILURES_MAX: u32 = 12;
const WAIT_MAX: SignedDuration = SignedDuration::from_mins(5);

/// Where a file is. It may hold a secret: it is in no log and no error, and shown to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct SourceUrl(Url);

/// Why an address is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSource {
    /// More than [`SOURCE_URL_MAX_BYTES`].
    #[error("must have at most {SOURCE_URL_MAX_BYTES} bytes")]
    TooLong,
    /// No absolute address with a host.
    #[error("must be an absolute URL")]
    NotAUrl,
    /// What others can read, or change.
    #[error("must be an https URL")]
    NotHttps,
    /// A name or a password in front of the host.
    #[error("must not hold a user name or a password")]
    Credentials,
    /// That of another service.
    #[error("must have no port but 443, or one from {FIRST_FREE_PORT} on")]
    Port,
}

/// Why a file can't be fetched. Final: another upload must be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceFault {
    /// It leads to what is not the public internet, or to what is no HTTPS.
    #[error("the source leads to where nothing is fetched from")]
    NotAllowed,
    /// Nobody answers, or not now, however often it was tried.
    #[error("the source cannot be reached")]
    Unreachable,
    /// It gives the file to nobody, or not to us; or it leads on and on.
    #[error("the source refuses to give the file")]
    Refused,
    /// Larger than what is fetched.
    #[error("the file at the source is too large")]
    TooLarge,
    /// It is not the file any more that it was.
    #[error("the file at the source has changed")]
    Changed,
    /// It gives all of a file or nothing, and this is more than is taken at once.
    #[error("the source gives no ranges of the file")]
    WithoutRanges,
    /// What it answers tells no file, or not how large it is.
    #[error("what the source answers cannot be used")]
    Unusable,
}

/// By what a file is known to be the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validator {
    /// As the source has it, in quotes and with `W/` where it is weak.
    pub etag: Option<String>,
    /// As the source has it.
    pub last_modified: Option<String>,
}

/// What a source answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceAnswer {
    /// Bytes of the file.
    Bytes(Piece),
    /// The file is elsewhere.
    Elsewhere(String),
    /// Not now: it is to be asked again.
    NotNow,
    /// It will say the same again.
    Fault(SourceFault),
}

/// Where in a file the body of an answer belongs, and what else is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// How many bytes come before it.
    pub from: u64,
    /// How many it has.
    pub bytes: u64,
    /// How large the file is.
    pub of: u64,
    /// By what it is known.
    pub validator: Validator,
}

impl InvalidSource {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            InvalidSource::TooLong => "too_long",
            InvalidSource::NotAUrl => "invalid_url",
            InvalidSource::NotHttps => "https_required",
            InvalidSource::Credentials => "credentials_in_url",
            InvalidSource::Port => "port_not_allowed",
        }
    }
}

impl SourceFault {
    /// All of them.
    pub const ALL: [SourceFault; 7] = [
        SourceFault::NotAllowed,
        SourceFault::Unreachable,
        SourceFault::Refused,
        SourceFault::TooLarge,
        SourceFault::Changed,
        SourceFault::WithoutRanges,
        SourceFault::Unusable,
    ];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            SourceFault::NotAllowed => "source_not_allowed",
            SourceFault::Unreachable => "source_unreachable",
            SourceFault::Refused => "source_refused",
            SourceFault::TooLarge => "source_too_large",
            SourceFault::Changed => "source_changed",
            SourceFault::WithoutRanges => "source_without_ranges",
            SourceFault::Unusable => "source_unusable",
        }
    }

    /// The fault of that code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.code() == code)
    }
}

impl fmt::Debug for SourceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SourceUrl(…)")
    }
}

impl SourceUrl {
    /// `https`, without a user; or `http` to this very machine, which the bridge calls only where an operator has allowed it.
    pub fn parse(text: &str) -> Result<Self, InvalidSource> {
        if text.len() > SOURCE_URL_MAX_BYTES {
            return Err(InvalidSource::TooLong);
        }
        let url = Url::parse(text).map_err(|_| InvalidSource::NotAUrl)?;
        Self::checked(url)
    }

    fn checked(mut url: Url) -> Result<Self, InvalidSource> {
        let is_this_machine = match url.host().ok_or(InvalidSource::NotAUrl)? {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        if !(url.scheme() == "https" || url.scheme() == "http" && is_this_machine) {
            return Err(InvalidSource::NotHttps);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidSource::Credentials);
        }
        if url.port().is_some_and(|port| port < FIRST_FREE_PORT) {
            return Err(InvalidSource::Port);
        }
        url.set_fragment(None);
        if url.as_str().len() > SOURCE_URL_MAX_BYTES {
            return Err(InvalidSource::TooLong);
        }
        Ok(SourceUrl(url))
    }

    /// As it is called.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Where an answer with this `Location` leads: to what would be taken as an address too, and from HTTPS to nothing else.
    pub fn redirected(&self, location: &str) -> Result<Self, SourceFault> {
        let next = self.0.join(location).ok().and_then(|url| Self::checked(url).ok());
        let next = next.ok_or(SourceFault::NotAllowed)?;
        let is_given_up = self.0.scheme() == "https" && next.0.scheme() != "https";
        if is_given_up { Err(SourceFault::NotAllowed) } else { Ok(next) }
    }

    /// The name that the file seems to have: the last part of the path.
    pub fn file_name(&self) -> Option<FileName> {
        let last = self.0.path_segments()?.next_back()?;
        let name = percent_encoding::percent_decode_str(last).decode_utf8().ok()?;
        FileName::parse(&name).ok()
    }
}

impl Validator {
    /// What of these headers can be kept.
    pub fn new(etag: Option<&str>, last_modified: Option<&str>) -> Self {
        let kept = |value: Option<&str>| {
            value.filter(|value| (1..=VALIDATOR_MAX_BYTES).contains(&value.len())).map(str::to_owned)
        };
        Validator { etag: kept(etag), last_modified: kept(last_modified) }
    }

    /// What `If-Range` may have: a strong entity tag (RFC 9110 section 13.1.5).
    pub fn if_range(&self) -> Option<&str> {
        self.etag.as_deref().filter(|etag| etag.starts_with('"'))
    }

    /// Whether both may be of the same file, by what both of them have.
    pub fn agrees(&self, other: &Validator) -> bool {
        match (&self.etag, &other.etag) {
            (Some(one), Some(other)) => one == other,
            _ => match (&self.last_modified, &other.last_modified) {
                (Some(one), Some(other)) => one == other,
                _ => true,
            },
        }
    }
}

impl SourceAnswer {
    /// Reads an answer to a request for a range. `header` gives the header of a name in lower case.
    pub fn read<'h>(status: u16, header: impl Fn(&str) -> Option<&'h str>, body_bytes: u64) -> Self {
        let is_plain =
            header("content-encoding").is_none_or(|coding| coding.eq_ignore_ascii_case("identity"));
        let validator = Validator::new(header("etag"), header("last-modified"));
        match status {
            200 | 206 if !is_plain => SourceAnswer::Fault(SourceFault::Unusable),
            200 if body_bytes == 0 => SourceAnswer::Fault(SourceFault::Unusable),
            200 => SourceAnswer::Bytes(Piece { from: 0, bytes: body_bytes, of: body_bytes, validator }),
            206 => match header("content-range").and_then(content_range) {
                Some((from, bytes, of)) if bytes == body_bytes => {
                    SourceAnswer::Bytes(Piece { from, bytes, of, validator })
                }
                _ => SourceAnswer::Fault(SourceFault::Unusable),
            },
            301 | 302 | 303 | 307 | 308 => match header("location") {
                Some(location) => SourceAnswer::Elsewhere(location.to_owned()),
                None => SourceAnswer::Fault(SourceFault::Unusable),
            },
            // There is less of it than there was.
            416 => SourceAnswer::Fault(SourceFault::Changed),
            408 | 425 | 429 | 500.. => SourceAnswer::NotNow,
            _ => SourceAnswer::Fault(SourceFault::Refused),
        }
    }
}

impl Piece {
    /// How many bytes of the body are there already, of a file of this size that was known by this, and of which so much is there.
    pub fn behind(&self, offset: u64, size_bytes: u64, validator: &Validator) -> Result<u64, SourceFault> {
        if self.of != size_bytes || !self.validator.agrees(validator) {
            return Err(SourceFault::Changed);
        }
        let there = offset.checked_sub(self.from).ok_or(SourceFault::Unusable)?;
        if there < self.bytes { Ok(there) } else { Err(SourceFault::Unusable) }
    }
}

/// How long to wait after so many answers in a row that gave nothing; none where that was too often.
pub fn wait_after(failures: u32) -> Option<SignedDuration> {
    if failures > FAILURES_MAX {
        return None;
    }
    let doubled = SignedDuration::from_secs(1_i64 << failures.min(FAILURES_MAX));
    Some(doubled.min(WAIT_MAX))
}

/// `bytes 0-499/1234` (RFC 9110 section 14.4): where it begins, how many bytes it has, and of how many.
fn content_range(text: &str) -> Option<(u64, u64, u64)> {
    let (range, of) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last, of): (u64, u64, u64) =
        (first.trim().parse().ok()?, last.trim().parse().ok()?, of.trim().parse().ok()?);
    (first <= last && last < of).then(|| (first, last - first + 1, of))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn url(text: &str) -> SourceUrl {
        SourceUrl::parse(text).unwrap()
    }

    #[test]
    fn addresses_that_may_lead_to_a_file_are_taken() {
        for text in [
            "https://files.example/a.mp4",
            "https://files.example:443/a.mp4?signature=s",
            "https://files.example:8443/a.mp4",
            "https://93.184.216.34/a.mp4",
            "https://[2606:4700::1111]/a.mp4",
            "http://localhost:8080/a.mp4",
            "http://127.0.0.1:8080/a.mp4",
            "http://[::1]:8080/a.mp4",
        ] {
            assert!(SourceUrl::parse(text).is_ok(), "{text}");
        }
        assert_eq!(url("https://files.example/a#part").as_str(), "https://files.example/a");
    }

    #[test]
    fn others_are_refused_and_it_is_said_why() {
        let long = format!("https://files.example/{}", "a".repeat(SOURCE_URL_MAX_BYTES));
        for (text, why) in [
            ("", InvalidSource::NotAUrl),
            ("a.mp4", InvalidSource::NotAUrl),
            ("/a.mp4", InvalidSource::NotAUrl),
            ("data:video/mp4,x", InvalidSource::NotAUrl),
            ("file:///etc/passwd", InvalidSource::NotAUrl),
            ("https://", InvalidSource::NotAUrl),
            ("http://files.example/a.mp4", InvalidSource::NotHttps),
            ("http://10.0.0.1:8080/a.mp4", InvalidSource::NotHttps),
            ("http://localhost.example:8080/", InvalidSource::NotHttps),
            ("ftp://files.example/a.mp4", InvalidSource::NotHttps),
            ("gopher://127.0.0.1/", InvalidSource::NotHttps),
            ("https://user@files.example/a.mp4", InvalidSource::Credentials),
            ("https://user:secret@files.example/a.mp4", InvalidSource::Credentials),
            ("https://files.example:22/a.mp4", InvalidSource::Port),
            ("https://files.example:80/a.mp4", InvalidSource::Port),
            ("http://127.0.0.1:443/a.mp4", InvalidSource::Port),
            (&long, InvalidSource::TooLong),
        ] {
            assert_eq!(SourceUrl::parse(text), Err(why), "{text}");
        }
    }

    #[test]
    fn a_number_in_any_notation_is_the_address_that_it_is() {
        for text in ["https://127.1/", "https://2130706433/", "https://0x7f.1/", "https://0177.0.0.1/"] {
            assert_eq!(url(text).as_str(), "https://127.0.0.1/", "{text}");
        }
    }

    #[test]
    fn what_is_printed_shows_no_address() {
        let printed = format!("{:?}", url("https://files.example/a.mp4?signature=secret"));
        assert!(!printed.contains("secret") && !printed.contains("files.example"), "{printed}");
    }

    #[test]
    fn a_file_has_the_name_at_the_end_of_its_path() {
        let name = |text| url(text).file_name().map(|name| name.as_str().to_owned());
        assert_eq!(name("https://a.example/x/my%20film.mp4?y=z/w").as_deref(), Some("my film.mp4"));
        for text in
            ["https://a.example", "https://a.example/x/", "https://a.example/a%2Fb", "https://a.example/%ff"]
        {
            assert_eq!(name(text), None, "{text}");
        }
    }

    #[test]
    fn a_redirect_leads_to_what_would_be_taken_too() {
        let from = url("https://a.example/x/y?z=1");
        let led = |location: &str| from.redirected(location).map(|url| url.as_str().to_owned());
        assert_eq!(led("/w"), Ok("https://a.example/w".to_owned()));
        assert_eq!(led("w"), Ok("https://a.example/x/w".to_owned()));
        assert_eq!(led("//b.example/w"), Ok("https://b.example/w".to_owned()));
        assert_eq!(led("https://b.example/w"), Ok("https://b.example/w".to_owned()));
        for location in [
            "http://a.example/w",
            "http://localhost:8080/w",
            "https://user@b.example/",
            "https://b.example:25/",
            "ftp://b.example/",
            "file:///etc/passwd",
            "https://",
        ] {
            assert_eq!(led(location), Err(SourceFault::NotAllowed), "{location}");
        }
        assert!(url("http://localhost:8080/").redirected("http://127.0.0.1:9090/").is_ok());
    }

    fn read(status: u16, headers: &[(&str, &'static str)], body_bytes: u64) -> SourceAnswer {
        let named = |name: &str| headers.iter().find(|(known, _)| *known == name).copied();
        SourceAnswer::read(status, |name| named(name).map(|(_, value)| value), body_bytes)
    }

    #[test]
    fn an_answer_is_a_piece_a_way_on_a_pause_or_the_end() {
        let validator = Validator { etag: Some("\"e\"".to_owned()), last_modified: None };
        let piece =
            |from, bytes, of| SourceAnswer::Bytes(Piece { from, bytes, of, validator: validator.clone() });
        let etag = ("etag", "\"e\"");
        assert_eq!(read(206, &[("content-range", "bytes 5-9/20"), etag], 5), piece(5, 5, 20));
        assert_eq!(read(200, &[etag, ("content-encoding", "identity")], 20), piece(0, 20, 20));
        assert_eq!(read(302, &[("location", "/x")], 0), SourceAnswer::Elsewhere("/x".to_owned()));
        for status in [408, 425, 429, 500, 503, 599] {
            assert_eq!(read(status, &[], 0), SourceAnswer::NotNow, "{status}");
        }
        for status in [100, 204, 304, 400, 401, 403, 404, 410, 451] {
            assert_eq!(read(status, &[], 0), SourceAnswer::Fault(SourceFault::Refused), "{status}");
        }
        assert_eq!(read(416, &[], 0), SourceAnswer::Fault(SourceFault::Changed));
        let unusable = SourceAnswer::Fault(SourceFault::Unusable);
        assert_eq!(read(200, &[], 0), unusable);
        assert_eq!(read(200, &[("content-encoding", "gzip")], 9), unusable);
        assert_eq!(read(301, &[], 0), unusable);
        for range in
            ["bytes 5-9/*", "bytes 5-9/9", "bytes 9-5/20", "bytes */20", "5-9/20", "bytes 5-8/20", ""]
        {
            assert_eq!(read(206, &[("content-range", range)], 5), unusable, "{range}");
        }
    }

    #[test]
    fn only_the_same_file_is_gone_on_with() {
        let known = Validator::new(Some("\"e\""), Some("Mon, 30 Nov 2026 00:00:00 GMT"));
        let piece = Piece { from: 5, bytes: 5, of: 20, validator: known.clone() };
        assert_eq!(piece.behind(5, 20, &known), Ok(0));
        assert_eq!(piece.behind(9, 20, &known), Ok(4));
        for offset in [4, 10] {
            assert_eq!(piece.behind(offset, 20, &known), Err(SourceFault::Unusable), "{offset}");
        }
        assert_eq!(piece.behind(5, 21, &known), Err(SourceFault::Changed));
        let other = |etag, modified| piece.behind(5, 20, &Validator::new(etag, modified));
        assert_eq!(other(Some("\"f\""), None), Err(SourceFault::Changed));
        assert_eq!(other(None, Some("Tue, 01 Dec 2026 00:00:00 GMT")), Err(SourceFault::Changed));
        assert_eq!(other(None, None), Ok(0));
        // Servers behind one name may tell other times of the same file.
        assert_eq!(other(Some("\"e\""), Some("Tue, 01 Dec 2026 00:00:00 GMT")), Ok(0));
    }

    #[test]
    fn only_a_strong_tag_is_a_condition() {
        assert_eq!(Validator::new(Some("\"e\""), None).if_range(), Some("\"e\""));
        assert_eq!(Validator::new(Some("W/\"e\""), Some("x")).if_range(), None);
        assert_eq!(
            Validator::new(Some(&"e".repeat(VALIDATOR_MAX_BYTES + 1)), Some("")),
            Validator::default()
        );
    }

    #[test]
    fn it_is_asked_again_ever_later_and_at_last_not_any_more() {
        let waits: Vec<_> = (1..).map_while(wait_after).map(|wait| wait.as_secs()).collect();
        assert_eq!(waits, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300]);
    }

    #[test]
    fn a_fault_is_known_by_its_code() {
        for fault in SourceFault::ALL {
            assert_eq!(SourceFault::from_code(fault.code()), Some(fault));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived_and_what_is_taken_is_taken_again(text in ".{0,80}", location in ".{0,80}") {
            if let Ok(url) = SourceUrl::parse(&text) {
                prop_assert_eq!(SourceUrl::parse(url.as_str()), Ok(url.clone()));
                let _ = url.file_name();
            }
            let _ = content_range(&text);
            if let Ok(led) = url("https://a.example/").redirected(&location) {
                prop_assert!(led.as_str().starts_with("https://"));
            }
        }

        #[test]
        fn a_range_is_read_as_it_is_written(from in 0..1_u64 << 40, bytes in 1..1_u64 << 30, behind in 0..1_u64 << 40) {
            let of = from + bytes + behind;
            let text = format!("bytes {from}-{}/{of}", from + bytes - 1);
            prop_assert_eq!(content_range(&text), Some((from, bytes, of)));
        }
    }
}
