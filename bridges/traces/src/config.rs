//! Where spans go and which: what OpenTelemetry's environment variables say.

use crate::sampler::Sampler;
use crate::{headers, tls};
use http::uri::Scheme;
use http::{HeaderMap, Uri};
use rustls::{ClientConfig, RootCertStore};
use std::time::Duration;

/// Where spans go, and which.
#[derive(Clone, Debug)]
pub struct TracesConfig {
    /// The collector's address for traces.
    pub endpoint: Uri,
    /// Which traces are recorded.
    pub sampler: Sampler,
    /// The name of the service that all spans are of; otherwise each is of the platform's service that it belongs to.
    pub service_name: Option<String>,
    /// What it is told with each batch; secret.
    pub(crate) headers: HeaderMap,
    /// Whom it is believed.
    pub(crate) tls: ClientConfig,
    /// How long it may take for a batch.
    pub(crate) timeout: Duration,
}

/// Why they can't be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {reason}")]
pub struct ConfigError {
    /// The environment variable.
    pub variable: &'static str,
    /// What is wrong with it.
    pub reason: &'static str,
}

const DISABLED: &str = "OTEL_SDK_DISABLED";
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
/// Of these the first that is set counts: what is said of traces alone stands above what is said of all that is exported.
const PROTOCOL: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];
const HEADERS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"];
const CERTIFICATE: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "OTEL_EXPORTER_OTLP_CERTIFICATE"];
const TIMEOUT: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"];
const SAMPLER: &str = "OTEL_TRACES_SAMPLER";
const SAMPLER_ARGUMENT: &str = "OTEL_TRACES_SAMPLER_ARG";
const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";
/// Where the protocol has traces, below the endpoint (OTLP, section "OTLP/HTTP Request").
const TRACES_PATH: &str = "/v1/traces";
const DEFAULT_SAMPLER: &str = "parentbased_always_on";
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

impl TracesConfig {
    /// Reads the environment: `OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, without which there are no
    /// traces, as with `OTEL_SDK_DISABLED`; `…_HEADERS`, `…_CERTIFICATE` and `…_TIMEOUT` of both; `OTEL_TRACES_SAMPLER`,
    /// `OTEL_TRACES_SAMPLER_ARG` and `OTEL_SERVICE_NAME`.
    pub fn from_env() -> Result<Option<Self>, ConfigError> {
        Self::read(|variable| std::env::var(variable).ok())
    }

    /// As [`from_env`](Self::from_env), with variables from elsewhere. One that is empty is as if it were not set.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, ConfigError> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        if variable(DISABLED).is_some_and(|disabled| disabled.eq_ignore_ascii_case("true")) {
            return Ok(None);
        }
        let Some(endpoint) = endpoint(variable)? else { return Ok(None) };
        let first =
            |names: [&'static str; 2]| names.into_iter().find_map(|name| Some((name, variable(name)?)));
        if let Some((variable, _)) = first(PROTOCOL).filter(|(_, protocol)| protocol != "http/protobuf") {
            return Err(ConfigError { variable, reason: "only http/protobuf is spoken" });
        }
        let name = variable(SAMPLER);
        let sampler: Sampler = name
            .as_deref()
            .unwrap_or(DEFAULT_SAMPLER)
            .parse()
            .map_err(|_| ConfigError { variable: SAMPLER, reason: "there is no such sampler" })?;
        let takes_ratio = name.is_some_and(|name| name.ends_with("traceidratio"));
        let sampler = match variable(SAMPLER_ARGUMENT).filter(|_| takes_ratio) {
            None => sampler,
            Some(text) => sampler.with_ratio(ratio(&text)?),
        };
        let service_name = variable(SERVICE_NAME);
        let headers = first(HEADERS).map(|(name, text)| headers::parse(name, &text)).transpose()?;
        let authorities = authorities(&endpoint, first(CERTIFICATE))?;
        let unusable = ConfigError { variable: ENDPOINT, reason: "TLS cannot be used" };
        Ok(Some(TracesConfig {
            endpoint,
            sampler,
            service_name,
            headers: headers.unwrap_or_default(),
            tls: tls::trusting(authorities).ok_or(unusable)?,
            timeout: first(TIMEOUT).map_or(Ok(DEFAULT_TIMEOUT), |(name, text)| timeout(name, &text))?,
        }))
    }
}

