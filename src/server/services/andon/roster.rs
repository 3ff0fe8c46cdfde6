//! Who is on duty, who stands in, and when nobody is.

mod week;

pub use week::week;

use super::others_are_called;
use crate::api::andon::Named;
use crate::api::andon::roster::{
    DutyBody, DutyView, GapView, PersonView, RosterView, SubstituteBody, SubstituteView,
};
use crate::domain::andon::{Duty, Gap, Substitute, gap_runs, needed};
use crate::domain::ids::{LineId, PersonId};
use crate::domain::plant::FieldError;
use crate::domain::time::{DAY_MS, DurMs, Span};
use crate::server::andon::Directory;
use crate::server::andon::directory::tell_apart;
use crate::server::andon::slots::slots;
use crate::server::auth::Ctx;
use crate::server::calendar;
use crate::server::db::andon::roster::{self, DutyRow, SubstituteRow};
use crate::server::db::{Tx, audit, people};
use crate::server::plant::Plant;
use crate::server::services::error::{ServiceError, field, not_found};
use serde_json::json;

/// The weeks for which gaps are listed.
pub const WEEKS_AHEAD: i64 = 4;

/// The longest name of a duty.
const LONGEST_NAME: usize = 100;

fn stale(what: &str) -> ServiceError {
    ServiceError::Conflict(format!(
        "{what} was changed by somebody else meanwhile; look again and repeat what you want to change"
    ))
}

/// A line by its number.
fn named(plant: &Plant, id: LineId) -> Option<Named> {
    let line = plant.lines.iter().find(|l| l.id == id)?;
    Some(Named {
        code: line.code.clone(),
        name: line.name.clone(),
    })
}

/// The names of everybody, also of those who are not let in any more.
struct Names(Vec<people::PersonRow>);

impl Names {
    async fn load(tx: &mut Tx) -> sqlx::Result<Self> {
        let mut people = people::all_in(tx).await?;
        tell_apart(&mut people);
        Ok(Self(people))
    }

    fn of(&self, id: PersonId) -> String {
        let found = self.0.iter().find(|p| p.person() == id);
        found.map_or_else(|| format!("person {}", id.0), |p| p.name.clone())
    }
}

/// The whole roster.
///
/// # Errors
/// The engine's, or something stored that cannot be read.
pub async fn all(ctx: &Ctx) -> Result<RosterView, ServiceError> {
    let plant = ctx.app().plant.get();
    let mut tx = ctx.app().db.snapshot().await?;
    let rows = roster::rows_in(&mut tx).await?;
    let names = Names::load(&mut tx).await?;
    let person = |id: i64| PersonView {
        id,
        name: names.of(PersonId(id)),
    };
    let duty = |row: &DutyRow| {
        let duty = row.duty()?;
        Ok(DutyView {
            id: row.id,
            version: row.version,
            name: duty.name,
            person: person(row.person_id),
            line: duty.line.and_then(|id| named(&plant, id)),
            shift: duty.shift,
            days: duty.days,
            from: duty.from,
            until: duty.until,
            holidays: duty.holidays,
        })
    };
    let substitute = |row: &SubstituteRow| {
        let one = row.substitute();
        SubstituteView {
            id: row.id,
            version: row.version,
            person: person(row.person_id),
            by: person(row.by_id),
            from: one.from,
            until: one.until,
        }
    };
    let duties: sqlx::Result<Vec<DutyView>> = rows.duties.iter().map(duty).collect();
    Ok(RosterView {
        duties: duties?,
        substitutes: rows.substitutes.iter().map(substitute).collect(),
    })
}

/// The shift that runs, those of the coming weeks, and the time between them, in which nobody is on a duty that a rule calls.
///
/// # Errors
/// The engine's, or something stored that cannot be read.
pub async fn gaps(ctx: &Ctx) -> Result<Vec<GapView>, ServiceError> {
    let plant = ctx.app().plant.get();
    let Some(site) = &plant.site else {
        return Ok(vec![]);
    };
    let people = Directory::load(&ctx.app().db).await?;
    let names = Names::load(&mut ctx.app().db.snapshot().await?).await?;
    let now = ctx.now();
    let until = now + DurMs(WEEKS_AHEAD * 7 * DAY_MS);
    let roster = people.roster();
    let of_line = |line| {
        // The shift that runs is not over yet.
        let running = calendar::shift_at(site, line, now);
        let from = running.map_or(now, |shift| shift.span.from());
        let ahead = Span::clamped(from, until);
        needed(people.rules(), &roster, &slots(site, line, ahead))
    };
    let found: Vec<Gap> = plant.lines.iter().flat_map(of_line).collect();
    let view = |run: crate::domain::andon::GapRun| {
        Some(GapView {
            line: named(&plant, run.line)?,
            duty: run.duty,
            shift: run.shift,
            away: run.away.iter().map(|id| names.of(*id)).collect(),
            days: run.days,
        })
    };
    Ok(gap_runs(&found).into_iter().filter_map(view).collect())
}

