//! A target that is no place but all of the internet: addresses that people have registered, and that may be chosen to
//! reach what only we can.
//!
//! What is called is looked at where it is connected to, not where it is named: a name may lead anywhere, and elsewhere the
//! next time.

use crate::error::{InvalidTarget, ServicesError};
use bytes::Bytes;
use http::Uri;
use http::uri::Scheme;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use rustls::{ClientConfig, RootCertStore};
use std::error::Error;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;
use tower_service::Service;

/// Half way around the world, and once more for a packet that is lost.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Such calls are seldom.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(4);
const POOL_MAX_IDLE_PER_HOST: usize = 1;

const ADDRESS_NOT_ALLOWED: ServicesError = ServicesError::Refused("address-not-allowed");

/// IPv4 that is not the public internet: the IANA special-purpose address registry (RFC 6890), multicast, class E.
const SPECIAL_V4: [Ipv4Net; 15] = [
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(224, 0, 0, 0, 4),
    v4(240, 0, 0, 0, 4),
];
/// Of IPv6 only this is given out for the public internet …
const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 3);
/// … but for protocols and examples, and what leads into IPv4.
const SPECIAL_V6: [Ipv6Net; 4] =
    [v6(0x2001, 0, 23), v6(0x2001, 0xdb8, 32), v6(0x2002, 0, 16), v6(0x3fff, 0, 20)];

const fn v4(a: u8, b: u8, c: u8, d: u8, bits: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits)
}

const fn v6(a: u16, b: u16, bits: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), bits)
}

/// How the internet is called.
#[derive(Debug)]
pub(crate) struct Outside {
    places: Places,
    pub client: Client<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>,
}

/// Where calls may lead.
#[derive(Clone, Debug)]
struct Places {
    /// Beyond the public internet.
    networks: Arc<[IpNet]>,
}

/// Resolves names, to addresses that may be called.
#[derive(Clone, Debug)]
pub(crate) struct Resolver {
    system: GaiResolver,
    places: Places,
}

/// Why a name leads nowhere.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unresolved {
    /// There is no such name, or it can't be looked up.
    #[error("the name has no address")]
    Unknown(#[source] io::Error),
    /// It leads to us, or to others that are not public.
    #[error("the name has no address that may be called")]
    NotAllowed,
}

impl Outside {
    /// The public internet, and these networks: `10.0.0.0/8`.
    pub(crate) fn new(name: &str, networks: &[String]) -> Result<Self, InvalidTarget> {
        let invalid = |problem| InvalidTarget { target: name.to_owned(), problem };
        let networks: Result<Arc<[IpNet]>, _> = networks.iter().map(|network| network.parse()).collect();
        let networks = networks.map_err(|_| invalid("`networks` holds what is no network"))?;
        let places = Places { networks };
        let mut http =
            HttpConnector::new_with_resolver(Resolver { system: GaiResolver::new(), places: places.clone() });
        http.set_nodelay(true);
        http.set_connect_timeout(Some(CONNECT_TIMEOUT));
        http.enforce_http(false);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let tls = tls.map_err(|_| invalid("TLS cannot be used"))?;
        let tls = tls.with_root_certificates(authorities()).with_no_client_auth();
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            .pool_max_idle_per_host(POOL_MAX_IDLE_PER_HOST)
            .build(connector);
        Ok(Outside { places, client })
    }

    /// Takes a whole address: `https`, or `http` to this very machine where that may be called at all.
    pub(crate) fn uri(&self, text: &str) -> Result<Uri, ServicesError> {
        const MALFORMED: ServicesError = ServicesError::Refused("malformed-path");
        let uri: Uri = text.parse().map_err(|_| MALFORMED)?;
        let host = uri.host().ok_or(MALFORMED)?;
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
        let is_secret = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err(MALFORMED),
        };
        let is_this_machine = host == "localhost" || literal.is_some_and(|address| address.is_loopback());
        let is_named_plainly = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        // Literals are not resolved: they are looked at here.
        let is_allowed = literal.is_none_or(|address| self.places.admit(address));
        if is_named_plainly && is_allowed && (is_secret || is_this_machine) {
            Ok(uri)
        } else {
            Err(ADDRESS_NOT_ALLOWED)
        }
    }

    /// Why there is no answer.
    pub(crate) fn failure(error: &(dyn Error + 'static)) -> ServicesError {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(Unresolved::NotAllowed) = error.downcast_ref() {
                return ADDRESS_NOT_ALLOWED;
            }
            cause = error.source();
        }
        ServicesError::Unreachable
    }
}

