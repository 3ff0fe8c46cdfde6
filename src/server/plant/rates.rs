//! Ideal rates of products on machines, and how long changeovers should take.

use crate::domain::dated::Dated;
use crate::domain::ids::{LineId, MachineId, ProductId};
use crate::domain::rate::IdealRate;
use crate::domain::target::Targets;
use crate::domain::time::{DurMs, TsMs};
use crate::server::db::rates::{ChangeoverRow, RateRow, TargetRow};
use std::collections::HashMap;

/// The ideal rate of a product on a machine, with where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The rate.
    pub ideal: IdealRate,
    /// What is counted.
    pub unit: String,
    /// Where it comes from: nameplate, time study, best demonstrated.
    pub source: String,
    /// From when on it holds.
    pub valid_from: TsMs,
}

/// Rates by machine and product, with the instant from which each holds.
pub type Rates = HashMap<(MachineId, ProductId), Dated<TsMs, Rate>>;

pub(super) fn rates(rows: Vec<RateRow>) -> Rates {
    let mut lists: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        let Some(ideal) = IdealRate::new(row.units, row.per_ms) else {
            continue;
        };
        let rate = Rate {
            ideal,
            unit: row.unit,
            source: row.origin,
            valid_from: TsMs(row.valid_from),
        };
        let key = (MachineId(row.machine_id), ProductId(row.product_id));
        lists.entry(key).or_default().push((rate.valid_from, rate));
    }
    lists
        .into_iter()
        .map(|(key, list)| (key, Dated::new(list)))
        .collect()
}

pub(super) fn targets(rows: &[TargetRow], line: LineId) -> Dated<TsMs, Targets> {
    let of_line = rows.iter().filter(|r| r.line_id == line.0);
    let entry = |row: &TargetRow| {
        let targets = Targets {
            availability: row.availability,
            performance: row.performance,
            quality: row.quality,
            oee: row.oee,
        };
        (TsMs(row.valid_from), targets)
    };
    Dated::new(of_line.map(entry).collect())
}

/// How long the changeovers of lines should take, by the products before and after.
pub type Changeovers = HashMap<(LineId, ProductId, ProductId), DurMs>;

pub(super) fn changeovers(rows: &[ChangeoverRow]) -> Changeovers {
    let entry = |row: &ChangeoverRow| {
        let (from, to) = (ProductId(row.from_product), ProductId(row.to_product));
        ((LineId(row.line_id), from, to), DurMs(row.target_ms))
    };
    rows.iter().map(entry).collect()
}
