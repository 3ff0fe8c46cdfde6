//! The names and addresses by which others reach this machine.

use rustls::pki_types::ServerName;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// Everything that the certificate must be good for: this machine's own names, where it listens, and `extra`.
pub fn reached_by(listen: SocketAddr, extra: &[String]) -> Vec<String> {
    let mut names = vec!["localhost".to_owned()];
    if let Some(host) = host_name() {
        // Tablets find a host without a name server as HOST.local.
        if !host.contains('.') {
            names.push(format!("{host}.local"));
        }
        names.push(host);
    }
    names.push(Ipv4Addr::LOCALHOST.to_string());
    names.push(Ipv6Addr::LOCALHOST.to_string());
    if listen.ip().is_unspecified() {
        names.extend(own_addresses().iter().map(IpAddr::to_string));
    } else {
        names.push(listen.ip().to_string());
    }
    names.retain(|name| is_name(name));
    names.extend(extra.iter().cloned());
    names.sort();
    names.dedup();
    names
}

/// Whether a certificate can be made out to it: a host name or an address.
pub fn is_name(text: &str) -> bool {
    ServerName::try_from(text).is_ok()
}

/// As the system tells it; a machine without a name has none.
fn host_name() -> Option<String> {
    let told = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .or_else(|_| std::fs::read_to_string("/etc/hostname"))
        .ok()
        .or_else(|| std::env::var("COMPUTERNAME").ok())
        .or_else(|| std::env::var("HOSTNAME").ok())?;
    let name = told.trim().to_ascii_lowercase();
    (!name.is_empty() && name != "localhost").then_some(name)
}

/// The address of the way out, of either family. Connecting a datagram socket sends nothing; it only chooses the way.
fn own_addresses() -> Vec<IpAddr> {
    // Addresses kept for documentation: nobody is there.
    let outside: [(IpAddr, IpAddr); 2] = [
        (
            Ipv4Addr::UNSPECIFIED.into(),
            Ipv4Addr::new(192, 0, 2, 1).into(),
        ),
        (
            Ipv6Addr::UNSPECIFIED.into(),
            Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(),
        ),
    ];
    let way = |(from, to): (IpAddr, IpAddr)| -> std::io::Result<IpAddr> {
        let socket = UdpSocket::bind((from, 0))?;
        socket.connect((to, 9))?;
        Ok(socket.local_addr()?.ip())
    };
    outside.into_iter().filter_map(|o| way(o).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_certificate_is_made_out_to_where_it_is_reached_and_to_what_is_asked() {
        let names = reached_by(
            "192.0.2.7:3000".parse().expect("an address"),
            &["floor.example".to_owned()],
        );
        for name in [
            "localhost",
            "127.0.0.1",
            "::1",
            "192.0.2.7",
            "floor.example",
        ] {
            assert!(names.iter().any(|n| n == name), "{name}: {names:?}");
        }
    }

    #[test]
    fn no_certificate_is_made_out_to_everywhere() {
        let names = reached_by("0.0.0.0:3000".parse().expect("an address"), &[]);
        assert!(!names.iter().any(|n| n == "0.0.0.0"), "{names:?}");
    }

    #[test]
    fn what_is_no_name_is_refused() {
        assert!(is_name("floor-1.example") && is_name("10.0.0.7") && is_name("fd00::7"));
        assert!(!is_name("https://floor") && !is_name("a b") && !is_name(""));
    }
}
