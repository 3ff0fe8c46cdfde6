//! Shared tablets and wall screens.

use super::{Db, Tx, reading, writing};
use crate::domain::ids::DeviceId;
use crate::domain::time::TsMs;

/// A device.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct DeviceRow {
    /// Its number.
    pub id: i64,
    /// `tablet` or `wall`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The page that it shows: a wall shows no other.
    pub page: String,
    /// It belongs to this area.
    pub area_id: Option<i64>,
    /// It belongs to this line.
    pub line_id: Option<i64>,
    /// Who enrolled it.
    pub made_by: String,
    /// When.
    pub created_ms: i64,
    /// When it last came with its link.
    pub used_ms: Option<i64>,
    /// Since when it may not come any more.
    pub revoked_ms: Option<i64>,
}

impl DeviceRow {
    /// Its id.
    #[must_use]
    pub const fn device(&self) -> DeviceId {
        DeviceId(self.id)
    }

    /// It is a wall screen.
    #[must_use]
    pub fn is_wall(&self) -> bool {
        self.kind == "wall"
    }
}

/// The code of the line whose page this is; `None` for the board.
#[must_use]
pub fn line_of_page(page: &str) -> Option<&str> {
    page.split('?').next()?.strip_prefix("/lines/")
}

macro_rules! select_device {
    ($rest:literal) => {
        concat!(
            "SELECT id, kind, name, page, area_id, line_id, made_by, created_ms, used_ms, revoked_ms
            FROM device ",
            $rest
        )
    };
}

/// All devices, the newest first.
///
/// # Errors
/// The engine's.
pub async fn all(db: &Db) -> sqlx::Result<Vec<DeviceRow>> {
    const SQL: &str =
        select_device!("ORDER BY CASE WHEN revoked_ms IS NULL THEN 0 ELSE 1 END, id DESC");
    reading!(db, |pool| sqlx::query_as(SQL).fetch_all(pool).await)
}

/// The device of this number.
///
/// # Errors
/// The engine's.
pub async fn by_id(db: &Db, id: DeviceId) -> sqlx::Result<Option<DeviceRow>> {
    reading!(db, |pool| sqlx::query_as(select_device!("WHERE id = $1"))
        .bind(id.0)
        .fetch_optional(pool)
        .await)
}

/// The device with this link.
///
/// # Errors
/// The engine's.
pub async fn by_token(db: &Db, token_hash: &[u8]) -> sqlx::Result<Option<DeviceRow>> {
    reading!(db, |pool| sqlx::query_as(select_device!(
        "WHERE token_hash = $1"
    ))
    .bind(token_hash)
    .fetch_optional(pool)
    .await)
}

/// Adds a device; number, use and tries of `row` are not looked at.
///
/// # Errors
/// The engine's; also when the name is taken.
pub async fn add(tx: &mut Tx, row: &DeviceRow, token_hash: &[u8]) -> sqlx::Result<DeviceId> {
    const SQL: &str =
        "INSERT INTO device (kind, name, token_hash, page, area_id, line_id, made_by, created_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id";
    let id: i64 = writing!(tx, |conn| {
        sqlx::query_scalar(SQL)
            .bind(&row.kind)
            .bind(&row.name)
            .bind(token_hash)
            .bind(&row.page)
            .bind(row.area_id)
            .bind(row.line_id)
            .bind(&row.made_by)
            .bind(row.created_ms)
            .fetch_one(conn)
            .await?
    });
    Ok(DeviceId(id))
}

/// It came with its link, which is replaced by `spent`; whether there was one to come with.
///
/// # Errors
/// The engine's.
pub async fn come(tx: &mut Tx, token_hash: &[u8], spent: &[u8], now: TsMs) -> sqlx::Result<bool> {
    const SQL: &str = "UPDATE device SET token_hash = $2, used_ms = $3
        WHERE token_hash = $1 AND revoked_ms IS NULL RETURNING id";
    let came: Option<i64> = writing!(tx, |conn| sqlx::query_scalar(SQL)
        .bind(token_hash)
        .bind(spent)
        .bind(now.0)
        .fetch_optional(conn)
        .await?);
    Ok(came.is_some())
}

/// Whether it is still the one that came with the link that was replaced by `spent`. It waits for whoever gives it a new link
/// or revokes it, and who does that later finds the sessions that are there already.
///
/// # Errors
/// The engine's.
pub async fn stays(tx: &mut Tx, id: DeviceId, spent: &[u8]) -> sqlx::Result<bool> {
    // A row that was written is one's own, on either engine.
    const SQL: &str = "UPDATE device SET token_hash = $2
        WHERE id = $1 AND token_hash = $2 AND revoked_ms IS NULL RETURNING id";
    let stays: Option<i64> = writing!(tx, |conn| sqlx::query_scalar(SQL)
        .bind(id.0)
        .bind(spent)
        .fetch_optional(conn)
        .await?);
    Ok(stays.is_some())
}

/// A new link; the old one ends.
///
/// # Errors
/// The engine's.
pub async fn set_token(tx: &mut Tx, id: DeviceId, token_hash: &[u8]) -> sqlx::Result<()> {
    writing!(tx, |conn| {
        sqlx::query("UPDATE device SET token_hash = $2 WHERE id = $1")
            .bind(id.0)
            .bind(token_hash)
            .execute(conn)
            .await
            .map(drop)
    })
}

/// It may not come any more.
///
/// # Errors
/// The engine's.
pub async fn revoke(tx: &mut Tx, id: DeviceId, now: TsMs) -> sqlx::Result<()> {
    const SQL: &str = "UPDATE device SET revoked_ms = $2 WHERE id = $1 AND revoked_ms IS NULL";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(id.0)
        .bind(now.0)
        .execute(conn)
        .await
        .map(drop))
}
