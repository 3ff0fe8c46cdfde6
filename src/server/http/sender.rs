//! Who sends: a bearer key, looked up by its hash.

use super::Shared;
use super::problem::{Problem, forbidden, unauthenticated};
use crate::server::db::sources::{self, SourceRow};
use crate::server::key;
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

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
        let header = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|h| h.to_str().ok());
        let key = header.and_then(|h| h.split_once(' '));
        let key = key
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, key)| key.trim());
        let key = key.ok_or_else(unauthenticated)?;
        let row = sources::by_key_hash(&shared.app.db, &key::hash(key)).await?;
        row.map(Self).ok_or_else(unauthenticated)
    }
}
