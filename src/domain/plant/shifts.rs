//! How a calendar is written down: shift patterns, holidays, exceptions, planned stops.

use super::{FieldError, PlantDef, minutes_of_day};
use crate::domain::calendar::ShiftRule;
use crate::domain::day::{LocalDay, Moment};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// The longest cycle in weeks.
const MAX_CYCLE: i64 = 52;

/// A shift that comes back every week, or in some weeks of a cycle.
///
/// A changed shift holds from the next local day on, or from `from` on; what was before keeps its shifts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ShiftDef {
    /// Its name, unique in the plant.
    pub name: String,
    /// The days of its start: 1 Monday to 7 Sunday. None: it starts only where an exception names it.
    pub days: Vec<u8>,
    /// Local start, `HH:MM`.
    pub start: String,
    /// Local end, `HH:MM`; not after the start means on the next day.
    pub end: String,
    /// Breaks inside the shift, local. A break starts by the clock and is as long as written, also in the night in which
    /// the clocks change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub breaks: Vec<BreakDef>,
    /// The weeks in which it works, from 1, of a cycle of `cycle_weeks`. None: all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weeks: Vec<i64>,
    /// The length of the cycle in weeks, 1 to 52.
    #[serde(default = "one_week")]
    pub cycle_weeks: i64,
    /// A Monday, `YYYY-MM-DD`, that begins week 1 of the cycle and the first crew's week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<String>,
    /// Its crews, each for a week in turn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub crews: Vec<String>,
    /// The first local day, `YYYY-MM-DD`, on which it starts as written here. A day in the past restates what was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last local day on which it starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

const fn one_week() -> i64 {
    1
}

/// A break: a planned stop inside a shift.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BreakDef {
    /// Local start, `HH:MM`.
    pub start: String,
    /// Local end, `HH:MM`.
    pub end: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
}

/// A day on which no shift starts. Known by its day and name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct HolidayDef {
    /// The local day, `YYYY-MM-DD`.
    pub day: String,
    /// Its name.
    pub name: String,
    /// The codes of the lines that rest; none: all lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
    /// It is not one after all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withdrawn: bool,
}

/// A day of a line that is not like its week: exactly these shifts start. Known by its line and day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ExceptionDef {
    /// The line's code.
    pub line: String,
    /// The local day, `YYYY-MM-DD`.
    pub day: String,
    /// Names of the shifts that start; none: the line rests.
    #[serde(default)]
    pub shifts: Vec<String>,
    /// What for.
    #[serde(default)]
    pub name: String,
    /// The day is like its week after all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withdrawn: bool,
}

/// A stop planned beforehand: maintenance, a meeting, no orders. Known by its line and start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PlannedStopDef {
    /// The line's code.
    pub line: String,
    /// Its start: local such as `2026-07-06T14:30`, or RFC 3339.
    pub from: String,
    /// Its end, likewise.
    pub to: String,
    /// What for.
    pub name: String,
    /// It does not take place.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withdrawn: bool,
}

impl ShiftDef {
    /// The rule that it states; only of a definition without problems.
    #[must_use]
    pub fn rule(&self) -> ShiftRule {
        let minutes = |text: &str| minutes_of_day(text).unwrap_or(0);
        let bits = |days: i64, day: &u8| days | 1 << day.saturating_sub(1).min(6);
        let mut weeks = self.weeks.clone();
        weeks.sort_unstable();
        let pauses = self.breaks.iter();
        ShiftRule {
            days: self.days.iter().fold(0, bits),
            start_min: minutes(&self.start),
            end_min: minutes(&self.end),
            breaks: pauses
                .map(|b| (minutes(&b.start), minutes(&b.end)))
                .collect(),
            until: self.until.as_deref().and_then(LocalDay::parse),
            anchor: self.anchor.as_deref().and_then(LocalDay::parse),
            cycle_weeks: self.cycle_weeks,
            weeks,
            crews: self.crews.clone(),
        }
    }

    /// From when on it holds, if it says so.
    #[must_use]
    pub fn from_day(&self) -> Option<LocalDay> {
        self.from.as_deref().and_then(LocalDay::parse)
    }

