//! Which shifts start on which local day: weekly patterns with their cycles and crews, holidays, exceptions.
//!
//! Everything here is local days and minutes after midnight; `server::calendar` turns them into instants.

use super::dated::Dated;
use super::day::LocalDay;
use super::shift::PlannedStop;
use super::time::Span;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Minutes of a day on the clock.
pub const DAY_MIN: i64 = 24 * 60;

/// How a shift comes back, as it holds from some day on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShiftRule {
    /// Bit 0 Monday to bit 6 Sunday: the days on which it starts. 0: only exceptions name it.
    pub days: i64,
    /// Start in minutes after local midnight.
    pub start_min: i64,
    /// End; not after the start means on the next day.
    pub end_min: i64,
    /// Breaks, start and end.
    pub breaks: Vec<(i64, i64)>,
    /// The last day on which it starts.
    pub until: Option<LocalDay>,
    /// A Monday: cycles and crews are counted from it.
    pub anchor: Option<LocalDay>,
    /// The length of its cycle in weeks.
    pub cycle_weeks: i64,
    /// The weeks of the cycle, from 1, in which it works; none: all.
    pub weeks: Vec<i64>,
    /// Its crews, each for a week in turn.
    pub crews: Vec<String>,
}

impl ShiftRule {
    /// Whole weeks from the anchor to the week of `day`.
    fn week_of(&self, day: LocalDay) -> i64 {
        let anchor = self.anchor.unwrap_or(LocalDay::SINCE_EVER).monday();
        (day.monday().0 - anchor.0).div_euclid(7)
    }

    /// Whether it starts on `day` by itself.
    #[must_use]
    pub fn works_on(&self, day: LocalDay) -> bool {
        let week = self.week_of(day).rem_euclid(self.cycle_weeks.max(1)) + 1;
        self.days >> day.weekday() & 1 == 1
            && self.until.is_none_or(|until| day <= until)
            && (self.weeks.is_empty() || self.weeks.contains(&week))
    }

    /// The crew that works it when it starts on `day`.
    #[must_use]
    pub fn crew_on(&self, day: LocalDay) -> Option<&str> {
        let turn = self
            .week_of(day)
            .checked_rem_euclid(i64::try_from(self.crews.len()).ok()?)?;
        self.crews.get(usize::try_from(turn).ok()?).map(|c| &**c)
    }

    /// Start and end in minutes after the midnight of its day; the end is after the start, at most a day.
    #[must_use]
    pub fn minutes(&self) -> (i64, i64) {
        (self.start_min, after(self.end_min, self.start_min))
    }

    /// Start and end of its breaks in the same way; they may lie outside when the rule is wrong.
    pub fn pauses(&self) -> impl Iterator<Item = (i64, i64)> {
        self.breaks.iter().map(|(start, end)| {
            let start = if *start < self.start_min {
                start + DAY_MIN
            } else {
                *start
            };
            (start, after(end + start / DAY_MIN * DAY_MIN, start))
        })
    }
}

/// A time of day that comes after another, which may be on the next day.
const fn after(minutes: i64, than: i64) -> i64 {
    if minutes <= than {
        minutes + DAY_MIN
    } else {
        minutes
    }
}

/// A shift by its name, as it was, is and will be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShiftPattern {
    /// Its name.
    pub name: String,
    /// Its rule by the local day of the start.
    pub rules: Dated<LocalDay, ShiftRule>,
}

/// The calendar of a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineCalendar {
    /// Its shifts by local day. No shifts: the machines say themselves when they are scheduled.
    pub lists: Dated<LocalDay, Vec<Arc<ShiftPattern>>>,
    /// Days on which no shift starts.
    pub holidays: BTreeSet<LocalDay>,
    /// Days on which exactly these shifts start; they beat holidays.
    pub exceptions: BTreeMap<LocalDay, Vec<Arc<ShiftPattern>>>,
    /// Planned stops in order, without overlap.
    pub stops: Vec<PlannedStop>,
}

impl LineCalendar {
    /// Whether the machines say themselves when they are scheduled on `day`.
    #[must_use]
    pub fn is_by_signal(&self, day: LocalDay) -> bool {
        self.lists.at(day).is_none_or(Vec::is_empty)
    }

    /// What starts on `day`.
    pub fn starting(&self, day: LocalDay) -> impl Iterator<Item = (&ShiftPattern, &ShiftRule)> {
        let exception = self.exceptions.get(&day);
        let listed = self.lists.at(day).filter(|list| !list.is_empty());
        let wanted = match exception {
            Some(named) => listed.map(|_| named),
            None => listed.filter(|_| !self.holidays.contains(&day)),
        };
        let named = exception.is_some();
        wanted.into_iter().flatten().filter_map(move |pattern| {
            let rule = if named {
                pattern.rules.at_or_first(day)
            } else {
                pattern.rules.at(day).filter(|rule| rule.works_on(day))
            };
            Some((&**pattern, rule?))
        })
    }

    /// The days in `from..=to` from which on the line goes over to shifts, or from shifts to its machines' signals.
    #[must_use]
    pub fn turns(&self, from: LocalDay, to: LocalDay) -> Vec<LocalDay> {
        let keys = self.lists.entries().iter().map(|(day, _)| *day);
        keys.filter(|day| from <= *day && *day <= to)
            .filter(|day| self.is_by_signal(*day) != self.is_by_signal(day.plus(-1)))
            .collect()
    }
}

