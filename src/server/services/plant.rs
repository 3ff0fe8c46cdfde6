//! Setting up the plant.

mod calendar;
mod rates;
mod record;
mod restated;

use super::error::ServiceError;
use crate::domain::day::{LocalDay, Moment};
use crate::domain::ids::{LineId, MachineId};
use crate::domain::plant::{FieldError, PlantDef};
use crate::domain::rights::sets;
use crate::domain::time::{Span, TsMs};
use crate::server::auth::Ctx;
use crate::server::auth::guard::by_the_program;
use crate::server::calendar::{local_day, moment};
use crate::server::db::audit::{self, AuditRow};
use crate::server::db::plant as rows;
use crate::server::db::rollup::{self, Due};
use crate::server::db::{Db, Tx, reasons, refold, settings};
use crate::server::plant::Plant;
use jiff::tz::TimeZone;
use serde_json::json;
use std::collections::HashMap;

/// What a definition did.
#[derive(Debug)]
pub struct Applied {
    /// The new model.
    pub plant: Plant,
    /// The machines whose facts must be folded anew because the rules of their fold changed; stored as due, so that it is
    /// also done when the program ends before.
    pub refold: Vec<MachineId>,
    /// The past of lines whose accounts change: rules that hold for all time, machines that came or went, and what was
    /// written for the past. Spans of one line are in order, without overlap.
    pub restated: Vec<(LineId, Span)>,
}

/// When a definition is applied, and where.
struct Moments {
    zone: TimeZone,
    /// The start of the current minute: from here on hold rates and targets that changed.
    now: TsMs,
    /// From here on hold shifts that changed.
    tomorrow: LocalDay,
}

impl Moments {
    /// An instant that the definition was checked to hold.
    fn instant(&self, text: &str) -> sqlx::Result<TsMs> {
        let at = Moment::parse(text).and_then(|m| moment(&self.zone, m));
        at.ok_or(sqlx::Error::RowNotFound)
    }
}

/// Sets up the plant as somebody defined it.
///
/// # Errors
/// A permission that is missing on the site; what [`apply`] refuses.
pub async fn set_up(ctx: &Ctx, def: &PlantDef) -> Result<Applied, ServiceError> {
    for permission in sets::SET_UP_PLANT.iter() {
        ctx.also_on_site(permission)?;
    }
    apply(&ctx.app().db, def, ctx.entry(CHANGE, TARGET)).await
}

/// The same for the program itself, at `now`: for its commands.
///
/// # Errors
/// What [`apply`] refuses.
pub async fn set_up_by_the_program(
    db: &Db,
    def: &PlantDef,
    now: TsMs,
) -> Result<Applied, ServiceError> {
    apply(db, def, by_the_program(now, CHANGE, TARGET)).await
}

/// What the audit trail calls it.
const CHANGE: &str = "plant.change";
/// And what was changed.
const TARGET: &str = "plant";

/// Makes the stored plant agree with a definition: new codes are added, known ones changed, absent ones left alone.
/// History is not restated in silence: changed shifts hold from the next local day of the site on, changed rates and
/// targets from now on, unless the definition says from when. `record` says who does it and when; it goes on the audit
/// trail with the whole definition, the rows that it changed as they were and became, and the past that it restates.
///
/// # Errors
/// [`ServiceError::Invalid`] with every wrong field; the engine's errors. Nothing is changed then.
async fn apply(db: &Db, def: &PlantDef, mut record: AuditRow) -> Result<Applied, ServiceError> {
    let at = check(def, TsMs(record.at_ms))?;
    // In line with ingest and roll-ups: both go by the plant that is stored.
    let mut tx = db.begin_append().await?;
    // First of all: two definitions at once are applied one after the other.
    settings::increment(&mut tx, settings::PLANT_VERSION).await?;
    let before = Plant::load_in(&mut tx).await?;
    let mut problems = above_themselves(def, &before);
    problems.extend(becomes_simulated(def, &before));
    if !problems.is_empty() {
        return Err(ServiceError::Invalid(problems));
    }
    let rows_before = rows::load_in(&mut tx).await?;
    write(&mut tx, def, &before, &at).await?;
    let rows_after = rows::load_in(&mut tx).await?;
    let plant = Plant::load_in(&mut tx).await?;
    let restated = restated::restated(&before, &plant, &at);
    for (line, span) in &restated {
        let due = Due {
            line: *line,
            span: *span,
            anew: true,
        };
        rollup::ask(&mut tx, due).await?;
    }
    let folded_anew: Vec<MachineId> = restated::folded_anew(&before, &plant).collect();
    for machine in &folded_anew {
        refold::ask(&mut tx, *machine).await?;
    }
    let past: Vec<_> = restated
        .iter()
        .map(|(line, span)| json!({"line": line.0, "from": span.from().0, "to": span.to().0}))
        .collect();
    // Each definition counts one; the model before was read after that.
    let (was, became) = record::changed(&rows_before, &rows_after)?;
    record.was = json!({"version": plant.version - 1, "changed": was}).to_string();
    record.became = json!({
        "version": plant.version,
        "changed": became,
        "definition": def,
        "restated": past,
    })
    .to_string();
    audit::add(&mut tx, &record).await?;
    tx.commit().await?;
    Ok(Applied {
        refold: folded_anew,
        restated,
        plant,
    })
}

