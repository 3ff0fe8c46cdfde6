//! Items that could not become facts, kept with the reason.

use super::bulk::Bulk;
use super::{Db, Tx, reading, writing};
use crate::domain::ids::SourceId;
use crate::domain::time::TsMs;
use serde::Serialize;
use std::sync::LazyLock;
use xxhash_rust::xxh3::xxh3_64;

/// An item to be kept aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Who sent it.
    pub source: SourceId,
    /// The sender's id, as far as it could be read.
    pub item: String,
    /// Why, for programs.
    pub code: &'static str,
    /// Why, for people.
    pub detail: String,
    /// The item as it was sent.
    pub text: String,
}

/// An item in quarantine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct HeldRow {
    /// Its number.
    pub id: i64,
    /// The sender's name.
    pub source: String,
    /// The sender's id of it.
    pub item_id: String,
    /// When it first came.
    pub received_ms: i64,
    /// Why, for programs.
    pub code: String,
    /// Why, for people.
    pub detail: String,
    /// The item as it was sent.
    pub item: String,
}

static HOLD: LazyLock<Bulk> = LazyLock::new(|| {
    let head =
        "INSERT INTO quarantine (source_id, item_id, item_hash, received_ms, code, detail, item)";
    // A sender that tries the same wrong item again and again fills one row.
    Bulk::new(
        head,
        7,
        "ON CONFLICT (source_id, item_hash, code) DO NOTHING",
    )
});

/// Keeps items aside.
///
/// # Errors
/// The engine's.
pub async fn hold(tx: &mut Tx, items: &[Held], received: TsMs) -> sqlx::Result<()> {
    for (sql, piece) in HOLD.pieces(tx, items) {
        writing!(tx, |conn| {
            let mut query = sqlx::query(sql);
            for held in piece {
                let hash = i64::from_ne_bytes(xxh3_64(held.text.as_bytes()).to_ne_bytes());
                query = query
                    .bind(held.source.0)
                    .bind(&held.item)
                    .bind(hash)
                    .bind(received.0);
                query = query.bind(held.code).bind(&held.detail).bind(&held.text);
            }
            query.execute(conn).await?;
        });
    }
    Ok(())
}

/// The newest items in quarantine, at most `limit`, older than the item `before` when it is given.
///
/// # Errors
/// The engine's.
pub async fn list(db: &Db, before: Option<i64>, limit: i64) -> sqlx::Result<Vec<HeldRow>> {
    const SQL: &str =
        "SELECT q.id, s.name AS source, q.item_id, q.received_ms, q.code, q.detail, q.item
        FROM quarantine q JOIN source s ON s.id = q.source_id
        WHERE q.id < $1 ORDER BY q.id DESC LIMIT $2";
    reading!(db, |pool| sqlx::query_as(SQL)
        .bind(before.unwrap_or(i64::MAX))
        .bind(limit)
        .fetch_all(pool)
        .await)
}

/// One item in quarantine.
///
/// # Errors
/// The engine's.
pub async fn get(db: &Db, id: i64) -> sqlx::Result<Option<HeldRow>> {
    const SQL: &str =
        "SELECT q.id, s.name AS source, q.item_id, q.received_ms, q.code, q.detail, q.item
        FROM quarantine q JOIN source s ON s.id = q.source_id WHERE q.id = $1";
    reading!(db, |pool| sqlx::query_as(SQL)
        .bind(id)
        .fetch_optional(pool)
        .await)
}

/// Takes an item out of quarantine.
///
/// # Errors
/// The engine's.
pub async fn release(tx: &mut Tx, id: i64) -> sqlx::Result<()> {
    writing!(tx, |conn| {
        sqlx::query("DELETE FROM quarantine WHERE id = $1")
            .bind(id)
            .execute(conn)
            .await
            .map(drop)
    })
}
