//! Taking a call by the link in a message: once, by the person to whom it was sent, who has signed in.

use super::Doer;
use super::act::act_in;
use super::view::views_in;
use crate::api::andon::CallView;
use crate::domain::andon::Act;
use crate::domain::ids::CallId;
use crate::domain::rights::Permission;
use crate::domain::time::TsMs;
use crate::server::andon::{Around, Directory};
use crate::server::auth::{Ctx, secret};
use crate::server::db::Tx;
use crate::server::db::andon::{calls, links};
use crate::server::live::calls::tell;
use crate::server::services::error::{ServiceError, not_found};

/// The call of a link that can still be used.
///
/// # Errors
/// No such link, or one that is too old; [`ServiceError::Conflict`] when it was used or is somebody else's; they may not see
/// the calls of its line any more; the database's.
pub async fn call_of_link(ctx: &Ctx, token: &str) -> Result<CallView, ServiceError> {
    let app = ctx.app();
    let plant = app.plant.get();
    let people = Directory::load(&app.db).await?;
    let mut tx = app.db.snapshot().await?;
    let id = call_in(ctx, &mut tx, &secret::hash(token)).await?;
    let stored = calls::by_id_in(&mut tx, id).await?;
    let missing = || not_found("call", &id.0.to_string());
    let on = stored.as_ref().map(|call| call.spot.line);
    let line = plant.lines.iter().find(|line| Some(line.id) == on);
    ctx.also(Permission::AndonRead, line.ok_or_else(missing)?)?;
    let views = views_in(&mut tx, &plant, &people, stored.as_slice()).await?;
    views.into_iter().next().ok_or_else(missing)
}

/// Takes the call of a link. Returns its number.
///
/// # Errors
/// As [`call_of_link`] and as every act; the link can be used again then.
pub async fn take_by_link(
    ctx: &Ctx,
    token: &str,
    eta: Option<TsMs>,
) -> Result<CallId, ServiceError> {
    let app = ctx.app();
    let plant = app.plant.get();
    let hash = secret::hash(token);
    let people = Directory::load(&app.db).await?;
    let mut tx = app.db.begin_append().await?;
    let id = call_in(ctx, &mut tx, &hash).await?;
    let stored = calls::by_id_in(&mut tx, id).await?;
    let stored = stored.ok_or_else(|| not_found("call", &id.0.to_string()))?;
    let around = Around::of(app, &plant, &stored, &people, app.clock.now())?;
    ctx.also(Permission::AndonAcknowledge, around.line)?;
    let act = (Act::Acknowledge { eta }, "");
    act_in(&mut tx, around, stored, act, Doer::of(ctx, &people)).await?;
    links::use_once(&mut tx, &hash, around.now).await?;
    tx.commit().await?;
    app.channels.wake();
    tell(app).await;
    Ok(id)
}

async fn call_in(ctx: &Ctx, tx: &mut Tx, hash: &[u8]) -> Result<CallId, ServiceError> {
    let row = links::by_hash_in(tx, hash).await?;
    let row = row
        .filter(|row| row.expires_ms > ctx.now().0)
        .ok_or_else(|| not_found("link", ""))?;
    if ctx.caller().person().map(|p| p.0) != Some(row.person_id) {
        let other = "this link was sent to somebody else: take the call on the board of calls";
        return Err(ServiceError::Conflict(other.to_owned()));
    }
    if row.used_ms.is_some() {
        let used = "this link was used: the board of calls shows how it stands";
        return Err(ServiceError::Conflict(used.to_owned()));
    }
    Ok(CallId(row.call_id))
}
