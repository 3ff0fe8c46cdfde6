//! `/api/v1/andon`: calls for help.

pub mod figures;
pub mod roster;
pub mod rules;

use super::ingest::{body_of, require_json};
use super::problem::{Problem, malformed};
use super::query::{Gathered, choice_if_given, instant_if_given, number_if_given, word_if_given};
use crate::api::andon::{AndonBoard, CallDetail, CallFilter, CallPage, CallView, NewCall, Raised};
use crate::domain::andon::{CallKind, Cause, Priority, Status};
use crate::domain::time::TsMs;
use crate::server::auth::Ctx;
use crate::server::services::andon;
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, Query};
use axum::http::HeaderMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;

type Body = Result<Bytes, BytesRejection>;

/// What was sent as JSON.
fn read<T: DeserializeOwned>(headers: &HeaderMap, body: Body) -> Result<T, Problem> {
    require_json(headers)?;
    serde_json::from_slice(&body_of(body)?).map_err(|e| malformed(e.to_string()))
}

/// Which calls.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Calls {
    /// Of this line.
    line: Option<String>,
    /// Of this machine.
    machine: Option<String>,
    /// For this.
    #[param(value_type = Option<CallKind>)]
    kind: Option<String>,
    /// Of this priority.
    #[param(value_type = Option<Priority>)]
    priority: Option<String>,
    /// In this status.
    #[param(value_type = Option<Status>)]
    status: Option<String>,
    /// Raised from here on: epoch milliseconds or RFC 3339. Usually 30 days before `to`.
    from: Option<String>,
    /// And before here. Usually now.
    to: Option<String>,
    /// Only those that went up a level, or only others.
    #[param(value_type = Option<bool>)]
    escalated: Option<String>,
    /// Go on after the page that gave this as its `next`.
    cursor: Option<String>,
    /// At most this many: 1 to 500, usually 50.
    #[param(value_type = Option<i64>)]
    limit: Option<String>,
}

/// Words of a query, with how each is named.
type Words<T> = (&'static [T], fn(T) -> &'static str);

const KINDS: Words<CallKind> = (&CallKind::ALL, CallKind::name);
const PRIORITIES: Words<Priority> = (&Priority::ALL, Priority::name);
const STATUSES: Words<Status> = (&Status::ALL, Status::name);

impl Calls {
    fn filter(self) -> Result<CallFilter, Problem> {
        let mut wrong = Gathered::default();
        let (kind, priority) = (self.kind.as_deref(), self.priority.as_deref());
        let (status, limit) = (self.status.as_deref(), self.limit.as_deref());
        let filter = CallFilter {
            kind: wrong.take(word_if_given("kind", kind, KINDS)),
            priority: wrong.take(word_if_given("priority", priority, PRIORITIES)),
            status: wrong.take(word_if_given("status", status, STATUSES)),
            from: wrong.take(instant_if_given("from", self.from.as_deref())),
            to: wrong.take(instant_if_given("to", self.to.as_deref())),
            escalated: wrong.take(choice_if_given("escalated", self.escalated.as_deref())),
            limit: wrong.take(number_if_given("limit", limit)),
            line: self.line,
            machine: self.machine,
            cursor: self.cursor,
        };
        wrong.refuse()?;
        Ok(filter)
    }
}

/// Calls with what happened to them, newest first.
#[utoipa::path(get, tag = "andon", path = "/api/v1/andon", params(Calls), responses(
    (status = 200, body = CallPage),
))]
pub async fn history(ctx: Ctx, Query(query): Query<Calls>) -> Result<Json<CallPage>, Problem> {
    let filter = query.filter()?;
    Ok(Json(andon::get_andon_event_history(&ctx, &filter).await?))
}

