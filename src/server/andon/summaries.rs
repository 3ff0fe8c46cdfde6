//! What was held back because somebody heard too much, told as one summary.

use super::directory::Directory;
use super::steps::Around;
use super::words;
use crate::domain::andon::Channel;
use crate::domain::ids::{CallId, PersonId};
use crate::domain::time::TsMs;
use crate::server::db::andon::calls;
use crate::server::db::andon::{rules, told};
use crate::server::delivery::{NewDelivery, To, enqueue};
use crate::server::services::error::ServiceError;
use crate::server::state::App;
use std::collections::BTreeSet;

/// Sends the summaries that are due; how many people got one.
///
/// # Errors
/// The database's. What was not sent is sent the next time.
pub(super) async fn send_due(app: &App, now: TsMs) -> Result<usize, ServiceError> {
    let held = told::summaries(&app.db).await?;
    if held.is_empty() {
        return Ok(0);
    }
    let limit = rules::quiet_limit_in(&mut app.db.snapshot().await?).await?;
    let due = held.iter().filter(|(_, until)| limit.is_due(*until, now));
    let due: BTreeSet<PersonId> = due.map(|(person, _)| *person).collect();
    if due.is_empty() {
        return Ok(0);
    }
    let people = Directory::load(&app.db).await?;
    for person in &due {
        send(app, &people, *person, now).await?;
    }
    app.channels.wake();
    Ok(due.len())
}

async fn send(
    app: &App,
    people: &Directory,
    person: PersonId,
    now: TsMs,
) -> Result<(), ServiceError> {
    let plant = app.plant.get();
    let mut tx = app.db.begin_append().await?;
    let held = told::held_in(&mut tx, person).await?;
    // Another node was faster.
    let Some(since) = held.iter().filter_map(|told| told.held).min() else {
        return Ok(());
    };
    let channels: BTreeSet<Channel> = held.iter().map(|told| told.channel).collect();
    for channel in channels {
        let over_it = held.iter().filter(|told| told.channel == channel);
        let ids: BTreeSet<CallId> = over_it.map(|told| told.call).collect();
        let mut titles = Vec::new();
        for id in ids {
            let call = calls::by_id_in(&mut tx, id).await?;
            // What is over is not told.
            if let Some(call) = call.filter(|call| call.call.status().is_open()) {
                let around = Around::of(app, &plant, &call, people, now)?;
                titles.push(words::title(around, &call));
            }
        }
        let mut delivery = None;
        if !titles.is_empty() {
            let key = format!("summary/{}/{}/{}", person.0, since.0, channel.name());
            let new = NewDelivery {
                key: &key,
                channel: channel.name(),
                to: To::Person(person),
                message: &words::summary(&titles),
                step: None,
                now,
                due: now,
            };
            let queued = enqueue(&mut tx, &new).await?;
            delivery = queued.first().map(|one| one.delivery().0);
        }
        told::merge(&mut tx, person, channel, delivery, now).await?;
    }
    tx.commit().await?;
    Ok(())
}
