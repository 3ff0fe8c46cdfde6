//! People and the roles that they were given.

use super::{Db, Tx, reading, writing};
use crate::domain::ids::{PersonId, RoleId};
use crate::domain::time::TsMs;

/// Identifies "the transaction that changes who may do what" among PostgreSQL's advisory locks.
const RIGHTS_LOCK: i64 = 0x4d53_3572_6967_6874;

/// Begins the one transaction at a time that changes people or roles: what it finds, such as how many administrators there
/// are, still holds when it commits.
///
/// # Errors
/// The engine's.
pub async fn begin(db: &Db) -> sqlx::Result<Tx> {
    let mut tx = db.begin().await?;
    if let Tx::Postgres(tx) = &mut tx {
        sqlx::query("SELECT pg_advisory_xact_lock($1)")
            .bind(RIGHTS_LOCK)
            .execute(&mut **tx)
            .await?;
    }
    Ok(tx)
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct PersonRow {
    /// Their number.
    pub id: i64,
    /// What they type to sign in, in lower case.
    pub login: String,
    /// Full name.
    pub name: String,
    /// Address for mail; empty: none.
    pub email: String,
    /// Argon2id; none: signs in another way.
    pub password: Option<String>,
    /// The password was given by somebody else.
    pub must_change: i64,
    /// Argon2id of the PIN for shared tablets.
    pub pin: Option<String>,
    /// Whether a badge is on file.
    pub has_badge: i64,
    /// Secret of the second factor, base32.
    pub totp: Option<String>,
    /// The last step of the second factor that was used.
    pub totp_step: i64,
    /// Who vouches for them, and under which name.
    pub oidc_issuer: Option<String>,
    /// Their name there.
    pub oidc_subject: Option<String>,
    /// An administrator took away who vouched for them: their address alone links them to nobody.
    pub not_by_address: i64,
    /// Made for the demonstration.
    pub demo: i64,
    /// May not sign in.
    pub disabled: i64,
    /// Counts changes of what they may do, and of by what they get in.
    pub version: i64,
    /// When they were added.
    pub created_ms: i64,
    /// When they last signed in.
    pub seen_ms: Option<i64>,
}

impl PersonRow {
    /// Their id.
    #[must_use]
    pub const fn person(&self) -> PersonId {
        PersonId(self.id)
    }
}

/// A role given to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct GivenRow {
    /// Who.
    pub person_id: i64,
    /// Which.
    pub role_id: i64,
    /// In this area only.
    pub area_id: Option<i64>,
    /// On this line only.
    pub line_id: Option<i64>,
}

macro_rules! select_person {
    ($($rest:literal)?) => {
        concat!(
            "SELECT id, login, name, email, password, must_change, pin,
                CASE WHEN badge_hash IS NULL THEN CAST(0 AS BIGINT) ELSE CAST(1 AS BIGINT) END AS has_badge,
                totp, totp_step, oidc_issuer, oidc_subject, not_by_address, demo, disabled, version,
                created_ms, seen_ms
            FROM person ",
            $($rest)?
        )
    };
}

/// Everybody, by name.
///
/// # Errors
/// The engine's.
pub async fn all(db: &Db) -> sqlx::Result<Vec<PersonRow>> {
    reading!(db, |pool| {
        sqlx::query_as(select_person!("ORDER BY disabled, name, id"))
            .fetch_all(pool)
            .await
    })
}

/// The same, as a transaction sees them.
///
/// # Errors
/// The engine's.
pub async fn all_in(tx: &mut Tx) -> sqlx::Result<Vec<PersonRow>> {
    writing!(tx, |conn| {
        sqlx::query_as(select_person!("ORDER BY disabled, name, id"))
            .fetch_all(conn)
            .await
    })
}

/// The person of this number.
///
/// # Errors
/// The engine's.
pub async fn by_id(db: &Db, id: PersonId) -> sqlx::Result<Option<PersonRow>> {
    reading!(db, |pool| {
        sqlx::query_as(select_person!("WHERE id = $1"))
            .bind(id.0)
            .fetch_optional(pool)
            .await
    })
}

/// The person of this number, as a transaction sees them.
///
/// # Errors
/// The engine's.
pub async fn by_id_in(tx: &mut Tx, id: PersonId) -> sqlx::Result<Option<PersonRow>> {
    writing!(tx, |conn| {
        sqlx::query_as(select_person!("WHERE id = $1"))
            .bind(id.0)
            .fetch_optional(conn)
            .await
    })
}

