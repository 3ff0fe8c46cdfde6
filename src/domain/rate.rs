//! The ideal rate of a product on a machine, and the ideal time that it gives to pieces.

use serde::{Deserialize, Serialize};
use std::ops::{Add, AddAssign, Sub};

/// `units` pieces in `per_ms` milliseconds: the ideal rate of a product on a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdealRate {
    units: i64,
    per_ms: i64,
}

impl IdealRate {
    /// `units` pieces in `per_ms` milliseconds, or `None` unless both are above 0.
    #[must_use]
    pub fn new(units: i64, per_ms: i64) -> Option<Self> {
        (units > 0 && per_ms > 0).then_some(Self { units, per_ms })
    }

    /// Whether it is the same rate, however it is written: 60 a minute is 1 a second.
    #[must_use]
    pub fn equals(self, other: Self) -> bool {
        i128::from(self.units) * i128::from(other.per_ms)
            == i128::from(other.units) * i128::from(self.per_ms)
    }

    /// Pieces, and the milliseconds for that many, as it was written.
    #[must_use]
    pub const fn written(self) -> (i64, i64) {
        (self.units, self.per_ms)
    }

    /// The ideal time of `n` pieces, to the nearest nanosecond; of pieces told at once never more than a week, so that a
    /// counter gone mad cannot overflow the sums of years.
    #[must_use]
    pub fn time_of(self, n: i64) -> IdealNs {
        const MOST: i64 = 7 * 24 * 3_600_000_000_000;
        let ns = i128::from(n) * i128::from(self.per_ms) * 1_000_000;
        let units = i128::from(self.units);
        IdealNs(i64::try_from((ns + units / 2).div_euclid(units)).map_or(MOST, |ns| ns.min(MOST)))
    }

    /// Pieces per millisecond.
    #[must_use]
    pub fn per_ms(self) -> f64 {
        self.units as f64 / self.per_ms as f64
    }

    /// Milliseconds per piece: the ideal cycle time.
    #[must_use]
    pub fn cycle_ms(self) -> f64 {
        self.per_ms as f64 / self.units as f64
    }
}

/// Ideal time in nanoseconds: fine enough that sums over minutes equal the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct IdealNs(pub i64);

impl IdealNs {
    /// The same in seconds.
    #[must_use]
    pub fn secs(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl AddAssign for IdealNs {
    /// A counter gone mad must not turn a sum negative: it stays at the largest value, 292 years.
    fn add_assign(&mut self, o: Self) {
        self.0 = self.0.saturating_add(o.0);
    }
}

impl Add for IdealNs {
    type Output = Self;
    fn add(self, o: Self) -> Self {
        Self(self.0.saturating_add(o.0))
    }
}

impl Sub for IdealNs {
    type Output = Self;
    fn sub(self, o: Self) -> Self {
        Self(self.0.saturating_sub(o.0))
    }
}
