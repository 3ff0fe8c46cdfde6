//! How ideal rates and the wanted length of changeovers are written down.

use super::shifts::NOT_A_MOMENT;
use super::{FieldError, PlantDef};
use crate::domain::day::Moment;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// `units` pieces in `per_s` seconds is the best that the machine can do with the product.
///
/// A changed rate holds from now on, or from `from` on. Several rates of one product on one machine each need a `from`;
/// from the earliest on they are all that holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RateDef {
    /// The machine's code.
    pub machine: String,
    /// The product's code.
    pub product: String,
    /// Pieces.
    pub units: i64,
    /// Seconds for that many pieces.
    pub per_s: i64,
    /// What is counted; absent: the product's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Where the rate comes from: nameplate, time study, best demonstrated.
    #[serde(default)]
    pub source: String,
    /// From when on it holds: local such as `2026-07-06T14:30`, or RFC 3339. The past is restated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

/// How long a line's changeover from one product to another should take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ChangeoverTargetDef {
    /// The line's code.
    pub line: String,
    /// The code of the product before.
    pub from: String,
    /// The code of the product after.
    pub to: String,
    /// The wanted length.
    pub minutes: i64,
}

/// The longest changeover and the slowest rate that can be meant: a year.
const MAX_MINUTES: i64 = 366 * 24 * 60;

pub(super) fn check(def: &PlantDef, found: &mut Vec<FieldError>) {
    check_references(def, found);
    let mut wrong = |field: String, problem: String| found.push(FieldError::new(field, problem));
    let units: HashMap<&str, &str> = def
        .products
        .iter()
        .map(|p| (p.code.as_str(), p.unit.as_str()))
        .collect();
    for (i, product) in def.products.iter().enumerate() {
        if product.unit.trim().is_empty() {
            wrong(format!("product[{i}].unit"), "must not be empty".to_owned());
        }
    }
    let mut given = HashMap::new();
    for rate in &def.rates {
        *given.entry((&rate.machine, &rate.product)).or_insert(0) += 1;
    }
    let mut froms = HashSet::new();
    for (i, rate) in def.rates.iter().enumerate() {
        if rate.units <= 0 {
            wrong(format!("rate[{i}].units"), "must be above 0".to_owned());
        }
        if !(1..=MAX_MINUTES * 60).contains(&rate.per_s) {
            let problem = "must be above 0 and at most a year";
            wrong(format!("rate[{i}].per_s"), problem.to_owned());
        }
        if let Some((unit, counted)) = rate.unit.as_deref().zip(units.get(rate.product.as_str()))
            && unit != *counted
        {
            let problem = format!(
                "product '{}' is counted in {counted}, not in {unit}",
                rate.product
            );
            wrong(format!("rate[{i}].unit"), problem);
        }
        let field = || format!("rate[{i}].from");
        let several = given
            .get(&(&rate.machine, &rate.product))
            .is_some_and(|n| *n > 1);
        match rate.from.as_deref() {
            Some(text) if Moment::parse(text).is_none() => wrong(field(), NOT_A_MOMENT.to_owned()),
            None if several => wrong(
                field(),
                format!(
                    "'{}' on '{}' has several rates: each must say from when on",
                    rate.product, rate.machine
                ),
            ),
            _ => {}
        }
        let from = rate.from.as_deref().and_then(Moment::parse);
        if from.is_some() && !froms.insert((&rate.machine, &rate.product, from)) {
            let problem = format!(
                "'{}' on '{}' has two rates from then on",
                rate.product, rate.machine
            );
            wrong(field(), problem);
        }
    }
    let mut pairs = HashSet::new();
    for (i, target) in def.changeover_targets.iter().enumerate() {
        if !(1..=MAX_MINUTES).contains(&target.minutes) {
            let problem = "must be above 0 and at most a year";
            wrong(
                format!("changeover_target[{i}].minutes"),
                problem.to_owned(),
            );
        }
        if target.from == target.to {
            let problem = "must be another product than from";
            wrong(format!("changeover_target[{i}].to"), problem.to_owned());
        }
        if !pairs.insert((&target.line, &target.from, &target.to)) {
            let problem = "this change is given twice";
            wrong(format!("changeover_target[{i}].to"), problem.to_owned());
        }
    }
}

fn check_references(def: &PlantDef, found: &mut Vec<FieldError>) {
    let lines: HashSet<_> = def.lines.iter().map(|l| &l.code).collect();
    let machines: HashSet<_> = def.machines.iter().map(|m| &m.code).collect();
    let products: HashSet<_> = def.products.iter().map(|p| &p.code).collect();
    let mut want = |known: bool, field: String, code: &str| {
        if !known {
            found.push(FieldError::new(field, format!("'{code}' is not defined")));
        }
    };
    for (i, rate) in def.rates.iter().enumerate() {
        want(
            machines.contains(&rate.machine),
            format!("rate[{i}].machine"),
            &rate.machine,
        );
        want(
            products.contains(&rate.product),
            format!("rate[{i}].product"),
            &rate.product,
        );
    }
    for (i, target) in def.changeover_targets.iter().enumerate() {
        let field = |name| format!("changeover_target[{i}].{name}");
        want(lines.contains(&target.line), field("line"), &target.line);
        want(products.contains(&target.from), field("from"), &target.from);
        want(products.contains(&target.to), field("to"), &target.to);
    }
}
