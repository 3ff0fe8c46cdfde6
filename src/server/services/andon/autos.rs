//! By what machines call by themselves: rules that hold at every machine, at those of a line, or at one.

use super::rules::stale;
use crate::api::andon::rules::{AutoBody, AutoView};
use crate::domain::andon::{AutoPlace, AutoRule, Evidence};
use crate::domain::plant::FieldError;
use crate::domain::time::{DAY_MS, DurMs};
use crate::server::auth::Ctx;
use crate::server::db::andon::autos::{self, AutoRow};
use crate::server::db::{Tx, audit};
use crate::server::plant::Plant;
use crate::server::services::error::{ServiceError, field, not_found};
use serde_json::json;

/// The longest time that a threshold may name.
const LONGEST: DurMs = DurMs(DAY_MS);
/// The most pieces of a threshold.
const MOST_PIECES: i64 = 1_000_000;
/// The most rules: each is looked at for each machine, again and again.
const MOST_RULES: usize = 200;

/// All of them, by number.
pub(super) async fn views(tx: &mut Tx, plant: &Plant) -> sqlx::Result<Vec<AutoView>> {
    // What is gone from the plant has no code any more; a rule for it holds nowhere, and not everywhere.
    let gone = |id: i64| format!("no. {id}");
    let view = |row: &AutoRow| {
        let place = row.place();
        let line = place.line.map(|id| {
            let known = plant.lines.iter().find(|line| line.id == id);
            known.map_or_else(|| gone(id.0), |line| line.code.clone())
        });
        let machine = place.machine.map(|id| {
            let known = plant.machine(id);
            known.map_or_else(|| gone(id.0), |(_, machine)| machine.code.clone())
        });
        Ok(AutoView {
            id: row.id,
            version: row.version,
            line,
            machine,
            rule: row.rule()?,
        })
    };
    autos::rows_in(tx).await?.iter().map(view).collect()
}

/// Where the rule that `body` says holds.
fn place_of(plant: &Plant, body: &AutoBody, wrong: &mut Vec<FieldError>) -> AutoPlace {
    let line = body.line.as_deref().map(|code| plant.line(code));
    if matches!(line, Some(None)) {
        wrong.push(field("line", "does not exist"));
    }
    let machine = body.machine.as_deref().map(|code| {
        let known = plant.machine_id(code);
        known.filter(|id| plant.machine(*id).is_some())
    });
    if machine == Some(None) {
        wrong.push(field("machine", "does not exist"));
    }
    if line.is_some() && machine.is_some() {
        wrong.push(field("machine", "must not be given beside a line"));
    }
    AutoPlace {
        line: line.flatten().map(|line| line.id),
        machine: machine.flatten(),
    }
}

/// What is wrong with what makes a machine call.
fn wrong_evidence(evidence: &Evidence, wrong: &mut Vec<FieldError>) {
    match evidence {
        Evidence::FaultClass { prefixes, .. } => {
            let long = |p: &String| p.is_empty() || p.chars().count() > 40;
            if prefixes.len() > 50 || prefixes.iter().any(long) {
                wrong.push(field("prefixes", "at most 50, of 1 to 40 characters"));
            }
        }
        Evidence::StopLonger { than } => {
            if !(DurMs(1_000)..=LONGEST).contains(than) {
                wrong.push(field("than", "must be from a second to a day"));
            }
        }
        Evidence::QualityUnder { share, min_pieces } => {
            if !(*share > 0.0 && *share <= 1.0) {
                wrong.push(field("share", "must be above 0 and at most 100 %"));
            }
            if !(1..=MOST_PIECES).contains(min_pieces) {
                wrong.push(field("min_pieces", "must be 1 to 1,000,000"));
            }
        }
        Evidence::CountBehind { pieces } => {
            if !(1..=MOST_PIECES).contains(pieces) {
                wrong.push(field("pieces", "must be 1 to 1,000,000"));
            }
        }
    }
}

