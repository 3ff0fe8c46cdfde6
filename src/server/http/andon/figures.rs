//! `/api/v1/andon/statistics` and `/api/v1/andon/escalation`: what calls add up to, and who would be called.

use super::{KINDS, PRIORITIES};
use crate::api::andon::EscalationTree;
use crate::api::andon::statistics::AndonStatistics;
use crate::domain::andon::{CallKind, Priority};
use crate::domain::day::Moment;
use crate::domain::plant::FieldError;
use crate::domain::time::TsMs;
use crate::server::auth::Ctx;
use crate::server::calendar::moment;
use crate::server::http::problem::{Problem, internal};
use crate::server::http::query::{Gathered, given, instant_if_given, word_if_given};
use crate::server::services::andon::statistics::Of;
use crate::server::services::andon::{Rehearsal, get_andon_statistics, get_escalation_tree};
use axum::Json;
use axum::extract::Query;
use jiff::tz::TimeZone;
use serde::Deserialize;

/// Which calls are counted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Counted {
    /// Only those of this line, by code.
    line: Option<String>,
    /// Only those of this kind.
    #[param(value_type = Option<CallKind>)]
    kind: Option<String>,
    /// Raised from here on: epoch milliseconds or RFC 3339. Usually 30 days before `to`, at most 93.
    from: Option<String>,
    /// And before here. Usually now.
    to: Option<String>,
}

/// What the calls of a stretch of time add up to: times, escalations, repeats, load, where the time went.
#[utoipa::path(get, tag = "andon", path = "/api/v1/andon/statistics", params(Counted), responses(
    (status = 200, body = AndonStatistics),
))]
pub async fn statistics(
    ctx: Ctx,
    Query(query): Query<Counted>,
) -> Result<Json<AndonStatistics>, Problem> {
    let mut wrong = Gathered::default();
    let of = Of {
        line: query.line.as_deref(),
        kind: wrong.take(word_if_given("kind", query.kind.as_deref(), KINDS)),
        from: wrong.take(instant_if_given("from", query.from.as_deref())),
        to: wrong.take(instant_if_given("to", query.to.as_deref())),
    };
    wrong.refuse()?;
    Ok(Json(get_andon_statistics(&ctx, of).await?))
}

/// A call that nobody raised.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Sample {
    /// On which line: its code.
    #[param(value_type = String)]
    line: Option<String>,
    /// When: epoch milliseconds, RFC 3339, or `2026-07-05T02:10` by the clock of the site. Usually now.
    at: Option<String>,
    /// What for.
    #[param(value_type = CallKind)]
    kind: Option<String>,
    /// How urgent.
    #[param(value_type = Priority)]
    priority: Option<String>,
}

impl Sample {
    fn at(&self, ctx: &Ctx) -> Result<TsMs, FieldError> {
        let Some(text) = &self.at else {
            return Ok(ctx.now());
        };
        let plant = ctx.app().plant.get();
        let zone = plant
            .site
            .as_ref()
            .map_or(TimeZone::UTC, |s| s.zone.clone());
        let local = || Moment::parse(text).and_then(|m| moment(&zone, m));
        let exact = instant_if_given("at", Some(text)).ok().flatten().map(TsMs);
        exact.or_else(local).ok_or_else(|| FieldError {
            field: "at".to_owned(),
            problem:
                "must be epoch milliseconds, RFC 3339, or a local time such as 2026-07-05T02:10"
                    .to_owned(),
        })
    }
}

/// Who would be called for such a call, when and by what; and who cannot be reached, and why.
#[utoipa::path(get, tag = "andon", path = "/api/v1/andon/escalation", params(Sample), responses(
    (status = 200, body = EscalationTree),
))]
pub async fn escalation(
    ctx: Ctx,
    Query(sample): Query<Sample>,
) -> Result<Json<EscalationTree>, Problem> {
    let mut wrong = Gathered::default();
    let line = wrong.take(given("line", sample.line.as_deref()));
    let at = wrong.take(sample.at(&ctx));
    let kind = word_if_given("kind", sample.kind.as_deref(), KINDS);
    let kind = wrong.take(kind.and_then(|kind| given("kind", kind)));
    let priority = word_if_given("priority", sample.priority.as_deref(), PRIORITIES);
    let priority = wrong.take(priority.and_then(|priority| given("priority", priority)));
    wrong.refuse()?;
    // What is missing was refused.
    let (Some(line), Some(kind), Some(priority)) = (line, kind, priority) else {
        return Err(internal());
    };
    let call = Rehearsal {
        line,
        at,
        kind,
        priority,
    };
    Ok(Json(get_escalation_tree(&ctx, call).await?))
}
