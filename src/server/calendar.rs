//! Local shift rules become instants here. Daylight saving makes a shift an hour shorter or longer, and that is right.
//!
//! **Invariant.** The shifts of a line never overlap, and every instant belongs to one production day; days follow each
//! other in order.

use super::plant::{Line, Site};
use crate::domain::calendar::{DAY_MIN, ShiftPattern, ShiftRule};
use crate::domain::day::{LocalDay, Moment};
use crate::domain::local_time::LocalTime;
use crate::domain::shift::{PlannedStop, Schedule, ShiftInstance};
use crate::domain::time::{DurMs, MINUTE_MS, Span, TsMs};
use jiff::civil::{Date, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// When the line is planned to produce in `window`: its shifts that overlap it, in order.
#[must_use]
pub fn schedule(site: &Site, line: &Line, window: Span) -> Schedule {
    let calendar = &line.calendar;
    let kind = |day: LocalDay| {
        if calendar.is_by_signal(day) {
            Schedule::BySignal
        } else {
            Schedule::Calendar(shifts(site, line, window))
        }
    };
    let Some((first, last)) = days(&site.zone, window) else {
        return Schedule::Calendar(vec![]);
    };
    let turns = calendar.turns(first.plus(1), last);
    if turns.is_empty() {
        return kind(last);
    }
    let mut pieces = Vec::with_capacity(turns.len() + 1);
    let (mut day, mut from) = (first, TsMs(i64::MIN));
    for turn in turns {
        let midnight = day_start(&site.zone, turn).unwrap_or(window.to());
        // The last shift of the calendar may reach into the first day without one.
        let last = calendar
            .is_by_signal(turn)
            .then(|| shift_at(site, line, midnight));
        let to = last.flatten().map_or(midnight, |shift| shift.span.to());
        pieces.push((Span::clamped(from, to), kind(day)));
        (day, from) = (turn, to);
    }
    pieces.push((Span::clamped(from, TsMs(i64::MAX)), kind(day)));
    Schedule::Turning(pieces)
}

/// The days whose shifts may overlap `window` or may cut one that does: a shift is at most 25 hours long. The date on the
/// wall is a day behind where clocks go back over midnight.
fn days(zone: &TimeZone, window: Span) -> Option<(LocalDay, LocalDay)> {
    let first = local_date(zone, window.from())?.plus(-3);
    Some((first, local_date(zone, window.to())?.plus(1)))
}

/// The shifts that overlap `window`, in order of their start.
#[must_use]
pub fn shifts(site: &Site, line: &Line, window: Span) -> Vec<ShiftInstance> {
    let Some((first, last)) = days(&site.zone, window) else {
        return vec![];
    };
    let mut out = Vec::new();
    for day in (first.0..=last.0).map(LocalDay) {
        let starting = line.calendar.starting(day);
        out.extend(starting.filter_map(|(pattern, rule)| instance(&site.zone, day, pattern, rule)));
    }
    out.sort_by(|a, b| (a.span.from(), &a.day, &a.name).cmp(&(b.span.from(), &b.day, &b.name)));
    let mut ended = TsMs(i64::MIN);
    out.retain_mut(|shift| {
        // Where an old rule meets a new one, the shift that runs goes on to its end.
        let span = Span::clamped(shift.span.from().max(ended), shift.span.to());
        ended = ended.max(span.to());
        shift
            .breaks
            .retain_mut(|pause| match pause.intersect(span) {
                Some(rest) => {
                    *pause = rest;
                    true
                }
                None => false,
            });
        shift.span = span;
        span.intersect(window).is_some()
    });
    for shift in &mut out {
        shift.stops = stops(&line.calendar.stops, shift.span);
    }
    out
}

/// The planned stops that overlap a shift, each as a whole.
fn stops(all: &[PlannedStop], shift: Span) -> Vec<PlannedStop> {
    let first = all.partition_point(|s| s.span.to() <= shift.from());
    let rest = all[first..].iter();
    rest.take_while(|s| s.span.from() < shift.to())
        .cloned()
        .collect()
}

/// The shift that runs at `at`.
#[must_use]
pub fn shift_at(site: &Site, line: &Line, at: TsMs) -> Option<ShiftInstance> {
    shifts(site, line, Span::clamped(at, at + DurMs(1)))
        .into_iter()
        .find(|s| s.span.contains(at))
}

/// The production day of an instant, `YYYY-MM-DD`: that of the shift that runs, which is the local day of its start, or
/// else the local day.
#[must_use]
pub fn production_day(site: &Site, line: &Line, at: TsMs) -> String {
    let day = || local_day(&site.zone, at).unwrap_or_default().to_string();
    shift_at(site, line, at).map_or_else(day, |shift| shift.day)
}

/// The local day that an instant belongs to. Days follow each other also where clocks go back over midnight.
#[must_use]
pub fn local_day(zone: &TimeZone, at: TsMs) -> Option<LocalDay> {
    let date = local_date(zone, at)?;
    let next = day_start(zone, date.plus(1)).filter(|start| *start <= at);
    Some(if next.is_some() { date.plus(1) } else { date })
}

/// The first instant of a local day.
#[must_use]
pub fn day_start(zone: &TimeZone, day: LocalDay) -> Option<TsMs> {
    instant(zone, day, 0)
}

/// The instant of a moment that somebody wrote down.
#[must_use]
pub fn moment(zone: &TimeZone, moment: Moment) -> Option<TsMs> {
    match moment {
        Moment::Local { day, minute } => instant(zone, day, minute),
        Moment::At(at) => Some(at),
    }
}

/// What the clock and the calendar on the wall say.
fn local_date(zone: &TimeZone, at: TsMs) -> Option<LocalDay> {
    let local = zone.to_datetime(Timestamp::from_millisecond(at.0).ok()?);
    LocalDay::new(
        i64::from(local.year()),
        i64::from(local.month()),
        i64::from(local.day()),
    )
}

/// The instant of a local time given in minutes after the midnight of `day`; 1440 and more is on the next day. A time
/// that daylight saving skips is the instant at which the clocks change, one that it repeats is taken at its first
/// passing: what comes later by the clock never comes earlier.
fn instant(zone: &TimeZone, day: LocalDay, minutes: i64) -> Option<TsMs> {
    let (year, month, day) = day.plus(minutes.div_euclid(DAY_MIN)).civil();
    let date = Date::new(
        i16::try_from(year).ok()?,
        i8::try_from(month).ok()?,
        i8::try_from(day).ok()?,
    );
    let minutes = minutes.rem_euclid(DAY_MIN);
    let (hour, minute) = (
        i8::try_from(minutes / 60).ok()?,
        i8::try_from(minutes % 60).ok()?,
    );
    let local = date.ok()?.to_datetime(Time::new(hour, minute, 0, 0).ok()?);
    let ambiguous = zone.to_ambiguous_timestamp(local);
    let skipped = matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. });
    let mut at = ambiguous.compatible().ok()?;
    if skipped {
        let after = at.checked_add(SignedDuration::from_secs(1)).ok()?;
        at = zone.preceding(after).next()?.timestamp();
    }
    Some(TsMs(at.as_millisecond()))
}

