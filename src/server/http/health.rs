//! Whether the program lives, and whether it can work.

use super::Shared;
use super::problem::{Problem, unavailable};
use axum::extract::State;

/// It lives.
pub async fn live() -> &'static str {
    "live\n"
}

/// It can work: the database answers.
pub async fn ready(State(shared): State<Shared>) -> Result<&'static str, Problem> {
    shared.app.db.ping().await.map_err(|error| {
        tracing::warn!(%error, "not ready");
        unavailable("the database does not answer")
    })?;
    Ok("ready\n")
}
