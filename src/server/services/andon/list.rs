//! Calls that go on, and calls of the past.

use super::view::views_in;
use crate::api::andon::stop::StopOfCall;
use crate::api::andon::{AndonBoard, CallDetail, CallFilter, CallPage, CallView, HistoryLine};
use crate::api::downtime::DowntimeEvent;
use crate::domain::andon::Waiting;
use crate::domain::andon::load::{MOST_IN_TEN_MINUTES, TEN_MINUTES};
use crate::domain::ids::{CallId, LineId};
use crate::domain::rights::Permission;
use crate::domain::time::{DAY_MS, DurMs, Span, TsMs};
use crate::server::andon::Directory;
use crate::server::auth::Ctx;
use crate::server::db::Tx;
use crate::server::db::andon::calls::{self, StoredCall, Wanted};
use crate::server::db::andon::events::{self, EventRow};
use crate::server::live::calls::all_at_first;
use crate::server::plant::{Line, Plant};
use crate::server::services::board::site_view;
use crate::server::services::downtime::stops_of_calls;
use crate::server::services::error::{ServiceError, invalid, not_found};
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

/// The stretch that is looked at when no start is given.
const USUAL: DurMs = DurMs(30 * DAY_MS);

/// What goes on, sorted: the most urgent first, of the same urgency the oldest first.
///
/// # Errors
/// The engine's, or a stored value that is not known.
pub(crate) async fn going_on(
    tx: &mut Tx,
    plant: &Plant,
    people: &Directory,
    sees: impl Fn(&Line) -> bool,
) -> sqlx::Result<Vec<CallView>> {
    let seen: HashSet<LineId> = plant
        .lines
        .iter()
        .filter(|line| sees(line))
        .map(|line| line.id)
        .collect();
    let mut calls = calls::going_on_in(tx).await?;
    calls.retain(|call| seen.contains(&call.spot.line));
    calls.sort_by_key(|c| (Reverse(c.call.priority), c.call.raised.at, c.id));
    views_in(tx, plant, people, &calls).await
}

/// Calls that are open, or resolved and not closed, on all lines that the caller sees or on one.
///
/// # Errors
/// No such line; the leave does not reach it; the database's.
pub async fn get_active_andon_events(
    ctx: &Ctx,
    line: Option<&str>,
) -> Result<Vec<CallView>, ServiceError> {
    let app = ctx.app();
    let plant = app.plant.get();
    let only = line
        .map(|code| plant.line(code).ok_or_else(|| unknown("line", code)))
        .transpose()?;
    if let Some(line) = only {
        ctx.reach(line)?;
    }
    let people = Directory::load(&app.db).await?;
    let sees = |line: &Line| only.map_or_else(|| ctx.sees(line), |only| only.id == line.id);
    let mut tx = app.db.snapshot().await?;
    Ok(going_on(&mut tx, &plant, &people, sees).await?)
}

/// The same for a live stream, whose caller came for something else: a list of [`CallView`], as JSON. Many streams begin at
/// once, so they share what is read; what each of them may see is looked at for each.
///
/// # Errors
/// The database's.
pub async fn calls_of_stream(ctx: &Ctx) -> Result<String, ServiceError> {
    let plant = ctx.app().plant.get();
    let rights = &ctx.caller().rights;
    let may = |line: &&Line| ctx.sees(line) && rights.at(Permission::AndonRead, line.place());
    let seen = plant.lines.iter().filter(may);
    let seen: HashSet<&str> = seen.map(|line| line.code.as_str()).collect();
    let calls = all_at_first(ctx.app()).await?;
    Ok(calls.on_lines(|line| seen.contains(line)))
}

