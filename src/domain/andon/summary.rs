//! What the calls of a stretch of time add up to: how long people waited, how often it went up, how often it came back.

use super::call::Call;
use super::kind::{CallKind, Status};
use super::spot::Spot;
use super::waiting::Round;
use crate::domain::ids::LineId;
use crate::domain::time::{DurMs, HOUR_MS, Span, TsMs};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A call of the same place and kind within this time after one was resolved is a repeat.
pub const REPEAT_WITHIN: DurMs = DurMs(8 * HOUR_MS);

/// A part of a whole, both counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Share {
    /// How many.
    pub part: i64,
    /// Of how many.
    pub whole: i64,
}

impl Share {
    /// So many of so many.
    #[must_use]
    pub fn of(part: usize, whole: usize) -> Self {
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        Self {
            part: count(part),
            whole: count(whole),
        }
    }

    /// The ratio, 1.0 is all; `None`: there is nothing of which it could be a part.
    #[must_use]
    pub fn value(self) -> Option<f64> {
        (self.whole != 0).then(|| self.part as f64 / self.whole as f64)
    }
}

/// Why there are no times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NoTimes {
    /// There were no calls.
    NoCalls,
    /// No call got that far.
    NoneGotThere,
}

impl NoTimes {
    /// The reason in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::NoCalls => "no calls",
            Self::NoneGotThere => "no call got that far",
        }
    }
}

/// Lengths of time, or why there are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Spread {
    /// There are some; all in milliseconds, to the nearest.
    Known {
        /// How many.
        n: i64,
        /// Their mean.
        mean: DurMs,
        /// Half of them are at most this long.
        median: DurMs,
        /// Nine of ten are at most this long.
        p90: DurMs,
    },
    /// There are none.
    Unknown(NoTimes),
}

impl Spread {
    /// The spread of lengths that some of `calls` calls have. Quantiles lie on the line between neighbours (type 7 of
    /// Hyndman and Fan 1996).
    #[must_use]
    pub fn of(mut lengths: Vec<DurMs>, calls: usize) -> Self {
        lengths.sort_unstable();
        let n = Share::of(lengths.len(), calls).part;
        let total: DurMs = lengths.iter().copied().sum();
        match (quantile(&lengths, 5), quantile(&lengths, 9)) {
            (Some(median), Some(p90)) => Self::Known {
                n,
                mean: DurMs((total.0 + n / 2).div_euclid(n)),
                median,
                p90,
            },
            _ if calls == 0 => Self::Unknown(NoTimes::NoCalls),
            _ => Self::Unknown(NoTimes::NoneGotThere),
        }
    }

    /// The mean, if there is one.
    #[must_use]
    pub const fn mean(self) -> Option<DurMs> {
        match self {
            Self::Known { mean, .. } => Some(mean),
            Self::Unknown(_) => None,
        }
    }
}

/// The quantile `tenths / 10` of lengths in order.
fn quantile(lengths: &[DurMs], tenths: usize) -> Option<DurMs> {
    let place = lengths.len().checked_sub(1)? * tenths;
    let low = *lengths.get(place / 10)?;
    let high = *lengths.get(place / 10 + 1).unwrap_or(&low);
    let tenths = i64::try_from(place % 10).ok()?;
    Some(DurMs(low.0 + ((high - low).0 * tenths + 5) / 10))
}

/// A call with what is asked about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Where.
    pub spot: Spot,
    /// The shift in which it was raised; `None`: outside every shift.
    pub shift: Option<String>,
    /// The hour of the site's clock at which it was raised, 0 to 23.
    pub hour: u8,
    /// A level above the first was called.
    pub escalated: bool,
    /// The start of the stop that it is about; `None`: of none that is known.
    pub stop: Option<TsMs>,
    /// When the machine ran again since it was raised or reopened.
    pub restarted: Option<TsMs>,
    /// The rounds before the present one.
    pub rounds: Vec<Round>,
    /// The call.
    pub call: Call,
}

impl Case {
    /// All its rounds in order, the present one as seen at `now`.
    pub fn rounds_at(&self, now: TsMs) -> impl Iterator<Item = Round> {
        let present = Round::present(&self.call, now, self.stop, self.restarted);
        self.rounds.iter().copied().chain([present])
    }
}