/// Who can be chosen: number and name of everybody who is let in.
///
/// # Errors
/// The engine's.
pub async fn everybody(ctx: &Ctx) -> Result<Vec<PersonView>, ServiceError> {
    let mut rows = people::all(&ctx.app().db).await?;
    rows.retain(|p| p.disabled == 0);
    tell_apart(&mut rows);
    let view = |row: people::PersonRow| PersonView {
        id: row.id,
        name: row.name,
    };
    Ok(rows.into_iter().map(view).collect())
}

/// Whether there is somebody of this number who is let in.
async fn is_there(tx: &mut Tx, id: i64) -> sqlx::Result<bool> {
    let row = people::by_id_in(tx, PersonId(id)).await?;
    Ok(row.is_some_and(|p| p.disabled == 0))
}

async fn checked_duty(tx: &mut Tx, plant: &Plant, body: &DutyBody) -> Result<Duty, ServiceError> {
    let mut wrong: Vec<FieldError> = Vec::new();
    let name = body.name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.contains('\0') {
        wrong.push(field("name", "must have 1 to 100 characters"));
    }
    if !is_there(tx, body.person).await? {
        wrong.push(field("person", "does not exist, or is not let in"));
    }
    let line = body.line.as_deref().map(|code| plant.line(code));
    if matches!(line, Some(None)) {
        wrong.push(field("line", "does not exist"));
    }
    if let Some(name) = &body.shift
        && plant.pattern(name).is_none()
    {
        wrong.push(field("shift", "does not exist"));
    }
    if let (Some(from), Some(until)) = (body.from, body.until)
        && until < from
    {
        wrong.push(field("until", "must not be before 'from'"));
    }
    if !wrong.is_empty() {
        return Err(ServiceError::Invalid(wrong));
    }
    Ok(Duty {
        name: name.to_owned(),
        person: PersonId(body.person),
        line: line.flatten().map(|l| l.id),
        shift: body.shift.clone(),
        days: body.days,
        from: body.from,
        until: body.until,
        holidays: body.holidays,
    })
}

/// Adds a duty.
///
/// # Errors
/// Everything that is wrong with it; the engine's.
pub async fn add_duty(ctx: &Ctx, body: &DutyBody) -> Result<i64, ServiceError> {
    let plant = ctx.app().plant.get();
    let mut tx = ctx.app().db.begin().await?;
    let duty = checked_duty(&mut tx, &plant, body).await?;
    let id = roster::add_duty(&mut tx, &DutyRow::of(0, &duty, 0)).await?;
    let mut entry = ctx.entry("duty.add", format!("duty:{id}"));
    entry.became = json!(duty).to_string();
    audit::add(&mut tx, &entry).await?;
    tx.commit().await?;
    others_are_called(ctx);
    Ok(id)
}

async fn duty_as_seen(tx: &mut Tx, id: i64, version: i64) -> Result<Duty, ServiceError> {
    let rows = roster::rows_in(tx).await?.duties;
    let row = rows.into_iter().find(|r| r.id == id);
    let row = row.ok_or_else(|| not_found("duty", &id.to_string()))?;
    if row.version != version {
        return Err(stale("the duty"));
    }
    Ok(row.duty()?)
}

/// Changes a duty.
///
/// # Errors
/// There is none; everything that is wrong with it; [`ServiceError::Conflict`] when somebody else changed it meanwhile; the
/// engine's.
pub async fn change_duty(ctx: &Ctx, id: i64, body: &DutyBody) -> Result<(), ServiceError> {
    let plant = ctx.app().plant.get();
    let mut tx = ctx.app().db.begin().await?;
    let was = duty_as_seen(&mut tx, id, body.version).await?;
    let duty = checked_duty(&mut tx, &plant, body).await?;
    if !roster::change_duty(&mut tx, &DutyRow::of(id, &duty, body.version)).await? {
        return Err(stale("the duty"));
    }
    let mut entry = ctx.entry("duty.change", format!("duty:{id}"));
    (entry.was, entry.became) = (json!(was).to_string(), json!(duty).to_string());
    audit::add(&mut tx, &entry).await?;
    tx.commit().await?;
    others_are_called(ctx);
    Ok(())
}

