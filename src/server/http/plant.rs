//! `PUT /api/v1/plant`: sets up the plant from a definition.

use super::Shared;
use super::ingest::{body_of, require_json};
use super::problem::{Document, Problem, malformed, unavailable};
use crate::domain::plant::PlantDef;
use crate::domain::rights::sets;
use crate::server::auth::Ctx;
use crate::server::services::plant::apply;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::HeaderMap;
use serde::Serialize;

/// What the plant is made of now.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PlantAnswer {
    version: i64,
    lines: usize,
    machines: usize,
}

/// Applies a definition of the plant: what it names is added or changed, what it leaves out stays.
#[utoipa::path(put, path = "/api/v1/plant", tag = "plant", security(("key" = [])),
    request_body(content = Object, description = "A plant definition; its fields are told in the README"),
    responses((status = 200, body = PlantAnswer), (status = "4XX", body = Document), (status = "5XX", body = Document)))]
pub async fn put(
    State(shared): State<Shared>,
    ctx: Ctx,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<PlantAnswer>, Problem> {
    for permission in sets::SET_UP_PLANT.iter() {
        ctx.also_on_site(permission)?;
    }
    require_json(&headers)?;
    let def: PlantDef =
        serde_json::from_slice(&body_of(body)?).map_err(|e| malformed(e.to_string()))?;
    let app = &shared.app;
    let applied = apply(&app.db, &def, app.clock.now()).await?;
    let plant = applied.plant;
    let (version, lines) = (plant.version, plant.lines.len());
    let machines = plant.lines.iter().map(|l| l.machines.len()).sum();
    app.plant.set(plant);
    if !applied.refold.is_empty() {
        let rebuilt = app.writer.rebuild(applied.refold).await;
        rebuilt.map_err(|_| {
            unavailable(
                "the plant is set, but its timeline could not be folded anew; send it again",
            )
        })?;
    }
    app.board.forget().await;
    app.hub.everything_changed();
    Ok(Json(PlantAnswer {
        version,
        lines,
        machines,
    }))
}
