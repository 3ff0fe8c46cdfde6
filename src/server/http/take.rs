//! `/andon/take/{token}`: where the link in a message leads. Opening it changes nothing, as mail programs open links by
//! themselves; the button does.

use super::Shared;
use super::desk::answer::refused;
use super::desk::page;
use crate::domain::time::{DurMs, MINUTE_MS};
use crate::server::auth::Ctx;
use crate::server::services::andon::{call_of_link, take_by_link};
use crate::ui::desk::take::{Offer, offer};
use axum::Router;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;

/// Nobody needs longer than this to come, in minutes.
const LONGEST_MIN: i64 = 24 * 60;

/// The routes.
pub fn router(shared: &Shared) -> Router {
    Router::new()
        .route("/andon/take/{token}", get(show).post(take))
        .with_state(shared.clone())
}

async fn show(State(shared): State<Shared>, ctx: Ctx, Path(token): Path<String>) -> Response {
    let call = match call_of_link(&ctx, &token).await {
        Ok(call) => call,
        Err(error) => return refused(&shared, &ctx, error).await,
    };
    let place = call.machine.map_or_else(
        || call.line.name.clone(),
        |machine| format!("{}, {}", call.line.name, machine.name),
    );
    let taken = call.call.acknowledged.map(|stamp| stamp.by);
    let inside = offer(Offer {
        title: format!("{}: {place}", call.call.kind.words()),
        text: call.text,
        called_by: call.call.raised.by,
        taken_by: taken,
        is_open: call.status.is_open(),
    });
    let names = ("A call", "");
    page(&shared, Some(ctx.caller()), names, StatusCode::OK, inside)
}

/// The form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Coming {
    minutes: String,
}

async fn take(
    State(shared): State<Shared>,
    ctx: Ctx,
    Path(token): Path<String>,
    Form(coming): Form<Coming>,
) -> Response {
    // What is no number of minutes says nothing of when.
    let minutes: Option<i64> = coming.minutes.trim().parse().ok();
    let minutes = minutes.filter(|n| (1..=LONGEST_MIN).contains(n));
    let eta = minutes.map(|n| ctx.now() + DurMs(n * MINUTE_MS));
    match take_by_link(&ctx, &token, eta).await {
        Ok(_) => Redirect::to("/andon").into_response(),
        Err(error) => refused(&shared, &ctx, error).await,
    }
}