/// Everything that a board shows.
///
/// # Errors
/// The database's.
pub async fn get_andon_dashboard_data(ctx: &Ctx) -> Result<AndonBoard, ServiceError> {
    let app = ctx.app();
    let (plant, now) = (app.plant.get(), app.clock.now());
    let people = Directory::load(&app.db).await?;
    let mut tx = app.db.snapshot().await?;
    let calls = going_on(&mut tx, &plant, &people, |line| ctx.sees(line)).await?;
    let seen = plant.lines.iter().filter(|line| ctx.sees(line));
    let lines: HashSet<LineId> = seen.map(|line| line.id).collect();
    let lately = Span::clamped(now - TEN_MINUTES + DurMs(1), now + DurMs(1));
    let raises = calls::raises_in(&mut tx, lately).await?.into_iter();
    let raised_lately: i64 = raises
        .filter(|(line, _)| lines.contains(line))
        .map(|r| r.1)
        .sum();
    let over = calls::last_over_in(&mut tx).await?.into_iter();
    let last_over = over
        .filter(|(line, _)| lines.contains(line))
        .filter_map(|o| o.1)
        .max();
    let around = Span::clamped(now - DurMs(2 * DAY_MS), now + DurMs(DAY_MS));
    Ok(AndonBoard {
        now,
        version: calls::last_version_in(&mut tx).await?,
        site: plant.site.as_ref().map(|site| site_view(site, around)),
        calls,
        raised_lately,
        flood: raised_lately > MOST_IN_TEN_MINUTES,
        last_over,
    })
}

/// One call with everything that happened to it.
///
/// # Errors
/// No such call; the leave does not reach its line; the database's.
pub async fn get_andon_event(ctx: &Ctx, id: i64) -> Result<CallDetail, ServiceError> {
    let app = ctx.app();
    let plant = app.plant.get();
    let missing = || not_found("call", &id.to_string());
    let people = Directory::load(&app.db).await?;
    let mut tx = app.db.snapshot().await?;
    let stored = calls::by_id_in(&mut tx, CallId(id))
        .await?
        .ok_or_else(missing)?;
    let line = plant.lines.iter().find(|line| line.id == stored.spot.line);
    ctx.reach(line.ok_or_else(missing)?)?;
    let found = details(&mut tx, ctx, &plant, &people, &[stored]).await?;
    found.into_iter().next().ok_or_else(missing)
}

async fn details(
    tx: &mut Tx,
    ctx: &Ctx,
    plant: &Plant,
    people: &Directory,
    stored: &[StoredCall],
) -> sqlx::Result<Vec<CallDetail>> {
    let now = ctx.now();
    let ids: Vec<CallId> = stored.iter().map(|call| call.id).collect();
    let mut history: HashMap<i64, Vec<HistoryLine>> = HashMap::new();
    for event in events::of_calls_in(tx, &ids).await? {
        history
            .entry(event.call_id)
            .or_default()
            .push(line_of(event));
    }
    let about: Vec<_> = stored.iter().map(|call| (call.spot, call.stop)).collect();
    let about = stops_of_calls(tx, ctx, plant, &about).await?;
    let mut stops: HashMap<i64, StopOfCall> = HashMap::new();
    for (call, stop) in stored.iter().zip(about) {
        stops.extend(stop.map(|event| (call.id.0, stop_of(event))));
    }
    let views = views_in(tx, plant, people, stored).await?;
    let detail = |call: CallView| CallDetail {
        waiting: Waiting::of_stop(&call.call, now, call.stop, call.restarted),
        stop: stops.remove(&call.id),
        history: history.remove(&call.id).unwrap_or_default(),
        call,
    };
    Ok(views.into_iter().map(detail).collect())
}

fn stop_of(event: DowntimeEvent) -> StopOfCall {
    let mut reasons: Vec<String> = Vec::new();
    for reason in event.parts.into_iter().filter_map(|part| part.reason) {
        if reasons.last() != Some(&reason.name) {
            reasons.push(reason.name);
        }
    }
    StopOfCall {
        id: event.id,
        machine: event.machine_name,
        from: event.from,
        to: event.to,
        length: event.length,
        reasons,
    }
}

fn line_of(event: EventRow) -> HistoryLine {
    HistoryLine {
        at: TsMs(event.at_ms),
        what: event.what,
        by: event.who,
        detail: event.detail,
    }
}

