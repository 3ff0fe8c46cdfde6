//! For whom an authority may vouch: its name constraints (RFC 5280, 4.2.1.10). A device that trusts it does not trust it for
//! the rest of the world, also not when somebody has taken its key.

use rcgen::{CidrSubnet, GeneralSubtree, NameConstraints};
use rustls::pki_types::CertificateDer;
use std::net::IpAddr;
use x509_parser::extensions::GeneralName;

/// Networks that are nobody's on the Internet: loopback, private ones (RFC 1918, RFC 4193), link-local ones, and how many bits
/// of an address name the network.
const OWN_NETWORKS: [(&str, u8); 8] = [
    ("127.0.0.0", 8),
    ("::1", 128),
    ("10.0.0.0", 8),
    ("172.16.0.0", 12),
    ("192.168.0.0", 16),
    ("fc00::", 7),
    ("169.254.0.0", 16),
    ("fe80::", 10),
];
/// Names that hosts give themselves without a name server (RFC 6762, RFC 6761).
const OWN_NAMES: [&str; 2] = ["local", "localhost"];

/// A range of addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Network {
    address: Vec<u8>,
    mask: Vec<u8>,
}

impl Network {
    fn of(address: IpAddr, bits: u8) -> Self {
        let (address, mask) = match CidrSubnet::from_addr_prefix(address, bits) {
            CidrSubnet::V4(address, mask) => (address.to_vec(), mask.to_vec()),
            CidrSubnet::V6(address, mask) => (address.to_vec(), mask.to_vec()),
        };
        Self { address, mask }
    }

    fn holds(&self, address: IpAddr) -> bool {
        let octets = octets(address);
        octets.len() == self.address.len()
            && octets
                .iter()
                .zip(&self.address)
                .zip(&self.mask)
                .all(|((own, of_network), mask)| own & mask == of_network & mask)
    }

    /// As a certificate tells it.
    fn subtree(&self) -> Option<GeneralSubtree> {
        let subnet = match (&*self.address, &*self.mask) {
            (address, mask) if address.len() == 4 => {
                CidrSubnet::V4(address.try_into().ok()?, mask.try_into().ok()?)
            }
            (address, mask) => CidrSubnet::V6(address.try_into().ok()?, mask.try_into().ok()?),
        };
        Some(GeneralSubtree::IpAddress(subnet))
    }

    /// The one address that it holds, if it is one.
    fn single(&self) -> Option<IpAddr> {
        if self.mask.iter().any(|byte| *byte != u8::MAX) {
            return None;
        }
        address_of(&self.address)
    }
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

fn address_of(octets: &[u8]) -> Option<IpAddr> {
    match octets.len() {
        4 => <[u8; 4]>::try_from(octets).ok().map(IpAddr::from),
        _ => <[u8; 16]>::try_from(octets).ok().map(IpAddr::from),
    }
}

/// What an authority may vouch for, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Host names, with all below them.
    names: Vec<String>,
    networks: Vec<Network>,
}

impl Limits {
    /// The limits of an authority that is made now: own networks and names, the host names among `names` that have a domain,
    /// and what somebody asked for.
    #[must_use]
    pub fn new(names: &[String], asked: &[String]) -> Self {
        let own = OWN_NETWORKS.iter().filter_map(|(address, bits)| {
            let address = address.parse().ok()?;
            Some(Network::of(address, *bits))
        });
        let mut limits = Self {
            names: OWN_NAMES.map(str::to_owned).to_vec(),
            networks: own.collect(),
        };
        for name in names.iter().chain(asked) {
            if limits.hold(name) {
                continue;
            }
            match name.parse::<IpAddr>() {
                // A host that calls itself `dev` would open a whole top-level domain: only where somebody said so.
                Err(_) if name.contains('.') || asked.contains(name) => {
                    limits.names.push(name.clone());
                }
                Err(_) => {}
                // Addresses of the Internet only where somebody said so: a machine changes them without a word.
                Ok(address) if asked.contains(name) => {
                    let bits = if address.is_ipv4() { 32 } else { 128 };
                    limits.networks.push(Network::of(address, bits));
                }
                Ok(_) => {}
            }
        }
        limits
    }

