//! Who is called when, and what holds for all calls. Calls that are open keep the steps that they began with.

use super::{autos, others_are_called};
use crate::api::andon::rules::{DefaultView, GeneralView, RuleBody, RuleView, RulesView};
use crate::domain::andon::{
    CallKind, Ladder, Priority, Recipient, ReopenWithin, Rule, Step, put_in_order,
};
use crate::domain::plant::FieldError;
use crate::domain::time::{DAY_MS, DurMs, MINUTE_MS};
use crate::server::auth::Ctx;
use crate::server::db::andon::rules::{self, RuleRow};
use crate::server::db::{Tx, audit, people, roles};
use crate::server::plant::Plant;
use crate::server::services::error::{ServiceError, field, invalid, not_found};
use serde_json::json;
use std::collections::HashMap;

/// The longest time that the quiet limit may name.
const LONGEST: DurMs = DurMs(DAY_MS);
/// For this long a call may be reopened, at most.
const LONGEST_REOPEN: DurMs = DurMs(7 * DAY_MS);

/// Somebody else was faster.
pub(super) fn stale(what: &str) -> ServiceError {
    ServiceError::Conflict(format!(
        "{what} was changed by somebody else meanwhile; look again and repeat what you want to change"
    ))
}

/// All of it.
///
/// # Errors
/// The engine's, or something stored that cannot be read.
pub async fn all(ctx: &Ctx) -> Result<RulesView, ServiceError> {
    let mut tx = ctx.app().db.snapshot().await?;
    let plant = ctx.app().plant.get();
    let rows = rules::rows_in(&mut tx).await?;
    let versions: HashMap<i64, i64> = rows.iter().map(|r| (r.id, r.version)).collect();
    let list: sqlx::Result<Vec<Rule>> = rows.iter().map(RuleRow::rule).collect();
    let mut list = list?;
    put_in_order(&mut list);
    let code = |rule: &Rule| {
        let line = rule.line?;
        let found = plant.lines.iter().find(|l| l.id == line);
        found.map(|l| l.code.clone())
    };
    let view = |rule: Rule| RuleView {
        id: rule.id,
        version: versions.get(&rule.id).copied().unwrap_or_default(),
        kind: rule.kind,
        priority: rule.priority,
        line: code(&rule),
        shift: rule.shift,
        steps: rule.ladder,
    };
    let default = |priority, kind| DefaultView {
        kind,
        priority,
        steps: Ladder::by_default(kind, priority),
    };
    let of_priority = |priority| CallKind::ALL.map(|kind| default(priority, kind));
    let autos = autos::views(&mut tx, &plant).await?;
    let general = general(&mut tx).await?;
    Ok(RulesView {
        rules: list.into_iter().map(view).collect(),
        defaults: Priority::ALL.into_iter().flat_map(of_priority).collect(),
        autos,
        general,
    })
}

async fn general(tx: &mut Tx) -> sqlx::Result<GeneralView> {
    Ok(GeneralView {
        version: rules::general_version_in(tx).await?,
        reopen: rules::reopen_within_in(tx).await?,
        quiet: rules::quiet_limit_in(tx).await?,
    })
}

/// One rule.
///
/// # Errors
/// There is none of this number; the engine's.
pub async fn one(ctx: &Ctx, id: i64) -> Result<RuleView, ServiceError> {
    let found = all(ctx).await?.rules.into_iter().find(|r| r.id == id);
    found.ok_or_else(|| not_found("rule", &id.to_string()))
}

/// The rule that `body` says, with everything that is wrong about it.
async fn checked(
    tx: &mut Tx,
    plant: &Plant,
    id: i64,
    body: &RuleBody,
) -> Result<Rule, ServiceError> {
    let mut wrong: Vec<FieldError> = Vec::new();
    let line = body.line.as_deref().map(|code| plant.line(code));
    if matches!(line, Some(None)) {
        wrong.push(field("line", "does not exist"));
    }
    if let Some(name) = &body.shift
        && plant.pattern(name).is_none()
    {
        wrong.push(field("shift", "does not exist"));
    }
    if body.steps.is_empty() {
        wrong.push(field("steps", "at least one: somebody must be called"));
    }
    let ladder = Ladder::new(body.steps.clone()).unwrap_or_else(|more| {
        wrong.extend(more);
        Ladder::default()
    });
    wrong.extend(unknown_recipients(tx, &body.steps).await?);
    if !wrong.is_empty() {
        return Err(ServiceError::Invalid(wrong));
    }
    let rule = Rule {
        id,
        kind: body.kind,
        priority: body.priority,
        line: line.flatten().map(|l| l.id),
        shift: body.shift.clone(),
        ladder,
    };
    let rules = rules::all_in(tx).await?;
    let same = rules
        .iter()
        .find(|r| r.id != id && r.holds_for_the_same(&rule));
    match same {
        Some(same) => {
            let words = format!("rule {} holds for the same calls: change that one", same.id);
            Err(invalid("rule", words))
        }
        None => Ok(rule),
    }
}

