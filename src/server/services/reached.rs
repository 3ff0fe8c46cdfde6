//! By what people are reached, as they set it themselves: their phone, the devices that take push messages.

use super::andon::channels::{Tested, tested};
use super::error::{ServiceError, invalid, not_found};
use crate::domain::andon::Channel;
use crate::domain::ids::{PersonId, SubscriptionId};
use crate::domain::time::{DurMs, MINUTE_MS};
use crate::server::auth::Ctx;
use crate::server::db::audit::{self, AuditRow};
use crate::server::db::contacts::{self, NewSubscription, SubscriptionRow};
use crate::server::db::people::{self, PersonRow};
use crate::server::db::{Tx, deliveries};
use crate::server::delivery::gateway::international;
use crate::server::delivery::{places, push};
use serde_json::json;

/// So many devices of one person take messages.
const MOST_DEVICES: usize = 10;
/// The longest name of a device, in characters.
const LONGEST_LABEL: usize = 60;
/// The longest address that a push service gives, in characters.
const LONGEST_ENDPOINT: usize = 2_000;
/// A gateway costs money: so many tests within this time.
const TESTS: (i64, DurMs) = (5, DurMs(10 * MINUTE_MS));
/// That one was asked for, before it is sent; these are counted.
const ASKED: &str = "person.contact.ask";
/// What became of it.
const TESTED: &str = "person.contact.test";

/// A channel that is set up, and where it reaches one.
#[derive(Clone, Debug)]
pub struct Way {
    /// Which.
    pub channel: Channel,
    /// Nothing, or why it does not reach one.
    pub reaches: Result<(), String>,
}

/// By what somebody is reached.
#[derive(Clone, Debug)]
pub struct Reached {
    /// Who.
    pub row: PersonRow,
    /// The number at which they take text messages and calls.
    pub phone: Option<String>,
    /// Their devices that take push messages, the newest first.
    pub devices: Vec<SubscriptionRow>,
    /// The site's public key, which a browser must know; `None`: push is not set up.
    pub push_key: Option<String>,
    /// The channels to people that are set up.
    pub ways: Vec<Way>,
}

/// What a browser told when somebody allowed it to show messages.
#[derive(Clone, Debug)]
pub struct NewDevice {
    /// Where messages are posted to.
    pub endpoint: String,
    /// Its public key, in base64url.
    pub p256dh: String,
    /// The secret that it shares with us, in base64url.
    pub auth: String,
    /// What the person calls the device.
    pub label: String,
}

fn me(ctx: &Ctx) -> Result<PersonId, ServiceError> {
    ctx.caller().person().ok_or(ServiceError::Unauthenticated)
}

async fn my_row(ctx: &Ctx) -> Result<PersonRow, ServiceError> {
    let row = people::by_id(&ctx.app().db, me(ctx)?).await?;
    row.ok_or(ServiceError::Unauthenticated)
}

/// By what whoever asks is reached.
///
/// # Errors
/// Nobody asks; the engine's.
pub async fn own(ctx: &Ctx) -> Result<Reached, ServiceError> {
    let (app, row) = (ctx.app(), my_row(ctx).await?);
    let person = row.person();
    let mut tx = app.db.snapshot().await?;
    let phone = contacts::phone_in(&mut tx, person).await?;
    let devices = contacts::subscriptions_in(&mut tx, person).await?;
    let mut ways = Vec::new();
    for channel in Channel::ALL {
        if channel == Channel::Webhook || app.channels.get(channel.name()).is_none() {
            continue;
        }
        let found = places(&mut tx, person, channel.name()).await?;
        ways.push(Way {
            channel,
            reaches: found.map(drop).map_err(str::to_owned),
        });
    }
    let push = app.channels.get(Channel::Push.name());
    Ok(Reached {
        row,
        phone,
        devices,
        push_key: push.and_then(|p| p.public_key()).map(str::to_owned),
        ways,
    })
}

/// What the record says of a number: enough to tell one from another.
fn ending(number: Option<&str>) -> String {
    let end = number.map(|n| n.get(n.len().saturating_sub(2)..).unwrap_or_default());
    json!({ "ends_in": end }).to_string()
}

/// A new phone number of one's own; empty: none.
///
/// # Errors
/// What is no number with its country code; a tablet that several people share; nobody asks; the engine's.
pub async fn set_phone(ctx: &Ctx, typed: &str) -> Result<(), ServiceError> {
    let row = my_row(ctx).await?;
    if ctx.caller().device.is_some() {
        let words = "this tablet is shared: set your number where you sign in with your password";
        return Err(ServiceError::Conflict(words.to_owned()));
    }
    let number = match typed.trim() {
        "" => None,
        typed => Some(international(typed).map_err(|why| invalid("phone", why))?),
    };
    let mut tx = ctx.app().db.begin().await?;
    let old = contacts::phone_in(&mut tx, row.person()).await?;
    if old == number {
        return Ok(());
    }
    contacts::set_phone(&mut tx, row.person(), number.as_deref()).await?;
    let mut line = ctx.entry("person.phone", format!("person:{}", row.login));
    (line.was, line.became) = (ending(old.as_deref()), ending(number.as_deref()));
    audit::add(&mut tx, &line).await?;
    tx.commit().await?;
    Ok(())
}

