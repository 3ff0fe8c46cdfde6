//! When nobody is on a duty that some rule calls, told in few lines: a gap of every night is one line, not thirty.

use super::roster::{Gap, Roster, Slot};
use super::rule::Rule;
use crate::domain::day::LocalDay;
use crate::domain::ids::{LineId, PersonId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Gaps of one duty in shifts of one name, for the same reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = RosterGapRun))]
pub struct GapRun {
    /// The duty's name.
    pub duty: String,
    /// The line.
    pub line: LineId,
    /// The shift's name; `None`: the time of these days outside every shift, on days without shifts all of it.
    pub shift: Option<String>,
    /// Who has the duty then, but is away, and everybody who would stand in is away too; empty: nobody has it.
    pub away: Vec<PersonId>,
    /// The days on which these shifts start, in order, each once.
    pub days: Vec<LocalDay>,
}

/// The shifts in which nobody is on a duty that a rule for that line and shift calls.
#[must_use]
pub fn needed(rules: &[Rule], roster: &Roster, slots: &[Slot]) -> Vec<Gap> {
    let fits = |rule: &&Rule, slot: &Slot| {
        rule.line.is_none_or(|line| line == slot.line)
            && (rule.shift.is_none() || rule.shift == slot.shift)
    };
    let of_slot = |slot: &Slot| {
        let called = rules.iter().filter(|rule| fits(rule, slot));
        let names = called.flat_map(|rule| rule.ladder.duties());
        roster.gaps(names, std::slice::from_ref(slot))
    };
    slots.iter().flat_map(of_slot).collect()
}

/// Gaps that differ in nothing but the day, each as one; those that begin first come first.
#[must_use]
pub fn gap_runs(gaps: &[Gap]) -> Vec<GapRun> {
    type Key<'a> = (&'a str, LineId, Option<&'a str>, &'a [PersonId]);
    let mut by: BTreeMap<Key<'_>, Vec<LocalDay>> = BTreeMap::new();
    for gap in gaps {
        let slot = &gap.slot;
        let key = (&*gap.duty, slot.line, slot.shift.as_deref(), &*gap.away);
        by.entry(key).or_default().push(slot.day);
    }
    let run = |((duty, line, shift, away), mut days): (Key<'_>, Vec<LocalDay>)| {
        days.sort();
        // Of a day the time before its shifts and that after them are one.
        days.dedup();
        GapRun {
            duty: duty.to_owned(),
            line,
            shift: shift.map(str::to_owned),
            away: away.to_vec(),
            days,
        }
    };
    let mut runs: Vec<GapRun> = by.into_iter().map(run).collect();
    runs.sort_by_key(|run| run.days.first().copied());
    runs
}

impl GapRun {
    /// Its days as stretches without a break: the first and the last day of each.
    #[must_use]
    pub fn stretches(&self) -> Vec<(LocalDay, LocalDay)> {
        let mut out: Vec<(LocalDay, LocalDay)> = Vec::new();
        for day in &self.days {
            match out.last_mut() {
                Some((_, last)) if last.plus(1) >= *day => *last = *day,
                _ => out.push((*day, *day)),
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::andon::ladder::{Channel, Ladder, Recipient, Step, Trigger};
    use crate::domain::andon::roster::{Duty, Substitute, Weekdays};
    use crate::domain::time::{DurMs, Span, TsMs};

    fn day(n: i64) -> LocalDay {
        LocalDay(20_640 + n)
    }

    fn slot(line: i64, shift: &str, on: i64) -> Slot {
        Slot {
            line: LineId(line),
            shift: Some(shift.to_owned()),
            day: day(on),
            holiday: false,
            span: Span::clamped(TsMs(0), TsMs(1)),
        }
    }

    fn rule(id: i64, duty: &str, line: Option<i64>, shift: Option<&str>) -> Rule {
        let step = Step {
            trigger: Trigger::Raised,
            after: DurMs::ZERO,
            level: 0,
            to: vec![Recipient::Duty(duty.to_owned())],
            via: vec![Channel::Screen],
        };
        Rule {
            id,
            kind: None,
            priority: None,
            line: line.map(LineId),
            shift: shift.map(str::to_owned),
            ladder: Ladder::new(vec![step]).expect("a ladder"),
        }
    }

    #[test]
    fn a_duty_is_needed_only_where_a_rule_calls_it_and_gaps_of_many_days_are_one_line() {
        let night = Duty {
            name: "maintenance".to_owned(),
            person: PersonId(1),
            line: None,
            shift: Some("Night".to_owned()),
            days: Weekdays::ALL,
            from: None,
            until: Some(day(3)),
            holidays: false,
        };
        let away = Substitute {
            person: PersonId(1),
            by: PersonId(1),
            from: day(1),
            until: day(1),
        };
        let roster = Roster {
            duties: vec![night],
            substitutes: vec![away],
        };
        let rules = [
            rule(1, "maintenance", None, None),
            rule(2, "quality", Some(2), Some("Early")),
        ];
        let mut slots: Vec<Slot> = (0..6).map(|on| slot(1, "Night", on)).collect();
        slots.extend([slot(2, "Early", 2), slot(2, "Night", 2)]);
        let runs = gap_runs(&needed(&rules, &roster, &slots));
        let seen = |run: &GapRun| {
            let days: Vec<i64> = run.days.iter().map(|d| d.0 - 20_640).collect();
            (run.duty.clone(), run.line.0, run.away.len(), days)
        };
        let maintenance = "maintenance".to_owned();
        assert_eq!(
            runs.iter().map(seen).collect::<Vec<_>>(),
            [
                (maintenance.clone(), 1, 1, vec![1]),
                (maintenance.clone(), 2, 0, vec![2]),
                ("quality".to_owned(), 2, 0, vec![2]),
                (maintenance, 1, 0, vec![4, 5]),
            ]
        );
        assert_eq!(runs[3].stretches(), [(day(4), day(5))]);
        let apart = GapRun {
            days: vec![day(1), day(2), day(5)],
            ..runs[0].clone()
        };
        assert_eq!(apart.stretches(), [(day(1), day(2)), (day(5), day(5))]);
    }
}