    fn check(&self, at: &str, found: &mut Vec<FieldError>) {
        let mut wrong = |field: String, problem: &str| {
            found.push(FieldError::new(format!("{at}.{field}"), problem));
        };
        if self.name.trim().is_empty() {
            wrong("name".to_owned(), "must not be empty");
        }
        let mut times = vec![
            ("start".to_owned(), &self.start),
            ("end".to_owned(), &self.end),
        ];
        for (j, pause) in self.breaks.iter().enumerate() {
            times.push((format!("breaks[{j}].start"), &pause.start));
            times.push((format!("breaks[{j}].end"), &pause.end));
        }
        let clock = times.len();
        times.retain(|(_, text)| minutes_of_day(text).is_none());
        let times_are_right = times.is_empty() && clock > 0;
        for (field, _) in times {
            wrong(field, "must be a time of day, HH:MM");
        }
        if self.days.iter().any(|d| !(1..=7).contains(d)) {
            wrong("days".to_owned(), "must be 1 (Monday) to 7 (Sunday)");
        }
        if times_are_right {
            let rule = self.rule();
            let (_, end) = rule.minutes();
            for (j, (_, to)) in rule.pauses().enumerate() {
                if to > end {
                    let problem = format!(
                        "the break lies outside its shift, {} to {}",
                        self.start, self.end
                    );
                    wrong(format!("breaks[{j}]"), &problem);
                }
            }
        }
        self.check_cycle(&mut wrong);
        self.check_days(&mut wrong);
    }

    fn check_cycle(&self, wrong: &mut impl FnMut(String, &str)) {
        if !(1..=MAX_CYCLE).contains(&self.cycle_weeks) {
            wrong("cycle_weeks".to_owned(), "must be 1 to 52");
        }
        for (j, week) in self.weeks.iter().enumerate() {
            if !(1..=self.cycle_weeks).contains(week) {
                let problem = format!(
                    "week {week} is not in a cycle of {} weeks",
                    self.cycle_weeks
                );
                wrong(format!("weeks[{j}]"), &problem);
            }
        }
        if self.crews.iter().any(|c| c.trim().is_empty()) {
            wrong("crews".to_owned(), "must not hold an empty name");
        }
        let counted = !self.weeks.is_empty() && self.cycle_weeks > 1 || self.crews.len() > 1;
        match self.anchor.as_deref().map(LocalDay::parse) {
            None if counted => wrong(
                "anchor".to_owned(),
                "must be given: a Monday from which the weeks are counted",
            ),
            Some(Some(day)) if day.weekday() != 0 => {
                let problem = format!("must be a Monday, {day} is a {}", day.weekday_name());
                wrong("anchor".to_owned(), &problem);
            }
            Some(None) => wrong("anchor".to_owned(), NOT_A_DAY),
            _ => {}
        }
    }

    fn check_days(&self, wrong: &mut impl FnMut(String, &str)) {
        for (field, text) in [("from", &self.from), ("until", &self.until)] {
            if text
                .as_deref()
                .is_some_and(|t| LocalDay::parse(t).is_none())
            {
                wrong(field.to_owned(), NOT_A_DAY);
            }
        }
        let until = self.until.as_deref().and_then(LocalDay::parse);
        if self
            .from_day()
            .zip(until)
            .is_some_and(|(from, until)| until < from)
        {
            wrong("until".to_owned(), "must not be before from");
        }
    }
}

/// What a day must look like.
pub(super) const NOT_A_DAY: &str = "must be a day of the calendar, YYYY-MM-DD";
/// What a moment must look like.
pub(super) const NOT_A_MOMENT: &str = "must be a full minute: local such as 2026-07-06T14:30, or with an offset such as 2026-07-06T14:30+02:00";

/// What is wrong with the calendar's values, each by itself.
pub(super) fn check(def: &PlantDef, found: &mut Vec<FieldError>) {
    let mut names = HashSet::new();
    for (i, shift) in def.shifts.iter().enumerate() {
        if !names.insert(&shift.name) {
            let problem = format!("'{}' is given twice", shift.name);
            found.push(FieldError::new(format!("shift[{i}].name"), problem));
        }
        shift.check(&format!("shift[{i}]"), found);
    }
    for (i, line) in def.lines.iter().enumerate() {
        let mut listed = HashSet::new();
        for name in line.shifts.iter().filter(|s| !listed.insert(*s)) {
            let problem = format!("'{name}' is given twice");
            found.push(FieldError::new(format!("line[{i}].shifts"), problem));
        }
        if line
            .shifts_from
            .as_deref()
            .is_some_and(|t| LocalDay::parse(t).is_none())
        {
            found.push(FieldError::new(format!("line[{i}].shifts_from"), NOT_A_DAY));
        }
    }
    check_days_off(def, found);
    check_references(def, found);
}

