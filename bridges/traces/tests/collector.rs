//! A collector that is not well: nobody waits for it, and what it does not take is counted.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may fail as tests do")]

use mcsp_traces::{SpanContext, TraceCounts, Tracer, TracesConfig};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// More spans than the queue holds, and than wait elsewhere.
const FLOOD: u64 = 30_000;
/// What the slowest machine needs to begin and end so many, or to stop, without waiting for an answer: after ten seconds that is
/// given up.
const PROMPTLY: Duration = Duration::from_secs(9);

fn tracer(endpoint: &str, sampler: &str) -> Tracer {
    tracer_of(&[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint), ("OTEL_TRACES_SAMPLER", sampler)])
}

fn tracer_of(variables: &[(&str, &str)]) -> Tracer {
    let config = TracesConfig::read(|name| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    });
    Tracer::start(config.unwrap()).unwrap()
}

/// Speaks TLS with a certificate for `localhost`, of an authority whose own certificate it gives (PEM).
fn private_tls() -> (TlsAcceptor, String) {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    let certificate = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), certificate)
}

fn serve(tracer: &Tracer) -> Option<SpanContext> {
    let mut span = tracer.serve(&Arc::from("test"), None, || "GET /".to_owned());
    span.text("http.route", "/");
    span.context()
}

fn sum(counts: TraceCounts) -> u64 {
    counts.exported_total + counts.overflowed_total + counts.failed_total
}

async fn until(tracer: &Tracer, is_so: impl Fn(TraceCounts) -> bool) {
    let counted = async {
        while !is_so(tracer.counts()) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let counted = tokio::time::timeout(Duration::from_secs(30), counted).await;
    assert!(counted.is_ok(), "{:?}", tracer.counts());
}

#[tokio::test]
async fn one_that_hangs_delays_nobody_and_what_finds_no_room_is_counted() {
    let hanging = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let tracer = tracer(&format!("http://{}", hanging.local_addr().unwrap()), "always_on");
    let begun = Instant::now();
    for _ in 0..FLOOD {
        assert!(serve(&tracer).is_some());
    }
    assert!(begun.elapsed() < PROMPTLY, "{:?}", begun.elapsed());
    assert!(tracer.counts().overflowed_total > 0, "{:?}", tracer.counts());
    // A stop waits a little, and not for an answer that never comes.
    let begun = Instant::now();
    tracer.finish().await;
    assert!(begun.elapsed() < PROMPTLY, "{:?}", begun.elapsed());
    assert_eq!(tracer.counts().exported_total, 0);
}

#[tokio::test]
async fn what_one_that_is_away_or_refuses_does_not_take_is_counted() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = gone.local_addr().unwrap();
    let tracer = tracer(&format!("http://{address}"), "always_on");
    drop(gone);
    serve(&tracer);
    until(&tracer, |counts| counts.failed_total == 1).await;
    let back = TcpListener::bind(address).await.unwrap();
    serve(&tracer);
    let (mut stream, _) = back.accept().await.unwrap();
    let mut request = vec![0; 4_096];
    let read = stream.read(&mut request).await.unwrap();
    assert!(request[..read].starts_with(b"POST /v1/traces HTTP/1.1\r\n"));
    stream.write_all(b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    until(&tracer, |counts| counts.failed_total == 2).await;
    // The same connection, now that it is well.
    serve(&tracer);
    assert!(stream.read(&mut request).await.unwrap() > 0);
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    until(&tracer, |counts| counts.exported_total == 1).await;
    assert_eq!(sum(tracer.counts()), 3);
}

#[tokio::test]
async fn a_private_one_is_told_what_it_demands_by_who_knows_its_authority() {
    let (acceptor, authority) = private_tls();
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("collector-authority.pem");
    std::fs::write(&file, authority).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let known = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=s3cret%2C and more"),
    ];
    // Its authority is none of this machine's.
    let stranger = tracer_of(&known);
    serve(&stranger);
    let (stream, _) = listener.accept().await.unwrap();
    assert!(acceptor.accept(stream).await.is_err());
    until(&stranger, |counts| counts.failed_total == 1).await;
    let friend = [&known[..], &[("OTEL_EXPORTER_OTLP_CERTIFICATE", file.to_str().unwrap())]].concat();
    let friend = tracer_of(&friend);
    serve(&friend);
    let (stream, _) = listener.accept().await.unwrap();
    let mut stream = acceptor.accept(stream).await.unwrap();
    let mut request = vec![0; 4_096];
    let read = stream.read(&mut request).await.unwrap();
    let told = String::from_utf8_lossy(&request[..read]);
    assert!(told.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{told}");
    assert!(told.contains("\r\napi-key: s3cret, and more\r\n"), "{told}");
    assert!(told.contains("\r\ncontent-type: application/x-protobuf\r\n"), "{told}");
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    until(&friend, |counts| counts.exported_total == 1).await;
}

#[tokio::test]
async fn one_that_takes_longer_than_it_may_has_not_taken_it() {
    let hanging = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/otlp", hanging.local_addr().unwrap());
    let variables =
        [("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", endpoint.as_str()), ("OTEL_EXPORTER_OTLP_TIMEOUT", "50")];
    let tracer = tracer_of(&variables);
    serve(&tracer);
    until(&tracer, |counts| counts.failed_total == 1).await;
}

#[tokio::test]
async fn a_trace_that_is_passed_over_is_told_so_to_whoever_is_asked() {
    let tracer = tracer("http://127.0.0.1:9", "parentbased_always_off");
    let context = serve(&tracer).unwrap();
    assert!(context.to_string().ends_with("-00"), "{context}");
    assert_eq!(sum(tracer.counts()), 0);
    assert!(!Tracer::default().is_on() && serve(&Tracer::default()).is_none());
}
