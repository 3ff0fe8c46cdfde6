//! Attempts to send a message: whose turn it is, and what came of it. Whoever sends a message holds it by a lease; the number
//! of the attempt tells who came late.

use super::DeliveryRow;
use crate::domain::ids::DeliveryId;
use crate::domain::time::{DurMs, TsMs};
use crate::server::db::{Db, Tx, reading, writing};

/// More than clocks of nodes on one database differ. A row touched later than that from now tells that the clock was set
/// back: what it says about times to come is not waited for.
const CLOCKS_DIFFER: DurMs = DurMs(2 * 60_000);

/// One attempt to send a message.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AttemptRow {
    /// Counts the attempts of a message from 1.
    pub number: i64,
    /// When it was begun.
    pub at_ms: i64,
    /// How long it took, once known.
    pub took_ms: Option<i64>,
    /// `begun`, `sent`, `later`, `failed` or `lost`.
    pub outcome: String,
    /// What the receiver said, or what was wrong, in words.
    pub detail: String,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver took it.
    Sent,
    /// Not now; it is tried again then.
    Later(TsMs),
    /// It is not tried again.
    Failed,
}

impl Outcome {
    /// Its name in the record of attempts.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Later(_) => "later",
            Self::Failed => "failed",
        }
    }
}

/// The attempts to send a message, in order.
///
/// # Errors
/// The engine's.
pub async fn attempts(db: &Db, id: DeliveryId) -> sqlx::Result<Vec<AttemptRow>> {
    const SQL: &str = "SELECT number, at_ms, took_ms, outcome, detail FROM delivery_attempt
        WHERE delivery_id = $1 ORDER BY number";
    reading!(db, |pool| sqlx::query_as(SQL)
        .bind(id.0)
        .fetch_all(pool)
        .await)
}

/// The channels that have messages to send now.
///
/// # Errors
/// The engine's.
pub async fn due_channels(db: &Db, now: TsMs) -> sqlx::Result<Vec<String>> {
    const SQL: &str = "SELECT DISTINCT channel FROM delivery
        WHERE state = 'waiting' AND (next_ms <= $1 OR touched_ms > $2)
            AND (lease_until <= $1 OR touched_ms > $2)
        ORDER BY channel";
    reading!(db, |pool| sqlx::query_scalar(SQL)
        .bind(now.0)
        .bind((now + CLOCKS_DIFFER).0)
        .fetch_all(pool)
        .await)
}

/// Messages to send over a channel now, those that wait longest first, at most `limit`: of each address one, and none to an
/// address to which one is being sent.
///
/// # Errors
/// The engine's.
pub async fn due(db: &Db, channel: &str, now: TsMs, limit: i64) -> sqlx::Result<Vec<DeliveryRow>> {
    const SQL: &str = "WITH free AS (
            SELECT d.id AS free_id, ROW_NUMBER() OVER (PARTITION BY d.address ORDER BY d.next_ms, d.id) AS place
            FROM delivery d
            WHERE d.channel = $1 AND d.state = 'waiting' AND (d.next_ms <= $2 OR d.touched_ms > $3)
                AND (d.lease_until <= $2 OR d.touched_ms > $3)
                AND NOT EXISTS (
                    SELECT 1 FROM delivery o
                    WHERE o.channel = d.channel AND o.address = d.address AND o.state = 'waiting'
                        AND o.lease_until > $2 AND o.touched_ms <= $3
                )
        )
        SELECT id, uid, key, channel, person_id, address, title, body, link, urgency, call_id, step, state,
            attempts, queued_ms, due_ms, next_ms, sent_ms, error
        FROM delivery JOIN free ON free_id = id
        WHERE place = 1 ORDER BY next_ms, id LIMIT $4";
    reading!(db, |pool| sqlx::query_as(SQL)
        .bind(channel)
        .bind(now.0)
        .bind((now + CLOCKS_DIFFER).0)
        .bind(limit)
        .fetch_all(pool)
        .await)
}

/// Takes a message that was tried `attempts` times, to try it once more before `until`, and puts the attempt on record;
/// `false` when somebody else was faster or it need not go out any more.
///
/// # Errors
/// The engine's.
pub async fn claim(
    tx: &mut Tx,
    id: DeliveryId,
    attempts: i64,
    now: TsMs,
    until: TsMs,
) -> sqlx::Result<bool> {
    const CLAIM: &str = "UPDATE delivery SET attempts = attempts + 1, lease_until = $4, touched_ms = $3
        WHERE id = $1 AND attempts = $2 AND state = 'waiting' AND (lease_until <= $3 OR touched_ms > $5)";
    const LOST: &str =
        "UPDATE delivery_attempt SET outcome = 'lost', detail = 'whoever tried was gone before it was known'
        WHERE delivery_id = $1 AND outcome = 'begun'";
    const BEGUN: &str = "INSERT INTO delivery_attempt (delivery_id, number, at_ms, outcome, detail)
        VALUES ($1, $2, $3, 'begun', '')";
    writing!(tx, |conn| {
        let claimed = sqlx::query(CLAIM)
            .bind(id.0)
            .bind(attempts)
            .bind(now.0)
            .bind(until.0)
            .bind((now + CLOCKS_DIFFER).0)
            .execute(&mut *conn)
            .await?
            .rows_affected();
        if claimed == 0 {
            return Ok(false);
        }
        sqlx::query(LOST).bind(id.0).execute(&mut *conn).await?;
        sqlx::query(BEGUN)
            .bind(id.0)
            .bind(attempts + 1)
            .bind(now.0)
            .execute(conn)
            .await?;
    });
    Ok(true)
}

/// Writes down how attempt `number` ended. That it was sent holds whoever else took it meanwhile; anything else only if
/// nobody did.
///
/// # Errors
/// The engine's.
pub async fn settle(
    tx: &mut Tx,
    (id, number): (DeliveryId, i64),
    outcome: &Outcome,
    detail: &str,
    now: TsMs,
    took: DurMs,
) -> sqlx::Result<()> {
    const ATTEMPT: &str = "UPDATE delivery_attempt SET outcome = $3, detail = $4, took_ms = $5 WHERE delivery_id = $1 AND number = $2";
    const SENT: &str = "UPDATE delivery SET state = 'sent', sent_ms = $2, error = '', lease_until = 0, touched_ms = $2
        WHERE id = $1 AND state <> 'sent'";
    const OTHER: &str =
        "UPDATE delivery SET state = $3, error = $4, next_ms = $5, lease_until = 0, touched_ms = $6
        WHERE id = $1 AND attempts = $2 AND state = 'waiting'";
    writing!(tx, |conn| {
        sqlx::query(ATTEMPT)
            .bind(id.0)
            .bind(number)
            .bind(outcome.name())
            .bind(detail)
            .bind(took.0)
            .execute(&mut *conn)
            .await?;
        let (state, next) = match outcome {
            Outcome::Sent => {
                sqlx::query(SENT)
                    .bind(id.0)
                    .bind(now.0)
                    .execute(conn)
                    .await?;
                return Ok(());
            }
            Outcome::Later(next) => ("waiting", *next),
            Outcome::Failed => ("failed", now),
        };
        sqlx::query(OTHER)
            .bind(id.0)
            .bind(number)
            .bind(state)
            .bind(detail)
            .bind(next.0)
            .bind(now.0)
            .execute(conn)
            .await
            .map(drop)
    })
}
