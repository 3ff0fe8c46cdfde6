//! Getting in: by password and second factor, by the demonstration's tap.

use crate::domain::ids::PersonId;
use crate::domain::rights::DEFAULT_ROLES;
use crate::domain::time::{DurMs, MINUTE_MS, TsMs};
use crate::server::auth::Ctx;
use crate::server::auth::caller::Caller;
use crate::server::auth::guard::{by_the_program, entry};
use crate::server::auth::merged;
use crate::server::auth::password::Verdict;
use crate::server::auth::turns::{self, Busy, Turn};
use crate::server::auth::{rights::Roles, totp};
use crate::server::db::audit::AuditRow;
use crate::server::db::people::{GivenRow, PersonRow};
use crate::server::db::{Tx, attempts, audit, people, sessions};
use crate::server::services::error::{ServiceError, invalid};
use crate::server::state::App;

/// So many wrong tries cost nothing.
const FREE_TRIES: i64 = 5;
/// The wait after the next one; it doubles with each after that.
const FIRST_WAIT: DurMs = DurMs(30_000);
/// And never gets longer than this.
const LONGEST_WAIT: DurMs = DurMs(15 * MINUTE_MS);

/// Why somebody did not get in.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Login, password, code, badge or PIN are wrong; which, is not said.
    #[error("that is not right")]
    Wrong,
    /// Too many wrong tries.
    #[error("too many wrong tries; wait {} s", .0.0 / 1000)]
    Wait(DurMs),
    /// Too many tries wait to be looked at.
    #[error("many people sign in just now")]
    Busy,
    /// Anything else.
    #[error(transparent)]
    Failed(#[from] ServiceError),
}

impl Refused {
    /// After how many seconds to come back, when that helps.
    #[must_use]
    pub fn come_back_s(&self) -> Option<u32> {
        match self {
            Self::Wait(left) => u32::try_from((left.0 + 999) / 1000).ok(),
            Self::Busy => Some(turns::RETRY_AFTER_S),
            Self::Wrong | Self::Failed(_) => None,
        }
    }
}

