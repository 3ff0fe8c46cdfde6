//! Which stretches of the past a new definition restates: their accounts are not what they were.

use super::Moments;
use crate::domain::calendar::LineCalendar;
use crate::domain::day::LocalDay;
use crate::domain::ids::{LineId, MachineId, ReasonId};
use crate::domain::reason::Category;
use crate::domain::time::{Span, TsMs};
use crate::server::calendar::day_start;
use crate::server::plant::{Line, Machine, Plant, Rate};

/// The machines whose timeline is made by other rules now.
pub(super) fn folded_anew<'a>(
    before: &'a Plant,
    after: &'a Plant,
) -> impl Iterator<Item = MachineId> + 'a {
    let machines = after.lines.iter().flat_map(|l| &l.machines);
    let other = |m: &&Machine| {
        let old = before.machine(m.id);
        old.is_some_and(|(_, old)| old.rules != m.rules)
    };
    machines.filter(other).map(|m| m.id)
}

/// The past of lines that changed. A line that is new has the past of the machines that were moved to it.
pub(super) fn restated(before: &Plant, after: &Plant, at: &Moments) -> Vec<(LineId, Span)> {
    let zone = |plant: &Plant| plant.site.as_ref().map(|s| s.zone.clone());
    let same_zone = zone(before) == zone(after);
    // Reasons that are new mean nothing for the past.
    let known = meanings(before);
    let same_meanings = meanings(after)
        .iter()
        .all(|m| known.contains(m) || known.iter().all(|k| k.0 != m.0));
    let anew: Vec<MachineId> = folded_anew(before, after).collect();
    let mut out = Vec::new();
    for line in &after.lines {
        let Some(old) = before.lines.iter().find(|l| l.id == line.id) else {
            if line.machines.iter().any(|m| before.machine(m.id).is_some()) {
                out.push((line.id, Span::clamped(TsMs(0), at.now)));
            }
            continue;
        };
        let same_folds = !line.machines.iter().any(|m| anew.contains(&m.id));
        let same = same_zone && same_meanings && same_folds && judged(old) == judged(line);
        let mut spans = if same {
            let mut spans = shifts(&old.calendar, &line.calendar, at);
            spans.extend(stops(&old.calendar, &line.calendar));
            spans.extend(rates(before, after, line, at.now));
            let targets = old.targets.differing(&line.targets, at.now, PartialEq::eq);
            spans.extend(
                targets
                    .into_iter()
                    .map(|(from, to)| Span::clamped(from, to)),
            );
            spans
        } else {
            vec![Span::clamped(TsMs(0), at.now)]
        };
        let past = Span::clamped(TsMs(i64::MIN), at.now);
        spans.sort_by_key(|s| s.from());
        let mut merged: Vec<Span> = Vec::new();
        for span in spans.into_iter().filter_map(|s| s.intersect(past)) {
            match merged.last_mut() {
                Some(last) if span.from() <= last.to() => {
                    *last = Span::clamped(last.from(), last.to().max(span.to()));
                }
                _ => merged.push(span),
            }
        }
        out.extend(merged.into_iter().map(|span| (line.id, span)));
    }
    out
}

/// What holds for all time and decides how time and pieces are booked: the rules of the line, and for each machine its
/// part in the line and where its faults send the time.
fn judged(line: &Line) -> impl PartialEq + '_ {
    let machines = line
        .machines
        .iter()
        .map(|m| (m.id, m.pacing, m.output, &m.causes));
    (line.rules, line.coupling, machines.collect::<Vec<_>>())
}

/// What reasons mean: a reason that was given sends time where its category says.
fn meanings(plant: &Plant) -> Vec<(ReasonId, Category)> {
    let mut all: Vec<_> = plant
        .reasons
        .all()
        .iter()
        .map(|r| (r.id, r.category))
        .collect();
    all.sort();
    all
}

/// The days until today on which other shifts start; a shift may reach into the next day.
fn shifts(old: &LineCalendar, new: &LineCalendar, at: &Moments) -> Vec<Span> {
    if old == new {
        return vec![];
    }
    let starting = |calendar: &LineCalendar, day: LocalDay| -> Vec<_> {
        let starts = calendar.starting(day).map(|(pattern, rule)| {
            let crew = rule.crew_on(day).map(str::to_owned);
            let pauses: Vec<_> = rule.pauses().collect();
            (pattern.name.clone(), rule.minutes(), pauses, crew)
        });
        starts.collect()
    };
    let differs = |day: &LocalDay| {
        old.is_by_signal(*day) != new.is_by_signal(*day)
            || starting(old, *day) != starting(new, *day)
    };
    let first = [old, new]
        .iter()
        .filter_map(|c| Some(c.lists.entries().first()?.0))
        .min();
    let first = first.unwrap_or(at.tomorrow);
    let days = (first.0..at.tomorrow.0).map(LocalDay).filter(differs);
    let span = |day: LocalDay| {
        Some(Span::clamped(
            day_start(&at.zone, day)?,
            day_start(&at.zone, day.plus(2))?,
        ))
    };
    days.filter_map(span).collect()
}

/// Planned stops that came, went or changed.
fn stops(old: &LineCalendar, new: &LineCalendar) -> Vec<Span> {
    let only = |a: &LineCalendar, b: &LineCalendar| -> Vec<Span> {
        let spans = a.stops.iter().map(|s| s.span);
        spans
            .filter(|s| !b.stops.iter().any(|o| o.span == *s))
            .collect()
    };
    let mut out = only(old, new);
    out.extend(only(new, old));
    out
}

fn rates(before: &Plant, after: &Plant, line: &Line, now: TsMs) -> Vec<Span> {
    let same = |a: &Rate, b: &Rate| a.ideal.equals(b.ideal);
    let mut out = Vec::new();
    let of_line = |machine: MachineId| line.machines.iter().any(|m| m.id == machine);
    for (key, new) in after.rates().iter().filter(|(key, _)| of_line(key.0)) {
        let old = before.rates().get(key).cloned().unwrap_or_default();
        let differing = old.differing(new, now, same);
        out.extend(
            differing
                .into_iter()
                .map(|(from, to)| Span::clamped(from, to)),
        );
    }
    out
}
