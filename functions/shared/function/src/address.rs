//! Where a request comes from, as the host saw it.

use axum::extract::FromRequestParts;
use http::HeaderName;
use http::request::Parts;
use mcsp_reference::{Describe, Operation};
use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The header in which the host tells it. The runner replaces what the client sent; Spin adds its own behind it,
/// so only the last one is the host's.
const CLIENT_ADDRESS: HeaderName = HeaderName::from_static("spin-client-addr");

/// How much of an IPv6 address is its network's: what one customer can change at will is all below.
const IPV6_NETWORK_BITS: u32 = 64;

/// The client's address, where the host tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub Option<IpAddr>);

impl ClientAddress {
    /// What limits are counted by: an IPv4 address, or the /64 network of an IPv6 address.
    pub fn network(self) -> Option<IpAddr> {
        self.0.map(|address| match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(v6) => {
                let host_bits = Ipv6Addr::BITS - IPV6_NETWORK_BITS;
                IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> host_bits << host_bits))
            }
        })
    }
}

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let last = parts.headers.get_all(CLIENT_ADDRESS).iter().next_back();
        Ok(ClientAddress(last.and_then(|value| value.to_str().ok()).and_then(parse)))
    }
}

impl Describe for ClientAddress {
    fn describe(_: &mut Operation) {}
}

/// With a port or without one. An IPv4 address in IPv6 clothes is the IPv4 address.
fn parse(text: &str) -> Option<IpAddr> {
    let with_port = text.parse::<SocketAddr>().map(|address| address.ip());
    with_port.or_else(|_| text.parse()).ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_stripped() {
        for (text, expected) in [
            ("192.0.2.7:5001", Some("192.0.2.7")),
            ("192.0.2.7", Some("192.0.2.7")),
            ("[2001:db8::1]:443", Some("2001:db8::1")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("[::ffff:192.0.2.7]:1", Some("192.0.2.7")),
            ("unix", None),
            ("", None),
        ] {
            assert_eq!(parse(text), expected.map(|address| address.parse().unwrap()), "{text}");
        }
    }

    #[tokio::test]
    async fn what_the_client_says_of_itself_is_not_believed() {
        let request = http::Request::get("/")
            .header(CLIENT_ADDRESS, "203.0.113.9:1")
            .header(CLIENT_ADDRESS, "192.0.2.7:5001")
            .body(())
            .unwrap();
        let mut parts = request.into_parts().0;
        let Ok(ClientAddress(address)) = ClientAddress::from_request_parts(&mut parts, &()).await;
        assert_eq!(address, parse("192.0.2.7"));
    }

    #[test]
    fn addresses_of_one_ipv6_network_count_together() {
        let network = |text: &str| ClientAddress(parse(text)).network();
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::9"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_ne!(network("192.0.2.7"), network("192.0.2.8"));
    }
}
