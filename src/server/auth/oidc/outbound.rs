//! Requests to the provider: bounded in time and size, straight to where they are sent.

use super::settings::{Settings, is_loopback};
use openidconnect::{HttpRequest, HttpResponse};
use std::time::Duration;
use ureq::Agent;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

/// How long one answer may take, from the look-up of the name to its last byte.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// More than the largest key set of a provider.
const LARGEST: u64 = 1 << 20;

/// The certificates among what a PEM file holds.
pub fn certificates(pem: &[u8]) -> Vec<Certificate<'static>> {
    parse_pem(pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect()
}

/// Who asks.
pub fn agent(settings: &Settings) -> Agent {
    let roots = match &settings.authorities {
        Some(pem) => RootCerts::from(certificates(pem)),
        None => RootCerts::WebPki,
    };
    let mut config = Agent::config_builder()
        .timeout_global(Some(ANSWER_WITHIN))
        // A redirect could lead anywhere inside the factory.
        .max_redirects(0)
        // The provider's own words about what is wrong are in the body.
        .http_status_as_error(false)
        // Also the addresses that a provider tells of itself.
        .https_only(settings.issuer.url().scheme() == "https")
        .tls_config(TlsConfig::builder().root_certs(roots).build());
    if is_loopback(&settings.issuer) {
        config = config.proxy(None);
    }
    config.build().new_agent()
}

/// Asks, and waits for the whole answer.
pub fn ask(agent: &Agent, request: HttpRequest) -> Result<HttpResponse, ureq::Error> {
    let (parts, body) = request.into_parts();
    let answer = if body.is_empty() {
        agent.run(ureq::http::Request::from_parts(parts, ()))?
    } else {
        agent.run(ureq::http::Request::from_parts(parts, body))?
    };
    let (parts, mut body) = answer.into_parts();
    let bytes = body.with_config().limit(LARGEST).read_to_vec()?;
    Ok(ureq::http::Response::from_parts(parts, bytes))
}
