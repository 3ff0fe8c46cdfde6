//! What people do with calls.

use super::raise::{replan, settle};
use super::view::views_in;
use super::{Doer, moment, written};
use crate::api::andon::CallView;
use crate::domain::andon::{Act, Call, Cause, Refused, Round, Status};
use crate::domain::ids::CallId;
use crate::domain::rights::Permission;
use crate::domain::time::TsMs;
use crate::server::andon::steps::{Why, begin_anew, do_step, end, expect_later};
use crate::server::andon::{Around, Directory};
use crate::server::auth::Ctx;
use crate::server::db::andon::calls::{self, StoredCall};
use crate::server::db::andon::{events, rounds};
use crate::server::db::{Tx, audit, deliveries, notify};
use crate::server::live::calls::tell;
use crate::server::plant::Plant;
use crate::server::services::error::{ServiceError, invalid, not_found};
use crate::server::state::App;
use serde_json::json;

/// "I am coming", perhaps with when. Whoever took it tells another time by the same act.
///
/// # Errors
/// As all acts: no such call; the leave does not reach its line; [`ServiceError::Conflict`] when somebody was faster or
/// something must come before it; a value that cannot be; the database's. Nothing is changed then.
pub async fn acknowledge_andon_event(
    ctx: &Ctx,
    id: i64,
    eta: Option<TsMs>,
) -> Result<CallView, ServiceError> {
    act(ctx, CallId(id), Act::Acknowledge { eta }, "").await
}

/// "I cannot come", by whoever took it, perhaps with why: it waits for somebody to take it once more.
///
/// # Errors
/// As [`acknowledge_andon_event`]; also when somebody else took it.
pub async fn hand_back_andon_event(
    ctx: &Ctx,
    id: i64,
    note: &str,
) -> Result<CallView, ServiceError> {
    act(ctx, CallId(id), Act::HandBack, note).await
}

/// "I am there."
///
/// # Errors
/// As [`acknowledge_andon_event`].
pub async fn arrive_andon_event(ctx: &Ctx, id: i64) -> Result<CallView, ServiceError> {
    act(ctx, CallId(id), Act::Arrive, "").await
}

/// The trouble is over: where it came from, and what was done.
///
/// # Errors
/// As [`acknowledge_andon_event`].
pub async fn resolve_andon_event(
    ctx: &Ctx,
    id: i64,
    cause: Cause,
    note: &str,
) -> Result<CallView, ServiceError> {
    act(ctx, CallId(id), Act::Resolve { cause }, note).await
}

/// Nothing is left to do.
///
/// # Errors
/// As [`acknowledge_andon_event`].
pub async fn close_andon_event(ctx: &Ctx, id: i64) -> Result<CallView, ServiceError> {
    act(ctx, CallId(id), Act::Close, "").await
}

/// It was not needed; `note` says why. Whoever raised it takes it back as long as nobody has taken it and nobody else called
/// for the same; a call that a shared tablet raised is that tablet's.
///
/// # Errors
/// As [`acknowledge_andon_event`]; also without a note, and by others who may not resolve calls.
pub async fn cancel_andon_event(ctx: &Ctx, id: i64, note: &str) -> Result<CallView, ServiceError> {
    if note.trim().is_empty() {
        return Err(invalid("note", "is missing: say why it was not needed"));
    }
    act(ctx, CallId(id), Act::Cancel, note).await
}

/// It was not over.
///
/// # Errors
/// As [`acknowledge_andon_event`]; also when another call of the kind is open at the place.
pub async fn reopen_andon_event(ctx: &Ctx, id: i64, note: &str) -> Result<CallView, ServiceError> {
    act(ctx, CallId(id), Act::Reopen { restarted: None }, note).await
}

/// "Call the next level now."
///
/// # Errors
/// As [`acknowledge_andon_event`]; also when nobody is above.
pub async fn escalate_andon_event(ctx: &Ctx, id: i64) -> Result<CallView, ServiceError> {
    act(ctx, CallId(id), Act::Escalate, "").await
}

