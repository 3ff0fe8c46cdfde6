//! The last test of each channel to each receiver: what became of it stays, so that a channel that does not work is seen before
//! it is needed.

use super::{Db, Tx, reading, writing};
use crate::domain::time::TsMs;

/// A test that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewTest<'a> {
    /// The channel's name.
    pub channel: &'a str,
    /// The name of a program in the settings, the number of a browser, or `person/` and the number of a person.
    pub receiver: &'a str,
    /// When.
    pub at: TsMs,
    /// Who had it sent.
    pub by: &'a str,
    /// What the receiver said, or why it did not take it.
    pub outcome: Result<&'a str, &'a str>,
}

/// The last test to a receiver.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct TestRow {
    /// The channel's name.
    pub channel: String,
    /// As in [`NewTest::receiver`].
    pub receiver: String,
    /// When, epoch milliseconds.
    pub at_ms: i64,
    /// Who had it sent.
    pub by_whom: String,
    /// Whether it was taken: 1 or 0.
    pub taken: i64,
    /// What the receiver said, or why it did not take it.
    pub said: String,
    /// When a message was last taken there: over the channel, and of a program by that program.
    pub last_sent_ms: Option<i64>,
}

/// Keeps a test in the place of the one before it.
///
/// # Errors
/// The engine's.
pub async fn put(tx: &mut Tx, new: &NewTest<'_>) -> sqlx::Result<()> {
    const SQL: &str = "INSERT INTO channel_test (channel, receiver, at_ms, by_whom, taken, said)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (channel, receiver) DO UPDATE SET at_ms = excluded.at_ms, by_whom = excluded.by_whom,
            taken = excluded.taken, said = excluded.said";
    let (Ok(said) | Err(said)) = new.outcome;
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(new.channel)
        .bind(new.receiver)
        .bind(new.at.0)
        .bind(new.by)
        .bind(i64::from(new.outcome.is_ok()))
        .bind(said)
        .execute(conn)
        .await
        .map(drop))
}

/// The last test of every channel to every receiver, the newest first.
///
/// # Errors
/// The engine's.
pub async fn all(db: &Db) -> sqlx::Result<Vec<TestRow>> {
    const SQL: &str = "SELECT t.channel, t.receiver, t.at_ms, t.by_whom, t.taken, t.said,
            (SELECT MAX(d.sent_ms) FROM delivery d
                WHERE d.channel = t.channel AND (t.channel <> 'webhook' OR d.address = t.receiver)) AS last_sent_ms
        FROM channel_test t ORDER BY t.at_ms DESC, t.channel, t.receiver";
    reading!(db, |pool| sqlx::query_as(SQL).fetch_all(pool).await)
}
