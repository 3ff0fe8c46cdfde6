//! Requests to other servers: bounded in time, straight to where they are sent.

use std::net::IpAddr;
use std::time::Duration;
use ureq::Agent;
use ureq::config::ConfigBuilder;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::typestate::AgentScope;
use url::{Host, Url};

/// The certificates among what a PEM file holds.
#[must_use]
pub fn certificates(pem: &[u8]) -> Vec<Certificate<'static>> {
    parse_pem(pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect()
}

/// Whether what answers there runs on this machine.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => IpAddr::from(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::from(ip).is_loopback(),
        None => false,
    }
}

/// How another server is asked.
#[derive(Clone, Copy, Debug)]
pub struct Way<'a> {
    /// How long one answer may take, from the look-up of the name to its last byte.
    pub within: Duration,
    /// The authorities to trust instead of the public ones, as PEM.
    pub authorities: Option<&'a [u8]>,
    /// Never in clear.
    pub https_only: bool,
    /// It runs on this machine: no proxy leads to it.
    pub loopback: bool,
}

impl Way<'_> {
    /// The settings of whoever asks: no redirects, and every status is an answer.
    #[must_use]
    pub fn config(&self) -> ConfigBuilder<AgentScope> {
        let roots = match self.authorities {
            Some(pem) => RootCerts::from(certificates(pem)),
            None => RootCerts::WebPki,
        };
        let config = Agent::config_builder()
            .timeout_global(Some(self.within))
            // A redirect could lead anywhere inside the factory.
            .max_redirects(0)
            .max_redirects_will_error(false)
            // The other side's own words about what is wrong are in the body.
            .http_status_as_error(false)
            .https_only(self.https_only)
            .tls_config(TlsConfig::builder().root_certs(roots).build());
        if self.loopback {
            config.proxy(None)
        } else {
            config
        }
    }
}