async fn act(ctx: &Ctx, id: CallId, act: Act, note: &str) -> Result<CallView, ServiceError> {
    let app = ctx.app();
    let plant = app.plant.get();
    let note = written("note", note)?;
    let people = Directory::load(&app.db).await?;
    let mut tx = app.db.begin_append().await?;
    let stored = calls::by_id_in(&mut tx, id).await?;
    let stored = stored.ok_or_else(|| not_found("call", &id.0.to_string()))?;
    let around = Around::of(app, &plant, &stored, &people, app.clock.now())?;
    ctx.reach(around.line)?;
    let by = Doer::of(ctx, &people);
    if act == Act::Cancel && !ctx.holds(Permission::AndonResolve, around.line) {
        let own = raised_by(&stored, &by);
        let taken = stored.call.status() != Status::Raised;
        if !own {
            ctx.also(Permission::AndonResolve, around.line)?;
        } else if taken || others_joined(&mut tx, &stored).await? {
            return Err(theirs_no_more(&stored.call));
        }
    }
    if act_in(&mut tx, around, stored, (act, note), by).await? {
        tx.commit().await?;
        app.channels.wake();
        tell(app).await;
    } else {
        drop(tx);
    }
    view(app, &plant, &people, id).await
}

/// Whether somebody raised a call, or the shared tablet before which they stand did while nobody was signed on there.
fn raised_by(stored: &StoredCall, by: &Doer) -> bool {
    let person = stored.raised_person.is_some() && stored.raised_person == by.person;
    let device = stored.raised_device.is_some() && stored.raised_device == by.device;
    person || device
}

/// Whether somebody else called for the same, or said that it was not over.
async fn others_joined(tx: &mut Tx, stored: &StoredCall) -> sqlx::Result<bool> {
    let (person, name) = (stored.raised_person, &stored.call.raised.by);
    let happened = events::of_calls_in(tx, &[stored.id]).await?;
    let mut again = happened
        .iter()
        .filter(|event| ["join", "reopen"].contains(&event.what.as_str()));
    Ok(again.any(|event| {
        event.person_id != person.map(|p| p.0) || (person.is_none() && event.who != *name)
    }))
}

/// Whoever raised a call may not take it back any more.
fn theirs_no_more(call: &Call) -> ServiceError {
    let why = if call.status() == Status::Raised {
        "others called for the same".to_owned()
    } else {
        let made = call.made();
        let status = call.status().words().to_lowercase();
        format!("{status} by {} at {}", made.by, moment(made.at))
    };
    let problem = format!("{why}: only those who may resolve calls can cancel it now");
    ServiceError::Conflict(problem)
}

async fn view(
    app: &App,
    plant: &Plant,
    people: &Directory,
    id: CallId,
) -> Result<CallView, ServiceError> {
    let mut tx = app.db.snapshot().await?;
    let stored = calls::by_id_in(&mut tx, id).await?;
    let views = views_in(&mut tx, plant, people, stored.as_slice()).await?;
    let view = views.into_iter().next();
    view.ok_or_else(|| not_found("call", &id.0.to_string()))
}