/// A rule as the record tells it.
fn recorded((place, rule): (AutoPlace, &AutoRule)) -> String {
    json!({
        "on": rule.on,
        "evidence": rule.evidence,
        "kind": rule.kind,
        "priority": rule.priority,
        "line": place.line,
        "machine": place.machine,
    })
    .to_string()
}

type Placed<'a> = (AutoPlace, &'a AutoRule);

async fn on_record(
    ctx: &Ctx,
    tx: &mut Tx,
    action: &str,
    id: i64,
    (was, became): (Option<Placed<'_>>, Option<Placed<'_>>),
) -> sqlx::Result<()> {
    let mut row = ctx.entry(action, format!("andon_auto:{id}"));
    row.was = was.map(recorded).unwrap_or_default();
    row.became = became.map(recorded).unwrap_or_default();
    audit::add(tx, &row).await
}

/// Adds a rule by which machines call.
///
/// # Errors
/// Everything that is wrong with it; the engine's.
pub async fn add(ctx: &Ctx, body: &AutoBody) -> Result<i64, ServiceError> {
    let plant = ctx.app().plant.get();
    let mut tx = ctx.app().db.begin_append().await?;
    let mut wrong = Vec::new();
    let place = place_of(&plant, body, &mut wrong);
    wrong_evidence(&body.rule.evidence, &mut wrong);
    if autos::rows_in(&mut tx).await?.len() >= MOST_RULES {
        wrong.push(field("rule", "there are 200 already: remove one first"));
    }
    if !wrong.is_empty() {
        return Err(ServiceError::Invalid(wrong));
    }
    let id = autos::add(&mut tx, &AutoRow::of(0, place, &body.rule, 0)?).await?;
    let became = Some((place, &body.rule));
    on_record(ctx, &mut tx, "andon.auto.add", id, (None, became)).await?;
    tx.commit().await?;
    Ok(id)
}

async fn known(tx: &mut Tx, id: i64) -> Result<AutoRow, ServiceError> {
    let row = autos::rows_in(tx).await?.into_iter().find(|r| r.id == id);
    row.ok_or_else(|| not_found("automatic rule", &id.to_string()))
}

/// Changes a rule by which machines call. What it looks at stays what it is.
///
/// # Errors
/// There is none; everything that is wrong with it; [`ServiceError::Conflict`] when somebody else changed it meanwhile; the
/// engine's.
pub async fn change(ctx: &Ctx, id: i64, body: &AutoBody) -> Result<(), ServiceError> {
    let plant = ctx.app().plant.get();
    let mut tx = ctx.app().db.begin_append().await?;
    let row = known(&mut tx, id).await?;
    let was = row.rule()?;
    let mut wrong = Vec::new();
    let of = std::mem::discriminant;
    if of(&was.evidence) != of(&body.rule.evidence) {
        wrong.push(field("evidence", "must stay of its kind"));
    }
    let place = place_of(&plant, body, &mut wrong);
    wrong_evidence(&body.rule.evidence, &mut wrong);
    if !wrong.is_empty() {
        return Err(ServiceError::Invalid(wrong));
    }
    let anew = AutoRow::of(id, place, &body.rule, body.version)?;
    if !autos::change(&mut tx, &anew).await? {
        return Err(stale("it"));
    }
    let both = (Some((row.place(), &was)), Some((place, &body.rule)));
    on_record(ctx, &mut tx, "andon.auto.change", id, both).await?;
    tx.commit().await?;
    Ok(())
}

/// Removes a rule by which machines call. Calls that it raised stay.
///
/// # Errors
/// There is none; [`ServiceError::Conflict`] when somebody else changed it meanwhile; the engine's.
pub async fn remove(ctx: &Ctx, id: i64, version: i64) -> Result<(), ServiceError> {
    let mut tx = ctx.app().db.begin_append().await?;
    let row = known(&mut tx, id).await?;
    let was = row.rule()?;
    if !autos::remove(&mut tx, id, version).await? {
        return Err(stale("it"));
    }
    let was = Some((row.place(), &was));
    on_record(ctx, &mut tx, "andon.auto.remove", id, (was, None)).await?;
    tx.commit().await?;
    Ok(())
}
