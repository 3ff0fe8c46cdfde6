//! Sessions of browsers. The id itself is only in the browser's cookie.

use super::{Db, Tx, reading, writing};
use crate::domain::ids::{DeviceId, PersonId};
use crate::domain::time::TsMs;

/// A session.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SessionRow {
    /// SHA-256 of its id.
    pub id_hash: Vec<u8>,
    /// Who signed in.
    pub person_id: Option<i64>,
    /// On which shared tablet or wall.
    pub device_id: Option<i64>,
    /// What the session remembers, as JSON.
    pub facts: String,
    /// When it began.
    pub created_ms: i64,
    /// When it was last used, as far as it is written down.
    pub seen_ms: i64,
    /// When it ends.
    pub expires_ms: i64,
}

const SELECT: &str = "SELECT id_hash, person_id, device_id, facts, created_ms, seen_ms, expires_ms
    FROM session WHERE id_hash = $1";

/// The session of this id.
///
/// # Errors
/// The engine's.
pub async fn get(db: &Db, id_hash: &[u8]) -> sqlx::Result<Option<SessionRow>> {
    reading!(db, |pool| sqlx::query_as(SELECT)
        .bind(id_hash)
        .fetch_optional(pool)
        .await)
}

/// Adds a session; `false` when the id is taken.
///
/// # Errors
/// The engine's.
pub async fn add(db: &Db, row: &SessionRow) -> sqlx::Result<bool> {
    const SQL: &str =
        "INSERT INTO session (id_hash, person_id, device_id, facts, created_ms, seen_ms,
            expires_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id_hash) DO NOTHING";
    let mut tx = db.begin().await?;
    let rows = writing!(&mut tx, |conn| sqlx::query(SQL)
        .bind(&row.id_hash)
        .bind(row.person_id)
        .bind(row.device_id)
        .bind(&row.facts)
        .bind(row.created_ms)
        .bind(row.seen_ms)
        .bind(row.expires_ms)
        .execute(conn)
        .await?
        .rows_affected());
    tx.commit().await?;
    Ok(rows == 1)
}

/// Writes what a session holds now. One that was ended meanwhile stays ended, and whoever was signed out of it stays so: it
/// signs nobody in.
///
/// # Errors
/// The engine's.
pub async fn save(db: &Db, row: &SessionRow) -> sqlx::Result<()> {
    const SQL: &str = "UPDATE session
        SET person_id = CASE WHEN person_id = $2 THEN person_id END, device_id = $3, facts = $4, seen_ms = $5,
            expires_ms = $6
        WHERE id_hash = $1";
    let mut tx = db.begin().await?;
    writing!(&mut tx, |conn| sqlx::query(SQL)
        .bind(&row.id_hash)
        .bind(row.person_id)
        .bind(row.device_id)
        .bind(&row.facts)
        .bind(row.seen_ms)
        .bind(row.expires_ms)
        .execute(conn)
        .await
        .map(drop)?);
    tx.commit().await
}

/// The session that had this id before and got another one after `since`, with somebody signed in.
///
/// # Errors
/// The engine's.
pub async fn moved(db: &Db, old: &[u8], since: TsMs) -> sqlx::Result<Option<SessionRow>> {
    const SQL: &str = "SELECT id_hash, person_id, device_id, facts, created_ms, seen_ms, expires_ms
        FROM session WHERE old_hash = $1 AND moved_ms > $2 AND person_id IS NOT NULL";
    reading!(db, |pool| sqlx::query_as(SQL)
        .bind(old)
        .bind(since.0)
        .fetch_optional(pool)
        .await)
}

/// Gives the session of `old` the id and the facts of `row`; `false` when it was ended, or its person signed out, meanwhile.
/// With `keeps_old` it can be found by its old id, too.
///
/// # Errors
/// The engine's.
pub async fn renew(db: &Db, old: &[u8], row: &SessionRow, keeps_old: bool) -> sqlx::Result<bool> {
    const SQL: &str = "UPDATE session
        SET id_hash = $2, facts = $4, seen_ms = $5, expires_ms = $6, old_hash = $7, moved_ms = $5
        WHERE id_hash = $1 AND person_id = $3";
    let mut tx = db.begin().await?;
    let rows = writing!(&mut tx, |conn| sqlx::query(SQL)
        .bind(old)
        .bind(&row.id_hash)
        .bind(row.person_id)
        .bind(&row.facts)
        .bind(row.seen_ms)
        .bind(row.expires_ms)
        .bind(keeps_old.then_some(old))
        .execute(conn)
        .await?
        .rows_affected());
    tx.commit().await?;
    Ok(rows == 1)
}

/// Gives the session of `old`, in which a device is enrolled, the id, the person and the facts of `row`; `false` when it was
/// ended meanwhile, or is another device's.
///
/// # Errors
/// The engine's.
pub async fn renew_of_device(db: &Db, old: &[u8], row: &SessionRow) -> sqlx::Result<bool> {
    const SQL: &str = "UPDATE session
        SET id_hash = $2, person_id = $4, facts = $5, seen_ms = $6, expires_ms = $7, old_hash = NULL, moved_ms = $6
        WHERE id_hash = $1 AND device_id = $3";
    let mut tx = db.begin().await?;
    let rows = writing!(&mut tx, |conn| sqlx::query(SQL)
        .bind(old)
        .bind(&row.id_hash)
        .bind(row.device_id)
        .bind(row.person_id)
        .bind(&row.facts)
        .bind(row.seen_ms)
        .bind(row.expires_ms)
        .execute(conn)
        .await?
        .rows_affected());
    tx.commit().await?;
    Ok(rows == 1)
}

