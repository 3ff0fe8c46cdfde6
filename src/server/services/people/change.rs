//! Adding people, their names and roles, whether they may sign in.

use super::put_out::{Waiting, put_out};
use super::{Changing, may_give, recorded, wrong_names};
use crate::domain::ids::{PersonId, RoleId};
use crate::domain::plant::FieldError;
use crate::server::auth::Ctx;
use crate::server::auth::rights::Roles;
use crate::server::auth::secret;
use crate::server::db::people::{self, GivenRow};
use crate::server::db::{Tx, audit, roles};
use crate::server::plant::Plant;
use crate::server::services::error::{ServiceError, field, invalid};
use crate::server::services::sign_in::login;
use serde_json::json;

/// Somebody to be added.
#[derive(Clone, Debug, Default)]
pub struct NewPerson {
    /// What they will type to sign in.
    pub login: String,
    /// Full name.
    pub name: String,
    /// Address for mail, or empty.
    pub email: String,
    /// Their roles; the person's number is not looked at.
    pub given: Vec<GivenRow>,
    /// They get a password; otherwise they come in by badge or through a provider.
    pub with_password: bool,
}

/// Somebody who was added.
#[derive(Clone, Debug)]
pub struct Made {
    /// Who.
    pub id: PersonId,
    /// Their first password, never to be seen again.
    pub password: Option<String>,
}

/// What somebody is to become.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// As the caller saw them.
    pub version: i64,
    /// Full name.
    pub name: String,
    /// Address for mail, or empty.
    pub email: String,
    /// Their roles; the person's number is not looked at.
    pub given: Vec<GivenRow>,
}

/// Adds somebody.
///
/// # Errors
/// Wrong fields; roles that allow more than the caller may; the engine's.
pub async fn add(ctx: &Ctx, new: NewPerson) -> Result<Made, ServiceError> {
    let app = ctx.app();
    let (login, name, email) = (login(&new.login), new.name.trim(), new.email.trim());
    let mut wrong = wrong_names(&login, name, email);
    let password = match new.with_password {
        true => Some(secret::one_time_password()?),
        false => None,
    };
    let kept = match &password {
        Some(password) => Some(hashed(ctx, password.clone()).await?),
        None => None,
    };
    let mut tx = people::begin(&app.db).await?;
    let (rows, parts) = roles::all_in(&mut tx).await?;
    let (roles, plant) = (Roles::new(rows, parts), app.plant.get());
    wrong.extend(wrong_roles(&plant, &roles, &new.given));
    if people::by_login_in(&mut tx, &login).await?.is_some() {
        wrong.push(field("login", "is taken"));
    }
    if !wrong.is_empty() {
        return Err(ServiceError::Invalid(wrong));
    }
    may_give(ctx, &roles, &new.given)?;
    let id = people::add(&mut tx, (&login, name, email), false, ctx.now()).await?;
    people::set_password(&mut tx, id, kept.as_deref(), kept.is_some()).await?;
    give(&mut tx, id, &new.given).await?;
    let mut row = ctx.entry("person.add", format!("person:{login}"));
    row.became = json!({
        "name": name,
        "email": email,
        "roles": recorded(&plant, &roles, &new.given),
        "password": password.is_some(),
    })
    .to_string();
    audit::add(&mut tx, &row).await?;
    tx.commit().await?;
    app.people.forget();
    Ok(Made { id, password })
}

/// Changes names and roles.
///
/// # Errors
/// Wrong fields; another address of the caller's own, which takes their password on the page of how they are reached: whoever
/// comes by an open screen would otherwise get in by a provider that knows that address; [`ServiceError::Conflict`] when somebody else changed them meanwhile, or when nobody would be left who may
/// do everything; roles that allow more than the caller may; the engine's.
pub async fn change(ctx: &Ctx, id: PersonId, to: Change) -> Result<(), ServiceError> {
    let mut work = Changing::begin(ctx, id).await?;
    if work.row.version != to.version {
        return Err(ServiceError::Conflict(format!(
            "{} was changed by somebody else meanwhile; look again and repeat what you want to change",
            work.row.name
        )));
    }
    let plant = ctx.app().plant.get();
    let (name, email) = (to.name.trim(), to.email.trim());
    let mut wrong = wrong_names(&work.row.login, name, email);
    wrong.extend(wrong_roles(&plant, &work.roles, &to.given));
    if work.is_oneself(ctx) && email != work.row.email.trim() {
        let problem = "is yours: change it on the page of how you are reached, with your password";
        wrong.push(field("email", problem));
    }
    if !wrong.is_empty() {
        return Err(ServiceError::Invalid(wrong));
    }
    may_give(ctx, &work.roles, &to.given)?;
    let admins = admins(&mut work.tx, &work.roles).await?;
    people::change(&mut work.tx, id, (name, email), work.row.disabled != 0).await?;
    people::take_roles(&mut work.tx, id).await?;
    give(&mut work.tx, id, &to.given).await?;
    one_admin_stays(&mut work, admins).await?;
    let told = |name: &str, email: &str, given: &[GivenRow]| {
        json!({"name": name, "email": email, "roles": recorded(&plant, &work.roles, given)})
            .to_string()
    };
    let mut row = ctx.entry("person.change", work.target());
    row.was = told(&work.row.name, &work.row.email, &work.given);
    row.became = told(name, email, &to.given);
    audit::add(&mut work.tx, &row).await?;
    work.tx.commit().await?;
    ctx.app().people.forget();
    Ok(())
}

