//! When a call is over: what is on its way is stopped, and whoever was woken hears that there is nothing to do.

use super::steps::Around;
use super::words;
use crate::domain::andon::Channel;
use crate::domain::ids::PersonId;
use crate::domain::time::TsMs;
use crate::server::db::Tx;
use crate::server::db::andon::calls::StoredCall;
use crate::server::db::andon::told;
use crate::server::db::deliveries::{self, DeliveryRow};
use crate::server::delivery::{NewDelivery, To, enqueue};
use std::collections::BTreeSet;

/// Somebody, or a program that listens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Woken {
    Person(PersonId),
    Program(String),
}

/// Tells everybody who heard of the present round of a call by anything but a screen, be it in a summary of several calls,
/// except whoever ended it.
pub(super) async fn tell_over(
    tx: &mut Tx,
    around: Around<'_>,
    call: &StoredCall,
    by: Option<PersonId>,
) -> sqlx::Result<()> {
    let round = call.call.since();
    // What nobody tried yet need not go out. Only then is looked at what was tried: from here on nobody begins to.
    deliveries::void(tx, call.id.0, None).await?;
    let mut sent = deliveries::of_call_in(tx, call.id.0).await?;
    // After the clock was set back the round lies ahead of what was sent in it.
    let was_set_back = around.now < round;
    sent.retain(|row| row.step.is_some() && (row.queued_ms >= round.0 || was_set_back));
    sent.retain(|row| row.attempts > 0 || row.state == "sent");
    let since = if was_set_back { TsMs(0) } else { round };
    // A summary that still waits goes out all the same, as it tells of other calls, too.
    let by_summary = told::by_summary_in(tx, call.id, since).await?;
    let message = words::over(around, call);
    for (woken, channel) in by_whom(&sent, by_summary, by) {
        let (id, plan) = (call.id.0, call.plan);
        let (to, who) = match &woken {
            Woken::Person(person) => (To::Person(*person), person.0.to_string()),
            Woken::Program(name) => (To::Address(name), format!("webhook/{name}")),
        };
        let key = format!("call/{id}/{plan}/over/{who}/{}", channel.name());
        let new = NewDelivery {
            key: &key,
            channel: channel.name(),
            to,
            message: &message,
            step: None,
            now: around.now,
            due: around.now,
        };
        enqueue(tx, &new).await?;
    }
    Ok(())
}

/// Who is to hear of it, by what. A telephone does not ring again for those who were reached otherwise as well.
fn by_whom(
    told: &[DeliveryRow],
    by_summary: Vec<(PersonId, Channel)>,
    but: Option<PersonId>,
) -> BTreeSet<(Woken, Channel)> {
    let one = |row: &DeliveryRow| {
        let channel = Channel::from_name(&row.channel)?;
        let woken = match row.person_id {
            Some(person) => Woken::Person(PersonId(person)),
            None => Woken::Program(row.address.clone()),
        };
        Some((woken, channel))
    };
    let by_summary = by_summary.into_iter();
    let by_summary = by_summary.map(|(person, channel)| (Woken::Person(person), channel));
    let all: BTreeSet<(Woken, Channel)> = told.iter().filter_map(one).chain(by_summary).collect();
    let otherwise = |woken: &Woken| {
        all.iter()
            .any(|(other, channel)| other == woken && !words::wakes(*channel))
    };
    let kept = all.iter().filter(|(woken, channel)| {
        but.is_none_or(|but| *woken != Woken::Person(but))
            && (!words::wakes(*channel) || !otherwise(woken))
    });
    kept.cloned().collect()
}
