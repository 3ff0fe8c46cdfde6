//! Reads windows of lines. Whatever is asked for together is read with the same few statements.

use super::{LineData, MachineData};
use crate::domain::classification::{Classification, in_force};
use crate::domain::ids::MachineId;
use crate::domain::part::{Part, parts};
use crate::domain::time::{DurMs, Span, TsMs};
use crate::domain::timeline::{Hearing, Interval, Transition, intervals};
use crate::server::calendar;
use crate::server::db::stretches::Stretch;
use crate::server::db::timeline::Bounds;
use crate::server::db::{Db, Tx, classifications, timeline};
use crate::server::plant::{Line, Machine, Site};

/// Reads a line over `window`, cut at `now`; the schedule covers all of `window`.
///
/// # Errors
/// The engine's.
pub async fn read(
    db: &Db,
    site: &Site,
    line: &Line,
    window: Span,
    now: TsMs,
) -> sqlx::Result<LineData> {
    read_in(&mut db.snapshot().await?, site, line, window, now).await
}

/// The same, as a transaction sees it.
///
/// # Errors
/// The engine's.
pub async fn read_in(
    tx: &mut Tx,
    site: &Site,
    line: &Line,
    window: Span,
    now: TsMs,
) -> sqlx::Result<LineData> {
    only(read_all(tx, site, &[(line, window)], now).await?)
}

/// Several windows, of one line or of several, each as [`read`] reads it.
///
/// # Errors
/// The engine's.
pub async fn read_all(
    tx: &mut Tx,
    site: &Site,
    wanted: &[(&Line, Span)],
    now: TsMs,
) -> sqlx::Result<Vec<LineData>> {
    let wanted: Vec<Wanted<'_>> = wanted
        .iter()
        .map(|(line, window)| Wanted::new(line, None, *window, now))
        .collect();
    let counted: Vec<Stretch> = wanted.iter().flat_map(Wanted::stretches).collect();
    let mut lines = time(tx, site, &wanted, now).await?;
    let minutes = timeline::minutes(tx, &counted).await?;
    let machines = lines.iter_mut().flat_map(|line| &mut line.machines);
    for (machine, minutes) in machines.zip(minutes) {
        machine.minutes = minutes;
    }
    Ok(lines)
}

/// The same without counts, of all machines or of one.
///
/// # Errors
/// The engine's.
pub async fn read_time(
    tx: &mut Tx,
    site: &Site,
    line: &Line,
    machine: Option<MachineId>,
    window: Span,
    now: TsMs,
) -> sqlx::Result<LineData> {
    let wanted = Wanted::new(line, machine, window, now);
    only(time(tx, site, &[wanted], now).await?)
}

/// One machine of a line over a stretch of time, without counts, as often as it is asked for.
///
/// # Errors
/// The engine's.
pub async fn read_times(
    tx: &mut Tx,
    site: &Site,
    wanted: &[(&Line, MachineId, Span)],
    now: TsMs,
) -> sqlx::Result<Vec<LineData>> {
    let wanted: Vec<Wanted<'_>> = wanted
        .iter()
        .map(|(line, machine, window)| Wanted::new(line, Some(*machine), *window, now))
        .collect();
    if wanted.is_empty() {
        return Ok(vec![]);
    }
    time(tx, site, &wanted, now).await
}

fn only(mut lines: Vec<LineData>) -> sqlx::Result<LineData> {
    lines.pop().ok_or(sqlx::Error::RowNotFound)
}

/// A window of a line, or of some of its machines.
struct Wanted<'a> {
    line: &'a Line,
    machines: Vec<&'a Machine>,
    /// As far as the schedule is wanted.
    window: Span,
    /// The part of it that lies before now.
    past: Span,
}

impl<'a> Wanted<'a> {
    fn new(line: &'a Line, machine: Option<MachineId>, window: Span, now: TsMs) -> Self {
        let is_wanted = |m: &&Machine| machine.is_none_or(|id| m.id == id);
        Self {
            line,
            machines: line.machines.iter().filter(is_wanted).collect(),
            window,
            past: Span::clamped(window.from().min(now), window.to().min(now)),
        }
    }

    fn stretches(&self) -> impl Iterator<Item = Stretch> {
        self.machines.iter().map(|m| (m.id, self.past))
    }

    fn asked(&self, now: TsMs) -> impl Iterator<Item = Asked<'a>> {
        let reach = Span::clamped(
            self.past.from() - self.line.rules.start_up - DurMs(1),
            (self.past.to() + self.line.rules.minor_stop).min(now),
        );
        let line = self.line;
        self.machines.iter().map(move |machine| Asked {
            line,
            machine,
            reach,
        })
    }

    fn line_data(&self, site: &Site, machines: Vec<MachineData>) -> LineData {
        // A stop is judged by what was planned when it began, and a start-up by what was before it.
        let stops = machines
            .iter()
            .flat_map(|m| &m.parts)
            .filter(|p| p.bucket.is_loss() && p.span.to() >= self.past.from());
        let first = stops.map(|p| p.run.span.from()).min();
        let from = first
            .unwrap_or(self.past.from())
            .min(self.past.from() - self.line.rules.start_up - DurMs(1))
            .min(self.window.from());
        LineData {
            window: self.past,
            schedule: calendar::schedule(site, self.line, Span::clamped(from, self.window.to())),
            machines,
        }
    }
}

