//! `/api/v1/quarantine`: what could not become a fact, to look at, send again or dismiss.

use super::Shared;
use super::ingest::store;
use super::problem::{Problem, not_found};
use super::sender::Sender;
use crate::api::ingest::{BatchAnswer, ItemStatus};
use crate::server::db::quarantine::{self, HeldRow};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;

/// A page of the list.
#[derive(Debug, Deserialize)]
pub struct Page {
    before: Option<i64>,
    limit: Option<i64>,
}

/// The newest items first.
pub async fn list(
    State(shared): State<Shared>,
    sender: Sender,
    Query(page): Query<Page>,
) -> Result<Json<Vec<HeldRow>>, Problem> {
    sender.must_configure()?;
    let limit = page.limit.unwrap_or(100).clamp(1, 500);
    Ok(Json(
        quarantine::list(&shared.app.db, page.before, limit).await?,
    ))
}

/// Sends an item again, as the caller; when it is stored now it leaves quarantine.
pub async fn retry(
    State(shared): State<Shared>,
    sender: Sender,
    Path(id): Path<i64>,
) -> Result<Json<BatchAnswer>, Problem> {
    sender.must_configure()?;
    let row = quarantine::get(&shared.app.db, id).await?;
    let row = row.ok_or_else(|| not_found(format!("quarantined item {id} does not exist")))?;
    let answer = store(&shared, &sender, std::iter::once(row.item.as_str())).await?;
    if answer
        .results
        .iter()
        .all(|r| r.status != ItemStatus::Rejected)
    {
        release(&shared, id).await?;
    }
    Ok(Json(answer))
}

/// Dismisses an item.
pub async fn dismiss(
    State(shared): State<Shared>,
    sender: Sender,
    Path(id): Path<i64>,
) -> Result<StatusCode, Problem> {
    sender.must_configure()?;
    let row = quarantine::get(&shared.app.db, id).await?;
    row.ok_or_else(|| not_found(format!("quarantined item {id} does not exist")))?;
    release(&shared, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn release(shared: &Shared, id: i64) -> sqlx::Result<()> {
    let mut tx = shared.app.db.begin().await?;
    quarantine::release(&mut tx, id).await?;
    tx.commit().await
}
