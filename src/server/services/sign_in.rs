//! Getting in: by password and second factor, by the one-time link of the first start, by the demonstration's tap.

use crate::domain::ids::PersonId;
use crate::domain::rights::DEFAULT_ROLES;
use crate::domain::time::{DAY_MS, DurMs, HOUR_MS, MINUTE_MS, TsMs};
use crate::server::auth::Ctx;
use crate::server::auth::caller::Caller;
use crate::server::auth::guard::entry;
use crate::server::auth::password::{self, Verdict};
use crate::server::auth::{rights::Roles, secret, totp};
use crate::server::db::audit::AuditRow;
use crate::server::db::people::{GivenRow, PersonRow};
use crate::server::db::{Tx, attempts, audit, people, settings};
use crate::server::services::error::{ServiceError, invalid};
use crate::server::state::App;
use serde_json::json;

/// So many wrong tries cost nothing.
const FREE_TRIES: i64 = 5;
/// The wait after the next one; it doubles with each after that.
const FIRST_WAIT: DurMs = DurMs(30_000);
/// And never gets longer than this.
const LONGEST_WAIT: DurMs = DurMs(15 * MINUTE_MS);
/// Where the hash of the set-up link is kept.
const SET_UP: &str = "set_up_link";
/// For so long a set-up link holds.
const SET_UP_HOLDS: DurMs = DurMs(DAY_MS);
/// Where the hash of a link for one more administrator is kept, and for how long it holds.
const ADMIN_LINK: &str = "admin_link";
const ADMIN_LINK_HOLDS: DurMs = DurMs(HOUR_MS);

/// Why somebody did not get in.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Login, password, code, badge or PIN are wrong; which, is not said.
    #[error("that is not right")]
    Wrong,
    /// Too many wrong tries.
    #[error("too many wrong tries; wait {} s", .0.0 / 1000)]
    Wait(DurMs),
    /// Anything else.
    #[error(transparent)]
    Failed(#[from] ServiceError),
}

impl From<sqlx::Error> for Refused {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// How far somebody got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Got {
    /// In.
    In(PersonRow),
    /// The code of the second factor is missing.
    NeedsCode(PersonRow),
}

/// The wait after `wrong` wrong tries.
#[must_use]
pub fn wait_after(wrong: i64) -> DurMs {
    let over = wrong - FREE_TRIES;
    if over < 0 {
        return DurMs::ZERO;
    }
    let doubled = FIRST_WAIT.0.saturating_mul(1 << over.min(16));
    DurMs(doubled.min(LONGEST_WAIT.0))
}

