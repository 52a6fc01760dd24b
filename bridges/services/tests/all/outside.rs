//! Calls to addresses that clients have registered.

use crate::support::{Caller, Server, answer, caller_with, get, text};
use bytes::Bytes;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use mcsp_bridge_api::Failure;
use mcsp_bridge_api::services::Request;
use mcsp_guard::State;
use mcsp_services::{ANYWHERE, ServicesConfig, TargetConfig};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Where the second half of a test is told what to call.
const ADDRESS: &str = "MCSP_TEST_OUTSIDE_ADDRESS";

fn caller(networks: &[&str]) -> Caller {
    let networks = networks.iter().map(|&network| network.to_owned()).collect();
    let target = TargetConfig { networks, ..TargetConfig::at(ANYWHERE) };
    caller_with(ServicesConfig { targets: [("auth".into(), target)].into(), ..ServicesConfig::default() })
}

fn post(address: &str) -> Request {
    Request { method: "POST".into(), body: b"logout_token=x".to_vec(), ..get(address) }
}

#[tokio::test]
async fn a_whole_address_is_called_and_a_redirect_is_an_answer() {
    let server = Server::start(|_| async { answer(307, &[("location", "/elsewhere")], "there") }).await;
    let caller = caller(&["127.0.0.0/8"]);
    let response = caller.services.call(post(&format!("http://{}/told?a=b", server.address))).await.unwrap();
    assert_eq!((response.status, text(&response).as_str()), (307, "there"));
    let seen = server.last();
    assert_eq!(
        (seen.method.as_str(), seen.path.as_str(), &seen.body[..]),
        ("POST", "/told?a=b", &b"logout_token=x"[..])
    );
    assert_eq!((server.requests(), &seen.headers["host"]), (1, &server.address.to_string().parse().unwrap()));
}

#[tokio::test]
async fn a_name_that_leads_to_this_machine_is_not_followed() {
    let server = Server::start(|_| async { answer(200, &[], "") }).await;
    let port = server.address.port();
    let refused = Err(Failure::Refused("address-not-allowed".into()));
    for scheme in ["https", "http"] {
        let address = format!("{scheme}://localhost:{port}/");
        assert_eq!(caller(&[]).services.call(post(&address)).await, refused, "{scheme}");
    }
    // No number, and to a resolver still this machine.
    for host in ["127.1", "2130706433", "0x7f000001"] {
        let address = format!("http://{host}:{port}/");
        assert_eq!(caller(&["127.0.0.0/8"]).services.call(post(&address)).await, refused, "{host}");
    }
    assert_eq!(server.requests(), 0);
    let allowed =
        caller(&["127.0.0.0/8", "::1/128"]).services.call(post(&format!("http://localhost:{port}/"))).await;
    assert_eq!(allowed.unwrap().status, 200);
}

#[tokio::test]
async fn a_host_that_is_down_closes_its_own_way_only() {
    let (sick, well) = (
        Server::start(|_| async { answer(503, &[], "") }).await,
        Server::start(|_| async { answer(200, &[], "") }).await,
    );
    let caller = caller(&["127.0.0.0/8"]);
    let state = |place: &str| caller.guards.guard_at("content", "services-auth", place).snapshot().state;
    // Two hosts of loopback.
    let (sick, well) = (
        format!("http://127.0.0.1:{}/", sick.address.port()),
        format!("http://localhost:{}/", well.address.port()),
    );
    for _ in 0..200 {
        if state("127.0.0.1") == State::Open {
            break;
        }
        caller.services.call(post(&sick)).await.unwrap();
    }
    assert!(matches!(caller.services.call(post(&sick)).await, Err(Failure::BreakerOpen(_))));
    assert_eq!(
        (caller.services.call(post(&well)).await.unwrap().status, state("localhost")),
        (200, State::Closed)
    );
}

/// A server with a certificate that nobody has vouched for. Gives its address, and the certificate.
async fn tls_server() -> (String, String) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://localhost:{}/told", listener.local_addr().unwrap().port());
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // A client that does not trust it goes away.
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let told = service_fn(|_| async {
                    Ok::<_, Infallible>(http::Response::new(Full::<Bytes>::default()))
                });
                hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), told)
                    .await
                    .ok();
            });
        }
    });
    (address, made.cert.pem())
}

#[tokio::test]
async fn who_cannot_prove_the_name_is_not_spoken_to() {
    let (address, certificate) = tls_server().await;
    let caller = caller(&["127.0.0.0/8", "::1/128"]);
    assert_eq!(caller.services.call(post(&address)).await, Err(Failure::Unreachable));
    // What is trusted is read once in a process, so another one is needed to trust it.
    let file = std::env::temp_dir().join(format!("mcsp-outside-{}.pem", std::process::id()));
    std::fs::write(&file, certificate).unwrap();
    let mut trusting = tokio::process::Command::new(std::env::current_exe().unwrap());
    trusting.args(["--ignored", "--exact", "with_a_certificate_that_is_trusted"]);
    let trusting = trusting.env("SSL_CERT_FILE", &file).env(ADDRESS, &address).output().await.unwrap();
    std::fs::remove_file(&file).unwrap();
    assert!(trusting.status.success(), "{}", String::from_utf8_lossy(&trusting.stdout));
}

#[tokio::test]
#[ignore = "the second half of the test above, which starts it"]
async fn with_a_certificate_that_is_trusted() {
    let address = std::env::var(ADDRESS).unwrap();
    let caller = caller(&["127.0.0.0/8", "::1/128"]);
    assert_eq!(caller.services.call(post(&address)).await.unwrap().status, 200);
    let by_number = address.replacen("localhost", "127.0.0.1", 1);
    assert_eq!(caller.services.call(post(&by_number)).await, Err(Failure::Unreachable), "another name");
}