/// Calls of the past and of now, newest first, page by page.
///
/// # Errors
/// A filter that cannot be; the leave does not reach the line; the database's.
pub async fn get_andon_event_history(
    ctx: &Ctx,
    filter: &CallFilter,
) -> Result<CallPage, ServiceError> {
    let app = ctx.app();
    let (plant, now) = (app.plant.get(), app.clock.now());
    let asked = wanted(ctx, &plant, filter, now)?;
    let limit = filter.limit.unwrap_or(50);
    if !(1..=500).contains(&limit) {
        return Err(invalid("limit", "must be 1 to 500"));
    }
    let limit = usize::try_from(limit).unwrap_or(1);
    let people = Directory::load(&app.db).await?;
    let seen = plant.lines.iter().filter(|line| ctx.sees(line));
    let seen: Vec<LineId> = match asked.line {
        Some(line) => vec![line],
        None => seen.map(|line| line.id).collect(),
    };
    let wanted = Wanted {
        // Who sees every line is answered by when calls were raised alone: nothing is to be put in order then.
        lines: (seen.len() < plant.lines.len()).then_some(seen.as_slice()),
        ..asked.calls
    };
    let mut tx = app.db.snapshot().await?;
    // One more tells whether there is another page.
    let one_more = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let mut found = calls::find_in(&mut tx, &wanted, one_more).await?;
    let next = (found.len() > limit).then(|| {
        let last = &found[limit - 1];
        format!("{}:{}", last.call.raised.at.0, last.id.0)
    });
    found.truncate(limit);
    let calls = details(&mut tx, ctx, &plant, &people, &found).await?;
    Ok(CallPage { calls, next })
}

/// What a filter asks for.
struct Asked {
    /// At which line.
    line: Option<LineId>,
    /// The rest.
    calls: Wanted<'static>,
}

fn wanted(ctx: &Ctx, plant: &Plant, filter: &CallFilter, now: TsMs) -> Result<Asked, ServiceError> {
    let line = filter
        .line
        .as_deref()
        .map(|code| plant.line(code).ok_or_else(|| unknown("line", code)))
        .transpose()?;
    let machine = filter
        .machine
        .as_deref()
        .map(|code| {
            let known = plant.machine_id(code).and_then(|id| plant.machine(id));
            known.ok_or_else(|| unknown("machine", code))
        })
        .transpose()?;
    for line in line.iter().chain(machine.iter().map(|(line, _)| line)) {
        ctx.reach(line)?;
    }
    let cursor = filter.cursor.as_deref().map(|text| {
        let read = || {
            let (at, id) = text.split_once(':')?;
            Some((TsMs(at.parse().ok()?), CallId(id.parse().ok()?)))
        };
        read().ok_or_else(|| invalid("cursor", "is none that a page gave"))
    });
    let calls = Wanted {
        raised: range(filter.from, filter.to, now)?,
        lines: None,
        machine: machine.map(|(_, machine)| machine.id),
        kind: filter.kind,
        priority: filter.priority,
        status: filter.status,
        escalated: filter.escalated,
        after: cursor.transpose()?,
    };
    let line = line.map(|line| line.id);
    Ok(Asked { line, calls })
}

/// A code in a query that nothing has.
pub(super) fn unknown(field: &str, code: &str) -> ServiceError {
    invalid(field, format!("'{code}' does not exist"))
}

/// The stretch that is asked for; without an end it holds the present.
pub(super) fn range(from: Option<i64>, to: Option<i64>, now: TsMs) -> Result<Span, ServiceError> {
    let to = to.map_or(now + DurMs(1), TsMs);
    let from = from.map_or(TsMs(to.0.saturating_sub(USUAL.0).max(0)), TsMs);
    if from.0 < 0 {
        return Err(invalid("from", "must not be before 1970"));
    }
    Span::new(from, to)
        .filter(|span| !span.is_empty())
        .ok_or_else(|| invalid("from", "must be before 'to'"))
}
