//! Calls that a machine raises by itself, from what it shows.

use super::kind::{CallKind, Priority};
use crate::domain::machine_state::TimeBucket;
use crate::domain::plant::FaultOrigin;
use crate::domain::time::{DurMs, MINUTE_MS, TsMs};
use serde::{Deserialize, Serialize};

/// What makes a machine call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "when")]
pub enum Evidence {
    /// It stands by a fault whose code begins with one of `prefixes`, or whose trouble is at `origin`. Neither given:
    /// never.
    FaultClass {
        /// Beginnings of codes.
        prefixes: Vec<String>,
        /// Where the trouble is.
        origin: Option<FaultOrigin>,
    },
    /// It stands unplanned for longer than this, in milliseconds.
    StopLonger {
        /// How long.
        than: DurMs,
    },
    /// Of its judged pieces less than this share is good.
    QualityUnder {
        /// The share, above 0 and at most 1.
        share: f64,
        /// As long as fewer pieces were judged nothing is said.
        min_pieces: i64,
    },
    /// It made so many pieces less than it should have.
    CountBehind {
        /// How many.
        pieces: i64,
    },
}

/// A rule by which machines call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AutoRule {
    /// Whether it is in use.
    pub on: bool,
    /// What makes the machine call.
    pub evidence: Evidence,
    /// For what.
    pub kind: CallKind,
    /// How urgently.
    pub priority: Priority,
}

/// A stop that lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stand {
    /// When it began.
    pub since: TsMs,
    /// Where its time goes.
    pub bucket: TimeBucket,
    /// The fault that is held to be its cause.
    pub fault: Option<String>,
    /// Where that fault says the trouble is.
    pub origin: Option<FaultOrigin>,
}

/// What a machine shows at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Shows {
    /// The stop that it is in; `None`: it runs, or nothing is known of it.
    pub stand: Option<Stand>,
    /// Since when its pieces are counted: the start of the shift, or of the job.
    pub counted_since: TsMs,
    /// Good pieces since then.
    pub good: i64,
    /// Good and bad ones: those whose quality was told.
    pub judged: i64,
    /// How many pieces should have been made since then, less those made; `None`: there is no target.
    pub behind: Option<f64>,
}

/// A call that should be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The number of the rule that wants it.
    pub rule: i64,
    /// What that rule looks at, in words.
    pub evidence: &'static str,
    /// What for.
    pub kind: CallKind,
    /// How urgent.
    pub priority: Priority,
    /// Since when what it is about goes on: the start of the stop or of the counting. A call of this kind and place that
    /// was raised since then is about the same, also when it is over; of what was counted only one that this rule raised.
    pub since: TsMs,
    /// It is about the stop that the machine is in; if not, about what was counted.
    pub of_stop: bool,
}

impl Wanted {
    /// The name under which the rule calls. It holds the number, as several rules may look at the same and call for the
    /// same, and no threshold: a rule whose threshold is changed stays the same rule.
    #[must_use]
    pub fn name(&self) -> String {
        format!("rule: {} (no. {})", self.evidence, self.rule)
    }

    /// The name that all rules for a kind of call had before each had its own. A call of a shift in which the program was
    /// replaced by a newer one may bear it: such a call counts for each of them, so that nobody is called twice.
    #[must_use]
    pub fn name_before(&self) -> String {
        format!("rule: {}", self.kind.words().to_lowercase())
    }
}

impl AutoRule {
    /// The rules that every plant starts with: a stop that lasts calls maintenance, bad pieces call quality. The others
    /// stand there to be switched on.
    #[must_use]
    pub fn defaults() -> Vec<Self> {
        let rule = |on, evidence, kind, priority| Self {
            on,
            evidence,
            kind,
            priority,
        };
        let stop = Evidence::StopLonger {
            than: DurMs(5 * MINUTE_MS),
        };
        let quality = Evidence::QualityUnder {
            share: 0.95,
            min_pieces: 50,
        };
        let fault = Evidence::FaultClass {
            prefixes: vec![],
            origin: Some(FaultOrigin::Internal),
        };
        let behind = Evidence::CountBehind { pieces: 100 };
        vec![
            rule(true, stop, CallKind::Maintenance, Priority::Medium),
            rule(true, quality, CallKind::Quality, Priority::Medium),
            rule(false, fault, CallKind::Maintenance, Priority::High),
            rule(false, behind, CallKind::Maintenance, Priority::Low),
        ]
    }
}

impl Evidence {
    /// Whether it is about a stop; if not, it is about what was counted.
    #[must_use]
    pub const fn is_of_stop(&self) -> bool {
        matches!(self, Self::FaultClass { .. } | Self::StopLonger { .. })
    }

