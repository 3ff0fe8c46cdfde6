//! One's own second factor: turning it on and off, and what takes a fresh code while it is on.

use super::{begin_as, check, end_others, my_row};
use crate::server::auth::{Ctx, totp};
use crate::server::db::people::PersonRow;
use crate::server::db::{Tx, attempts, audit, people};
use crate::server::services::error::{ServiceError, invalid};
use crate::server::services::sign_in::{Refused, on_record};
use serde_json::json;

/// Begins the change of somebody's way in as [`begin_as`] does; where their second factor is on, `code` must be one that was
/// not used before. A wrong one is on record, and the try that the password cost stays counted.
pub(super) async fn begin_with_code(ctx: &Ctx, row: &PersonRow, code: &str) -> Result<Tx, Refused> {
    let mut tx = begin_as(ctx, row).await?;
    let Some(secret) = row.totp.as_deref() else {
        return Ok(tx);
    };
    let fresh = match totp::step_of(secret, code, ctx.now()) {
        Some(step) => people::use_totp_step(&mut tx, row.person(), step).await?,
        None => false,
    };
    if fresh {
        return Ok(tx);
    }
    drop(tx);
    let wrong = ctx.entry("session.wrong", format!("person:{}", row.login));
    on_record(ctx.app(), &wrong).await?;
    let words = "is not right: type the one that your authenticator shows now";
    Err(invalid("code", words).into())
}

/// Turns the second factor on, which takes the password: `code` shows that the authenticator knows `secret`. All other
/// sessions end.
///
/// # Errors
/// [`Refused::Wrong`] when the password is; a wrong code; a second factor that is on already; somebody without a password;
/// the engine's.
pub async fn turn_code_on(
    ctx: &Ctx,
    secret: &str,
    (code, password): (&str, String),
) -> Result<PersonRow, Refused> {
    let row = my_row(ctx).await?;
    if row.totp.is_some() {
        return Err(ServiceError::Conflict("the second factor is on already".to_owned()).into());
    }
    if row.password.is_none() {
        let words = "the second factor goes with a password, and you have none";
        return Err(ServiceError::Conflict(words.to_owned()).into());
    }
    let step = totp::step_of(secret, code, ctx.now());
    let step = step.ok_or_else(|| invalid("code", "is not right"))?;
    let subject = check(ctx, &row, password).await?;
    let mut tx = begin_as(ctx, &row).await?;
    people::set_totp(&mut tx, row.person(), Some(secret)).await?;
    // The code that was just shown opens nothing any more.
    people::use_totp_step(&mut tx, row.person(), step).await?;
    turned(ctx, tx, (&row, &subject), true).await
}

/// Turns the second factor off, which takes the password and a fresh code: whoever has the password alone must not get rid of
/// what asks for more. Who lost the authenticator asks an administrator. All other sessions end.
///
/// # Errors
/// [`Refused::Wrong`] when the password is; a wrong code, or one that was used before; the engine's.
pub async fn turn_code_off(
    ctx: &Ctx,
    (code, password): (&str, String),
) -> Result<PersonRow, Refused> {
    let row = my_row(ctx).await?;
    if row.totp.is_none() {
        return Ok(row);
    }
    let subject = check(ctx, &row, password).await?;
    let mut tx = begin_with_code(ctx, &row, code).await?;
    people::set_totp(&mut tx, row.person(), None).await?;
    turned(ctx, tx, (&row, &subject), false).await
}

/// Ends all other sessions, forgives the tries under `subject`, and tells that the second factor is `on` now.
async fn turned(
    ctx: &Ctx,
    mut tx: Tx,
    (row, subject): (&PersonRow, &[u8]),
    on: bool,
) -> Result<PersonRow, Refused> {
    attempts::forgive(&mut tx, subject).await?;
    let ended = end_others(ctx, &mut tx, row).await?;
    let mut line = ctx.entry("person.second_factor", format!("person:{}", row.login));
    (line.was, line.became) = (
        json!({"on": !on}).to_string(),
        json!({"on": on, "sessions_ended": ended}).to_string(),
    );
    audit::add(&mut tx, &line).await?;
    tx.commit().await?;
    ctx.app().people.forget();
    Ok(my_row(ctx).await?)
}
