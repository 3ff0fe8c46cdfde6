//! The loss tree: calendar time down to good output, in parts that close to the nanosecond; and the views of it that
//! people know: the six big losses, the time elements of ISO 22400-2.

use super::account::Account;
use super::rate::IdealNs;
use super::time::DurMs;
use serde::{Deserialize, Serialize};

/// A leaf of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// Outside every shift, or nobody wanted production.
    NotScheduled,
    /// Breaks and planned stops.
    PlannedStops,
    /// Unplanned stops.
    Unplanned,
    /// Set-up and adjustment.
    Changeover,
    /// Waiting for what comes before.
    Starved,
    /// Waiting for what comes after.
    Blocked,
    /// Stops shorter than the threshold.
    MinorStops,
    /// Run time beyond the ideal time of the output. Negative when the machine was faster than its ideal rate.
    Speed,
    /// Run time of pieces without an ideal rate, together with whatever speed was lost: they cannot be told apart.
    Unrated,
    /// Ideal time of pieces scrapped while starting up.
    StartUp,
    /// Ideal time of other scrapped pieces.
    Scrap,
    /// Ideal time of pieces sent to rework.
    Rework,
    /// Ideal time of pieces whose quality nobody reported: neither good nor lost.
    Ungraded,
    /// No data.
    Unknown,
    /// Ideal time of good pieces: fully productive time.
    Good,
}

/// What kind of loss a leaf is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LossKind {
    /// Not part of planned production time.
    Outside,
    /// Lowers availability.
    Availability,
    /// Lowers performance.
    Performance,
    /// Lowers quality.
    Quality,
    /// Neither run nor loss.
    Unknown,
    /// What remains.
    Good,
}

impl Loss {
    /// Every leaf, from the calendar inwards.
    pub const ALL: [Self; 15] = [
        Self::NotScheduled,
        Self::PlannedStops,
        Self::Unplanned,
        Self::Changeover,
        Self::Starved,
        Self::Blocked,
        Self::MinorStops,
        Self::Speed,
        Self::Unrated,
        Self::StartUp,
        Self::Scrap,
        Self::Rework,
        Self::Ungraded,
        Self::Unknown,
        Self::Good,
    ];

    /// What kind of loss it is.
    #[must_use]
    pub const fn kind(self) -> LossKind {
        match self {
            Self::NotScheduled | Self::PlannedStops => LossKind::Outside,
            Self::Unplanned | Self::Changeover | Self::Starved | Self::Blocked => {
                LossKind::Availability
            }
            Self::MinorStops | Self::Speed | Self::Unrated => LossKind::Performance,
            Self::StartUp | Self::Scrap | Self::Rework => LossKind::Quality,
            Self::Ungraded | Self::Unknown => LossKind::Unknown,
            Self::Good => LossKind::Good,
        }
    }

    /// Its name for people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::NotScheduled => "Not scheduled",
            Self::PlannedStops => "Planned stops",
            Self::Unplanned => "Unplanned stops",
            Self::Changeover => "Changeover",
            Self::Starved => "Starved",
            Self::Blocked => "Blocked",
            Self::MinorStops => "Minor stops",
            Self::Speed => "Speed loss",
            Self::Unrated => "Run without ideal rate",
            Self::StartUp => "Start-up rejects",
            Self::Scrap => "Scrap",
            Self::Rework => "Rework",
            Self::Ungraded => "Quality not reported",
            Self::Unknown => "No data",
            Self::Good => "Good output at the ideal rate",
        }
    }
}

/// Time in nanoseconds.
const fn ns(time: DurMs) -> i64 {
    time.0.saturating_mul(1_000_000)
}

/// The tree of one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LossTree([i64; Loss::ALL.len()]);

impl LossTree {
    /// The tree of an account. Its leaves add up to the account's calendar time, to the nanosecond; those inside planned
    /// production time to that.
    #[must_use]
    pub fn of(account: &Account) -> Self {
        let a = account;
        let scrap =
            a.ideal_total - a.ideal_good - a.ideal_rework - a.ideal_ungraded - a.ideal_start_up;
        let slow = ns(a.run).saturating_sub(a.ideal_total.0);
        let (speed, unrated) = if a.unrated > 0 { (0, slow) } else { (slow, 0) };
        Self(Loss::ALL.map(|loss| match loss {
            Loss::NotScheduled => ns(a.not_scheduled),
            Loss::PlannedStops => ns(a.planned),
            Loss::Unplanned => ns(a.unplanned),
            Loss::Changeover => ns(a.changeover),
            Loss::Starved => ns(a.starved),
            Loss::Blocked => ns(a.blocked),
            Loss::MinorStops => ns(a.minor),
            Loss::Speed => speed,
            Loss::Unrated => unrated,
            Loss::StartUp => a.ideal_start_up.0,
            Loss::Scrap => scrap.0,
            Loss::Rework => a.ideal_rework.0,
            Loss::Ungraded => a.ideal_ungraded.0,
            Loss::Unknown => ns(a.unknown),
            Loss::Good => a.ideal_good.0,
        }))
    }

    /// The time of a leaf, to the nanosecond.
    #[must_use]
    pub fn exact(&self, loss: Loss) -> IdealNs {
        let place = Loss::ALL.iter().position(|l| *l == loss);
        IdealNs(place.map_or(0, |p| self.0[p]))
    }

