//! `/trust`: how a tablet comes to trust the local authority, and the certificate itself. Anybody may read both; without a
//! local authority there is neither.

use super::Shared;
use super::problem::{Problem, not_found};
use super::security::STILL_PAGE_POLICY;
use crate::server::tls::PublicAuthority;
use crate::ui::pages::trust::{Trust, document};
use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use std::sync::Arc;

/// The routes.
pub fn router(shared: &Shared) -> Router {
    Router::new()
        .route("/trust", get(page))
        .route("/trust/authority.crt", get(certificate))
        .with_state(shared.clone())
}

fn authority(shared: &Shared) -> Result<Arc<PublicAuthority>, Problem> {
    let authority = shared.tls.as_ref().and_then(|tls| tls.authority());
    authority.ok_or_else(|| not_found("this server has no local authority"))
}

async fn page(State(shared): State<Shared>) -> Result<impl IntoResponse, Problem> {
    let authority = authority(&shared)?;
    let ends = jiff::Timestamp::from_millisecond(authority.ends.0)
        .map(|ends| ends.to_zoned(jiff::tz::TimeZone::UTC).date().to_string());
    let html = document(Trust {
        css: shared.site.manifest.css.clone(),
        fingerprint: authority.fingerprint.clone(),
        ends: ends.unwrap_or_default(),
        vouches_for: authority.vouches_for.clone(),
    });
    Ok((
        [(header::CONTENT_SECURITY_POLICY, STILL_PAGE_POLICY)],
        Html(html),
    ))
}

/// Without `Content-Disposition`: iPadOS offers to install what it would otherwise only store.
async fn certificate(State(shared): State<Shared>) -> Result<impl IntoResponse, Problem> {
    let authority = authority(&shared)?;
    Ok((
        [(header::CONTENT_TYPE, "application/x-x509-ca-cert")],
        authority.pem.clone(),
    ))
}
