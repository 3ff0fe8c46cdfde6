//! Writes the rates and targets of a definition.

use super::{Moments, known};
use crate::domain::ids::{LineId, MachineId, ProductId};
use crate::domain::plant::{PlantDef, RateDef};
use crate::domain::rate::IdealRate;
use crate::domain::target::Targets;
use crate::domain::time::{DurMs, MINUTE_MS, TsMs};
use crate::server::db::Tx;
use crate::server::db::rates::{self as rows, RateRow};
use crate::server::plant::{Plant, Rate};
use std::collections::{BTreeMap, HashMap};

/// The numbers behind the codes of a definition.
pub(super) struct Codes<'a> {
    pub lines: &'a HashMap<&'a str, LineId>,
    pub machines: &'a HashMap<&'a str, MachineId>,
    pub products: &'a HashMap<&'a str, ProductId>,
}

/// From when on holds what was never said before: since ever.
const SINCE_EVER: TsMs = TsMs(0);

/// Rates of one product on one machine, each with the instant from which the definition says that it holds.
type Given = Vec<(Option<TsMs>, Rate)>;

/// Writes ideal rates, targets of lines and targets of changeovers.
pub(super) async fn write(
    tx: &mut Tx,
    def: &PlantDef,
    before: &Plant,
    codes: &Codes<'_>,
    at: &Moments,
) -> sqlx::Result<()> {
    let mut given: BTreeMap<_, Given> = BTreeMap::new();
    for rate in &def.rates {
        let key = (
            known(codes.machines, &rate.machine)?,
            known(codes.products, &rate.product)?,
        );
        let from = rate.from.as_deref().map(|t| at.instant(t)).transpose()?;
        given
            .entry(key)
            .or_default()
            .push((from, stated(def, rate)?));
    }
    for (key, rates) in given {
        put_rates(tx, key, rates, before, at.now).await?;
    }
    for line in &def.lines {
        let id = known(codes.lines, &line.code)?;
        let old = before.lines.iter().find(|l| l.id == id);
        let old = old.map(|l| l.targets.clone()).unwrap_or_default();
        let targets = Targets {
            availability: line.target_availability,
            performance: line.target_performance,
            quality: line.target_quality,
            oee: line.target_oee,
        };
        let from = line
            .targets_from
            .as_deref()
            .map(|t| at.instant(t))
            .transpose()?;
        let new = old.revised(vec![(from, targets)], SINCE_EVER, at.now, PartialEq::eq);
        if new != old {
            rows::clear_targets(tx, id).await?;
            for (from, targets) in new.entries() {
                rows::put_targets(tx, id, *from, *targets).await?;
            }
        }
    }
    for target in &def.changeover_targets {
        let products = (
            known(codes.products, &target.from)?,
            known(codes.products, &target.to)?,
        );
        let length = DurMs(target.minutes * MINUTE_MS);
        rows::put_changeover(tx, known(codes.lines, &target.line)?, products, length).await?;
    }
    Ok(())
}

/// A rate as the definition states it.
fn stated(def: &PlantDef, rate: &RateDef) -> sqlx::Result<Rate> {
    let product = def.products.iter().find(|p| p.code == rate.product);
    let unit = rate.unit.clone().or(product.map(|p| p.unit.clone()));
    Ok(Rate {
        ideal: IdealRate::new(rate.units, rate.per_s * 1000).ok_or(sqlx::Error::RowNotFound)?,
        unit: unit.unwrap_or_default(),
        source: rate.source.clone(),
        valid_from: SINCE_EVER,
    })
}

async fn put_rates(
    tx: &mut Tx,
    (machine, product): (MachineId, ProductId),
    given: Given,
    before: &Plant,
    now: TsMs,
) -> sqlx::Result<()> {
    let old = before
        .rates()
        .get(&(machine, product))
        .cloned()
        .unwrap_or_default();
    let keyless = given.iter().all(|(from, _)| from.is_none());
    // The same rate with another source is the same rate, unless the definition says from when on.
    let same = |a: &Rate, b: &Rate| {
        a.ideal.equals(b.ideal) && a.unit == b.unit && (keyless || a.source == b.source)
    };
    let new = old.revised(given, SINCE_EVER, now, same);
    let told = |rate: &Rate| (rate.ideal, rate.unit.clone(), rate.source.clone());
    let entries = |d: &[(TsMs, Rate)]| {
        d.iter()
            .map(|(from, r)| (*from, told(r)))
            .collect::<Vec<_>>()
    };
    if entries(new.entries()) == entries(old.entries()) {
        return Ok(());
    }
    rows::clear_rates(tx, machine, product).await?;
    for (from, rate) in new.entries() {
        let (units, per_ms) = rate.ideal.written();
        let row = RateRow {
            machine_id: machine.0,
            product_id: product.0,
            valid_from: from.0,
            units,
            per_ms,
            unit: rate.unit.clone(),
            origin: rate.source.clone(),
        };
        rows::put_rate(tx, &row).await?;
    }
    Ok(())
}
