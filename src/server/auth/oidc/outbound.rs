//! Requests to the provider, as `server::outbound` makes them.

use super::settings::Settings;
use crate::server::outbound::{Way, is_loopback};
use openidconnect::{HttpRequest, HttpResponse};
use std::time::Duration;
use ureq::Agent;

/// How long one answer may take, from the look-up of the name to its last byte.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// More than the largest key set of a provider.
const LARGEST: u64 = 1 << 20;

/// Who asks.
pub fn agent(settings: &Settings) -> Agent {
    let way = Way {
        within: ANSWER_WITHIN,
        authorities: settings.authorities.as_deref(),
        // Also the addresses that a provider tells of itself.
        https_only: settings.issuer.url().scheme() == "https",
        loopback: is_loopback(settings.issuer.url()),
    };
    way.config().build().new_agent()
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
