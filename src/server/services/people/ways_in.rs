//! By what people get in: passwords, badges, PINs, the second factor, a provider. The record tells that they changed, never
//! what they are.

use super::Changing;
use super::change::hashed;
use super::put_out::{Waiting, put_out};
use crate::domain::ids::PersonId;
use crate::server::auth::Ctx;
use crate::server::auth::{password, secret};
use crate::server::db::audit::{self, AuditRow};
use crate::server::db::{attempts, people, sessions};
use crate::server::services::account::own_subject;
use crate::server::services::error::{ServiceError, field, invalid};
use crate::server::services::sign_on::{badge_mark, pin_subject};
use serde_json::json;

/// The longest badge number that a reader types.
const LONGEST_BADGE: usize = 64;
/// And the shortest that is not guessed in days.
const SHORTEST_BADGE: usize = 6;

/// A new password for somebody who lost theirs: returned once, to be changed when it is used. Their sessions end, their
/// devices take no messages any more, and wrong tries are forgotten.
///
/// # Errors
/// It is the caller, who changes it with the old one on the page of their own account: whoever comes by an open screen would
/// otherwise take the account over; they may more than the caller; the engine's.
pub async fn reset_password(ctx: &Ctx, id: PersonId) -> Result<String, ServiceError> {
    if ctx.caller().person() == Some(id) {
        return Err(invalid(
            "person",
            "is you: change your password on the page of your own account, with the old one",
        ));
    }
    let password = secret::one_time_password()?;
    let kept = hashed(ctx, password.clone()).await?;
    let mut work = Changing::begin(ctx, id).await?;
    people::set_password(&mut work.tx, id, Some(&kept), true).await?;
    let at_the_door = ctx.app().secret.mark("login", &work.row.login);
    for tried in [at_the_door, own_subject(ctx.app(), &work.row.login)] {
        attempts::forgive(&mut work.tx, &tried).await?;
    }
    // Whoever used the account till now may have added a browser of their own.
    let lost = put_out(&mut work.tx, id, Waiting::ToBrowsers).await?;
    let mut row = ctx.entry("person.password.reset", work.target());
    lost.tell(&mut row);
    finish(ctx, work, &row).await?;
    Ok(password)
}

/// A badge for shared tablets, or none. Whoever is signed on to one as this person is signed off.
///
/// # Errors
/// A number that no reader types; one that somebody else has; the engine's.
pub async fn set_badge(ctx: &Ctx, id: PersonId, number: Option<&str>) -> Result<(), ServiceError> {
    let number = number.map(str::trim);
    let sound = number.is_none_or(|n| {
        (SHORTEST_BADGE..=LONGEST_BADGE).contains(&n.len())
            && n.bytes().all(|b| b.is_ascii_graphic())
    });
    if !sound {
        let words = format!(
            "must be {SHORTEST_BADGE} to {LONGEST_BADGE} letters and digits without spaces"
        );
        return Err(invalid("badge", words));
    }
    let app = ctx.app();
    let hash = number.map(|n| badge_mark(app, n));
    let mut work = Changing::begin(ctx, id).await?;
    if let Some(hash) = &hash
        && people::by_badge_in(&mut work.tx, hash)
            .await?
            .is_some_and(|other| other.id != id.0)
    {
        return Err(invalid("badge", "is somebody else's"));
    }
    people::set_badge(&mut work.tx, id, hash.as_deref()).await?;
    sessions::leave_tablets(&mut work.tx, id, &[]).await?;
    let action = if hash.is_some() {
        "person.badge.set"
    } else {
        "person.badge.clear"
    };
    done(ctx, work, action, String::new()).await
}