/// Planned stops in order, those that overlap made one: a stop of the machines is judged by when the whole began.
#[must_use]
pub fn merged(mut stops: Vec<PlannedStop>) -> Vec<PlannedStop> {
    stops.sort_by_key(|a| (a.span.from(), a.span.to()));
    let mut out: Vec<PlannedStop> = Vec::with_capacity(stops.len());
    for stop in stops {
        match out.last_mut() {
            Some(last) if stop.span.from() < last.span.to() => {
                last.span = Span::clamped(last.span.from(), last.span.to().max(stop.span.to()));
                last.name = format!("{}, {}", last.name, stop.name);
            }
            _ => out.push(stop),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::TsMs;

    fn day(text: &str) -> LocalDay {
        LocalDay::parse(text).expect("a day")
    }

    fn early(rule: ShiftRule) -> Arc<ShiftPattern> {
        Arc::new(ShiftPattern {
            name: "Early".into(),
            rules: Dated::new(vec![(LocalDay::SINCE_EVER, rule)]),
        })
    }

    /// Monday to Friday, 06:00 to 14:00.
    fn weekly() -> ShiftRule {
        ShiftRule {
            days: 0b1_1111,
            start_min: 360,
            end_min: 840,
            cycle_weeks: 1,
            ..ShiftRule::default()
        }
    }

    #[test]
    fn cycles_and_crews_are_counted_from_the_anchor_also_before_it() {
        let rule = ShiftRule {
            anchor: Some(day("2026-07-06")),
            cycle_weeks: 2,
            weeks: vec![1],
            crews: vec!["A".into(), "B".into(), "C".into()],
            until: Some(day("2026-08-03")),
            ..weekly()
        };
        for (on, works, crew) in [
            ("2026-06-22", true, "B"),
            ("2026-06-29", false, "C"),
            ("2026-07-06", true, "A"),
            ("2026-07-10", true, "A"),
            ("2026-07-11", false, "A"),
            ("2026-07-13", false, "B"),
            ("2026-07-20", true, "C"),
            ("2026-08-03", true, "B"),
            ("2026-08-04", false, "B"),
        ] {
            let on = day(on);
            assert_eq!(
                (rule.works_on(on), rule.crew_on(on)),
                (works, Some(crew)),
                "{on}"
            );
        }
        assert_eq!(weekly().crew_on(day("2026-07-06")), None);
    }

    #[test]
    fn an_exception_beats_a_holiday_and_a_holiday_the_week() {
        let (week, extra) = (
            early(weekly()),
            early(ShiftRule {
                days: 0,
                ..weekly()
            }),
        );
        let calendar = LineCalendar {
            lists: Dated::new(vec![
                (day("2026-07-01"), vec![week, Arc::clone(&extra)]),
                (day("2026-08-01"), vec![]),
            ]),
            holidays: [day("2026-07-06"), day("2026-07-07")].into(),
            exceptions: [
                (day("2026-07-07"), vec![Arc::clone(&extra)]),
                (day("2026-07-08"), vec![]),
                (day("2026-07-11"), vec![extra]),
                (day("2026-08-03"), vec![]),
            ]
            .into(),
            stops: vec![],
        };
        let starts = |on: &str| calendar.starting(day(on)).count();
        for (on, wanted) in [
            ("2026-06-30", 0),
            ("2026-07-03", 1),
            ("2026-07-04", 0),
            ("2026-07-06", 0),
            ("2026-07-07", 1),
            ("2026-07-08", 0),
            ("2026-07-11", 1),
            ("2026-08-03", 0),
        ] {
            assert_eq!(starts(on), wanted, "{on}");
        }
        assert!(
            calendar.is_by_signal(day("2026-06-30")) && !calendar.is_by_signal(day("2026-07-06"))
        );
        assert_eq!(
            calendar.turns(day("2026-01-01"), day("2026-12-31")),
            [day("2026-07-01"), day("2026-08-01")]
        );
    }

    #[test]
    fn breaks_after_midnight_belong_to_the_night() {
        let night = ShiftRule {
            start_min: 22 * 60,
            end_min: 6 * 60,
            breaks: vec![(60, 90), (23 * 60 + 45, 15)],
            ..weekly()
        };
        assert_eq!(night.minutes(), (1320, 1800));
        assert_eq!(
            night.pauses().collect::<Vec<_>>(),
            [(1500, 1530), (1425, 1455)]
        );
    }

    #[test]
    fn stops_that_overlap_are_one_and_those_that_touch_are_not() {
        let stop = |from, to, name: &str| PlannedStop {
            span: Span::clamped(TsMs(from), TsMs(to)),
            name: name.into(),
        };
        let given = vec![
            stop(50, 60, "c"),
            stop(0, 30, "a"),
            stop(20, 40, "b"),
            stop(40, 50, "d"),
        ];
        assert_eq!(
            merged(given),
            [stop(0, 40, "a, b"), stop(40, 50, "d"), stop(50, 60, "c")]
        );
    }
}
