//! Which stretch of time is meant: "this week", "Early on the 23rd", or free bounds; and what came before it.

use super::error::{ServiceError, invalid};
use super::line::window;
use super::window::focus;
use crate::api::analysis::Choice;
use crate::domain::calendar::LineCalendar;
use crate::domain::dated::Dated;
use crate::domain::day::LocalDay;
use crate::domain::ids::{AreaId, LineId};
use crate::domain::part::LossRules;
use crate::domain::plant::Coupling;
use crate::domain::shift::ShiftInstance;
use crate::domain::time::{DAY_MS, DurMs, Span, TsMs};
use crate::server::calendar;
use crate::server::db::rollup::Level;
use crate::server::plant::{Line, Site};
use crate::server::rollup::cells;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

/// A period of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// The whole of it.
    pub span: Span,
    /// In words.
    pub label: String,
    /// The production day by which it can be asked for again; `None` for free bounds.
    pub on: Option<Date>,
}

/// A period with those around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// What was asked for.
    pub chosen: Period,
    /// What it is compared with.
    pub before: Period,
    /// The days by which the one before and the one after can be asked for.
    pub neighbours: Option<(Date, Date)>,
}

/// A local day, `23 November 2026`.
fn long(day: Date) -> String {
    day.strftime("%-d %B %Y").to_string()
}

/// The production day that holds `at`.
fn day_of(site: &Site, line: &Line, at: TsMs) -> Date {
    cells::segments(site, line, Span::clamped(at, at + DurMs(1)))
        .first()
        .map_or(Date::default(), |s| s.day)
}

fn days(day: Date, n: i64) -> Date {
    day.saturating_add(n.days())
}

/// What `choice` means for a line at `now`.
///
/// # Errors
/// Names the field that cannot be.
pub fn place(site: &Site, line: &Line, choice: &Choice, now: TsMs) -> Result<Placed, ServiceError> {
    let mut placed = if let Some(bounds) = bounds("from", "to", choice.from, choice.to)? {
        free(site, bounds)
    } else {
        let on = choice.on.as_deref().map(day).transpose()?;
        let today = day_of(site, line, now);
        match choice.period.as_deref() {
            None if on.is_none() => running(site, line, now),
            None | Some("day") => named(site, line, on.unwrap_or(today), 1, |d| d, days),
            Some("shift") => shift(site, line, choice, on, now)?,
            Some("week") => named(site, line, on.unwrap_or(today), 7, monday, |d, n| {
                days(d, 7 * n)
            }),
            Some("month") => named(
                site,
                line,
                on.unwrap_or(today),
                31,
                Date::first_of_month,
                |d, n| d.saturating_add(n.months()),
            ),
            Some(_) => return Err(invalid("period", "must be shift, day, week or month")),
        }
    };
    if let Some(than) = bounds("than_from", "than_to", choice.than_from, choice.than_to)? {
        placed.before = free(site, than).chosen;
    }
    Ok(placed)
}

/// What `choice` means for the whole site at `now`: its days are those of the calendar, from midnight to midnight.
///
/// # Errors
/// Names the field that cannot be.
pub fn place_on_site(site: &Site, choice: &Choice, now: TsMs) -> Result<Placed, ServiceError> {
    if choice.period.as_deref() == Some("shift") {
        return Err(invalid(
            "period",
            "must be day, week or month without a line",
        ));
    }
    // A line without shifts has no other days.
    let whole = Line {
        id: LineId(0),
        code: String::new(),
        name: site.name.clone(),
        area: String::new(),
        area_id: AreaId(0),
        coupling: Coupling::Parallel,
        targets: Dated::default(),
        rules: LossRules::minor(DurMs::ZERO),
        calendar: LineCalendar::default(),
        machines: vec![],
    };
    place(site, &whole, choice, now)
}

fn bounds(
    first: &'static str,
    second: &'static str,
    from: Option<i64>,
    to: Option<i64>,
) -> Result<Option<Span>, ServiceError> {
    match (from, to) {
        (None, None) => Ok(None),
        (Some(_), None) => Err(invalid(second, "is missing")),
        (None, Some(_)) => Err(invalid(first, "is missing")),
        (Some(from), Some(to)) => window(first, second, from, to).map(Some),
    }
}