/// Calls for help. When a call of the same kind is open at the place, it is joined.
#[utoipa::path(post, tag = "andon", path = "/api/v1/andon", request_body = NewCall, responses(
    (status = 200, body = Raised),
    (status = 404, description = "There is no such line or machine"),
))]
pub async fn create(ctx: Ctx, headers: HeaderMap, body: Body) -> Result<Json<Raised>, Problem> {
    let new: NewCall = read(&headers, body)?;
    Ok(Json(andon::create_andon_event(&ctx, &new).await?))
}

/// What a board shows: calls that go on, the most urgent first, and how much is going on.
#[utoipa::path(get, tag = "andon", path = "/api/v1/andon/board", responses(
    (status = 200, body = AndonBoard),
))]
pub async fn board(ctx: Ctx) -> Result<Json<AndonBoard>, Problem> {
    Ok(Json(andon::get_andon_dashboard_data(&ctx).await?))
}

/// Which line.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OfLine {
    /// Its code.
    line: Option<String>,
}

/// Calls that are open, or resolved and not closed, the most urgent first; on all lines or on one.
#[utoipa::path(get, tag = "andon", path = "/api/v1/andon/active", params(OfLine), responses(
    (status = 200, body = Vec<CallView>),
))]
pub async fn active(ctx: Ctx, Query(of): Query<OfLine>) -> Result<Json<Vec<CallView>>, Problem> {
    let calls = andon::get_active_andon_events(&ctx, of.line.as_deref());
    Ok(Json(calls.await?))
}

/// One call, with everything that happened to it.
#[utoipa::path(get, tag = "andon", path = "/api/v1/andon/calls/{id}",
    params(("id" = i64, Path, description = "The call's number")),
    responses((status = 200, body = CallDetail)))]
pub async fn call(ctx: Ctx, Path(id): Path<i64>) -> Result<Json<CallDetail>, Problem> {
    Ok(Json(andon::get_andon_event(&ctx, id).await?))
}

/// Whoever takes a call.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Taking {
    /// When they will be there, epoch milliseconds, within the next 24 hours.
    #[serde(default)]
    eta: Option<TsMs>,
}

/// "I am coming." Whoever took the call tells by the same that they will be there at another time.
#[utoipa::path(post, tag = "andon", path = "/api/v1/andon/calls/{id}/acknowledge", request_body = Taking,
    params(("id" = i64, Path, description = "The call's number")),
    responses(
        (status = 200, body = CallView, description = "The call as it is now"),
        (status = 409, description = "Somebody was faster, who is named, or the call is over"),
    ))]
pub async fn acknowledge(
    ctx: Ctx,
    Path(id): Path<i64>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<CallView>, Problem> {
    let taking: Taking = read(&headers, body)?;
    let done = andon::acknowledge_andon_event(&ctx, id, taking.eta);
    Ok(Json(done.await?))
}

/// "I cannot come", by whoever took the call: it waits for somebody to take it once more, and goes up anew.
#[utoipa::path(post, tag = "andon", path = "/api/v1/andon/calls/{id}/hand_back", request_body = Note,
    params(("id" = i64, Path, description = "The call's number")),
    responses(
        (status = 200, body = CallView, description = "The call as it is now"),
        (status = 409, description = "Nobody took it, somebody else did, who is named, or they are there already"),
    ))]
pub async fn hand_back(
    ctx: Ctx,
    Path(id): Path<i64>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<CallView>, Problem> {
    let told: Note = read(&headers, body)?;
    let done = andon::hand_back_andon_event(&ctx, id, &told.note);
    Ok(Json(done.await?))
}

/// Nothing more is to be said.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// "I am there." Takes the call as well when nobody had.
#[utoipa::path(post, tag = "andon", path = "/api/v1/andon/calls/{id}/arrive", request_body = Nothing,
    params(("id" = i64, Path, description = "The call's number")),
    responses(
        (status = 200, body = CallView, description = "The call as it is now"),
        (status = 409, description = "Somebody was faster, who is named, or the call is over"),
    ))]
