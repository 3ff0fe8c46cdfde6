//! Production days and shifts of the simulated site as instants.
//!
//! A production day goes from local 06:00 to the next local 06:00: 23 or 25 hours when the clocks change.

use super::model::{Line, Shift};
use super::wear;
use crate::domain::plant::minutes_of_day;
use crate::domain::shift::ShiftInstance;
use crate::domain::time::{DurMs, Span, TsMs};
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use std::sync::LazyLock;

/// Minutes after local midnight at which a production day starts.
const DAY_STARTS: i64 = 6 * 60;

/// The rules of [`super::plant::ZONE`] since 1996, written out: the simulator gives the same plant on a machine
/// without a time zone database.
static ZONE: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap_or(TimeZone::UTC));

/// A production day, by the local date of its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

impl Day {
    /// The production day that starts on this date.
    #[must_use]
    pub fn new(date: Date) -> Self {
        Self(date)
    }

    /// The production day that holds this instant.
    #[must_use]
    pub fn of(at: TsMs) -> Self {
        let at = Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
        let local = at.to_zoned(ZONE.clone()).datetime();
        let minutes = i64::from(local.hour()) * 60 + i64::from(local.minute());
        let today = Self(local.date());
        if minutes < DAY_STARTS {
            today.plus(-1)
        } else {
            today
        }
    }

