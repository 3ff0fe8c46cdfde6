//! The outbox: messages to one address over one channel. A message is written in the transaction of whatever causes it, so
//! it goes out exactly if that was committed.

mod attempt;

pub use attempt::{AttemptRow, Outcome, attempts, claim, due, due_channels, settle};

use super::{Db, Tx, forget, reading, writing};
use crate::domain::ids::{DeliveryId, PersonId};
use crate::domain::time::TsMs;

/// A message that is to go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRow<'a> {
    /// What receivers know it by.
    pub uid: &'a str,
    /// What it is: a second one under the same key is not added.
    pub key: &'a str,
    /// Over which channel.
    pub channel: &'a str,
    /// To whom, if it is somebody here.
    pub person: Option<PersonId>,
    /// Where to, as the channel reads it.
    pub address: &'a str,
    /// Its first line.
    pub title: &'a str,
    /// The rest.
    pub body: &'a str,
    /// The page that it leads to; empty: none.
    pub link: &'a str,
    /// `low`, `normal` or `high`.
    pub urgency: &'a str,
    /// The call that it is about.
    pub call: Option<i64>,
    /// The step of the call's ladder.
    pub step: Option<i64>,
    /// When it was written.
    pub queued: TsMs,
    /// When it is to go out.
    pub due: TsMs,
}

/// A message on its way, or at its end.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct DeliveryRow {
    /// Its number.
    pub id: i64,
    /// What receivers know it by, the same at every attempt.
    pub uid: String,
    /// What it is.
    pub key: String,
    /// Over which channel.
    pub channel: String,
    /// To whom, if it is somebody here.
    pub person_id: Option<i64>,
    /// Where to, as the channel reads it.
    pub address: String,
    /// Its first line.
    pub title: String,
    /// The rest.
    pub body: String,
    /// The page that it leads to; empty: none.
    pub link: String,
    /// `low`, `normal` or `high`.
    pub urgency: String,
    /// The call that it is about.
    pub call_id: Option<i64>,
    /// The step of the call's ladder.
    pub step: Option<i64>,
    /// `waiting`, `sent`, `failed` or `void`.
    pub state: String,
    /// How often it was tried.
    pub attempts: i64,
    /// When it was written.
    pub queued_ms: i64,
    /// When it was to go out; it was late by `sent_ms` less this.
    pub due_ms: i64,
    /// When it is tried next, while it waits.
    pub next_ms: i64,
    /// When a receiver took it.
    pub sent_ms: Option<i64>,
    /// What the last attempt ended with, in words; empty: nothing was wrong.
    pub error: String,
}

impl DeliveryRow {
    /// Its id.
    #[must_use]
    pub const fn delivery(&self) -> DeliveryId {
        DeliveryId(self.id)
    }
}

/// How a channel does.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ChannelRow {
    /// Its name.
    pub channel: String,
    /// Messages that wait, those that are tried again included.
    pub waiting: i64,
    /// Since when the oldest of them should be out.
    pub oldest_due_ms: Option<i64>,
    /// When a receiver last took one.
    pub last_sent_ms: Option<i64>,
    /// Messages that nobody took.
    pub failed: i64,
}

/// An attempt that did not go well.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct FailedRow {
    /// The message.
    pub delivery_id: i64,
    /// Counts its attempts from 1; 0: there was nowhere to send it to.
    pub number: i64,
    /// When.
    pub at_ms: i64,
    /// The first line of the message.
    pub title: String,
    /// Who was to be told, if it is somebody here.
    pub person: Option<String>,
    /// Where to, as the channel reads it.
    pub address: String,
    /// `waiting`, `sent`, `failed` or `void`: what became of the message.
    pub state: String,
    /// What was wrong, in words.
    pub detail: String,
}

macro_rules! select_delivery {
    ($rest:literal) => {
        concat!(
            "SELECT id, uid, key, channel, person_id, address, title, body, link, urgency, call_id, step, state,
                attempts, queued_ms, due_ms, next_ms, sent_ms, error
            FROM delivery ",
            $rest
        )
    };
}

