//! What the server answers, over which path, to whom.

mod assets;
mod boundary;
mod bounds;
mod downtime;
mod health;
mod ingest;
pub mod limit;
mod live;
mod measures;
mod oee;
mod openapi;
mod pages;
mod plant;
mod problem;
mod quarantine;
mod request;
mod security;
mod sender;
mod stops;

pub use assets::{Site, SiteError};
pub use bounds::{MAX_BODY_BYTES, within};
pub use measures::router as measures;
pub use request::{record_person, request_id};
pub use sender::author;

use super::state::App;
use axum::Router;
use axum::routing::get;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

/// What the routes share.
#[derive(Clone, Debug)]
pub struct Shared {
    /// The server.
    pub app: App,
    /// The compiled browser side.
    pub site: Arc<Site>,
    /// Other machines are served too; pages say so.
    pub open_to_network: bool,
    /// Ends open streams when the server stops.
    pub stop: CancellationToken,
}

/// Every route of the server.
pub fn router(shared: &Shared) -> Router {
    // The compiled site.
    let site = Router::new()
        .route("/pkg/{*file}", get(assets::get_hashed))
        .with_state(shared.clone());
    let operations = Router::new()
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/health/rollups", get(health::rollups))
        .with_state(shared.clone());
    let routes = Router::new()
        .merge(openapi::router(shared))
        .merge(site)
        .merge(operations)
        .merge(stops::router(shared))
        .merge(pages::router(shared));
    guarded(routes)
}

/// What stands around every route, outermost last: who asks from where a browser would not, how much and how long, what
/// to do about a panic, headers, the log.
pub fn guarded(routes: Router) -> Router {
    routes
        .layer(tower_http::csrf::CsrfLayer::new())
        .layer(axum::middleware::map_response(problem::of_the_framework))
        .layer(CompressionLayer::new())
        .layer(axum::middleware::from_fn(bounds::keep))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(axum::middleware::from_fn(security::headers))
        .layer(axum::middleware::from_fn(request::observe))
}
