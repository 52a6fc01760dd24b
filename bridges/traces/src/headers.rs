//! Headers that the collector asks for: a list as W3C Baggage has it, without its properties (OpenTelemetry, "Specifying headers
//! via environment variables"). What they say is secret: no error and no log holds it.

use crate::config::ConfigError;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;

/// Said by whoever sends the spans.
const OWN: [HeaderName; 5] = [CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING];

/// Reads `key=value,key=value`, where values may be percent-encoded.
pub(crate) fn parse(variable: &'static str, text: &str) -> Result<HeaderMap, ConfigError> {
    let wrong = |reason| ConfigError { variable, reason };
    let mut headers = HeaderMap::new();
    for member in text.split(',').map(str::trim).filter(|member| !member.is_empty()) {
        let (name, value) = member.split_once('=').ok_or(wrong("must be key=value, several with commas"))?;
        let name: HeaderName =
            name.trim().parse().map_err(|_| wrong("has a key that is no name of a header"))?;
        if OWN.contains(&name) {
            return Err(wrong("has a key that is none of the collector's"));
        }
        let value =
            decoded(value.trim()).ok_or(wrong("has a value that is not percent-encoded as it should be"))?;
        let value = HeaderValue::from_bytes(&value);
        let mut value = value.map_err(|_| wrong("has a value that no header can hold"))?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    let is_encoded = |rest: &str| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    text.split('%').skip(1).all(is_encoded).then(|| percent_decode_str(text).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "the helpers of tests may fail as tests do")]

    use super::*;

    const VARIABLE: &str = "OTEL_EXPORTER_OTLP_HEADERS";

    #[test]
    fn a_list_is_read_and_what_it_says_is_not_shown() {
        let read =
            parse(VARIABLE, " Api-Key = s3cret%2Cwith%20comma ,authorization=Basic dXNlcg==,").unwrap();
        assert_eq!(read.len(), 2);
        assert_eq!(read["api-key"], "s3cret,with comma");
        assert_eq!(read["authorization"], "Basic dXNlcg==");
        let shown = format!("{read:?}");
        assert!(
            shown.contains("api-key") && !shown.contains("s3cret") && !shown.contains("dXNlcg"),
            "{shown}"
        );
        assert!(parse(VARIABLE, "").unwrap().is_empty());
    }

    #[test]
    fn what_is_malformed_is_told_without_what_it_says() {
        for bad in
            ["s3cret", "=s3cret", "a b=s3cret", "a=s3cret%", "a=s3cret%2", "a=s3cret%zz", "a=s3cret%0A"]
        {
            let error = parse(VARIABLE, bad).unwrap_err();
            assert!(error.variable == VARIABLE && !error.to_string().contains("s3cret"), "{error}");
        }
        for own in ["Content-Type=text/plain", "a=1,host=elsewhere"] {
            assert!(parse(VARIABLE, own).is_err(), "{own}");
        }
    }
}
