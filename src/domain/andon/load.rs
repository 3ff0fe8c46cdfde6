//! How much a site is called: what alarm management counts (ISA-18.2, IEC 62682, EEMUA 191), for calls.
//!
//! | figure | what is usual to aim at |
//! |---|---|
//! | windows of ten minutes with more than 10 calls | less than 1 % |
//! | peak of a window | at most 10 |
//! | floods: begin with more than 10 in ten minutes, end with less than 5 | less than 1 % of the time |
//! | share of the ten that call most | 1 to 5 % |
//! | chatter: 3 of the same in a minute | none |
//! | stale: open for more than 24 hours | less than 5 |

mod floods;

use super::kind::CallKind;
use super::spot::Spot;
use super::summary::Share;
use crate::domain::time::{DAY_MS, DurMs, MINUTE_MS, Span, TsMs};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeMap;

pub use floods::Flood;

/// The windows in which calls are counted.
pub const TEN_MINUTES: DurMs = DurMs(10 * MINUTE_MS);
/// More calls than this in ten minutes are too many.
pub const MOST_IN_TEN_MINUTES: i64 = 10;
/// A flood is over when there are fewer than this in ten minutes.
pub const FLOOD_ENDS_BELOW: i64 = 5;
/// So many of the same within [`CHATTER_WITHIN`] are chatter.
pub const CHATTER_FROM: usize = 3;
/// Less than this from the first to the last.
pub const CHATTER_WITHIN: DurMs = DurMs(MINUTE_MS);
/// A call that is open for longer is stale.
pub const STALE_AFTER: DurMs = DurMs(DAY_MS);
/// So many of those that call most are named.
pub const TOP: usize = 10;

/// That somebody called: each raise, also one that joined a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raised {
    /// When.
    pub at: TsMs,
    /// Where.
    pub spot: Spot,
    /// What for.
    pub kind: CallKind,
    /// When the call was resolved or cancelled.
    pub over: Option<TsMs>,
}

/// A place and kind with how often it called.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Talker {
    /// Where.
    pub spot: Spot,
    /// What for.
    pub kind: CallKind,
    /// How often, of all.
    pub share: Share,
}

/// A place and kind that chatters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Chatter {
    /// Where.
    pub spot: Spot,
    /// What for.
    pub kind: CallKind,
    /// How many of its raises were part of it.
    pub raises: i64,
}

/// A call that is open for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Stale {
    /// Where.
    pub spot: Spot,
    /// What for.
    pub kind: CallKind,
    /// Since when.
    pub since: TsMs,
}

/// The load of a stretch of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Load {
    /// Raises by window of ten minutes, from the start on; the last window may be shorter.
    pub per_ten_minutes: Vec<i64>,
    /// Windows with more than [`MOST_IN_TEN_MINUTES`], of all.
    pub too_many: Share,
    /// The most in one window.
    pub peak: i64,
    /// Floods, in order.
    pub floods: Vec<Flood>,
    /// Places and kinds that chattered, the worst first.
    pub chatter: Vec<Chatter>,
    /// The [`TOP`] that called most, the most frequent first.
    pub top: Vec<Talker>,
    /// How much of all calls came from those together.
    pub of_top: Share,
    /// What was open for longer than [`STALE_AFTER`] at the end, the oldest first.
    pub stale: Vec<Stale>,
}

impl Load {
    /// The load of `window`. `raised` in any order: everything of the window, and what was open at its end.
    #[must_use]
    pub fn of(window: Span, raised: &[Raised]) -> Self {
        let mut inside: Vec<&Raised> = raised.iter().filter(|r| window.contains(r.at)).collect();
        inside.sort_by_key(|r| (r.at, r.spot, r.kind));
        let times: Vec<TsMs> = inside.iter().map(|r| r.at).collect();
        let per_ten_minutes = counts(window, &times);
        let over = per_ten_minutes.iter().filter(|n| **n > MOST_IN_TEN_MINUTES);
        let top = top(&inside);
        Self {
            too_many: Share::of(over.count(), per_ten_minutes.len()),
            peak: per_ten_minutes.iter().copied().max().unwrap_or(0),
            floods: floods::floods(&times, window.to()),
            chatter: chatter(&inside),
            of_top: Share {
                part: top.iter().map(|t| t.share.part).sum(),
                whole: Share::of(0, inside.len()).whole,
            },
            top,
            stale: stale(raised, window.to()),
            per_ten_minutes,
        }
    }
}

fn counts(window: Span, times: &[TsMs]) -> Vec<i64> {
    let index = |length: DurMs| usize::try_from(length.0.div_euclid(TEN_MINUTES.0)).unwrap_or(0);
    let windows = index(window.len() + TEN_MINUTES - DurMs(1));
    let mut counts = vec![0; windows];
    for at in times {
        if let Some(count) = counts.get_mut(index(*at - window.from())) {
            *count += 1;
        }
    }
    counts
}

type Key = (Spot, CallKind);

/// The times of each place and kind, in order.
fn by_key(inside: &[&Raised]) -> BTreeMap<Key, Vec<TsMs>> {
    let mut out: BTreeMap<Key, Vec<TsMs>> = BTreeMap::new();
    for raised in inside {
        out.entry((raised.spot, raised.kind))
            .or_default()
            .push(raised.at);
    }
    out
}

fn top(inside: &[&Raised]) -> Vec<Talker> {
    let talker = |((spot, kind), times): (Key, Vec<TsMs>)| Talker {
        spot,
        kind,
        share: Share::of(times.len(), inside.len()),
    };
    let mut all: Vec<Talker> = by_key(inside).into_iter().map(talker).collect();
    all.sort_by_key(|t| Reverse(t.share.part));
    all.truncate(TOP);
    all
}

