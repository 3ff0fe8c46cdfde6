//! Who sends: a bearer key, looked up by its hash.

use super::Shared;
use super::boundary::answer_with;
use super::problem::{Problem, forbidden, unauthenticated};
use crate::api::error::ApiError;
use crate::server::db::sources::SourceRow;
use crate::server::services::error::ServiceError;
use crate::server::state::App;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use leptos::prelude::use_context;

/// A sender with a valid key.
#[derive(Clone, Debug)]
pub struct Sender(pub SourceRow);

impl Sender {
    /// Refuses a sender that may not change the plant or see what others sent.
    ///
    /// # Errors
    /// 403.
    pub fn must_configure(&self) -> Result<(), Problem> {
        if self.0.may_configure != 0 {
            Ok(())
        } else {
            Err(forbidden("configure"))
        }
    }
}

impl FromRequestParts<Shared> for Sender {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Problem> {
        let key = bearer(&parts.headers).ok_or_else(unauthenticated)?;
        let App {
            keys, db, clock, ..
        } = &shared.app;
        let row = keys.sender(db, key, clock.now()).await?;
        row.map(Self).ok_or_else(unauthenticated)
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let header = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
}

/// The name of whoever calls the server function that runs, told by a bearer key.
///
/// # Errors
/// [`ApiError::Unauthenticated`] without a valid key; the database's.
pub async fn author(app: &App) -> Result<String, ApiError> {
    let headers = use_context::<Parts>().map(|parts| parts.headers);
    let key = headers.as_ref().and_then(bearer);
    let row = match key {
        Some(key) => app
            .keys
            .sender(&app.db, key, app.clock.now())
            .await
            .map_err(ServiceError::from)?,
        None => None,
    };
    row.map(|row| row.name).ok_or_else(|| {
        answer_with(&ApiError::Unauthenticated);
        ApiError::Unauthenticated
    })
}
