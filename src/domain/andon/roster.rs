//! Who is on duty, who stands in for them, and when nobody is.
//!
//! A duty is by shifts and by the day on which a shift starts: Sunday 02:10 belongs to the night shift of Saturday.

use crate::domain::day::LocalDay;
use crate::domain::ids::{LineId, PersonId};
use crate::domain::time::Span;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A set of weekdays. On the wire a number: bit 0 Monday to bit 6 Sunday, as in shift patterns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(value_type = i64))]
#[serde(try_from = "i64", into = "i64")]
pub struct Weekdays(i64);

impl Weekdays {
    /// All seven.
    pub const ALL: Self = Self(127);

    /// The set of these bits; `None` unless they are at least one of the seven.
    #[must_use]
    pub fn new(bits: i64) -> Option<Self> {
        (1..=127).contains(&bits).then_some(Self(bits))
    }

    /// Its bits.
    #[must_use]
    pub const fn bits(self) -> i64 {
        self.0
    }

    /// Whether the weekday of a day is in it.
    #[must_use]
    pub const fn has(self, day: LocalDay) -> bool {
        self.0 >> day.weekday() & 1 == 1
    }
}

impl From<Weekdays> for i64 {
    fn from(days: Weekdays) -> Self {
        days.0
    }
}

impl TryFrom<i64> for Weekdays {
    type Error = &'static str;
    fn try_from(bits: i64) -> Result<Self, Self::Error> {
        Self::new(bits).ok_or("weekdays are a number from 1 to 127")
    }
}

/// Somebody has a duty. What is `None` does not bound it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Duty {
    /// Its name, by which ladders call it: `maintenance`.
    pub name: String,
    /// Who has it.
    pub person: PersonId,
    /// Only on this line.
    pub line: Option<LineId>,
    /// Only in shifts of this name.
    pub shift: Option<String>,
    /// On which weekdays.
    pub days: Weekdays,
    /// From which day on.
    pub from: Option<LocalDay>,
    /// Up to and with which day.
    pub until: Option<LocalDay>,
    /// On holidays as well.
    pub holidays: bool,
}

/// Somebody is away, and somebody stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Substitute {
    /// Who is away.
    pub person: PersonId,
    /// Who stands in.
    pub by: PersonId,
    /// The first day.
    pub from: LocalDay,
    /// The last day.
    pub until: LocalDay,
}

/// All duties and substitutes of a site.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Roster {
    /// The duties.
    pub duties: Vec<Duty>,
    /// The substitutes.
    pub substitutes: Vec<Substitute>,
}

/// A shift of a line on one day, or the time outside every shift.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Slot {
    /// The line.
    pub line: LineId,
    /// The shift's name; `None`: outside every shift, where only duties count that name no shift.
    pub shift: Option<String>,
    /// The day on which the shift starts.
    pub day: LocalDay,
    /// That day is a holiday.
    pub holiday: bool,
    /// From when to when.
    pub span: Span,
}

/// Somebody on duty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct OnDuty {
    /// Who.
    pub person: PersonId,
    /// For whom they stand in: who has the duty and is away.
    pub instead_of: Option<PersonId>,
}

/// A shift in which nobody is on a duty that some ladder calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = RosterGap))]
pub struct Gap {
    /// The duty's name.
    pub duty: String,
    /// When and where.
    pub slot: Slot,
    /// Who has the duty then, but is away, and everybody who would stand in is away too; empty: nobody has it.
    pub away: Vec<PersonId>,
}

impl Duty {
    /// Whether it is held in a shift.
    #[must_use]
    pub fn covers(&self, slot: &Slot) -> bool {
        self.line.is_none_or(|line| line == slot.line)
            && (self.shift.is_none() || self.shift == slot.shift)
            && self.days.has(slot.day)
            && self.from.is_none_or(|from| from <= slot.day)
            && self.until.is_none_or(|until| slot.day <= until)
            && (self.holidays || !slot.holiday)
    }
}