/// This browser takes messages for whoever asks, from now on and for nobody else: whose it was before is told on record.
///
/// # Errors
/// Push is not set up; a tablet that several people share; what the browser told cannot be used; too many devices; nobody
/// asks; the engine's.
pub async fn add_device(ctx: &Ctx, new: &NewDevice) -> Result<(), ServiceError> {
    let (app, row) = (ctx.app(), my_row(ctx).await?);
    if ctx.caller().device.is_some() {
        let words = "this tablet is shared: messages for one person do not belong on it";
        return Err(ServiceError::Conflict(words.to_owned()));
    }
    let push = app.channels.get(Channel::Push.name());
    let push = push.ok_or_else(|| invalid("device", "push is not set up on this server"))?;
    let endpoint = new.endpoint.trim();
    if endpoint.chars().count() > LONGEST_ENDPOINT {
        return Err(invalid("device", "told an address that is too long"));
    }
    push.takes(endpoint).map_err(|why| invalid("device", why))?;
    let (p256dh, auth) =
        push::keys(&new.p256dh, &new.auth).map_err(|why| invalid("device", why))?;
    let label = label(&new.label)?;
    let mut tx = app.db.begin().await?;
    let known = contacts::subscriptions_in(&mut tx, row.person()).await?;
    let others = known.iter().filter(|d| d.endpoint != endpoint).count();
    if others >= MOST_DEVICES {
        let words = format!("{MOST_DEVICES} take messages already: remove one first");
        return Err(invalid("device", words));
    }
    let subscription = NewSubscription {
        endpoint,
        p256dh: &p256dh,
        auth: &auth,
        label,
    };
    let added = contacts::subscribe(&mut tx, row.person(), subscription, ctx.now()).await?;
    let lost = match added.lost {
        Some(before) => Some(taken_from(ctx, &mut tx, &before).await?),
        None => None,
    };
    let mut line = ctx.entry("person.device.add", format!("person:{}", row.login));
    line.became = json!({"device": added.id.0, "label": label}).to_string();
    for line in lost.iter().chain([&line]) {
        audit::add(&mut tx, line).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// A browser that took messages for somebody else takes none for them any more, neither those that wait: the row that tells
/// so.
async fn taken_from(
    ctx: &Ctx,
    tx: &mut Tx,
    before: &SubscriptionRow,
) -> Result<AuditRow, ServiceError> {
    let owner = people::by_id_in(tx, PersonId(before.person_id)).await?;
    let owner = owner.ok_or(sqlx::Error::RowNotFound)?;
    let push = Channel::Push.name();
    let messages = deliveries::void_at(tx, push, &before.id.to_string()).await?;
    let mut line = ctx.entry("person.device.lost", format!("person:{}", owner.login));
    line.was = json!({"device": before.id, "label": before.label}).to_string();
    line.became = json!({ "messages_void": messages }).to_string();
    line.why = "somebody else uses the browser now".to_owned();
    Ok(line)
}

fn label(typed: &str) -> Result<&str, ServiceError> {
    match typed.trim() {
        "" => Err(invalid("label", "is missing")),
        label if label.chars().count() > LONGEST_LABEL => {
            let words = format!("must be at most {LONGEST_LABEL} characters");
            Err(invalid("label", words))
        }
        // PostgreSQL cannot hold NUL in text.
        label if label.contains('\0') => Err(invalid("label", "must not hold NUL")),
        label => Ok(label),
    }
}

/// A device of one's own takes no messages any more.
///
/// # Errors
/// One has no such device; nobody asks; the engine's.
pub async fn remove_device(ctx: &Ctx, id: i64) -> Result<(), ServiceError> {
    let row = my_row(ctx).await?;
    let mut tx = ctx.app().db.begin().await?;
    let own = contacts::subscriptions_in(&mut tx, row.person()).await?;
    let missing = || not_found("device", &id.to_string());
    let device = own.into_iter().find(|d| d.id == id).ok_or_else(missing)?;
    if !contacts::unsubscribe(&mut tx, SubscriptionId(id)).await? {
        return Err(missing());
    }
    let mut line = ctx.entry("person.device.remove", format!("person:{}", row.login));
    line.was = json!({"device": id, "label": device.label}).to_string();
    audit::add(&mut tx, &line).await?;
    tx.commit().await?;
    Ok(())
}

/// Sends a test message to whoever asks, now and once.
///
/// # Errors
/// No such channel to people, or it is not set up; it does not reach them; too many tests; nobody asks; the engine's.
pub async fn test(ctx: &Ctx, name: &str) -> Result<Vec<Tested>, ServiceError> {
    let row = my_row(ctx).await?;
    let channel = Channel::from_name(name)
        .filter(|c| !matches!(c, Channel::Screen | Channel::Webhook))
        .ok_or_else(|| not_found("channel", name))?;
    let app = ctx.app();
    if app.channels.get(channel.name()).is_none() {
        return Err(invalid("test", "the channel is not set up"));
    }
    let target = format!("person:{}", row.login);
    let mut tx = app.db.begin().await?;
    let found = places(&mut tx, row.person(), channel.name()).await?;
    let places = found.map_err(|why| invalid("test", why))?;
    // On record before it is sent, and counted with it: of several that are asked for at once no more are sent than may be.
    let mut asked = ctx.entry(ASKED, &*target);
    asked.became = json!({ "channel": channel.name() }).to_string();
    audit::add(&mut tx, &asked).await?;
    let (most, within) = TESTS;
    if audit::count_in(&mut tx, (ASKED, &target), ctx.now() - within).await? > most {
        return Err(invalid("test", "was asked for too often: wait ten minutes"));
    }
    tx.commit().await?;
    let action = format!("{TESTED}.{}", channel.name());
    tested(ctx, channel, places, (&action, &target)).await
}
