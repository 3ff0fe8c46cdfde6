//! When a message that was not taken is tried again.

use crate::domain::time::{DurMs, TsMs};

/// Waits after the first attempts.
const FIRST: [DurMs; 5] = [
    DurMs(1_000),
    DurMs(5_000),
    DurMs(30_000),
    DurMs(2 * 60_000),
    DurMs(10 * 60_000),
];
/// The wait after every attempt that follows, and the longest that a receiver can ask for.
pub const THEN: DurMs = DurMs(30 * 60_000);
/// Attempts that fit into 24 hours with these waits. They are counted rather than timed: a clock that is set forward, or a
/// server that was off over the weekend, takes none away.
pub const MOST_ATTEMPTS: i64 = 53;

/// When a message is tried again of which `attempts` ended now without success; `None`: not any more. A receiver may have
/// asked to be left alone for longer.
#[must_use]
pub fn next(attempts: i64, now: TsMs, asked: Option<DurMs>) -> Option<TsMs> {
    if attempts >= MOST_ATTEMPTS {
        return None;
    }
    let made = usize::try_from(attempts).unwrap_or_default();
    let wait = FIRST.get(made.saturating_sub(1)).copied().unwrap_or(THEN);
    let asked = asked.unwrap_or(DurMs::ZERO).min(THEN);
    Some(now + wait.max(asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_half_an_hour_and_end_after_a_day() {
        let (mut now, mut attempts) = (TsMs(0), 1);
        let mut waits = Vec::new();
        while let Some(then) = next(attempts, now, None) {
            waits.push((then - now).0 / 1_000);
            (now, attempts) = (then, attempts + 1);
        }
        assert_eq!(waits[..7], [1, 5, 30, 120, 600, 1_800, 1_800]);
        let day = 24 * 3_600;
        let total: i64 = waits.iter().sum();
        assert!(total <= day && total + 1_800 > day, "{total}");
    }

    #[test]
    fn a_receiver_can_ask_for_more_time_but_not_for_ever() {
        let at = |asked: i64| next(1, TsMs(0), Some(DurMs(asked)));
        assert_eq!(at(10), Some(TsMs(1_000)));
        assert_eq!(at(90_000), Some(TsMs(90_000)));
        assert_eq!(at(i64::MAX), Some(TsMs(THEN.0)));
        assert_eq!(at(-5), Some(TsMs(1_000)));
    }
}
