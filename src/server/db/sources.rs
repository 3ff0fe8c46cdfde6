//! Senders of facts and their keys.

use super::{Db, Tx, reading, writing};
use crate::domain::ids::SourceId;
use crate::domain::time::TsMs;

/// A sender.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SourceRow {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// It may send items of any age.
    pub may_backfill: i64,
    /// It may change the plant model.
    pub may_configure: i64,
}

impl SourceRow {
    /// Its id.
    #[must_use]
    pub const fn source(&self) -> SourceId {
        SourceId(self.id)
    }
}

/// The sender with this key hash.
///
/// # Errors
/// The engine's.
pub async fn by_key_hash(db: &Db, hash: &[u8]) -> sqlx::Result<Option<SourceRow>> {
    const SQL: &str =
        "SELECT id, name, may_backfill, may_configure FROM source WHERE key_hash = $1";
    reading!(db, |pool| sqlx::query_as(SQL)
        .bind(hash)
        .fetch_optional(pool)
        .await)
}

/// The sender of this name.
///
/// # Errors
/// The engine's.
pub async fn by_name(db: &Db, name: &str) -> sqlx::Result<Option<SourceRow>> {
    const SQL: &str = "SELECT id, name, may_backfill, may_configure FROM source WHERE name = $1";
    reading!(db, |pool| sqlx::query_as(SQL)
        .bind(name)
        .fetch_optional(pool)
        .await)
}

/// Adds a sender; a sender of that name gets the new key and rights instead.
///
/// # Errors
/// The engine's.
pub async fn upsert(
    tx: &mut Tx,
    name: &str,
    key_hash: &[u8],
    may_backfill: bool,
    may_configure: bool,
    now: TsMs,
) -> sqlx::Result<SourceId> {
    const SQL: &str = "INSERT INTO source (name, key_hash, may_backfill, may_configure, created_ms)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (name) DO UPDATE SET key_hash = excluded.key_hash, may_backfill = excluded.may_backfill,
            may_configure = excluded.may_configure
        RETURNING id";
    let id: i64 = writing!(tx, |conn| {
        sqlx::query_scalar(SQL)
            .bind(name)
            .bind(key_hash)
            .bind(i64::from(may_backfill))
            .bind(i64::from(may_configure))
            .bind(now.0)
            .fetch_one(conn)
            .await?
    });
    Ok(SourceId(id))
}
