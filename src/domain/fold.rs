//! The fold: a machine's facts, in the order of [`FactKey`], become state transitions and counts by minute.
//!
//! [`Head`] is all that has to be remembered between two facts. Folding the same set of facts always gives the same
//! result; a late fact is handled by going back to a checkpoint before it and folding on from there. At the first fact
//! of an hour the head before it is kept as that hour's checkpoint.

use super::account::{MadeIn, MinuteCount};
use super::fact::{Channel, Counts, Fact, FactKey, FactKind};
use super::ids::ProductId;
use super::machine_state::{MachineState, TimeBucket};
use super::plant::FaultOrigin;
use super::time::{DurMs, TsMs};
use super::timeline::Transition;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A fault that is reported this long after a stop began is still held to be its cause: gateways send the state
/// and the fault word in separate messages.
pub const FAULT_GRACE: DurMs = DurMs(60_000);

/// What the fold must know about a machine beside its facts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoldRules {
    /// Silence longer than this is time without data.
    pub max_silence: Option<DurMs>,
    /// The largest reading of its counters before they start again at 0.
    pub counter_max: Option<i64>,
    /// Codes in its catalogue that are prompts or status, never the cause of a stop.
    pub not_causes: BTreeSet<String>,
    /// Faults that tell of another machine's trouble. All others are internal.
    pub origins: BTreeMap<String, FaultOrigin>,
    /// Running without a count for longer than this is standing since the last one, and counting is running.
    pub cycle_gap: Option<DurMs>,
}

impl FoldRules {
    fn origin(&self, code: &str) -> FaultOrigin {
        self.origins.get(code).copied().unwrap_or_default()
    }
}

impl FoldRules {
    /// For how long after a moment it may still turn out that the machine was silent then.
    #[must_use]
    pub fn longest_doubt(&self) -> DurMs {
        self.max_silence.max(self.cycle_gap).unwrap_or(DurMs::ZERO)
    }
}

/// What is remembered of a machine's past between two facts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The latest fact folded.
    pub last: Option<FactKey>,
    /// When the open interval began.
    pub since: Option<TsMs>,
    /// What the machine last said it was doing.
    pub state: Option<MachineState>,
    /// The cause of the open interval.
    pub fault: Option<String>,
    /// Active fault bits, with when they were set.
    pub faults: BTreeMap<String, TsMs>,
    /// The product on the machine.
    pub product: Option<ProductId>,
    /// The job on the machine.
    pub job: Option<String>,
    /// The last reading of each counter.
    pub counters: BTreeMap<Channel, i64>,
    /// The counts of the minute of the latest fact.
    pub minute: Vec<MinuteCount>,
    /// The cause was chosen among the active faults; the machine did not name it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub guessed: bool,
    /// A planned stop that was told while the machine stood for a fault: it begins when that fault is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferred: Option<Deferred>,
    /// Counters that were not read since the last silence: what they have advanced was made in it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unread: BTreeSet<Channel>,
    /// When the silence ended that the latest fact broke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broke_silence: Option<TsMs>,
    /// When it last counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<TsMs>,
    /// The state was concluded from counts or their absence; the machine did not tell it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub concluded: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature is given by serde"
)]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// A planned stop that waits for the end of a fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deferred {
    /// The cause that was told with it.
    pub fault: Option<String>,
}

/// Rows that the fold makes. Values are absolute: writing one twice changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    /// Transitions by their start.
    pub transitions: BTreeMap<TsMs, Transition>,
    /// Counts by minute, product and in what time they were made.
    pub minutes: BTreeMap<(TsMs, Option<ProductId>, MadeIn), Counts>,
    /// The head before the first fact at or after a full hour, for each hour that has one.
    pub checkpoints: Vec<(TsMs, Head)>,
}

impl Head {
    /// Whether `key` comes after everything folded so far.
    #[must_use]
    pub fn is_before(&self, key: &FactKey) -> bool {
        self.last.as_ref().is_none_or(|last| last < key)
    }

    /// The transition that began the open interval.
    #[must_use]
    pub fn transition(&self) -> Option<Transition> {
        let from = self.since?;
        let state = self.state.unwrap_or(MachineState::NoData);
        Some(Transition {
            from,
            state,
            fault: self.fault.clone(),
            product: self.product,
        })
    }

