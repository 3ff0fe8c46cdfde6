//! Parts: a machine's time cut into stretches of one state, one product and one cause, each with the whole stop that it
//! belongs to. Everything that judges stops (accounts, lists of stops, Pareto charts) starts from parts.

use super::ids::{ProductId, ReasonId};
use super::machine_state::{MachineState, TimeBucket};
use super::reason::Cause;
use super::time::{DurMs, Span, TsMs};
use super::timeline::Interval;

/// How a line's stops are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LossRules {
    /// Stops and waits shorter than this are minor.
    pub minor_stop: DurMs,
    /// Stops between two runs that are shorter than this are flicker of the signal, and count as running.
    pub debounce: DurMs,
    /// Rejects of this long after a changeover or a time off are start-up rejects.
    pub start_up: DurMs,
}

impl LossRules {
    /// Only a threshold for minor stops: nothing is flicker, nothing is start-up.
    #[must_use]
    pub const fn minor(minor_stop: DurMs) -> Self {
        Self {
            minor_stop,
            debounce: DurMs::ZERO,
            start_up: DurMs::ZERO,
        }
    }
}

/// A reason that somebody gave to a stretch of a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Given {
    /// From here.
    pub from: TsMs,
    /// To here; `None`: to the end of the stop that holds `from`.
    pub to: Option<TsMs>,
    /// Why.
    pub cause: Cause,
}

/// The whole stop that a part belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// From its start to its end, or to the end of what is known.
    pub span: Span,
    /// It had not ended when we looked.
    pub open: bool,
}

/// A stretch of one state, one product and one cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// When.
    pub span: Span,
    /// The state that the machine told.
    pub state: MachineState,
    /// Where its time goes: that of the state, moved by the cause. Flicker goes to run time.
    pub bucket: TimeBucket,
    /// The fault held to be its cause, in the machine's own code.
    pub fault: Option<String>,
    /// The product on the machine.
    pub product: Option<ProductId>,
    /// Why it stood: given by somebody, or guessed from the fault.
    pub reason: Option<ReasonId>,
    /// Somebody gave the reason; it is not a guess.
    pub given: bool,
    /// The stop that it is part of; of running time, itself.
    pub run: Run,
    /// Since when the time of the stop has gone to the same bucket without a break.
    pub since: TsMs,
}

impl Part {
    /// Whether the stop is shorter than the threshold, so that its time is lost speed and not lost availability.
    #[must_use]
    pub fn is_minor(&self, rules: LossRules) -> bool {
        self.bucket.may_be_minor() && self.run.span.len() < rules.minor_stop
    }
}

/// The part that speaks for a whole stop: the first of its breakdown, also when it began as a wait or as set-up; else its
/// first. `stop` is never empty.
#[must_use]
pub fn speaker(stop: &[Part]) -> &Part {
    let breakdown = stop.iter().find(|p| p.bucket == TimeBucket::Unplanned);
    breakdown.unwrap_or(&stop[0])
}

/// Which intervals are one stop together: stops and waits in a row; changeovers; times off.
const fn kind_of_run(bucket: TimeBucket) -> u8 {
    match bucket {
        TimeBucket::Run => 0,
        TimeBucket::Unplanned | TimeBucket::Starved | TimeBucket::Blocked => 1,
        TimeBucket::Changeover => 2,
        TimeBucket::Planned => 3,
        TimeBucket::NotScheduled => 4,
        TimeBucket::Unknown => 5,
    }
}

/// Whether the second interval goes on with the stop of the first one.
fn goes_on(first: &Interval, second: &Interval) -> bool {
    let kind = kind_of_run(first.state.bucket());
    kind != 0 && kind == kind_of_run(second.state.bucket()) && first.span.to() == second.span.from()
}