/// Does an act with everything that belongs to it; `false` when the same person had done it already, and nothing changes.
///
/// # Errors
/// As [`acknowledge_andon_event`].
pub(crate) async fn act_in(
    tx: &mut Tx,
    around: Around<'_>,
    stored: StoredCall,
    (act, note): (Act, &str),
    by: Doer,
) -> Result<bool, ServiceError> {
    // When the machine ran again is what the timeline said, not what a caller says.
    let act = match act {
        Act::Reopen { .. } => Act::Reopen {
            restarted: stored.restarted,
        },
        act => act,
    };
    let before = stored.call.clone();
    // Whoever did it is known by their number: two people may have one name, and names change.
    let last = events::by_whom_in(tx, stored.id, act.name()).await?;
    let made = before.made();
    // Only whoever took it tells another time, or that they cannot come.
    let of_taker = before.status() == Status::Acknowledged
        && matches!(act, Act::Acknowledge { .. } | Act::HandBack);
    let last = if of_taker {
        Some(stored.acknowledged_person)
    } else {
        last
    };
    let did_it =
        last.is_some_and(|person| person == by.person && (person.is_some() || made.by == by.name));
    let repeats = did_it && (of_taker || act.leads_to() == Some(before.status()));
    if of_taker && !did_it && made.by == by.name {
        return Err(of_another(&before));
    }
    let name = if repeats { &made.by } else { &by.name };
    let next = before
        .clone()
        .after(act, name, around.now, around.people.reopen)
        .map_err(|why| refused(&why))?;
    if next == before && act != Act::Escalate {
        return if did_it {
            Ok(false)
        } else {
            Err(of_another(&before))
        };
    }
    let mut call = StoredCall {
        call: next,
        ..stored
    };
    match act {
        Act::Acknowledge { .. } | Act::Arrive if before.acknowledged.is_none() => {
            call.acknowledged_person = by.person;
        }
        Act::Acknowledge { .. } => expect_later(tx, &call).await?,
        Act::HandBack => {
            note.clone_into(&mut call.note);
            call.acknowledged_person = None;
            begin_anew(tx, &mut call, around.now).await?;
        }
        Act::Resolve { .. } | Act::Cancel => note.clone_into(&mut call.note),
        Act::Reopen { .. } => {
            alone(tx, &call).await?;
            // That there was nothing to do is no longer true: who has not heard it yet does not hear it now.
            deliveries::void(tx, call.id.0, None).await?;
            let round = Round::ended(&before, &call.call);
            rounds::add(tx, call.id, before.reopened, round).await?;
            call.restarted = None;
            call.acknowledged_person = None;
            call.level = 0;
            replan(around, &mut call);
        }
        Act::Escalate => {
            let above = call.ladder.above(call.level, &call.call);
            let step = above.ok_or_else(|| {
                let level = call.level;
                ServiceError::Conflict(format!("nobody stands above level {level} on its ladder"))
            })?;
            do_step(tx, around, &mut call, step, Why::ByHand(&by.name)).await?;
        }
        Act::Arrive | Act::Close => {}
    }
    calls::put(tx, &mut call).await?;
    let at = match act {
        // Neither leaves a stamp: the one, and another ETA of whoever took it.
        Act::Escalate | Act::Acknowledge { .. } => around.now.max(call.call.made().at),
        _ => call.call.made().at,
    };
    let detail = detail(act, &call, note);
    events::add(
        tx,
        call.id,
        (at, act.name()),
        (&by.name, by.person),
        &detail,
    )
    .await?;
    settle(tx, around, &mut call).await?;
    if matches!(act, Act::Resolve { .. } | Act::Cancel) {
        end(tx, around, &call, by.person).await?;
    }
    let mut row = by.entry;
    row.at_ms = around.now.0;
    row.action = format!("andon.{}", act.name());
    row.target = format!("call:{}", call.id.0);
    row.was = json!({"status": before.status()}).to_string();
    row.became =
        json!({"status": call.call.status(), "level": call.level, "detail": detail}).to_string();
    audit::add(tx, &row).await?;
    notify::calls(tx, call.version).await?;
    Ok(true)
}

/// Somebody of the same name made the status of a call.
fn of_another(call: &Call) -> ServiceError {
    let made = call.made();
    ServiceError::Conflict(format!(
        "{} by another {} at {}",
        call.status().words().to_lowercase(),
        made.by,
        moment(made.at)
    ))
}

/// Refuses to reopen a call beside another one.
async fn alone(tx: &mut Tx, call: &StoredCall) -> Result<(), ServiceError> {
    let Some(other) = calls::open_in(tx, call.spot, call.call.kind).await? else {
        return Ok(());
    };
    let (id, raised) = (other.id.0, &other.call.raised);
    let problem = format!(
        "call {id}, raised by {} at {}, is open for the same: use that one",
        raised.by,
        moment(raised.at)
    );
    Err(ServiceError::Conflict(problem))
}

fn refused(refused: &Refused) -> ServiceError {
    match refused {
        Refused::Status { status, made, hint } => ServiceError::Conflict(format!(
            "{} by {} at {}: {hint}",
            status.words().to_lowercase(),
            made.by,
            moment(made.at)
        )),
        Refused::TooLate { .. } => ServiceError::Conflict(refused.to_string()),
        Refused::Eta => invalid("eta", refused.to_string()),
    }
}

/// What is said of an act in the history.
fn detail(act: Act, call: &StoredCall, note: &str) -> String {
    let about = match act {
        Act::Acknowledge { eta: Some(eta) } => format!("there at {}", moment(eta)),
        Act::Resolve { cause } => cause.words().to_owned(),
        Act::Escalate => format!("level {}", call.level),
        _ => String::new(),
    };
    match (about.is_empty(), note.is_empty()) {
        (_, true) => about,
        (true, false) => note.to_owned(),
        (false, false) => format!("{about}: {note}"),
    }
}
