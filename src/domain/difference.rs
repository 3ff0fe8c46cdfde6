//! What makes two periods different.
//!
//! Losses as shares of known planned time add up to `1 - OEE`, so their differences add up to the difference of OEE,
//! exactly. The factors A, P and Q share a difference by Shapley (mean over the six orders in which they can change) or
//! by the logarithmic mean (LMDI, Ang 2005); both add up to it as well.

use super::account::Account;
use super::figure::{Figure, Why};
use super::loss::{Loss, LossKind, LossTree};
use serde::{Deserialize, Serialize};

/// What one loss contributes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Contribution {
    /// Which.
    pub loss: Loss,
    /// Its share of known planned time before.
    pub before: f64,
    /// The same after.
    pub after: f64,
    /// By how much it changed OEE: negative when it grew.
    pub effect: f64,
}

/// What makes OEE different.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Difference {
    /// OEE after less OEE before.
    pub delta: f64,
    /// Every loss that is in either; their effects add up to `delta`.
    pub losses: Vec<Contribution>,
    /// Effects of availability, performance, quality (Shapley); `None` when one of them has no value.
    pub factors: Option<[f64; 3]>,
}

/// The difference of two accounts.
///
/// # Errors
/// Why one of them has no OEE.
pub fn difference(before: &Account, after: &Account) -> Result<Difference, Why> {
    let known = |account: &Account| match account.oee() {
        Figure::Known(oee) => Ok(oee),
        Figure::Unknown(why) => Err(why),
    };
    let delta = known(after)? - known(before)?;
    let share = |account: &Account, loss: Loss| {
        LossTree::of(account).exact(loss).0 as f64 / (account.known().0 as f64 * 1e6)
    };
    let counted = |loss: &Loss| {
        !matches!(
            loss.kind(),
            LossKind::Outside | LossKind::Unknown | LossKind::Good
        )
    };
    let losses = Loss::ALL.into_iter().filter(counted).filter_map(|loss| {
        let (b, a) = (share(before, loss), share(after, loss));
        (b != 0.0 || a != 0.0).then_some(Contribution {
            loss,
            before: b,
            after: a,
            effect: b - a,
        })
    });
    let factors = |account: &Account| {
        Some([
            account.availability().value()?,
            account.performance().value()?,
            account.quality().value()?,
        ])
    };
    Ok(Difference {
        delta,
        losses: losses.collect(),
        factors: factors(before)
            .zip(factors(after))
            .map(|(b, a)| shapley(b, a)),
    })
}

/// Shares the difference of the products of three factors: the mean of each factor's effect over all orders of change.
#[must_use]
pub fn shapley(before: [f64; 3], after: [f64; 3]) -> [f64; 3] {
    let mut out = [0.0; 3];
    for (i, share) in out.iter_mut().enumerate() {
        let (j, k) = ((i + 1) % 3, (i + 2) % 3);
        let (b, a) = ((before[j], before[k]), (after[j], after[k]));
        let others = (b.0 * b.1 + a.0 * a.1) / 3.0 + (b.0 * a.1 + a.0 * b.1) / 6.0;
        *share = (after[i] - before[i]) * others;
    }
    out
}

/// The same by the logarithmic mean; `None` when a factor is 0.
#[must_use]
pub fn lmdi(before: [f64; 3], after: [f64; 3]) -> Option<[f64; 3]> {
    if before.iter().chain(&after).any(|f| *f <= 0.0) {
        return None;
    }
    let (b, a): (f64, f64) = (before.iter().product(), after.iter().product());
    let mean = if (a - b).abs() < f64::EPSILON {
        a
    } else {
        (a - b) / (a / b).ln()
    };
    Some([0, 1, 2].map(|i| mean * (after[i] / before[i]).ln()))
}
