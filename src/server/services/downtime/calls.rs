//! Stops and the calls for help about them: each tells the other. They are tied by the machine and by when the stop began, so
//! that a stop that late facts made longer keeps its calls.

use super::{Showing, schedule_over};
use crate::api::downtime::{CallOfStop as CallView, DowntimeEvent};
use crate::domain::andon::Spot;
use crate::domain::downtime::Stop;
use crate::domain::ids::MachineId;
use crate::domain::rights::Permission;
use crate::domain::time::{DurMs, Span, TsMs};
use crate::server::auth::Ctx;
use crate::server::db::Tx;
use crate::server::db::andon::stops::{CallOfStop, in_window_in};
use crate::server::plant::{Line, Plant};
use crate::server::services::error::ServiceError;
use crate::server::services::window::read_times;

/// The machine whose stop a call is about: of a call about the line, or about a machine that is gone, the one that sets the
/// pace.
fn machine_of(line: &Line, spot: Spot) -> Option<MachineId> {
    let own = spot
        .machine
        .filter(|id| line.machines.iter().any(|m| m.id == *id));
    own.or_else(|| line.pacing().map(|m| m.id))
}

/// The time at which a call must have been tied to a stop to be about it.
fn span(event: &DowntimeEvent) -> Span {
    Span::clamped(event.from, event.from + event.length.max(DurMs(1)))
}

/// Tells stops which calls are about them, on lines whose calls the caller may read. One look at the database, however many
/// stops there are.
///
/// # Errors
/// The database's.
pub(super) async fn tell_calls(
    ctx: &Ctx,
    plant: &Plant,
    events: &mut [DowntimeEvent],
) -> Result<(), ServiceError> {
    let readable = |event: &DowntimeEvent| {
        let line = plant.line(&event.line)?;
        ctx.holds(Permission::AndonRead, line).then_some(line)
    };
    let shown = || events.iter().filter(|event| readable(event).is_some());
    let from = shown().map(|event| span(event).from()).min();
    let to = shown().map(|event| span(event).to()).max();
    let Some((from, to)) = from.zip(to) else {
        return Ok(());
    };
    let mut tx = ctx.app().db.snapshot().await?;
    let calls = in_window_in(&mut tx, Span::clamped(from, to)).await?;
    if calls.is_empty() {
        return Ok(());
    }
    for event in events {
        let Some(line) = readable(event) else {
            continue;
        };
        let machine = plant.machine_id(&event.machine);
        let when = span(event);
        let is_own = |call: &&CallOfStop| {
            call.spot.line == line.id
                && when.contains(call.stop)
                && machine_of(line, call.spot) == machine
        };
        let view = |call: &CallOfStop| CallView {
            id: call.id.0,
            kind: call.kind,
            status: call.status,
        };
        event.calls = calls.iter().filter(is_own).map(view).collect();
    }
    Ok(())
}

/// The stops that calls are about, in the order of the calls: of each where it is, and when its stop began as far as it knew.
/// `None`: of no stop, of one that late facts undid, or of a line whose stops the caller may not see.
///
/// # Errors
/// The engine's.
pub(in crate::server::services) async fn stops_of_calls(
    tx: &mut Tx,
    ctx: &Ctx,
    plant: &Plant,
    calls: &[(Spot, Option<TsMs>)],
) -> sqlx::Result<Vec<Option<DowntimeEvent>>> {
    let mut out: Vec<Option<DowntimeEvent>> = calls.iter().map(|_| None).collect();
    let Some(site) = &plant.site else {
        return Ok(out);
    };
    let mut places = Vec::new();
    let mut wanted: Vec<(&Line, MachineId, Span)> = Vec::new();
    for (place, (spot, stop)) in calls.iter().enumerate() {
        let line = plant.lines.iter().find(|line| line.id == spot.line);
        let line = line.filter(|line| ctx.holds(Permission::DowntimeRead, line));
        let found = line.and_then(|line| Some((line, machine_of(line, *spot)?, (*stop)?)));
        if let Some((line, machine, at)) = found {
            places.push(place);
            wanted.push((line, machine, Span::clamped(at, at + DurMs(1))));
        }
    }
    let found = read_times(tx, site, &wanted, ctx.now()).await?;
    for ((place, (line, _, at)), data) in places.into_iter().zip(&wanted).zip(&found) {
        let schedule = schedule_over(site, line, data);
        let showing = Showing {
            plant,
            line,
            schedule: &schedule,
        };
        let holds = |stop: &Stop<'_>| {
            let run = stop.run.span;
            run.from() <= at.from() && (stop.run.open || at.from() < run.to())
        };
        let machine = data.machines.first();
        if let Some(slot) = out.get_mut(place) {
            *slot = machine.and_then(|machine| showing.events(machine, holds).pop());
        }
    }
    Ok(out)
}
