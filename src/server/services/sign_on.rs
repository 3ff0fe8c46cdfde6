//! Signing on to a shared tablet: with a badge that a scanner types, or with a name tile and a PIN.

use super::error::{ServiceError, not_found};
use super::sign_in::{Refused, count_try, kept_out, let_in_with};
use crate::domain::ids::PersonId;
use crate::domain::rights::{Reach, Rights, sets};
use crate::domain::time::{DurMs, HOUR_MS, TsMs};
use crate::server::auth::Ctx;
use crate::server::auth::caller::{Caller, Device};
use crate::server::auth::guard::entry;
use crate::server::auth::password::Verdict;
use crate::server::auth::rights::{Roles, reach};
use crate::server::db::audit::AuditRow;
use crate::server::db::devices::{self, DeviceRow};
use crate::server::db::people::PersonRow;
use crate::server::db::{attempts, audit, people};
use crate::server::plant::Plant;
use crate::server::state::App;

/// So many numbers that are no badge may be shown to a tablet in an hour, whoever signs on in between; then it takes PINs
/// only until the hour is over.
const BADGE_MISSES_AN_HOUR: i64 = 20;
/// So many wrong PINs, of whomever, may be typed at a tablet in an hour, whoever signs on in between; then it takes badges
/// only until the hour is over. Two people who have forgotten theirs use up five each before they have to wait by themselves,
/// and a change of shift with thirty people mistypes two or three. Somebody who guesses through a shift of eight hours, a
/// tile after the other, gets 80 of the 10 000 PINs of four digits.
const PIN_MISSES_AN_HOUR: i64 = 10;

/// What somebody shows.
#[derive(Clone, Debug)]
pub enum Shown {
    /// The number of a badge.
    Badge(String),
    /// A name tile, and its PIN.
    Pin(PersonId, String),
}

/// The shared tablet that asks.
///
/// # Errors
/// It is none, or a wall.
pub async fn tablet(app: &App, caller: &Caller) -> Result<DeviceRow, ServiceError> {
    let none = || not_found("shared tablet", "");
    let shared = |d: &&Device| d.bound_to.is_none();
    let device = caller.device.as_ref().filter(shared).ok_or_else(none)?;
    devices::by_id(&app.db, device.id).await?.ok_or_else(none)
}

/// Whether somebody may do anything where a device stands.
fn meets(plant: &Plant, rights: &Rights, at: Reach) -> bool {
    let on_line = |reach: Reach| {
        plant
            .lines
            .iter()
            .any(|l| reach.covers(l.place()) && at.covers(l.place()))
    };
    let given = rights.0.iter().filter(|g| !g.set.is_empty());
    given
        .map(|g| g.reach)
        .any(|reach| reach == Reach::Site || reach == at || on_line(reach))
}

/// The people who have a PIN and something to do where the tablet stands.
///
/// # Errors
/// The engine's.
pub async fn tiles(app: &App, tablet: &DeviceRow) -> Result<Vec<PersonRow>, ServiceError> {
    let roles = Roles::load(&app.db).await?;
    let (all, given) = (people::all(&app.db).await?, people::given(&app.db).await?);
    let (plant, at) = (app.plant.get(), reach(tablet.area_id, tablet.line_id));
    let here = |id: i64| {
        let of: Vec<_> = given
            .iter()
            .copied()
            .filter(|g| g.person_id == id)
            .collect();
        let here = roles.rights(&of).without(sets::NOT_BY_BADGE);
        meets(&plant, &here, at)
    };
    let found = all
        .into_iter()
        .filter(|p| p.pin.is_some() && p.disabled == 0 && p.demo == 0 && here(p.id));
    Ok(found.collect())
}

/// What is kept of a badge's number.
#[must_use]
pub fn badge_mark(app: &App, number: &str) -> Vec<u8> {
    app.secret.mark("badge", number.trim())
}

/// Under what tries of somebody's PIN count: passwords are typed from anywhere on the network, and must not keep people out
/// of tablets.
#[must_use]
pub fn pin_subject(app: &App, login: &str) -> Vec<u8> {
    app.secret.mark("pin", login)
}

