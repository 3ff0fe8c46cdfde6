//! How often a machine fails and how long it takes to mend, with intervals that stay honest for few failures.
//!
//! ```text
//! MTBF = (run time + changeover) / failures      (ISO 22400-2: TBF is operating time, set-up in it)
//! MTTF = run time / failures                      MTTR = length of the mended stops / their number
//! ```
//! Failures are taken as a Poisson process over operating time (Garwood 1936): with `k` failures in time `T` the two-sided
//! interval of the rate at level `1 - a` is `[chi2(a/2, 2k) / 2T, chi2(1 - a/2, 2k + 2) / 2T]`. Without a failure the one
//! bound that can be given is `MTBF >= T / -ln(a)`, the "rule of three" at 95 %.

use super::account::Account;
use super::time::DurMs;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ChiSquared, ContinuousCDF};

/// One minus the confidence of the intervals.
const ALPHA: f64 = 0.05;

/// A mean time, or what can be said instead.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum MeanTime {
    /// The mean in milliseconds with its 95 % interval.
    Mean {
        /// The mean.
        mean_ms: f64,
        /// The lower bound.
        low_ms: f64,
        /// The upper bound.
        high_ms: f64,
        /// How many it is the mean of.
        n: i64,
    },
    /// Nothing failed: the mean is at least this, with 95 % confidence.
    AtLeast {
        /// The bound in milliseconds.
        low_ms: f64,
    },
    /// There was no time in which it could have failed, or nothing was mended.
    None,
}

impl MeanTime {
    /// The mean, where there is one.
    #[must_use]
    pub const fn mean_ms(self) -> Option<f64> {
        match self {
            Self::Mean { mean_ms, .. } => Some(mean_ms),
            Self::AtLeast { .. } | Self::None => None,
        }
    }
}

/// The quantile `p` of chi-squared with `df` degrees of freedom.
fn chi2(p: f64, df: f64) -> Option<f64> {
    Some(ChiSquared::new(df).ok()?.inverse_cdf(p))
}

/// The mean time between `failures` in an operating time.
#[must_use]
pub fn between(time: DurMs, failures: i64) -> MeanTime {
    let t = time.0 as f64;
    if time <= DurMs::ZERO {
        return MeanTime::None;
    }
    if failures <= 0 {
        return MeanTime::AtLeast {
            low_ms: t / -ALPHA.ln(),
        };
    }
    let k = failures as f64;
    let bounds = chi2(1.0 - ALPHA / 2.0, 2.0 * k + 2.0).zip(chi2(ALPHA / 2.0, 2.0 * k));
    bounds.map_or(MeanTime::None, |(most, least)| MeanTime::Mean {
        mean_ms: t / k,
        low_ms: 2.0 * t / most,
        high_ms: 2.0 * t / least,
        n: failures,
    })
}

/// The mean length of `n` repairs, taken as exponential: the interval is `[2S / chi2(1 - a/2, 2n), 2S / chi2(a/2, 2n)]`.
#[must_use]
pub fn to_repair(total: DurMs, n: i64) -> MeanTime {
    if n <= 0 {
        return MeanTime::None;
    }
    let (s, df) = (total.0 as f64, 2.0 * n as f64);
    let bounds = chi2(1.0 - ALPHA / 2.0, df).zip(chi2(ALPHA / 2.0, df));
    bounds.map_or(MeanTime::None, |(most, least)| MeanTime::Mean {
        mean_ms: s / n as f64,
        low_ms: 2.0 * s / most,
        high_ms: 2.0 * s / least,
        n,
    })
}

/// The three of an account.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Reliability {
    /// Mean operating time between failures.
    pub mtbf: MeanTime,
    /// Mean run time to failure.
    pub mttf: MeanTime,
    /// Mean time to repair.
    pub mttr: MeanTime,
}

impl Reliability {
    /// The three of an account.
    #[must_use]
    pub fn of(account: &Account) -> Self {
        let run = account.run_time();
        Self {
            mtbf: between(run + account.changeover, account.failures),
            mttf: between(run, account.failures),
            mttr: to_repair(account.repair, account.repairs),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_failure_there_is_only_a_lower_bound() {
        let MeanTime::AtLeast { low_ms } = between(DurMs(2_996_000), 0) else {
            panic!("no mean without failures");
        };
        assert!((low_ms - 1_000_090.0).abs() < 100.0, "T / 2.996: {low_ms}");
        assert_eq!(between(DurMs::ZERO, 0), MeanTime::None);
        assert_eq!(to_repair(DurMs(5), 0), MeanTime::None);
    }
}
