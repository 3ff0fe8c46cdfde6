//! `/admin/keys`: keys of connectors.

use super::Shared;
use super::account::when;
use super::desk::{self, page};
use crate::domain::ids::KeyId;
use crate::domain::rights::Permission;
use crate::domain::time::TsMs;
use crate::server::auth::Ctx;
use crate::server::services::error::ServiceError;
use crate::server::services::keys::{self, Listed, TypedKey, USUAL};
use crate::ui::desk::devices::once;
use crate::ui::desk::field::Wrong;
use crate::ui::desk::keys::{self as pages, KeyForm, KeyLine, Tick};
use axum::Router;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};

const TITLE: (&str, &str) = ("Keys", "/admin/keys");
const ONCE: &str =
    "Put this key into the sender's settings. It sends it as: Authorization: Bearer KEY";

/// The routes.
pub fn router(shared: &Shared) -> Router {
    Router::new()
        .route("/admin/keys", get(show).post(make))
        .route("/admin/keys/{id}/revoke", post(revoke))
        .with_state(shared.clone())
}

/// The form, offering what its reader holds on the whole site, with what was typed.
fn form(shared: &Shared, ctx: &Ctx, typed: &TypedKey) -> KeyForm {
    let held = ctx.caller().rights.union();
    let tick = |value: &str, words: String, chosen: &[String]| Tick {
        on: chosen.iter().any(|c| c == value),
        value: value.to_owned(),
        words,
    };
    let plant = shared.app.plant.get();
    let usual = USUAL.iter().filter(|u| held.covers(u.2));
    let single = Permission::ALL.iter().filter(|p| held.has(**p));
    let line = |l: &crate::server::plant::Line| tick(&l.code, l.name.clone(), &typed.lines);
    KeyForm {
        sender: typed.sender.clone(),
        usual: usual
            .map(|u| tick(u.0, u.1.to_owned(), &typed.usual))
            .collect(),
        may: single
            .map(|p| tick(p.name(), format!("{}: {}", p.name(), p.words()), &typed.may))
            .collect(),
        lines: plant.lines.iter().map(line).collect(),
        days: typed.days.clone(),
        replaces: typed.replaces,
    }
}

async fn list(
    shared: &Shared,
    ctx: &Ctx,
    typed: &TypedKey,
    (status, wrong): (StatusCode, Wrong),
) -> Response {
    let listed = match keys::list(ctx).await {
        Ok(listed) => listed,
        Err(error) => return desk::failed(shared, error),
    };
    let (plant, now) = (shared.app.plant.get(), ctx.now());
    let line = |key: Listed| {
        let row = key.row;
        let names = key.lines.iter().map(|id| {
            let found = plant.lines.iter().find(|l| l.id == *id);
            found.map_or_else(|| "a line that is gone".to_owned(), |l| l.name.clone())
        });
        let names: Vec<String> = names.collect();
        KeyLine {
            id: row.id,
            lines: if names.is_empty() {
                "all".to_owned()
            } else {
                names.join(", ")
            },
            made: format!("{}, {}", row.made_by, when(shared, TsMs(row.created_ms))),
            expires: row
                .expires_ms
                .map_or_else(|| "never".to_owned(), |at| when(shared, TsMs(at))),
            used: key
                .used
                .map_or_else(|| "never".to_owned(), |at| when(shared, at)),
            over: match row.revoked_ms {
                Some(_) => "revoked",
                None if row.holds(now) => "",
                None => "over",
            },
            sender: row.source,
            prefix: row.prefix,
            permissions: row.permissions,
        }
    };
    let lines = listed.into_iter().map(line).collect();
    let inside = pages::keys(lines, form(shared, ctx, typed), &wrong);
    page(shared, Some(ctx.caller()), TITLE, status, inside)
}

async fn show(State(shared): State<Shared>, ctx: Ctx) -> Response {
    let typed = TypedKey {
        usual: vec!["send".to_owned()],
        ..TypedKey::default()
    };
    list(&shared, &ctx, &typed, (StatusCode::OK, Wrong::default())).await
}

/// What a form sent; a box that is ticked comes once each.
fn typed(form: Vec<(String, String)>) -> TypedKey {
    let mut out = TypedKey::default();
    for (name, value) in form {
        match name.as_str() {
            "sender" => out.sender = value,
            "usual" => out.usual.push(value),
            "may" => out.may.push(value),
            "lines" => out.lines.push(value),
            "days" => out.days = value,
            "replaces" => out.replaces = true,
            _ => {}
        }
    }
    out
}

async fn make(
    State(shared): State<Shared>,
    ctx: Ctx,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    let typed = typed(form);
    match keys::make(&ctx, &typed).await {
        Ok(made) => {
            let inside = once(made.key, ONCE, "/admin/keys");
            page(
                &shared,
                Some(ctx.caller()),
                ("The key", TITLE.1),
                StatusCode::OK,
                inside,
            )
        }
        Err(ServiceError::Invalid(fields)) => {
            list(
                &shared,
                &ctx,
                &typed,
                (StatusCode::UNPROCESSABLE_ENTITY, Wrong(fields)),
            )
            .await
        }
        Err(error) => desk::failed(&shared, error),
    }
}

async fn revoke(State(shared): State<Shared>, ctx: Ctx, Path(id): Path<i64>) -> Response {
    match keys::revoke(&ctx, KeyId(id)).await {
        Ok(()) => Redirect::to("/admin/keys").into_response(),
        Err(error) => desk::failed(&shared, error),
    }
}
