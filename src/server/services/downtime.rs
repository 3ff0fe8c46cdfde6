//! Stops with their reasons: lists, figures, what stands now, and what people say about them.

mod calls;
mod confirm;
mod list;
mod reasons;
mod statistics;
mod within;

pub(super) use calls::stops_of_calls;
pub use confirm::confirm_downtime;
pub use list::{get_active_downtime, get_downtime_event, get_downtime_events};
pub use reasons::reasons_for_line;
pub use statistics::get_downtime_statistics;

use super::error::{ServiceError, invalid, not_found};
use super::line::MAX_WINDOW;
use super::window::{LineData, MachineData};
use crate::api::downtime::{DowntimeEvent, DowntimePart, ProductChange, ReasonName};
use crate::domain::classification::last_about;
use crate::domain::downtime::{Stop, stops};
use crate::domain::ids::{MachineId, ProductId, ReasonId};
use crate::domain::machine_state::TimeBucket;
use crate::domain::part::Part;
use crate::domain::shift::Schedule;
use crate::domain::time::{DAY_MS, DurMs, Span, TsMs};
use crate::server::auth::Ctx;
use crate::server::calendar;
use crate::server::plant::{Line, Machine, Plant, Site};

/// The stretch that is looked at when no start is given.
const USUAL: DurMs = DurMs(30 * DAY_MS);

/// Which machines are asked for.
struct Scope<'a> {
    lines: Vec<&'a Line>,
    /// One machine of the one line, or all.
    machine: Option<MachineId>,
}

impl<'a> Scope<'a> {
    fn of(
        ctx: &Ctx,
        plant: &'a Plant,
        line: Option<&str>,
        machine: Option<&str>,
    ) -> Result<Self, ServiceError> {
        let line = line
            .map(|code| plant.line(code).ok_or_else(|| unknown("line", code)))
            .transpose()?;
        if let Some(line) = line {
            ctx.reach(line)?;
        }
        let Some(code) = machine else {
            let seen = || plant.lines.iter().filter(|line| ctx.sees(line)).collect();
            let lines = line.map_or_else(seen, |line| vec![line]);
            return Ok(Self {
                lines,
                machine: None,
            });
        };
        let known = plant.machine_id(code).and_then(|id| plant.machine(id));
        let (own, machine) = known.ok_or_else(|| unknown("machine", code))?;
        ctx.reach(own)?;
        if line.is_some_and(|line| line.id != own.id) {
            return Err(invalid("machine", format!("'{code}' is not on this line")));
        }
        Ok(Self {
            lines: vec![own],
            machine: Some(machine.id),
        })
    }
}

/// A machine with its line, and the start of a stop of it, as they are named in addresses.
fn place<'a>(
    plant: &'a Plant,
    (code, start): (&str, i64),
    now: TsMs,
) -> Result<(&'a Line, &'a Machine, TsMs), ServiceError> {
    let known = plant.machine_id(code).and_then(|id| plant.machine(id));
    let (line, machine) = known.ok_or_else(|| not_found("machine", code))?;
    if (0..=now.0).contains(&start) {
        Ok((line, machine, TsMs(start)))
    } else {
        Err(no_stop(code, start))
    }
}

fn no_stop(code: &str, start: i64) -> ServiceError {
    not_found("stop", &format!("{code}-{start}"))
}

/// A code in a query that nothing has.
fn unknown(field: &str, code: &str) -> ServiceError {
    invalid(field, format!("'{code}' does not exist"))
}

/// The window that is asked for.
fn range(from: Option<i64>, to: Option<i64>, now: TsMs) -> Result<Span, ServiceError> {
    let to = to.map_or(now, TsMs);
    let from = from.map_or(TsMs(to.0.saturating_sub(USUAL.0).max(0)), TsMs);
    if from.0 < 0 {
        return Err(invalid("from", "must not be before 1970"));
    }
    if from >= to {
        return Err(invalid("from", "must be before 'to'"));
    }
    if to - from > MAX_WINDOW {
        return Err(invalid("from", "must be at most five years before 'to'"));
    }
    Ok(Span::clamped(from, to))
}

