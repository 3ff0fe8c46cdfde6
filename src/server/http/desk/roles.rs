//! `/admin/roles`: what each role allows.

use super::answer::{Again, asked_for, refused};
use super::fields::{Fields, Said};
use super::given::options;
use super::posted::Posted;
use super::{Shared, shown};
use crate::domain::ids::RoleId;
use crate::domain::rights::{Permission, PermissionSet};
use crate::server::auth::Ctx;
use crate::server::auth::rights::own;
use crate::server::services::error::{ServiceError, invalid, not_found};
use crate::server::services::roles::{self, Change, Column, NewRole};
use crate::ui::desk::field::Wrong;
use crate::ui::desk::roles as pages;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use leptos::prelude::{IntoAny, view};

const HERE: &str = "/admin/roles";
const ADMIN: &str = "admin";

/// The routes.
pub fn router(shared: &Shared) -> Router {
    Router::new()
        .route("/admin/roles", get(show_matrix).post(change_matrix))
        .route("/admin/roles/new", post(add))
        .route("/admin/roles/{id}", get(show).post(change))
        .route("/admin/roles/{id}/remove", post(remove))
        .with_state(shared.clone())
}

async fn show_matrix(
    State(shared): State<Shared>,
    ctx: Ctx,
    Query(asked): Query<Said>,
) -> Response {
    let added = (&Fields::default(), &Wrong::default());
    matrix_page(&shared, &ctx, (StatusCode::OK, None), added, asked.words()).await
}

async fn matrix_page(
    shared: &Shared,
    ctx: &Ctx,
    (status, problem): (StatusCode, Option<String>),
    (added, wrong): (&Fields, &Wrong),
    done: Option<&str>,
) -> Response {
    let (roles, _) = match roles::all(ctx).await {
        Ok(found) => found,
        Err(error) => return refused(shared, ctx, error).await,
    };
    let may_change = ctx.caller().rights.on_site(Permission::RoleWrite);
    let column = |row: &crate::server::db::roles::RoleRow| pages::Column {
        id: row.id,
        name: row.name.clone(),
        version: row.version,
        own: own(row),
        whole: roles.set(row.id),
        fixed: row.code == ADMIN,
    };
    let columns: Vec<_> = roles.rows.iter().map(column).collect();
    let matrix = pages::matrix(&columns, may_change, problem, done);
    let text = |name| added.one(name).to_owned();
    let new = pages::New {
        code: text("code"),
        name: text("name"),
        like: text("like"),
        roles: options(&roles),
    };
    let new = may_change.then(|| pages::new(&new, wrong));
    let inside = view! { {matrix} {new} }.into_any();
    shown(shared, ctx, ("Roles", HERE), status, inside)
}

/// The columns that a form holds: a version for each role that it shows, and a tick for what each allows.
fn columns(fields: &Fields) -> Option<Vec<Column>> {
    let mut out = Vec::new();
    for seen in fields.all("version") {
        let (role, version) = seen.split_once(':')?;
        let set = PermissionSet::NONE;
        out.push(Column {
            role: RoleId(role.parse().ok()?),
            version: version.parse().ok()?,
            set,
        });
    }
    for tick in fields.all("may") {
        let (role, name) = tick.split_once(':')?;
        let (role, permission) = (role.parse().ok()?, Permission::from_name(name)?);
        let column = out.iter_mut().find(|c| c.role == RoleId(role))?;
        column.set = column.set.and(PermissionSet::of(&[permission]));
    }
    Some(out)
}

async fn change_matrix(posted: Posted) -> Response {
    let (shared, ctx) = (&posted.shared, &posted.ctx);
    let done = match columns(&posted.fields) {
        Some(columns) => roles::change_matrix(ctx, &columns).await,
        None => Err(invalid("may", "cannot be read")),
    };
    let (status, problem) = match done {
        Ok(_) => return Redirect::to("/admin/roles?said=saved").into_response(),
        Err(ServiceError::Conflict(words)) => (StatusCode::CONFLICT, words),
        Err(ServiceError::Invalid(wrong)) => {
            let words: Vec<String> = wrong
                .iter()
                .map(|w| format!("{} {}", w.field, w.problem))
                .collect();
            (StatusCode::UNPROCESSABLE_ENTITY, words.join("; "))
        }
        Err(error) => return posted.refused(error).await,
    };
    let added = (&Fields::default(), &Wrong::default());
    matrix_page(shared, ctx, (status, Some(problem)), added, None).await
}

