//! Which ladder a call gets.

use super::kind::{CallKind, Priority};
use super::ladder::Ladder;
use crate::domain::ids::LineId;
use serde::{Deserialize, Serialize};

/// A ladder with the calls for which it holds. What is `None` is not looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = AndonRule))]
pub struct Rule {
    /// Its number.
    pub id: i64,
    /// Only calls of this kind.
    pub kind: Option<CallKind>,
    /// Only calls of this priority.
    pub priority: Option<Priority>,
    /// Only calls on this line.
    pub line: Option<LineId>,
    /// Only calls in shifts of this name.
    pub shift: Option<String>,
    /// Who is called when.
    pub ladder: Ladder,
}

/// What rules look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallFacts<'a> {
    /// What for.
    pub kind: CallKind,
    /// How urgent.
    pub priority: Priority,
    /// Where.
    pub line: LineId,
    /// The shift in which it was raised; `None`: outside every shift.
    pub shift: Option<&'a str>,
}

impl Rule {
    /// Whether it holds for a call.
    #[must_use]
    pub fn holds_for(&self, call: CallFacts<'_>) -> bool {
        self.kind.is_none_or(|kind| kind == call.kind)
            && self
                .priority
                .is_none_or(|priority| priority == call.priority)
            && self.line.is_none_or(|line| line == call.line)
            && self
                .shift
                .as_deref()
                .is_none_or(|shift| Some(shift) == call.shift)
    }

    /// Whether it holds for exactly the calls for which another one holds: of the two one is never picked.
    #[must_use]
    pub fn holds_for_the_same(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.priority == other.priority
            && self.line == other.line
            && self.shift == other.shift
    }

    /// The greater, the more specific: a line says more than a shift, that more than a kind, that more than a priority.
    fn weight(&self) -> [bool; 4] {
        [
            self.line.is_some(),
            self.shift.is_some(),
            self.kind.is_some(),
            self.priority.is_some(),
        ]
    }
}

/// Puts rules into the order in which they are looked at: of those that hold for a call the first one is picked.
pub fn put_in_order(rules: &mut [Rule]) {
    rules.sort_by_key(|rule| (std::cmp::Reverse(rule.weight()), rule.id));
}

/// The most specific rule that holds for a call; of two that are equally specific the one with the lower number. `None`:
/// none holds.
#[must_use]
pub fn pick<'a>(rules: &'a [Rule], call: CallFacts<'_>) -> Option<&'a Rule> {
    let holding = rules.iter().filter(|rule| rule.holds_for(call));
    holding.max_by_key(|rule| (rule.weight(), std::cmp::Reverse(rule.id)))
}

/// The ladder of a call: that of the rule picked, else the default one of its kind and priority.
#[must_use]
pub fn ladder_for(rules: &[Rule], call: CallFacts<'_>) -> Ladder {
    pick(rules, call).map_or_else(
        || Ladder::by_default(call.kind, call.priority),
        |rule| rule.ladder.clone(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CALL: CallFacts<'static> = CallFacts {
        kind: CallKind::Quality,
        priority: Priority::High,
        line: LineId(3),
        shift: Some("Night"),
    };

    fn rule(id: i64) -> Rule {
        Rule {
            id,
            kind: None,
            priority: None,
            line: None,
            shift: None,
            ladder: Ladder::default(),
        }
    }

    #[test]
    fn a_line_says_more_than_everything_below_it() {
        let line = Rule {
            line: Some(LineId(3)),
            ..rule(9)
        };
        let rest = Rule {
            kind: Some(CallKind::Quality),
            priority: Some(Priority::High),
            shift: Some("Night".to_owned()),
            ..rule(1)
        };
        let shift = Rule {
            shift: Some("Night".to_owned()),
            ..rule(8)
        };
        let kind = Rule {
            kind: Some(CallKind::Quality),
            ..rule(7)
        };
        let priority = Rule {
            priority: Some(Priority::High),
            ..rule(6)
        };
        let mut rules = vec![rule(5), priority, kind, shift, rest, line];
        for expected in [9, 1, 8, 7, 6, 5] {
            assert_eq!(pick(&rules, CALL).map(|r| r.id), Some(expected));
            rules.retain(|r| r.id != expected);
        }
        assert_eq!(pick(&rules, CALL), None);
        let default = Ladder::by_default(CallKind::Quality, Priority::High);
        assert_eq!(ladder_for(&rules, CALL), default);
    }

    #[test]
    fn what_a_rule_names_must_fit() {
        let other = Rule {
            line: Some(LineId(4)),
            ..rule(1)
        };
        let outside = CallFacts {
            shift: None,
            ..CALL
        };
        let night = Rule {
            shift: Some("Night".to_owned()),
            ..rule(2)
        };
        let rules = [other, night, rule(4), rule(3)];
        assert_eq!(pick(&rules, CALL).map(|r| r.id), Some(2));
        assert_eq!(
            pick(&rules, outside).map(|r| r.id),
            Some(3),
            "the lower number"
        );
    }

    proptest! {
        #[test]
        fn the_pick_does_not_depend_on_the_order_of_the_rules(
            seeds in prop::collection::vec(0_u8..32, 0..8).prop_shuffle(),
        ) {
            let one = |(id, bits): (usize, &u8)| Rule {
                kind: (bits & 1 > 0).then_some(CallKind::Quality),
                priority: (bits & 2 > 0).then_some(Priority::High),
                line: (bits & 4 > 0).then_some(LineId(if bits & 16 > 0 { 4 } else { 3 })),
                shift: (bits & 8 > 0).then(|| "Night".to_owned()),
                ..rule(i64::try_from(id).expect("few"))
            };
            let mut rules: Vec<Rule> = seeds.iter().enumerate().map(one).collect();
            let forth = pick(&rules, CALL).cloned();
            rules.reverse();
            prop_assert_eq!(pick(&rules, CALL), forth.as_ref());
            put_in_order(&mut rules);
            prop_assert_eq!(rules.iter().find(|rule| rule.holds_for(CALL)), forth.as_ref());
            prop_assert!(forth.is_none_or(|rule| rule.holds_for(CALL)));
        }
    }
}
