//! Networks of viewers, which URLs may be bound to.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How much of a viewer's address a URL is bound to, for each kind of address; none where it is not bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Binding {
    ipv4_bits: Option<u32>,
    ipv6_bits: Option<u32>,
}

/// A text that says nothing of the kind `ipv4/24 ipv6/48`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a binding must be of the form `ipv4/24 ipv6/48`, or empty")]
pub struct InvalidBinding;

/// The first bits of an address, and how many these are: all addresses that begin so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    bits: u32,
}

impl Binding {
    /// Reads `ipv4/24 ipv6/48`, or one of the two; where it is empty, nothing is bound.
    ///
    /// # Errors
    /// It is of another form, or there are no such addresses.
    pub fn parse(text: &str) -> Result<Self, InvalidBinding> {
        let mut binding = Binding::default();
        for word in text.split_whitespace() {
            let (kind, bits) = word.split_once('/').ok_or(InvalidBinding)?;
            let (bound, most) = match kind {
                "ipv4" => (&mut binding.ipv4_bits, Ipv4Addr::BITS),
                "ipv6" => (&mut binding.ipv6_bits, Ipv6Addr::BITS),
                _ => return Err(InvalidBinding),
            };
            // A network of all addresses would look as if something were bound.
            let bits = bits.parse().ok().filter(|bits| (1..=most).contains(bits)).ok_or(InvalidBinding)?;
            if bound.replace(bits).is_some() {
                return Err(InvalidBinding);
            }
        }
        Ok(binding)
    }

    /// The network that a viewer with this address is in; none where such addresses are not bound.
    #[must_use]
    pub fn network(&self, address: IpAddr) -> Option<Network> {
        let bits = match address {
            IpAddr::V4(_) => self.ipv4_bits,
            IpAddr::V6(_) => self.ipv6_bits,
        };
        bits.map(|bits| Network { first: first(address, bits), bits })
    }
}

impl Network {
    /// Reads what its `Display` writes: `192.0.2.0/24`, without a bit behind the first ones.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/')?;
        let (address, bits): (IpAddr, u32) = (address.parse().ok()?, bits.parse().ok()?);
        let most = if address.is_ipv4() { Ipv4Addr::BITS } else { Ipv6Addr::BITS };
        let network = Network { first: first(address, bits), bits };
        (bits <= most && network.to_string() == text).then_some(network)
    }

    /// Whether an address begins so.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        first(address, self.bits) == self.first
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.bits)
    }
}

/// The first bits of an address, with zeros behind them.
fn first(address: IpAddr, bits: u32) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(Ipv4Addr::BITS.saturating_sub(bits)).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & mask))
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(Ipv6Addr::BITS.saturating_sub(bits)).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(address: &str) -> Option<String> {
        let binding = Binding::parse("ipv4/24 ipv6/48").unwrap();
        binding.network(address.parse().unwrap()).map(|network| network.to_string())
    }

    #[test]
    fn an_address_is_in_the_network_that_it_begins_with() {
        assert_eq!(network("192.0.2.77").as_deref(), Some("192.0.2.0/24"));
        assert_eq!(network("2001:db8:1:2::9").as_deref(), Some("2001:db8:1::/48"));
        let whole = Binding::parse("ipv4/32").unwrap().network("192.0.2.77".parse().unwrap()).unwrap();
        for (address, is_in) in [("192.0.2.77", true), ("192.0.2.76", false), ("::192.0.2.77", false)] {
            assert_eq!(whole.contains(address.parse().unwrap()), is_in, "{address}");
        }
    }

    #[test]
    fn what_is_not_named_is_not_bound() {
        let only = Binding::parse("ipv6/64").unwrap();
        assert_eq!(only.network("192.0.2.1".parse().unwrap()), None);
        assert_eq!(Binding::parse(" ").unwrap(), Binding::default());
        for bad in [
            "24",
            "ipv4",
            "ipv4/0",
            "ipv4/33",
            "ipv6/129",
            "ipv4/24 ipv4/16",
            "ipv5/8",
            "ipv4/+x",
            "ipv4/24,",
        ] {
            assert_eq!(Binding::parse(bad), Err(InvalidBinding), "{bad}");
        }
    }

    #[test]
    fn a_network_has_one_spelling() {
        for text in ["192.0.2.0/24", "2001:db8:1::/48", "192.0.2.77/32"] {
            assert_eq!(Network::parse(text).unwrap().to_string(), text);
        }
        for bad in ["", "192.0.2.1/24", "192.0.2.0", "192.0.2.0/024", "192.0.2.0/33", "2001:DB8::/48", "a/8"]
        {
            assert_eq!(Network::parse(bad), None, "{bad}");
        }
    }
}
