//! `/api/v1/oee`: figures over any window, with the time behind them.

use super::problem::Problem;
use super::query::{Gathered, instant, number_if_given, wrong};
use crate::api::oee::{By, Dashboard, History, LineOee, RealTimeOee, Trends};
use crate::domain::plant::FieldError;
use crate::server::auth::Ctx;
use crate::server::services::oee;
use axum::Json;
use axum::extract::{Path, Query};
use serde::Deserialize;
use utoipa::IntoParams;

/// A window.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Bounds {
    /// The first bound, a full minute: epoch milliseconds or RFC 3339.
    #[param(example = "2026-11-23T06:00:00Z", required = true)]
    from: Option<String>,
    /// The second bound, not part of the window: epoch milliseconds or RFC 3339.
    #[param(example = "2026-11-23T14:00:00Z", required = true)]
    to: Option<String>,
}

/// How a history is cut, and which page of it is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Cut {
    /// How it is cut; without it by day. By hour for windows of up to 8 days, by shift up to 100, by crew up to 366.
    #[param(inline, value_type = Option<By>)]
    by: Option<String>,
    /// One machine of the line, by code; "assets": the sum over all; without it the line.
    machine: Option<String>,
    /// Rows to leave out at the start.
    #[param(value_type = Option<usize>)]
    offset: Option<String>,
    /// At most this many rows, 1 to 1,000; without it 1,000.
    #[param(value_type = Option<usize>)]
    limit: Option<String>,
}

/// The most rows in one answer.
const MAX_ROWS: usize = 1_000;

impl Bounds {
    /// Both bounds in epoch milliseconds.
    fn read(&self) -> Result<(i64, i64), Problem> {
        let mut wrong = Gathered::default();
        let bounds = self.gather(&mut wrong);
        wrong.refuse()?;
        Ok(bounds)
    }

    fn gather(&self, wrong: &mut Gathered) -> (i64, i64) {
        let from = wrong.take(instant("from", self.from.as_deref()));
        (from, wrong.take(instant("to", self.to.as_deref())))
    }
}

/// Which rows of a history are wanted.
#[derive(Clone, Copy, Debug, Default)]
struct Rows {
    offset: usize,
    limit: usize,
}

impl Rows {
    /// Leaves them of `history`.
    fn page(self, history: &mut History) {
        let rows = std::mem::take(&mut history.rows).into_iter();
        history.rows = rows.skip(self.offset).take(self.limit).collect();
    }
}

impl Cut {
    /// The window, how it is cut, and which rows of it are wanted.
    fn read(&self, bounds: &Bounds) -> Result<((i64, i64), By, Rows), Problem> {
        let mut wrong = Gathered::default();
        let window = bounds.gather(&mut wrong);
        let by = wrong.take(self.by().map(Some)).unwrap_or(By::Day);
        let offset = wrong.take(number_if_given("offset", self.offset.as_deref()));
        let limit = wrong.take(self.limit());
        wrong.refuse()?;
        let offset = offset.unwrap_or(0);
        Ok((window, by, Rows { offset, limit }))
    }

    fn by(&self) -> Result<By, FieldError> {
        let Some(name) = &self.by else {
            return Ok(By::Day);
        };
        By::from_name(name).ok_or_else(|| {
            wrong(
                "by",
                "must be hour, shift, day, week, month, product, crew or machine",
            )
        })
    }

    fn limit(&self) -> Result<usize, FieldError> {
        let limit = number_if_given("limit", self.limit.as_deref())?.unwrap_or(MAX_ROWS);
        if (1..=MAX_ROWS).contains(&limit) {
            Ok(limit)
        } else {
            Err(wrong("limit", format!("must be 1 to {MAX_ROWS}")))
        }
    }
}

/// OEE of a line and of its machines.
#[utoipa::path(get, path = "/api/v1/oee/{line}", tag = "oee",
    params(("line" = String, Path, description = "The line's code"), Bounds),
    responses((status = 200, body = LineOee)))]
pub async fn get(
    ctx: Ctx,
    Path(line): Path<String>,
    Query(bounds): Query<Bounds>,
) -> Result<Json<LineOee>, Problem> {
    let (from, to) = bounds.read()?;
    Ok(Json(oee::calculate_oee(&ctx, &line, from, to).await?))
}

/// A line as it is now: the running shift so far, or the last 24 hours.
#[utoipa::path(get, path = "/api/v1/oee/{line}/now", tag = "oee",
    params(("line" = String, Path, description = "The line's code")),
    responses((status = 200, body = RealTimeOee)))]
pub async fn now(ctx: Ctx, Path(line): Path<String>) -> Result<Json<RealTimeOee>, Problem> {
    Ok(Json(oee::calculate_real_time_oee(&ctx, &line).await?))
}

/// Figures of a line row by row: by hour, shift, day, week, month, product, crew or machine.
#[utoipa::path(get, path = "/api/v1/oee/{line}/history", tag = "oee",
    params(("line" = String, Path, description = "The line's code"), Bounds, Cut),
    responses((status = 200, body = History)))]
pub async fn history(
    ctx: Ctx,
    Path(line): Path<String>,
    Query(bounds): Query<Bounds>,
    Query(cut): Query<Cut>,
) -> Result<Json<History>, Problem> {
    let machine = cut.machine.as_deref();
    let (window, by, rows) = cut.read(&bounds)?;
    let mut found = oee::get_oee_history(&ctx, &line, machine, window, by).await?;
    rows.page(&mut found);
    Ok(Json(found))
}

/// Figures of a line row by row, and where they are going.
#[utoipa::path(get, path = "/api/v1/oee/{line}/trends", tag = "oee",
    params(("line" = String, Path, description = "The line's code"), Bounds, Cut),
    responses((status = 200, body = Trends)))]
pub async fn trends(
    ctx: Ctx,
    Path(line): Path<String>,
    Query(bounds): Query<Bounds>,
    Query(cut): Query<Cut>,
) -> Result<Json<Trends>, Problem> {
    let machine = cut.machine.as_deref();
    let (window, by, rows) = cut.read(&bounds)?;
    let mut found = oee::get_oee_trends(&ctx, &line, machine, window, by).await?;
    rows.page(&mut found.history);
    Ok(Json(found))
}

/// The plant, rolled up by line, area and site.
#[utoipa::path(get, path = "/api/v1/oee", tag = "oee", params(Bounds),
    responses((status = 200, body = Dashboard)))]
pub async fn dashboard(ctx: Ctx, Query(bounds): Query<Bounds>) -> Result<Json<Dashboard>, Problem> {
    Ok(Json(
        oee::get_oee_dashboard_data(&ctx, bounds.read()?).await?,
    ))
}