/// Counts a try before it is looked at, so that many at once are many.
///
/// # Errors
/// [`Refused::Wait`] while the subject is locked; the engine's.
pub async fn count_try(app: &App, subject: &[u8]) -> Result<(), Refused> {
    let now = app.clock.now();
    let held = attempts::get(&app.db, subject).await?;
    if now.0 < held.locked_until {
        return Err(Refused::Wait(TsMs(held.locked_until) - now));
    }
    let mut tx = app.db.begin().await?;
    let wrong = attempts::count(&mut tx, subject, now).await?;
    let wait = wait_after(wrong);
    if wait > DurMs::ZERO {
        attempts::lock(&mut tx, subject, now + wait).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Puts what did not go well on record.
pub(crate) async fn on_record(app: &App, row: &AuditRow) -> Result<(), Refused> {
    let mut tx = app.db.begin().await?;
    audit::add(&mut tx, row).await?;
    tx.commit().await?;
    Ok(())
}

/// Lets a person in: the record, the last sign-in, wrong tries forgotten.
pub(crate) async fn let_in(
    app: &App,
    caller: &Caller,
    row: &PersonRow,
    (how, subject): (&str, Option<&[u8]>),
) -> Result<(), Refused> {
    let mut tx = app.db.begin().await?;
    let_in_with(app, &mut tx, caller, row, (how, subject)).await?;
    tx.commit().await?;
    Ok(())
}

/// The same, in a transaction of the caller's.
pub(crate) async fn let_in_with(
    app: &App,
    tx: &mut Tx,
    caller: &Caller,
    row: &PersonRow,
    (how, subject): (&str, Option<&[u8]>),
) -> Result<(), Refused> {
    let now = app.clock.now();
    people::signed_in(tx, row.person(), now).await?;
    if let Some(subject) = subject {
        attempts::forgive(tx, subject).await?;
    }
    let mut line = entry(
        caller,
        now,
        "session.sign_in",
        format!("person:{}", row.login),
    );
    line.actor_kind = "person".to_owned();
    line.actor_id = Some(row.id);
    line.actor.clone_from(&row.name);
    how.clone_into(&mut line.became);
    audit::add(tx, &line).await?;
    Ok(())
}

/// A login as it is kept.
#[must_use]
pub fn login(typed: &str) -> String {
    typed.trim().to_lowercase()
}

/// Signs in with login and password.
///
/// # Errors
/// [`Refused`]; an unknown login takes as long and answers the same as a wrong password.
pub async fn with_password(
    app: &App,
    caller: &Caller,
    (typed, password): (&str, String),
) -> Result<Got, Refused> {
    let login = login(typed);
    let subject = app.secret.mark("login", &login);
    count_try(app, &subject).await?;
    let row = people::by_login(&app.db, &login).await?;
    let kept = row
        .as_ref()
        .filter(|r| r.disabled == 0)
        .and_then(|r| r.password.clone());
    let verdict = app.hasher.verify(password, kept).await;
    let row = match (verdict, row) {
        (Verdict::Right, Some(row)) => row,
        (Verdict::RightAnew(anew), Some(row)) => {
            let mut tx = app.db.begin().await?;
            people::rehash(&mut tx, row.person(), &anew).await?;
            tx.commit().await?;
            row
        }
        (_, row) => {
            // What nobody has as a login may be a password in the wrong field: it is not written down.
            let target = row.map_or_else(
                || "unknown login".to_owned(),
                |r| format!("person:{}", r.login),
            );
            on_record(
                app,
                &entry(caller, app.clock.now(), "session.wrong", target),
            )
            .await?;
            return Err(Refused::Wrong);
        }
    };
    if row.totp.is_some() {
        return Ok(Got::NeedsCode(row));
    }
    let_in(app, caller, &row, ("password", Some(&subject))).await?;
    Ok(Got::In(row))
}

/// Goes on with the code of the second factor.
///
/// # Errors
/// [`Refused`]; a code that was used before is wrong.
pub async fn with_code(
    app: &App,
    caller: &Caller,
    (person, code): (PersonId, &str),
) -> Result<PersonRow, Refused> {
    let row = people::by_id(&app.db, person).await?;
    let Some(row) = row.filter(|r| r.disabled == 0) else {
        return Err(Refused::Wrong);
    };
    let subject = app.secret.mark("login", &row.login);
    count_try(app, &subject).await?;
    let now = app.clock.now();
    let step = row
        .totp
        .as_deref()
        .and_then(|secret| totp::step_of(secret, code, now));
    let mut tx = app.db.begin().await?;
    let fresh = match step {
        Some(step) => people::use_totp_step(&mut tx, person, step).await?,
        None => false,
    };
    if !fresh {
        drop(tx);
        let target = format!("person:{}", row.login);
        on_record(app, &entry(caller, now, "session.wrong", target)).await?;
        return Err(Refused::Wrong);
    }
    let_in_with(
        app,
        &mut tx,
        caller,
        &row,
        ("password and code", Some(&subject)),
    )
    .await?;
    tx.commit().await?;
    Ok(row)
}

/// Signs in as one of the demonstration's people, who is made when needed. The boundary lets this be called only for a
/// simulated plant on this machine, and the guard does not know these people anywhere else.
///
/// # Errors
/// An unknown role; the engine's.
pub async fn demonstration(app: &App, caller: &Caller, role: &str) -> Result<PersonRow, Refused> {
    let wanted = DEFAULT_ROLES.iter().find(|r| r.code == role);
    let wanted = wanted.ok_or_else(|| invalid("role", "is not one of the roles"))?;
    let login = format!("demo.{}", wanted.code);
    let found = people::by_login(&app.db, &login).await?;
    let row = match found {
        Some(row) => row,
        None => {
            let roles = Roles::load(&app.db).await?;
            let role = roles
                .by_code(wanted.code)
                .ok_or(sqlx::Error::RowNotFound)?
                .id;
            let name = format!("{} (demonstration)", wanted.name);
            let mut tx = app.db.begin().await?;
            let id = people::add(&mut tx, (&login, &name, ""), true, app.clock.now()).await?;
            let given = GivenRow {
                person_id: id.0,
                role_id: role,
                area_id: None,
                line_id: None,
            };
            people::give_role(&mut tx, given).await?;
            tx.commit().await?;
            people::by_id(&app.db, id)
                .await?
                .ok_or(sqlx::Error::RowNotFound)?
        }
    };
    if row.demo == 0 || row.disabled != 0 {
        return Err(Refused::Wrong);
    }
    let_in(app, caller, &row, ("demonstration", None)).await?;
    Ok(row)
}

/// Whether somebody can sign in who may add people; people of the demonstration do not count.
///
/// # Errors
/// The engine's.
pub async fn is_set_up(app: &App) -> sqlx::Result<bool> {
    let mut tx = app.db.snapshot().await?;
    has_admin(app, &mut tx).await
}

async fn has_admin(app: &App, tx: &mut Tx) -> sqlx::Result<bool> {
    let roles = Roles::load(&app.db).await?;
    let Some(admin) = roles.by_code("admin") else {
        return Ok(false);
    };
    Ok(people::holders(tx, crate::domain::ids::RoleId(admin.id)).await? > 0)
}

/// Makes the one-time link of a first start; `None` when somebody is there already.
///
/// # Errors
/// The engine's.
pub async fn new_set_up_link(app: &App) -> sqlx::Result<Option<String>> {
    if is_set_up(app).await? {
        return Ok(None);
    }
    let mut tx = app.db.begin().await?;
    let path = new_link(app, &mut tx, (SET_UP, SET_UP_HOLDS)).await?;
    tx.commit().await?;
    Ok(Some(path))
}

/// Makes the one-time link that adds one more administrator when those who are there cannot get in. It changes nobody else,
/// ends the link before it, and is on record before it is shown.
///
/// # Errors
/// The engine's.
pub async fn new_admin_link(ctx: &Ctx) -> sqlx::Result<String> {
    let app = ctx.app();
    let mut tx = app.db.begin().await?;
    let path = new_link(app, &mut tx, (ADMIN_LINK, ADMIN_LINK_HOLDS)).await?;
    audit::add(&mut tx, &ctx.entry("person.link", "role:admin")).await?;
    tx.commit().await?;
    Ok(path)
}

async fn new_link(app: &App, tx: &mut Tx, (kind, holds): (&str, DurMs)) -> sqlx::Result<String> {
    let token = secret::random()?;
    let ends = app.clock.now() + holds;
    let kept = format!("{} {}", ends.0, secret::hex(&secret::hash(&token)));
    settings::put(tx, kind, &kept).await?;
    Ok(format!("/set-up/{token}"))
}

/// Whether a set-up link holds.
///
/// # Errors
/// The engine's.
pub async fn set_up_link_holds(app: &App, token: &str) -> sqlx::Result<bool> {
    Ok(link_of(app, token).await?.is_some())
}

/// Which kind of link holds with this token.
async fn link_of(app: &App, token: &str) -> sqlx::Result<Option<&'static str>> {
    if link_holds(app, ADMIN_LINK, token).await? {
        return Ok(Some(ADMIN_LINK));
    }
    let first = link_holds(app, SET_UP, token).await? && !is_set_up(app).await?;
    Ok(first.then_some(SET_UP))
}

async fn link_holds(app: &App, kind: &str, token: &str) -> sqlx::Result<bool> {
    let kept = settings::get(&app.db, kind).await?;
    let Some((ends, hash)) = kept.as_deref().and_then(|k| k.split_once(' ')) else {
        return Ok(false);
    };
    let in_time = ends.parse().is_ok_and(|ends: i64| app.clock.now().0 < ends);
    // Both are hashes of random bits: how long the comparison takes tells nothing.
    Ok(in_time && hash == secret::hex(&secret::hash(token)))
}

/// Who sets the program up.
#[derive(Clone, Debug)]
pub struct FirstPerson {
    /// What they will type to sign in.
    pub login: String,
    /// Full name.
    pub name: String,
    /// Their password.
    pub password: String,
}

/// The first person, with the right to everything; the link is used up.
///
/// # Errors
/// Wrong fields; [`ServiceError::NotFound`] when the link does not hold; the engine's.
pub async fn set_up(
    app: &App,
    caller: &Caller,
    (token, first): (&str, FirstPerson),
) -> Result<PersonRow, Refused> {
    let Some(link) = link_of(app, token).await? else {
        return Err(super::error::not_found("set-up link", "").into());
    };
    let login = login(&first.login);
    let name = first.name.trim().to_owned();
    let mut wrong = super::people::wrong_names(&login, &name, "");
    if let Some(problem) = password::problem(&first.password, &[&login, &name]) {
        wrong.push(super::error::field("password", problem));
    }
    if !wrong.is_empty() {
        return Err(ServiceError::Invalid(wrong).into());
    }
    let kept = app.hasher.hash(first.password).await;
    let kept = kept.ok_or_else(|| sqlx::Error::Io(std::io::Error::other("no random bits")))?;
    let roles = Roles::load(&app.db).await?;
    let admin = roles.by_code("admin").ok_or(sqlx::Error::RowNotFound)?.id;
    let mut tx = app.db.begin().await?;
    // Whoever removes the link may go on: of two who come at once, one.
    if !settings::remove(&mut tx, link).await? {
        return Err(super::error::not_found("set-up link", "").into());
    }
    if people::by_login(&app.db, &login).await?.is_some() {
        return Err(ServiceError::Conflict(format!("the login '{login}' is taken")).into());
    }
    let id = people::add(&mut tx, (&login, &name, ""), false, app.clock.now()).await?;
    people::set_password(&mut tx, id, Some(&kept), false).await?;
    let given = GivenRow {
        person_id: id.0,
        role_id: admin,
        area_id: None,
        line_id: None,
    };
    people::give_role(&mut tx, given).await?;
    let row = people::by_id_in(&mut tx, id)
        .await?
        .ok_or(sqlx::Error::RowNotFound)?;
    let mut line = entry(
        caller,
        app.clock.now(),
        "person.add",
        format!("person:{login}"),
    );
    line.became = json!({"name": name, "roles": ["admin"]}).to_string();
    let why = if link == SET_UP {
        "first start"
    } else {
        "link for one more administrator"
    };
    why.clone_into(&mut line.why);
    audit::add(&mut tx, &line).await?;
    let_in_with(app, &mut tx, caller, &row, ("set-up link", None)).await?;
    tx.commit().await?;
    Ok(row)
}

/// Somebody signs out.
///
/// # Errors
/// The engine's.
pub async fn sign_out(app: &App, caller: &Caller) -> Result<(), Refused> {
    if caller.person().is_some() {
        let row = entry(caller, app.clock.now(), "session.sign_out", "");
        on_record(app, &row).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_from_the_sixth_wrong_try_up_to_a_quarter_of_an_hour() {
        let waits: Vec<i64> = (1..=12).map(|n| wait_after(n).0 / 1000).collect();
        assert_eq!(waits, [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900]);
        assert_eq!(wait_after(i64::MAX), LONGEST_WAIT);
    }
}
