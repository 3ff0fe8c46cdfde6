//! Roles: sets of permissions with a name.

use super::{Db, Tx, reading, writing};
use crate::domain::ids::RoleId;
use crate::domain::rights::DEFAULT_ROLES;

/// A role.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct RoleRow {
    /// Its number.
    pub id: i64,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Names of permissions, separated by spaces.
    pub permissions: String,
    /// The page that people with this role see first.
    pub first_page: String,
    /// Every plant starts with it.
    pub seeded: i64,
    /// Counts its changes.
    pub version: i64,
}

/// A role includes another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct PartRow {
    /// The role.
    pub role_id: i64,
    /// What it includes.
    pub part_id: i64,
}

/// All roles with what they include, the seeded ones first.
///
/// # Errors
/// The engine's.
pub async fn all(db: &Db) -> sqlx::Result<(Vec<RoleRow>, Vec<PartRow>)> {
    let mut tx = db.snapshot().await?;
    all_in(&mut tx).await
}

/// The same, as a transaction sees them.
///
/// # Errors
/// The engine's.
pub async fn all_in(tx: &mut Tx) -> sqlx::Result<(Vec<RoleRow>, Vec<PartRow>)> {
    const ROLES: &str = "SELECT id, code, name, permissions, first_page, seeded, version FROM role ORDER BY seeded DESC, id";
    const PARTS: &str = "SELECT role_id, part_id FROM role_part ORDER BY role_id, part_id";
    writing!(tx, |conn| {
        let roles = sqlx::query_as(ROLES).fetch_all(&mut *conn).await?;
        Ok((roles, sqlx::query_as(PARTS).fetch_all(conn).await?))
    })
}

/// Adds a role.
///
/// # Errors
/// The engine's; also when the code is taken.
pub async fn add(
    tx: &mut Tx,
    (code, name): (&str, &str),
    permissions: &str,
    first_page: &str,
) -> sqlx::Result<RoleId> {
    const SQL: &str = "INSERT INTO role (code, name, permissions, first_page, seeded, version)
        VALUES ($1, $2, $3, $4, 0, 1) RETURNING id";
    let id: i64 = writing!(tx, |conn| {
        sqlx::query_scalar(SQL)
            .bind(code)
            .bind(name)
            .bind(permissions)
            .bind(first_page)
            .fetch_one(conn)
            .await?
    });
    Ok(RoleId(id))
}

/// Changes a role that is as the caller saw it; `false` when somebody else changed it meanwhile.
///
/// # Errors
/// The engine's.
pub async fn change(tx: &mut Tx, row: &RoleRow) -> sqlx::Result<bool> {
    const SQL: &str =
        "UPDATE role SET name = $3, permissions = $4, first_page = $5, version = version + 1
        WHERE id = $1 AND version = $2";
    let rows = writing!(tx, |conn| sqlx::query(SQL)
        .bind(row.id)
        .bind(row.version)
        .bind(&row.name)
        .bind(&row.permissions)
        .bind(&row.first_page)
        .execute(conn)
        .await?
        .rows_affected());
    Ok(rows == 1)
}

/// What a role includes, anew.
///
/// # Errors
/// The engine's.
pub async fn set_parts(tx: &mut Tx, role: RoleId, parts: &[RoleId]) -> sqlx::Result<()> {
    writing!(tx, |conn| {
        sqlx::query("DELETE FROM role_part WHERE role_id = $1")
            .bind(role.0)
            .execute(&mut *conn)
            .await?;
        for part in parts {
            sqlx::query("INSERT INTO role_part (role_id, part_id) VALUES ($1, $2)")
                .bind(role.0)
                .bind(part.0)
                .execute(&mut *conn)
                .await?;
        }
        Ok(())
    })
}

/// How often each role is given to somebody or included in another: number and count.
///
/// # Errors
/// The engine's.
pub async fn uses(db: &Db) -> sqlx::Result<Vec<(i64, i64)>> {
    let mut tx = db.snapshot().await?;
    uses_in(&mut tx).await
}

/// The same, as a transaction sees it.
///
/// # Errors
/// The engine's.
pub async fn uses_in(tx: &mut Tx) -> sqlx::Result<Vec<(i64, i64)>> {
    const SQL: &str = "SELECT role_id, COUNT(*) FROM
        (SELECT role_id FROM person_role UNION ALL SELECT part_id AS role_id FROM role_part) AS used
        GROUP BY role_id ORDER BY role_id";
    writing!(tx, |conn| sqlx::query_as(SQL).fetch_all(conn).await)
}

/// Removes a role that nobody has and no role includes.
///
/// # Errors
/// The engine's; also when it is still in use.
pub async fn remove(tx: &mut Tx, role: RoleId) -> sqlx::Result<()> {
    writing!(tx, |conn| sqlx::query("DELETE FROM role WHERE id = $1")
        .bind(role.0)
        .execute(conn)
        .await
        .map(drop))
}

/// Counts a change of rights for everybody who holds one of these roles.
///
/// # Errors
/// The engine's.
pub async fn touch_holders(tx: &mut Tx, role: RoleId) -> sqlx::Result<()> {
    const SQL: &str = "UPDATE person SET version = version + 1
        WHERE id IN (SELECT person_id FROM person_role WHERE role_id = $1)";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(role.0)
        .execute(conn)
        .await
        .map(drop))
}

/// Adds the eight roles where they are missing. `admin` always holds everything that this program knows.
///
/// # Errors
/// The engine's.
pub async fn seed(db: &Db) -> sqlx::Result<()> {
    const ADD: &str = "INSERT INTO role (code, name, permissions, first_page, seeded, version)
        VALUES ($1, $2, $3, $4, 1, 1) ON CONFLICT (code) DO NOTHING";
    const WHOLE: &str = "UPDATE role SET permissions = $2 WHERE code = $1 AND permissions <> $2";
    const KNOWN: &str =
        "SELECT COUNT(*) FROM role WHERE seeded = 1 AND (code <> 'admin' OR permissions = $1)";
    let whole = DEFAULT_ROLES[0].set().names();
    let known: i64 = reading!(db, |pool| sqlx::query_scalar(KNOWN)
        .bind(&whole)
        .fetch_one(pool)
        .await?);
    if known == DEFAULT_ROLES.len() as i64 {
        return Ok(());
    }
    let mut tx = db.begin().await?;
    writing!(&mut tx, |conn| {
        for role in DEFAULT_ROLES {
            sqlx::query(ADD)
                .bind(role.code)
                .bind(role.name)
                .bind(role.set().names())
                .bind(role.first_page)
                .execute(&mut *conn)
                .await?;
        }
        sqlx::query(WHOLE)
            .bind(DEFAULT_ROLES[0].code)
            .bind(whole)
            .execute(&mut *conn)
            .await?;
    });
    tx.commit().await
}
