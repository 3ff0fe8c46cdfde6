//! `/api/v1/andon/roster`: who is on duty, who stands in, when nobody is.

use super::rules::Seen;
use super::{Body, read};
use crate::api::andon::roster::{DutyBody, GapView, RosterView, SubstituteBody, WeekView};
use crate::api::andon::rules::Made;
use crate::domain::day::LocalDay;
use crate::server::auth::Ctx;
use crate::server::calendar::local_day;
use crate::server::http::problem::Problem;
use crate::server::http::query::{Gathered, given, wrong};
use crate::server::services::andon::roster;
use axum::Json;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;

/// The duties, and who stands in.
#[utoipa::path(get, tag = "andon", path = "/api/v1/andon/roster", responses((status = 200, body = RosterView)))]
pub async fn list(ctx: Ctx) -> Result<Json<RosterView>, Problem> {
    Ok(Json(roster::all(&ctx).await?))
}

/// The shifts of the coming four weeks in which nobody is on a duty that a rule calls.
#[utoipa::path(get, tag = "andon", path = "/api/v1/andon/roster/gaps", responses((status = 200, body = Vec<GapView>)))]
pub async fn gaps(ctx: Ctx) -> Result<Json<Vec<GapView>>, Problem> {
    Ok(Json(roster::gaps(&ctx).await?))
}

/// Which week of which line.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WeekOf {
    /// The line's code.
    #[param(value_type = String)]
    line: Option<String>,
    /// A day of the week, `YYYY-MM-DD`. Usually today.
    on: Option<String>,
}

/// Who is on duty on a line, by day and shift of a week.
#[utoipa::path(get, tag = "andon", path = "/api/v1/andon/roster/week", params(WeekOf), responses((status = 200, body = WeekView)))]
pub async fn week(ctx: Ctx, Query(of): Query<WeekOf>) -> Result<Json<WeekView>, Problem> {
    let day = match &of.on {
        Some(text) => LocalDay::parse(text),
        None => {
            let plant = ctx.app().plant.get();
            let zone = plant.site.as_ref().map(|site| &site.zone);
            zone.and_then(|zone| local_day(zone, ctx.now()))
                .or(Some(LocalDay::default()))
        }
    };
    let mut gathered = Gathered::default();
    let line = gathered.take(given("line", of.line.as_deref()));
    let day = gathered.take(day.ok_or_else(|| wrong("on", "must be a day, YYYY-MM-DD")));
    gathered.refuse()?;
    Ok(Json(
        roster::week(&ctx, line.unwrap_or_default(), day).await?,
    ))
}

/// Gives somebody a duty.
#[utoipa::path(post, tag = "andon", path = "/api/v1/andon/roster/duties", request_body = DutyBody, responses(
    (status = 201, body = Made),
))]
pub async fn add_duty(
    ctx: Ctx,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let body: DutyBody = read(&headers, body)?;
    let id = roster::add_duty(&ctx, &body).await?;
    Ok((StatusCode::CREATED, Json(Made { id })))
}

/// Changes a duty that is as the caller saw it.
#[utoipa::path(put, tag = "andon", path = "/api/v1/andon/roster/duties/{id}", request_body = DutyBody,
    params(("id" = i64, Path, description = "The duty's number")),
    responses(
        (status = 204),
        (status = 409, description = "Somebody else changed it meanwhile"),
    ))]
pub async fn change_duty(
    ctx: Ctx,
    Path(id): Path<i64>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    let body: DutyBody = read(&headers, body)?;
    roster::change_duty(&ctx, id, &body).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a duty that is as the caller saw it.
#[utoipa::path(delete, tag = "andon", path = "/api/v1/andon/roster/duties/{id}",
    params(("id" = i64, Path, description = "The duty's number"), Seen),
    responses(
        (status = 204),
        (status = 409, description = "Somebody else changed it meanwhile"),
    ))]
pub async fn remove_duty(
    ctx: Ctx,
    Path(id): Path<i64>,
    Query(seen): Query<Seen>,
) -> Result<StatusCode, Problem> {
    roster::remove_duty(&ctx, id, seen.version).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says that somebody is away, and who stands in.
#[utoipa::path(post, tag = "andon", path = "/api/v1/andon/roster/substitutes", request_body = SubstituteBody, responses(
    (status = 201, body = Made),
))]
pub async fn add_substitute(
    ctx: Ctx,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let body: SubstituteBody = read(&headers, body)?;
    let id = roster::add_substitute(&ctx, &body).await?;
    Ok((StatusCode::CREATED, Json(Made { id })))
}

/// Changes who stands in, or when, if it is as the caller saw it.
#[utoipa::path(put, tag = "andon", path = "/api/v1/andon/roster/substitutes/{id}", request_body = SubstituteBody,
    params(("id" = i64, Path, description = "Its number")),
    responses(
        (status = 204),
        (status = 409, description = "Somebody else changed it meanwhile"),
    ))]
pub async fn change_substitute(
    ctx: Ctx,
    Path(id): Path<i64>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    let body: SubstituteBody = read(&headers, body)?;
    roster::change_substitute(&ctx, id, &body).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Nobody stands in any more, if it is as the caller saw it.
#[utoipa::path(delete, tag = "andon", path = "/api/v1/andon/roster/substitutes/{id}",
    params(("id" = i64, Path, description = "Its number"), Seen),
    responses(
        (status = 204),
        (status = 409, description = "Somebody else changed it meanwhile"),
    ))]
pub async fn remove_substitute(
    ctx: Ctx,
    Path(id): Path<i64>,
    Query(seen): Query<Seen>,
) -> Result<StatusCode, Problem> {
    roster::remove_substitute(&ctx, id, seen.version).await?;
    Ok(StatusCode::NO_CONTENT)
}