    /// What it is, in a few words.
    #[must_use]
    pub const fn words(&self) -> &'static str {
        match self {
            Self::FaultClass { .. } => "fault of a class",
            Self::StopLonger { .. } => "stop that lasts",
            Self::QualityUnder { .. } => "too few good pieces",
            Self::CountBehind { .. } => "behind the target",
        }
    }

    /// Since when it goes on, if a machine shows it at `now`.
    fn since(&self, shows: &Shows, now: TsMs) -> Option<TsMs> {
        let unplanned = shows.stand.as_ref().filter(|s| s.bucket.may_be_minor());
        let fits = |yes: bool, since| yes.then_some(since);
        match self {
            Self::FaultClass { prefixes, origin } => {
                let stand = unplanned?;
                let fault = stand.fault.as_ref()?;
                let by_code = prefixes
                    .iter()
                    .any(|p| !p.is_empty() && fault.starts_with(p));
                let by_origin = origin.is_some() && *origin == stand.origin;
                fits(by_code || by_origin, stand.since)
            }
            Self::StopLonger { than } => {
                let stand = unplanned.filter(|s| s.bucket == TimeBucket::Unplanned)?;
                fits(now - stand.since > *than, stand.since)
            }
            Self::QualityUnder { share, min_pieces } => {
                let enough = shows.judged > 0 && shows.judged >= *min_pieces;
                let bad = (shows.good as f64) < share * shows.judged as f64;
                fits(enough && bad, shows.counted_since)
            }
            Self::CountBehind { pieces } => {
                fits(shows.behind? >= *pieces as f64, shows.counted_since)
            }
        }
    }
}