    /// Takes in the next fact. Facts must come in the order of their keys.
    pub fn apply(&mut self, fact: &Fact, rules: &FoldRules, out: &mut Folded) {
        self.keep_checkpoint(fact.at, out);
        self.notice_silence(fact.at, rules, out);
        self.notice_gap(fact.at, rules, out);
        if self.since.is_none() {
            self.begin(fact.at, out);
        }
        match &fact.kind {
            FactKind::State { state, fault } => {
                self.enter(fact.at, *state, fault.as_ref(), rules, out);
            }
            FactKind::Fault { code, active: true } => {
                self.faults.entry(code.clone()).or_insert(fact.at);
                self.explain(fact.at, code, rules, out);
            }
            FactKind::Fault {
                code,
                active: false,
            } => {
                self.faults.remove(code);
                if self.fault.as_ref() == Some(code)
                    && let Some(planned) = self.deferred.take()
                {
                    let told = planned.fault.as_ref();
                    self.enter(fact.at, MachineState::PlannedStop, told, rules, out);
                }
            }
            FactKind::Product { product, job } => {
                if job.is_some() {
                    self.job.clone_from(job);
                }
                if product.is_some() && self.product != *product {
                    self.product = *product;
                    self.begin(fact.at, out);
                }
            }
            FactKind::Count { counts, product } => {
                if counts.total() > 0 {
                    self.runs(fact.at, rules, out);
                }
                // What is told with the first word after a silence was made before it.
                let made_in = self.made_in(self.broke_silence == Some(fact.at));
                let product = product.or(self.product);
                self.count(fact.at, *counts, product, made_in, out);
            }
            FactKind::Counter { channel, value } => {
                let made = match self.counters.insert(*channel, *value) {
                    None => 0,
                    Some(before) => advance(before, *value, rules.counter_max),
                };
                let unread = self.unread.remove(channel);
                if made > 0 {
                    self.runs(fact.at, rules, out);
                    let (counts, made_in) = (Counts::of(*channel, made), self.made_in(unread));
                    self.count(fact.at, counts, self.product, made_in, out);
                }
            }
            FactKind::Measurement { .. } => {}
        }
        self.last = Some(fact.key());
    }

    fn keep_checkpoint(&self, at: TsMs, out: &mut Folded) {
        if self.last.as_ref().is_some_and(|last| last.at < at.hour()) {
            out.checkpoints.push((at.hour(), self.clone()));
        }
    }

    /// Starts an interval at `at` with the head's present state, cause and product.
    fn begin(&mut self, at: TsMs, out: &mut Folded) {
        self.since = Some(at);
        if let Some(transition) = self.transition() {
            out.transitions.insert(at, transition);
        }
    }

    /// A silence longer than the machine may keep is time without data from the moment it was last heard. When it
    /// speaks again it goes on in the state it last reported.
    fn notice_silence(&mut self, at: TsMs, rules: &FoldRules, out: &mut Folded) {
        self.broke_silence = self.broke_silence.filter(|ended| *ended == at);
        let (Some(last), Some(max)) = (&self.last, rules.max_silence) else {
            return;
        };
        if at - last.at <= max {
            return;
        }
        let from = last.at;
        let unknown = Transition {
            from,
            state: MachineState::NoData,
            fault: None,
            product: self.product,
        };
        out.transitions.insert(from, unknown);
        self.begin(at, out);
        self.unread = self.counters.keys().copied().collect();
        self.broke_silence = Some(at);
    }

    /// Running without a count for longer than the cycle gap was standing since the last count, or since the running
    /// interval began if that was later.
    fn notice_gap(&mut self, at: TsMs, rules: &FoldRules, out: &mut Folded) {
        let (Some(gap), Some(since), Some(MachineState::Running)) =
            (rules.cycle_gap, self.since, self.state)
        else {
            return;
        };
        let from = self.counted.map_or(since, |counted| counted.max(since));
        if at - from <= gap {
            return;
        }
        self.state = Some(MachineState::Idle);
        self.concluded = true;
        self.fault = self.first_cause(MachineState::Idle, from + FAULT_GRACE, rules);
        self.guessed = self.fault.is_some();
        self.begin(from, out);
    }

    /// A machine that counts runs, unless it says itself what it does.
    fn runs(&mut self, at: TsMs, rules: &FoldRules, out: &mut Folded) {
        if rules.cycle_gap.is_none() {
            return;
        }
        self.counted = Some(at);
        let stands = self.concluded && self.state != Some(MachineState::Running);
        if self.state.is_none() || stands {
            self.state = Some(MachineState::Running);
            self.concluded = true;
            self.fault = None;
            self.guessed = false;
            self.deferred = None;
            self.begin(at, out);
        }
    }

    fn enter(
        &mut self,
        at: TsMs,
        state: MachineState,
        fault: Option<&String>,
        rules: &FoldRules,
        out: &mut Folded,
    ) {
        self.deferred = None;
        if state == MachineState::PlannedStop && self.stands_for_a_fault() {
            self.deferred = Some(Deferred {
                fault: fault.cloned(),
            });
            return;
        }
        let same = self.state == Some(state);
        self.concluded = false;
        match fault {
            None if same => return,
            Some(fault) if same && self.fault.as_ref() == Some(fault) => {
                // What the machine names is no guess any more.
                self.guessed = false;
                return;
            }
            // The same stop, now explained.
            Some(fault) if same && self.fault.is_none() => {
                self.fault = Some(fault.clone());
                self.guessed = false;
                self.rewrite(out);
                return;
            }
            _ => {}
        }
        self.state = Some(state);
        self.fault = fault
            .cloned()
            .or_else(|| self.first_cause(state, at, rules));
        self.guessed = fault.is_none() && self.fault.is_some();
        self.begin(at, out);
    }

