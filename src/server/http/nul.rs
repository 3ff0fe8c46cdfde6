//! NUL is in no name, comment or code, and PostgreSQL holds no text with it: an address or a form that brings it is
//! refused at the door, on every engine alike. JSON says itself which field it is in.

use super::bounds::MAX_BODY_BYTES;
use super::problem::malformed;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Refuses it with 400.
pub async fn keep_out(request: Request, next: Next) -> Response {
    let uri = request.uri();
    let queries = uri.query().unwrap_or_default();
    if holds(uri.path().as_bytes()) || holds(queries.as_bytes()) {
        return malformed("the address holds NUL").into_response();
    }
    if !is_form(request.headers()) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    match to_bytes(body, MAX_BODY_BYTES).await {
        Ok(form) if holds(&form) => malformed("the form holds NUL").into_response(),
        Ok(form) => next.run(Request::from_parts(parts, Body::from(form))).await,
        // Too large a one is told as that by the bounds around this.
        Err(_) => malformed("the form did not come whole").into_response(),
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| {
        kind.as_bytes()
            .starts_with(b"application/x-www-form-urlencoded")
    })
}

fn holds(text: &[u8]) -> bool {
    text.contains(&0) || text.windows(3).any(|three| three == b"%00")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nul_is_found_as_it_is_and_as_it_is_written() {
        for text in ["a\0", "%00", "name=x%00&y", "%2500%00"] {
            assert!(holds(text.as_bytes()), "{text}");
        }
        for text in ["", "%", "%0", "%0a0", "100", "%C3%A4"] {
            assert!(!holds(text.as_bytes()), "{text}");
        }
    }
}