/// What some calls add up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = AndonSummary))]
pub struct Summary {
    /// How many.
    pub calls: i64,
    /// How many of them are still open.
    pub open: i64,
    /// How many of them were cancelled.
    pub cancelled: Share,
    /// From the call until somebody took it for the first time, also if it was reopened later: MTTA.
    pub acknowledge: Spread,
    /// From the call until somebody was there for the first time.
    pub arrive: Spread,
    /// From the call until it was resolved, with all rounds, without the time in between in which the machine ran: MTTR.
    pub resolve: Spread,
    /// How many went up.
    pub escalated: Share,
    /// How many came within [`REPEAT_WITHIN`] after one of the same place and kind was resolved.
    pub repeats: Share,
    /// How many were reopened.
    pub reopened: Share,
}

/// The calls of one kind, line, shift or hour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = AndonGroup))]
pub struct Group<K> {
    /// Which.
    pub of: K,
    /// What they add up to.
    pub summary: Summary,
}

/// The calls of a stretch of time: all, and cut in four ways. Groups without calls are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = AndonBreakdown))]
pub struct Breakdown {
    /// All of them.
    pub all: Summary,
    /// By what they were for.
    pub by_kind: Vec<Group<CallKind>>,
    /// By line.
    pub by_line: Vec<Group<LineId>>,
    /// By shift; `None`: outside every shift.
    pub by_shift: Vec<Group<Option<String>>>,
    /// By the hour of the site's clock.
    pub by_hour: Vec<Group<u8>>,
}

/// A case, and whether it is a repeat.
type Told<'a> = (&'a Case, bool);

impl Breakdown {
    /// Of the calls raised in `window`. `cases` in any order; those raised before it only tell which ones are repeats.
    #[must_use]
    pub fn of(window: Span, cases: &[Case]) -> Self {
        let told: Vec<Told<'_>> = repeats(cases)
            .into_iter()
            .filter(|(case, _)| window.contains(case.call.raised.at))
            .collect();
        Self {
            all: Summary::of(&told),
            by_kind: groups(&told, |case| case.call.kind),
            by_line: groups(&told, |case| case.spot.line),
            by_shift: groups(&told, |case| case.shift.clone()),
            by_hour: groups(&told, |case| case.hour),
        }
    }
}

fn groups<K: Ord>(told: &[Told<'_>], key: impl Fn(&Case) -> K) -> Vec<Group<K>> {
    let mut by: BTreeMap<K, Vec<Told<'_>>> = BTreeMap::new();
    for one in told {
        by.entry(key(one.0)).or_default().push(*one);
    }
    let group = |(of, told): (K, Vec<Told<'_>>)| Group {
        of,
        summary: Summary::of(&told),
    };
    by.into_iter().map(group).collect()
}

/// Every case in order, and whether one of the same place and kind was resolved shortly before.
fn repeats(cases: &[Case]) -> Vec<Told<'_>> {
    let mut sorted: Vec<&Case> = cases.iter().collect();
    sorted.sort_by_key(|case| case.call.raised.at);
    let mut resolved: BTreeMap<(Spot, CallKind), Vec<TsMs>> = BTreeMap::new();
    let told = |case: &'_ Case| {
        let at = case.call.raised.at;
        let before = resolved.entry((case.spot, case.call.kind)).or_default();
        let repeat = before.iter().any(|r| *r <= at && at - *r <= REPEAT_WITHIN);
        before.extend(case.call.resolved.as_ref().map(|s| s.at));
        repeat
    };
    let flags: Vec<bool> = sorted.iter().copied().map(told).collect();
    sorted.into_iter().zip(flags).collect()
}

impl Summary {
    /// Of no calls.
    #[must_use]
    pub fn of_none() -> Self {
        Self::of(&[])
    }

    fn of(told: &[Told<'_>]) -> Self {
        let calls = told.len();
        let share = |yes: &dyn Fn(&Told<'_>) -> bool| {
            Share::of(told.iter().filter(|one| yes(one)).count(), calls)
        };
        let spread = |length: &dyn Fn(&Call) -> Option<DurMs>| {
            let lengths = told.iter().filter_map(|(case, _)| length(&case.call));
            Spread::of(lengths.collect(), calls)
        };
        Self {
            calls: share(&|_| true).whole,
            open: share(&|(case, _)| case.call.status().is_open()).part,
            cancelled: share(&|(case, _)| case.call.status() == Status::Cancelled),
            acknowledge: spread(&|call| Some(call.first_acknowledged? - call.raised.at)),
            arrive: spread(&|call| Some(call.first_arrived? - call.raised.at)),
            resolve: spread(&|call| {
                let round = call.resolved.as_ref()?.at - call.since();
                Some(call.before.total() + round)
            }),
            escalated: share(&|(case, _)| case.escalated),
            repeats: share(&|(_, repeat)| *repeat),
            reopened: share(&|(case, _)| case.call.reopened > 0),
        }
    }
}

#[cfg(test)]
mod tests;
