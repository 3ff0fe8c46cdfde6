//! Small values that the program itself keeps in the database.

use super::{Db, Tx, reading, writing};

/// Counts changes of the plant model, so that every node knows when to read it again.
pub const PLANT_VERSION: &str = "plant_version";

/// The value of `key`.
///
/// # Errors
/// The engine's.
pub async fn get(db: &Db, key: &str) -> sqlx::Result<Option<String>> {
    reading!(db, |pool| {
        sqlx::query_scalar("SELECT value FROM setting WHERE key = $1")
            .bind(key)
            .fetch_optional(pool)
            .await
    })
}

/// The value of `key`, as a transaction sees it.
///
/// # Errors
/// The engine's.
pub async fn get_in(tx: &mut Tx, key: &str) -> sqlx::Result<Option<String>> {
    writing!(tx, |conn| {
        sqlx::query_scalar("SELECT value FROM setting WHERE key = $1")
            .bind(key)
            .fetch_optional(conn)
            .await
    })
}

/// Adds one to the number kept under `key`, which starts at 0.
///
/// # Errors
/// The engine's.
pub async fn increment(tx: &mut Tx, key: &str) -> sqlx::Result<()> {
    const SQL: &str = "INSERT INTO setting (key, value) VALUES ($1, '1')
        ON CONFLICT (key) DO UPDATE SET value = CAST(CAST(setting.value AS BIGINT) + 1 AS TEXT)";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(key)
        .execute(conn)
        .await
        .map(drop))
}

/// Keeps `value` under `key`, unless there is one already.
///
/// # Errors
/// The engine's.
pub async fn add(tx: &mut Tx, key: &str, value: &str) -> sqlx::Result<()> {
    const SQL: &str =
        "INSERT INTO setting (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(key)
        .bind(value)
        .execute(conn)
        .await
        .map(drop))
}

/// Keeps `value` under `key`.
///
/// # Errors
/// The engine's.
pub async fn put(tx: &mut Tx, key: &str, value: &str) -> sqlx::Result<()> {
    const SQL: &str = "INSERT INTO setting (key, value) VALUES ($1, $2)
        ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(key)
        .bind(value)
        .execute(conn)
        .await
        .map(drop))
}

/// Forgets what is kept under `key`; `false` when there was nothing.
///
/// # Errors
/// The engine's.
pub async fn remove(tx: &mut Tx, key: &str) -> sqlx::Result<bool> {
    let rows = writing!(tx, |conn| sqlx::query("DELETE FROM setting WHERE key = $1")
        .bind(key)
        .execute(conn)
        .await?
        .rows_affected());
    Ok(rows == 1)
}