    /// Every leaf in whole milliseconds. They add up to the calendar time exactly: the fractions of the ideal times are
    /// dealt out by largest remainder, among the leaves that share run time.
    #[must_use]
    pub fn leaves(&self) -> Vec<(Loss, DurMs)> {
        let mut out: Vec<(Loss, i64, i64)> = Loss::ALL
            .into_iter()
            .zip(self.0)
            .map(|(loss, ns)| (loss, ns.div_euclid(1_000_000), ns.rem_euclid(1_000_000)))
            .collect();
        // All leaves together are whole milliseconds, so the remainders are too.
        let mut missing = out.iter().map(|(_, _, rest)| rest).sum::<i64>() / 1_000_000;
        let mut order: Vec<usize> = (0..out.len()).collect();
        order.sort_by_key(|i| std::cmp::Reverse(out[*i].2));
        for i in order {
            if missing > 0 {
                out[i].1 += 1;
                missing -= 1;
            }
        }
        out.into_iter()
            .map(|(loss, ms, _)| (loss, DurMs(ms)))
            .collect()
    }

    /// The leaves inside planned production time, in whole milliseconds.
    #[must_use]
    pub fn planned_leaves(&self) -> Vec<(Loss, DurMs)> {
        let mut leaves = self.leaves();
        leaves.retain(|(loss, _)| loss.kind() != LossKind::Outside);
        leaves
    }
}

/// The six big losses of total productive maintenance (Nakajima), in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SixBigLosses {
    /// 1: breakdowns; unplanned stops.
    pub breakdowns: DurMs,
    /// 2: set-up and adjustment.
    pub set_up: DurMs,
    /// 3: idling and minor stops; waiting for other machines is idling.
    pub idling_and_minor_stops: DurMs,
    /// 4: reduced speed.
    pub reduced_speed: DurMs,
    /// 5: process defects: scrap and rework.
    pub process_defects: DurMs,
    /// 6: reduced yield: rejects while starting up.
    pub reduced_yield: DurMs,
}

impl SixBigLosses {
    /// The six of a tree.
    #[must_use]
    pub fn of(tree: &LossTree) -> Self {
        let leaves = tree.leaves();
        let sum = |wanted: &[Loss]| {
            let of = leaves.iter().filter(|(loss, _)| wanted.contains(loss));
            of.map(|(_, time)| *time).sum()
        };
        Self {
            breakdowns: sum(&[Loss::Unplanned]),
            set_up: sum(&[Loss::Changeover]),
            idling_and_minor_stops: sum(&[Loss::MinorStops, Loss::Starved, Loss::Blocked]),
            reduced_speed: sum(&[Loss::Speed, Loss::Unrated]),
            process_defects: sum(&[Loss::Scrap, Loss::Rework]),
            reduced_yield: sum(&[Loss::StartUp]),
        }
    }
}

/// Time and quantity elements of ISO 22400-2, in milliseconds and pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub struct IsoElements {
    /// Planned operation time: scheduled time.
    pub pot: DurMs,
    /// Planned busy time: planned production time.
    pub pbt: DurMs,
    /// Actual unit busy time: processing and delays.
    pub aubt: DurMs,
    /// Actual unit processing time: production and set-up.
    pub aupt: DurMs,
    /// Actual production time: run time, minor stops in it.
    pub apt: DurMs,
    /// Actual set-up time.
    pub aust: DurMs,
    /// Actual unit delay time: unplanned stops and waiting.
    pub adet: DurMs,
    /// Produced quantity.
    pub pq: i64,
    /// Good quantity.
    pub gq: i64,
    /// Scrap quantity.
    pub sq: i64,
    /// Rework quantity.
    pub rq: i64,
}

impl IsoElements {
    /// The elements of an account.
    #[must_use]
    pub fn of(a: &Account) -> Self {
        let delay = a.unplanned + a.waiting();
        let processing = a.run_time() + a.changeover;
        Self {
            pot: a.scheduled(),
            pbt: a.planned_production(),
            aubt: processing + delay,
            aupt: processing,
            apt: a.run_time(),
            aust: a.changeover,
            adet: delay,
            pq: a.counts.total(),
            gq: a.counts.good,
            sq: a.counts.scrap,
            rq: a.counts.rework,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_close_to_the_millisecond_whatever_the_fractions() {
        for shift in 0..7 {
            let account = Account {
                run: DurMs(10_000),
                minor: DurMs(20),
                unplanned: DurMs(300),
                ideal_total: IdealNs(9_000_000_001 + shift * 333_333),
                ideal_good: IdealNs(8_100_333_333),
                ideal_rework: IdealNs(100_666_667 + shift),
                ideal_start_up: IdealNs(3),
                ..Account::default()
            };
            let tree = LossTree::of(&account);
            let sum: DurMs = tree.leaves().into_iter().map(|(_, time)| time).sum();
            assert_eq!(sum, account.calendar());
            let exact: i64 = Loss::ALL.into_iter().map(|l| tree.exact(l).0).sum();
            assert_eq!(exact, account.calendar().0 * 1_000_000);
        }
    }

    #[test]
    fn a_machine_faster_than_ideal_has_a_negative_speed_loss_and_still_closes() {
        let account = Account {
            run: DurMs(1_000),
            ideal_total: IdealNs(1_200_000_500),
            ideal_good: IdealNs(1_200_000_500),
            ..Account::default()
        };
        let tree = LossTree::of(&account);
        assert!(tree.exact(Loss::Speed).0 < 0);
        let sum: DurMs = tree
            .planned_leaves()
            .into_iter()
            .map(|(_, time)| time)
            .sum();
        assert_eq!(sum, DurMs(1_000));
    }
}
