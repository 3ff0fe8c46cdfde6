//! The names and addresses by which others reach this machine.

use rustls::pki_types::ServerName;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// What somebody asked for: names and addresses by a setting, and the address to listen on.
pub fn asked_for(listen: SocketAddr, extra: &[String]) -> Vec<String> {
    let mut asked = extra.to_vec();
    if !listen.ip().is_unspecified() {
        asked.push(listen.ip().to_string());
    }
    asked
}

/// Everything by which this machine is reached: its own names, the addresses of all its interfaces where it listens on all
/// of them, and what was asked for.
pub fn reached_by(listen: SocketAddr, asked: &[String]) -> Vec<String> {
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
    }
    names.retain(|name| is_name(name));
    names.extend(asked.iter().cloned());
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

/// The addresses of this machine's interfaces. Without them the names are left.
fn own_addresses() -> Vec<IpAddr> {
    match if_addrs::get_if_addrs() {
        Ok(interfaces) => interfaces.iter().map(if_addrs::Interface::ip).collect(),
        Err(error) => {
            tracing::warn!(%error, "the addresses of this machine are not known; name them with --tls-name");
            vec![]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_certificate_is_made_out_to_where_it_is_reached_and_to_what_is_asked() {
        let listen = "192.0.2.7:3000".parse().expect("an address");
        let names = reached_by(listen, &asked_for(listen, &["floor.example".to_owned()]));
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

    /// What Linux itself tells, read apart: local addresses of its table of routes.
    #[cfg(target_os = "linux")]
    #[test]
    fn every_address_of_every_interface_is_named() {
        let table = std::fs::read_to_string("/proc/net/fib_trie").expect("the routes");
        let lines: Vec<&str> = table.lines().map(str::trim).collect();
        let local = lines
            .windows(2)
            .filter(|pair| pair[1] == "/32 host LOCAL")
            .filter_map(|pair| pair[0].strip_prefix("|-- "));
        let mut told: Vec<String> = local.map(str::to_owned).collect();
        if let Ok(six) = std::fs::read_to_string("/proc/net/if_inet6") {
            let address = |line: &str| {
                let bits = u128::from_str_radix(line.split_whitespace().next()?, 16).ok()?;
                Some(Ipv6Addr::from_bits(bits))
            };
            let six = six.lines().filter_map(address);
            let reached = six.filter(|a| !a.is_unicast_link_local());
            told.extend(reached.map(|a| a.to_string()));
        }
        assert!(told.iter().any(|a| a == "127.0.0.1"), "{told:?}");
        let names = reached_by("0.0.0.0:3000".parse().expect("an address"), &[]);
        for address in told {
            assert!(names.contains(&address), "{address}: {names:?}");
        }
    }
}