    /// Those that stand in an authority's certificate; `None` for one of an older program, which has none.
    ///
    /// # Errors
    /// A certificate that cannot be read.
    pub fn of(certificate: &CertificateDer<'_>) -> Result<Option<Self>, String> {
        let (_, parsed) = x509_parser::parse_x509_certificate(certificate)
            .map_err(|e| format!("certificate: {e}"))?;
        let told = parsed
            .name_constraints()
            .map_err(|e| format!("certificate: {e}"))?;
        let Some(permitted) = told.and_then(|t| t.value.permitted_subtrees.as_ref()) else {
            return Ok(None);
        };
        let (mut names, mut networks) = (Vec::new(), Vec::new());
        for subtree in permitted {
            match &subtree.base {
                GeneralName::DNSName(name) => names.push((*name).to_owned()),
                GeneralName::IPAddress(range) => {
                    let (address, mask) = range.split_at(range.len() / 2);
                    networks.push(Network {
                        address: address.to_vec(),
                        mask: mask.to_vec(),
                    });
                }
                _ => {}
            }
        }
        Ok(Some(Self { names, networks }))
    }

    /// As a certificate tells them.
    #[must_use]
    pub fn constraints(&self) -> NameConstraints {
        let names = self.names.iter().cloned().map(GeneralSubtree::DnsName);
        let networks = self.networks.iter().filter_map(Network::subtree);
        NameConstraints {
            permitted_subtrees: names.chain(networks).collect(),
            excluded_subtrees: vec![],
        }
    }

    /// Whether a host name or address is within them.
    #[must_use]
    pub fn hold(&self, name: &str) -> bool {
        match name.parse::<IpAddr>() {
            Ok(address) => self.networks.iter().any(|n| n.holds(address)),
            Err(_) => self.names.iter().any(|of| {
                let below = name.strip_suffix(of.as_str());
                below.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }),
        }
    }

    /// In words, for those who are to trust the authority: host names, and addresses of the Internet.
    #[must_use]
    pub fn named(&self) -> Vec<String> {
        let own = |name: &&String| !OWN_NAMES.contains(&name.as_str());
        let own_networks: Vec<Network> = Self::new(&[], &[]).networks;
        let single = self.networks.iter().filter(|n| !own_networks.contains(n));
        let addresses = single.filter_map(Network::single).map(|a| a.to_string());
        let names = self.names.iter().filter(own).cloned();
        names.chain(addresses).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        let text = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        Limits::new(
            &text(&[
                "dev",
                "dev.local",
                "dev.plant.example",
                "10.0.0.7",
                "203.0.113.7",
            ]),
            &text(&["floor", "floor.example", "198.51.100.4", "2001:db8::4"]),
        )
    }

    #[test]
    fn networks_of_the_plant_and_what_was_asked_for_are_within_and_the_rest_of_the_world_is_not() {
        let limits = limits();
        for within in [
            "localhost",
            "floor",
            "dev.local",
            "dev.plant.example",
            "tablet-3.local",
            "floor.example",
            "a.floor.example",
            "127.0.0.1",
            "::1",
            "10.255.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.7.7",
            "fd12::1",
            "fe80::1",
            "198.51.100.4",
            "2001:db8::4",
        ] {
            assert!(limits.hold(within), "{within}");
        }
        for outside in [
            "dev",
            "bank.dev",
            "example",
            "plant.example",
            "bank.example",
            "notfloor.example",
            "evillocal",
            "8.8.8.8",
            "172.32.0.1",
            "172.15.0.1",
            "192.169.0.1",
            "203.0.113.7",
            "198.51.100.5",
            "2001:db8::5",
            "::ffff:8.8.8.8",
        ] {
            assert!(!limits.hold(outside), "{outside}");
        }
        let named = [
            "dev.plant.example",
            "floor",
            "floor.example",
            "198.51.100.4",
            "2001:db8::4",
        ];
        assert_eq!(limits.named(), named);
    }
}
