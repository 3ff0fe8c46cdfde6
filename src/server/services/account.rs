//! What people change about their own way in: password, PIN, second factor, address, sessions.

mod address;
mod second_factor;

pub use address::{NewAddress, change_address};
pub use second_factor::{turn_code_off, turn_code_on};

use super::error::{ServiceError, field, invalid, not_found};
use super::people::{Waiting, put_out};
use super::sign_in::{Refused, count_try, kept_out, on_record};
use super::sign_on::pin_subject;
use crate::domain::ids::PersonId;
use crate::domain::rights::Reach;
use crate::domain::time::TsMs;
use crate::server::auth::password::{self, Verdict};
use crate::server::auth::rights::{Roles, reach};
use crate::server::auth::session::{self, Held};
use crate::server::auth::{Ctx, secret};
use crate::server::db::people::PersonRow;
use crate::server::db::{Tx, attempts, audit, people, sessions};
use crate::server::plant::Plant;
use crate::server::state::App;
use serde_json::json;

/// A person as they see themselves.
#[derive(Clone, Debug)]
pub struct Own {
    /// Who.
    pub row: PersonRow,
    /// Their roles and where they hold, in words.
    pub roles: Vec<String>,
}

/// A session of one's own.
#[derive(Clone, Debug)]
pub struct OwnSession {
    /// Names it in a form: the hash of its id, in hexadecimal.
    pub mark: String,
    /// What it knows.
    pub held: Held,
    /// When it was last used.
    pub seen: TsMs,
    /// It is the one that asks.
    pub this: bool,
}

/// A new password, typed twice.
#[derive(Clone, Debug)]
pub struct NewPassword {
    /// The one that holds now.
    pub old: String,
    /// The new one.
    pub new: String,
    /// The new one again.
    pub again: String,
}

fn me(ctx: &Ctx) -> Result<PersonId, ServiceError> {
    ctx.caller().person().ok_or(ServiceError::Unauthenticated)
}

async fn my_row(ctx: &Ctx) -> Result<PersonRow, ServiceError> {
    let row = people::by_id(&ctx.app().db, me(ctx)?).await?;
    row.ok_or(ServiceError::Unauthenticated)
}

/// Where something holds, in words.
#[must_use]
pub fn place(plant: &Plant, reach: Reach) -> String {
    match reach {
        Reach::Site => "on the whole site".to_owned(),
        Reach::Area(area) => match plant.lines.iter().find(|l| l.area_id == area) {
            Some(line) => format!("in {}", line.area),
            None => "in an area without lines".to_owned(),
        },
        Reach::Line(id) => match plant.lines.iter().find(|l| l.id == id) {
            Some(line) => format!("on {}", line.name),
            None => "on a line that is gone".to_owned(),
        },
    }
}

/// Who asks, with their roles in words.
///
/// # Errors
/// Nobody asks; the engine's.
pub async fn own(ctx: &Ctx) -> Result<Own, ServiceError> {
    let (app, row) = (ctx.app(), my_row(ctx).await?);
    let roles = Roles::load(&app.db).await?;
    let given = people::given_to(&app.db, row.person()).await?;
    let plant = app.plant.get();
    let words = given.iter().filter_map(|g| {
        let role = roles.by_id(g.role_id)?;
        Some(format!(
            "{} {}",
            role.name,
            place(&plant, reach(g.area_id, g.line_id))
        ))
    });
    let roles = words.collect();
    Ok(Own { row, roles })
}

/// Under what tries of somebody's password count on the pages of their own account: whoever types their login at the door
/// must not keep them out of these.
#[must_use]
pub fn own_subject(app: &App, login: &str) -> Vec<u8> {
    app.secret.mark("own", login)
}

/// Checks the password that holds now. Wrong ones lock like those of signing in, apart from them, and are on record.
async fn check(ctx: &Ctx, row: &PersonRow, typed: String) -> Result<Vec<u8>, Refused> {
    let subject = own_subject(ctx.app(), &row.login);
    check_kept(ctx, row, (typed, row.password.clone()), subject).await
}

