//! Sends what is due. Each attempt is put on record before it begins, under a lease that outlasts it; how it ended is
//! written down until that is on disk. A channel's attempts run side by side, but to one address one after the other: who
//! does not answer keeps nobody else waiting.

use super::{Channels, Message, Outgoing, SendError, Urgency, backoff};
use crate::domain::ids::DeliveryId;
use crate::domain::time::{DurMs, TsMs};
use crate::server::clock::Clock;
use crate::server::db::Db;
use crate::server::db::deliveries::{self, DeliveryRow, Outcome};
use crate::server::metrics;
use crate::server::state::App;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

/// How often it is looked whether something is due, when nobody says so.
const EVERY: Duration = Duration::from_millis(500);
/// Attempts that a channel may have under way.
const AT_ONCE: usize = 32;
/// A lease outlasts its attempt by this: the time to write down how it ended, and the most by which clocks of nodes on one
/// database may differ.
const SLACK: DurMs = DurMs(10_000);
/// How long to wait before an end that could not be written down is tried again.
const WRITE_AGAIN: Duration = Duration::from_secs(1);
/// The longest that is kept of what went wrong, in characters.
const LONGEST_DETAIL: usize = 300;

/// Sends messages until `stop`; those under way then end first.
pub async fn run(app: App, stop: CancellationToken) {
    let mut worker = Worker::new(&app, stop.clone());
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = tick.tick() => {}
            () = app.channels.woken() => {}
            () = worker.landing() => {}
        }
        match worker.look().await {
            Ok(_) => worker.is_lost = false,
            Err(error) if worker.is_lost => tracing::debug!(%error, "still no messages"),
            Err(error) => {
                worker.is_lost = true;
                tracing::warn!(%error, "cannot see which messages are due; looking on until that works");
            }
        }
    }
    while !worker.under_way.is_empty() {
        worker.landing().await;
    }
}

/// Sends everything that is due now and waits for it; returns how many attempts that took.
///
/// # Errors
/// The engine's.
pub async fn catch_up(app: &App) -> sqlx::Result<usize> {
    let mut worker = Worker::new(app, CancellationToken::new());
    let mut attempts = 0;
    loop {
        attempts += worker.look().await?;
        if worker.under_way.is_empty() {
            return Ok(attempts);
        }
        worker.landing().await;
    }
}

/// An attempt that has begun.
struct UnderWay {
    id: DeliveryId,
    channel: String,
    address: String,
}

struct Worker {
    db: Db,
    clock: Clock,
    channels: Channels,
    stop: CancellationToken,
    tasks: JoinSet<()>,
    /// Also when the clock leaps past a lease, this one knows what it has begun.
    under_way: HashMap<Id, UnderWay>,
    /// The database could not be read when it was last looked at.
    is_lost: bool,
}

impl Worker {
    fn new(app: &App, stop: CancellationToken) -> Self {
        Self {
            db: app.db.clone(),
            clock: app.clock.clone(),
            channels: app.channels.clone(),
            stop,
            tasks: JoinSet::new(),
            under_way: HashMap::new(),
            is_lost: false,
        }
    }

    /// Waits until an attempt has ended; for ever when none is under way.
    async fn landing(&mut self) {
        let ended = match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => id,
            Some(Err(error)) => {
                // Its lease ends, and it is tried again.
                tracing::error!(%error, "an attempt to send a message broke off");
                error.id()
            }
            None => return std::future::pending().await,
        };
        self.under_way.remove(&ended);
    }

    /// Begins what is due; returns how many attempts that is.
    async fn look(&mut self) -> sqlx::Result<usize> {
        let mut begun = 0;
        for channel in deliveries::due_channels(&self.db, self.clock.now()).await? {
            begun += self.begin(&channel).await?;
        }
        Ok(begun)
    }

    async fn begin(&mut self, channel: &str) -> sqlx::Result<usize> {
        let busy = self.under_way.values().filter(|u| u.channel == channel);
        let free = AT_ONCE.saturating_sub(busy.count());
        if free == 0 {
            return Ok(0);
        }
        let now = self.clock.now();
        // What is under way here may be due by the clock: more are asked for than can be begun.
        let limit = i64::try_from(free + self.under_way.len()).unwrap_or(i64::MAX);
        let mut due = deliveries::due(&self.db, channel, now, limit).await?;
        due.retain(|row| !self.is_busy(row));
        due.truncate(free);
        // Two that claim the same ones take them in the same order.
        due.sort_by_key(|row| row.id);
        let within = i64::try_from(self.channels.within().as_millis()).unwrap_or(i64::MAX);
        let until = now + DurMs(within) + SLACK;
        let mut claimed = Vec::with_capacity(due.len());
        let mut tx = self.db.begin().await?;
        for row in due {
            if deliveries::claim(&mut tx, row.delivery(), row.attempts, now, until).await? {
                claimed.push(row);
            }
        }
        tx.commit().await?;
        let begun = claimed.len();
        for row in claimed {
            let under_way = UnderWay {
                id: row.delivery(),
                channel: row.channel.clone(),
                address: row.address.clone(),
            };
            let attempt = Attempt {
                db: self.db.clone(),
                clock: self.clock.clone(),
                channels: self.channels.clone(),
                stop: self.stop.clone(),
                row,
            };
            let task = self.tasks.spawn(attempt.run()).id();
            self.under_way.insert(task, under_way);
        }
        Ok(begun)
    }

    fn is_busy(&self, row: &DeliveryRow) -> bool {
        self.under_way
            .values()
            .any(|u| u.id == row.delivery() || u.channel == row.channel && u.address == row.address)
    }
}