async fn add(posted: Posted) -> Response {
    let (shared, ctx, fields) = (&posted.shared, &posted.ctx, &posted.fields);
    let like = fields.one("like");
    let new = NewRole {
        code: fields.one("code").to_owned(),
        name: fields.one("name").to_owned(),
        like: (!like.is_empty()).then(|| RoleId(fields.number("like"))),
    };
    match roles::add(ctx, &new).await {
        Ok(id) => Redirect::to(&format!("{HERE}/{}?said=added", id.0)).into_response(),
        Err(error) => {
            let drawn = |(status, wrong): Again| async move {
                matrix_page(shared, ctx, (status, None), (fields, &wrong), None).await
            };
            posted.again("role", error, drawn).await
        }
    }
}

async fn show(
    State(shared): State<Shared>,
    ctx: Ctx,
    Path(id): Path<i64>,
    Query(asked): Query<Said>,
) -> Response {
    role_page(&shared, &ctx, RoleId(id), asked_for(), asked.words()).await
}

async fn role_page(
    shared: &Shared,
    ctx: &Ctx,
    id: RoleId,
    (status, wrong): Again,
    done: Option<&str>,
) -> Response {
    let (roles, uses) = match roles::all(ctx).await {
        Ok(found) => found,
        Err(error) => return refused(shared, ctx, error).await,
    };
    let Some(row) = roles.by_id(id.0) else {
        return refused(shared, ctx, not_found("role", &id.0.to_string())).await;
    };
    let others = roles.rows.iter().filter(|r| r.id != id.0).map(|r| {
        let included = roles
            .parts
            .iter()
            .any(|p| p.role_id == id.0 && p.part_id == r.id);
        (r.id.to_string(), r.name.clone(), included)
    });
    let role = pages::Role {
        href: format!("{HERE}/{}", id.0),
        version: row.version,
        code: row.code.clone(),
        name: row.name.clone(),
        first_page: row.first_page.clone(),
        others: others.collect(),
        used: uses.get(&id.0).copied().unwrap_or_default(),
        fixed: row.code == ADMIN,
        seeded: row.seeded != 0,
        may_change: ctx.caller().rights.on_site(Permission::RoleWrite),
    };
    let inside = pages::role(&role, &wrong, done);
    shown(shared, ctx, (&row.name, HERE), status, inside)
}

/// On to a page, or the role's page again with what is wrong.
async fn answer(
    posted: &Posted,
    (id, on): (RoleId, String),
    done: Result<(), ServiceError>,
) -> Response {
    match done {
        Ok(()) => Redirect::to(&on).into_response(),
        Err(error) => {
            let drawn = |again| role_page(&posted.shared, &posted.ctx, id, again, None);
            posted.again("role", error, drawn).await
        }
    }
}

async fn change(Path(id): Path<i64>, posted: Posted) -> Response {
    let fields = &posted.fields;
    let part = |p: &str| p.parse().map_or(RoleId(0), RoleId);
    let to = Change {
        version: fields.number("version"),
        name: fields.one("name").to_owned(),
        first_page: fields.one("first_page").to_owned(),
        parts: fields.all("part").map(part).collect(),
    };
    let done = roles::change(&posted.ctx, RoleId(id), to).await;
    let on = format!("{HERE}/{id}?said=saved");
    answer(&posted, (RoleId(id), on), done).await
}

async fn remove(Path(id): Path<i64>, posted: Posted) -> Response {
    let version = posted.fields.number("version");
    let done = roles::remove(&posted.ctx, RoleId(id), version).await;
    answer(&posted, (RoleId(id), format!("{HERE}?said=removed")), done).await
}
