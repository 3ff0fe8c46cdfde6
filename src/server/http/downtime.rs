//! `/api/v1/downtime`: stops with their reasons.

use super::ingest::{body_of, require_json};
use super::problem::{Problem, invalid, malformed};
use super::query::{Gathered, choice_if_given, instant_if_given, number_if_given};
use crate::api::downtime::{
    Confirmation, DowntimeDetail, DowntimeEvent, DowntimeFilter, DowntimePage, DowntimeStatistics,
    ReasonsView,
};
use crate::domain::plant::FieldError;
use crate::server::auth::Ctx;
use crate::server::services::downtime;
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, Query};
use axum::http::HeaderMap;
use serde::Deserialize;

/// The bounds that are given.
fn window(from: Option<&str>, to: Option<&str>) -> Result<(Option<i64>, Option<i64>), Problem> {
    let mut wrong = Gathered::default();
    let bounds = (
        wrong.take(instant_if_given("from", from)),
        wrong.take(instant_if_given("to", to)),
    );
    wrong.refuse()?;
    Ok(bounds)
}

/// Which stops.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Events {
    /// Of this line.
    line: Option<String>,
    /// Of this machine.
    machine: Option<String>,
    /// That touch the time from here on: epoch milliseconds or RFC 3339. Usually 30 days before `to`.
    from: Option<String>,
    /// And up to here. Usually now.
    to: Option<String>,
    /// In shifts of this name.
    shift: Option<String>,
    /// In shifts of this crew.
    crew: Option<String>,
    /// With this product on the machine, by code.
    product: Option<String>,
    /// With this reason in any of their parts.
    reason: Option<String>,
    /// Counted under this loss: `unplanned`, `changeover`, `starved`, `blocked`.
    category: Option<String>,
    /// At least this long, in seconds.
    #[param(value_type = Option<i64>)]
    min_s: Option<String>,
    /// Only minor ones, or only others.
    #[param(value_type = Option<bool>)]
    minor: Option<String>,
    /// Only confirmed ones, or only others.
    #[param(value_type = Option<bool>)]
    confirmed: Option<String>,
    /// Only those that last, or only others.
    #[param(value_type = Option<bool>)]
    open: Option<String>,
    /// Go on after the page that gave this as its `next`.
    cursor: Option<String>,
    /// At most this many: 1 to 500, usually 50.
    #[param(value_type = Option<i64>)]
    limit: Option<String>,
}

impl Events {
    fn filter(self) -> Result<DowntimeFilter, Problem> {
        let mut wrong = Gathered::default();
        let filter = DowntimeFilter {
            from: wrong.take(instant_if_given("from", self.from.as_deref())),
            to: wrong.take(instant_if_given("to", self.to.as_deref())),
            min_s: wrong.take(number_if_given("min_s", self.min_s.as_deref())),
            minor: wrong.take(choice_if_given("minor", self.minor.as_deref())),
            confirmed: wrong.take(choice_if_given("confirmed", self.confirmed.as_deref())),
            open: wrong.take(choice_if_given("open", self.open.as_deref())),
            limit: wrong.take(number_if_given("limit", self.limit.as_deref())),
            line: self.line,
            machine: self.machine,
            shift: self.shift,
            crew: self.crew,
            product: self.product,
            reason: self.reason,
            category: self.category,
            cursor: self.cursor,
        };
        wrong.refuse()?;
        Ok(filter)
    }
}

/// Stops, newest first.
#[utoipa::path(get, tag = "downtime", path = "/api/v1/downtime", params(Events), responses(
    (status = 200, body = DowntimePage),
))]
pub async fn events(ctx: Ctx, Query(query): Query<Events>) -> Result<Json<DowntimePage>, Problem> {
    let filter = query.filter()?;
    Ok(Json(downtime::get_downtime_events(&ctx, &filter).await?))
}