fn chatter(inside: &[&Raised]) -> Vec<Chatter> {
    let count = |times: &[TsMs]| {
        let mut part = vec![false; times.len()];
        for (n, group) in times.windows(CHATTER_FROM).enumerate() {
            if group[CHATTER_FROM - 1] - group[0] < CHATTER_WITHIN {
                part[n..n + CHATTER_FROM].fill(true);
            }
        }
        part.into_iter().map(i64::from).sum()
    };
    let one = |((spot, kind), times): (Key, Vec<TsMs>)| Chatter {
        spot,
        kind,
        raises: count(&times),
    };
    let all = by_key(inside).into_iter().map(one);
    let mut all: Vec<Chatter> = all.filter(|c| c.raises > 0).collect();
    all.sort_by_key(|c| Reverse(c.raises));
    all
}

fn stale(raised: &[Raised], at: TsMs) -> Vec<Stale> {
    let open = |r: &&Raised| r.at + STALE_AFTER < at && r.over.is_none_or(|over| over > at);
    let mut since: BTreeMap<Key, TsMs> = BTreeMap::new();
    for one in raised.iter().filter(open) {
        // Those who joined a call are about the one that was there.
        let first = since.entry((one.spot, one.kind)).or_insert(one.at);
        *first = one.at.min(*first);
    }
    let one = |((spot, kind), since): (Key, TsMs)| Stale { spot, kind, since };
    let mut all: Vec<Stale> = since.into_iter().map(one).collect();
    all.sort_by_key(|s| s.since);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{LineId, MachineId};
    use proptest::prelude::*;

    fn raised(machine: i64, at_s: i64, over_s: Option<i64>) -> Raised {
        Raised {
            at: TsMs(at_s * 1_000),
            spot: Spot {
                line: LineId(1),
                machine: Some(MachineId(machine)),
            },
            kind: CallKind::Stop,
            over: over_s.map(|s| TsMs(s * 1_000)),
        }
    }

    fn window(to_s: i64) -> Span {
        Span::clamped(TsMs(0), TsMs(to_s * 1_000))
    }

    #[test]
    fn windows_of_ten_minutes_are_counted_from_the_start() {
        let mut all: Vec<Raised> = (0..11).map(|n| raised(n, n, None)).collect();
        all.extend([
            raised(1, 599, None),
            raised(1, 600, None),
            raised(1, 1_500, None),
        ]);
        all.extend([raised(1, -1, None), raised(1, 1_501, None)]);
        let load = Load::of(window(1_501), &all);
        assert_eq!(load.per_ten_minutes, [12, 1, 1]);
        assert_eq!(load.too_many, Share { part: 1, whole: 3 });
        assert_eq!((load.peak, load.floods.len()), (12, 1));
        let empty = Load::of(window(0), &[]);
        assert_eq!(
            (empty.per_ten_minutes.len(), empty.too_many.value()),
            (0, None)
        );
    }

    #[test]
    fn three_of_the_same_within_a_minute_chatter() {
        let of = |times: &[i64]| {
            let all: Vec<Raised> = times.iter().map(|t| raised(1, *t, None)).collect();
            let chatter = Load::of(window(9_000), &all).chatter;
            chatter.first().map(|c| c.raises)
        };
        assert_eq!(of(&[0, 30, 60]), None, "a minute is over");
        assert_eq!(of(&[0, 30, 59]), Some(3));
        assert_eq!(of(&[0, 30, 59, 85, 400, 600, 601, 602]), Some(7));
        let others: Vec<Raised> = (0..3).map(|n| raised(n, n, None)).collect();
        assert_eq!(Load::of(window(9), &others).chatter, [], "three machines");
    }

    #[test]
    fn stale_is_what_is_open_for_more_than_a_day() {
        let day = DAY_MS / 1_000;
        let all = [
            raised(1, -day, None),
            raised(2, -day + 1, None),
            raised(3, -day, Some(1)),
            raised(4, -2 * day, Some(2)),
            raised(1, -day - 5, None),
            raised(5, -day - 1, Some(0)),
        ];
        let stale = Load::of(window(1), &all).stale;
        let seen = |s: &Stale| (s.spot.machine, s.since.0 / 1_000);
        assert_eq!(
            stale.iter().map(seen).collect::<Vec<_>>(),
            [
                (Some(MachineId(4)), -2 * day),
                (Some(MachineId(1)), -day - 5)
            ]
        );
    }

    #[test]
    fn the_ten_that_call_most_are_named_with_their_share() {
        let times = (0..12).flat_map(|machine| (0..=machine).map(move |n| (machine, n * 400)));
        let all: Vec<Raised> = times.map(|(m, at)| raised(m, at, None)).collect();
        let load = Load::of(window(9_000), &all);
        assert_eq!(load.top.len(), TOP);
        assert_eq!(
            load.top[0].share,
            Share {
                part: 12,
                whole: 78
            }
        );
        assert_eq!(
            load.of_top,
            Share {
                part: 75,
                whole: 78
            }
        );
    }

    proptest! {
        #[test]
        fn counts_add_up_and_do_not_depend_on_the_order(
            given in prop::collection::vec((0_i64..4, -900_i64..9_000), 0..60),
            to in 1_i64..9_000,
        ) {
            let mut all: Vec<Raised> = given.iter().map(|(m, at)| raised(*m, *at, None)).collect();
            let load = Load::of(window(to), &all);
            let inside = all.iter().filter(|r| window(to).contains(r.at)).count();
            let sum: i64 = load.per_ten_minutes.iter().sum();
            prop_assert_eq!(sum, i64::try_from(inside).expect("few"));
            prop_assert_eq!(load.of_top, Share { part: sum, whole: sum }, "four machines");
            all.reverse();
            prop_assert_eq!(Load::of(window(to), &all), load);
        }
    }
}