/// It was used.
///
/// # Errors
/// The engine's.
pub async fn seen(tx: &mut Tx, id_hash: &[u8], at: TsMs) -> sqlx::Result<()> {
    writing!(tx, |conn| {
        sqlx::query("UPDATE session SET seen_ms = $2 WHERE id_hash = $1")
            .bind(id_hash)
            .bind(at.0)
            .execute(conn)
            .await
            .map(drop)
    })
}

/// Nobody is signed in any more in a session that was last used at `seen`; what else it knows stays.
///
/// # Errors
/// The engine's.
pub async fn sign_off(db: &Db, id_hash: &[u8], seen: TsMs) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    writing!(&mut tx, |conn| {
        sqlx::query("UPDATE session SET person_id = NULL WHERE id_hash = $1 AND seen_ms = $2")
            .bind(id_hash)
            .bind(seen.0)
            .execute(conn)
            .await
            .map(drop)?;
    });
    tx.commit().await
}

/// Ends a session.
///
/// # Errors
/// The engine's.
pub async fn end(db: &Db, id_hash: &[u8]) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    writing!(&mut tx, |conn| {
        sqlx::query("DELETE FROM session WHERE id_hash = $1")
            .bind(id_hash)
            .execute(conn)
            .await
            .map(drop)?;
    });
    tx.commit().await
}

/// The sessions of a person, those used last first.
///
/// # Errors
/// The engine's.
pub async fn of_person(db: &Db, id: PersonId, now: TsMs) -> sqlx::Result<Vec<SessionRow>> {
    const SQL: &str = "SELECT id_hash, person_id, device_id, facts, created_ms, seen_ms, expires_ms
        FROM session WHERE person_id = $1 AND expires_ms > $2 ORDER BY seen_ms DESC, created_ms DESC";
    reading!(db, |pool| sqlx::query_as(SQL)
        .bind(id.0)
        .bind(now.0)
        .fetch_all(pool)
        .await)
}

/// Ends the sessions of a person but one; returns how many there were. A shared tablet stays enrolled, with nobody on it.
///
/// # Errors
/// The engine's.
pub async fn end_of_person(tx: &mut Tx, id: PersonId, but: &[u8]) -> sqlx::Result<u64> {
    const END: &str =
        "DELETE FROM session WHERE person_id = $1 AND id_hash <> $2 AND device_id IS NULL";
    const LEAVE: &str =
        "UPDATE session SET person_id = NULL WHERE person_id = $1 AND id_hash <> $2";
    let done = writing!(tx, |conn| {
        let mut done = 0;
        for sql in [END, LEAVE] {
            let ending = sqlx::query(sql).bind(id.0).bind(but);
            done += ending.execute(&mut *conn).await?.rows_affected();
        }
        done
    });
    Ok(done)
}

/// Signs a person out of shared tablets, but for one session.
///
/// # Errors
/// The engine's.
pub async fn leave_tablets(tx: &mut Tx, id: PersonId, but: &[u8]) -> sqlx::Result<()> {
    const SQL: &str = "UPDATE session SET person_id = NULL
        WHERE person_id = $1 AND id_hash <> $2 AND device_id IS NOT NULL";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(id.0)
        .bind(but)
        .execute(conn)
        .await
        .map(drop))
}

/// Ends one session of a person; `false` when they have no such session. A shared tablet stays enrolled.
///
/// # Errors
/// The engine's.
pub async fn end_one(tx: &mut Tx, id: PersonId, id_hash: &[u8]) -> sqlx::Result<bool> {
    const END: &str =
        "DELETE FROM session WHERE person_id = $1 AND id_hash = $2 AND device_id IS NULL";
    const LEAVE: &str = "UPDATE session SET person_id = NULL WHERE person_id = $1 AND id_hash = $2";
    let done = writing!(tx, |conn| {
        let mut done = 0;
        for sql in [END, LEAVE] {
            let ending = sqlx::query(sql).bind(id.0).bind(id_hash);
            done += ending.execute(&mut *conn).await?.rows_affected();
        }
        done
    });
    Ok(done == 1)
}

/// Ends the sessions of a device.
///
/// # Errors
/// The engine's.
pub async fn end_of_device(tx: &mut Tx, id: DeviceId) -> sqlx::Result<()> {
    writing!(tx, |conn| sqlx::query(
        "DELETE FROM session WHERE device_id = $1"
    )
    .bind(id.0)
    .execute(conn)
    .await
    .map(drop))
}

/// Forgets sessions whose time is over.
///
/// # Errors
/// The engine's.
pub async fn forget_old(db: &Db, now: TsMs) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    writing!(&mut tx, |conn| {
        sqlx::query("DELETE FROM session WHERE expires_ms <= $1")
            .bind(now.0)
            .execute(conn)
            .await
            .map(drop)?;
    });
    tx.commit().await
}
