//! Floods: when calls come faster than people can attend to them.

use super::{FLOOD_ENDS_BELOW, MOST_IN_TEN_MINUTES, TEN_MINUTES};
use crate::domain::time::{DurMs, Span, TsMs};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A flood. It starts with the first of the calls that are too many within ten minutes, and ends when fewer than
/// [`FLOOD_ENDS_BELOW`] are left in the ten minutes before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Flood {
    /// From when to when; to the end of what was looked at while it goes on.
    pub span: Span,
    /// It was not over.
    pub open: bool,
    /// Calls in it.
    pub calls: i64,
    /// The most within any ten minutes.
    pub peak: i64,
}

impl Flood {
    /// How long it lasted.
    #[must_use]
    pub fn duration(&self) -> DurMs {
        self.span.len()
    }
}

/// How many of `times` lie in the ten minutes up to and with each moment at which that number changes.
fn sliding(times: &[TsMs]) -> impl Iterator<Item = (TsMs, i64)> {
    let mut changes: BTreeMap<TsMs, i64> = BTreeMap::new();
    for at in times {
        *changes.entry(*at).or_default() += 1;
        *changes.entry(*at + TEN_MINUTES).or_default() -= 1;
    }
    changes.into_iter().scan(0, |count, (at, change)| {
        *count += change;
        Some((at, *count))
    })
}

/// The floods of calls at `times`, which are in order and before `end`.
pub(super) fn floods(times: &[TsMs], end: TsMs) -> Vec<Flood> {
    let mut out: Vec<Flood> = Vec::new();
    let mut since: Option<(TsMs, i64)> = None;
    let flood = |from: TsMs, to: TsMs, peak, open| {
        let calls = times.partition_point(|t| *t < to) - times.partition_point(|t| *t < from);
        Flood {
            span: Span::clamped(from, to),
            open,
            calls: i64::try_from(calls).unwrap_or(i64::MAX),
            peak,
        }
    };
    for (at, count) in sliding(times).take_while(|(at, _)| *at < end) {
        since = match since {
            None if count > MOST_IN_TEN_MINUTES => {
                let first = times.partition_point(|t| *t + TEN_MINUTES <= at);
                let from = times.get(first).copied().unwrap_or(at);
                // What was left over when the last one ended is part of that one.
                let after = out.last().map_or(from, |last| last.span.to().max(from));
                Some((after, count))
            }
            Some((from, peak)) if count < FLOOD_ENDS_BELOW => {
                out.push(flood(from, at, peak, false));
                None
            }
            other => other.map(|(from, peak)| (from, peak.max(count))),
        };
    }
    out.extend(since.map(|(from, peak)| flood(from, end, peak, true)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(times: &[i64], end: i64) -> Vec<(i64, i64, bool, i64, i64)> {
        let times: Vec<TsMs> = times.iter().map(|t| TsMs(t * 1_000)).collect();
        let row = |f: Flood| {
            let (from, to) = (f.span.from().0 / 1_000, f.span.to().0 / 1_000);
            (from, to, f.open, f.calls, f.peak)
        };
        floods(&times, TsMs(end * 1_000))
            .into_iter()
            .map(row)
            .collect()
    }

    #[test]
    fn more_than_ten_in_ten_minutes_is_one_and_less_than_five_ends_it() {
        let ten: Vec<i64> = (0..10).map(|n| n * 60).collect();
        assert_eq!(of(&ten, 9_000), [], "ten are not too many");
        let eleven: Vec<i64> = (0..11).map(|n| n * 50).collect();
        // The seventh (at 300) is the one whose ten minutes end when four are left: at 300 + 600.
        assert_eq!(of(&eleven, 9_000), [(0, 900, false, 11, 11)]);
        assert_eq!(of(&eleven, 800), [(0, 800, true, 11, 11)], "it goes on");
        let apart: Vec<i64> = (0..11).map(|n| n * 60).collect();
        assert_eq!(
            of(&apart, 9_000),
            [],
            "the first is ten minutes before the last"
        );
    }

    #[test]
    fn a_flood_that_ebbs_to_five_goes_on_and_one_after_the_end_is_another() {
        let burst = |from: i64, n: i64| (0..n).map(move |k| from + k);
        let on: Vec<i64> = burst(0, 20)
            .chain(burst(590, 5))
            .chain(burst(1_100, 12))
            .collect();
        assert_eq!(of(&on, 9_000), [(0, 1_707, false, 37, 25)]);
        let two: Vec<i64> = burst(0, 11).chain(burst(700, 12)).collect();
        assert_eq!(
            of(&two, 9_000),
            [(0, 606, false, 11, 11), (700, 1_307, false, 12, 12)]
        );
    }

    proptest! {
        #[test]
        fn every_moment_with_too_many_is_in_a_flood(
            gaps in prop::collection::vec(0_i64..200_000, 0..80),
        ) {
            let mut now = 0;
            let times: Vec<TsMs> = gaps.iter().map(|gap| { now += gap; TsMs(now) }).collect();
            let all = floods(&times, TsMs(now + 1));
            for pair in all.windows(2) {
                prop_assert!(pair[0].span.to() <= pair[1].span.from());
            }
            for at in &times {
                let near = times.iter().filter(|t| *t <= at && **t + TEN_MINUTES > *at).count();
                let within = all.iter().any(|f| f.span.contains(*at));
                prop_assert!(near <= 10 || within, "{} at {:?}", near, at);
            }
            for flood in &all {
                prop_assert!(flood.peak > 10 && flood.calls > 0);
            }
        }
    }
}
