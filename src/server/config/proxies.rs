//! Which machines are proxies of ours: only such a one is believed who it is that asks through it.

use serde::Deserialize;
use std::net::IpAddr;
use std::str::FromStr;

/// An address, or a network of addresses as `10.1.0.0/16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network {
    address: IpAddr,
    /// So many bits at the front are those of the network.
    bits: u32,
}

/// Why a text is no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoNetwork {
    /// It is of another form.
    #[error("'{0}' is neither an address nor a network such as 10.1.0.0/16")]
    Form(String),
    /// Whoever may be anybody is not believed.
    #[error("'{0}' is everybody: name the machines that are your proxies")]
    Everybody(String),
}

impl Network {
    /// The network of one address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        let address = address.to_canonical();
        Self {
            address,
            bits: width(address),
        }
    }

    /// Whether an address is in it; an IPv4 address on a socket for both counts as that.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let width = width(self.address);
        let apart = number(self.address) ^ number(address);
        // By how many bits the part of single machines is long.
        let rest = width - self.bits;
        self.address.is_ipv4() == address.is_ipv4() && apart.checked_shr(rest).unwrap_or(0) == 0
    }
}

const fn width(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

impl FromStr for Network {
    type Err = NoNetwork;

    fn from_str(text: &str) -> Result<Self, NoNetwork> {
        let wrong = || NoNetwork::Form(text.to_owned());
        let (address, bits) = match text.trim().split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let Some(bits) = bits else {
            return Ok(Self::of(address));
        };
        let bits: u32 = bits.parse().map_err(|_| wrong())?;
        if bits > width(address) {
            return Err(wrong());
        }
        if bits == 0 {
            return Err(NoNetwork::Everybody(text.to_owned()));
        }
        Ok(Self { address, bits })
    }
}

impl TryFrom<String> for Network {
    type Error = NoNetwork;

    fn try_from(text: String) -> Result<Self, NoNetwork> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn an_address_is_in_its_network_and_in_no_other() {
        for (text, inside, outside) in [
            ("10.1.0.7", "10.1.0.7", "10.1.0.8"),
            ("10.1.0.0/16", "10.1.255.1", "10.2.0.0"),
            ("10.1.2.3/16", "10.1.9.9", "10.0.255.255"),
            ("10.1.0.0/31", "10.1.0.1", "10.1.0.2"),
            ("128.0.0.0/1", "255.0.0.1", "127.0.0.1"),
            ("10.1.0.7/32", "::ffff:10.1.0.7", "::10.1.0.7"),
            ("2001:db8::/32", "2001:db8:9::1", "2001:db9::1"),
            ("2001:db8::7", "2001:db8::7", "2001:db8::8"),
            ("::/1", "1::", "10.0.0.1"),
        ] {
            let is_in = |address: &str| network(text).contains(address.parse().expect("address"));
            assert!(is_in(inside), "{inside} in {text}");
            assert!(!is_in(outside), "{outside} in {text}");
        }
    }

    #[test]
    fn what_is_no_network_is_told() {
        for wrong in [
            "",
            "proxy",
            "10.1.0.0/33",
            "10.1.0.0/x",
            "10.1.0.0/",
            "10.1/16",
            "::/129",
            "10.1.0.0/-1",
            "10.1.0.7:80",
        ] {
            let said = wrong.parse::<Network>();
            assert_eq!(said, Err(NoNetwork::Form(wrong.to_owned())));
        }
        for everybody in ["0.0.0.0/0", "::/0"] {
            let said = everybody.parse::<Network>();
            assert_eq!(said, Err(NoNetwork::Everybody(everybody.to_owned())));
        }
    }
}
