//! `/api/v1/andon/rules` and what stands beside them: who is called when, by what machines call by themselves, what holds for
//! all calls.

use super::{Body, read};
use crate::api::andon::rules::{AutoBody, GeneralView, Made, RuleBody, RuleView, RulesView};
use crate::server::auth::Ctx;
use crate::server::http::problem::Problem;
use crate::server::services::andon::{autos, rules};
use axum::Json;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;

/// As the caller saw it.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Seen {
    /// Its version.
    pub version: i64,
}

/// The rules in the order in which they are looked at, what holds without them, and all that stands beside them.
#[utoipa::path(get, tag = "andon", path = "/api/v1/andon/rules", responses((status = 200, body = RulesView)))]
pub async fn list(ctx: Ctx) -> Result<Json<RulesView>, Problem> {
    Ok(Json(rules::all(&ctx).await?))
}

/// Adds a rule. Calls that are open keep the steps that they began with.
#[utoipa::path(post, tag = "andon", path = "/api/v1/andon/rules", request_body = RuleBody, responses(
    (status = 201, body = Made),
))]
pub async fn add(
    ctx: Ctx,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let body: RuleBody = read(&headers, body)?;
    let id = rules::add(&ctx, &body).await?;
    Ok((StatusCode::CREATED, Json(Made { id })))
}

/// A rule.
#[utoipa::path(get, tag = "andon", path = "/api/v1/andon/rules/{id}",
    params(("id" = i64, Path, description = "The rule's number")),
    responses((status = 200, body = RuleView)))]
pub async fn get(ctx: Ctx, Path(id): Path<i64>) -> Result<Json<RuleView>, Problem> {
    Ok(Json(rules::one(&ctx, id).await?))
}

/// Changes a rule that is as the caller saw it.
#[utoipa::path(put, tag = "andon", path = "/api/v1/andon/rules/{id}", request_body = RuleBody,
    params(("id" = i64, Path, description = "The rule's number")),
    responses(
        (status = 200, body = RuleView, description = "The rule as it is now"),
        (status = 409, description = "Somebody else changed it meanwhile"),
    ))]
pub async fn change(
    ctx: Ctx,
    Path(id): Path<i64>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<RuleView>, Problem> {
    let body: RuleBody = read(&headers, body)?;
    rules::change(&ctx, id, &body).await?;
    Ok(Json(rules::one(&ctx, id).await?))
}

/// Removes a rule that is as the caller saw it.
#[utoipa::path(delete, tag = "andon", path = "/api/v1/andon/rules/{id}",
    params(("id" = i64, Path, description = "The rule's number"), Seen),
    responses(
        (status = 204),
        (status = 409, description = "Somebody else changed it meanwhile"),
    ))]
pub async fn remove(
    ctx: Ctx,
    Path(id): Path<i64>,
    Query(seen): Query<Seen>,
) -> Result<StatusCode, Problem> {
    rules::remove(&ctx, id, seen.version).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Adds a rule by which machines call: everywhere, at the machines of a line, or at one.
#[utoipa::path(post, tag = "andon", path = "/api/v1/andon/auto", request_body = AutoBody, responses(
    (status = 201, body = Made),
))]
pub async fn add_auto(
    ctx: Ctx,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let body: AutoBody = read(&headers, body)?;
    let id = autos::add(&ctx, &body).await?;
    Ok((StatusCode::CREATED, Json(Made { id })))
}

/// Removes a rule by which machines call that is as the caller saw it. Calls that it raised stay.
#[utoipa::path(delete, tag = "andon", path = "/api/v1/andon/auto/{id}",
    params(("id" = i64, Path, description = "The rule's number"), Seen),
    responses(
        (status = 204),
        (status = 409, description = "Somebody else changed it meanwhile"),
    ))]
pub async fn remove_auto(
    ctx: Ctx,
    Path(id): Path<i64>,
    Query(seen): Query<Seen>,
) -> Result<StatusCode, Problem> {
    autos::remove(&ctx, id, seen.version).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes a rule by which machines call. What it looks at stays what it is.
#[utoipa::path(put, tag = "andon", path = "/api/v1/andon/auto/{id}", request_body = AutoBody,
    params(("id" = i64, Path, description = "The rule's number")),
    responses(
        (status = 204),
        (status = 409, description = "Somebody else changed it meanwhile"),
    ))]
pub async fn change_auto(
    ctx: Ctx,
    Path(id): Path<i64>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    let body: AutoBody = read(&headers, body)?;
    autos::change(&ctx, id, &body).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes what holds for all calls: for how long they may be reopened, how often one person may be told.
#[utoipa::path(put, tag = "andon", path = "/api/v1/andon/general", request_body = GeneralView, responses(
    (status = 204),
    (status = 409, description = "Somebody else changed it meanwhile"),
))]
pub async fn change_general(
    ctx: Ctx,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    let body: GeneralView = read(&headers, body)?;
    rules::change_general(&ctx, &body).await?;
    Ok(StatusCode::NO_CONTENT)
}
