//! The address under which a browser reaches the server, for links that leave it.

use super::Shared;
use axum::http::{HeaderMap, header};

/// `https://floor.example`, as the browser that asks sees it.
#[must_use]
pub fn own_address(shared: &Shared, headers: &HeaderMap) -> String {
    let host = headers
        .get(header::HOST)
        .and_then(|h| h.to_str().ok())
        .unwrap_or("localhost");
    format!("{}://{host}", shared.transport.scheme())
}
