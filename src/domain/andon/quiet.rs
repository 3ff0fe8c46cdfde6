//! Nobody is told more often than they can bear: what is too much waits, and comes as one summary.

use super::kind::{CallKind, Priority};
use crate::domain::time::{DurMs, MINUTE_MS, TsMs};
use serde::{Deserialize, Serialize};

/// At most `calls` deliveries to one person in any stretch of `within`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = AndonLimit))]
pub struct Limit {
    /// How many; 0 is taken as 1.
    pub calls: u32,
    /// In which time, in milliseconds.
    pub within: DurMs,
}

impl Default for Limit {
    /// What one person can attend to: the threshold of a flood.
    fn default() -> Self {
        Self {
            calls: 10,
            within: DurMs(10 * MINUTE_MS),
        }
    }
}

/// What happens to a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// It goes out now.
    Send,
    /// It waits for the summary of everything that waits, which goes out then.
    Merge {
        /// When the summary is due. What comes while one waits joins that one, whose time stays as it is.
        due: TsMs,
    },
}

/// Whether a call is never held back.
#[must_use]
pub const fn never_held(kind: CallKind, priority: Priority) -> bool {
    matches!(kind, CallKind::Safety) || matches!(priority, Priority::Critical)
}

impl Limit {
    /// Whether a summary that waits until `due` goes out at `now`: its time has come, or lies further ahead than anything
    /// waits, because the clock was set back or the limit made shorter since.
    #[must_use]
    pub fn is_due(self, due: TsMs, now: TsMs) -> bool {
        due <= now || due > now + self.within
    }

    /// What happens at `now` to a delivery about such a call, after the deliveries `past` to the same person: single ones
    /// and summaries, in any order.
    ///
    /// A delivery that the clock (set back since) puts into the future counts as one of now, so nothing waits for longer
    /// than `within`.
    #[must_use]
    pub fn judge(self, past: &[TsMs], now: TsMs, kind: CallKind, priority: Priority) -> Verdict {
        if never_held(kind, priority) {
            return Verdict::Send;
        }
        let room = usize::try_from(self.calls.max(1)).unwrap_or(usize::MAX);
        let mut recent: Vec<TsMs> = past.iter().map(|at| (*at).min(now)).collect();
        recent.retain(|at| *at + self.within > now);
        recent.sort_unstable_by(|a, b| b.cmp(a));
        // There is room again when the oldest of the last `room` deliveries is `within` ago.
        recent
            .get(room - 1)
            .map_or(Verdict::Send, |oldest| Verdict::Merge {
                due: *oldest + self.within,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TWO: Limit = Limit {
        calls: 2,
        within: DurMs(100),
    };

    fn judge(past: &[i64], now: i64) -> Verdict {
        let past: Vec<TsMs> = past.iter().map(|at| TsMs(*at)).collect();
        TWO.judge(&past, TsMs(now), CallKind::Material, Priority::High)
    }

    #[test]
    fn what_is_too_much_waits_until_there_is_room() {
        assert_eq!(judge(&[], 0), Verdict::Send);
        assert_eq!(judge(&[10], 20), Verdict::Send);
        assert_eq!(judge(&[10, 20], 109), Verdict::Merge { due: TsMs(110) });
        assert_eq!(
            judge(&[20, 10], 110),
            Verdict::Send,
            "the first is long ago"
        );
        let ahead = judge(&[9_000, 9_001], 50);
        assert_eq!(
            ahead,
            Verdict::Merge { due: TsMs(150) },
            "the clock was set back"
        );
    }

    #[test]
    fn danger_and_critical_calls_are_never_held_back() {
        let full = [TsMs(10); 50];
        let send = |kind, priority| TWO.judge(&full, TsMs(11), kind, priority) == Verdict::Send;
        assert!(send(CallKind::Safety, Priority::Low) && send(CallKind::Stop, Priority::Critical));
        assert!(!send(CallKind::Stop, Priority::High));
    }

    proptest! {
        #[test]
        fn nobody_hears_more_than_the_limit_and_nothing_waits_longer_than_its_time(
            gaps in prop::collection::vec(0_i64..60, 1..80),
            calls in 1_u32..5,
        ) {
            let limit = Limit { calls, within: DurMs(100) };
            let mut sent: Vec<TsMs> = vec![];
            let mut waiting: Option<(TsMs, TsMs)> = None;
            let mut now = TsMs(0);
            for gap in gaps {
                now = now + DurMs(gap);
                if let Some((due, first)) = waiting.filter(|(due, _)| *due <= now) {
                    prop_assert!((due - first) <= limit.within);
                    sent.push(due);
                    waiting = None;
                }
                match limit.judge(&sent, now, CallKind::Stop, Priority::Low) {
                    Verdict::Send => {
                        prop_assert!(waiting.is_none(), "something waits for longer");
                        sent.push(now);
                    }
                    Verdict::Merge { due } => {
                        prop_assert!(due > now);
                        let (was, first) = waiting.unwrap_or((due, now));
                        prop_assert_eq!(was, due, "one summary");
                        waiting = Some((due, first));
                    }
                }
            }
            for at in &sent {
                let near = sent.iter().filter(|s| **s <= *at && **s + limit.within > *at).count();
                prop_assert!(near <= usize::try_from(calls).expect("small"));
            }
        }
    }
}
