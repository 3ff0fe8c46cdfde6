//! Clock times of the site, computed alike on server and browser from offsets that the server looked up.

use super::day::LocalDay;
use super::time::{DAY_MS, DurMs, MINUTE_MS, Span, TsMs};
use serde::{Deserialize, Serialize};

/// The offsets of a time zone from UTC over a stretch of time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalTime {
    /// From when on which offset in milliseconds holds, in order; the first also holds before.
    pub steps: Vec<(TsMs, i64)>,
}

impl LocalTime {
    /// The offset from UTC in force.
    #[must_use]
    pub fn offset_at(&self, at: TsMs) -> DurMs {
        let step = self
            .steps
            .iter()
            .rev()
            .find(|(from, _)| *from <= at)
            .or(self.steps.first());
        DurMs(step.map_or(0, |s| s.1))
    }

    fn local_ms(&self, at: TsMs) -> i64 {
        at.0 + self.offset_at(at).0
    }

    /// The local day that holds `at`, from midnight to midnight; 23 or 25 hours when the clock changes.
    #[must_use]
    pub fn day(&self, at: TsMs) -> Span {
        let midnight = |local: i64| TsMs(local) - self.offset_at(TsMs(local) - self.offset_at(at));
        let first = self.local_ms(at).div_euclid(DAY_MS) * DAY_MS;
        Span::clamped(midnight(first), midnight(first + DAY_MS))
    }

    /// `14:05`.
    #[must_use]
    pub fn clock(&self, at: TsMs) -> String {
        let minutes = self.local_ms(at).rem_euclid(DAY_MS) / MINUTE_MS;
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
    }

    /// `2026-03-29`.
    #[must_use]
    pub fn date(&self, at: TsMs) -> String {
        LocalDay(self.local_ms(at).div_euclid(DAY_MS)).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_follows_the_offset_in_force() {
        // Europe/Rome, 2026-03-29: 01:00 UTC is where +1 h becomes +2 h.
        let change = TsMs(1_774_746_000_000);
        let rome = LocalTime {
            steps: vec![(TsMs(0), 3_600_000), (change, 7_200_000)],
        };
        assert_eq!(rome.clock(TsMs(change.0 - MINUTE_MS)), "01:59");
        assert_eq!(rome.clock(change), "03:00");
        assert_eq!(rome.date(change), "2026-03-29");
        assert_eq!(rome.date(TsMs(951_782_400_000)), "2000-02-29");
        let day = rome.day(change);
        assert_eq!(rome.clock(day.from()), "00:00");
        assert_eq!(rome.clock(day.to()), "00:00");
        assert_eq!(day.len(), DurMs(23 * 3_600_000), "the clock goes forward");
    }
}