/// The calls that should be there for a machine at `now`, by the rules with their numbers: of each kind the most urgent
/// first, of equally urgent ones the one about what began first. In a stop that was planned, or outside all shifts, there are
/// none.
///
/// Of one kind there may be several, each by a rule of its own. Whoever raises them does so in this order: the first that
/// nobody called for yet is the call, and those behind it are no more urgent than what is open then. Were only the first of
/// them there, a machine that is behind its target for a whole shift could not call for a stop.
#[must_use]
pub fn wanted(rules: &[(i64, AutoRule)], shows: &Shows, now: TsMs) -> Vec<Wanted> {
    let off = |s: &Stand| matches!(s.bucket, TimeBucket::Planned | TimeBucket::NotScheduled);
    if shows.stand.as_ref().is_some_and(off) {
        return vec![];
    }
    let one = |(id, rule): &(i64, AutoRule)| {
        Some(Wanted {
            rule: *id,
            evidence: rule.evidence.words(),
            kind: rule.kind,
            priority: rule.priority,
            since: rule.evidence.since(shows, now)?,
            of_stop: rule.evidence.is_of_stop(),
        })
    };
    let on = rules.iter().filter(|(_, rule)| rule.on);
    let mut all: Vec<Wanted> = on.filter_map(one).collect();
    all.sort_by_key(|w| (w.kind, std::cmp::Reverse(w.priority), w.since, w.rule));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs() -> Shows {
        Shows {
            stand: None,
            counted_since: TsMs(7),
            good: 0,
            judged: 0,
            behind: None,
        }
    }

    fn stands(bucket: TimeBucket, fault: Option<&str>) -> Shows {
        Shows {
            stand: Some(Stand {
                since: TsMs(1_000),
                bucket,
                fault: fault.map(str::to_owned),
                origin: fault.map(|_| FaultOrigin::Upstream),
            }),
            ..runs()
        }
    }

    fn on(evidence: Evidence, kind: CallKind, priority: Priority) -> AutoRule {
        AutoRule {
            on: true,
            evidence,
            kind,
            priority,
        }
    }

    fn seen(rules: &[AutoRule], shows: &Shows, now: i64) -> Vec<(CallKind, Priority, i64)> {
        let numbered: Vec<(i64, AutoRule)> = (1..).zip(rules.iter().cloned()).collect();
        let all = wanted(&numbered, shows, TsMs(now)).into_iter();
        all.map(|w| (w.kind, w.priority, w.since.0)).collect()
    }

    #[test]
    fn an_unplanned_stop_of_more_than_five_minutes_calls_maintenance() {
        let rules = AutoRule::defaults();
        let at = |bucket, now| seen(&rules, &stands(bucket, None), now);
        let call = [(CallKind::Maintenance, Priority::Medium, 1_000)];
        assert_eq!(at(TimeBucket::Unplanned, 301_000), []);
        assert_eq!(at(TimeBucket::Unplanned, 301_001), call);
        for other in TimeBucket::ALL {
            if other != TimeBucket::Unplanned {
                assert_eq!(at(other, 9_000_000), [], "{other:?}");
            }
        }
        assert_eq!(at(TimeBucket::Unplanned, 0), [], "the clock was set back");
    }

    #[test]
    fn bad_pieces_call_quality_once_there_are_enough_of_them() {
        let rules = AutoRule::defaults();
        let of = |good, judged| {
            seen(
                &rules,
                &Shows {
                    good,
                    judged,
                    ..runs()
                },
                9,
            )
        };
        assert_eq!(of(94, 100), [(CallKind::Quality, Priority::Medium, 7)]);
        assert_eq!(of(95, 100), []);
        assert_eq!(of(0, 49), [], "too few");
        assert_eq!(of(0, 50).len(), 1);
        assert_eq!(of(0, 0), []);
    }

    #[test]
    fn a_planned_stop_raises_nothing_whatever_else_is_wrong() {
        let every = |rules: Vec<AutoRule>| {
            rules
                .into_iter()
                .map(|r| AutoRule { on: true, ..r })
                .collect::<Vec<_>>()
        };
        let bad = |shows: Shows| Shows {
            judged: 500,
            behind: Some(900.0),
            ..shows
        };
        let rules = every(AutoRule::defaults());
        for bucket in [TimeBucket::Planned, TimeBucket::NotScheduled] {
            assert_eq!(
                seen(&rules, &bad(stands(bucket, Some("F1"))), 9_000_000),
                []
            );
        }
        let kinds = seen(
            &rules,
            &bad(stands(TimeBucket::Unplanned, Some("F1"))),
            9_000_000,
        );
        let kinds: Vec<CallKind> = kinds.into_iter().map(|(kind, ..)| kind).collect();
        let mended = [CallKind::Maintenance; 2];
        assert_eq!(kinds[..2], mended, "it stands, and it is behind");
        assert_eq!(kinds[2..], [CallKind::Quality]);
    }

    #[test]
    fn faults_are_known_by_their_code_or_by_where_the_trouble_is() {
        let class = |prefixes: &[&str], origin| Evidence::FaultClass {
            prefixes: prefixes.iter().map(|p| (*p).to_owned()).collect(),
            origin,
        };
        let calls = |evidence, fault| {
            let rule = on(evidence, CallKind::Stop, Priority::High);
            seen(&[rule], &stands(TimeBucket::Unplanned, fault), 1_000).len()
        };
        assert_eq!(calls(class(&["X", "F4"], None), Some("F44")), 1);
        assert_eq!(calls(class(&["F44"], None), Some("F4")), 0);
        assert_eq!(
            calls(class(&[], Some(FaultOrigin::Upstream)), Some("F44")),
            1
        );
        assert_eq!(
            calls(class(&[], Some(FaultOrigin::Internal)), Some("F44")),
            0
        );
        assert_eq!(calls(class(&[""], None), Some("F44")), 0, "nothing given");
        assert_eq!(calls(class(&["F"], None), None), 0, "no fault");
    }

    #[test]
    fn of_two_reasons_for_the_same_call_the_more_urgent_comes_first() {
        let longer = |ms, priority| {
            let evidence = Evidence::StopLonger { than: DurMs(ms) };
            on(evidence, CallKind::Maintenance, priority)
        };
        let rules = [longer(10, Priority::Low), longer(100, Priority::High)];
        let at = |now| seen(&rules, &stands(TimeBucket::Unplanned, None), now);
        assert_eq!(at(1_050)[0].1, Priority::Low);
        let both = [Priority::High, Priority::Low];
        let both = both.map(|priority| (CallKind::Maintenance, priority, 1_000));
        assert_eq!(at(1_101), both);
    }

    #[test]
    fn each_rule_calls_under_a_name_of_its_own_whatever_its_threshold() {
        let behind = |pieces| {
            let evidence = Evidence::CountBehind { pieces };
            on(evidence, CallKind::Maintenance, Priority::Low)
        };
        let longer = Evidence::StopLonger { than: DurMs(1) };
        let shows = Shows {
            behind: Some(900.0),
            ..stands(TimeBucket::Unplanned, None)
        };
        let names = |pieces| {
            let stop = on(longer.clone(), CallKind::Maintenance, Priority::Low);
            let rules = [(7, stop), (4, behind(pieces)), (9, behind(pieces))];
            let all = wanted(&rules, &shows, TsMs(9_000)).into_iter();
            all.map(|w| (w.name(), w.name_before())).collect::<Vec<_>>()
        };
        let name = |own: &str| (own.to_owned(), "rule: maintenance".to_owned());
        // What was counted began at 7, the stop at 1,000.
        let expected = [
            name("rule: behind the target (no. 4)"),
            name("rule: behind the target (no. 9)"),
            name("rule: stop that lasts (no. 7)"),
        ];
        assert_eq!(names(20), expected);
        assert_eq!(names(300), expected, "changed, and still the same rule");
    }

    #[test]
    fn pieces_behind_call_only_where_there_is_a_target() {
        let rules = [on(
            Evidence::CountBehind { pieces: 100 },
            CallKind::Material,
            Priority::Low,
        )];
        let of = |behind| seen(&rules, &Shows { behind, ..runs() }, 9).len();
        assert_eq!((of(Some(99.9)), of(Some(100.0)), of(None)), (0, 1, 0));
    }
}