/// Checks what was typed against what is kept; tries count under `subject`, which is returned.
async fn check_kept(
    ctx: &Ctx,
    row: &PersonRow,
    (typed, kept): (String, Option<String>),
    subject: Vec<u8>,
) -> Result<Vec<u8>, Refused> {
    let app = ctx.app();
    let mut turn = app.turns.of_client(&ctx.caller().address).await?;
    if let Err(refused) = count_try(app, &mut turn, &subject).await {
        let target = format!("person:{}", row.login);
        return Err(kept_out(app, ctx.caller(), refused, &target).await);
    }
    match app.hasher.verify(typed, kept).await {
        Verdict::Right | Verdict::RightAnew(_) => Ok(subject),
        Verdict::Wrong => {
            on_record(
                app,
                &ctx.entry("session.wrong", format!("person:{}", row.login)),
            )
            .await?;
            Err(Refused::Wrong)
        }
    }
}

/// Begins the change of somebody's way in, if they get in by the same still as in `row`, which was looked at: an administrator
/// may have given them another password since, or PIN.
async fn begin_as(ctx: &Ctx, row: &PersonRow) -> Result<Tx, Refused> {
    let app = ctx.app();
    let mut tx = app.db.begin().await?;
    let found = people::hold_in(&mut tx, row.person()).await?;
    let ways_in = |r: &PersonRow| (r.password.clone(), r.pin.clone(), r.totp.clone());
    if found.is_some_and(|found| ways_in(&found) == ways_in(row)) {
        return Ok(tx);
    }
    drop(tx);
    let wrong = ctx.entry("session.wrong", format!("person:{}", row.login));
    on_record(app, &wrong).await?;
    Err(Refused::Wrong)
}

/// Changes one's own password; all other sessions end. Devices go on to take messages: a password is changed as a matter of
/// routine, and whoever is called when a line stands must not be out of reach from then on without knowing. Whoever fears for
/// the account signs out everywhere.
///
/// # Errors
/// [`Refused::Wrong`] when the old one is; wrong fields; the engine's.
pub async fn change_password(ctx: &Ctx, wanted: NewPassword) -> Result<PersonRow, Refused> {
    let (app, row) = (ctx.app(), my_row(ctx).await?);
    let mut wrong = Vec::new();
    if let Some(problem) = password::problem(&wanted.new, &[&row.login, &row.name]) {
        wrong.push(field("password", problem));
    } else if wanted.new == wanted.old {
        wrong.push(field("password", "must not be the old one"));
    }
    if wanted.new != wanted.again {
        wrong.push(field("again", "is not the same"));
    }
    if !wrong.is_empty() {
        return Err(ServiceError::Invalid(wrong).into());
    }
    let subject = check(ctx, &row, wanted.old).await?;
    let kept = app.hasher.hash(wanted.new).await;
    let kept = kept.ok_or_else(|| sqlx::Error::Io(std::io::Error::other("no random bits")))?;
    let mut tx = app.db.begin().await?;
    let old = row.password.as_deref().unwrap_or_default();
    // An administrator may have given them another one since theirs was looked at.
    if !people::replace_password(&mut tx, row.person(), (old, &kept)).await? {
        drop(tx);
        let wrong = ctx.entry("session.wrong", format!("person:{}", row.login));
        on_record(app, &wrong).await?;
        return Err(Refused::Wrong);
    }
    let ended = end_others(ctx, &mut tx, &row).await?;
    attempts::forgive(&mut tx, &subject).await?;
    let mut line = ctx.entry("person.password", format!("person:{}", row.login));
    line.became = json!({"sessions_ended": ended}).to_string();
    audit::add(&mut tx, &line).await?;
    tx.commit().await?;
    app.people.forget();
    Ok(my_row(ctx).await?)
}

async fn end_others(ctx: &Ctx, tx: &mut Tx, row: &PersonRow) -> sqlx::Result<u64> {
    let this = ctx.caller().session.clone().unwrap_or_default();
    sessions::end_of_person(tx, row.person(), &this).await
}

/// A new PIN for shared tablets.
#[derive(Clone, Debug)]
pub struct NewPin {
    /// The password; of somebody who has none, the PIN that holds now.
    pub proof: String,
    /// The new one.
    pub pin: String,
    /// The new one again.
    pub again: String,
}