/// The schedule over every stop of the data, also where they reach beyond the window.
fn schedule_over(site: &Site, line: &Line, data: &LineData) -> Schedule {
    let parts = data.machines.iter().flat_map(|m| &m.parts);
    let runs = parts.filter(|p| p.bucket.is_loss()).map(|p| p.run.span);
    let whole = runs.fold(data.window, |all, run| {
        Span::clamped(all.from().min(run.from()), all.to().max(run.to()))
    });
    // Also what is planned at the first instant after it.
    calendar::schedule(
        site,
        line,
        Span::clamped(whole.from(), whole.to() + DurMs(1)),
    )
}

/// What is needed to show the stops of a line.
struct Showing<'a> {
    plant: &'a Plant,
    line: &'a Line,
    schedule: &'a Schedule,
}

impl Showing<'_> {
    /// The stops of one machine that `wanted` takes, as they are shown.
    fn events(&self, data: &MachineData, wanted: impl Fn(&Stop<'_>) -> bool) -> Vec<DowntimeEvent> {
        let found = stops(&data.parts);
        let shown = found.iter().filter(|stop| wanted(stop));
        shown.map(|stop| self.event(data, stop)).collect()
    }

    fn event(&self, data: &MachineData, stop: &Stop<'_>) -> DowntimeEvent {
        let run = stop.run;
        let machine = self.plant.machine(data.id).map(|(_, m)| m);
        let code = machine.map_or_else(String::new, |m| m.code.clone());
        let said = last_about(&data.said, &data.intervals, run.span);
        DowntimeEvent {
            id: format!("{code}-{}", run.span.from().0),
            line: self.line.code.clone(),
            machine: code,
            machine_name: machine.map_or_else(String::new, |m| m.name.clone()),
            from: run.span.from(),
            to: (!run.open).then_some(run.span.to()),
            length: run.span.len(),
            lost: stop.lost(self.schedule),
            bucket: stop.bucket(),
            minor: stop.is_minor(self.line.rules),
            counted: stop.is_counted(self.schedule),
            parts: stop.parts.iter().map(|p| self.part(data, p)).collect(),
            change: self.change(stop),
            confirmed: said.is_some_and(|s| s.confirmed),
            comment: said.map_or_else(String::new, |s| s.comment.clone()),
            version: said.map_or(0, |s| s.id),
            author: said.map(|s| s.author.clone()),
            said: said.map(|s| s.made),
            calls: vec![],
        }
    }

    fn part(&self, data: &MachineData, part: &Part) -> DowntimePart {
        let ended = !part.run.open || part.span.to() < part.run.span.to();
        DowntimePart {
            from: part.span.from(),
            to: ended.then_some(part.span.to()),
            state: part.state,
            bucket: part.bucket,
            fault: part.fault.clone(),
            fault_text: part
                .fault
                .as_ref()
                .map(|code| self.plant.fault_text(data.id, code)),
            reason: part.reason.and_then(|id| reason_name(self.plant, id)),
            given: part.given,
            product: self.product(part.product),
        }
    }

    fn product(&self, id: Option<ProductId>) -> Option<String> {
        Some(self.plant.product(id?)?.code.clone())
    }

    fn change(&self, stop: &Stop<'_>) -> Option<ProductChange> {
        let during = stop
            .parts
            .iter()
            .any(|p| p.bucket == TimeBucket::Changeover);
        let (before, after) = (
            stop.before.or(stop.parts.first()).and_then(|p| p.product),
            stop.after.or(stop.parts.last()).and_then(|p| p.product),
        );
        during.then(|| ProductChange {
            from: self.product(before),
            to: self.product(after),
            target: before
                .zip(after)
                .and_then(|(from, to)| self.plant.changeover_target(self.line.id, from, to)),
        })
    }
}

fn reason_name(plant: &Plant, id: ReasonId) -> Option<ReasonName> {
    let reason = plant.reasons.get(id)?;
    Some(ReasonName {
        code: reason.code.clone(),
        name: reason.name.clone(),
        category: reason.category,
    })
}
