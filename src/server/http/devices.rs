//! `/admin/devices`, and `/device/{token}` with which a device comes.

use super::Shared;
use super::account::when;
use super::desk::answer::{Again, asked_for, refused};
use super::desk::posted::Posted;
use super::desk::{self, page, shown};
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
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
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
    shown(shared, ctx, TITLE, status, inside)
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
    let names = ("Link of the device", TITLE.1);
    shown(shared, ctx, names, StatusCode::OK, inside)
}

async fn enrol(uri: Uri, headers: HeaderMap, posted: Posted) -> Response {
    let (shared, ctx) = (&posted.shared, &posted.ctx);
    let text = |name| posted.fields.one(name).to_owned();
    let typed = Typed {
        kind: text("kind"),
        name: text("name"),
        page: text("page"),
        place: text("place"),
    };
    let wanted = NewDevice {
        kind: typed.kind.clone(),
        name: typed.name.clone(),
        page: typed.page.clone(),
        place: typed.place.clone(),
    };
    match devices::enrol(ctx, wanted).await {
        Ok(path) => shown_once(shared, ctx, &own_address(shared, &uri, &headers), &path),
        Err(error) => {
            posted
                .again("device", error, |again| list(shared, ctx, &typed, again))
                .await
        }
    }
}

async fn new_link(uri: Uri, headers: HeaderMap, Path(id): Path<i64>, posted: Posted) -> Response {
    let (shared, ctx) = (&posted.shared, &posted.ctx);
    match devices::new_link(ctx, DeviceId(id)).await {
        Ok((_, path)) => shown_once(shared, ctx, &own_address(shared, &uri, &headers), &path),
        Err(error) => posted.refused(error).await,
    }
}

async fn revoke(Path(id): Path<i64>, posted: Posted) -> Response {
    let done = devices::revoke(&posted.ctx, DeviceId(id)).await;
    posted.on_to(TITLE.1, done).await
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
        let came = devices::come(&ctx, &token).await?;
        let held = visitor.held_by(&shared, came.row.device());
        session::begin(&shared.app, &visitor.session, &held)
            .await
            .map_err(store)?;
        if let Err(error) = devices::stays(&ctx, &came).await {
            session::end(&shared.app, &visitor.session)
                .await
                .map_err(store)?;
            return Err(Refused::from(error));
        }
        Ok(came.row)
    };
    match came.await {
        Ok(row) => Redirect::to(&row.page).into_response(),
        Err(Refused::Failed(error @ ServiceError::Database(_))) => desk::failed(&shared, error),
        Err(_) => no_link(&shared),
    }
}