fn check_days_off(def: &PlantDef, found: &mut Vec<FieldError>) {
    let mut wrong = |field: String, problem: &str| found.push(FieldError::new(field, problem));
    let mut known = HashSet::new();
    for (i, holiday) in def.holidays.iter().enumerate() {
        if LocalDay::parse(&holiday.day).is_none() {
            wrong(format!("holiday[{i}].day"), NOT_A_DAY);
        }
        if !known.insert((&holiday.day, &holiday.name)) {
            wrong(
                format!("holiday[{i}].day"),
                "this day and name are given twice",
            );
        }
    }
    let mut known = HashSet::new();
    for (i, exception) in def.exceptions.iter().enumerate() {
        if LocalDay::parse(&exception.day).is_none() {
            wrong(format!("exception[{i}].day"), NOT_A_DAY);
        }
        if !known.insert((&exception.line, &exception.day)) {
            wrong(
                format!("exception[{i}].day"),
                "this line and day are given twice",
            );
        }
        let mut listed = HashSet::new();
        if exception.shifts.iter().any(|s| !listed.insert(s)) {
            wrong(format!("exception[{i}].shifts"), "a shift is given twice");
        }
    }
    let mut known = HashSet::new();
    for (i, stop) in def.planned_stops.iter().enumerate() {
        for (field, text) in [("from", &stop.from), ("to", &stop.to)] {
            if Moment::parse(text).is_none() {
                wrong(format!("planned_stop[{i}].{field}"), NOT_A_MOMENT);
            }
        }
        if !known.insert((&stop.line, &stop.from)) {
            wrong(
                format!("planned_stop[{i}].from"),
                "this line and start are given twice",
            );
        }
        if stop.name.trim().is_empty() {
            wrong(format!("planned_stop[{i}].name"), "must not be empty");
        }
    }
}

fn check_references(def: &PlantDef, found: &mut Vec<FieldError>) {
    let shifts: HashSet<_> = def.shifts.iter().map(|s| &s.name).collect();
    let named = |line: &str| def.lines.iter().find(|l| l.code == line);
    let mut want = |known: bool, field: String, code: &str| {
        if !known {
            found.push(FieldError::new(field, format!("'{code}' is not defined")));
        }
    };
    for (i, line) in def.lines.iter().enumerate() {
        for shift in &line.shifts {
            want(shifts.contains(shift), format!("line[{i}].shifts"), shift);
        }
    }
    for (i, holiday) in def.holidays.iter().enumerate() {
        for line in &holiday.lines {
            want(named(line).is_some(), format!("holiday[{i}].lines"), line);
        }
    }
    for (i, exception) in def.exceptions.iter().enumerate() {
        want(
            named(&exception.line).is_some(),
            format!("exception[{i}].line"),
            &exception.line,
        );
        for shift in &exception.shifts {
            want(
                shifts.contains(shift),
                format!("exception[{i}].shifts"),
                shift,
            );
        }
    }
    for (i, stop) in def.planned_stops.iter().enumerate() {
        want(
            named(&stop.line).is_some(),
            format!("planned_stop[{i}].line"),
            &stop.line,
        );
    }
    // Without a calendar they would say nothing, in silence.
    let exceptions = def.exceptions.iter().map(|e| (&e.line, e.withdrawn));
    let stops = def.planned_stops.iter().map(|s| (&s.line, s.withdrawn));
    let list = |kind, i: usize| format!("{kind}[{i}].line");
    let places = exceptions
        .enumerate()
        .map(|(i, at)| (list("exception", i), at));
    let places = places.chain(
        stops
            .enumerate()
            .map(|(i, at)| (list("planned_stop", i), at)),
    );
    for (field, (line, withdrawn)) in places {
        if !withdrawn && named(line).is_some_and(|l| l.shifts.is_empty()) {
            let problem =
                format!("line '{line}' has no shifts: its machines say when they are scheduled");
            found.push(FieldError::new(field, problem));
        }
    }
}
