//! Wrong tries to get in, by what was tried.

use super::{Db, Tx, reading, writing};
use crate::domain::time::TsMs;

/// How often something was tried wrongly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct AttemptRow {
    /// Wrong tries since the last right one.
    pub wrong: i64,
    /// No tries before this.
    pub locked_until: i64,
}

/// The tries of a subject.
///
/// # Errors
/// The engine's.
pub async fn get(db: &Db, subject: &[u8]) -> sqlx::Result<AttemptRow> {
    const SQL: &str = "SELECT wrong, locked_until FROM attempt WHERE subject = $1";
    let row: Option<AttemptRow> = reading!(db, |pool| sqlx::query_as(SQL)
        .bind(subject)
        .fetch_optional(pool)
        .await?);
    Ok(row.unwrap_or_default())
}

/// One more wrong try; returns how many there are now, or `None`, and counts nothing, while the subject is locked. Both at
/// once: of many tries that come together no more pass than may.
///
/// # Errors
/// The engine's.
pub async fn count(tx: &mut Tx, subject: &[u8], now: TsMs) -> sqlx::Result<Option<i64>> {
    const SQL: &str =
        "INSERT INTO attempt (subject, wrong, locked_until, last_ms) VALUES ($1, 1, 0, $2)
        ON CONFLICT (subject) DO UPDATE SET wrong = attempt.wrong + 1, last_ms = excluded.last_ms
        WHERE attempt.locked_until <= excluded.last_ms
        RETURNING wrong";
    writing!(tx, |conn| sqlx::query_scalar(SQL)
        .bind(subject)
        .bind(now.0)
        .fetch_optional(conn)
        .await)
}

/// No tries before `until`.
///
/// # Errors
/// The engine's.
pub async fn lock(tx: &mut Tx, subject: &[u8], until: TsMs) -> sqlx::Result<()> {
    writing!(tx, |conn| {
        sqlx::query("UPDATE attempt SET locked_until = $2 WHERE subject = $1")
            .bind(subject)
            .bind(until.0)
            .execute(conn)
            .await
            .map(drop)
    })
}

/// A right try: the wrong ones before it are forgotten.
///
/// # Errors
/// The engine's.
pub async fn forgive(tx: &mut Tx, subject: &[u8]) -> sqlx::Result<()> {
    writing!(tx, |conn| sqlx::query(
        "DELETE FROM attempt WHERE subject = $1"
    )
    .bind(subject)
    .execute(conn)
    .await
    .map(drop))
}

/// Forgets what was last tried before `before`.
///
/// # Errors
/// The engine's.
pub async fn forget_old(db: &Db, before: TsMs) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    writing!(&mut tx, |conn| {
        sqlx::query("DELETE FROM attempt WHERE last_ms < $1 AND locked_until < $1")
            .bind(before.0)
            .execute(conn)
            .await
            .map(drop)?;
    });
    tx.commit().await
}
