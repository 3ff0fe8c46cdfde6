//! Which addresses of the network belong to one client.

use std::net::{IpAddr, Ipv6Addr};

/// The addresses that one client can take as it likes count as one: of IPv6 a network of 64 bits.
#[must_use]
pub fn household(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}