/// The same; whoever else wants to change them waits until the transaction ends, so that what is found still holds then.
///
/// # Errors
/// The engine's.
pub async fn hold_in(tx: &mut Tx, id: PersonId) -> sqlx::Result<Option<PersonRow>> {
    // A row that was written is one's own, on either engine.
    writing!(tx, |conn| {
        sqlx::query("UPDATE person SET version = version WHERE id = $1")
            .bind(id.0)
            .execute(conn)
            .await
            .map(drop)?;
    });
    by_id_in(tx, id).await
}

/// The person who types this to sign in.
///
/// # Errors
/// The engine's.
pub async fn by_login(db: &Db, login: &str) -> sqlx::Result<Option<PersonRow>> {
    reading!(db, |pool| {
        sqlx::query_as(select_person!("WHERE login = $1"))
            .bind(login)
            .fetch_optional(pool)
            .await
    })
}

/// The same, as a transaction sees it.
///
/// # Errors
/// The engine's.
pub async fn by_login_in(tx: &mut Tx, login: &str) -> sqlx::Result<Option<PersonRow>> {
    writing!(tx, |conn| {
        sqlx::query_as(select_person!("WHERE login = $1"))
            .bind(login)
            .fetch_optional(conn)
            .await
    })
}

/// The person with this badge.
///
/// # Errors
/// The engine's.
pub async fn by_badge(db: &Db, badge_hash: &[u8]) -> sqlx::Result<Option<PersonRow>> {
    reading!(db, |pool| {
        sqlx::query_as(select_person!("WHERE badge_hash = $1"))
            .bind(badge_hash)
            .fetch_optional(pool)
            .await
    })
}

/// The same, as a transaction sees it.
///
/// # Errors
/// The engine's.
pub async fn by_badge_in(tx: &mut Tx, badge_hash: &[u8]) -> sqlx::Result<Option<PersonRow>> {
    writing!(tx, |conn| {
        sqlx::query_as(select_person!("WHERE badge_hash = $1"))
            .bind(badge_hash)
            .fetch_optional(conn)
            .await
    })
}

/// The person for whom `issuer` vouches as `subject`, as a transaction sees it.
///
/// # Errors
/// The engine's.
pub async fn by_oidc_in(
    tx: &mut Tx,
    issuer: &str,
    subject: &str,
) -> sqlx::Result<Option<PersonRow>> {
    writing!(tx, |conn| {
        sqlx::query_as(select_person!(
            "WHERE oidc_issuer = $1 AND oidc_subject = $2"
        ))
        .bind(issuer)
        .bind(subject)
        .fetch_optional(conn)
        .await
    })
}

/// Those with this address for mail, however it is capitalised; people of the demonstration have none.
///
/// # Errors
/// The engine's.
pub async fn by_address_in(tx: &mut Tx, address: &str) -> sqlx::Result<Vec<PersonRow>> {
    let address = address.to_lowercase();
    let all: Vec<PersonRow> = writing!(tx, |conn| {
        sqlx::query_as(select_person!("WHERE email <> '' AND demo = 0"))
            .fetch_all(conn)
            .await?
    });
    // Engines differ in what they take for lower case.
    let same = |row: &PersonRow| row.email.to_lowercase() == address;
    Ok(all.into_iter().filter(same).collect())
}

/// Adds a person who cannot sign in yet.
///
/// # Errors
/// The engine's; also when the login is taken.
pub async fn add(
    tx: &mut Tx,
    (login, name, email): (&str, &str, &str),
    demo: bool,
    now: TsMs,
) -> sqlx::Result<PersonId> {
    const SQL: &str =
        "INSERT INTO person (login, name, email, must_change, totp_step, demo, disabled, version,
            created_ms)
        VALUES ($1, $2, $3, 0, 0, $4, 0, 1, $5) RETURNING id";
    let id: i64 = writing!(tx, |conn| {
        sqlx::query_scalar(SQL)
            .bind(login)
            .bind(name)
            .bind(email)
            .bind(i64::from(demo))
            .bind(now.0)
            .fetch_one(conn)
            .await?
    });
    Ok(PersonId(id))
}

/// Changes name, address and whether they may sign in.
///
/// # Errors
/// The engine's.
pub async fn change(
    tx: &mut Tx,
    id: PersonId,
    (name, email): (&str, &str),
    disabled: bool,
) -> sqlx::Result<()> {
    const SQL: &str = "UPDATE person SET name = $2, email = $3, disabled = $4, version = version + 1 WHERE id = $1";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(id.0)
        .bind(name)
        .bind(email)
        .bind(i64::from(disabled))
        .execute(conn)
        .await
        .map(drop))
}