impl Roster {
    /// Who is on the duty of this name in a shift, each once, by number. Who is away is replaced by whoever stands in,
    /// who may be away in turn; a circle of people who are all away is nobody. Who is there themselves stands in for
    /// nobody, even if they would.
    #[must_use]
    pub fn on_duty(&self, name: &str, slot: &Slot) -> Vec<OnDuty> {
        let mut all: Vec<OnDuty> = Vec::new();
        for person in self.direct(name, slot) {
            let instead_of = |one: &PersonId| (*one != person).then_some(person);
            let there = self.standing_in(person, slot.day);
            all.extend(there.iter().map(|one| OnDuty {
                person: *one,
                instead_of: instead_of(one),
            }));
        }
        // `None` sorts first: whoever has the duty themselves has it for that reason.
        all.sort();
        all.dedup_by_key(|one| one.person);
        all
    }

    /// The shifts in which nobody is on one of these duties, in the order of the shifts.
    #[must_use]
    pub fn gaps<'a>(&self, names: impl IntoIterator<Item = &'a str>, slots: &[Slot]) -> Vec<Gap> {
        let names: BTreeSet<&str> = names.into_iter().collect();
        let pairs = slots
            .iter()
            .flat_map(|slot| names.iter().map(move |name| (slot, *name)));
        let empty = pairs.filter(|(slot, name)| self.on_duty(name, slot).is_empty());
        let gap = |(slot, name): (&Slot, &str)| Gap {
            duty: name.to_owned(),
            slot: slot.clone(),
            away: self.direct(name, slot).into_iter().collect(),
        };
        empty.map(gap).collect()
    }

    fn direct(&self, name: &str, slot: &Slot) -> BTreeSet<PersonId> {
        let held = self
            .duties
            .iter()
            .filter(|d| d.name == name && d.covers(slot));
        held.map(|d| d.person).collect()
    }

    /// Whoever is there for `person` on a day: themselves, unless they are away.
    fn standing_in(&self, person: PersonId, day: LocalDay) -> BTreeSet<PersonId> {
        let (mut asked, mut there) = (BTreeSet::new(), BTreeSet::new());
        let mut open = vec![person];
        while let Some(one) = open.pop() {
            if !asked.insert(one) {
                continue;
            }
            let away = |s: &&Substitute| s.person == one && s.from <= day && day <= s.until;
            let by: Vec<PersonId> = self.substitutes.iter().filter(away).map(|s| s.by).collect();
            if by.is_empty() {
                there.insert(one);
            }
            open.extend(by);
        }
        there
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::TsMs;
    use proptest::prelude::*;

    fn day(text: &str) -> LocalDay {
        LocalDay::parse(text).expect("a day")
    }

    fn duty(person: i64) -> Duty {
        Duty {
            name: "maintenance".to_owned(),
            person: PersonId(person),
            line: None,
            shift: None,
            days: Weekdays::ALL,
            from: None,
            until: None,
            holidays: false,
        }
    }

    fn away(person: i64, by: i64, from: &str, until: &str) -> Substitute {
        Substitute {
            person: PersonId(person),
            by: PersonId(by),
            from: day(from),
            until: day(until),
        }
    }

    fn slot(on: &str, shift: &str) -> Slot {
        Slot {
            line: LineId(1),
            shift: Some(shift.to_owned()),
            day: day(on),
            holiday: false,
            span: Span::clamped(TsMs(0), TsMs(1)),
        }
    }

    fn people(roster: &Roster, slot: &Slot) -> Vec<(i64, Option<i64>)> {
        let on = roster.on_duty("maintenance", slot).into_iter();
        on.map(|o| (o.person.0, o.instead_of.map(|p| p.0)))
            .collect()
    }

    fn roster(duties: Vec<Duty>, substitutes: Vec<Substitute>) -> Roster {
        Roster {
            duties,
            substitutes,
        }
    }

    #[test]
    fn a_duty_is_held_where_and_when_it_says() {
        let weekend = Weekdays::new(0b110_0000).expect("days");
        let one = Duty {
            line: Some(LineId(1)),
            shift: Some("Night".to_owned()),
            days: weekend,
            from: Some(day("2026-07-04")),
            until: Some(day("2026-07-11")),
            ..duty(7)
        };
        let held = |on: &str, shift: &str| one.covers(&slot(on, shift));
        assert!(
            held("2026-07-04", "Night") && held("2026-07-11", "Night"),
            "both ends"
        );
        assert!(!held("2026-07-06", "Night"), "a Monday");
        assert!(!held("2026-06-28", "Night") && !held("2026-07-12", "Night"));
        assert!(!held("2026-07-04", "Early"));
        let saturday = slot("2026-07-04", "Night");
        let elsewhere = Slot {
            line: LineId(2),
            ..saturday.clone()
        };
        let no_shift = Slot {
            shift: None,
            ..saturday.clone()
        };
        let holiday = Slot {
            holiday: true,
            ..saturday
        };
        assert!(!one.covers(&elsewhere) && !one.covers(&no_shift) && !one.covers(&holiday));
        assert!(duty(7).covers(&no_shift), "it names no shift");
        assert!(
            Duty {
                holidays: true,
                ..one.clone()
            }
            .covers(&holiday)
        );
        let other = Duty {
            name: "quality".to_owned(),
            ..duty(7)
        };
        assert_eq!(people(&roster(vec![other], vec![]), &no_shift), []);
    }

    #[test]
    fn who_is_away_is_replaced_through_a_chain_and_a_circle_is_nobody() {
        let week = |person, by| away(person, by, "2026-07-06", "2026-07-12");
        let chain = roster(vec![duty(1), duty(4)], vec![week(1, 2), week(2, 3)]);
        assert_eq!(
            people(&chain, &slot("2026-07-05", "Early")),
            [(1, None), (4, None)]
        );
        assert_eq!(
            people(&chain, &slot("2026-07-06", "Early")),
            [(3, Some(1)), (4, None)]
        );
        assert_eq!(
            people(&chain, &slot("2026-07-12", "Early")),
            [(3, Some(1)), (4, None)]
        );
        assert_eq!(
            people(&chain, &slot("2026-07-13", "Early")),
            [(1, None), (4, None)]
        );
        let circle = roster(vec![duty(1)], vec![week(1, 2), week(2, 1)]);
        assert_eq!(people(&circle, &slot("2026-07-08", "Early")), []);
        let both = roster(vec![duty(1), duty(2)], vec![week(1, 2), week(1, 3)]);
        let on = people(&both, &slot("2026-07-08", "Early"));
        assert_eq!(on, [(2, None), (3, Some(1))], "2 has the duty anyhow");
    }

    #[test]
    fn gaps_are_the_shifts_with_nobody_and_say_who_is_away() {
        let weekdays = Weekdays::new(0b001_1111).expect("days");
        let some = roster(
            vec![Duty {
                days: weekdays,
                ..duty(1)
            }],
            vec![away(1, 1, "2026-07-06", "2026-07-06")],
        );
        let slots = ["2026-07-06", "2026-07-07", "2026-07-11"].map(|on| slot(on, "Early"));
        let gaps = some.gaps(["maintenance", "maintenance"], &slots);
        let seen = |g: &Gap| (g.slot.day.to_string(), g.away.clone());
        assert_eq!(
            gaps.iter().map(seen).collect::<Vec<_>>(),
            [
                ("2026-07-06".to_owned(), vec![PersonId(1)]),
                ("2026-07-11".to_owned(), vec![]),
            ]
        );
        assert_eq!(some.gaps(["quality"], &slots).len(), 3);
        assert_eq!(some.gaps([], &slots), []);
    }

    #[test]
    fn no_day_at_all_is_no_set_of_weekdays() {
        for bits in ["0", "128", "-1"] {
            assert!(serde_json::from_str::<Weekdays>(bits).is_err(), "{bits}");
        }
        assert_eq!(
            serde_json::from_str::<Weekdays>("127").expect("all"),
            Weekdays::ALL
        );
    }

    proptest! {
        #[test]
        fn nobody_on_duty_is_away_and_each_is_there_once(
            has in prop::collection::vec(0_i64..6, 0..4),
            pairs in prop::collection::vec((0_i64..6, 0_i64..6), 0..8),
        ) {
            let on = slot("2026-07-06", "Early");
            let subs = pairs.iter().map(|(a, b)| away(*a, *b, "2026-07-06", "2026-07-06"));
            let some = roster(has.iter().map(|p| duty(*p)).collect(), subs.collect());
            let there = people(&some, &on);
            prop_assert!(there.is_sorted_by(|a, b| a.0 < b.0), "{:?}", there);
            for (person, _) in &there {
                prop_assert!(!pairs.iter().any(|(gone, _)| gone == person));
            }
            for person in has.iter().filter(|p| !pairs.iter().any(|(gone, _)| gone == *p)) {
                prop_assert!(there.contains(&(*person, None)));
            }
        }
    }
}