/// Under what the misses at a tablet count in the hour of `now`, those of badges apart from those of PINs, and how many there
/// may be.
fn misses_subject(app: &App, shown: &Shown, tablet: &DeviceRow, now: TsMs) -> (Vec<u8>, i64) {
    let (of, most) = match shown {
        Shown::Badge(_) => ("badge misses", BADGE_MISSES_AN_HOUR),
        Shown::Pin(..) => ("PIN misses", PIN_MISSES_AN_HOUR),
    };
    let hour = now.0.div_euclid(HOUR_MS);
    let subject = app.secret.mark(of, &format!("{} {hour}", tablet.id));
    (subject, most)
}

/// Signs on; whoever was signed on is signed out. Tries count for the tablet, and with a PIN also for the person; badges
/// that are none, and wrong PINs, count for the tablet until the hour is over, also when others sign on.
///
/// # Errors
/// [`Refused`]; not a shared tablet; the engine's.
pub async fn sign_on(ctx: &Ctx, shown: Shown) -> Result<PersonRow, Refused> {
    let (app, caller) = (ctx.app(), ctx.caller());
    let tablet = tablet(app, caller).await?;
    let device = app.secret.mark("device", &tablet.id.to_string());
    let (misses, most) = misses_subject(app, &shown, &tablet, app.clock.now());
    let mut turn = app.turns.of_client(&caller.address).await?;
    let of_tablet = format!("device:{}", tablet.name);
    turn.at(&misses).await;
    if let Err(refused) = few_misses(app, &misses, most).await {
        return Err(kept_out(app, caller, refused, &of_tablet).await);
    }
    if let Err(refused) = count_try(app, &mut turn, &device).await {
        return Err(kept_out(app, caller, refused, &of_tablet).await);
    }
    let (how, row, right, subject) = match shown {
        Shown::Badge(number) => {
            let row = people::by_badge(&app.db, &badge_mark(app, &number)).await?;
            let right = row.as_ref().is_some_and(|r| r.disabled == 0) && !number.trim().is_empty();
            ("badge", row, right, None)
        }
        Shown::Pin(person, pin) => {
            let row = tiles(app, &tablet)
                .await?
                .into_iter()
                .find(|r| r.person() == person);
            let subject = match &row {
                Some(row) => {
                    let subject = pin_subject(app, &row.login);
                    if let Err(refused) = count_try(app, &mut turn, &subject).await {
                        let target = format!("person:{}", row.login);
                        return Err(kept_out(app, caller, refused, &target).await);
                    }
                    Some(subject)
                }
                None => None,
            };
            let kept = row.as_ref().and_then(|r| r.pin.clone());
            let right = app.hasher.verify(pin, kept).await != Verdict::Wrong;
            ("PIN", row, right, subject)
        }
    };
    let now = app.clock.now();
    let Some(row) = row.as_ref().filter(|_| right) else {
        // A number that is no badge may be a PIN in the wrong field: it is not written down.
        let target = row.map_or_else(
            || "unknown badge".to_owned(),
            |r| format!("person:{}", r.login),
        );
        let mut tx = app.db.begin().await?;
        attempts::count(&mut tx, &misses, now).await?;
        audit::add(&mut tx, &entry(caller, now, "session.wrong", target)).await?;
        tx.commit().await?;
        return Err(Refused::Wrong);
    };
    let mut tx = app.db.begin().await?;
    attempts::forgive(&mut tx, &device).await?;
    let changes = caller.person().is_some_and(|before| before != row.person());
    let out = changes.then(|| AuditRow {
        why: format!("{} signed on", row.name),
        ..entry(caller, now, "session.sign_out", "")
    });
    let how = (how, subject.as_deref());
    let_in_with(app, &mut tx, caller, row, how, out.as_ref()).await?;
    tx.commit().await?;
    Ok(row.clone())
}

/// Checks that fewer than `most` were wrong in this hour.
async fn few_misses(app: &App, misses: &[u8], most: i64) -> Result<(), Refused> {
    if attempts::get(&app.db, misses).await?.wrong < most {
        return Ok(());
    }
    let into_hour = app.clock.now().0.rem_euclid(HOUR_MS);
    Err(Refused::Wait(DurMs(HOUR_MS - into_hour)))
}