/// Sets one's own PIN, so that nobody else knows it; one is signed off the tablets where one is signed on, but for this one.
///
/// # Errors
/// [`Refused::Wrong`] when the password is; wrong fields; somebody who has neither password nor PIN; the engine's.
pub async fn change_pin(ctx: &Ctx, wanted: NewPin) -> Result<PersonRow, Refused> {
    let (app, row) = (ctx.app(), my_row(ctx).await?);
    let pin = wanted.pin.trim().to_owned();
    let mut wrong = Vec::new();
    if let Some(problem) = password::pin_problem(&pin) {
        wrong.push(field("pin", problem));
    }
    if pin != wanted.again.trim() {
        wrong.push(field("again", "is not the same"));
    }
    if !wrong.is_empty() {
        return Err(ServiceError::Invalid(wrong).into());
    }
    let of_pins = pin_subject(app, &row.login);
    let subject = match (&row.password, &row.pin) {
        (Some(_), _) => check(ctx, &row, wanted.proof).await?,
        (None, Some(kept)) => {
            let typed = (wanted.proof, Some(kept.clone()));
            check_kept(ctx, &row, typed, of_pins.clone()).await?
        }
        (None, None) => {
            let words = "there is nothing yet that shows it is you: ask an administrator for a PIN";
            return Err(ServiceError::Conflict(words.to_owned()).into());
        }
    };
    let kept = app.hasher.hash(pin).await;
    let kept = kept.ok_or_else(|| sqlx::Error::Io(std::io::Error::other("no random bits")))?;
    let this = ctx.caller().session.clone().unwrap_or_default();
    let mut tx = begin_as(ctx, &row).await?;
    people::set_pin(&mut tx, row.person(), Some(&kept)).await?;
    sessions::leave_tablets(&mut tx, row.person(), &this).await?;
    attempts::forgive(&mut tx, &subject).await?;
    attempts::forgive(&mut tx, &of_pins).await?;
    let line = ctx.entry("person.pin.set", format!("person:{}", row.login));
    audit::add(&mut tx, &line).await?;
    tx.commit().await?;
    app.people.forget();
    Ok(my_row(ctx).await?)
}

/// One's own sessions, those used last first.
///
/// # Errors
/// Nobody asks; the engine's.
pub async fn own_sessions(ctx: &Ctx) -> Result<Vec<OwnSession>, ServiceError> {
    let (app, now) = (ctx.app(), ctx.now());
    let rows = sessions::of_person(&app.db, me(ctx)?, now).await?;
    let this = ctx.caller().session.as_deref();
    let known = rows.into_iter().filter_map(|row| {
        let (held, seen) = session::lives(&row, &app.uses, now)?;
        held.person?;
        Some(OwnSession {
            mark: secret::hex(&row.id_hash),
            held,
            seen,
            this: this == Some(row.id_hash.as_slice()),
        })
    });
    let mut out: Vec<_> = known.collect();
    out.sort_by_key(|s| std::cmp::Reverse((s.this, s.seen)));
    Ok(out)
}

/// Ends one of one's own sessions; a shared tablet stays enrolled.
///
/// # Errors
/// There is no such session; the engine's.
pub async fn end_session(ctx: &Ctx, mark: &str) -> Result<(), ServiceError> {
    let id = me(ctx)?;
    let found = own_sessions(ctx)
        .await?
        .into_iter()
        .find(|s| s.mark == mark);
    let found = found.ok_or_else(|| not_found("session", ""))?;
    let hash = bytes(mark).ok_or_else(|| invalid("session", "is not the name of a session"))?;
    let mut tx = ctx.app().db.begin().await?;
    if !sessions::end_one(&mut tx, id, &hash).await? {
        return Err(not_found("session", ""));
    }
    let mut line = ctx.entry(
        "session.end",
        format!("session:{}", mark.get(..8).unwrap_or_default()),
    );
    line.was = json!({"address": found.held.address, "program": found.held.agent}).to_string();
    audit::add(&mut tx, &line).await?;
    tx.commit().await?;
    ctx.app().people.forget();
    Ok(())
}

/// Ends all sessions of one's own, this one too, and takes one's browsers off: the device that was lost may be one that takes
/// messages. The browser at hand is among them, as it is signed out like the others, and which one it is nobody knows here.
///
/// # Errors
/// Nobody asks; the engine's.
pub async fn end_all_sessions(ctx: &Ctx) -> Result<(), ServiceError> {
    let row = my_row(ctx).await?;
    let mut tx = ctx.app().db.begin().await?;
    let lost = put_out(&mut tx, row.person(), Waiting::ToBrowsers).await?;
    let mut line = ctx.entry("session.end_all", format!("person:{}", row.login));
    lost.tell(&mut line);
    audit::add(&mut tx, &line).await?;
    tx.commit().await?;
    ctx.app().people.forget();
    Ok(())
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits = hex.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.map(byte).collect()
}
