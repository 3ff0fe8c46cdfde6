//! The one-time links: of a first start, and for one more administrator when those who are there cannot get in.

use super::error::{ServiceError, field, not_found};
use super::people::wrong_names;
use super::sign_in::{Refused, let_in_with, login};
use crate::domain::ids::RoleId;
use crate::domain::time::{DAY_MS, DurMs, HOUR_MS};
use crate::server::auth::Ctx;
use crate::server::auth::guard::entry;
use crate::server::auth::{password, rights::Roles, secret};
use crate::server::db::people::{GivenRow, PersonRow};
use crate::server::db::{Tx, audit, people, roles, settings};
use crate::server::state::App;
use serde_json::json;

/// Where the hash of the set-up link is kept.
const SET_UP: &str = "set_up_link";
/// For so long a set-up link holds.
const SET_UP_HOLDS: DurMs = DurMs(DAY_MS);
/// Where the hash of a link for one more administrator is kept, and for how long it holds.
const ADMIN_LINK: &str = "admin_link";
const ADMIN_LINK_HOLDS: DurMs = DurMs(HOUR_MS);

/// Whether somebody can sign in who may add people; people of the demonstration do not count.
///
/// # Errors
/// The engine's.
pub async fn is_set_up(app: &App) -> sqlx::Result<bool> {
    let mut tx = app.db.snapshot().await?;
    has_admin(&mut tx).await
}

/// All of it in one transaction: who held one connection and asked for a second would wait, with enough of his like, for
/// good.
async fn has_admin(tx: &mut Tx) -> sqlx::Result<bool> {
    let (rows, parts) = roles::all_in(tx).await?;
    let roles = Roles::new(rows, parts);
    let Some(admin) = roles.by_code("admin") else {
        return Ok(false);
    };
    Ok(people::holders(tx, RoleId(admin.id)).await? > 0)
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
pub async fn link_holds(app: &App, token: &str) -> sqlx::Result<bool> {
    Ok(link_of(app, token).await?.is_some())
}

/// Which kind of link holds with this token.
async fn link_of(app: &App, token: &str) -> sqlx::Result<Option<&'static str>> {
    if holds(app, ADMIN_LINK, token).await? {
        return Ok(Some(ADMIN_LINK));
    }
    let first = holds(app, SET_UP, token).await? && !is_set_up(app).await?;
    Ok(first.then_some(SET_UP))
}

async fn holds(app: &App, kind: &str, token: &str) -> sqlx::Result<bool> {
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
pub async fn set_up(ctx: &Ctx, (token, first): (&str, FirstPerson)) -> Result<PersonRow, Refused> {
    let (app, caller) = (ctx.app(), ctx.caller());
    let Some(link) = link_of(app, token).await? else {
        return Err(not_found("set-up link", "").into());
    };
    let login = login(&first.login);
    let name = first.name.trim().to_owned();
    let mut wrong = wrong_names(&login, &name, "");
    if let Some(problem) = password::problem(&first.password, &[&login, &name]) {
        wrong.push(field("password", problem));
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
        return Err(not_found("set-up link", "").into());
    }
    if people::by_login_in(&mut tx, &login).await?.is_some() {
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
    let how = ("set-up link", None);
    let_in_with(app, &mut tx, caller, &row, how, Some(&line)).await?;
    tx.commit().await?;
    Ok(row)
}
