//! `/api/v1/quarantine`: what could not become a fact, to look at, send again or dismiss.

use super::Shared;
use super::ingest::{Sender, store_again};
use super::problem::{self, Problem, not_found};
use super::query::{Gathered, number_if_given};
use crate::api::ingest::BatchAnswer;
use crate::domain::rights::Permission;
use crate::server::auth::Ctx;
use crate::server::db::quarantine::{self, HeldRow};
use crate::server::db::sources;
use crate::server::ingest::writer::Release;
use crate::server::services::keys;
use crate::server::services::quarantine::{leaves, release};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;

/// A page of the list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// Only items with a smaller number than this.
    #[param(value_type = Option<i64>)]
    before: Option<String>,
    /// At most this many, 1 to 500; without it 100.
    #[param(value_type = Option<i64>)]
    limit: Option<String>,
}

/// The newest items first.
#[utoipa::path(get, path = "/api/v1/quarantine", tag = "ingest", params(Page),
    responses((status = 200, body = Vec<HeldRow>)))]
pub async fn list(
    State(shared): State<Shared>,
    _: Ctx,
    Query(page): Query<Page>,
) -> Result<Json<Vec<HeldRow>>, Problem> {
    let mut wrong = Gathered::default();
    let before = wrong.take(number_if_given("before", page.before.as_deref()));
    let limit: Option<i64> = wrong.take(number_if_given("limit", page.limit.as_deref()));
    wrong.refuse()?;
    let limit = limit.unwrap_or(100).clamp(1, 500);
    Ok(Json(quarantine::list(&shared.app.db, before, limit).await?))
}

/// Sends an item again in its sender's name; when it is stored now it leaves quarantine.
#[utoipa::path(post, path = "/api/v1/quarantine/{id}/retry", tag = "ingest",
    params(("id" = i64, Path, description = "The item's number")),
    responses(
        (status = 200, body = BatchAnswer, description = "What became of it"),
        (status = 429, description = "Too much waits to be written; Retry-After says when to come back"),
    ))]
pub async fn retry(
    State(shared): State<Shared>,
    ctx: Ctx,
    Path(id): Path<i64>,
) -> Result<Json<BatchAnswer>, Problem> {
    let row = quarantine::get(&shared.app.db, id).await?;
    let row = row.ok_or_else(|| not_found(format!("quarantined item {id} does not exist")))?;
    let source = sources::by_name(&shared.app.db, &row.source).await?;
    let source = source.ok_or_else(problem::internal)?.source();
    // Whoever looks it through does not send for lines that its sender may not send for.
    let rights = keys::scope_of(&shared.app, source).await?;
    let sender = Sender {
        source,
        rights,
        may_backfill: ctx.caller().rights.on_site(Permission::IngestBackfill),
    };
    let release = Release {
        id,
        row: leaves(&ctx, &row, "quarantine.retry"),
    };
    Ok(Json(
        store_again(&shared, &sender, &row.item, release).await?,
    ))
}

/// Dismisses an item.
#[utoipa::path(delete, path = "/api/v1/quarantine/{id}", tag = "ingest",
    params(("id" = i64, Path, description = "The item's number")),
    responses((status = 204)))]
pub async fn dismiss(
    State(shared): State<Shared>,
    ctx: Ctx,
    Path(id): Path<i64>,
) -> Result<StatusCode, Problem> {
    let row = quarantine::get(&shared.app.db, id).await?;
    let row = row.ok_or_else(|| not_found(format!("quarantined item {id} does not exist")))?;
    release(&ctx, &row, "quarantine.dismiss").await?;
    Ok(StatusCode::NO_CONTENT)
}
