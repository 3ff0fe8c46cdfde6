//! What waiting costs, in minutes beside the other losses; and which calls have been open for longest.

use super::kind::CallKind;
use super::summary::Case;
use super::waiting::Waiting;
use crate::domain::ids::LineId;
use crate::domain::time::{DurMs, Span, TsMs};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The time of some calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = AndonLost))]
pub struct Lost {
    /// How many calls.
    pub calls: i64,
    /// Where their time went.
    pub all: Waiting,
    /// How many of them stopped their line.
    pub stopping: i64,
    /// Where the time of those went: time in which nothing was made.
    pub stopped: Waiting,
}

/// The time of the calls of a window: of all, and cut in two ways. What has no calls is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LostTime {
    /// Of all.
    pub all: Lost,
    /// By what they were for.
    pub by_kind: Vec<(CallKind, Lost)>,
    /// By line.
    pub by_line: Vec<(LineId, Lost)>,
}

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

impl Lost {
    fn add(&mut self, case: &Case, now: TsMs) {
        let waiting = Waiting::of_stop(&case.call, now, case.stop, case.restarted);
        self.calls += 1;
        self.all = self.all + waiting;
        if case.call.line_stopped {
            self.stopping += 1;
            self.stopped = self.stopped + waiting;
        }
    }
}

impl LostTime {
    /// Of the calls raised in `window`, each with its whole time as seen at `now`: calls that wait at once are each
    /// counted, so that this may be more than the window is long.
    #[must_use]
    pub fn of(window: Span, cases: &[Case], now: TsMs) -> Self {
        let mut all = Lost::default();
        let (mut by_kind, mut by_line) = (BTreeMap::new(), BTreeMap::new());
        for case in cases.iter().filter(|c| window.contains(c.call.raised.at)) {
            let kind: &mut Lost = by_kind.entry(case.call.kind).or_default();
            let line: &mut Lost = by_line.entry(case.spot.line).or_default();
            for sum in [&mut all, kind, line] {
                sum.add(case, now);
            }
        }
        Self {
            all,
            by_kind: by_kind.into_iter().collect(),
            by_line: by_line.into_iter().collect(),
        }
    }
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
mod tests {
    use super::*;
    use crate::domain::andon::call::{Act, Call, ReopenWithin, Stamp};
    use crate::domain::andon::kind::{Cause, Priority};
    use crate::domain::andon::spot::Spot;

    fn case(line: i64, kind: CallKind, stopped: bool, acts: &[(i64, Act)]) -> Case {
        let by = "Ann".to_owned();
        let at = TsMs(acts[0].0);
        let mut call = Call::raise(kind, Priority::Medium, stopped, Stamp { at, by });
        for (at, act) in &acts[1..] {
            let next = call.after(*act, "Ben", TsMs(*at), ReopenWithin::default());
            call = next.expect("an act in its place");
        }
        Case {
            spot: Spot {
                line: LineId(line),
                machine: None,
            },
            shift: None,
            hour: 0,
            escalated: false,
            stop: None,
            restarted: None,
            call,
        }
    }

    const TAKE: Act = Act::Acknowledge { eta: None };
    const MEND: Act = Act::Resolve {
        cause: Cause::Internal,
    };

    #[test]
    fn the_parts_of_all_calls_are_summed_and_those_that_stopped_a_line_apart() {
        let window = Span::clamped(TsMs(0), TsMs(1_000));
        let raise = (10, Act::Escalate);
        let mut first = case(
            1,
            CallKind::Stop,
            true,
            &[raise, (30, TAKE), (70, Act::Arrive), (100, MEND)],
        );
        first.restarted = Some(TsMs(105));
        let second = case(
            2,
            CallKind::Quality,
            false,
            &[raise, (15, TAKE), (25, MEND)],
        );
        let open = case(2, CallKind::Stop, true, &[(900, Act::Escalate)]);
        let before = case(2, CallKind::Stop, true, &[(-1, Act::Escalate)]);
        let all = [first, second, open, before];
        let lost = LostTime::of(window, &all, TsMs(2_000));
        let parts = |w: Waiting| w.parts().map(|(_, time)| time.0);
        assert_eq!(parts(lost.all.all), [20 + 5 + 1_100, 40, 30 + 10, 5]);
        assert_eq!(parts(lost.all.stopped), [20 + 1_100, 40, 30, 5]);
        assert_eq!((lost.all.calls, lost.all.stopping), (3, 2));
        let line = |n: usize| (lost.by_line[n].0.0, lost.by_line[n].1.calls);
        assert_eq!((line(0), line(1)), ((1, 1), (2, 2)));
        let sum: i64 = lost.by_kind.iter().map(|(_, l)| l.all.total().0).sum();
        assert_eq!(sum, lost.all.all.total().0);
        let longest = longest_open((7..).zip(&all), TsMs(2_000), 5);
        let seen: Vec<(i64, i64)> = longest.iter().map(|c| (c.id, c.age.0)).collect();
        assert_eq!(seen, [(10, 2_001), (9, 1_100)]);
        assert_eq!(longest_open((7..).zip(&all), TsMs(0), 1)[0].age.0, 1);
    }
}
