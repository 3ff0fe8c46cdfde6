//! Headers that every answer carries.

use super::{Shared, problem};
use crate::server::auth::identify::bearer;
use crate::server::config::Transport;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

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

/// Refuses what changes something when it comes with a cookie and without a word where from: every browser that sends the
/// cookie says so, in `Sec-Fetch-Site` or in `Origin`. A key in the header is not sent by browsers on their own.
pub async fn cookie_says_where(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let says = |name| headers.get(name).is_some_and(|value| !value.is_empty());
    let by_cookie = headers.contains_key(header::COOKIE) && bearer(headers).is_none();
    let silent = !says(HeaderName::from_static("sec-fetch-site")) && !says(header::ORIGIN);
    if by_cookie && silent && !request.method().is_safe() {
        return problem::cross_origin().into_response();
    }
    next.run(request).await
}

/// What was shown to somebody stays in no cache, unless it says itself how long it may be kept.
pub fn keep_from_caches(response: &mut Response) {
    let headers = response.headers_mut();
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

/// A browser takes a `__Host-` cookie only with `Secure`, also when it is to forget one.
pub async fn whole_cookies(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let set: Vec<HeaderValue> = headers
        .get_all(header::SET_COOKIE)
        .iter()
        .cloned()
        .collect();
    for (n, cookie) in set.into_iter().enumerate() {
        let text = cookie.to_str().unwrap_or_default();
        let lacks = text.starts_with("__Host-") && !text.contains("; Secure");
        let whole = HeaderValue::from_str(&format!("{text}; HttpOnly; SameSite=Lax; Secure"));
        let cookie = whole.ok().filter(|_| lacks).unwrap_or(cookie);
        if n == 0 {
            headers.insert(header::SET_COOKIE, cookie);
        } else {
            headers.append(header::SET_COOKIE, cookie);
        }
    }
    response
}

/// A year, as RFC 6797 counts it.
const A_YEAR: &str = "max-age=31536000";

/// Whether browsers are told to stay under TLS: where it ends here, with a certificate from elsewhere. A browser that was told
/// lets nobody past a certificate that it does not trust: with an authority of our own that was made anew, it would not even
/// reach the page that tells how to trust it.
#[must_use]
pub fn tells_to_stay(shared: &Shared) -> bool {
    let local = shared.tls.as_ref().is_some_and(|t| t.authority().is_some());
    shared.transport == Transport::Tls && !local
}

/// Browsers that once came under TLS come under TLS from then on, where `tells` says so. Not to this machine's own name: on
/// it, other programs answer in clear on other ports, and the rule is one for all ports of a name. A proxy says it for itself.
pub async fn stay_under_tls(State(tells): State<bool>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST);
    let host = match host.and_then(|host| host.to_str().ok()) {
        Some(host) => host.rsplit_once(':').map_or(host, |(name, _)| name),
        // HTTP/2 tells the host in the address.
        None => request.uri().host().unwrap_or_default(),
    };
    let applies = tells && host != "localhost";
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
