//! The address under which a browser reaches the server, for links that leave it.

use super::Shared;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri, header};

/// `https://floor.example`, as the browser that asks for `uri` sees it.
#[must_use]
pub fn own_address(shared: &Shared, uri: &Uri, headers: &HeaderMap) -> String {
    let told = headers.get(header::HOST).and_then(|h| h.to_str().ok());
    // HTTP/2 tells the host in the address, and in no header.
    let host = uri.authority().map(Authority::as_str).or(told);
    let host = host.unwrap_or("localhost");
    format!("{}://{host}", shared.transport.scheme())
}
