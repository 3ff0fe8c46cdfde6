//! `/andon/history`: the calls of the past and of now.

use super::lines_seen;
use crate::api::andon::{CallDetail, CallFilter, CallPage};
use crate::domain::andon::{CallKind, Priority, Status};
use crate::domain::day::LocalDay;
use crate::domain::plant::FieldError;
use crate::domain::time::{DAY_MS, DurMs, Span, TsMs};
use crate::server::auth::Ctx;
use crate::server::calendar::{day_start, local_day, local_time};
use crate::server::http::Shared;
use crate::server::http::desk::answer::{asked_for, wrong_or};
use crate::server::http::desk::fields::zone;
use crate::server::http::desk::page_with;
use crate::server::services::andon::{get_andon_event, get_andon_event_history};
use crate::server::services::error::{ServiceError, field};
use crate::ui::desk::andon::history::{self as pages, Page};
use crate::ui::desk::current::SCRIPT;
use crate::ui::desk::field::Wrong;
use crate::ui::sheets::address::Address;
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use jiff::tz::TimeZone;

/// What is looked at when nothing else is asked for.
const USUAL_DAYS: i64 = 29;
/// Calls on a page.
const PAGE: i64 = 50;

/// The route.
pub fn router(shared: &Shared) -> Router {
    Router::new()
        .route("/andon/history", get(show))
        .with_state(shared.clone())
}

/// The days of an address.
fn days(address: &Address, today: LocalDay, wrong: &mut Vec<FieldError>) -> (LocalDay, LocalDay) {
    let mut day = |name: &str| {
        let text = address.get(name)?;
        let day = LocalDay::parse(text);
        if day.is_none() {
            wrong.push(field(name, "must be a day, YYYY-MM-DD"));
        }
        day
    };
    let (from, to) = (day("from"), day("to"));
    let to = to.unwrap_or(today);
    (from.unwrap_or(to.plus(-USUAL_DAYS)), to)
}

/// One of several by its name; what has no such name is wrong.
fn one<T>(
    address: &Address,
    name: &str,
    known: impl Fn(&str) -> Option<T>,
    wrong: &mut Vec<FieldError>,
) -> Option<T> {
    let text = address.get(name)?;
    let found = known(text);
    if found.is_none() {
        wrong.push(field(name, "does not exist"));
    }
    found
}

/// What the address asks for, and its days; with everything in it that cannot be read.
fn filter(
    address: &Address,
    zone: &TimeZone,
    now: TsMs,
) -> (CallFilter, (LocalDay, LocalDay), Vec<FieldError>) {
    let mut wrong = Vec::new();
    let today = local_day(zone, now).unwrap_or_default();
    let (first, last) = days(address, today, &mut wrong);
    let start = |day: LocalDay| day_start(zone, day).map(|at| at.0);
    let yes = |text: &str| match text {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    };
    let text = |name: &str| address.get(name).map(str::to_owned);
    let filter = CallFilter {
        line: text("line"),
        machine: text("machine"),
        kind: one(address, "kind", CallKind::from_name, &mut wrong),
        priority: one(address, "priority", Priority::from_name, &mut wrong),
        status: one(address, "status", Status::from_name, &mut wrong),
        escalated: one(address, "escalated", yes, &mut wrong),
        from: start(first),
        to: start(last.plus(1)),
        cursor: text("cursor"),
        limit: Some(PAGE),
    };
    (filter, (first, last), wrong)
}

async fn show(State(shared): State<Shared>, ctx: Ctx, RawQuery(query): RawQuery) -> Response {
    let address = Address::parse("", query.as_deref().unwrap_or_default());
    let zone = zone(ctx.app());
    let (filter, days, wrong) = filter(&address, &zone, ctx.now());
    let found = if wrong.is_empty() {
        read(&ctx, &address, &filter).await
    } else {
        Err(ServiceError::Invalid(wrong))
    };
    let ((status, wrong), calls, opened): ((StatusCode, Wrong), _, _) = match found {
        Ok((calls, opened)) => (asked_for(), Some(calls), opened),
        Err(error) => match wrong_or(&shared, &ctx, "calls", error).await {
            Ok(again) => (again, None, None),
            Err(answer) => return answer,
        },
    };
    let bounds = calls.iter().flat_map(|page| &page.calls).chain(&opened);
    // The stop that a call is about may have begun long before it.
    let stops = bounds.clone().filter_map(|c| Some(c.stop.as_ref()?.from));
    let raised = bounds.map(|c| c.call.call.raised.at);
    let earliest = raised.chain(stops).min();
    let from = earliest.unwrap_or(ctx.now()) - DurMs(DAY_MS);
    let page = Page {
        lines: lines_seen(&ctx),
        days: (days.0.to_string(), days.1.to_string()),
        clock: local_time(&zone, Span::clamped(from, ctx.now() + DurMs(DAY_MS))),
        now: ctx.now(),
        address,
        calls,
        opened,
    };
    // What cannot be asked for does not become possible by itself.
    let script = page.calls.as_ref().map(|_| SCRIPT);
    let inside = (pages::history(&page, &wrong), script);
    let names = ("Calls", pages::HERE);
    page_with(&shared, Some(ctx.caller()), names, status, inside)
}

/// The calls of an address, and the one that it opens.
async fn read(
    ctx: &Ctx,
    address: &Address,
    filter: &CallFilter,
) -> Result<(CallPage, Option<CallDetail>), ServiceError> {
    let calls = get_andon_event_history(ctx, filter).await?;
    let opened = match address.get("call") {
        None => None,
        Some(id) => {
            let id = id.parse().map_err(|_| {
                ServiceError::Invalid(vec![field("call", "must be the number of a call")])
            })?;
            Some(get_andon_event(ctx, id).await?)
        }
    };
    Ok((calls, opened))
}