/// A new address for mail; empty: none.
///
/// # Errors
/// The engine's.
pub async fn set_email(tx: &mut Tx, id: PersonId, email: &str) -> sqlx::Result<()> {
    const SQL: &str = "UPDATE person SET email = $2, version = version + 1 WHERE id = $1";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(id.0)
        .bind(email)
        .execute(conn)
        .await
        .map(drop))
}

/// A new password, or none.
///
/// # Errors
/// The engine's.
pub async fn set_password(
    tx: &mut Tx,
    id: PersonId,
    password: Option<&str>,
    must_change: bool,
) -> sqlx::Result<()> {
    const SQL: &str = "UPDATE person SET password = $2, must_change = $3,
            version = version + 1
        WHERE id = $1";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(id.0)
        .bind(password)
        .bind(i64::from(must_change))
        .execute(conn)
        .await
        .map(drop))
}

/// A new password of one's own in place of the one that is kept as `old`; `false` when that is not kept any more.
///
/// # Errors
/// The engine's.
pub async fn replace_password(
    tx: &mut Tx,
    id: PersonId,
    (old, new): (&str, &str),
) -> sqlx::Result<bool> {
    const SQL: &str = "UPDATE person SET password = $3, must_change = 0, version = version + 1
        WHERE id = $1 AND password = $2";
    let rows = writing!(tx, |conn| sqlx::query(SQL)
        .bind(id.0)
        .bind(old)
        .bind(new)
        .execute(conn)
        .await?
        .rows_affected());
    Ok(rows == 1)
}

/// The password that is kept as `old`, hashed as hashes are made today; `false` when that is not kept any more: one that was
/// changed meanwhile stays.
///
/// # Errors
/// The engine's.
pub async fn rehash(tx: &mut Tx, id: PersonId, (old, anew): (&str, &str)) -> sqlx::Result<bool> {
    const SQL: &str = "UPDATE person SET password = $3 WHERE id = $1 AND password = $2";
    let rows = writing!(tx, |conn| sqlx::query(SQL)
        .bind(id.0)
        .bind(old)
        .bind(anew)
        .execute(conn)
        .await?
        .rows_affected());
    Ok(rows == 1)
}

/// A new PIN for shared tablets, or none.
///
/// # Errors
/// The engine's.
pub async fn set_pin(tx: &mut Tx, id: PersonId, pin: Option<&str>) -> sqlx::Result<()> {
    writing!(tx, |conn| sqlx::query(
        "UPDATE person SET pin = $2, version = version + 1 WHERE id = $1"
    )
    .bind(id.0)
    .bind(pin)
    .execute(conn)
    .await
    .map(drop))
}

/// A new badge, or none.
///
/// # Errors
/// The engine's; also when somebody else has the badge.
pub async fn set_badge(tx: &mut Tx, id: PersonId, badge_hash: Option<&[u8]>) -> sqlx::Result<()> {
    writing!(tx, |conn| sqlx::query(
        "UPDATE person SET badge_hash = $2, version = version + 1 WHERE id = $1"
    )
    .bind(id.0)
    .bind(badge_hash)
    .execute(conn)
    .await
    .map(drop))
}

/// A new secret of the second factor, or none.
///
/// # Errors
/// The engine's.
pub async fn set_totp(tx: &mut Tx, id: PersonId, secret: Option<&str>) -> sqlx::Result<()> {
    const SQL: &str =
        "UPDATE person SET totp = $2, totp_step = 0, version = version + 1 WHERE id = $1";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(id.0)
        .bind(secret)
        .execute(conn)
        .await
        .map(drop))
}

/// Uses up a step of the second factor; `false` when it, or a later one, was used before.
///
/// # Errors
/// The engine's.
pub async fn use_totp_step(tx: &mut Tx, id: PersonId, step: i64) -> sqlx::Result<bool> {
    const SQL: &str = "UPDATE person SET totp_step = $2 WHERE id = $1 AND totp_step < $2";
    let rows = writing!(tx, |conn| sqlx::query(SQL)
        .bind(id.0)
        .bind(step)
        .execute(conn)
        .await?
        .rows_affected());
    Ok(rows == 1)
}

