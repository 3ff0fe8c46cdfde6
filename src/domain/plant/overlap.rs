//! Finds shifts of a line that would run at the same time, over whole cycles and the days on which they are in force.

use super::{FieldError, PlantDef};
use crate::domain::calendar::{DAY_MIN, ShiftRule};
use crate::domain::day::LocalDay;
use std::collections::HashMap;

/// A shift as the check sees it.
struct Shift<'a> {
    /// Its place in the definition.
    place: usize,
    name: &'a str,
    rule: ShiftRule,
    from: Option<LocalDay>,
}

impl Shift<'_> {
    fn starts_on(&self, day: LocalDay) -> bool {
        self.from.is_none_or(|from| from <= day) && self.rule.works_on(day)
    }

    /// Start and end on the clock, in minutes after 1970-01-01.
    fn minutes(&self, day: LocalDay) -> (i64, i64) {
        let (start, end) = self.rule.minutes();
        (day.0 * DAY_MIN + start, day.0 * DAY_MIN + end)
    }

    /// It comes back the same way every week, for ever.
    fn is_plain(&self) -> bool {
        self.from.is_none() && self.rule.until.is_none() && self.rule.weeks.is_empty()
    }
}

/// Two shifts that overlap: the one that starts first with its day, the other with its.
type Clash<'a> = (&'a Shift<'a>, LocalDay, &'a Shift<'a>, LocalDay);

fn clash<'a>(
    a: &'a Shift<'a>,
    on: LocalDay,
    b: &'a Shift<'a>,
    then: LocalDay,
) -> Option<Clash<'a>> {
    let ((a_from, a_to), (b_from, b_to)) = (a.minutes(on), b.minutes(then));
    if a_from.max(b_from) >= a_to.min(b_to) {
        return None;
    }
    Some(if b_from < a_from {
        (b, then, a, on)
    } else {
        (a, on, b, then)
    })
}

/// The shift's start, such as `Friday 2026-07-10 22:00`; without the date when every week is alike.
fn when(minutes: i64, with_date: bool) -> String {
    let day = LocalDay(minutes.div_euclid(DAY_MIN));
    let minute = minutes.rem_euclid(DAY_MIN);
    let date = if with_date {
        format!(" {day}")
    } else {
        String::new()
    };
    format!(
        "{}{date} {:02}:{:02}",
        day.weekday_name(),
        minute / 60,
        minute % 60
    )
}

fn told((a, on, b, then): Clash<'_>, line: &str) -> String {
    let dated = !(a.is_plain() && b.is_plain());
    format!(
        "overlaps '{}' on line '{line}': that one runs until {}, this one starts {}",
        a.name,
        when(a.minutes(on).1, dated),
        when(b.minutes(then).0, dated)
    )
}

/// Adds the first overlap of each pair of shifts of each line, and of each exception with the days around it. Only for
/// a definition whose values are right one by one.
pub(super) fn check(def: &PlantDef, found: &mut Vec<FieldError>) {
    let shifts: HashMap<&str, Shift<'_>> = def
        .shifts
        .iter()
        .enumerate()
        .map(|(place, s)| {
            let shift = Shift {
                place,
                name: &s.name,
                rule: s.rule(),
                from: s.from_day(),
            };
            (s.name.as_str(), shift)
        })
        .collect();
    let pick = |names: &[String]| -> Vec<&Shift<'_>> {
        names
            .iter()
            .filter_map(|n| shifts.get(n.as_str()))
            .collect()
    };
    for line in &def.lines {
        let list = pick(&line.shifts);
        for (n, a) in list.iter().enumerate() {
            for b in &list[n + 1..] {
                if let Some(clash) = weekly_clash(a, b) {
                    let field = format!("shift[{}].start", clash.2.place);
                    found.push(FieldError::new(field, told(clash, &line.code)));
                }
            }
        }
    }
    for (i, exception) in def
        .exceptions
        .iter()
        .enumerate()
        .filter(|(_, e)| !e.withdrawn)
    {
        let Some((day, line)) = LocalDay::parse(&exception.day)
            .zip(def.lines.iter().find(|l| l.code == exception.line))
        else {
            continue;
        };
        let named = pick(&exception.shifts);
        // What starts on a day around it: by another exception, or by the week.
        let around = |day: LocalDay| {
            let text = day.to_string();
            let other = def
                .exceptions
                .iter()
                .find(|e| !e.withdrawn && e.line == line.code && e.day == text);
            let rests = def.holidays.iter().any(|h| {
                !h.withdrawn
                    && h.day == text
                    && (h.lines.is_empty() || h.lines.contains(&line.code))
            });
            match other {
                Some(other) => pick(&other.shifts),
                None if rests => vec![],
                None => pick(&line.shifts)
                    .into_iter()
                    .filter(|s| s.starts_on(day))
                    .collect(),
            }
        };
        let with = |then: LocalDay, list: Vec<&'_ Shift<'_>>| {
            let pairs = named.iter().flat_map(|a| list.iter().map(move |b| (a, b)));
            pairs
                .filter(|(a, b)| then != day || a.place < b.place)
                .find_map(|(a, b)| clash(a, day, b, then).map(|c| told_of(c, &line.code)))
        };
        let days = [day.plus(-1), day, day.plus(1)];
        let clash = days.into_iter().find_map(|then| {
            with(
                then,
                if then == day {
                    named.clone()
                } else {
                    around(then)
                },
            )
        });
        if let Some(problem) = clash {
            found.push(FieldError::new(format!("exception[{i}].shifts"), problem));
        }
    }
}

/// The same with both names: the field is not one of the shifts.
fn told_of((a, on, b, then): Clash<'_>, line: &str) -> String {
    format!(
        "'{}' and '{}' overlap on line '{line}': one runs until {}, the other starts {}",
        a.name,
        b.name,
        when(a.minutes(on).1, true),
        when(b.minutes(then).0, true)
    )
}

/// The first overlap of two shifts that come back by the week.
fn weekly_clash<'a>(a: &'a Shift<'a>, b: &'a Shift<'a>) -> Option<Clash<'a>> {
    let (m, n) = (a.rule.cycle_weeks.max(1), b.rule.cycle_weeks.max(1));
    let days = m / common_divisor(m, n) * n * 7;
    let until = [a.rule.until, b.rule.until].into_iter().flatten().min();
    let anchor = a.rule.anchor.max(b.rule.anchor).unwrap_or(LocalDay(4));
    let begin = match a.from.max(b.from) {
        Some(from) => from.plus(-1),
        None => until.map_or(anchor, |until| until.plus(-days).monday()),
    };
    let overlap_from = |day: LocalDay| {
        let next = [day, day.plus(1)];
        let forward = next.into_iter().filter(|then| b.starts_on(*then));
        let back = next.into_iter().filter(|then| a.starts_on(*then));
        let first = a.starts_on(day).then(|| forward.collect::<Vec<_>>());
        let second = b.starts_on(day).then(|| back.collect::<Vec<_>>());
        let first = first
            .into_iter()
            .flatten()
            .find_map(|then| clash(a, day, b, then));
        first.or_else(|| {
            second
                .into_iter()
                .flatten()
                .find_map(|then| clash(b, day, a, then))
        })
    };
    (0..=days + 7).map(|n| begin.plus(n)).find_map(overlap_from)
}

fn common_divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}
