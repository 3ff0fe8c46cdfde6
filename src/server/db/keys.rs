//! Keys of connectors. A sender may have several at once, so that a new one can be put in before the old one ends.

use super::{Db, Tx, reading, writing};
use crate::domain::ids::{KeyId, LineId, SourceId};
use crate::domain::time::TsMs;

/// A key with its sender.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct KeyRow {
    /// Its number.
    pub id: i64,
    /// Its sender's number.
    pub source_id: i64,
    /// Its sender's name.
    pub source: String,
    /// The first letters of the key.
    pub prefix: String,
    /// Names of permissions, separated by spaces.
    pub permissions: String,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub created_ms: i64,
    /// When it ends by itself.
    pub expires_ms: Option<i64>,
    /// Since when it does not hold any more.
    pub revoked_ms: Option<i64>,
    /// When it was last used, as far as it is written down.
    pub used_ms: Option<i64>,
}

impl KeyRow {
    /// Its id.
    #[must_use]
    pub const fn key(&self) -> KeyId {
        KeyId(self.id)
    }

    /// Its sender's id.
    #[must_use]
    pub const fn sender(&self) -> SourceId {
        SourceId(self.source_id)
    }

    /// Whether it opens anything.
    #[must_use]
    pub fn holds(&self, now: TsMs) -> bool {
        self.revoked_ms.is_none() && self.expires_ms.is_none_or(|end| now.0 < end)
    }
}

macro_rules! select_key {
    ($rest:literal) => {
        concat!(
            "SELECT k.id, k.source_id, s.name AS source, k.prefix, k.permissions, k.made_by, k.created_ms, k.expires_ms,
                k.revoked_ms, k.used_ms
            FROM api_key k JOIN source s ON s.id = k.source_id ",
            $rest
        )
    };
}

/// All keys, those that were revoked last.
///
/// # Errors
/// The engine's.
pub async fn all(db: &Db) -> sqlx::Result<Vec<KeyRow>> {
    const SQL: &str =
        select_key!("ORDER BY CASE WHEN k.revoked_ms IS NULL THEN 0 ELSE 1 END, k.id DESC");
    reading!(db, |pool| sqlx::query_as(SQL).fetch_all(pool).await)
}

/// The key of this number.
///
/// # Errors
/// The engine's.
pub async fn by_id(db: &Db, id: KeyId) -> sqlx::Result<Option<KeyRow>> {
    reading!(db, |pool| sqlx::query_as(select_key!("WHERE k.id = $1"))
        .bind(id.0)
        .fetch_optional(pool)
        .await)
}

/// The key with this hash.
///
/// # Errors
/// The engine's.
pub async fn by_hash(db: &Db, hash: &[u8]) -> sqlx::Result<Option<KeyRow>> {
    reading!(db, |pool| sqlx::query_as(select_key!(
        "WHERE k.key_hash = $1"
    ))
    .bind(hash)
    .fetch_optional(pool)
    .await)
}

/// The lines that a key is for; none: all of them.
///
/// # Errors
/// The engine's.
pub async fn lines(db: &Db, id: KeyId) -> sqlx::Result<Vec<LineId>> {
    const SQL: &str = "SELECT line_id FROM api_key_line WHERE key_id = $1 ORDER BY line_id";
    let ids: Vec<i64> = reading!(db, |pool| sqlx::query_scalar(SQL)
        .bind(id.0)
        .fetch_all(pool)
        .await?);
    Ok(ids.into_iter().map(LineId).collect())
}

/// The lines of all keys that are for some lines only: key and line.
///
/// # Errors
/// The engine's.
pub async fn all_lines(db: &Db) -> sqlx::Result<Vec<(i64, i64)>> {
    const SQL: &str = "SELECT key_id, line_id FROM api_key_line ORDER BY key_id, line_id";
    reading!(db, |pool| sqlx::query_as(SQL).fetch_all(pool).await)
}

/// The sender of this name, made when there is none.
///
/// # Errors
/// The engine's.
pub async fn sender(tx: &mut Tx, name: &str, now: TsMs) -> sqlx::Result<SourceId> {
    const SQL: &str = "INSERT INTO source (name, created_ms) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id";
    let id: i64 = writing!(tx, |conn| sqlx::query_scalar(SQL)
        .bind(name)
        .bind(now.0)
        .fetch_one(conn)
        .await?);
    Ok(SourceId(id))
}

/// Adds a key; number, use and end by hand of `row` are not looked at.
///
/// # Errors
/// The engine's.
pub async fn add(tx: &mut Tx, row: &KeyRow, hash: &[u8], lines: &[LineId]) -> sqlx::Result<KeyId> {
    const KEY: &str = "INSERT INTO api_key (source_id, prefix, key_hash, permissions, made_by, created_ms, expires_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id";
    const LINE: &str = "INSERT INTO api_key_line (key_id, line_id) VALUES ($1, $2)";
    let id: i64 = writing!(tx, |conn| {
        let id = sqlx::query_scalar(KEY)
            .bind(row.source_id)
            .bind(&row.prefix)
            .bind(hash)
            .bind(&row.permissions)
            .bind(&row.made_by)
            .bind(row.created_ms)
            .bind(row.expires_ms)
            .fetch_one(&mut *conn)
            .await?;
        for line in lines {
            let adding = sqlx::query(LINE).bind(id).bind(line.0);
            adding.execute(&mut *conn).await?;
        }
        id
    });
    Ok(KeyId(id))
}

/// It was used.
///
/// # Errors
/// The engine's.
pub async fn used(tx: &mut Tx, id: KeyId, at: TsMs) -> sqlx::Result<()> {
    writing!(tx, |conn| sqlx::query(
        "UPDATE api_key SET used_ms = $2 WHERE id = $1"
    )
    .bind(id.0)
    .bind(at.0)
    .execute(conn)
    .await
    .map(drop))
}

/// It does not hold any more.
///
/// # Errors
/// The engine's.
pub async fn revoke(tx: &mut Tx, id: KeyId, now: TsMs) -> sqlx::Result<()> {
    const SQL: &str = "UPDATE api_key SET revoked_ms = $2 WHERE id = $1 AND revoked_ms IS NULL";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(id.0)
        .bind(now.0)
        .execute(conn)
        .await
        .map(drop))
}

/// None of a sender's keys holds any more; the prefixes of those that were not revoked before, in their order.
///
/// # Errors
/// The engine's.
pub async fn revoke_of(tx: &mut Tx, sender: SourceId, now: TsMs) -> sqlx::Result<Vec<String>> {
    const SQL: &str =
        "UPDATE api_key SET revoked_ms = $2 WHERE source_id = $1 AND revoked_ms IS NULL
        RETURNING prefix";
    let mut prefixes: Vec<String> = writing!(tx, |conn| sqlx::query_scalar(SQL)
        .bind(sender.0)
        .bind(now.0)
        .fetch_all(conn)
        .await?);
    prefixes.sort_unstable();
    Ok(prefixes)
}
