//! Roles: what they allow, what they include, which page they begin with.
//!
//! **Invariant.** Nobody puts into a role what they do not hold themselves, and `admin` holds everything for ever.

use super::error::{ServiceError, field, invalid, not_found};
use crate::domain::ids::RoleId;
use crate::domain::plant::FieldError;
use crate::domain::rights::PermissionSet;
use crate::server::auth::Ctx;
use crate::server::auth::rights::{Roles, own};
use crate::server::db::people;
use crate::server::db::roles::{self, RoleRow};
use crate::server::db::{Tx, audit};
use serde_json::json;
use std::collections::HashMap;

/// The role that stays as it is.
const ADMIN: &str = "admin";

/// What a column of the matrix is to become.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Which role.
    pub role: RoleId,
    /// As the caller saw it.
    pub version: i64,
    /// What it is to allow by itself.
    pub set: PermissionSet,
}

/// What a role is to become.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// As the caller saw it.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// The page that people with this role see first.
    pub first_page: String,
    /// What it includes.
    pub parts: Vec<RoleId>,
}

/// A role to be added.
#[derive(Clone, Debug, Default)]
pub struct NewRole {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// It starts with what this role allows by itself.
    pub like: Option<RoleId>,
}

/// All roles, and how often each is in use.
///
/// # Errors
/// The engine's.
pub async fn all(ctx: &Ctx) -> Result<(Roles, HashMap<i64, i64>), ServiceError> {
    let db = &ctx.app().db;
    let uses = roles::uses(db).await?.into_iter().collect();
    Ok((Roles::load(db).await?, uses))
}

async fn load(tx: &mut Tx) -> sqlx::Result<Roles> {
    let (rows, parts) = roles::all_in(tx).await?;
    Ok(Roles::new(rows, parts))
}

/// The role of this number, if it may be changed and is as the caller saw it.
fn changeable(roles: &Roles, id: RoleId, version: i64) -> Result<&RoleRow, ServiceError> {
    let row = roles
        .by_id(id.0)
        .ok_or_else(|| not_found("role", &id.0.to_string()))?;
    if row.code == ADMIN {
        return Err(invalid(
            "role",
            "'admin' holds everything and stays as it is",
        ));
    }
    if row.version != version {
        return Err(ServiceError::Conflict(format!(
            "the role '{}' was changed by somebody else meanwhile; look again and repeat what you want to change",
            row.name
        )));
    }
    Ok(row)
}

/// Names as they are stored: those of the set, and those that only a newer program knows.
fn names(row: &RoleRow, set: PermissionSet) -> String {
    let newer = row
        .permissions
        .split_whitespace()
        .filter(|n| PermissionSet::from_names(n).is_err());
    let all: Vec<&str> = set.iter().map(|p| p.name()).chain(newer).collect();
    all.join(" ")
}

/// Nobody gains what the caller does not hold; whoever holds a role that changed learns of it.
async fn settle(ctx: &Ctx, tx: &mut Tx, before: &Roles) -> Result<Roles, ServiceError> {
    let after = load(tx).await?;
    for row in &after.rows {
        let (was, is) = (before.set(row.id), after.set(row.id));
        is.iter()
            .filter(|p| !was.has(*p))
            .try_for_each(|p| ctx.also_on_site(p))?;
        if was != is {
            roles::touch_holders(tx, RoleId(row.id)).await?;
        }
    }
    Ok(after)
}

/// A role as the record tells it.
fn recorded(roles: &Roles, id: i64) -> String {
    let Some(row) = roles.by_id(id) else {
        return String::new();
    };
    let parts = roles.parts.iter().filter(|p| p.role_id == id);
    let parts: Vec<&str> = parts
        .filter_map(|p| roles.by_id(p.part_id))
        .map(|r| r.code.as_str())
        .collect();
    json!({
        "name": row.name,
        "permissions": row.permissions,
        "includes": parts,
        "first_page": row.first_page,
    })
    .to_string()
}

async fn on_record(
    ctx: &Ctx,
    tx: &mut Tx,
    before: &Roles,
    after: &Roles,
    id: i64,
) -> sqlx::Result<()> {
    let (was, became) = (recorded(before, id), recorded(after, id));
    let action = match (was.is_empty(), became.is_empty()) {
        (true, _) => "role.add",
        (_, true) => "role.remove",
        _ => "role.change",
    };
    let code = after
        .by_id(id)
        .or_else(|| before.by_id(id))
        .map_or("", |r| r.code.as_str());
    let mut row = ctx.entry(action, format!("role:{code}"));
    row.was = was;
    row.became = became;
    audit::add(tx, &row).await
}

/// Changes what roles allow: all of the columns, or none. Returns how many changed.
///
/// # Errors
/// [`ServiceError::Conflict`] when somebody else changed one meanwhile; permissions that the caller does not hold; the
/// engine's.
pub async fn change_matrix(ctx: &Ctx, columns: &[Column]) -> Result<usize, ServiceError> {
    let mut tx = people::begin(&ctx.app().db).await?;
    let before = load(&mut tx).await?;
    let mut changed = Vec::new();
    for column in columns {
        let row = changeable(&before, column.role, column.version)?;
        if own(row) == column.set {
            continue;
        }
        let permissions = names(row, column.set);
        roles::change(
            &mut tx,
            &RoleRow {
                permissions,
                ..row.clone()
            },
        )
        .await?;
        changed.push(row.id);
    }
    let after = settle(ctx, &mut tx, &before).await?;
    for id in &changed {
        on_record(ctx, &mut tx, &before, &after, *id).await?;
    }
    tx.commit().await?;
    ctx.app().people.forget();
    Ok(changed.len())
}

