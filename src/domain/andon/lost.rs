//! What waiting costs: the minutes of planned production of a stretch of time that went by while calls waited, beside the
//! other losses of that time; and which calls have been open for longest.

use super::kind::CallKind;
use super::summary::Case;
use super::waiting::Waiting;
use crate::domain::ids::LineId;
use crate::domain::time::{DurMs, Span, TsMs};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Add;

/// The planned production that went by while some calls waited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = AndonLost))]
pub struct Lost {
    /// How many calls waited in it.
    pub calls: i64,
    /// What they waited for, each for itself: calls that wait at once may together be longer than the time is.
    pub all: Waiting,
    /// How many of them stopped their line.
    pub stopping: i64,
    /// What those waited for, of each line once: while several wait at once, the time is that of the one that was raised
    /// first. So it is never more than what was planned.
    pub stopped: Waiting,
}

/// The time of the calls that waited in a window: of all, and cut in two ways. What has none is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LostTime {
    /// Of all: the sum over the lines.
    pub all: Lost,
    /// By what they were for. Calls of two kinds that stopped a line at once are in both.
    pub by_kind: Vec<(CallKind, Lost)>,
    /// By line.
    pub by_line: Vec<(LineId, Lost)>,
}

/// When each line was planned to produce: stretches in order, without overlap.
pub type PlannedOfLines = BTreeMap<LineId, Vec<Span>>;

/// A call that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = AndonOpenCall))]
pub struct OpenCall {
    /// Its number.
    pub id: i64,
    /// Since when, however often it was reopened.
    pub since: TsMs,
    /// For how long.
    pub age: DurMs,
}

impl Add for Lost {
    type Output = Self;
    fn add(self, o: Self) -> Self {
        Self {
            calls: self.calls + o.calls,
            all: self.all + o.all,
            stopping: self.stopping + o.stopping,
            stopped: self.stopped + o.stopped,
        }
    }
}

impl Lost {
    /// Of the calls of one line, the first raised first, within what was planned.
    fn of_line(planned: &[Span], cases: &[&Case], now: TsMs) -> Self {
        let mut out = Self::default();
        let mut left = planned.to_vec();
        for case in cases {
            let mut own = Waiting::default();
            for round in case.rounds_at(now) {
                own = own + round.measured(|span| shared(planned, span));
                if case.call.line_stopped {
                    out.stopped = out.stopped + round.measured(|span| take(&mut left, span));
                }
            }
            if own.total() > DurMs::ZERO {
                out.calls += 1;
                out.stopping += i64::from(case.call.line_stopped);
                out.all = out.all + own;
            }
        }
        out
    }
}

/// The place of those of some stretches that touch `span`, which holds time.
fn touched(stretches: &[Span], span: Span) -> std::ops::Range<usize> {
    let first = stretches.partition_point(|s| s.to() <= span.from());
    let behind = stretches.partition_point(|s| s.from() < span.to());
    first..behind.max(first)
}

/// How much of `span` lies in some stretches.
fn shared(stretches: &[Span], span: Span) -> DurMs {
    if span.is_empty() {
        return DurMs::ZERO;
    }
    let both = |s: &Span| s.intersect(span).map_or(DurMs::ZERO, Span::len);
    stretches[touched(stretches, span)].iter().map(both).sum()
}

/// Takes `span` out of some stretches; how much of it they had.
fn take(stretches: &mut Vec<Span>, span: Span) -> DurMs {
    let taken = shared(stretches, span);
    if taken > DurMs::ZERO {
        let place = touched(stretches, span);
        let around = |s: &Span| {
            [
                Span::clamped(s.from(), span.from()),
                Span::clamped(span.to(), s.to()),
            ]
        };
        let rest: Vec<Span> = stretches[place.clone()].iter().flat_map(around).collect();
        let rest = rest.into_iter().filter(|s| !s.is_empty());
        drop(stretches.splice(place, rest));
    }
    taken
}

impl LostTime {
    /// Of the calls that waited in `window`, whenever they were raised, as seen at `now`. Only time of the window counts in
    /// which their line was planned to produce; a line that `planned` does not know is planned for nothing.
    #[must_use]
    pub fn of(window: Span, cases: &[Case], planned: &PlannedOfLines, now: TsMs) -> Self {
        let mut lines: BTreeMap<LineId, Vec<&Case>> = BTreeMap::new();
        for case in cases {
            lines.entry(case.spot.line).or_default().push(case);
        }
        let mut out = Self::default();
        let mut by_kind: BTreeMap<CallKind, Lost> = BTreeMap::new();
        for (line, mut cases) in lines {
            let planned = planned.get(&line).map_or(&[][..], Vec::as_slice);
            let planned = planned.iter().filter_map(|s| s.intersect(window));
            let planned: Vec<Span> = planned.collect();
            // Whose time it is must not depend on the window, nor on who asks.
            cases.sort_by_key(|c| (c.call.raised.at, c.spot, c.call.kind));
            let whole = Lost::of_line(&planned, &cases, now);
            if whole.calls == 0 {
                continue;
            }
            out.all = out.all + whole;
            out.by_line.push((line, whole));
            let mut kinds: BTreeMap<CallKind, Vec<&Case>> = BTreeMap::new();
            for case in cases {
                kinds.entry(case.call.kind).or_default().push(case);
            }
            for (kind, cases) in kinds {
                let sum = by_kind.entry(kind).or_default();
                *sum = *sum + Lost::of_line(&planned, &cases, now);
            }
        }
        let waited = by_kind.into_iter().filter(|(_, lost)| lost.calls > 0);
        out.by_kind = waited.collect();
        out
    }
}

/// When calls of each line waited in `window`, as seen at `now`: stretches in order that neither overlap nor touch. When it
/// was planned to produce needs to be known of these alone.
#[must_use]
pub fn waited(window: Span, cases: &[Case], now: TsMs) -> BTreeMap<LineId, Vec<Span>> {
    let mut lines: BTreeMap<LineId, Vec<Span>> = BTreeMap::new();
    for case in cases {
        let rounds = case.rounds_at(now);
        let inside: Vec<Span> = rounds
            .filter_map(|round| round.span().intersect(window))
            .collect();
        if !inside.is_empty() {
            lines.entry(case.spot.line).or_default().extend(inside);
        }
    }
    for stretches in lines.values_mut() {
        stretches.sort_by_key(|s| (s.from(), s.to()));
        let mut whole: Vec<Span> = Vec::with_capacity(stretches.len());
        for span in stretches.drain(..) {
            match whole.last_mut() {
                Some(last) if span.from() <= last.to() => {
                    *last = Span::clamped(last.from(), last.to().max(span.to()));
                }
                _ => whole.push(span),
            }
        }
        *stretches = whole;
    }
    lines
}

/// The open ones of some calls, each with its number, the longest first; at most `most`.
pub fn longest_open<'a>(
    calls: impl IntoIterator<Item = (i64, &'a Case)>,
    now: TsMs,
    most: usize,
) -> Vec<OpenCall> {
    let open = calls.into_iter().filter(|(_, c)| c.call.status().is_open());
    let one = |(id, case): (i64, &Case)| {
        let since = case.call.raised.at;
        OpenCall {
            id,
            since,
            age: (now - since).max(DurMs::ZERO),
        }
    };
    let mut all: Vec<OpenCall> = open.map(one).collect();
    all.sort_by_key(|c| (c.since, c.id));
    all.truncate(most);
    all
}

#[cfg(test)]
mod tests;