fn instance(
    zone: &TimeZone,
    day: LocalDay,
    pattern: &ShiftPattern,
    rule: &ShiftRule,
) -> Option<ShiftInstance> {
    let (start, end) = rule.minutes();
    let span = Span::new(instant(zone, day, start)?, instant(zone, day, end)?)?;
    // A break starts by the clock and is as long as written, whatever the clocks do meanwhile.
    let pause = |(start, end): (i64, i64)| {
        let from = instant(zone, day, start)?;
        Span::new(from, from + DurMs((end - start) * MINUTE_MS))?.intersect(span)
    };
    let mut pauses: Vec<Span> = rule.pauses().filter_map(pause).collect();
    pauses.sort_by_key(|b| (b.from(), b.to()));
    let mut breaks: Vec<Span> = Vec::with_capacity(pauses.len());
    for pause in pauses {
        match breaks.last_mut() {
            Some(last) if pause.from() < last.to() => {
                *last = Span::clamped(last.from(), last.to().max(pause.to()));
            }
            _ => breaks.push(pause),
        }
    }
    Some(ShiftInstance {
        name: pattern.name.clone(),
        crew: rule.crew_on(day).map(str::to_owned),
        day: day.to_string(),
        span,
        breaks,
        stops: vec![],
    })
}

/// `2026-07-06 14:05`, as clocks on the site show it.
#[must_use]
pub fn date_and_time(zone: &TimeZone, at: TsMs) -> String {
    let at = Timestamp::from_millisecond(at.0);
    at.map_or_else(
        |_| String::new(),
        |at| {
            at.to_zoned(zone.clone())
                .strftime("%Y-%m-%d %H:%M")
                .to_string()
        },
    )
}

/// The zone's offsets over `window`, for showing clock times.
#[must_use]
pub fn local_time(zone: &TimeZone, window: Span) -> LocalTime {
    let offset = |at: TsMs| {
        Timestamp::from_millisecond(at.0)
            .map_or(0, |t| i64::from(zone.to_offset(t).seconds()) * 1000)
    };
    let mut steps = vec![(window.from(), offset(window.from()))];
    if let Ok(start) = Timestamp::from_millisecond(window.from().0) {
        for change in zone.following(start) {
            let at = TsMs(change.timestamp().as_millisecond());
            if at >= window.to() {
                break;
            }
            steps.push((at, i64::from(change.offset().seconds()) * 1000));
        }
    }
    LocalTime { steps }
}

#[cfg(test)]
mod tests;