/// Roles and people that there are not.
async fn unknown_recipients(tx: &mut Tx, steps: &[Step]) -> sqlx::Result<Vec<FieldError>> {
    let (roles, _) = roles::all_in(tx).await?;
    let people = people::all_in(tx).await?;
    let problem = |to: &Recipient| match to {
        Recipient::Role(code) if roles.iter().all(|r| r.code != *code) => {
            Some(format!("there is no role '{code}'"))
        }
        Recipient::Person(id) => match people.iter().find(|p| p.person() == *id) {
            None => Some(format!("there is no person {}", id.0)),
            Some(row) if row.disabled != 0 => Some(format!("{} is not let in any more", row.name)),
            Some(_) => None,
        },
        Recipient::Role(_) | Recipient::Duty(_) => None,
    };
    let of_step = |(n, step): (usize, &Step)| {
        let problems: Vec<String> = step.to.iter().filter_map(problem).collect();
        (!problems.is_empty()).then(|| field(&format!("steps[{n}].to"), problems.join("; ")))
    };
    Ok(steps.iter().enumerate().filter_map(of_step).collect())
}

/// A rule as the record tells it.
fn recorded(rule: &Rule) -> String {
    json!({
        "kind": rule.kind,
        "priority": rule.priority,
        "line": rule.line,
        "shift": rule.shift,
        "steps": rule.ladder,
    })
    .to_string()
}

async fn on_record(
    ctx: &Ctx,
    tx: &mut Tx,
    action: &str,
    id: i64,
    (was, became): (Option<&Rule>, Option<&Rule>),
) -> sqlx::Result<()> {
    let mut row = ctx.entry(action, format!("andon_rule:{id}"));
    row.was = was.map(recorded).unwrap_or_default();
    row.became = became.map(recorded).unwrap_or_default();
    audit::add(tx, &row).await
}

/// Adds a rule.
///
/// # Errors
/// Everything that is wrong with it; the engine's.
pub async fn add(ctx: &Ctx, body: &RuleBody) -> Result<i64, ServiceError> {
    let plant = ctx.app().plant.get();
    // One at a time: of two that hold for the same calls the second is refused.
    let mut tx = ctx.app().db.begin_append().await?;
    let rule = checked(&mut tx, &plant, 0, body).await?;
    let id = rules::add(&mut tx, &RuleRow::of(&rule, 0)?).await?;
    on_record(ctx, &mut tx, "andon.rule.add", id, (None, Some(&rule))).await?;
    tx.commit().await?;
    Ok(id)
}

/// The rule of this number, if it is as the caller saw it.
async fn as_seen(tx: &mut Tx, id: i64, version: i64) -> Result<Rule, ServiceError> {
    let row = rules::rows_in(tx).await?.into_iter().find(|r| r.id == id);
    let row = row.ok_or_else(|| not_found("rule", &id.to_string()))?;
    if row.version != version {
        return Err(stale(&format!("rule {id}")));
    }
    Ok(row.rule()?)
}

/// Changes a rule.
///
/// # Errors
/// There is none; everything that is wrong with it; [`ServiceError::Conflict`] when somebody else changed it meanwhile; the
/// engine's.
pub async fn change(ctx: &Ctx, id: i64, body: &RuleBody) -> Result<(), ServiceError> {
    let plant = ctx.app().plant.get();
    let mut tx = ctx.app().db.begin_append().await?;
    let was = as_seen(&mut tx, id, body.version).await?;
    let rule = checked(&mut tx, &plant, id, body).await?;
    if !rules::change(&mut tx, &RuleRow::of(&rule, body.version)?).await? {
        return Err(stale(&format!("rule {id}")));
    }
    let both = (Some(&was), Some(&rule));
    on_record(ctx, &mut tx, "andon.rule.change", id, both).await?;
    tx.commit().await?;
    Ok(())
}

/// Removes a rule.
///
/// # Errors
/// There is none; [`ServiceError::Conflict`] when somebody else changed it meanwhile; the engine's.
pub async fn remove(ctx: &Ctx, id: i64, version: i64) -> Result<(), ServiceError> {
    let mut tx = ctx.app().db.begin_append().await?;
    let was = as_seen(&mut tx, id, version).await?;
    if !rules::remove(&mut tx, id, version).await? {
        return Err(stale(&format!("rule {id}")));
    }
    on_record(ctx, &mut tx, "andon.rule.remove", id, (Some(&was), None)).await?;
    tx.commit().await?;
    Ok(())
}

/// Changes what holds for all calls.
///
/// # Errors
/// Everything that is wrong with it; [`ServiceError::Conflict`] when somebody else changed it meanwhile; the engine's.
pub async fn change_general(ctx: &Ctx, to: &GeneralView) -> Result<(), ServiceError> {
    let mut wrong = Vec::new();
    let ReopenWithin(reopen) = to.reopen;
    if !(DurMs::ZERO..=LONGEST_REOPEN).contains(&reopen) {
        wrong.push(field("reopen", "must be 0 to 7 days"));
    }
    if !(1..=1_000).contains(&to.quiet.calls) {
        wrong.push(field("calls", "must be 1 to 1,000"));
    }
    if !(DurMs(MINUTE_MS)..=LONGEST).contains(&to.quiet.within) {
        wrong.push(field("within", "must be from a minute to a day"));
    }
    if !wrong.is_empty() {
        return Err(ServiceError::Invalid(wrong));
    }
    let mut tx = ctx.app().db.begin_append().await?;
    let was = general(&mut tx).await?;
    if was.version != to.version {
        return Err(stale("it"));
    }
    rules::put_general(&mut tx, to.reopen, to.quiet).await?;
    let mut entry = ctx.entry("andon.general.change", "andon");
    (entry.was, entry.became) = (json!(was).to_string(), json!(to).to_string());
    audit::add(&mut tx, &entry).await?;
    tx.commit().await?;
    others_are_called(ctx);
    Ok(())
}
