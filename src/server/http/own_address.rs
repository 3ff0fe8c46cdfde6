//! The address under which a browser reaches the server: for links that leave it, and to tell for whom it asks.

use super::Shared;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri, header};

/// The host that a request asks for, with its port where it tells one: `floor.example:8443`.
#[must_use]
pub fn host<'r>(uri: &'r Uri, headers: &'r HeaderMap) -> Option<&'r str> {
    // HTTP/2 tells the host in the address, and in no header.
    let told = || headers.get(header::HOST).and_then(|h| h.to_str().ok());
    uri.authority().map(Authority::as_str).or_else(told)
}

/// `https://floor.example`, as the browser that asks for `uri` sees it.
#[must_use]
pub fn own_address(shared: &Shared, uri: &Uri, headers: &HeaderMap) -> String {
    let host = host(uri, headers).unwrap_or("localhost");
    format!("{}://{host}", shared.transport.scheme())
}
