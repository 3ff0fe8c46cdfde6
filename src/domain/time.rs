//! Instants and durations: integer milliseconds, always UTC.

use serde::{Deserialize, Serialize};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

/// One minute in milliseconds: the grain of the stored counts.
pub const MINUTE_MS: i64 = 60_000;
/// One hour in milliseconds.
pub const HOUR_MS: i64 = 3_600_000;
/// One day of 24 hours in milliseconds.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct TsMs(pub i64);

/// A length of time in milliseconds.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct DurMs(pub i64);

impl TsMs {
    /// The start of the minute that holds this instant.
    #[must_use]
    pub const fn minute(self) -> Self {
        Self(self.0 - self.0.rem_euclid(MINUTE_MS))
    }

    /// The start of the UTC hour that holds this instant.
    #[must_use]
    pub const fn hour(self) -> Self {
        Self(self.0 - self.0.rem_euclid(HOUR_MS))
    }
}

impl DurMs {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// The same length in seconds.
    #[must_use]
    pub fn secs(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}

impl Add<DurMs> for TsMs {
    type Output = Self;
    fn add(self, rhs: DurMs) -> Self {
        Self(self.0 + rhs.0)
    }
}

impl Sub<DurMs> for TsMs {
    type Output = Self;
    fn sub(self, rhs: DurMs) -> Self {
        Self(self.0 - rhs.0)
    }
}

impl Sub for TsMs {
    type Output = DurMs;
    fn sub(self, rhs: Self) -> DurMs {
        DurMs(self.0 - rhs.0)
    }
}

impl Add for DurMs {
    type Output = Self;
    fn add(self, rhs: Self) -> Self {
        Self(self.0 + rhs.0)
    }
}

impl Sub for DurMs {
    type Output = Self;
    fn sub(self, rhs: Self) -> Self {
        Self(self.0 - rhs.0)
    }
}

impl AddAssign for DurMs {
    fn add_assign(&mut self, rhs: Self) {
        self.0 += rhs.0;
    }
}

impl Sum for DurMs {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

/// A half-open stretch of time `[from, to)`; `from <= to` always holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Span {
    from: TsMs,
    to: TsMs,
}

impl Span {
    /// All time.
    pub const EVER: Self = Self {
        from: TsMs(i64::MIN),
        to: TsMs(i64::MAX),
    };

    /// The stretch from `from` to `to`, or `None` when it would end before it starts.
    #[must_use]
    pub fn new(from: TsMs, to: TsMs) -> Option<Self> {
        (from <= to).then_some(Self { from, to })
    }

    /// The stretch from `from` to `to`; empty (at `from`) when `to` lies before it.
    #[must_use]
    pub fn clamped(from: TsMs, to: TsMs) -> Self {
        Self {
            from,
            to: to.max(from),
        }
    }

    /// The first instant.
    #[must_use]
    pub const fn from(self) -> TsMs {
        self.from
    }

    /// The first instant after the end.
    #[must_use]
    pub const fn to(self) -> TsMs {
        self.to
    }

    /// `to - from`.
    #[must_use]
    pub fn len(self) -> DurMs {
        self.to - self.from
    }

    /// Whether it holds no time.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.from == self.to
    }

    /// Whether `at` lies inside.
    #[must_use]
    pub fn contains(self, at: TsMs) -> bool {
        self.from <= at && at < self.to
    }

    /// What both stretches share, or `None` when they share no time.
    #[must_use]
    pub fn intersect(self, other: Self) -> Option<Self> {
        let (from, to) = (self.from.max(other.from), self.to.min(other.to));
        (from < to).then_some(Self { from, to })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_and_hours_round_down_before_1970_too() {
        assert_eq!(TsMs(-1).minute(), TsMs(-MINUTE_MS));
        assert_eq!(TsMs(59_999).minute(), TsMs(0));
        assert_eq!(TsMs(HOUR_MS + 1).hour(), TsMs(HOUR_MS));
    }

    #[test]
    fn touching_spans_share_nothing() {
        let a = Span::clamped(TsMs(0), TsMs(10));
        let b = Span::clamped(TsMs(10), TsMs(20));
        assert_eq!(a.intersect(b), None);
        assert!(a.contains(TsMs(0)) && !a.contains(TsMs(10)));
        assert_eq!(Span::new(TsMs(2), TsMs(1)), None);
    }
}