/// Everything that is wrong with a definition.
fn check(def: &PlantDef, now: TsMs) -> Result<Moments, ServiceError> {
    let mut problems = def.problems();
    let mut wrong = |field: String, problem: String| problems.push(FieldError { field, problem });
    let at = match TimeZone::get(&def.site.zone) {
        Ok(zone) => {
            let tomorrow = local_day(&zone, now).unwrap_or_default().plus(1);
            let now = now.minute();
            Some(Moments {
                zone,
                now,
                tomorrow,
            })
        }
        Err(_) => {
            let problem = format!(
                "'{}' is not a time zone of the IANA database",
                def.site.zone
            );
            wrong("site.zone".to_owned(), problem);
            None
        }
    };
    if let Some(at) = &at {
        for (i, stop) in def.planned_stops.iter().enumerate() {
            let span = at.instant(&stop.from).ok().zip(at.instant(&stop.to).ok());
            if span.is_some_and(|(from, to)| to <= from) {
                let problem = format!(
                    "must be after from: '{}' is not after '{}'",
                    stop.to, stop.from
                );
                wrong(format!("planned_stop[{i}].to"), problem);
            }
        }
    }
    match at {
        Some(at) if problems.is_empty() => Ok(at),
        _ => Err(ServiceError::Invalid(problems)),
    }
}

/// A site is simulated from its first day or never: what stands on a floor does not become a demonstration.
fn becomes_simulated(def: &PlantDef, before: &Plant) -> Option<FieldError> {
    let is_real = before.site.as_ref().is_some_and(|site| !site.simulated);
    (is_real && def.site.simulated).then(|| FieldError {
        field: "site.simulated".to_owned(),
        problem: "a real site does not become a simulated one".to_owned(),
    })
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

async fn write(tx: &mut Tx, def: &PlantDef, before: &Plant, at: &Moments) -> sqlx::Result<()> {
    let site = rows::put_site(tx, &def.site).await?;
    let mut areas = HashMap::new();
    for (i, area) in def.areas.iter().enumerate() {
        areas.insert(
            area.code.as_str(),
            rows::put_area(tx, site, position(i), area).await?,
        );
    }
    let mut lines = HashMap::new();
    for (i, line) in def.lines.iter().enumerate() {
        let id = rows::put_line(tx, known(&areas, &line.area)?, position(i), line).await?;
        lines.insert(line.code.as_str(), id);
    }
    let mut machines = HashMap::new();
    // What comes to a plant that stands was not missing before.
    let since = before.site.as_ref().map_or(TsMs(0), |_| at.now);
    for (i, machine) in def.machines.iter().enumerate() {
        let line = known(&lines, &machine.line)?;
        let id = rows::put_machine(tx, line, position(i), machine, since).await?;
        machines.insert(machine.code.as_str(), id);
    }
    let mut products = HashMap::new();
    for product in &def.products {
        products.insert(product.code.as_str(), rows::put_product(tx, product).await?);
    }
    calendar::write(tx, def, before, &lines, at).await?;
    let codes = rates::Codes {
        lines: &lines,
        machines: &machines,
        products: &products,
    };
    rates::write(tx, def, before, &codes, at).await?;
    reasons::put(tx, &def.reasons).await?;
    for fault in &def.faults {
        rows::put_fault(tx, known(&machines, &fault.machine)?, fault).await?;
    }
    Ok(())
}