/// Removes a duty.
///
/// # Errors
/// There is none; [`ServiceError::Conflict`] when somebody else changed it meanwhile; the engine's.
pub async fn remove_duty(ctx: &Ctx, id: i64, version: i64) -> Result<(), ServiceError> {
    let mut tx = ctx.app().db.begin().await?;
    let was = duty_as_seen(&mut tx, id, version).await?;
    if !roster::remove_duty(&mut tx, id, version).await? {
        return Err(stale("the duty"));
    }
    let mut entry = ctx.entry("duty.remove", format!("duty:{id}"));
    entry.was = json!(was).to_string();
    audit::add(&mut tx, &entry).await?;
    tx.commit().await?;
    others_are_called(ctx);
    Ok(())
}

async fn checked_substitute(
    tx: &mut Tx,
    body: &SubstituteBody,
) -> Result<Substitute, ServiceError> {
    let mut wrong: Vec<FieldError> = Vec::new();
    if !is_there(tx, body.person).await? {
        wrong.push(field("person", "does not exist, or is not let in"));
    }
    if !is_there(tx, body.by).await? {
        wrong.push(field("by", "does not exist, or is not let in"));
    } else if body.by == body.person {
        wrong.push(field("by", "must be somebody else"));
    }
    if body.until < body.from {
        wrong.push(field("until", "must not be before 'from'"));
    }
    if !wrong.is_empty() {
        return Err(ServiceError::Invalid(wrong));
    }
    Ok(Substitute {
        person: PersonId(body.person),
        by: PersonId(body.by),
        from: body.from,
        until: body.until,
    })
}

/// Adds somebody who stands in.
///
/// # Errors
/// Everything that is wrong with it; the engine's.
pub async fn add_substitute(ctx: &Ctx, body: &SubstituteBody) -> Result<i64, ServiceError> {
    let mut tx = ctx.app().db.begin().await?;
    let one = checked_substitute(&mut tx, body).await?;
    let id = roster::add_substitute(&mut tx, &SubstituteRow::of(0, one, 0)).await?;
    let mut entry = ctx.entry("substitute.add", format!("substitute:{id}"));
    entry.became = json!(one).to_string();
    audit::add(&mut tx, &entry).await?;
    tx.commit().await?;
    others_are_called(ctx);
    Ok(id)
}

async fn substitute_as_seen(
    tx: &mut Tx,
    id: i64,
    version: i64,
) -> Result<Substitute, ServiceError> {
    let rows = roster::rows_in(tx).await?.substitutes;
    let row = rows.into_iter().find(|r| r.id == id);
    let row = row.ok_or_else(|| not_found("substitute", &id.to_string()))?;
    if row.version != version {
        return Err(stale("it"));
    }
    Ok(row.substitute())
}

/// Changes who stands in, or when.
///
/// # Errors
/// There is none; everything that is wrong with it; [`ServiceError::Conflict`] when somebody else changed it meanwhile; the
/// engine's.
pub async fn change_substitute(
    ctx: &Ctx,
    id: i64,
    body: &SubstituteBody,
) -> Result<(), ServiceError> {
    let mut tx = ctx.app().db.begin().await?;
    let was = substitute_as_seen(&mut tx, id, body.version).await?;
    let one = checked_substitute(&mut tx, body).await?;
    if !roster::change_substitute(&mut tx, &SubstituteRow::of(id, one, body.version)).await? {
        return Err(stale("it"));
    }
    let mut entry = ctx.entry("substitute.change", format!("substitute:{id}"));
    (entry.was, entry.became) = (json!(was).to_string(), json!(one).to_string());
    audit::add(&mut tx, &entry).await?;
    tx.commit().await?;
    others_are_called(ctx);
    Ok(())
}

/// Nobody stands in any more.
///
/// # Errors
/// There is none; [`ServiceError::Conflict`] when somebody else changed it meanwhile; the engine's.
pub async fn remove_substitute(ctx: &Ctx, id: i64, version: i64) -> Result<(), ServiceError> {
    let mut tx = ctx.app().db.begin().await?;
    let was = substitute_as_seen(&mut tx, id, version).await?;
    if !roster::remove_substitute(&mut tx, id, version).await? {
        return Err(stale("it"));
    }
    let mut entry = ctx.entry("substitute.remove", format!("substitute:{id}"));
    entry.was = json!(was).to_string();
    audit::add(&mut tx, &entry).await?;
    tx.commit().await?;
    others_are_called(ctx);
    Ok(())
}
