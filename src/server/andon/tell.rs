//! Telling people of a step: on their screens, and by whatever reaches them. Who hears too much gets one summary of the rest.

use super::directory::Called;
use super::reached::{Way, ways_to};
use super::steps::{Around, Why};
use super::words;
use crate::domain::andon::quiet::never_held;
use crate::domain::andon::{Channel, Step, Verdict};
use crate::domain::ids::PersonId;
use crate::domain::time::{DAY_MS, DurMs, TsMs};
use crate::server::auth::secret;
use crate::server::db::Tx;
use crate::server::db::andon::calls::StoredCall;
use crate::server::db::andon::links;
use crate::server::db::andon::told::{self, NewTold, State};
use crate::server::delivery::{Message, NewDelivery, Queued, To, enqueue};

/// Why a role or duty is not reached.
const NOBODY: &str = "nobody has it here now";
/// A link takes a call for so long.
const LINK_HOLDS: DurMs = DurMs(DAY_MS);
/// Messages of a step are known by a number of their own: steps of other plans have others. `db::andon::told` finds them by it.
const STEPS_OF_A_PLAN: i64 = 100;

/// A step that is being done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Doing<'a> {
    /// The step.
    pub step: &'a Step,
    /// Its place in the ladder.
    pub number: i64,
    /// Why it is done.
    pub why: Why<'a>,
}

/// The number by which messages of a step are known.
const fn step_number(plan: i64, step: i64) -> i64 {
    plan * STEPS_OF_A_PLAN + step
}

/// Tells everybody whom a step calls, and the programs that listen.
pub(super) async fn tell_all(
    tx: &mut Tx,
    around: Around<'_>,
    call: &StoredCall,
    doing: Doing<'_>,
    called: &[Called],
) -> sqlx::Result<()> {
    let message = words::raised(around, call, doing.step, doing.why);
    for one in called {
        match one.person {
            Some(person) => tell_one(tx, around, call, doing, (person, &one.who), &message).await?,
            None => {
                let mut new = new(around, call, doing, one, Channel::Screen, State::Failed);
                new.why = NOBODY;
                told::add(tx, &new).await?;
            }
        }
    }
    if doing.step.via.contains(&Channel::Webhook) {
        tell_programs(tx, around, call, doing, &message).await?;
    }
    Ok(())
}

fn new<'a>(
    around: Around<'_>,
    call: &StoredCall,
    doing: Doing<'_>,
    who: &'a Called,
    channel: Channel,
    state: State,
) -> NewTold<'a> {
    NewTold {
        call: call.id,
        plan: call.plan,
        step: doing.number,
        level: doing.step.level,
        person: who.person,
        who: &who.who,
        channel,
        at: around.now,
        delivery: None,
        held: None,
        state,
        why: "",
    }
}

async fn tell_one(
    tx: &mut Tx,
    around: Around<'_>,
    call: &StoredCall,
    doing: Doing<'_>,
    (person, who): (PersonId, &str),
    message: &Message,
) -> sqlx::Result<()> {
    let called = Called {
        person: Some(person),
        who: who.to_owned(),
    };
    let via = &doing.step.via;
    let ways = ways_to(tx, &around.app.channels, around.people, via, person).await?;
    let open = ways.iter().filter(|way| way.is_open());
    let (screens, reached): (Vec<Channel>, Vec<Channel>) = open
        .map(|way| way.channel)
        .partition(|c| *c == Channel::Screen);
    if !screens.is_empty() {
        let new = new(around, call, doing, &called, Channel::Screen, State::Shown);
        told::add(tx, &new).await?;
    }
    // What somebody lacks to be reached as the ladder says stands with the call: whoever called sees whom it does not reach, and
    // whoever looks after people what is to be put on file. What is the same with every call stands there with none: of each
    // call and each person it would be said anew that the plant sends no text messages. The page of the channels says that.
    for (channel, why) in ways.iter().filter_map(Way::lacks) {
        let mut new = new(around, call, doing, &called, channel, State::Failed);
        new.why = why;
        told::add(tx, &new).await?;
    }
    if reached.is_empty() {
        return Ok(());
    }
    let held = held_until(tx, around, call, person).await?;
    let message = match held {
        None => by_link(tx, around, call, person, message).await?,
        Some(_) => message.clone(),
    };
    for channel in reached {
        let mut new = new(around, call, doing, &called, channel, State::Held);
        new.held = held;
        if held.is_none() {
            let key = format!(
                "call/{}/{}/{}/{}/{}",
                call.id.0,
                call.plan,
                doing.number,
                person.0,
                channel.name()
            );
            let to = To::Person(person);
            (new.delivery, new.state) =
                send(tx, around, call, doing, (&key, channel, to), &message).await?;
        }
        told::add(tx, &new).await?;
    }
    Ok(())
}