/// Adds a message that waits; `None` when there is one under its key already.
///
/// # Errors
/// The engine's.
pub async fn add(tx: &mut Tx, row: &NewRow<'_>) -> sqlx::Result<Option<DeliveryId>> {
    const SQL: &str =
        "INSERT INTO delivery (uid, key, channel, person_id, address, title, body, link, urgency,
            call_id, step, state, attempts, queued_ms, due_ms, next_ms, lease_until, touched_ms, error)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'waiting', 0, $12, $13, $13, 0, $12, '')
        ON CONFLICT (key) DO NOTHING RETURNING id";
    let id: Option<i64> = writing!(tx, |conn| {
        sqlx::query_scalar(SQL)
            .bind(row.uid)
            .bind(row.key)
            .bind(row.channel)
            .bind(row.person.map(|p| p.0))
            .bind(row.address)
            .bind(row.title)
            .bind(row.body)
            .bind(row.link)
            .bind(row.urgency)
            .bind(row.call)
            .bind(row.step)
            .bind(row.queued.0)
            .bind(row.due.0)
            .fetch_optional(conn)
            .await?
    });
    Ok(id.map(DeliveryId))
}

/// A message that was just added cannot go anywhere: it stays on record as failed, with the reason.
///
/// # Errors
/// The engine's.
pub async fn fail(tx: &mut Tx, id: DeliveryId, why: &str) -> sqlx::Result<()> {
    const SQL: &str =
        "UPDATE delivery SET state = 'failed', error = $2 WHERE id = $1 AND state = 'waiting'";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(id.0)
        .bind(why)
        .execute(conn)
        .await
        .map(drop))
}

/// The message under this key, as a transaction sees it.
///
/// # Errors
/// The engine's.
pub async fn by_key_in(tx: &mut Tx, key: &str) -> sqlx::Result<Option<DeliveryRow>> {
    writing!(tx, |conn| {
        sqlx::query_as(select_delivery!("WHERE key = $1"))
            .bind(key)
            .fetch_optional(conn)
            .await
    })
}

/// The message of this number.
///
/// # Errors
/// The engine's.
pub async fn by_id(db: &Db, id: DeliveryId) -> sqlx::Result<Option<DeliveryRow>> {
    reading!(db, |pool| {
        sqlx::query_as(select_delivery!("WHERE id = $1"))
            .bind(id.0)
            .fetch_optional(pool)
            .await
    })
}

/// All messages about a call, in the order in which they were written.
///
/// # Errors
/// The engine's.
pub async fn of_call(db: &Db, call: i64) -> sqlx::Result<Vec<DeliveryRow>> {
    reading!(db, |pool| {
        sqlx::query_as(select_delivery!("WHERE call_id = $1 ORDER BY id"))
            .bind(call)
            .fetch_all(pool)
            .await
    })
}

/// All messages about a call, as a transaction sees them: to tell those who were woken how it ended.
///
/// # Errors
/// The engine's.
pub async fn of_call_in(tx: &mut Tx, call: i64) -> sqlx::Result<Vec<DeliveryRow>> {
    writing!(tx, |conn| {
        sqlx::query_as(select_delivery!("WHERE call_id = $1 ORDER BY id"))
            .bind(call)
            .fetch_all(conn)
            .await
    })
}

/// The newest messages, at most `limit`.
///
/// # Errors
/// The engine's.
pub async fn newest(db: &Db, limit: i64) -> sqlx::Result<Vec<DeliveryRow>> {
    reading!(db, |pool| {
        sqlx::query_as(select_delivery!("ORDER BY id DESC LIMIT $1"))
            .bind(limit)
            .fetch_all(pool)
            .await
    })
}

/// The attempts of a channel since then that did not go well, and its messages that had nowhere to go; the newest first, at
/// most `limit`.
///
/// # Errors
/// The engine's.
pub async fn failed_attempts(
    db: &Db,
    channel: &str,
    since: TsMs,
    limit: i64,
) -> sqlx::Result<Vec<FailedRow>> {
    const SQL: &str = "SELECT d.id AS delivery_id, a.number, a.at_ms, d.title, p.name AS person, d.address, d.state, a.detail
        FROM delivery_attempt a JOIN delivery d ON d.id = a.delivery_id LEFT JOIN person p ON p.id = d.person_id
        WHERE d.channel = $1 AND a.at_ms >= $2 AND a.outcome IN ('later', 'failed', 'lost')
        UNION ALL
        SELECT d.id AS delivery_id, CAST(0 AS BIGINT) AS number, d.queued_ms AS at_ms, d.title, p.name AS person, d.address,
            d.state, d.error AS detail
        FROM delivery d LEFT JOIN person p ON p.id = d.person_id
        WHERE d.channel = $1 AND d.queued_ms >= $2 AND d.state = 'failed' AND d.attempts = 0
        ORDER BY at_ms DESC, delivery_id DESC, number DESC LIMIT $3";
    reading!(db, |pool| sqlx::query_as(SQL)
        .bind(channel)
        .bind(since.0)
        .bind(limit)
        .fetch_all(pool)
        .await)
}

