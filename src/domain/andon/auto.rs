//! Calls that a machine raises by itself, from what it shows.

use super::kind::{CallKind, Priority};
use crate::domain::ids::{LineId, MachineId};
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

/// Where a rule by which machines call holds: at every machine, at those of a line, or at one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AutoPlace {
    /// Only at machines of this line.
    pub line: Option<LineId>,
    /// Only at this machine.
    pub machine: Option<MachineId>,
}

impl AutoPlace {
    /// Whether a rule holds at a machine of a line.
    #[must_use]
    pub fn covers(self, line: LineId, machine: MachineId) -> bool {
        self.line.is_none_or(|own| own == line) && self.machine.is_none_or(|own| own == machine)
    }
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
    /// Since when its pieces are counted: the start of the shift, or the end of the last call of the rule that asks.
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
        name(self.rule, self.evidence)
    }

    /// The name that all rules for a kind of call had before each had its own. A call of a shift in which the program was
    /// replaced by a newer one may bear it: such a call counts for each of them, so that nobody is called twice.
    #[must_use]
    pub fn name_before(&self) -> String {
        name_before(self.kind)
    }
}

fn name(rule: i64, evidence: &str) -> String {
    format!("rule: {evidence} (no. {rule})")
}

fn name_before(kind: CallKind) -> String {
    format!("rule: {}", kind.words().to_lowercase())
}

impl AutoRule {
    /// Both names under which the rule of this number may have called: [`Wanted::name`] and [`Wanted::name_before`].
    #[must_use]
    pub fn names(&self, id: i64) -> [String; 2] {
        [name(id, self.evidence.words()), name_before(self.kind)]
    }

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
/// none. `shows`: what the machine shows to a rule; each counts pieces from a moment of its own.
///
/// Of one kind there may be several, each by a rule of its own. Whoever raises them does so in this order: the first that
/// nobody called for yet is the call, and those behind it are no more urgent than what is open then. Were only the first of
/// them there, a machine that is behind its target for a whole shift could not call for a stop.
#[must_use]
pub fn wanted(
    rules: &[(i64, AutoRule)],
    shows: impl Fn(i64, &AutoRule) -> Shows,
    now: TsMs,
) -> Vec<Wanted> {
    let off = |s: &Stand| matches!(s.bucket, TimeBucket::Planned | TimeBucket::NotScheduled);
    let one = |(id, rule): &(i64, AutoRule)| {
        let shows = shows(*id, rule);
        if shows.stand.as_ref().is_some_and(off) {
            return None;
        }
        Some(Wanted {
            rule: *id,
            evidence: rule.evidence.words(),
            kind: rule.kind,
            priority: rule.priority,
            since: rule.evidence.since(&shows, now)?,
            of_stop: rule.evidence.is_of_stop(),
        })
    };
    let on = rules.iter().filter(|(_, rule)| rule.on);
    let mut all: Vec<Wanted> = on.filter_map(one).collect();
    all.sort_by_key(|w| (w.kind, std::cmp::Reverse(w.priority), w.since, w.rule));
    all
}

#[cfg(test)]
mod tests;
