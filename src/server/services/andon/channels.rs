//! By what people are told: what works of it, before it is needed.

use crate::domain::andon::Channel;
use crate::domain::time::{DAY_MS, DurMs, TsMs};
use crate::server::auth::Ctx;
use crate::server::db::channel_tests::{self, NewTest, TestRow};
use crate::server::db::deliveries::{self, ChannelRow, FailedRow};
use crate::server::db::{Tx, audit};
use crate::server::delivery::{places, test_message};
use crate::server::services::error::{ServiceError, invalid, not_found};

/// The most failures that are listed of a channel.
const MOST_FAILURES: i64 = 20;

/// How far back failures are listed.
pub const LATELY: DurMs = DurMs(DAY_MS);

/// A channel.
#[derive(Clone, Debug)]
pub struct ChannelState {
    /// Which.
    pub channel: Channel,
    /// It is set up.
    pub is_set_up: bool,
    /// The receivers that the settings name; none for channels that reach people.
    pub receivers: Vec<String>,
    /// How it does; none: it never had a message.
    pub row: Option<ChannelRow>,
    /// What did not go well in the last day, the newest first.
    pub failures: Vec<FailedRow>,
    /// The last test to each receiver, the newest first.
    pub tests: Vec<TestRow>,
    /// Whether whoever looks can have a test sent to themselves; if not, why not.
    pub to_oneself: Result<(), String>,
}

impl ChannelState {
    /// Whether a test failed, and nothing has been sent that way since, be it another test.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        let same =
            |a: &TestRow, b: &TestRow| self.channel != Channel::Webhook || a.receiver == b.receiver;
        let went_since = |failed: &TestRow| {
            let message = failed.last_sent_ms.is_some_and(|at| at > failed.at_ms);
            let went = |t: &TestRow| t.taken != 0 && t.at_ms > failed.at_ms && same(t, failed);
            message || self.tests.iter().any(went)
        };
        let mut failed = self.tests.iter().filter(|t| t.taken == 0);
        self.is_set_up && failed.any(|failed| !went_since(failed))
    }
}

/// All channels but the screen, which needs nothing.
///
/// # Errors
/// The engine's.
pub async fn all(ctx: &Ctx) -> Result<Vec<ChannelState>, ServiceError> {
    let app = ctx.app();
    let since = ctx.now() - LATELY;
    let rows = deliveries::by_channel(&app.db).await?;
    let tests = channel_tests::all(&app.db).await?;
    let mut out = Vec::new();
    for channel in Channel::ALL.into_iter().filter(|c| *c != Channel::Screen) {
        let name = channel.name();
        let set_up = app.channels.get(name);
        let to_oneself = match place(ctx, channel).await? {
            _ if set_up.is_none() => Err("the channel is not set up".to_owned()),
            found => found.map(drop),
        };
        let receivers = set_up.map(|c| c.addresses()).unwrap_or_default();
        // A program that is no longer in the settings is not told of.
        let known = |t: &&TestRow| {
            t.channel == name && (channel != Channel::Webhook || receivers.contains(&t.receiver))
        };
        out.push(ChannelState {
            channel,
            is_set_up: set_up.is_some(),
            tests: tests.iter().filter(known).cloned().collect(),
            receivers,
            row: rows.iter().find(|r| r.channel == name).cloned(),
            failures: deliveries::failed_attempts(&app.db, name, since, MOST_FAILURES).await?,
            to_oneself,
        });
    }
    Ok(out)
}

/// Where whoever asks is reached over a channel, or why they are not.
async fn place(ctx: &Ctx, channel: Channel) -> Result<Result<Vec<String>, String>, ServiceError> {
    if channel == Channel::Webhook {
        let set_up = ctx.app().channels.get(channel.name());
        let names = set_up.map(|c| c.addresses()).unwrap_or_default();
        return Ok(if names.is_empty() {
            Err("no receiver is named in the settings".to_owned())
        } else {
            Ok(names)
        });
    }
    let Some(person) = ctx.caller().person() else {
        return Ok(Err("only people can be told".to_owned()));
    };
    let mut tx = ctx.app().db.snapshot().await?;
    let found = places(&mut tx, person, channel.name()).await?;
    Ok(found.map_err(str::to_owned))
}

/// What became of a test: where it was sent, and what the receiver said or why it did not take it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tested {
    /// Where.
    pub address: String,
    /// What the receiver said, or why it did not take it.
    pub outcome: Result<String, String>,
}

/// Sends a test message to whoever asks, now and once; over a channel to other programs, to each receiver.
///
/// # Errors
/// No such channel; whoever asks is not reached over it; the engine's.
pub async fn test(ctx: &Ctx, name: &str) -> Result<Vec<Tested>, ServiceError> {
    let channel = Channel::from_name(name).filter(|c| *c != Channel::Screen);
    let channel = channel.ok_or_else(|| not_found("channel", name))?;
    let app = ctx.app();
    if app.channels.get(name).is_none() {
        return Err(invalid("channel", "is not set up"));
    }
    let places = place(ctx, channel).await?;
    let places = places.map_err(|why| invalid("channel", why))?;
    let target = format!("channel:{name}");
    // On record before it is sent: what cannot be put there is not done.
    let mut tx = app.db.begin().await?;
    audit::add(&mut tx, &ctx.entry("channel.ask", &*target)).await?;
    tx.commit().await?;
    tested(ctx, channel, places, ("channel.test", &target)).await
}

/// Sends a test to each of these, and writes down what became of it. That it was asked for is on record before.
///
/// # Errors
/// The engine's.
pub(in crate::server::services) async fn tested(
    ctx: &Ctx,
    channel: Channel,
    places: Vec<String>,
    (action, target): (&str, &str),
) -> Result<Vec<Tested>, ServiceError> {
    let app = ctx.app();
    let mut out = Vec::new();
    for address in places {
        let sent = test_message(&app.channels, channel.name(), &address, ctx.now()).await;
        out.push(Tested {
            outcome: sent.map_err(|e| e.to_string()),
            address,
        });
    }
    let mut entry = ctx.entry(action, target);
    let words = out.iter().map(|t| match &t.outcome {
        Ok(said) => format!("sent: {said}"),
        Err(why) => format!("not sent: {why}"),
    });
    entry.became = words.collect::<Vec<_>>().join("; ");
    let mut tx = app.db.begin().await?;
    audit::add(&mut tx, &entry).await?;
    keep(&mut tx, ctx, channel, &out).await?;
    tx.commit().await?;
    Ok(out)
}

/// Keeps what became of tests, for the page of the channels.
async fn keep(tx: &mut Tx, ctx: &Ctx, channel: Channel, tested: &[Tested]) -> sqlx::Result<()> {
    for one in tested {
        // Numbers and addresses of people stay where they are on file.
        let receiver = match (channel, ctx.caller().person()) {
            (Channel::Webhook | Channel::Push, _) | (_, None) => one.address.clone(),
            (_, Some(person)) => format!("person/{}", person.0),
        };
        let new = NewTest {
            channel: channel.name(),
            receiver: &receiver,
            at: ctx.now(),
            by: ctx.caller().name(),
            outcome: one.outcome.as_deref().map_err(String::as_str),
        };
        channel_tests::put(tx, &new).await?;
    }
    Ok(())
}

/// Since when the oldest message of a channel waits that should be out.
#[must_use]
pub fn late_since(row: &ChannelRow, now: TsMs) -> Option<TsMs> {
    row.oldest_due_ms.map(TsMs).filter(|due| *due < now)
}