/// The whole stop (or time off, or time without data) that holds `at`; `None` when the machine runs then.
#[must_use]
pub fn run_at(intervals: &[Interval], at: TsMs) -> Option<Run> {
    let held = intervals.partition_point(|i| i.span.to() <= at);
    let interval = intervals.get(held).filter(|i| i.span.contains(at))?;
    if kind_of_run(interval.state.bucket()) == 0 {
        return None;
    }
    let (mut first, mut last) = (held, held);
    while first > 0 && goes_on(&intervals[first - 1], &intervals[first]) {
        first -= 1;
    }
    while last + 1 < intervals.len() && goes_on(&intervals[last], &intervals[last + 1]) {
        last += 1;
    }
    Some(Run {
        span: Span::clamped(intervals[first].span.from(), intervals[last].span.to()),
        open: intervals[last].open,
    })
}

/// Cuts intervals into parts. `guess` tells the cause that a fault points to.
///
/// A reason given by somebody beats a guess, and moves time between losses: to changeover, starved, blocked or an
/// unplanned stop. It never moves time out of planned production: only what was planned beforehand does that.
#[must_use]
pub fn parts(
    intervals: &[Interval],
    given: &[Given],
    rules: LossRules,
    guess: impl Fn(&str) -> Option<Cause>,
) -> Vec<Part> {
    let mut out = Vec::with_capacity(intervals.len() + given.len());
    let mut start = 0;
    while start < intervals.len() {
        let kind = kind_of_run(intervals[start].state.bucket());
        let mut end = start + 1;
        while end < intervals.len() && goes_on(&intervals[end - 1], &intervals[end]) {
            end += 1;
        }
        let members = &intervals[start..end];
        let run = Run {
            span: Span::clamped(members[0].span.from(), members[members.len() - 1].span.to()),
            open: members[members.len() - 1].open,
        };
        let flicker = kind == 1
            && run.span.len() < rules.debounce
            && runs(
                start.checked_sub(1).and_then(|i| intervals.get(i)),
                run.span.from(),
                true,
            )
            && runs(intervals.get(end), run.span.to(), false);
        for interval in members {
            cut(interval, run, flicker, given, &guess, &mut out);
        }
        start = end;
    }
    out
}

/// Whether a neighbour touches the stop and runs.
fn runs(neighbour: Option<&Interval>, at: TsMs, before: bool) -> bool {
    neighbour.is_some_and(|i| {
        i.state == MachineState::Running && at == if before { i.span.to() } else { i.span.from() }
    })
}

fn cut(
    interval: &Interval,
    run: Run,
    flicker: bool,
    given: &[Given],
    guess: &impl Fn(&str) -> Option<Cause>,
    out: &mut Vec<Part>,
) {
    let bucket = interval.state.bucket();
    let mut push = |span: Span, cause: Option<Cause>, given: bool| {
        if span.is_empty() {
            return;
        }
        let goes_to = if flicker {
            TimeBucket::Run
        } else {
            cause.map_or(bucket, |c| c.category.moves(bucket))
        };
        let last = out
            .last()
            .filter(|p: &&Part| p.run == run && p.bucket == goes_to && p.span.to() == span.from());
        let since = last.map_or(span.from(), |p| p.since);
        out.push(Part {
            span,
            state: interval.state,
            bucket: goes_to,
            fault: interval.fault.clone(),
            product: interval.product,
            reason: cause.map(|c| c.reason),
            given,
            run,
            since,
        });
    };
    let guessed = || interval.fault.as_deref().and_then(guess);
    if !bucket.is_loss() || flicker {
        push(interval.span, None, false);
        return;
    }
    let mut at = interval.span.from();
    // Reasons of one stop do not overlap; should two ever do, the earlier one keeps the shared time.
    for reason in given {
        let to = reason.to.unwrap_or_else(|| {
            if run.span.contains(reason.from) {
                run.span.to()
            } else {
                reason.from
            }
        });
        let Some(span) =
            Span::clamped(reason.from, to).intersect(Span::clamped(at, interval.span.to()))
        else {
            continue;
        };
        push(Span::clamped(at, span.from()), guessed(), false);
        push(span, Some(reason.cause), true);
        at = span.to();
    }
    push(Span::clamped(at, interval.span.to()), guessed(), false);
}