async fn time(
    tx: &mut Tx,
    site: &Site,
    wanted: &[Wanted<'_>],
    now: TsMs,
) -> sqlx::Result<Vec<LineData>> {
    let asked: Vec<Asked<'_>> = wanted.iter().flat_map(|w| w.asked(now)).collect();
    let mut machines = machines(tx, &asked, now).await?.into_iter();
    let line = |w: &Wanted<'_>| {
        let own = machines.by_ref().take(w.machines.len()).collect();
        w.line_data(site, own)
    };
    Ok(wanted.iter().map(line).collect())
}

/// A machine around one instant, with the whole stop that holds it, as a transaction sees it.
///
/// # Errors
/// The engine's.
pub async fn read_stop_in(
    tx: &mut Tx,
    line: &Line,
    machine: &Machine,
    at: TsMs,
    now: TsMs,
) -> sqlx::Result<MachineData> {
    let reach = Span::clamped(at.min(now), at.min(now));
    let asked = Asked {
        line,
        machine,
        reach,
    };
    let found = machines(tx, &[asked], now).await?.pop();
    found.ok_or(sqlx::Error::RowNotFound)
}

/// A machine over what lies around a window.
struct Asked<'a> {
    line: &'a Line,
    machine: &'a Machine,
    reach: Span,
}

/// What is read of machines, without counts.
async fn machines(tx: &mut Tx, asked: &[Asked<'_>], now: TsMs) -> sqlx::Result<Vec<MachineData>> {
    let ids: Vec<MachineId> = asked.iter().map(|a| a.machine.id).collect();
    let reaches: Vec<Stretch> = asked.iter().map(|a| (a.machine.id, a.reach)).collect();
    let transitions = timeline::transitions(tx, &reaches).await?;
    let bounds = timeline::bounds(tx, &ids).await?;
    let mut found: Vec<MachineData> = Vec::with_capacity(asked.len());
    let mut wide: Vec<Stretch> = Vec::with_capacity(asked.len());
    for ((asked, transitions), bounds) in asked.iter().zip(transitions).zip(bounds) {
        let hearing = hearing(asked.machine, bounds, now);
        let (span, intervals) = whole(&transitions, asked.reach, hearing);
        wide.push((asked.machine.id, span));
        found.push(MachineData {
            id: asked.machine.id,
            intervals,
            parts: vec![],
            transitions,
            said: vec![],
            minutes: vec![],
            first: bounds.first,
            heard: bounds.heard,
        });
    }
    let said = classifications::about(tx, &wide).await?;
    for ((asked, data), said) in asked.iter().zip(&mut found).zip(said) {
        data.parts = judged(asked.line, asked.machine, &data.intervals, &said);
        data.said = said;
    }
    Ok(found)
}

/// Silence is judged by the present, also at the end of a stretch that lies in the past: its last minutes must read the
/// same as in a longer one.
fn hearing(machine: &Machine, bounds: Bounds, now: TsMs) -> Hearing {
    Hearing {
        last: bounds.heard,
        max_silence: machine.rules.max_silence,
        counted: bounds.counted,
        cycle_gap: machine.rules.cycle_gap,
        now,
    }
}

/// The intervals of a stretch with the whole stops that its edges cut, and how far they reach.
fn whole(transitions: &[Transition], reach: Span, hearing: Hearing) -> (Span, Vec<Interval>) {
    let from = transitions
        .first()
        .map_or(reach.from(), |t| t.from.min(reach.from()));
    let until = transitions
        .last()
        .filter(|t| t.from >= reach.to() && t.state.ends_stops());
    // A moment of what comes after the last stop tells whether it was mended.
    let end = until.map_or(hearing.now, |t| (t.from + DurMs(1)).min(hearing.now));
    let wide = Span::clamped(from, end);
    let mut intervals = intervals(transitions, wide, hearing);
    // A stretch that ends before now is not the machine's present: what comes after it bounds its last interval.
    if wide.to() < hearing.now {
        intervals.iter_mut().for_each(|i| i.open = false);
    }
    (wide, intervals)
}

/// The intervals cut by causes: by what people said, and by what faults point to.
fn judged(
    line: &Line,
    machine: &Machine,
    intervals: &[Interval],
    said: &[Classification],
) -> Vec<Part> {
    let guess = |fault: &str| machine.causes.get(fault).copied();
    parts(intervals, &in_force(said, intervals), line.rules, guess)
}