    /// Whether it stands, and the fault held to be the cause is still active.
    fn stands_for_a_fault(&self) -> bool {
        let stands = self
            .state
            .is_some_and(|s| s.bucket() == TimeBucket::Unplanned);
        let cause = self.fault.as_ref();
        stands && cause.is_some_and(|cause| self.faults.contains_key(cause))
    }

    /// The order in which active faults are held to be the cause: the machine's own before those of machines before and
    /// behind it, then the earliest, then by code.
    fn rank<'a>(&self, code: &'a str, rules: &FoldRules) -> (FaultOrigin, TsMs, &'a str) {
        // A fault that is over came before every one that comes now.
        let since = self.faults.get(code).copied();
        (rules.origin(code), since.unwrap_or(TsMs(i64::MIN)), code)
    }

    /// The first in rank of the active faults that were set up to `until`, for a state that faults explain.
    fn first_cause(&self, state: MachineState, until: TsMs, rules: &FoldRules) -> Option<String> {
        if state.bucket() != TimeBucket::Unplanned {
            return None;
        }
        let active = self.faults.iter();
        let causes =
            active.filter(|(code, since)| **since <= until && !rules.not_causes.contains(*code));
        causes
            .map(|(code, _)| code)
            .min_by_key(|code| self.rank(code, rules))
            .cloned()
    }

    /// A fault that comes shortly after a stop began explains it, if nothing does yet or if it is higher in rank than the
    /// one that was guessed.
    fn explain(&mut self, at: TsMs, code: &str, rules: &FoldRules, out: &mut Folded) {
        let stopped = self
            .state
            .is_some_and(|s| s.bucket() == TimeBucket::Unplanned);
        let fresh = self.since.is_some_and(|since| at - since <= FAULT_GRACE);
        let better = match &self.fault {
            None => true,
            Some(guess) => self.guessed && self.rank(code, rules) < self.rank(guess, rules),
        };
        if stopped && fresh && better && !rules.not_causes.contains(code) {
            self.fault = Some(code.to_owned());
            self.guessed = true;
            self.rewrite(out);
        }
    }

    fn rewrite(&self, out: &mut Folded) {
        if let Some(transition) = self.transition() {
            out.transitions.insert(transition.from, transition);
        }
    }

    /// In what time pieces were made that are told now. What a silence hides belongs to no minute of known time.
    fn made_in(&self, silent: bool) -> MadeIn {
        if silent {
            MadeIn::UnknownTime
        } else if self.state.is_some_and(MachineState::is_off) {
            MadeIn::OffTime
        } else {
            MadeIn::KnownTime
        }
    }

    fn count(
        &mut self,
        at: TsMs,
        counts: Counts,
        product: Option<ProductId>,
        made_in: MadeIn,
        out: &mut Folded,
    ) {
        let minute = at.minute();
        self.minute.retain(|m| m.minute == minute);
        let place = self
            .minute
            .iter()
            .position(|m| m.product == product && m.made_in == made_in);
        let place = place.unwrap_or_else(|| {
            self.minute.push(MinuteCount {
                minute,
                product,
                made_in,
                counts: Counts::default(),
            });
            self.minute.len() - 1
        });
        self.minute[place].counts += counts;
        out.minutes
            .insert((minute, product, made_in), self.minute[place].counts);
    }
}

/// Pieces between two readings of an absolute counter. A falling counter has rolled over when it was in the upper half
/// of its range and is in the lower half now; otherwise it was reset, and what it shows was made since.
fn advance(before: i64, now: i64, max: Option<i64>) -> i64 {
    if now >= before {
        return now - before;
    }
    match max {
        Some(max) if before <= max && before > max / 2 && now < max / 2 => max - before + 1 + now,
        _ => now,
    }
}

/// Folds a whole set of facts, in any order and with repetitions, from the beginning.
#[must_use]
pub fn fold(facts: &[Fact], rules: &FoldRules) -> (Head, Folded) {
    let mut sorted: Vec<(FactKey, &Fact)> = facts.iter().map(|f| (f.key(), f)).collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    sorted.dedup_by(|a, b| a.1.source == b.1.source && a.1.item == b.1.item);
    let (mut head, mut out) = (Head::default(), Folded::default());
    for (_, fact) in sorted {
        head.apply(fact, rules, &mut out);
    }
    (head, out)
}

#[cfg(test)]
mod tests;
