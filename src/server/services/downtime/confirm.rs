//! What people say about stops. Each time is one transaction, one at a time with those that write facts, so that the stop
//! is the one that they saw. Nothing that was said before is changed.

use super::{get_downtime_event, no_stop, place};
use crate::api::downtime::{Confirmation, DowntimeEvent, GivenPart};
use crate::domain::classification::{Classification, in_force, last_about};
use crate::domain::downtime::{Stop, stops};
use crate::domain::part::{Given, Run};
use crate::domain::plant::FieldError;
use crate::domain::rights::Permission;
use crate::domain::time::{Span, TsMs};
use crate::server::auth::Ctx;
use crate::server::db::audit::{self, AuditRow};
use crate::server::db::classifications;
use crate::server::db::rollup::{self, Due};
use crate::server::plant::Plant;
use crate::server::services::error::{ServiceError, field, invalid};
use crate::server::services::window::{MachineData, read_stop_in};
use serde_json::json;

/// The longest comment, in characters.
const LONGEST_COMMENT: usize = 2000;
/// The most parts of a stop.
const MOST_PARTS: usize = 100;

/// Classifies, splits, comments or confirms the stop of a machine that began at `start` in epoch milliseconds. Returns the
/// stop as it is then.
///
/// # Errors
/// No such machine or stop; a value that cannot be; [`ServiceError::Conflict`] when somebody said something about the stop
/// that the caller has not seen; the database's. Nothing is changed then.
pub async fn confirm_downtime(
    ctx: &Ctx,
    (code, start): (&str, i64),
    said: &Confirmation,
) -> Result<DowntimeEvent, ServiceError> {
    let app = ctx.app();
    let plant = app.plant.get();
    let (line, machine, start) = place(&plant, (code, start), app.clock.now())?;
    ctx.reach(line)?;
    if said.confirm.is_some() {
        ctx.also(Permission::DowntimeConfirm, line)?;
    }
    let mut tx = app.db.begin_append().await?;
    let now = app.clock.now();
    let data = read_stop_in(&mut tx, line, machine, start, now).await?;
    let found = stops(&data.parts);
    let stop = found
        .iter()
        .find(|stop| stop.run.span.from() == start)
        .ok_or_else(|| no_stop(code, start.0))?;
    let before = last_about(&data.said, &data.intervals, stop.run.span);
    must_be_fresh(said.version, before)?;
    // What was confirmed is not undone by whoever may not confirm.
    if said.reasons.is_some() && before.is_some_and(|b| b.confirmed) {
        ctx.also(Permission::DowntimeConfirm, line)?;
    }
    let may_confirm = ctx
        .caller()
        .rights
        .at(Permission::DowntimeConfirm, line.place());
    let new = next(&plant, &data, stop, before, (said, may_confirm))?;
    let new = Classification {
        author: ctx.caller().name().to_owned(),
        made: now,
        ..new
    };
    classifications::add(&mut tx, machine.id, &new).await?;
    // A reason may make a changeover of a stop, and rejects after a changeover are start-up rejects.
    let due = Due {
        line: line.id,
        span: Span::clamped(
            stop.run.span.from(),
            stop.run.span.to() + line.rules.start_up,
        ),
        anew: false,
    };
    rollup::ask(&mut tx, due).await?;
    audit::add(&mut tx, &row(ctx, (code, start), before, &new)).await?;
    tx.commit().await?;
    // The figures of the line may be others, without a new fact.
    app.board.forget().await;
    app.hub.committed(app.hub.seq(), &[machine.id]);
    match get_downtime_event(ctx, (code, start.0)).await {
        Ok(detail) => Ok(detail.event),
        // A fact that came between the change and this look may have moved it.
        Err(ServiceError::NotFound { .. }) => {
            let moved = "it was stored, and the stop has changed since; read it again";
            Err(ServiceError::Conflict(moved.to_owned()))
        }
        Err(error) => Err(error),
    }
}

/// What was said, for the record.
fn row(
    ctx: &Ctx,
    (machine, start): (&str, TsMs),
    before: Option<&Classification>,
    new: &Classification,
) -> AuditRow {
    let text = |c: &Classification| {
        let reasons: Vec<i64> = c.reasons.iter().map(|r| r.cause.reason.0).collect();
        json!({"reasons": reasons, "confirmed": c.confirmed, "comment": c.comment}).to_string()
    };
    let mut row = ctx.entry("downtime.say", format!("stop:{machine}-{}", start.0));
    row.was = before.map_or_else(String::new, text);
    row.became = text(new);
    row
}

/// Refuses what was meant for the stop as it was before somebody else said something about it.
fn must_be_fresh(seen: i64, before: Option<&Classification>) -> Result<(), ServiceError> {
    if seen == before.map_or(0, |b| b.id) {
        return Ok(());
    }
    let conflict = before.map_or_else(
        || "nothing that was said is about this stop any more; read it again".to_owned(),
        |b| {
            let at = jiff::Timestamp::from_millisecond(b.made.0)
                .map_or_else(|_| b.made.0.to_string(), |at| at.to_string());
            let (author, id) = (&b.author, b.id);
            format!("'{author}' changed it at {at} (version {id}); read it again")
        },
    );
    Err(ServiceError::Conflict(conflict))
}