/// One attempt: sends, and writes down how that ended.
struct Attempt {
    db: Db,
    clock: Clock,
    channels: Channels,
    stop: CancellationToken,
    row: DeliveryRow,
}

impl Attempt {
    async fn run(self) {
        let begun = Instant::now();
        let sent = self
            .channels
            .send(
                &self.row.channel,
                &outgoing(&self.row, &self.channels, self.clock.now()),
            )
            .await;
        let took = DurMs(i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX));
        let now = self.clock.now();
        let number = self.row.attempts + 1;
        let (outcome, detail) = judged(sent, number, now);
        let detail = one_line(&detail);
        self.tell(&outcome);
        loop {
            match self.settle(number, &outcome, &detail, now, took).await {
                Ok(()) => return,
                Err(error) => {
                    tracing::warn!(%error, delivery = self.row.id, "how an attempt ended cannot be written down yet");
                }
            }
            tokio::select! {
                // Nobody knows then that it was sent, and it is sent once more, with the same id.
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(WRITE_AGAIN) => {}
            }
        }
    }

    async fn settle(
        &self,
        number: i64,
        outcome: &Outcome,
        detail: &str,
        now: TsMs,
        took: DurMs,
    ) -> sqlx::Result<()> {
        let mut tx = self.db.begin().await?;
        let of = (self.row.delivery(), number);
        deliveries::settle(&mut tx, of, outcome, detail, now, took).await?;
        tx.commit().await
    }

    /// Neither message nor address is told, nor the receiver's words, which may repeat them: they are on record.
    fn tell(&self, outcome: &Outcome) {
        let (id, channel, name) = (self.row.id, self.row.channel.as_str(), outcome.name());
        let label = super::NAMES.iter().find(|n| **n == channel);
        metrics::delivered(label.copied().unwrap_or("other"), name);
        match outcome {
            Outcome::Sent => tracing::debug!(delivery = id, channel, "a message was sent"),
            Outcome::Later(_) => tracing::info!(delivery = id, channel, "a message was not taken"),
            Outcome::Failed => tracing::warn!(delivery = id, channel, "a message has failed"),
        }
    }
}

fn outgoing(row: &DeliveryRow, channels: &Channels, now: TsMs) -> Outgoing {
    Outgoing {
        uid: row.uid.clone(),
        address: row.address.clone(),
        link: channels.link(&row.link),
        message: Message {
            title: row.title.clone(),
            text: row.body.clone(),
            link: row.link.clone(),
            urgency: Urgency::from_name(&row.urgency).unwrap_or_default(),
            call: row.call_id,
        },
        queued: TsMs(row.queued_ms),
        now,
    }
}

/// What follows from how attempt `number` ended.
fn judged(sent: Result<String, SendError>, number: i64, now: TsMs) -> (Outcome, String) {
    match sent {
        Ok(said) => (Outcome::Sent, said),
        Err(SendError::Never(why)) => (Outcome::Failed, why),
        Err(SendError::Later { why, after }) => match backoff::next(number, now, after) {
            Some(next) => (Outcome::Later(next), why),
            None => (
                Outcome::Failed,
                format!("given up after {number} attempts: {why}"),
            ),
        },
    }
}

fn one_line(detail: &str) -> String {
    let words: Vec<&str> = detail
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|w| !w.is_empty())
        .collect();
    super::message::clipped(&words.join(" "), LONGEST_DETAIL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_from_an_attempt() {
        let now = TsMs(1_000_000);
        let later = |number| judged(Err(SendError::later("busy")), number, now);
        assert_eq!(
            later(1),
            (Outcome::Later(now + DurMs(1_000)), "busy".to_owned())
        );
        let (outcome, words) = later(backoff::MOST_ATTEMPTS);
        assert_eq!(outcome, Outcome::Failed);
        assert_eq!(words, "given up after 53 attempts: busy");
        let never = SendError::Never("no such address".to_owned());
        assert_eq!(judged(Err(never), 1, now).0, Outcome::Failed);
        assert_eq!(judged(Ok(String::new()), 1, now).0, Outcome::Sent);
    }

    #[test]
    fn what_went_wrong_is_kept_in_one_short_line() {
        assert_eq!(one_line("550 no\r\n such\0 user "), "550 no such user");
        assert_eq!(
            one_line(&"x ".repeat(1_000)).chars().count(),
            LONGEST_DETAIL
        );
    }
}