/// A PIN for shared tablets, or none. Whoever is signed on to one as this person is signed off, and wrong tries are
/// forgotten.
///
/// # Errors
/// A PIN that is guessed too easily; the engine's.
pub async fn set_pin(ctx: &Ctx, id: PersonId, pin: Option<&str>) -> Result<(), ServiceError> {
    let kept = match pin.map(str::trim) {
        Some(pin) => {
            if let Some(problem) = password::pin_problem(pin) {
                return Err(invalid("pin", problem));
            }
            Some(hashed(ctx, pin.to_owned()).await?)
        }
        None => None,
    };
    let mut work = Changing::begin(ctx, id).await?;
    people::set_pin(&mut work.tx, id, kept.as_deref()).await?;
    let tried = pin_subject(ctx.app(), &work.row.login);
    attempts::forgive(&mut work.tx, &tried).await?;
    sessions::leave_tablets(&mut work.tx, id, &[]).await?;
    let action = if kept.is_some() {
        "person.pin.set"
    } else {
        "person.pin.clear"
    };
    done(ctx, work, action, String::new()).await
}

/// Takes the second factor away from somebody who lost it. Their sessions end.
///
/// # Errors
/// It is the caller, whose own password and code are asked where they turn it off; they may more than the caller; the engine's.
pub async fn clear_code(ctx: &Ctx, id: PersonId) -> Result<(), ServiceError> {
    let mut work = Changing::begin(ctx, id).await?;
    if work.is_oneself(ctx) {
        return Err(invalid(
            "person",
            "is you: turn it off on the page of your own account, with your password and a code",
        ));
    }
    people::set_totp(&mut work.tx, id, None).await?;
    sessions::end_of_person(&mut work.tx, id, &[]).await?;
    done(ctx, work, "person.second_factor.clear", String::new()).await
}

/// Who vouches for somebody, and under which name; or nobody, and then their address links them to nobody either, until they are
/// linked here again. Where somebody vouched for them before, their sessions end.
///
/// # Errors
/// An incomplete or impossible name; one that is somebody else's; it is the caller; they may more than the caller; the
/// engine's.
pub async fn set_provider(
    ctx: &Ctx,
    id: PersonId,
    of: Option<(&str, &str)>,
) -> Result<(), ServiceError> {
    let of = of.map(|(issuer, subject)| (issuer.trim(), subject.trim()));
    if let Some((issuer, subject)) = of {
        let plain = |text: &str| text.len() <= 255 && text.bytes().all(|b| b.is_ascii_graphic());
        let here = ["http://127.0.0.1", "http://localhost"]
            .iter()
            .any(|h| issuer.starts_with(h));
        let mut wrong = Vec::new();
        if !plain(issuer) || !(issuer.starts_with("https://") || here) {
            let problem = "must be an address such as https://login.example.org";
            wrong.push(field("issuer", problem));
        }
        if subject.is_empty() || !plain(subject) {
            let problem = "must be 1 to 255 letters and digits without spaces";
            wrong.push(field("subject", problem));
        }
        if !wrong.is_empty() {
            return Err(ServiceError::Invalid(wrong));
        }
    }
    let mut work = Changing::begin(ctx, id).await?;
    if work.is_oneself(ctx) {
        let words = "is you: whoever comes by your open screen would get in for good; ask another administrator";
        return Err(invalid("person", words));
    }
    if let Some((issuer, subject)) = of
        && people::by_oidc_in(&mut work.tx, issuer, subject)
            .await?
            .is_some_and(|other| other.id != id.0)
    {
        return Err(invalid("subject", "is somebody else's"));
    }
    people::set_oidc(&mut work.tx, id, of).await?;
    let before = work
        .row
        .oidc_issuer
        .as_deref()
        .zip(work.row.oidc_subject.as_deref());
    if before.is_some() && before != of {
        sessions::end_of_person(&mut work.tx, id, &[]).await?;
    }
    let became = of.map_or_else(String::new, |(issuer, subject)| {
        json!({"issuer": issuer, "subject": subject}).to_string()
    });
    done(ctx, work, "person.provider", became).await
}

async fn done(ctx: &Ctx, work: Changing, action: &str, became: String) -> Result<(), ServiceError> {
    let mut row = ctx.entry(action, work.target());
    row.became = became;
    finish(ctx, work, &row).await
}

async fn finish(ctx: &Ctx, mut work: Changing, row: &AuditRow) -> Result<(), ServiceError> {
    audit::add(&mut work.tx, row).await?;
    work.tx.commit().await?;
    ctx.app().people.forget();
    Ok(())
}