/// How every channel does that ever had a message, by name.
///
/// # Errors
/// The engine's.
pub async fn by_channel(db: &Db) -> sqlx::Result<Vec<ChannelRow>> {
    const SQL: &str = "SELECT channel,
            COUNT(CASE WHEN state = 'waiting' THEN 1 END) AS waiting,
            MIN(CASE WHEN state = 'waiting' THEN due_ms END) AS oldest_due_ms,
            MAX(sent_ms) AS last_sent_ms,
            COUNT(CASE WHEN state = 'failed' THEN 1 END) AS failed
        FROM delivery GROUP BY channel ORDER BY channel";
    reading!(db, |pool| sqlx::query_as(SQL).fetch_all(pool).await)
}

/// Messages about a call, or about one step of it, that still wait need not go out any more; how many those were. One that is
/// being sent at this moment may still arrive, and is then on record as sent.
///
/// # Errors
/// The engine's.
pub async fn void(tx: &mut Tx, call: i64, step: Option<i64>) -> sqlx::Result<u64> {
    const SQL: &str = "UPDATE delivery SET state = 'void'
        WHERE call_id = $1 AND (CAST($2 AS BIGINT) IS NULL OR step = $2) AND state = 'waiting'";
    Ok(writing!(tx, |conn| sqlx::query(SQL)
        .bind(call)
        .bind(step)
        .execute(conn)
        .await?
        .rows_affected()))
}

/// Messages to a person that still wait, over one channel or over all, need not go out any more; how many those were. As
/// above of one that is being sent.
///
/// # Errors
/// The engine's.
pub async fn void_of_person(
    tx: &mut Tx,
    person: PersonId,
    channel: Option<&str>,
) -> sqlx::Result<u64> {
    const SQL: &str = "UPDATE delivery SET state = 'void'
        WHERE person_id = $1 AND (CAST($2 AS TEXT) IS NULL OR channel = $2) AND state = 'waiting'";
    Ok(writing!(tx, |conn| sqlx::query(SQL)
        .bind(person.0)
        .bind(channel)
        .execute(conn)
        .await?
        .rows_affected()))
}

/// Messages to an address of a channel that still wait need not go out any more; how many those were. As above of one that
/// is being sent.
///
/// # Errors
/// The engine's.
pub async fn void_at(tx: &mut Tx, channel: &str, address: &str) -> sqlx::Result<u64> {
    const SQL: &str = "UPDATE delivery SET state = 'void'
        WHERE channel = $1 AND address = $2 AND state = 'waiting'";
    Ok(writing!(tx, |conn| sqlx::query(SQL)
        .bind(channel)
        .bind(address)
        .execute(conn)
        .await?
        .rows_affected()))
}

/// Forgets messages that were last touched before then and are at their end, with their attempts; of each channel, and of
/// each program in the settings, the newest that was sent stays, which tells when it last worked, and so do those about calls that are open: whoever was woken is to
/// hear when it is over. A thousand at a time, so that nobody waits long for a turn to write.
///
/// # Errors
/// The engine's.
pub async fn forget_old(db: &Db, before: TsMs) -> sqlx::Result<()> {
    const SQL: &str = "DELETE FROM delivery WHERE id IN (
            SELECT d.id FROM delivery d
            WHERE d.state <> 'waiting' AND d.touched_ms < $1
                AND d.id NOT IN (
                    SELECT MAX(s.id) FROM delivery s WHERE s.state = 'sent'
                    GROUP BY s.channel, CASE WHEN s.channel = 'webhook' THEN s.address END
                )
                AND NOT EXISTS (
                    SELECT 1 FROM andon_call c
                    WHERE c.id = d.call_id AND c.resolved_ms IS NULL AND c.cancelled_ms IS NULL
                )
            ORDER BY d.id LIMIT 1000
        )";
    forget!(db, SQL, before)
}
