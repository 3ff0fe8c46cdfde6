//! The edges of cells. They tile all time: hours lie in segments (a shift, or the time between two), segments in
//! production days, days in months,
//! months in quarters.

use crate::domain::shift::ShiftInstance;
use crate::domain::time::{DAY_MS, DurMs, HOUR_MS, Span, TsMs};
use crate::server::calendar;
use crate::server::db::rollup::{Level, Ranges};
use crate::server::plant::{Line, Site};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// A shift, or the time between two shifts within one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// When.
    pub span: Span,
    /// The production day it belongs to.
    pub day: Date,
    /// The shift; `None` outside shifts.
    pub shift: Option<ShiftInstance>,
}

fn date(zone: &TimeZone, at: TsMs) -> Date {
    Timestamp::from_millisecond(at.0).map_or(Date::default(), |t| t.to_zoned(zone.clone()).date())
}

/// The first instant of a local day.
fn midnight(zone: &TimeZone, day: Date) -> TsMs {
    day.to_zoned(zone.clone())
        .map_or(TsMs(0), |z| TsMs(z.timestamp().as_millisecond()))
}

fn days_later(day: Date, days: i64) -> Date {
    day.saturating_add(days.days())
}

/// The segments that overlap `window`, whole, in order.
#[must_use]
pub fn segments(site: &Site, line: &Line, window: Span) -> Vec<Segment> {
    let zone = &site.zone;
    // A shift is at most a day long: two days before hold the start of whatever overlaps the window.
    let from = midnight(zone, days_later(date(zone, window.from()), -2));
    let until = midnight(zone, days_later(date(zone, window.to()), 2));
    let shifts = calendar::shifts(site, line, Span::clamped(from, until));
    let mut out = Vec::new();
    let mut at = shifts.first().map_or(from, |s| s.span.from().min(from));
    for shift in shifts {
        fill(zone, at, shift.span.from(), &mut out);
        at = shift.span.to();
        out.push(Segment {
            span: shift.span,
            day: shift
                .day
                .parse()
                .unwrap_or_else(|_| date(zone, shift.span.from())),
            shift: Some(shift),
        });
    }
    fill(zone, at, until, &mut out);
    out.retain(|s| s.span.intersect(window).is_some());
    out
}

/// The time between two shifts, cut at midnights.
fn fill(zone: &TimeZone, mut from: TsMs, to: TsMs, out: &mut Vec<Segment>) {
    while from < to {
        let day = date(zone, from);
        let next = midnight(zone, days_later(day, 1))
            .min(to)
            .max(from + DurMs(1));
        out.push(Segment {
            span: Span::clamped(from, next),
            day,
            shift: None,
        });
        from = next;
    }
}

/// A segment cut at the full hours of the site's clock.
#[must_use]
pub fn hours(site: &Site, segment: Span) -> Vec<Span> {
    let offset = |at: TsMs| {
        Timestamp::from_millisecond(at.0)
            .map_or(0, |t| i64::from(site.zone.to_offset(t).seconds()) * 1000)
    };
    let mut out = Vec::new();
    let mut from = segment.from();
    while from < segment.to() {
        let into = (from.0 + offset(from)).rem_euclid(HOUR_MS);
        let to = TsMs(from.0 + HOUR_MS - into).min(segment.to());
        out.push(Span::clamped(from, to));
        from = to;
    }
    out
}

/// The stretch of a production day; `None` for a day to which no time belongs.
fn day_span(site: &Site, line: &Line, day: Date) -> Option<Span> {
    let around = Span::clamped(
        midnight(&site.zone, day),
        midnight(&site.zone, days_later(day, 2)),
    );
    let mut of_day = segments(site, line, around)
        .into_iter()
        .filter(|s| s.day == day);
    let first = of_day.next()?;
    Some(Span::clamped(
        first.span.from(),
        of_day.next_back().map_or(first.span.to(), |s| s.span.to()),
    ))
}

/// From the start of the production day `first` to the end of `last`.
#[must_use]
pub fn days(site: &Site, line: &Line, first: Date, last: Date) -> Span {
    Span::clamped(
        day_start(site, line, first),
        day_start(site, line, days_later(last, 1)),
    )
}

/// The start of the first production day at or after `day`.
fn day_start(site: &Site, line: &Line, mut day: Date) -> TsMs {
    // A day without any time can only be the one after the day of a very long shift.
    for _ in 0..3 {
        if let Some(span) = day_span(site, line, day) {
            return span.from();
        }
        day = days_later(day, 1);
    }
    midnight(&site.zone, day)
}