/// Who vouches for them; or nobody, and then their address alone links them to nobody either.
///
/// # Errors
/// The engine's; also when it is somebody else's.
pub async fn set_oidc(tx: &mut Tx, id: PersonId, of: Option<(&str, &str)>) -> sqlx::Result<()> {
    const SQL: &str = "UPDATE person SET oidc_issuer = $2, oidc_subject = $3, not_by_address = $4, version = version + 1
        WHERE id = $1";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(id.0)
        .bind(of.map(|o| o.0))
        .bind(of.map(|o| o.1))
        .bind(i64::from(of.is_none()))
        .execute(conn)
        .await
        .map(drop))
}

/// They signed in.
///
/// # Errors
/// The engine's.
pub async fn signed_in(tx: &mut Tx, id: PersonId, now: TsMs) -> sqlx::Result<()> {
    const SQL: &str = "UPDATE person SET seen_ms = $2 WHERE id = $1";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(id.0)
        .bind(now.0)
        .execute(conn)
        .await
        .map(drop))
}

/// The roles that somebody was given.
///
/// # Errors
/// The engine's.
pub async fn given_to(db: &Db, id: PersonId) -> sqlx::Result<Vec<GivenRow>> {
    const SQL: &str =
        "SELECT person_id, role_id, area_id, line_id FROM person_role WHERE person_id = $1
        ORDER BY role_id, area_id, line_id";
    reading!(db, |pool| sqlx::query_as(SQL)
        .bind(id.0)
        .fetch_all(pool)
        .await)
}

/// The same, as a transaction sees it.
///
/// # Errors
/// The engine's.
pub async fn given_in(tx: &mut Tx, id: PersonId) -> sqlx::Result<Vec<GivenRow>> {
    const SQL: &str =
        "SELECT person_id, role_id, area_id, line_id FROM person_role WHERE person_id = $1
        ORDER BY role_id, area_id, line_id";
    writing!(tx, |conn| sqlx::query_as(SQL)
        .bind(id.0)
        .fetch_all(conn)
        .await)
}

/// The roles that everybody was given.
///
/// # Errors
/// The engine's.
pub async fn given(db: &Db) -> sqlx::Result<Vec<GivenRow>> {
    const SQL: &str =
        "SELECT person_id, role_id, area_id, line_id FROM person_role ORDER BY person_id, role_id";
    reading!(db, |pool| sqlx::query_as(SQL).fetch_all(pool).await)
}

/// The same, as a transaction sees them.
///
/// # Errors
/// The engine's.
pub async fn all_given_in(tx: &mut Tx) -> sqlx::Result<Vec<GivenRow>> {
    const SQL: &str =
        "SELECT person_id, role_id, area_id, line_id FROM person_role ORDER BY person_id, role_id";
    writing!(tx, |conn| sqlx::query_as(SQL).fetch_all(conn).await)
}

/// Takes all roles from somebody.
///
/// # Errors
/// The engine's.
pub async fn take_roles(tx: &mut Tx, id: PersonId) -> sqlx::Result<()> {
    writing!(tx, |conn| {
        sqlx::query("DELETE FROM person_role WHERE person_id = $1")
            .bind(id.0)
            .execute(&mut *conn)
            .await?;
        sqlx::query("UPDATE person SET version = version + 1 WHERE id = $1")
            .bind(id.0)
            .execute(conn)
            .await
            .map(drop)
    })
}

/// Gives somebody a role.
///
/// # Errors
/// The engine's.
pub async fn give_role(tx: &mut Tx, given: GivenRow) -> sqlx::Result<()> {
    const SQL: &str =
        "INSERT INTO person_role (person_id, role_id, area_id, line_id) VALUES ($1, $2, $3, $4)";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(given.person_id)
        .bind(given.role_id)
        .bind(given.area_id)
        .bind(given.line_id)
        .execute(conn)
        .await
        .map(drop))
}

/// How many people who may sign in hold a role on the whole site, those of the demonstration left out.
///
/// # Errors
/// The engine's.
pub async fn holders(tx: &mut Tx, role: RoleId) -> sqlx::Result<i64> {
    const SQL: &str = "SELECT COUNT(DISTINCT p.id) FROM person p JOIN person_role r ON r.person_id = p.id
        WHERE r.role_id = $1 AND r.area_id IS NULL AND r.line_id IS NULL AND p.disabled = 0 AND p.demo = 0";
    writing!(tx, |conn| sqlx::query_scalar(SQL)
        .bind(role.0)
        .fetch_one(conn)
        .await)
}
