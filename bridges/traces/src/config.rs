//! Where spans go and which: what OpenTelemetry's environment variables say.

use crate::sampler::Sampler;
use http::Uri;
use http::uri::Scheme;

/// Where spans go, and which.
#[derive(Clone, Debug)]
pub struct TracesConfig {
    /// The collector's address for traces.
    pub endpoint: Uri,
    /// Which traces are recorded.
    pub sampler: Sampler,
    /// The name of the service that all spans are of; otherwise each is of the platform's service that it belongs to.
    pub service_name: Option<String>,
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

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";
const SAMPLER: &str = "OTEL_TRACES_SAMPLER";
const SAMPLER_ARGUMENT: &str = "OTEL_TRACES_SAMPLER_ARG";
const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";
/// Where the protocol has traces, below the endpoint (OTLP, section "OTLP/HTTP Request").
const TRACES_PATH: &str = "/v1/traces";
const DEFAULT_SAMPLER: &str = "parentbased_always_on";

impl TracesConfig {
    /// Reads the environment: `OTEL_EXPORTER_OTLP_ENDPOINT`, without which there are no traces, `OTEL_TRACES_SAMPLER`,
    /// `OTEL_TRACES_SAMPLER_ARG` and `OTEL_SERVICE_NAME`.
    pub fn from_env() -> Result<Option<Self>, ConfigError> {
        Self::read(|variable| std::env::var(variable).ok())
    }

    /// As [`from_env`](Self::from_env), with variables from elsewhere. One that is empty is as if it were not set.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, ConfigError> {
        let variable = |name| variable(name).filter(|value| !value.is_empty());
        let Some(endpoint) = variable(ENDPOINT) else { return Ok(None) };
        if variable(PROTOCOL).is_some_and(|protocol| protocol != "http/protobuf") {
            return Err(ConfigError { variable: PROTOCOL, reason: "only http/protobuf is spoken" });
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
        Ok(Some(TracesConfig { endpoint: traces_at(&endpoint)?, sampler, service_name }))
    }
}

/// The collector is beside the platform, and speaks TLS to whoever is farther away.
fn traces_at(endpoint: &str) -> Result<Uri, ConfigError> {
    let refused = ConfigError { variable: ENDPOINT, reason: "must be http:// and an address" };
    let uri = format!("{}{TRACES_PATH}", endpoint.trim_end_matches('/'));
    let uri = uri.parse::<Uri>().map_err(|_| refused.clone())?;
    let is_http = uri.scheme() == Some(&Scheme::HTTP) && uri.host().is_some() && uri.query().is_none();
    if is_http { Ok(uri) } else { Err(refused) }
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
            (PROTOCOL, "http/protobuf"),
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
    fn what_cannot_be_followed_is_told() {
        let endpoint = (ENDPOINT, "http://collector:4318");
        for (variables, variable) in [
            (vec![(ENDPOINT, "https://collector")], ENDPOINT),
            (vec![(ENDPOINT, "collector:4318")], ENDPOINT),
            (vec![endpoint, (PROTOCOL, "grpc")], PROTOCOL),
            (vec![endpoint, (SAMPLER, "sometimes")], SAMPLER),
            (vec![endpoint, (SAMPLER, "traceidratio"), (SAMPLER_ARGUMENT, "2")], SAMPLER_ARGUMENT),
            (vec![endpoint, (SAMPLER, "traceidratio"), (SAMPLER_ARGUMENT, "NaN")], SAMPLER_ARGUMENT),
        ] {
            assert_eq!(read(&variables).err().map(|error| error.variable), Some(variable), "{variables:?}");
        }
    }
}