/// The message with a link by which this person takes the call. It opens nothing for anybody else.
async fn by_link(
    tx: &mut Tx,
    around: Around<'_>,
    call: &StoredCall,
    person: PersonId,
    message: &Message,
) -> sqlx::Result<Message> {
    let token = secret::random()?;
    let expires = around.now + LINK_HOLDS;
    links::add(tx, &secret::hash(&token), call.id, person, expires).await?;
    Ok(Message {
        link: format!("/andon/take/{token}"),
        ..message.clone()
    })
}

/// Until when a person is not told by themselves; `None`: they are told now.
async fn held_until(
    tx: &mut Tx,
    around: Around<'_>,
    call: &StoredCall,
    person: PersonId,
) -> sqlx::Result<Option<TsMs>> {
    let (kind, priority) = (call.call.kind, call.call.priority);
    if never_held(kind, priority) {
        return Ok(None);
    }
    let limit = around.people.limit;
    if let Some(waits) = told::summary_of_in(tx, person).await? {
        // What is due goes out at the next look; what comes until then is part of it.
        let is_due = limit.is_due(waits, around.now);
        return Ok(Some(if is_due { waits.min(around.now) } else { waits }));
    }
    let past = told::times_of_in(tx, person, around.now - limit.within).await?;
    Ok(match limit.judge(&past, around.now, kind, priority) {
        Verdict::Send => None,
        Verdict::Merge { due } => Some(due),
    })
}

async fn tell_programs(
    tx: &mut Tx,
    around: Around<'_>,
    call: &StoredCall,
    doing: Doing<'_>,
    message: &Message,
) -> sqlx::Result<()> {
    let channel = Channel::Webhook;
    let receivers = around.app.channels.get(channel.name());
    for name in receivers.map(|c| c.addresses()).unwrap_or_default() {
        let (id, plan, number) = (call.id.0, call.plan, doing.number);
        let key = format!("call/{id}/{plan}/{number}/webhook/{name}");
        let called = Called {
            person: None,
            who: name.clone(),
        };
        let mut new = new(around, call, doing, &called, channel, State::Waiting);
        let to = To::Address(&name);
        (new.delivery, new.state) =
            send(tx, around, call, doing, (&key, channel, to), message).await?;
        told::add(tx, &new).await?;
    }
    Ok(())
}

async fn send(
    tx: &mut Tx,
    around: Around<'_>,
    call: &StoredCall,
    doing: Doing<'_>,
    (key, channel, to): (&str, Channel, To<'_>),
    message: &Message,
) -> sqlx::Result<(Option<i64>, State)> {
    let new = NewDelivery {
        key,
        channel: channel.name(),
        to,
        message,
        step: Some(step_number(call.plan, doing.number)),
        now: around.now,
        due: around.now,
    };
    let queued = enqueue(tx, &new).await?;
    let nowhere = |one: &Queued| matches!(one, Queued::Nowhere(_));
    let state = if queued.iter().all(nowhere) {
        State::Failed
    } else {
        State::Waiting
    };
    Ok((queued.first().map(|one| one.delivery().0), state))
}