/// Changes a role's name, first page and what it includes.
///
/// # Errors
/// Wrong fields; [`ServiceError::Conflict`] when somebody else changed it meanwhile; permissions that the caller does not
/// hold; the engine's.
pub async fn change(ctx: &Ctx, id: RoleId, to: Change) -> Result<(), ServiceError> {
    let mut tx = people::begin(&ctx.app().db).await?;
    let before = load(&mut tx).await?;
    let row = changeable(&before, id, to.version)?;
    let mut wrong = wrong_name(&to.name);
    if !is_page(&to.first_page) {
        wrong.push(field(
            "first_page",
            "must be a page of this program, such as /lines/L1",
        ));
    }
    if to
        .parts
        .iter()
        .any(|p| *p == id || before.by_id(p.0).is_none())
    {
        wrong.push(field("parts", "must be other roles"));
    }
    if !wrong.is_empty() {
        return Err(ServiceError::Invalid(wrong));
    }
    let anew = RoleRow {
        name: to.name.trim().to_owned(),
        first_page: to.first_page,
        ..row.clone()
    };
    roles::change(&mut tx, &anew).await?;
    roles::set_parts(&mut tx, id, &to.parts).await?;
    let after = settle(ctx, &mut tx, &before).await?;
    on_record(ctx, &mut tx, &before, &after, id.0).await?;
    tx.commit().await?;
    ctx.app().people.forget();
    Ok(())
}

/// Adds a role.
///
/// # Errors
/// Wrong fields; permissions that the caller does not hold; the engine's.
pub async fn add(ctx: &Ctx, new: &NewRole) -> Result<RoleId, ServiceError> {
    let mut tx = people::begin(&ctx.app().db).await?;
    let before = load(&mut tx).await?;
    let code = new.code.trim();
    let mut wrong = wrong_name(&new.name);
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if code.is_empty() || code.len() > 40 || !code.chars().all(plain) {
        wrong.push(field(
            "code",
            "must be 1 to 40 of the letters a to z, digits, and _",
        ));
    }
    if before.by_code(code).is_some() {
        wrong.push(field("code", "is taken"));
    }
    let like = new.like.and_then(|id| before.by_id(id.0));
    if new.like.is_some() && like.is_none() {
        wrong.push(field("like", "does not exist any more"));
    }
    if !wrong.is_empty() {
        return Err(ServiceError::Invalid(wrong));
    }
    let permissions = like.map_or_else(String::new, |r| own(r).names());
    let first_page = like.map_or("/", |r| r.first_page.as_str());
    let id = roles::add(&mut tx, (code, new.name.trim()), &permissions, first_page).await?;
    let after = settle(ctx, &mut tx, &before).await?;
    on_record(ctx, &mut tx, &before, &after, id.0).await?;
    tx.commit().await?;
    Ok(id)
}

/// Removes a role that a site made itself and that is not in use.
///
/// # Errors
/// A role that every plant starts with; [`ServiceError::Conflict`] when it is in use or was changed meanwhile; the engine's.
pub async fn remove(ctx: &Ctx, id: RoleId, version: i64) -> Result<(), ServiceError> {
    let mut tx = people::begin(&ctx.app().db).await?;
    let before = load(&mut tx).await?;
    let row = changeable(&before, id, version)?;
    if row.seeded != 0 {
        return Err(invalid("role", "is one that every plant starts with"));
    }
    let used = roles::uses_in(&mut tx).await?;
    if used.iter().any(|(role, _)| *role == id.0) {
        let words = format!(
            "the role '{}' is in use: take it from people and out of other roles first",
            row.name
        );
        return Err(ServiceError::Conflict(words));
    }
    roles::remove(&mut tx, id).await?;
    let after = load(&mut tx).await?;
    on_record(ctx, &mut tx, &before, &after, id.0).await?;
    tx.commit().await?;
    ctx.app().people.forget();
    Ok(())
}

fn wrong_name(name: &str) -> Vec<FieldError> {
    let length = name.trim().chars().count();
    let sound = (1..=60).contains(&length) && !name.chars().any(char::is_control);
    if sound {
        vec![]
    } else {
        vec![field("name", "must be 1 to 60 characters")]
    }
}

/// A path on this site that shows a page.
fn is_page(path: &str) -> bool {
    let bytes = path.as_bytes();
    bytes.first() == Some(&b'/')
        && bytes.len() <= 200
        && !matches!(bytes.get(1), Some(b'/' | b'\\'))
        && bytes.iter().all(|b| b.is_ascii_graphic() && *b != b'\\')
        && !["/sign-", "/set-up/", "/device/", "/api/", "/pkg/"]
            .iter()
            .any(|p| path.starts_with(p))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_page_is_a_page_of_this_site() {
        for path in ["/", "/lines/L1?view=stops", "/admin/audit"] {
            assert!(is_page(path), "{path}");
        }
        for trap in [
            "",
            "lines",
            "//evil.example",
            "/\\evil",
            "https://evil.example",
            "/a b",
            "/api/me",
            "/sign-in",
            "/sign-out",
            "/device/abc",
            "/set-up/abc",
        ] {
            assert!(!is_page(trap), "{trap}");
        }
    }

    #[test]
    fn names_of_a_newer_program_outlive_a_change() {
        let row = RoleRow {
            id: 1,
            code: "a".to_owned(),
            name: "A".to_owned(),
            permissions: "line:read rocket:launch".to_owned(),
            first_page: "/".to_owned(),
            seeded: 0,
            version: 1,
        };
        let set = PermissionSet::from_names("oee:read").expect("a set");
        assert_eq!(names(&row, set), "oee:read rocket:launch");
    }
}
