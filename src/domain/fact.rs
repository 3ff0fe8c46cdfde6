//! Facts: what happened, where, when, who says so. Append-only; everything else is computed from them.

use super::ids::{MachineId, ProductId, SourceId};
use super::machine_state::MachineState;
use super::time::TsMs;
use serde::{Deserialize, Serialize};
use std::ops::{Add, AddAssign};

/// Pieces by quality. `ungraded` are pieces that were made and whose quality nobody reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Counts {
    /// Good at first pass.
    #[serde(default)]
    pub good: i64,
    /// Thrown away.
    #[serde(default)]
    pub scrap: i64,
    /// Sent back to be reworked; not good at first pass.
    #[serde(default)]
    pub rework: i64,
    /// Made, quality not reported.
    #[serde(default)]
    pub ungraded: i64,
}

impl Counts {
    /// Everything that was made.
    #[must_use]
    pub const fn total(self) -> i64 {
        self.good + self.scrap + self.rework + self.ungraded
    }

    /// Whether nothing was made.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.good == 0 && self.scrap == 0 && self.rework == 0 && self.ungraded == 0
    }

    /// The count of one channel, as `Counts`.
    #[must_use]
    pub fn of(channel: Channel, n: i64) -> Self {
        let mut counts = Self::default();
        *match channel {
            Channel::Good => &mut counts.good,
            Channel::Scrap => &mut counts.scrap,
            Channel::Rework => &mut counts.rework,
            Channel::Ungraded => &mut counts.ungraded,
        } = n;
        counts
    }
}

impl Add for Counts {
    type Output = Self;
    fn add(self, rhs: Self) -> Self {
        Self {
            good: self.good + rhs.good,
            scrap: self.scrap + rhs.scrap,
            rework: self.rework + rhs.rework,
            ungraded: self.ungraded + rhs.ungraded,
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, rhs: Self) {
        *self = *self + rhs;
    }
}

/// Which pieces an absolute counter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Good pieces.
    Good,
    /// Scrapped pieces.
    Scrap,
    /// Pieces for rework.
    Rework,
    /// All pieces, quality not reported.
    Ungraded,
}

/// What happened. Serialised, this is the body of a stored fact: names are short because there are many.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FactKind {
    /// The machine went into a state, and stays there until the next one.
    #[serde(rename = "s")]
    State {
        /// The state.
        #[serde(rename = "s")]
        state: MachineState,
        /// The fault that the machine names as the cause.
        #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
        fault: Option<String>,
    },
    /// The machine's fault bit was set or cleared.
    #[serde(rename = "f")]
    Fault {
        /// Its code in the machine's own catalogue.
        #[serde(rename = "c")]
        code: String,
        /// Set or cleared.
        #[serde(rename = "a")]
        active: bool,
    },
    /// Another product or job is on the machine from now on.
    #[serde(rename = "p")]
    Product {
        /// The product; `None`: the product stays.
        #[serde(rename = "p")]
        product: Option<ProductId>,
        /// The job or order, as the sender names it; `None`: the job stays.
        #[serde(rename = "j", default, skip_serializing_if = "Option::is_none")]
        job: Option<String>,
    },
    /// Pieces made since the sender's last report.
    #[serde(rename = "n")]
    Count {
        /// How many, by quality.
        #[serde(rename = "n")]
        counts: Counts,
        /// What they are, when the sender knows better than "the current product".
        #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
        product: Option<ProductId>,
    },
    /// The reading of an absolute counter; the fold takes differences.
    #[serde(rename = "c")]
    Counter {
        /// What it counts.
        #[serde(rename = "c")]
        channel: Channel,
        /// Its reading.
        #[serde(rename = "v")]
        value: i64,
    },
    /// A free measurement: temperature, power, speed.
    #[serde(rename = "m")]
    Measurement {
        /// What was measured.
        #[serde(rename = "n")]
        name: String,
        /// The value.
        #[serde(rename = "v")]
        value: f64,
        /// Its unit.
        #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
        unit: Option<String>,
    },
}

impl FactKind {
    /// The order of facts that carry the same instant: first what the machine is and makes, then how many it made,
    /// so that a count reported together with a state change belongs to the new state.
    #[must_use]
    pub const fn rank(&self) -> i64 {
        match self {
            Self::Product { .. } => 0,
            Self::State { .. } => 1,
            Self::Fault { .. } => 2,
            Self::Count { .. } => 3,
            Self::Counter { .. } => 4,
            Self::Measurement { .. } => 5,
        }
    }
}

/// The total order of a machine's facts: time, then kind, then sender, then the sender's own id.
/// It depends on nothing but the facts, so any order of arrival folds to the same timeline.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FactKey {
    /// When it happened.
    pub at: TsMs,
    /// [`FactKind::rank`].
    pub rank: i64,
    /// Who says so.
    pub source: SourceId,
    /// The sender's id of the item.
    pub item: String,
}

/// One thing that happened to one machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// Who says so.
    pub source: SourceId,
    /// The sender's id of it, unique within the source and kept over retries.
    pub item: String,
    /// Where.
    pub machine: MachineId,
    /// When.
    pub at: TsMs,
    /// What.
    pub kind: FactKind,
}

impl Fact {
    /// Its place in the order of the machine's facts.
    #[must_use]
    pub fn key(&self) -> FactKey {
        FactKey {
            at: self.at,
            rank: self.kind.rank(),
            source: self.source,
            item: self.item.clone(),
        }
    }
}
