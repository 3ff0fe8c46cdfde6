//! Puts messages into the outbox, in the transaction of whatever causes them.

use super::message::Message;
use crate::domain::ids::{DeliveryId, PersonId};
use crate::domain::time::TsMs;
use crate::server::db::deliveries::{self, NewRow};
use crate::server::db::{Tx, contacts, people};

/// Whom a message goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To<'a> {
    /// Somebody here, at what is on file for the channel.
    Person(PersonId),
    /// An address as the channel reads it, such as the name of a receiver in the settings.
    Address(&'a str),
}

/// A message that is to go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewDelivery<'a> {
    /// What it is, such as `andon:17:2:person:5:email`: under one key a message is queued once, however often that is asked.
    pub key: &'a str,
    /// Over which channel, by its name.
    pub channel: &'a str,
    /// To whom.
    pub to: To<'a>,
    /// What is told.
    pub message: &'a Message,
    /// The step of the call's ladder that causes it.
    pub step: Option<i64>,
    /// Now.
    pub now: TsMs,
    /// When it is to go out.
    pub due: TsMs,
}

/// What became of a message that was to be queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queued {
    /// It waits.
    New(DeliveryId),
    /// It was queued before under the same key.
    Known(DeliveryId),
    /// There is nowhere to send it to: it is on record as failed, with the reason.
    Nowhere(DeliveryId),
}

impl Queued {
    /// The message's id.
    #[must_use]
    pub const fn delivery(self) -> DeliveryId {
        let (Self::New(id) | Self::Known(id) | Self::Nowhere(id)) = self;
        id
    }
}

/// Queues a message once: to somebody with several browsers, one to each of them, else one. They go out if the transaction
/// commits; call [`Channels::wake`](super::Channels::wake) then, so that they do at once.
///
/// # Errors
/// The engine's.
pub async fn enqueue(tx: &mut Tx, new: &NewDelivery<'_>) -> sqlx::Result<Vec<Queued>> {
    let message = new.message.tidy();
    let (person, places) = match new.to {
        To::Address(address) => (None, Ok(vec![address.to_owned()])),
        To::Person(person) => (Some(person), places(tx, person, new.channel).await?),
    };
    let row = NewRow {
        uid: "",
        key: new.key,
        channel: new.channel,
        person,
        address: "",
        title: &message.title,
        body: &message.text,
        link: &message.link,
        urgency: message.urgency.name(),
        call: message.call,
        step: new.step,
        queued: new.now,
        due: new.due,
    };
    let places = match places {
        Ok(places) => places,
        Err(why) => {
            let queued = add(tx, row).await?;
            if let Queued::New(id) = queued {
                deliveries::fail(tx, id, why).await?;
                return Ok(vec![Queued::Nowhere(id)]);
            }
            return Ok(vec![queued]);
        }
    };
    let mut out = Vec::with_capacity(places.len());
    for place in &places {
        // Of several browsers each has a key of its own.
        let key = match new.to {
            To::Person(_) if new.channel == PUSH => format!("{}:{place}", new.key),
            _ => new.key.to_owned(),
        };
        let row = NewRow {
            key: &key,
            address: place,
            ..row.clone()
        };
        out.push(add(tx, row).await?);
    }
    Ok(out)
}

const EMAIL: &str = "email";
const PUSH: &str = "push";
const PHONES: [&str; 2] = ["sms", "voice"];

/// Where somebody is reached over a channel, or why they are not.
///
/// # Errors
/// The engine's; also when there is nobody of this number.
pub async fn places(
    tx: &mut Tx,
    person: PersonId,
    channel: &str,
) -> sqlx::Result<Result<Vec<String>, &'static str>> {
    let Some(row) = people::by_id_in(tx, person).await? else {
        return Err(sqlx::Error::RowNotFound);
    };
    if row.disabled != 0 {
        return Ok(Err("they are no longer let in"));
    }
    if channel == EMAIL {
        return Ok(match row.email.trim() {
            "" => Err("no address for e-mail is on file"),
            address => Ok(vec![address.to_owned()]),
        });
    }
    if PHONES.contains(&channel) {
        let phone = contacts::phone_in(tx, person).await?;
        return Ok(phone.map(|p| vec![p]).ok_or("no phone number is on file"));
    }
    if channel == PUSH {
        let browsers = contacts::subscriptions_in(tx, person).await?;
        let numbers: Vec<String> = browsers.iter().map(|b| b.id.to_string()).collect();
        return Ok(if numbers.is_empty() {
            Err("none of their devices takes messages")
        } else {
            Ok(numbers)
        });
    }
    Ok(Err("people are not reached over this channel"))
}

async fn add(tx: &mut Tx, row: NewRow<'_>) -> sqlx::Result<Queued> {
    let uid = uid();
    let added = deliveries::add(
        tx,
        &NewRow {
            uid: &uid,
            ..row.clone()
        },
    )
    .await?;
    if let Some(id) = added {
        return Ok(Queued::New(id));
    }
    let known = deliveries::by_key_in(tx, row.key).await?;
    let known = known.ok_or(sqlx::Error::RowNotFound)?;
    Ok(Queued::Known(known.delivery()))
}

/// A new id for receivers: one that no other database gives either, so that a restored one does not repeat it.
pub(super) fn uid() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}