/// The cell of `level` that holds `at`.
#[must_use]
pub fn cell(site: &Site, line: &Line, level: Level, at: TsMs) -> Span {
    let instant = Span::clamped(at, at + DurMs(1));
    let Some(segment) = segments(site, line, instant).pop() else {
        return instant;
    };
    match level {
        Level::Hour => hours(site, segment.span)
            .into_iter()
            .find(|h| h.contains(at))
            .unwrap_or(segment.span),
        Level::Shift => segment.span,
        Level::Day => day_span(site, line, segment.day).unwrap_or(segment.span),
        Level::Month => months(site, line, segment.day.first_of_month(), 1),
        Level::Quarter => {
            let into = i64::from((segment.day.month() - 1) % 3);
            let first = segment.day.first_of_month();
            months(site, line, first.saturating_sub(into.months()), 3)
        }
    }
}

/// The production days of `count` months from that of `first`, its first day, on.
fn months(site: &Site, line: &Line, first: Date, count: i64) -> Span {
    let next = first.saturating_add(count.months());
    Span::clamped(day_start(site, line, first), day_start(site, line, next))
}

/// The cells of `level` that overlap `window`, whole, in order.
#[must_use]
pub fn cells(site: &Site, line: &Line, level: Level, window: Span) -> Vec<Span> {
    let segments = segments(site, line, window);
    match level {
        Level::Hour => {
            let all = segments.iter().flat_map(|s| hours(site, s.span));
            all.filter(|h| h.intersect(window).is_some()).collect()
        }
        Level::Shift => segments.into_iter().map(|s| s.span).collect(),
        Level::Day | Level::Month | Level::Quarter => {
            let mut out: Vec<Span> = Vec::new();
            let mut at = window.from();
            while at < window.to() {
                let span = cell(site, line, level, at);
                at = span.to().max(at + DurMs(1));
                out.push(span);
            }
            out
        }
    }
}

/// The ISO week, Monday to Sunday by production days, that holds `at`.
#[must_use]
pub fn week(site: &Site, line: &Line, at: TsMs) -> Span {
    let instant = Span::clamped(at, at + DurMs(1));
    let Some(segment) = segments(site, line, instant).pop() else {
        return instant;
    };
    let into = i64::from(segment.day.weekday().to_monday_zero_offset());
    let monday = days_later(segment.day, -into);
    days(site, line, monday, days_later(monday, 6))
}

/// The smallest edge of `level` at or after `at`.
fn up(site: &Site, line: &Line, level: Level, at: TsMs) -> TsMs {
    let cell = cell(site, line, level, at);
    if cell.from() == at { at } else { cell.to() }
}

/// The largest edge of `level` at or before `at`.
fn down(site: &Site, line: &Line, level: Level, at: TsMs) -> TsMs {
    cell(site, line, level, at).from()
}

/// A window as cells, and what is left over for the timeline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pieces {
    /// The cells.
    pub cells: Ranges,
    /// Stretches before and after them.
    pub rest: Vec<Span>,
}

/// Puts `window` together from the coarsest cells that lie inside it and before `valid_to`.
#[must_use]
pub fn pieces(site: &Site, line: &Line, window: Span, valid_to: Option<TsMs>) -> Pieces {
    let mut out = Pieces::default();
    let until = valid_to.map_or(window.from(), |v| v.min(window.to()).max(window.from()));
    let (mut left, mut right) = (window.from(), until);
    if left < right {
        left = up(site, line, Level::Hour, left);
        right = down(site, line, Level::Hour, right);
    }
    if left >= right {
        out.rest.push(window);
        return out;
    }
    out.rest.extend([
        Span::clamped(window.from(), left),
        Span::clamped(right, window.to()),
    ]);
    out.rest.retain(|s| !s.is_empty());
    for (place, coarser) in Level::ALL.into_iter().skip(1).enumerate() {
        let (from, to) = (
            up(site, line, coarser, left),
            down(site, line, coarser, right),
        );
        if from >= to {
            out.cells.sides[place] = [Span::clamped(left, right), Span::default()];
            return out;
        }
        out.cells.sides[place] = [Span::clamped(left, from), Span::clamped(to, right)];
        (left, right) = (from, to);
    }
    out.cells.quarters = Span::clamped(left, right);
    out
}

/// A stretch widened to what may have other edges when the calendar changed inside it: to whole months.
#[must_use]
pub fn to_months(site: &Site, line: &Line, span: Span) -> Span {
    let reach = DurMs(3 * DAY_MS);
    Span::clamped(
        down(site, line, Level::Month, span.from() - reach),
        up(site, line, Level::Month, span.to() + reach),
    )
}
