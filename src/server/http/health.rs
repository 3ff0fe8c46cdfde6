//! Whether the program lives, whether it can work, and how far it is with what it does by itself.

use super::Shared;
use super::problem::{Problem, unavailable};
use crate::server::rollup::make::{Progress, progress};
use axum::Json;
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

/// How far roll-ups are made, line by line: until they are, long windows take longer.
pub async fn rollups(State(shared): State<Shared>) -> Result<Json<Vec<Progress>>, Problem> {
    let all = progress(&shared.app).await.map_err(|error| {
        tracing::warn!(%error, "cannot see how far roll-ups are");
        unavailable("the database does not answer")
    })?;
    Ok(Json(all))
}