/// What is to be added: what was said now, with the rest as it was. Reasons that are given by somebody who may confirm are
/// confirmed by that.
fn next(
    plant: &Plant,
    data: &MachineData,
    stop: &Stop<'_>,
    before: Option<&Classification>,
    (said, may_confirm): (&Confirmation, bool),
) -> Result<Classification, ServiceError> {
    let run = stop.run;
    if said.reasons.is_none() && said.comment.is_none() && said.confirm.is_none() {
        return Err(invalid(
            "reasons",
            "say something: reasons, a comment, or whether they are right",
        ));
    }
    let comment = said.comment.as_deref().map(str::trim);
    let mut wrong = Vec::new();
    if comment.is_some_and(|text| text.chars().count() > LONGEST_COMMENT) {
        let problem = format!("must be at most {LONGEST_COMMENT} characters");
        wrong.push(field("comment", problem));
    }
    // PostgreSQL cannot hold NUL in text.
    if comment.is_some_and(|text| text.contains('\0')) {
        wrong.push(field("comment", "must not hold NUL"));
    }
    let reasons = match &said.reasons {
        Some(parts) => given(plant, run, parts, &mut wrong),
        None if said.confirm == Some(true) => accepted(plant, stop, &mut wrong),
        None => kept(&in_force(&data.said, &data.intervals), run),
    };
    if !wrong.is_empty() {
        return Err(ServiceError::Invalid(wrong));
    }
    let was = before.is_some_and(|b| b.confirmed);
    let gave = said
        .reasons
        .as_ref()
        .map(|parts| !parts.is_empty() && may_confirm);
    let as_it_was = || before.map_or_else(String::new, |b| b.comment.clone());
    Ok(Classification {
        id: 0,
        from: run.span.from(),
        to: (!run.open).then_some(run.span.to()),
        reasons,
        confirmed: said.confirm.or(gave).unwrap_or(was),
        comment: comment.map_or_else(as_it_was, str::to_owned),
        author: String::new(),
        made: TsMs(0),
    })
}

/// An end as it is kept: that of a stop which lasts stays open.
fn end(to: TsMs, run: Run) -> Option<TsMs> {
    (!run.open || to < run.span.to()).then_some(to)
}

/// The reasons that were given for parts of the stop, as far as they can be; every field that cannot goes to `wrong`.
fn given(plant: &Plant, run: Run, parts: &[GivenPart], wrong: &mut Vec<FieldError>) -> Vec<Given> {
    let span = run.span;
    if parts.len() > MOST_PARTS {
        let problem = format!("must be at most {MOST_PARTS} parts");
        wrong.push(field("reasons", problem));
        return vec![];
    }
    let mut out = Vec::with_capacity(parts.len());
    let mut free = span.from();
    for (i, part) in parts.iter().enumerate() {
        let mut say = |name: &str, problem: &str| {
            wrong.push(field(&format!("reasons[{i}].{name}"), problem));
        };
        let reason = plant.reasons.by_code(&part.reason);
        match reason {
            None => say("reason", &format!("'{}' does not exist", part.reason)),
            Some(reason) if !reason.leaf => say("reason", "is a group; give one of its reasons"),
            Some(reason) if !reason.active => say("reason", "is no longer in use"),
            Some(_) => {}
        }
        let to = part.to.or_else(|| parts.get(i + 1).and_then(|p| p.from));
        let from = part.from.or((i == 0).then_some(span.from()));
        match from {
            None => say("from", "is missing"),
            Some(from) if !span.contains(from) => say("from", "lies outside the stop"),
            Some(from) if from < free => say("from", "lies in the part before it"),
            Some(from) if to.is_some_and(|to| to <= from) => {
                say("to", "must be after the part's start");
            }
            Some(_) => {}
        }
        if to.is_some_and(|to| to > span.to()) {
            say("to", "lies outside the stop");
        }
        free = to.unwrap_or(span.to());
        if let (Some(from), Some(reason)) = (from, reason) {
            out.push(Given {
                from,
                to: to.or_else(|| end(span.to(), run)),
                cause: reason.cause(),
            });
        }
    }
    out
}

/// The reasons as they are, given or guessed, now given; that there is none goes to `wrong`.
fn accepted(plant: &Plant, stop: &Stop<'_>, wrong: &mut Vec<FieldError>) -> Vec<Given> {
    let mut out: Vec<Given> = Vec::new();
    for part in stop.parts {
        let Some(reason) = part.reason.and_then(|id| plant.reasons.get(id)) else {
            continue;
        };
        let to = end(part.span.to(), stop.run);
        match out.last_mut() {
            // A change of product or state cuts a part, but not its reason.
            Some(last) if last.to == Some(part.span.from()) && last.cause == reason.cause() => {
                last.to = to;
            }
            _ => out.push(Given {
                from: part.span.from(),
                to,
                cause: reason.cause(),
            }),
        }
    }
    if out.is_empty() {
        let problem = "nothing points to a reason that could be confirmed; give one";
        wrong.push(field("reasons", problem));
    }
    out
}

/// The reasons given before, as far as they lie in the stop.
fn kept(in_force: &[Given], run: Run) -> Vec<Given> {
    let keep = |given: &Given| {
        let to = given.to.unwrap_or(run.span.to());
        let span = Span::clamped(given.from, to).intersect(run.span)?;
        Some(Given {
            from: span.from(),
            to: end(span.to(), run),
            cause: given.cause,
        })
    };
    in_force.iter().filter_map(keep).collect()
}