fn day(text: &str) -> Result<Date, ServiceError> {
    let day: Date = text
        .parse()
        .map_err(|_| invalid("on", "must be a day, YYYY-MM-DD"))?;
    if (1970..2200).contains(&day.year()) {
        Ok(day)
    } else {
        Err(invalid("on", "must be between 1970 and 2199"))
    }
}

fn monday(day: Date) -> Date {
    days(day, -i64::from(day.weekday().to_monday_zero_offset()))
}

/// Free bounds; compared with the same length of time before.
fn free(site: &Site, span: Span) -> Placed {
    let text = |at: TsMs| {
        Timestamp::from_millisecond(at.0).map_or_else(
            |_| String::new(),
            |t| {
                t.to_zoned(site.zone.clone())
                    .strftime("%-d %b %Y %H:%M")
                    .to_string()
            },
        )
    };
    let period = |span: Span| Period {
        span,
        label: format!("{} to {}", text(span.from()), text(span.to())),
        on: None,
    };
    Placed {
        chosen: period(span),
        before: period(Span::clamped(
            TsMs(span.from().0 - span.len().0),
            span.from(),
        )),
        neighbours: None,
    }
}

/// The running shift, or the last 24 hours.
fn running(site: &Site, line: &Line, now: TsMs) -> Placed {
    let focus = focus(site, line, now);
    if let Some(shift) = &focus.shift {
        return of_shift(site, line, shift);
    }
    let mut placed = free(site, focus.horizon);
    "Last 24 hours".clone_into(&mut placed.chosen.label);
    "The 24 hours before".clone_into(&mut placed.before.label);
    placed
}

fn shift_period(shift: &ShiftInstance) -> Period {
    let day: Option<Date> = shift.day.parse().ok();
    Period {
        span: shift.span,
        label: day.map_or_else(
            || shift.name.clone(),
            |d| format!("{}, {}", shift.name, long(d)),
        ),
        on: day,
    }
}

/// How far back the last shift is looked for when none runs: over holidays and a stand-still of the plant.
const LAST_SHIFT: DurMs = DurMs(35 * DAY_MS);

/// The shift of a name, or without one the running one: of a day, or without one the last that began.
fn shift(
    site: &Site,
    line: &Line,
    choice: &Choice,
    on: Option<Date>,
    now: TsMs,
) -> Result<Placed, ServiceError> {
    let name = choice.shift.as_deref();
    let fits = |s: &ShiftInstance| name.is_none_or(|name| s.name == name);
    let last = focus(site, line, now).shift;
    let found = match on {
        Some(day) => {
            let around = cells::segments(site, line, cells::days(site, line, day, day));
            let of_day: Vec<ShiftInstance> = around
                .into_iter()
                .filter_map(|s| s.shift)
                .filter(|s| s.day == day.to_string() && fits(s))
                .collect();
            let like_now = last.map(|running| running.name);
            let same = of_day.iter().find(|s| Some(&s.name) == like_now.as_ref());
            same.or(of_day.first()).cloned()
        }
        None => last.filter(&fits).or_else(|| {
            let begun = calendar::shifts(site, line, Span::clamped(now - LAST_SHIFT, now));
            begun.into_iter().rev().find(fits)
        }),
    };
    let found = found.ok_or_else(|| no_shift(site, line, name, on, now))?;
    Ok(of_shift(site, line, &found))
}

/// Why there is no such shift.
fn no_shift(
    site: &Site,
    line: &Line,
    name: Option<&str>,
    on: Option<Date>,
    now: TsMs,
) -> ServiceError {
    let shift = name.map_or_else(
        || "no shift".to_owned(),
        |name| format!("no shift '{name}'"),
    );
    let day = on.unwrap_or_else(|| day_of(site, line, now));
    let by_signal =
        LocalDay::parse(&day.to_string()).is_some_and(|day| line.calendar.is_by_signal(day));
    let problem = match on {
        _ if by_signal => {
            format!(
                "{shift} on {day}: the line has no shift calendar then, its machines say when they are scheduled"
            )
        }
        Some(day) => format!("{shift} on {day}"),
        None => format!("{shift} in the last {} days", LAST_SHIFT.0 / DAY_MS),
    };
    invalid(if on.is_some() { "on" } else { "period" }, problem)
}