/// Lets somebody in no more, or again. Their sessions end at once, their browsers take no messages any more, and nothing that
/// waits for them is sent.
///
/// # Errors
/// It is the caller; [`ServiceError::Conflict`] when nobody would be left who may do everything; the engine's.
pub async fn set_disabled(ctx: &Ctx, id: PersonId, disabled: bool) -> Result<(), ServiceError> {
    let mut work = Changing::begin(ctx, id).await?;
    if disabled && work.is_oneself(ctx) {
        return Err(invalid("person", "is you: ask another administrator"));
    }
    if (work.row.disabled != 0) == disabled {
        return Ok(());
    }
    let admins = admins(&mut work.tx, &work.roles).await?;
    let (name, email) = (work.row.name.clone(), work.row.email.clone());
    people::change(&mut work.tx, id, (&name, &email), disabled).await?;
    let lost = put_out(&mut work.tx, id, Waiting::All).await?;
    one_admin_stays(&mut work, admins).await?;
    let action = if disabled {
        "person.disable"
    } else {
        "person.enable"
    };
    let mut row = ctx.entry(action, work.target());
    lost.tell(&mut row);
    audit::add(&mut work.tx, &row).await?;
    work.tx.commit().await?;
    ctx.app().people.forget();
    Ok(())
}

/// What is kept of a password or PIN.
pub(super) async fn hashed(ctx: &Ctx, password: String) -> Result<String, ServiceError> {
    let kept = ctx.app().hasher.hash(password).await;
    Ok(kept.ok_or_else(|| sqlx::Error::Io(std::io::Error::other("no random bits")))?)
}

async fn give(tx: &mut Tx, id: PersonId, given: &[GivenRow]) -> Result<(), ServiceError> {
    for row in given {
        let person_id = id.0;
        people::give_role(tx, GivenRow { person_id, ..*row }).await?;
    }
    Ok(())
}

async fn admins(tx: &mut Tx, roles: &Roles) -> Result<i64, ServiceError> {
    let admin = roles.by_code("admin").ok_or(sqlx::Error::RowNotFound)?;
    Ok(people::holders(tx, RoleId(admin.id)).await?)
}

/// Where there was an administrator, one is left.
async fn one_admin_stays(work: &mut Changing, before: i64) -> Result<(), ServiceError> {
    if before > 0 && admins(&mut work.tx, &work.roles).await? == 0 {
        let words =
            "nobody would be left who may do everything; make somebody else an administrator first";
        return Err(ServiceError::Conflict(words.to_owned()));
    }
    Ok(())
}

fn wrong_roles(plant: &Plant, roles: &Roles, given: &[GivenRow]) -> Vec<FieldError> {
    let mut out = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for row in given {
        let area = row
            .area_id
            .is_none_or(|id| plant.lines.iter().any(|l| l.area_id.0 == id));
        let line = row
            .line_id
            .is_none_or(|id| plant.lines.iter().any(|l| l.id.0 == id));
        if roles.by_id(row.role_id).is_none() {
            out.push(field("roles", "one of them does not exist any more"));
        }
        if !area || !line || (row.area_id.is_some() && row.line_id.is_some()) {
            out.push(field("roles", "one of the places does not exist any more"));
        }
        if !seen.insert((row.role_id, row.area_id, row.line_id)) {
            out.push(field(
                "roles",
                "the same role is given twice at the same place",
            ));
        }
    }
    out
}
