//! `/admin/keys`: keys of connectors.

use super::Shared;
use super::account::when;
use super::desk::answer::{Again, asked_for, refused};
use super::desk::fields::Fields;
use super::desk::posted::Posted;
use super::desk::shown;
use crate::domain::ids::KeyId;
use crate::domain::rights::{Permission, sets};
use crate::domain::time::TsMs;
use crate::server::auth::Ctx;
use crate::server::services::keys::{self, Listed, TypedKey, USUAL};
use crate::ui::desk::keys::{self as pages, KeyForm, KeyLine, Tick};
use crate::ui::desk::once::Once;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
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
    let held = ctx.caller().rights.union().in_both(sets::BY_KEY);
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

async fn list(shared: &Shared, ctx: &Ctx, typed: &TypedKey, (status, wrong): Again) -> Response {
    let listed = match keys::list(ctx).await {
        Ok(listed) => listed,
        Err(error) => return refused(shared, ctx, error).await,
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
            over: match row.revoked_ms {
                Some(_) => "revoked",
                None if row.holds(now) => "",
                None => "over",
            },
            lines: if names.is_empty() {
                "all".to_owned()
            } else {
                names.join(", ")
            },
            made: when(shared, TsMs(row.created_ms)),
            made_by: row.made_by,
            expires: row
                .expires_ms
                .map_or_else(|| "never".to_owned(), |at| when(shared, TsMs(at))),
            used: key
                .used
                .map_or_else(|| "never".to_owned(), |at| when(shared, at)),
            sender: row.source,
            prefix: row.prefix,
            permissions: row
                .permissions
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
        }
    };
    let lines = listed.into_iter().map(line).collect();
    let inside = pages::keys(lines, form(shared, ctx, typed), &wrong);
    shown(shared, ctx, TITLE, status, inside)
}

async fn show(State(shared): State<Shared>, ctx: Ctx) -> Response {
    let typed = TypedKey {
        usual: vec!["send".to_owned()],
        days: keys::USUAL_DAYS.to_string(),
        ..TypedKey::default()
    };
    list(&shared, &ctx, &typed, asked_for()).await
}

/// What a form sent; a box that is ticked comes once each.
fn typed(fields: &Fields) -> TypedKey {
    let all = |name| -> Vec<String> { fields.all(name).map(str::to_owned).collect() };
    TypedKey {
        sender: fields.one("sender").to_owned(),
        usual: all("usual"),
        may: all("may"),
        lines: all("lines"),
        days: fields.one("days").to_owned(),
        replaces: fields.all("replaces").next().is_some(),
    }
}

async fn make(posted: Posted) -> Response {
    let (shared, ctx) = (&posted.shared, &posted.ctx);
    let typed = typed(&posted.fields);
    match keys::make(ctx, &typed).await {
        Ok(made) => {
            let inside = Once {
                words: ONCE.to_owned(),
                secret: made.key,
                note: "When it gets lost, make another and revoke this one.",
                on: TITLE.1.to_owned(),
            }
            .draw();
            let names = ("The key", TITLE.1);
            shown(shared, ctx, names, StatusCode::OK, inside)
        }
        Err(error) => {
            posted
                .again("key", error, |again| list(shared, ctx, &typed, again))
                .await
        }
    }
}

async fn revoke(Path(id): Path<i64>, posted: Posted) -> Response {
    let done = keys::revoke(&posted.ctx, KeyId(id)).await;
    posted.on_to(TITLE.1, done).await
}
