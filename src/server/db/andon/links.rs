//! Links by which one person takes one call, once. Only a hash of each is kept here; the message that carries it has it as
//! long as messages are kept.

use crate::domain::ids::{CallId, PersonId};
use crate::domain::time::TsMs;
use crate::server::db::{Db, Tx, writing};

/// A link.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct LinkRow {
    /// Which call it takes.
    pub call_id: i64,
    /// Who takes it.
    pub person_id: i64,
    /// Until when, epoch milliseconds.
    pub expires_ms: i64,
    /// When it was used.
    pub used_ms: Option<i64>,
}

/// Adds one.
///
/// # Errors
/// The engine's.
pub async fn add(
    tx: &mut Tx,
    hash: &[u8],
    call: CallId,
    person: PersonId,
    expires: TsMs,
) -> sqlx::Result<()> {
    const SQL: &str = "INSERT INTO andon_link (token_hash, call_id, person_id, expires_ms) VALUES ($1, $2, $3, $4)";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(hash)
        .bind(call.0)
        .bind(person.0)
        .bind(expires.0)
        .execute(conn)
        .await
        .map(drop))
}

/// The link with this hash.
///
/// # Errors
/// The engine's.
pub async fn by_hash_in(tx: &mut Tx, hash: &[u8]) -> sqlx::Result<Option<LinkRow>> {
    const SQL: &str =
        "SELECT call_id, person_id, expires_ms, used_ms FROM andon_link WHERE token_hash = $1";
    writing!(tx, |conn| sqlx::query_as(SQL)
        .bind(hash)
        .fetch_optional(conn)
        .await)
}

/// Uses a link; `false` when it was used before.
///
/// # Errors
/// The engine's.
pub async fn use_once(tx: &mut Tx, hash: &[u8], now: TsMs) -> sqlx::Result<bool> {
    const SQL: &str =
        "UPDATE andon_link SET used_ms = $2 WHERE token_hash = $1 AND used_ms IS NULL";
    let rows = writing!(tx, |conn| sqlx::query(SQL)
        .bind(hash)
        .bind(now.0)
        .execute(conn)
        .await?
        .rows_affected());
    Ok(rows == 1)
}

/// Forgets links whose time is over.
///
/// # Errors
/// The engine's.
pub async fn forget_old(db: &Db, now: TsMs) -> sqlx::Result<()> {
    const SQL: &str = "DELETE FROM andon_link WHERE expires_ms < $1";
    let mut tx = db.begin().await?;
    writing!(&mut tx, |conn| sqlx::query(SQL)
        .bind(now.0)
        .execute(conn)
        .await
        .map(drop))?;
    tx.commit().await
}