/// Where traces go: the address of theirs as it is, or the path of traces below the address of all that is exported.
fn endpoint(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Uri>, ConfigError> {
    if let Some(own) = variable(TRACES_ENDPOINT) {
        return address(TRACES_ENDPOINT, &own).map(Some);
    }
    let Some(base) = variable(ENDPOINT) else { return Ok(None) };
    let uri = address(ENDPOINT, &format!("{}{TRACES_PATH}", base.trim_end_matches('/')))?;
    if uri.query().is_none() {
        Ok(Some(uri))
    } else {
        Err(ConfigError { variable: ENDPOINT, reason: "must have no query" })
    }
}

/// Who may send there, the headers say: a name and a password in the address would stand in logs.
fn address(variable: &'static str, text: &str) -> Result<Uri, ConfigError> {
    let refused = ConfigError { variable, reason: "must be http:// or https:// and an address" };
    let uri = text.parse::<Uri>().map_err(|_| refused.clone())?;
    let is_http = uri.scheme().is_some_and(|scheme| [Scheme::HTTP, Scheme::HTTPS].contains(scheme));
    let is_plain = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
    if is_http && is_plain { Ok(uri) } else { Err(refused) }
}

/// Who vouches for the collector: the authorities of the file, where there is one. Over `http` nobody has to.
fn authorities(
    endpoint: &Uri,
    certificate: Option<(&'static str, String)>,
) -> Result<RootCertStore, ConfigError> {
    match certificate {
        _ if endpoint.scheme() != Some(&Scheme::HTTPS) => Ok(RootCertStore::empty()),
        Some((variable, path)) => tls::authorities_in(variable, &path),
        None => Ok(tls::authorities_of_machine()),
    }
}

fn timeout(variable: &'static str, text: &str) -> Result<Duration, ConfigError> {
    let milliseconds = text.parse::<u32>().ok().filter(|milliseconds| *milliseconds > 0);
    let timeout = milliseconds.map(|milliseconds| Duration::from_millis(milliseconds.into()));
    timeout.ok_or(ConfigError { variable, reason: "must be a number of milliseconds" })
}

fn ratio(text: &str) -> Result<f64, ConfigError> {
    let ratio: Option<f64> = text.parse().ok();
    let ratio = ratio.filter(|ratio| (0.0..=1.0).contains(ratio));
    ratio.ok_or(ConfigError { variable: SAMPLER_ARGUMENT, reason: "must be between 0 and 1" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Option<TracesConfig>, ConfigError> {
        TracesConfig::read(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn without_an_endpoint_there_are_no_traces() {
        assert!(read(&[(SAMPLER, "always_on")]).unwrap().is_none());
        assert!(read(&[(ENDPOINT, "")]).unwrap().is_none());
    }

    #[test]
    fn the_variables_are_read_as_opentelemetry_has_them() {
        let config = read(&[(ENDPOINT, "http://collector:4318/")]).unwrap().unwrap();
        assert_eq!(config.endpoint, "http://collector:4318/v1/traces");
        assert_eq!((config.sampler, config.service_name), (Sampler::new(1.0, true), None));
        let config = read(&[
            (ENDPOINT, "http://collector:4318/behind"),
            (PROTOCOL[1], "http/protobuf"),
            (SAMPLER, "traceidratio"),
            (SAMPLER_ARGUMENT, "0.25"),
            (SERVICE_NAME, "mcsp"),
        ]);
        let config = config.unwrap().unwrap();
        assert_eq!(config.endpoint, "http://collector:4318/behind/v1/traces");
        assert_eq!(config.sampler, Sampler::new(0.25, false));
        assert_eq!(config.service_name.as_deref(), Some("mcsp"));
        // The argument is of those samplers that take one.
        let config = read(&[(ENDPOINT, "http://a"), (SAMPLER, "always_on"), (SAMPLER_ARGUMENT, "0")]);
        assert_eq!(config.unwrap().unwrap().sampler, Sampler::new(1.0, false));
    }

    #[test]
    fn what_is_said_of_traces_stands_above_what_is_said_of_all() {
        let config = read(&[
            (ENDPOINT, "http://collector:4318"),
            (TRACES_ENDPOINT, "https://traces.example/otlp?a=b"),
            (PROTOCOL[0], "http/protobuf"),
            (PROTOCOL[1], "grpc"),
            (HEADERS[0], "api-key=one"),
            (HEADERS[1], "api-key=other,more=more"),
            (TIMEOUT[0], "2500"),
            (TIMEOUT[1], "60000"),
        ]);
        let config = config.unwrap().unwrap();
        assert_eq!(config.endpoint, "https://traces.example/otlp?a=b");
        assert_eq!((config.headers.len(), &config.headers["api-key"]), (1, &"one".parse().unwrap()));
        assert_eq!(config.timeout, Duration::from_millis(2500));
        // Without a path it is the root's.
        let config = read(&[(TRACES_ENDPOINT, "https://traces.example")]).unwrap().unwrap();
        assert_eq!((config.endpoint.path(), config.timeout), ("/", DEFAULT_TIMEOUT));
        assert!(
            !format!("{:?}", read(&[(ENDPOINT, "http://a"), (HEADERS[1], "k=s3cret")])).contains("s3cret")
        );
    }

    #[test]
    fn what_is_disabled_is_not_read_any_further() {
        let endpoint = (ENDPOINT, "nowhere");
        assert!(read(&[(DISABLED, "True"), endpoint]).unwrap().is_none());
        assert!(read(&[(DISABLED, "1"), endpoint]).is_err());
    }

    #[test]
    fn what_cannot_be_followed_is_told() {
        let endpoint = (ENDPOINT, "http://collector:4318");
        for (variables, variable) in [
            (vec![(ENDPOINT, "ftp://collector")], ENDPOINT),
            (vec![(ENDPOINT, "https://somebody:s3cret@collector")], ENDPOINT),
            (vec![(ENDPOINT, "https://collector?a=b")], ENDPOINT),
            (vec![endpoint, (TRACES_ENDPOINT, "collector:4318")], TRACES_ENDPOINT),
            (vec![endpoint, (HEADERS[1], "api-key")], HEADERS[1]),
            (vec![endpoint, (TIMEOUT[1], "10s")], TIMEOUT[1]),
            (vec![endpoint, (TIMEOUT[0], "0")], TIMEOUT[0]),
            (vec![(ENDPOINT, "https://collector"), (CERTIFICATE[1], "/nowhere.pem")], CERTIFICATE[1]),
            (vec![(ENDPOINT, "collector:4318")], ENDPOINT),
            (vec![endpoint, (PROTOCOL[1], "grpc")], PROTOCOL[1]),
            (vec![endpoint, (SAMPLER, "sometimes")], SAMPLER),
            (vec![endpoint, (SAMPLER, "traceidratio"), (SAMPLER_ARGUMENT, "2")], SAMPLER_ARGUMENT),
            (vec![endpoint, (SAMPLER, "traceidratio"), (SAMPLER_ARGUMENT, "NaN")], SAMPLER_ARGUMENT),
        ] {
            assert_eq!(read(&variables).err().map(|error| error.variable), Some(variable), "{variables:?}");
        }
    }
}