    /// The day this many days later.
    #[must_use]
    pub fn plus(self, days: i64) -> Self {
        Self(self.0.saturating_add(days.days()))
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub fn number(self) -> i64 {
        self.0.duration_since(date(1970, 1, 1)).as_hours() / 24
    }

    /// From its start to its end.
    #[must_use]
    pub fn span(self) -> Span {
        Span::clamped(self.local(DAY_STARTS), self.plus(1).local(DAY_STARTS))
    }

    /// 1 Monday to 7 Sunday.
    fn weekday(self) -> i8 {
        self.0.weekday().to_monday_one_offset()
    }

    /// The instant of a local time, in minutes after the midnight that begins this date; 24 hours and more are on
    /// the next date. In the hour that the clocks skip or repeat: what comes naturally to people, as in RFC 5545.
    fn local(self, minutes: i64) -> TsMs {
        let on = self.plus(minutes.div_euclid(24 * 60)).0;
        let in_day = minutes.rem_euclid(24 * 60);
        let civil = on.at(0, 0, 0, 0).saturating_add(in_day.minutes());
        let at = ZONE
            .to_ambiguous_timestamp(civil)
            .compatible()
            .unwrap_or(Timestamp::UNIX_EPOCH);
        TsMs(at.as_millisecond())
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// What a line is planned to do in a stretch of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// Outside every shift.
    Off,
    /// Planned maintenance.
    Maintenance,
    /// Planned production.
    Work,
    /// A break.
    Break,
    /// The clean that ends the day and empties the buffers.
    Clean,
}

/// The plan of a line for one production day.
#[derive(Clone, Debug)]
pub struct DaySchedule {
    /// The production day.
    pub day: Day,
    /// Its shifts.
    pub shifts: Vec<ShiftInstance>,
    /// What is planned, in whole seconds after the day's start; tiles the day.
    pub(super) slots: Vec<(i64, i64, Slot)>,
    /// Night work, in seconds after the day's start.
    pub(super) night: (i64, i64),
}

impl DaySchedule {
    /// The plan of a line for a day.
    pub(super) fn new(line: &Line, line_index: usize, day: Day) -> Self {
        let shifts: Vec<_> = line
            .shifts
            .iter()
            .filter_map(|shift| instance(shift, day))
            .collect();
        let span = day.span();
        let second = |at: TsMs| (at - span.from()).0 / 1000;
        let len = second(span.to());
        let mut out = Self {
            day,
            shifts,
            slots: Vec::new(),
            night: (len, len),
        };
        let (Some(first), Some(last)) = (out.shifts.first(), out.shifts.last()) else {
            out.slots.push((0, len, Slot::Off));
            return out;
        };
        let (start, end) = (second(first.span.from()), second(last.span.to()));
        if last.span.to() > day.local(24 * 60) {
            out.night = (second(last.span.from()), end);
        }
        let maintained = if wear::starts_block(line_index, day) {
            start + line.maintenance_s
        } else {
            start
        };
        let cleaned = end - line.clean_s;
        let mut plan = vec![
            (0, start, Slot::Off),
            (start, maintained, Slot::Maintenance),
        ];
        let mut at = maintained;
        for pause in out.shifts.iter().flat_map(|s| &s.breaks) {
            let (from, to) = (
                second(pause.from()).max(at),
                second(pause.to()).min(cleaned),
            );
            if from < to {
                plan.extend([(at, from, Slot::Work), (from, to, Slot::Break)]);
                at = to;
            }
        }
        plan.extend([
            (at, cleaned, Slot::Work),
            (cleaned, end, Slot::Clean),
            (end, len, Slot::Off),
        ]);
        plan.retain(|(from, to, _)| from < to);
        out.slots = plan;
        out
    }

    /// Stretches of planned production in seconds after the day's start.
    pub(super) fn work(&self) -> impl Iterator<Item = (i64, i64)> {
        self.slots
            .iter()
            .filter(|s| s.2 == Slot::Work)
            .map(|s| (s.0, s.1))
    }

    /// Seconds of planned production.
    pub(super) fn work_s(&self) -> i64 {
        self.work().map(|(from, to)| to - from).sum()
    }

    /// The end of the last shift in seconds after the day's start; 0 on a day off.
    pub(super) fn end(&self) -> i64 {
        self.slots
            .iter()
            .filter(|s| s.2 != Slot::Off)
            .map(|s| s.1)
            .max()
            .unwrap_or(0)
    }

    /// The second of the day at which this much planned production has passed.
    pub(super) fn second_after(&self, mut work_s: i64) -> Option<i64> {
        for (from, to) in self.work() {
            if work_s < to - from {
                return Some(from + work_s);
            }
            work_s -= to - from;
        }
        None
    }
}

/// One shift on one day, if it works then.
fn instance(shift: &Shift, day: Day) -> Option<ShiftInstance> {
    let works = shift
        .days
        .iter()
        .any(|d| i64::from(*d) == i64::from(day.weekday()));
    let (start, end) = (minutes_of_day(shift.start)?, minutes_of_day(shift.end)?);
    // A time before the shift's start is on the next date.
    let place = |minutes: i64| {
        day.local(if minutes < start {
            minutes + 24 * 60
        } else {
            minutes
        })
    };
    let to = if end <= start { end + 24 * 60 } else { end };
    let breaks = shift.breaks.iter().filter_map(|(from, to, _)| {
        Some(Span::clamped(
            place(minutes_of_day(from)?),
            place(minutes_of_day(to)?),
        ))
    });
    works.then(|| ShiftInstance {
        name: shift.name.to_owned(),
        day: day.to_string(),
        span: Span::clamped(day.local(start), day.local(to)),
        breaks: breaks.filter(|b| b.len() > DurMs::ZERO).collect(),
        ..ShiftInstance::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::HOUR_MS;
    use crate::server::simulator::model::LINES;

    fn hours(day: Day) -> i64 {
        day.span().len().0 / HOUR_MS
    }

    #[test]
    fn days_follow_local_time_through_the_changes_of_the_clock() {
        assert_eq!(hours(Day::new(date(2026, 3, 27))), 24);
        assert_eq!(hours(Day::new(date(2026, 3, 28))), 23);
        assert_eq!(hours(Day::new(date(2026, 10, 24))), 25);
        // 06:00 in Rome is 05:00 UTC in winter, 04:00 in summer.
        assert_eq!(
            Day::new(date(2026, 1, 15)).span().from().0 % (24 * HOUR_MS),
            5 * HOUR_MS
        );
        assert_eq!(
            Day::new(date(2026, 7, 15)).span().from().0 % (24 * HOUR_MS),
            4 * HOUR_MS
        );
    }

    #[test]
    fn the_written_out_zone_agrees_with_the_database() {
        let Ok(rome) = TimeZone::get(crate::server::simulator::plant::ZONE) else {
            return;
        };
        for hour in 0..(3 * 366 * 24) {
            let at =
                Timestamp::from_millisecond(1_735_689_600_000 + hour * HOUR_MS).expect("in range");
            assert_eq!(ZONE.to_offset(at), rome.to_offset(at), "{at}");
        }
    }

    #[test]
    fn an_instant_belongs_to_the_day_whose_span_holds_it() {
        for n in 0..800 {
            let at = TsMs(1_767_225_600_000 + n * 11 * HOUR_MS);
            assert!(Day::of(at).span().contains(at));
            assert_eq!(Day::of(at).plus(1).number(), Day::of(at).number() + 1);
        }
    }

    #[test]
    fn plans_tile_the_day_and_shifts_follow_each_other_without_a_gap() {
        for n in 0..60 {
            for (i, line) in LINES.iter().enumerate() {
                let plan = DaySchedule::new(line, i, Day::new(date(2026, 3, 1)).plus(n));
                let len = plan.day.span().len().0 / 1000;
                assert_eq!(plan.slots.first().map(|s| s.0), Some(0));
                assert_eq!(plan.slots.last().map(|s| s.1), Some(len));
                assert!(
                    plan.slots
                        .windows(2)
                        .all(|w| w[0].1 == w[1].0 && w[0].0 < w[0].1),
                    "{plan:?}"
                );
                assert!(
                    plan.shifts
                        .windows(2)
                        .all(|w| w[0].span.to() == w[1].span.from()),
                    "{plan:?}"
                );
            }
        }
    }
}
