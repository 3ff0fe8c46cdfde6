//! Setting up the plant.

use super::error::ServiceError;
use crate::domain::ids::MachineId;
use crate::domain::plant::{FieldError, PlantDef, RateDef, ShiftDef, minutes_of_day};
use crate::domain::time::TsMs;
use crate::server::db::plant::{self as rows, RateRow, SINCE_EVER};
use crate::server::db::{Db, Tx, reasons, settings};
use crate::server::plant::Plant;
use jiff::tz::TimeZone;
use std::collections::HashMap;

/// Makes the stored plant agree with a definition: new codes are added, known ones changed, absent ones left alone.
/// A changed rate holds from `now` on; what was made before keeps the rate of its time.
///
/// Returns the new model and the machines whose facts must be folded anew because the rules of their fold changed.
///
/// # Errors
/// [`ServiceError::Invalid`] with every wrong field; the engine's errors. Nothing is changed then.
pub async fn apply(
    db: &Db,
    def: &PlantDef,
    now: TsMs,
) -> Result<(Plant, Vec<MachineId>), ServiceError> {
    let mut problems = def.problems();
    if TimeZone::get(&def.site.zone).is_err() {
        let problem = format!(
            "'{}' is not a time zone of the IANA database",
            def.site.zone
        );
        problems.push(FieldError {
            field: "site.zone".to_owned(),
            problem,
        });
    }
    let before = Plant::load(db).await?;
    if problems.is_empty() {
        problems = above_themselves(def, &before);
    }
    if !problems.is_empty() {
        return Err(ServiceError::Invalid(problems));
    }
    let mut tx = db.begin().await?;
    write(&mut tx, def, now).await?;
    settings::increment(&mut tx, settings::PLANT_VERSION).await?;
    tx.commit().await?;
    let after = Plant::load(db).await?;
    let machines = after.lines.iter().flat_map(|l| &l.machines);
    let changed = machines.filter(|m| {
        before
            .machine(m.id)
            .is_some_and(|(_, old)| old.rules != m.rules)
    });
    let changed = changed.map(|m| m.id).collect();
    Ok((after, changed))
}

/// Reasons that would stand above themselves in the tree that is stored.
fn above_themselves(def: &PlantDef, before: &Plant) -> Vec<FieldError> {
    let reasons = &before.reasons;
    let stored = reasons.all().iter().map(|r| {
        let parent = r.parent.and_then(|p| reasons.get(p));
        (r.code.as_str(), parent.map_or("", |p| p.code.as_str()))
    });
    def.reasons_above_themselves(stored)
}

/// A number by code that the definition was checked to hold.
fn known<T: Copy>(map: &HashMap<&str, T>, code: &str) -> sqlx::Result<T> {
    map.get(code).copied().ok_or(sqlx::Error::RowNotFound)
}

fn position(i: usize) -> i64 {
    i64::try_from(i).unwrap_or(i64::MAX)
}

async fn write(tx: &mut Tx, def: &PlantDef, now: TsMs) -> sqlx::Result<()> {
    let site = rows::put_site(tx, &def.site).await?;
    let mut areas = HashMap::new();
    for (i, area) in def.areas.iter().enumerate() {
        areas.insert(
            area.code.as_str(),
            rows::put_area(tx, site, position(i), area).await?,
        );
    }
    let mut shifts = HashMap::new();
    for shift in &def.shifts {
        shifts.insert(shift.name.as_str(), put_shift(tx, shift).await?);
    }
    let mut lines = HashMap::new();
    for (i, line) in def.lines.iter().enumerate() {
        let id = rows::put_line(tx, known(&areas, &line.area)?, position(i), line).await?;
        let ids: Vec<i64> = line
            .shifts
            .iter()
            .map(|s| known(&shifts, s))
            .collect::<sqlx::Result<_>>()?;
        rows::put_line_shifts(tx, id, &ids).await?;
        lines.insert(line.code.as_str(), id);
    }
    let mut machines = HashMap::new();
    for (i, machine) in def.machines.iter().enumerate() {
        let id = rows::put_machine(tx, known(&lines, &machine.line)?, position(i), machine).await?;
        machines.insert(machine.code.as_str(), id);
    }
    let mut products = HashMap::new();
    for product in &def.products {
        products.insert(product.code.as_str(), rows::put_product(tx, product).await?);
    }
    for rate in &def.rates {
        let (machine, product) = (
            known(&machines, &rate.machine)?,
            known(&products, &rate.product)?,
        );
        let last = rows::latest_rate(tx, machine, product).await?;
        put_rate(tx, rate, (machine.0, product.0), last, now).await?;
    }
    reasons::put(tx, &def.reasons).await?;
    for fault in &def.faults {
        rows::put_fault(tx, known(&machines, &fault.machine)?, fault).await?;
    }
    Ok(())
}

async fn put_shift(tx: &mut Tx, shift: &ShiftDef) -> sqlx::Result<i64> {
    let minutes = |text: &str| minutes_of_day(text).unwrap_or(0);
    let days = shift
        .days
        .iter()
        .fold(0_i64, |bits, day| bits | 1 << (day - 1));
    let breaks: Vec<(i64, i64)> = shift
        .breaks
        .iter()
        .map(|b| (minutes(&b.start), minutes(&b.end)))
        .collect();
    let breaks = serde_json::to_string(&breaks).map_err(|e| sqlx::Error::Encode(Box::new(e)))?;
    rows::put_shift(
        tx,
        &shift.name,
        days,
        (minutes(&shift.start), minutes(&shift.end)),
        &breaks,
    )
    .await
}

async fn put_rate(
    tx: &mut Tx,
    rate: &RateDef,
    (machine_id, product_id): (i64, i64),
    last: Option<RateRow>,
    now: TsMs,
) -> sqlx::Result<()> {
    let (units, per_ms, origin) = (rate.units, rate.per_s * 1000, rate.source.clone());
    let valid_from = match last {
        None => SINCE_EVER.0,
        // The same rate, however it is written: only its origin may change.
        Some(old)
            if i128::from(old.units) * i128::from(per_ms)
                == i128::from(units) * i128::from(old.per_ms) =>
        {
            old.valid_from
        }
        Some(_) => now.minute().0,
    };
    rows::put_rate(
        tx,
        &RateRow {
            machine_id,
            product_id,
            valid_from,
            units,
            per_ms,
            origin,
        },
    )
    .await
}
