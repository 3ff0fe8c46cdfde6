//! `PUT /api/v1/plant`: sets up the plant from a definition.

use super::Shared;
use super::ingest::{body_of, require_json};
use super::problem::{Problem, malformed, unavailable};
use crate::domain::ids::MachineId;
use crate::domain::plant::PlantDef;
use crate::domain::time::TsMs;
use crate::server::auth::Ctx;
use crate::server::services::plant::{Applied, set_up};
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::HeaderMap;
use serde::Serialize;

/// What the plant is made of now, and which figures of the past are no longer what they were.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PlantAnswer {
    version: i64,
    lines: usize,
    machines: usize,
    /// The past that is restated, line by line; empty: all figures of the past stay as they are.
    restated: Vec<Restated>,
    /// The machines whose states and counts were made anew from all their facts, by code.
    folded_anew: Vec<String>,
}

/// A stretch of a line's past whose figures are no longer what they were.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Restated {
    /// The line's code.
    line: String,
    /// From here on, in epoch milliseconds; absent: all of its past.
    from: Option<TsMs>,
    /// Up to here.
    to: TsMs,
}

impl PlantAnswer {
    fn of(applied: &Applied) -> Self {
        let plant = &applied.plant;
        let code = |id| plant.lines.iter().find(|l| l.id == id).map(|l| &l.code);
        let restated = applied.restated.iter().filter_map(|(line, span)| {
            Some(Restated {
                line: code(*line)?.clone(),
                from: Some(span.from()).filter(|at| at.0 > 0),
                to: span.to(),
            })
        });
        let machine = |id: &MachineId| plant.machine(*id).map(|(_, m)| m.code.clone());
        Self {
            version: plant.version,
            lines: plant.lines.len(),
            machines: plant.lines.iter().map(|l| l.machines.len()).sum(),
            restated: restated.collect(),
            folded_anew: applied.refold.iter().filter_map(machine).collect(),
        }
    }
}

/// Applies a definition of the plant: what it names is added or changed, what it leaves out stays. The answer says which
/// figures of the past that restates.
#[utoipa::path(put, path = "/api/v1/plant", tag = "plant",
    request_body(content = PlantDef, description = "A plant definition"),
    responses((status = 200, body = PlantAnswer)))]
pub async fn put(
    State(shared): State<Shared>,
    ctx: Ctx,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<PlantAnswer>, Problem> {
    require_json(&headers)?;
    let def: PlantDef =
        serde_json::from_slice(&body_of(body)?).map_err(|e| malformed(e.to_string()))?;
    let app = &shared.app;
    let applied = set_up(&ctx, &def).await?;
    let answer = PlantAnswer::of(&applied);
    app.plant.set(applied.plant);
    app.writer.fold_anew().await.map_err(|_| {
        unavailable("the plant is set, but its timeline could not be folded anew yet; that is done with the next facts")
    })?;
    app.board.forget().await;
    app.hub.everything_changed();
    app.calls.may_say_otherwise();
    Ok(Json(answer))
}
