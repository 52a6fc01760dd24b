//! Who a request comes from, where proxies stand between: the last one before those that are trusted.

use http::{HeaderMap, HeaderName, HeaderValue};
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// Each proxy adds the address that it was asked from, at the end.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// A network, such as `10.0.0.0/8` or `fd00::/8`; without a length, one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    length: u8,
}

/// What is no network.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no network: 10.0.0.0/8, fd00::/8 or an address is expected")]
pub struct NetworkError(String);

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let refused = || NetworkError(text.to_owned());
        let (address, length) = match text.trim().split_once('/') {
            Some((address, length)) => (address, Some(length.parse().map_err(|_| refused())?)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| refused())?;
        let bits = bits_of(address);
        let length = length.unwrap_or(bits);
        if length > bits { Err(refused()) } else { Ok(Network { address, length }) }
    }
}

impl Network {
    /// An IPv4 address in IPv6 clothes is the IPv4 address.
    fn holds(&self, address: IpAddr) -> bool {
        let shift = u32::from(bits_of(self.address) - self.length);
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                (own.to_bits() ^ other.to_bits()).checked_shr(shift).unwrap_or(0) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                (own.to_bits() ^ other.to_bits()).checked_shr(shift).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

fn bits_of(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The client that trusted proxies name; none where the peer itself is the client, or no address is named.
pub(crate) fn client_of(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> Option<HeaderValue> {
    let is_trusted = |address| trusted.iter().any(|network| network.holds(address));
    if trusted.is_empty() || !is_trusted(peer) {
        return None;
    }
    let mut client = None;
    for value in headers.get_all(FORWARDED_FOR).iter().rev() {
        for text in value.to_str().ok()?.rsplit(',') {
            // Before what cannot be read nothing is known.
            let Some(address) = parse(text.trim()) else { return shown(client?) };
            client = Some(address);
            if !is_trusted(address) {
                return shown(address);
            }
        }
    }
    shown(client?)
}

fn shown(address: IpAddr) -> Option<HeaderValue> {
    HeaderValue::from_str(&address.to_string()).ok()
}

fn parse(text: &str) -> Option<IpAddr> {
    let with_port = text.parse::<SocketAddr>().map(|address| address.ip());
    with_port.or_else(|_| text.parse()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&'static str], trusted: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, HeaderValue::from_static(value));
        }
        let trusted: Vec<Network> = trusted.iter().map(|network| network.parse().unwrap()).collect();
        let client = client_of(peer.parse().unwrap(), &headers, &trusted)?;
        Some(client.to_str().unwrap().to_owned())
    }

    #[test]
    fn the_last_address_before_the_proxies_is_the_clients() {
        let trusted = ["127.0.0.0/8", "10.0.0.0/8", "fd00::/8"];
        for (forwarded, expected) in [
            (&["192.0.2.7"][..], Some("192.0.2.7")),
            (&["203.0.113.9, 192.0.2.7, 10.1.2.3"], Some("192.0.2.7")),
            (&["203.0.113.9", "192.0.2.7:4711", "10.1.2.3"], Some("192.0.2.7")),
            (&["2001:db8::1, fd00::7"], Some("2001:db8::1")),
            (&["10.9.9.9, 10.1.2.3"], Some("10.9.9.9")),
            (&["192.0.2.7, unknown, 10.1.2.3"], Some("10.1.2.3")),
            (&["unknown"], None),
            (&[], None),
        ] {
            assert_eq!(client("127.0.0.1", forwarded, &trusted).as_deref(), expected, "{forwarded:?}");
        }
        assert_eq!(client("::ffff:127.0.0.1", &["192.0.2.7"], &trusted).as_deref(), Some("192.0.2.7"));
    }

    #[test]
    fn who_is_no_trusted_proxy_is_not_believed() {
        assert_eq!(client("192.0.2.8", &["192.0.2.7"], &["127.0.0.1"]), None);
        assert_eq!(client("127.0.0.1", &["192.0.2.7"], &[]), None);
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in ["", "10.0.0.0/33", "10.0.0/8", "fd00::/129", "10.0.0.0/-1", "host"] {
            assert_eq!(text.parse::<Network>(), Err(NetworkError(text.to_owned())));
        }
        let all: Network = "0.0.0.0/0".parse().unwrap();
        assert!(all.holds("192.0.2.1".parse().unwrap()) && !all.holds("::1".parse().unwrap()));
    }
}