/// One stop, with everything that was said about it.
#[utoipa::path(get, tag = "downtime", path = "/api/v1/downtime/{machine}/{start}",
    params(
        ("machine" = String, Path, description = "The machine's code"),
        ("start" = i64, Path, description = "The start of the stop in epoch milliseconds"),
    ),
    responses(
        (status = 200, body = DowntimeDetail),
        (status = 404, description = "There is no such machine or stop"),
    ))]
pub async fn event(
    ctx: Ctx,
    Path((machine, start)): Path<(String, i64)>,
) -> Result<Json<DowntimeDetail>, Problem> {
    let found = downtime::get_downtime_event(&ctx, (&machine, start));
    Ok(Json(found.await?))
}

/// Which machines, and when.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Of {
    /// Of this line.
    line: Option<String>,
    /// Of this machine.
    machine: Option<String>,
    /// From here on: epoch milliseconds or RFC 3339. Usually 30 days before `to`, at most 93.
    from: Option<String>,
    /// Up to here. Usually now.
    to: Option<String>,
}

/// Figures of the stops in a window.
#[utoipa::path(get, tag = "downtime", path = "/api/v1/downtime/statistics", params(Of), responses(
    (status = 200, body = DowntimeStatistics),
))]
pub async fn statistics(
    ctx: Ctx,
    Query(of): Query<Of>,
) -> Result<Json<DowntimeStatistics>, Problem> {
    let window = window(of.from.as_deref(), of.to.as_deref())?;
    let scope = (of.line.as_deref(), of.machine.as_deref());
    let figures = downtime::get_downtime_statistics(&ctx, scope, window);
    Ok(Json(figures.await?))
}

/// Which line.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OfLine {
    /// Its code.
    line: Option<String>,
}

/// What stands now in planned production, longest first; on all lines or on one.
#[utoipa::path(get, tag = "downtime", path = "/api/v1/downtime/active", params(OfLine), responses(
    (status = 200, body = Vec<DowntimeEvent>),
    (status = 422, description = "There is no such line"),
))]
pub async fn active(
    ctx: Ctx,
    Query(of): Query<OfLine>,
) -> Result<Json<Vec<DowntimeEvent>>, Problem> {
    let standing = downtime::get_active_downtime(&ctx, of.line.as_deref());
    Ok(Json(standing.await?))
}

/// The reasons that can be given on a line.
#[utoipa::path(get, tag = "downtime", path = "/api/v1/downtime/reasons", params(OfLine), responses(
    (status = 200, body = ReasonsView),
    (status = 422, description = "The line is missing, or there is no such line"),
))]
pub async fn reasons(ctx: Ctx, Query(of): Query<OfLine>) -> Result<Json<ReasonsView>, Problem> {
    let line = of.line.ok_or_else(|| {
        invalid(vec![FieldError {
            field: "line".to_owned(),
            problem: "is missing".to_owned(),
        }])
    })?;
    Ok(Json(downtime::reasons_for_line(&ctx, &line).await?))
}

/// Classifies, splits, comments or confirms the stop of a machine that began at `start`.
#[utoipa::path(post, tag = "downtime", path = "/api/v1/downtime/{machine}/{start}/confirm", request_body = Confirmation,
    params(
        ("machine" = String, Path, description = "The machine's code"),
        ("start" = i64, Path, description = "The start of the stop in epoch milliseconds"),
    ),
    responses(
        (status = 200, body = DowntimeEvent, description = "The stop as it is now"),
        (status = 404, description = "There is no such machine or stop"),
        (status = 409, description = "Somebody else said something about the stop meanwhile"),
        ))]
pub async fn confirm(
    ctx: Ctx,
    Path((machine, start)): Path<(String, i64)>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<DowntimeEvent>, Problem> {
    require_json(&headers)?;
    let said: Confirmation =
        serde_json::from_slice(&body_of(body)?).map_err(|e| malformed(e.to_string()))?;
    let stop = (machine.as_str(), start);
    let done = downtime::confirm_downtime(&ctx, stop, &said);
    Ok(Json(done.await?))
}
