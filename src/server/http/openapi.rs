//! `GET /api/v1/openapi.json`: what the API can do, made from the handlers themselves. A route that is not in the
//! document is not served: both come from the same list.

mod reason;
mod refusals;

use super::{Shared, andon, downtime, ingest, live, oee, plant, quarantine};
use axum::Json;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use std::sync::Arc;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

/// What is said once for all routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "MS5 Floor",
        description = "Live OEE, downtime, calls for help and ingest of a plant. Times are epoch milliseconds, UTC; durations \
            milliseconds; ideal times nanoseconds; ratios 1.0 for 100 %. A figure is `{\"known\": 0.73}` or \
            `{\"unknown\": \"no_data\"}`: what cannot be computed says why. Errors are problem documents (RFC 9457)."
    ),
    modifiers(&Keys),
    security(("key" = []))
)]
struct Document;

/// Keys of senders.
struct Keys;

impl Modify for Keys {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        openapi
            .components
            .get_or_insert_default()
            .add_security_scheme("key", scheme);
    }
}

/// Every route of the API with its document.
pub fn router(shared: &Shared) -> Router {
    let small = || DefaultBodyLimit::max(crate::api::ingest::MAX_BATCH_BYTES);
    let (router, mut document) = OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(ingest::post).layer(small()))
        .routes(routes!(plant::put).layer(small()))
        .routes(routes!(quarantine::list))
        .routes(routes!(quarantine::retry))
        .routes(routes!(quarantine::dismiss))
        .routes(routes!(oee::dashboard))
        .routes(routes!(oee::get))
        .routes(routes!(oee::now))
        .routes(routes!(oee::history))
        .routes(routes!(oee::trends))
        .routes(routes!(downtime::events))
        .routes(routes!(downtime::statistics))
        .routes(routes!(downtime::active))
        .routes(routes!(downtime::reasons))
        .routes(routes!(downtime::event))
        .routes(routes!(downtime::confirm))
        .routes(routes!(andon::history))
        .routes(routes!(andon::create))
        .routes(routes!(andon::board))
        .routes(routes!(andon::active))
        .routes(routes!(andon::call))
        .routes(routes!(andon::acknowledge))
        .routes(routes!(andon::hand_back))
        .routes(routes!(andon::arrive))
        .routes(routes!(andon::resolve))
        .routes(routes!(andon::close))
        .routes(routes!(andon::cancel))
        .routes(routes!(andon::reopen))
        .routes(routes!(andon::escalate))
        .routes(routes!(andon::figures::statistics))
        .routes(routes!(andon::figures::escalation))
        .routes(routes!(andon::rules::list, andon::rules::add))
        .routes(routes!(
            andon::rules::get,
            andon::rules::change,
            andon::rules::remove
        ))
        .routes(routes!(andon::rules::add_auto))
        .routes(routes!(
            andon::rules::change_auto,
            andon::rules::remove_auto
        ))
        .routes(routes!(andon::rules::change_general))
        .routes(routes!(andon::roster::list))
        .routes(routes!(andon::roster::gaps))
        .routes(routes!(andon::roster::week))
        .routes(routes!(andon::roster::add_duty))
        .routes(routes!(
            andon::roster::change_duty,
            andon::roster::remove_duty
        ))
        .routes(routes!(andon::roster::add_substitute))
        .routes(routes!(
            andon::roster::change_substitute,
            andon::roster::remove_substitute
        ))
        .routes(routes!(live::get))
        .with_state(shared.clone())
        .split_for_parts();
    refusals::tell(&mut document);
    reason::tell(&mut document);
    let document = Arc::new(document);
    router.route(
        "/api/v1/openapi.json",
        get(async move || Json(Arc::clone(&document))),
    )
}