pub async fn arrive(
    ctx: Ctx,
    Path(id): Path<i64>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<CallView>, Problem> {
    let Nothing {} = read(&headers, body)?;
    Ok(Json(andon::arrive_andon_event(&ctx, id).await?))
}

/// How a call was resolved.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Resolution {
    /// Where the trouble came from.
    cause: Cause,
    /// What was done, at most 2,000 characters.
    #[serde(default)]
    note: String,
}

/// The trouble is over.
#[utoipa::path(post, tag = "andon", path = "/api/v1/andon/calls/{id}/resolve", request_body = Resolution,
    params(("id" = i64, Path, description = "The call's number")),
    responses(
        (status = 200, body = CallView, description = "The call as it is now"),
        (status = 409, description = "Nobody took the call yet, or somebody was faster, who is named"),
    ))]
pub async fn resolve(
    ctx: Ctx,
    Path(id): Path<i64>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<CallView>, Problem> {
    let told: Resolution = read(&headers, body)?;
    let done = andon::resolve_andon_event(&ctx, id, told.cause, &told.note);
    Ok(Json(done.await?))
}

/// Nothing is left to do.
#[utoipa::path(post, tag = "andon", path = "/api/v1/andon/calls/{id}/close", request_body = Nothing,
    params(("id" = i64, Path, description = "The call's number")),
    responses(
        (status = 200, body = CallView, description = "The call as it is now"),
        (status = 409, description = "It is not resolved, or somebody was faster, who is named"),
    ))]
pub async fn close(
    ctx: Ctx,
    Path(id): Path<i64>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<CallView>, Problem> {
    let Nothing {} = read(&headers, body)?;
    Ok(Json(andon::close_andon_event(&ctx, id).await?))
}

/// What is said of an act.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// Why, at most 2,000 characters.
    #[serde(default)]
    note: String,
}

/// It was not needed. By whoever may resolve calls; or by whoever raised it, while nobody has taken it and nobody else called
/// for the same.
#[utoipa::path(post, tag = "andon", path = "/api/v1/andon/calls/{id}/cancel", request_body = Note,
    params(("id" = i64, Path, description = "The call's number")),
    responses(
        (status = 200, body = CallView, description = "The call as it is now"),
        (status = 409, description = "It is over, by whom is told; or it is no longer theirs alone to cancel"),
        (status = 422, description = "The note is missing or too long"),
    ))]
pub async fn cancel(
    ctx: Ctx,
    Path(id): Path<i64>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<CallView>, Problem> {
    let told: Note = read(&headers, body)?;
    Ok(Json(andon::cancel_andon_event(&ctx, id, &told.note).await?))
}

/// It was not over: somebody has to take it again.
#[utoipa::path(post, tag = "andon", path = "/api/v1/andon/calls/{id}/reopen", request_body = Note,
    params(("id" = i64, Path, description = "The call's number")),
    responses(
        (status = 200, body = CallView, description = "The call as it is now"),
        (status = 409, description = "It is open, was resolved too long ago, or another call is open for the same"),
    ))]
pub async fn reopen(
    ctx: Ctx,
    Path(id): Path<i64>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<CallView>, Problem> {
    let told: Note = read(&headers, body)?;
    Ok(Json(andon::reopen_andon_event(&ctx, id, &told.note).await?))
}

/// "Call the next level now."
#[utoipa::path(post, tag = "andon", path = "/api/v1/andon/calls/{id}/escalate", request_body = Nothing,
    params(("id" = i64, Path, description = "The call's number")),
    responses(
        (status = 200, body = CallView, description = "The call as it is now"),
        (status = 409, description = "It is over, or nobody is above"),
    ))]
pub async fn escalate(
    ctx: Ctx,
    Path(id): Path<i64>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<CallView>, Problem> {
    let Nothing {} = read(&headers, body)?;
    Ok(Json(andon::escalate_andon_event(&ctx, id).await?))
}
