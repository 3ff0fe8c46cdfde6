//! `/admin/devices`, and `/device/{token}` with which a device comes.

use super::Shared;
use super::account::when;
use super::desk::answer::{Again, asked_for, on_to, refused, wrong_or};
use super::desk::fields::Fields;
use super::desk::{self, page};
use super::doors::limited_with_looks;
use super::own_address::own_address;
use super::visitor::{Visitor, store};
use crate::domain::ids::DeviceId;
use crate::domain::time::TsMs;
use crate::server::auth::Ctx;
use crate::server::auth::rights::reach;
use crate::server::auth::session;
use crate::server::db::devices::DeviceRow;
use crate::server::services::account::place;
use crate::server::services::devices::{self, NewDevice};
use crate::server::services::error::ServiceError;
use crate::server::services::sign_in::Refused;
use crate::ui::desk::devices::{self as pages, DeviceLine, Typed};
use crate::ui::desk::once::Once;
use axum::Router;
use axum::extract::{Form, Path, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use tower_sessions::Session;

const TITLE: (&str, &str) = ("Devices", "/admin/devices");
const ONCE: &str = "Open this link on the device within a day. It makes one browser the device, once: do not send it to many.";

/// The routes.
pub fn router(shared: &Shared) -> Router {
    Router::new()
        .route("/admin/devices", get(show).post(enrol))
        .route("/admin/devices/{id}/link", post(new_link))
        .route("/admin/devices/{id}/revoke", post(revoke))
        .merge(limited_with_looks(
            shared,
            Router::new().route("/device/{token}", get(look).post(come)),
        ))
        .with_state(shared.clone())
}

/// The places that a form offers: the site, the areas, the lines.
fn places(shared: &Shared) -> Vec<(String, String)> {
    let plant = shared.app.plant.get();
    let mut out = vec![("site".to_owned(), "The whole site".to_owned())];
    let mut areas: Vec<_> = plant
        .lines
        .iter()
        .map(|l| (l.area_id.0, l.area.clone()))
        .collect();
    areas.sort();
    areas.dedup();
    out.extend(
        areas
            .into_iter()
            .map(|(id, name)| (format!("area:{id}"), format!("Area {name}"))),
    );
    out.extend(
        plant
            .lines
            .iter()
            .map(|l| (format!("line:{}", l.code), format!("Line {}", l.name))),
    );
    out
}

async fn list(shared: &Shared, ctx: &Ctx, typed: &Typed, (status, wrong): Again) -> Response {
    let rows = match devices::list(ctx).await {
        Ok(rows) => rows,
        Err(error) => return refused(shared, ctx, error).await,
    };
    let plant = shared.app.plant.get();
    let line = |row: DeviceRow| DeviceLine {
        id: row.id,
        kind: if row.is_wall() {
            "wall screen"
        } else {
            "shared tablet"
        },
        place: place(&plant, reach(row.area_id, row.line_id)),
        made: when(shared, TsMs(row.created_ms)),
        made_by: row.made_by,
        used: row
            .used_ms
            .map_or_else(|| "never".to_owned(), |at| when(shared, TsMs(at))),
        revoked: row.revoked_ms.is_some(),
        name: row.name,
        page: row.page,
    };
    let lines = rows.into_iter().map(line).collect();
    let inside = pages::devices(lines, places(shared), typed, &wrong);
    page(shared, Some(ctx.caller()), TITLE, status, inside)
}

async fn show(State(shared): State<Shared>, ctx: Ctx) -> Response {
    let typed = Typed {
        page: "/".to_owned(),
        ..Typed::default()
    };
    list(&shared, &ctx, &typed, asked_for()).await
}

fn shown_once(shared: &Shared, ctx: &Ctx, origin: &str, path: &str) -> Response {
    let inside = Once {
        words: ONCE.to_owned(),
        secret: format!("{origin}{path}"),
        note: "When it gets lost or is a day old, make a new link: the old one opens nothing then.",
        on: TITLE.1.to_owned(),
    }
    .draw();
    page(
        shared,
        Some(ctx.caller()),
        ("Link of the device", TITLE.1),
        StatusCode::OK,
        inside,
    )
}

#[derive(Debug, Deserialize)]
struct EnrolForm {
    kind: String,
    name: String,
    page: String,
    place: String,
    #[serde(default)]
    why: String,
}

async fn enrol(
    State(shared): State<Shared>,
    ctx: Ctx,
    uri: Uri,
    headers: HeaderMap,
    Form(form): Form<EnrolForm>,
) -> Response {
    let ctx = ctx.because(&form.why);
    let typed = Typed {
        kind: form.kind.clone(),
        name: form.name.clone(),
        page: form.page.clone(),
        place: form.place.clone(),
    };
    let wanted = NewDevice {
        kind: form.kind,
        name: form.name,
        page: form.page,
        place: form.place,
    };
    match devices::enrol(&ctx, wanted).await {
        Ok(path) => shown_once(&shared, &ctx, &own_address(&shared, &uri, &headers), &path),
        Err(error) => match wrong_or(&shared, &ctx, "device", error).await {
            Ok(again) => list(&shared, &ctx, &typed, again).await,
            Err(answer) => answer,
        },
    }
}

async fn new_link(
    State(shared): State<Shared>,
    ctx: Ctx,
    uri: Uri,
    headers: HeaderMap,
    Path(id): Path<i64>,
    Form(fields): Form<Fields>,
) -> Response {
    let ctx = ctx.because(fields.one("why"));
    match devices::new_link(&ctx, DeviceId(id)).await {
        Ok((_, path)) => shown_once(&shared, &ctx, &own_address(&shared, &uri, &headers), &path),
        Err(error) => refused(&shared, &ctx, error).await,
    }
}

async fn revoke(
    State(shared): State<Shared>,
    ctx: Ctx,
    Path(id): Path<i64>,
    Form(fields): Form<Fields>,
) -> Response {
    let ctx = ctx.because(fields.one("why"));
    let done = devices::revoke(&ctx, DeviceId(id)).await;
    on_to(&shared, &ctx, TITLE.1, done).await
}

/// Asks before the browser becomes the device: what only looks at a link, such as a preview of it, changes nothing.
async fn look(State(shared): State<Shared>, Path(token): Path<String>) -> Response {
    match devices::of_link(&shared.app, &token).await {
        Ok(row) => {
            let inside = pages::come(&row.name, row.is_wall(), format!("/device/{token}"));
            page(&shared, None, ("Device", ""), StatusCode::OK, inside)
        }
        Err(error @ ServiceError::Database(_)) => desk::failed(&shared, error),
        Err(_) => no_link(&shared),
    }
}

fn no_link(shared: &Shared) -> Response {
    let words = "This link opens nothing any more: it was used, is older than a day, or belongs to no device. Ask whoever \
                 enrols devices here for a new one.";
    let names = ("Device", "");
    page(
        shared,
        None,
        names,
        StatusCode::NOT_FOUND,
        desk::words(words),
    )
}

async fn come(
    State(shared): State<Shared>,
    ctx: Ctx,
    session: Session,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let visitor = Visitor::new(ctx.clone(), session, request.headers());
    let came = async {
        let row = devices::come(&ctx, &token).await?;
        let held = visitor.held_by(&shared, row.device());
        session::begin(&shared.app, &visitor.session, &held)
            .await
            .map_err(store)?;
        Ok(row)
    };
    match came.await {
        Ok(row) => Redirect::to(&row.page).into_response(),
        Err(Refused::Failed(error @ ServiceError::Database(_))) => desk::failed(&shared, error),
        Err(_) => no_link(&shared),
    }
}
