//! Calls as everybody sees them.

use crate::api::andon::{CallView, Named, NextStep, Told as ToldView};
use crate::domain::ids::CallId;
use crate::domain::time::TsMs;
use crate::server::andon::Directory;
use crate::server::db::Tx;
use crate::server::db::andon::calls::StoredCall;
use crate::server::db::andon::timers::{self, TimerRow};
use crate::server::db::andon::told::{self, State, Told};
use crate::server::plant::{Line, Machine, Plant, Site};
use std::collections::HashMap;

/// These calls as everybody sees them, in the same order; calls of lines that the plant does not know are left out.
///
/// # Errors
/// The engine's.
pub async fn views_in(
    tx: &mut Tx,
    plant: &Plant,
    people: &Directory,
    calls: &[StoredCall],
) -> sqlx::Result<Vec<CallView>> {
    let ids: Vec<CallId> = calls.iter().map(|call| call.id).collect();
    let mut told_of: HashMap<CallId, Vec<Told>> = HashMap::new();
    for told in told::of_calls_in(tx, &ids).await? {
        told_of.entry(told.call).or_default().push(told);
    }
    let mut timers_of: HashMap<CallId, Vec<TimerRow>> = HashMap::new();
    for timer in timers::pending_of_calls_in(tx, &ids).await? {
        timers_of.entry(timer.call()).or_default().push(timer);
    }
    let view = |call: &StoredCall| {
        let line = plant.lines.iter().find(|line| line.id == call.spot.line)?;
        let machine = call
            .spot
            .machine
            .and_then(|id| line.machines.iter().find(|machine| machine.id == id));
        let told = told_of.remove(&call.id).unwrap_or_default();
        let pending = timers_of.remove(&call.id).unwrap_or_default();
        let site = plant.site.as_ref()?;
        Some(CallView {
            id: call.id.0,
            version: call.version,
            line: Named {
                code: line.code.clone(),
                name: line.name.clone(),
            },
            machine: machine.map(named),
            status: call.call.status(),
            call: call.call.clone(),
            text: call.text.clone(),
            note: call.note.clone(),
            raised_person: call.raised_person.map(|p| p.0),
            raised_device: call.raised_device.map(|d| d.0),
            taken_person: call.acknowledged_person.map(|p| p.0),
            raises: call.raises,
            stop: call.stop,
            restarted: call.restarted,
            reopen_until: call.call.reopen_until(people.reopen),
            level: call.level,
            told: told.into_iter().rev().filter_map(told_view).collect(),
            next: next(people, (site, line), call, &pending),
        })
    };
    let mut view = view;
    Ok(calls.iter().filter_map(&mut view).collect())
}

fn named(machine: &Machine) -> Named {
    Named {
        code: machine.code.clone(),
        name: machine.name.clone(),
    }
}

fn told_view(told: Told) -> Option<ToldView> {
    Some(ToldView {
        at: told.at,
        level: told.level,
        outcome: told.state.outcome()?,
        person: told
            .person
            .filter(|_| told.state == State::Shown)
            .map(|person| person.0),
        who: told.who,
        via: told.channel,
        why: told.why,
    })
}

fn next(
    people: &Directory,
    (site, line): (&Site, &Line),
    call: &StoredCall,
    pending: &[TimerRow],
) -> Option<NextStep> {
    let timer = pending.iter().find(|timer| timer.plan == call.plan)?;
    let step = call.ladder.steps().get(usize::try_from(timer.step).ok()?)?;
    let at = TsMs(timer.due_ms);
    let called = people.called(site, line, &step.to, at).into_iter();
    Some(NextStep {
        at,
        level: step.level,
        who: called.map(|one| one.who).collect(),
    })
}