impl From<Busy> for Refused {
    fn from(Busy: Busy) -> Self {
        Self::Busy
    }
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

/// Counts a try before it is looked at, when all earlier ones at the same subject are through.
///
/// # Errors
/// [`Refused::Wait`] while the subject is locked; the engine's.
pub(crate) async fn count_try(app: &App, turn: &mut Turn, subject: &[u8]) -> Result<(), Refused> {
    turn.at(subject).await;
    let now = app.clock.now();
    // A locked subject costs no more than a look.
    locked(app, subject, now).await?;
    let mut tx = app.db.begin().await?;
    let Some(wrong) = attempts::count(&mut tx, subject, now).await? else {
        drop(tx);
        // Another node was faster.
        locked(app, subject, now).await?;
        return Err(Refused::Wait(FIRST_WAIT));
    };
    let wait = wait_after(wrong);
    if wait > DurMs::ZERO {
        attempts::lock(&mut tx, subject, now + wait).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn locked(app: &App, subject: &[u8], now: TsMs) -> Result<(), Refused> {
    let until = attempts::get(&app.db, subject).await?.locked_until;
    if now.0 < until {
        return Err(Refused::Wait(TsMs(until) - now));
    }
    Ok(())
}

/// Puts a try during a lock-out on record, those at one subject merged by the minute; returns why it was refused.
pub(crate) async fn kept_out(
    app: &App,
    caller: &Caller,
    refused: Refused,
    target: &str,
) -> Refused {
    if !matches!(refused, Refused::Wait(_)) {
        return refused;
    }
    let row = entry(caller, app.clock.now(), "session.locked", target);
    match merged::on_record(app, row).await {
        Ok(()) => refused,
        Err(error) => error.into(),
    }
}

/// Puts what did not go well on record.
pub(crate) async fn on_record(app: &App, row: &AuditRow) -> Result<(), Refused> {
    let mut tx = app.db.begin().await?;
    audit::add(&mut tx, row).await?;
    tx.commit().await?;
    Ok(())
}

/// Whether a person gets in by the same as in `row`, and may the same. It waits for whoever is changing that, and who changes
/// it later finds the sessions that are there already.
///
/// # Errors
/// The engine's.
pub async fn is_unchanged(ctx: &Ctx, row: &PersonRow) -> Result<bool, Refused> {
    let app = ctx.app();
    let mut tx = app.db.begin().await?;
    let is = is_unchanged_in(&mut tx, row, app.clock.now()).await?;
    tx.commit().await?;
    Ok(is)
}

/// The same, in a transaction that writes down when they signed in: so the row is ours.
async fn is_unchanged_in(tx: &mut Tx, row: &PersonRow, now: TsMs) -> sqlx::Result<bool> {
    people::signed_in(tx, row.person(), now).await?;
    let found = people::by_id_in(tx, row.person()).await?;
    Ok(found.is_some_and(|found| found.version == row.version))
}

/// Lets a person in: the record, the last sign-in, wrong tries forgotten. Not when they were changed since `row` was read.
pub(crate) async fn let_in(
    app: &App,
    caller: &Caller,
    row: &PersonRow,
    (how, subject): (&str, Option<&[u8]>),
) -> Result<(), Refused> {
    let mut tx = app.db.begin().await?;
    let_in_with(app, &mut tx, caller, row, (how, subject), None).await?;
    tx.commit().await?;
    Ok(())
}

/// The same, as the last thing in a transaction of the caller's; `before` goes on record first.
pub(crate) async fn let_in_with(
    app: &App,
    tx: &mut Tx,
    caller: &Caller,
    row: &PersonRow,
    (how, subject): (&str, Option<&[u8]>),
    before: Option<&AuditRow>,
) -> Result<(), Refused> {
    let now = app.clock.now();
    if !is_unchanged_in(tx, row, now).await? {
        return Err(Refused::Wrong);
    }
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
    if let Some(before) = before {
        audit::add(tx, before).await?;
    }
    audit::add(tx, &line).await?;
    Ok(())
}

/// A login as it is kept.
#[must_use]
pub fn login(typed: &str) -> String {
    typed.trim().to_lowercase()
}

/// Whose account was tried. What nobody has as a login may be a password in the wrong field: it is not written down.
fn target(row: Option<PersonRow>) -> String {
    row.map_or_else(
        || "unknown login".to_owned(),
        |r| format!("person:{}", r.login),
    )
}

/// Signs in with login and password.
///
/// # Errors
/// [`Refused`]; an unknown login takes as long and answers the same as a wrong password.
pub async fn with_password(ctx: &Ctx, (typed, password): (&str, String)) -> Result<Got, Refused> {
    let (app, caller) = (ctx.app(), ctx.caller());
    let login = login(typed);
    let subject = app.secret.mark("login", &login);
    let mut turn = app.turns.of_client(&caller.address).await?;
    if let Err(refused) = count_try(app, &mut turn, &subject).await {
        let row = people::by_login(&app.db, &login).await?;
        return Err(kept_out(app, caller, refused, &target(row)).await);
    }
    let row = people::by_login(&app.db, &login).await?;
    let kept = row
        .as_ref()
        .filter(|r| r.disabled == 0 && r.demo == 0)
        .and_then(|r| r.password.clone());
    let verdict = app.hasher.verify(password, kept.clone()).await;
    let row = match (verdict, row) {
        (Verdict::Right, Some(row)) => row,
        (Verdict::RightAnew(anew), Some(row)) => {
            let old = kept.as_deref().unwrap_or_default();
            keep_anew(ctx, &row, (old, &anew)).await?;
            row
        }
        (_, row) => {
            let row = entry(caller, app.clock.now(), "session.wrong", target(row));
            on_record(app, &row).await?;
            return Err(Refused::Wrong);
        }
    };
    if row.totp.is_some() {
        // Whoever has the password only shows here, also when no code ever comes.
        let target = target(Some(row.clone()));
        let half = entry(caller, app.clock.now(), "session.half", target);
        merged::on_record(app, half).await?;
        return Ok(Got::NeedsCode(row));
    }
    let_in(app, caller, &row, ("password", Some(&subject))).await?;
    Ok(Got::In(row))
}

/// Keeps the password that was just right as hashes are made today. The program does that by itself, and tells on whose
/// request.
async fn keep_anew(ctx: &Ctx, row: &PersonRow, (old, anew): (&str, &str)) -> sqlx::Result<()> {
    let (app, caller) = (ctx.app(), ctx.caller());
    let mut tx = app.db.begin().await?;
    if !people::rehash(&mut tx, row.person(), (old, anew)).await? {
        // It was changed meanwhile.
        return Ok(());
    }
    let target = format!("person:{}", row.login);
    let line = AuditRow {
        address: caller.address.clone(),
        request: caller.request.clone(),
        why: "kept as hashes are made today".to_owned(),
        ..by_the_program(app.clock.now(), "person.password.rehash", target)
    };
    audit::add(&mut tx, &line).await?;
    tx.commit().await
}

/// Goes on with the code of the second factor; `None` when the person is not as they were when the password was right,
/// `version` as it was counted then: it may be another one now.
///
/// # Errors
/// [`Refused`]; a code that was used before is wrong.
pub async fn with_code(
    ctx: &Ctx,
    (person, version): (PersonId, i64),
    code: &str,
) -> Result<Option<PersonRow>, Refused> {
    let (app, caller) = (ctx.app(), ctx.caller());
    let row = people::by_id(&app.db, person).await?;
    let Some(row) = row.filter(|r| r.disabled == 0 && r.version == version) else {
        return Ok(None);
    };
    let subject = app.secret.mark("login", &row.login);
    let mut turn = app.turns.of_client(&caller.address).await?;
    if let Err(refused) = count_try(app, &mut turn, &subject).await {
        let target = format!("person:{}", row.login);
        return Err(kept_out(app, caller, refused, &target).await);
    }
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
        None,
    )
    .await?;
    tx.commit().await?;
    Ok(Some(row))
}

/// Signs in as one of the demonstration's people, who is made when needed. The boundary lets this be called only for a
/// simulated plant on this machine, and the guard does not know these people anywhere else.
///
/// # Errors
/// An unknown role; the engine's.
pub async fn demonstration(ctx: &Ctx, role: &str) -> Result<PersonRow, Refused> {
    let (app, caller) = (ctx.app(), ctx.caller());
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
            let mut added =
                by_the_program(app.clock.now(), "person.add", format!("person:{login}"));
            added.became = format!("{} on the whole site", wanted.code);
            added.why = "for the demonstration".to_owned();
            audit::add(&mut tx, &added).await?;
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

/// Somebody signs out: their session ends, a device in it stays enrolled. Nothing is put on record when it has ended already.
///
/// # Errors
/// The engine's; they are still signed in then.
pub async fn sign_out(ctx: &Ctx) -> Result<(), Refused> {
    let (app, caller) = (ctx.app(), ctx.caller());
    let Some((person, session)) = caller.person().zip(caller.session.as_deref()) else {
        return Ok(());
    };
    let mut tx = app.db.begin().await?;
    if sessions::end_one(&mut tx, person, session).await? {
        let row = entry(caller, app.clock.now(), "session.sign_out", "");
        audit::add(&mut tx, &row).await?;
        tx.commit().await?;
        app.people.forget();
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
