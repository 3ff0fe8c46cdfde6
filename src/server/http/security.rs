//! Headers that every answer carries.

use crate::server::config::Transport;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

/// What a page may load; `nonce` marks the scripts that the server itself wrote.
#[must_use]
pub fn page_policy(nonce: &str) -> String {
    format!(
        "default-src 'self'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; \
         style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; connect-src 'self'; manifest-src 'self'; \
         worker-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

/// Fixed headers; a page has set its own policy, anything else may load nothing.
pub async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut default = |name: HeaderName, value: &'static str| {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    };
    default(
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    );
    default(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(header::REFERRER_POLICY, "same-origin");
    default(
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=()",
    );
    default(
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    );
    default(header::CACHE_CONTROL, "no-cache");
    response
}

/// A year, as RFC 6797 counts it.
const A_YEAR: &str = "max-age=31536000";

/// Browsers that once came under TLS come under TLS from then on. Not to this machine's own name: on it, other programs
/// answer in clear on other ports, and the rule is one for all ports of a name. A proxy says it for itself.
pub async fn stay_under_tls(
    State(transport): State<Transport>,
    request: Request,
    next: Next,
) -> Response {
    let host = request.headers().get(header::HOST);
    let host = match host.and_then(|host| host.to_str().ok()) {
        Some(host) => host.rsplit_once(':').map_or(host, |(name, _)| name),
        // HTTP/2 tells the host in the address.
        None => request.uri().host().unwrap_or_default(),
    };
    let applies = transport == Transport::Tls && host != "localhost";
    let mut response = next.run(request).await;
    if applies {
        let headers = response.headers_mut();
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static(A_YEAR),
        );
    }
    response
}

/// What a page without scripts may load.
pub const STILL_PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";