impl Places {
    fn admit(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        is_public(address) || self.networks.iter().any(|network| network.contains(&address))
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !SPECIAL_V4.iter().any(|network| network.contains(&address)),
        IpAddr::V6(address) => {
            GLOBAL_V6.contains(&address) && !SPECIAL_V6.iter().any(|network| network.contains(&address))
        }
    }
}

/// Who vouches for others: what the machine trusts, or the file that `SSL_CERT_FILE` names. Read once.
fn authorities() -> Arc<RootCertStore> {
    static AUTHORITIES: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    let read = || {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if store.is_empty() {
            tracing::warn!("this machine trusts no certificate authority: no address outside can be called");
        }
        Arc::new(store)
    };
    Arc::clone(AUTHORITIES.get_or_init(read))
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Unresolved;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Unresolved>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Unresolved>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (resolving, places) = (self.system.call(name), self.places.clone());
        Box::pin(async move {
            let found = resolving.await.map_err(Unresolved::Unknown)?;
            let allowed: Vec<_> = found.filter(|address| places.admit(address.ip())).collect();
            if allowed.is_empty() { Err(Unresolved::NotAllowed) } else { Ok(allowed.into_iter()) }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn outside(networks: &[&str]) -> Outside {
        let networks: Vec<_> = networks.iter().map(|&network| network.to_owned()).collect();
        Outside::new("clients", &networks).unwrap()
    }

    #[test]
    fn what_is_not_public_is_not_called_in_any_notation() {
        let outside = outside(&[]);
        for host in [
            "127.0.0.1",
            "127.255.0.9",
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "192.0.2.1",
            "198.19.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:10.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[fe80::1]",
            "[fd00::1]",
            "[ff02::1]",
            "[2001:db8::1]",
            "[2002:7f00:1::]",
            "[2001:0:7f00:1::]",
        ] {
            let refused = outside.uri(&format!("https://{host}/logout"));
            assert!(
                matches!(refused, Err(ServicesError::Refused("address-not-allowed"))),
                "{host}: {refused:?}"
            );
        }
        for host in ["8.8.8.8", "172.32.0.1", "[2606:4700::1111]", "client.example", "client.example:8443"] {
            assert!(outside.uri(&format!("https://{host}/logout?a=b")).is_ok(), "{host}");
        }
    }

    /// Each network that is not public, by its first and its last address, and the addresses beside it.
    #[test]
    fn what_is_not_public_begins_and_ends_where_it_should() {
        for (first, last) in [
            ("0.0.0.0", "0.255.255.255"),
            ("10.0.0.0", "10.255.255.255"),
            ("100.64.0.0", "100.127.255.255"),
            ("127.0.0.0", "127.255.255.255"),
            ("169.254.0.0", "169.254.255.255"),
            ("172.16.0.0", "172.31.255.255"),
            ("192.0.0.0", "192.0.0.255"),
            ("192.0.2.0", "192.0.2.255"),
            ("192.88.99.0", "192.88.99.255"),
            ("192.168.0.0", "192.168.255.255"),
            ("198.18.0.0", "198.19.255.255"),
            ("198.51.100.0", "198.51.100.255"),
            ("203.0.113.0", "203.0.113.255"),
            ("224.0.0.0", "239.255.255.255"),
            ("240.0.0.0", "255.255.255.255"),
        ] {
            let (first, last): (Ipv4Addr, Ipv4Addr) = (first.parse().unwrap(), last.parse().unwrap());
            assert!(!is_public(first.into()) && !is_public(last.into()), "{first} to {last}");
            for beside in
                [first.to_bits().checked_sub(1), last.to_bits().checked_add(1)].into_iter().flatten()
            {
                let beside = Ipv4Addr::from_bits(beside);
                let is_another = SPECIAL_V4.iter().any(|network| network.contains(&beside));
                assert_eq!(is_public(beside.into()), !is_another, "{beside}");
            }
        }
        for (first, last) in [
            ("::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ] {
            let (first, last): (Ipv6Addr, Ipv6Addr) = (first.parse().unwrap(), last.parse().unwrap());
            assert!(!is_public(first.into()) && !is_public(last.into()), "{first} to {last}");
        }
        for public in
            ["2000::", "2001:200::", "2001:db7:ffff::", "2001:db9::", "2003::", "3ffe::", "3fff:1000::"]
        {
            let public: Ipv6Addr = public.parse().unwrap();
            assert!(is_public(public.into()), "{public}");
        }
    }

    proptest! {
        /// An address of IPv4 is the same within one of IPv6, or is not called at all there.
        #[test]
        fn no_address_hides_in_another(bits in any::<u32>()) {
            let address = Ipv4Addr::from_bits(bits);
            let [a, b] = [(bits >> 16) as u16, bits as u16];
            let places = outside(&[]).places;
            let mapped = address.to_ipv6_mapped();
            prop_assert_eq!(places.admit(mapped.into()), is_public(address.into()));
            for hidden in [
                // IPv4-compatible, NAT64 (also for use within a network), 6to4, Teredo.
                Ipv6Addr::new(0, 0, 0, 0, 0, 0, a, b),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, a, b),
                Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, a, b),
                Ipv6Addr::new(0x2002, a, b, 0, 0, 0, 0, 1),
                Ipv6Addr::new(0x2001, 0, a, b, 0, 0, !a, !b),
            ] {
                prop_assert!(!places.admit(hidden.into()), "{}", hidden);
            }
        }

        /// Written in any notation that is taken, an address is called exactly where it may be.
        #[test]
        fn a_literal_is_called_where_its_address_may_be(bits in any::<u128>(), is_v4 in any::<bool>()) {
            let (address, host) = if is_v4 {
                let address = Ipv4Addr::from_bits(bits as u32);
                (IpAddr::V4(address), address.to_string())
            } else {
                let address = Ipv6Addr::from_bits(bits);
                (IpAddr::V6(address), format!("[{address}]"))
            };
            let outside = outside(&[]);
            prop_assert_eq!(outside.uri(&format!("https://{host}/a")).is_ok(), outside.places.admit(address));
            let in_plain = outside.uri(&format!("http://{host}/a"));
            prop_assert!(in_plain.is_err());
        }

        /// A network that is configured is called, and nothing beside it.
        #[test]
        fn only_the_networks_that_are_named_are_called_too(bits in any::<u32>()) {
            let places = outside(&["10.1.0.0/16"]).places;
            let address = Ipv4Addr::from_bits(bits);
            let is_named = address.octets()[..2] == [10, 1];
            prop_assert_eq!(places.admit(address.into()), is_named || is_public(address.into()));
            let within = Ipv4Addr::new(10, 1, (bits >> 8) as u8, bits as u8);
            prop_assert!(places.admit(within.into()) && places.admit(within.to_ipv6_mapped().into()));
        }
    }

    #[test]
    fn only_https_leaves_the_machine() {
        let outside = outside(&["127.0.0.0/8", "::1/128", "10.0.0.0/8"]);
        for address in ["http://127.0.0.1:1/", "http://[::1]:1/", "http://localhost:1/x", "https://10.1.2.3/"]
        {
            assert!(outside.uri(address).is_ok(), "{address}");
        }
        for (address, code) in [
            ("http://10.1.2.3/", "address-not-allowed"),
            ("http://client.example/", "address-not-allowed"),
            ("https://user@client.example/", "address-not-allowed"),
            ("https://127.0.0.1@192.168.0.1/", "address-not-allowed"),
            ("https://192.168.0.1/", "address-not-allowed"),
            ("ftp://client.example/", "malformed-path"),
            ("/logout", "malformed-path"),
            ("", "malformed-path"),
        ] {
            let refused = outside.uri(address);
            assert!(matches!(refused, Err(ServicesError::Refused(found)) if found == code), "{address}");
        }
    }

    #[test]
    fn a_network_that_is_none_is_told_of() {
        for network in ["", "10.0.0.0", "10.0.0.0/33", "everything"] {
            assert!(Outside::new("clients", &[network.to_owned()]).is_err(), "{network}");
        }
    }
}