/// The same stretch of the local clock some days earlier, also where the clocks were changed in between; `None` when it
/// would overlap the stretch itself.
#[must_use]
pub fn days_earlier(site: &Site, span: Span, days: i64) -> Option<Span> {
    let back = |at: TsMs| {
        let local = Timestamp::from_millisecond(at.0).ok()?;
        let local = local.to_zoned(site.zone.clone());
        let earlier = local.checked_sub(days.days()).ok()?;
        Some(TsMs(earlier.timestamp().as_millisecond()))
    };
    let earlier = Span::new(back(span.from())?, back(span.to())?)?;
    (earlier.to() <= span.from()).then_some(earlier)
}

/// A shift, compared with the last one of the same name; the neighbours are of the same name, too.
fn of_shift(site: &Site, line: &Line, shift: &ShiftInstance) -> Placed {
    let reach = DurMs(14 * DAY_MS);
    let near = Span::clamped(shift.span.from() - reach, shift.span.to() + reach);
    let same: Vec<ShiftInstance> = cells::segments(site, line, near)
        .into_iter()
        .filter_map(|s| s.shift)
        .filter(|s| s.name == shift.name)
        .collect();
    let before = same.iter().rev().find(|s| s.span.to() <= shift.span.from());
    let after = same.iter().find(|s| s.span.from() >= shift.span.to());
    let chosen = shift_period(shift);
    let neighbours = before
        .and_then(|b| b.day.parse().ok())
        .zip(after.and_then(|a| a.day.parse().ok()).or(chosen.on));
    Placed {
        before: before.map_or_else(|| free(site, shift.span).before, shift_period),
        chosen,
        neighbours,
    }
}

/// A day, week or month: `start` finds its first day, `step` the first day of one further on.
fn named(
    site: &Site,
    line: &Line,
    on: Date,
    length: i64,
    start: impl Fn(Date) -> Date,
    step: impl Fn(Date, i64) -> Date,
) -> Placed {
    let period = |first: Date| {
        let last = days(step(first, 1), -1);
        let label = match length {
            1 => first.strftime("%A, %-d %B %Y").to_string(),
            7 => format!(
                "Week {}: {} to {}",
                first.iso_week_date().week(),
                first.strftime("%-d %B"),
                long(last)
            ),
            _ => first.strftime("%B %Y").to_string(),
        };
        Period {
            span: cells::days(site, line, first, last),
            label,
            on: Some(first),
        }
    };
    let first = start(on);
    Placed {
        chosen: period(first),
        before: period(step(first, -1)),
        neighbours: Some((step(first, -1), step(first, 1))),
    }
}

/// The name of a cell in a history.
#[must_use]
pub fn cell_name(site: &Site, line: &Line, level: Level, cell: Span) -> String {
    let segment = cells::segments(
        site,
        line,
        Span::clamped(cell.from(), cell.from() + DurMs(1)),
    )
    .pop();
    let day = segment.as_ref().map_or(Date::default(), |s| s.day);
    match level {
        Level::Hour => Timestamp::from_millisecond(cell.from().0).map_or_else(
            |_| String::new(),
            |t| {
                t.to_zoned(site.zone.clone())
                    .strftime("%-d %b %H:%M")
                    .to_string()
            },
        ),
        Level::Shift => {
            let by_signal = calendar::local_day(&site.zone, cell.from())
                .is_some_and(|day| line.calendar.is_by_signal(day));
            let day = day.strftime("%-d %b");
            match segment.and_then(|s| s.shift) {
                Some(shift) => format!("{}, {day}", shift.name),
                None if by_signal => day.to_string(),
                None => format!("Between shifts, {day}"),
            }
        }
        Level::Day => day.strftime("%a %-d %b").to_string(),
        Level::Month => day.strftime("%B %Y").to_string(),
        Level::Quarter => format!("Q{} {}", (day.month() + 2) / 3, day.year()),
    }
}
