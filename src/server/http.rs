//! What the server answers, over which path, to whom.

mod assets;
mod boundary;
mod desk;
mod downtime;
mod health;
mod identity;
mod ingest;
mod live;
mod oee;
mod openapi;
mod pages;
mod plant;
mod problem;
mod quarantine;
mod security;
mod sign_in;
mod stops;
mod trust;

pub use assets::{Site, SiteError};

use super::auth::session;
use super::config::Transport;
use super::state::App;
use super::tls::Tls;
use axum::Router;
use axum::routing::get;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

tokio::task_local! {
    static REQUEST_ID: String;
}

/// The id of the request that is being answered.
#[must_use]
pub fn request_id() -> Option<String> {
    REQUEST_ID.try_with(Clone::clone).ok()
}

/// What the routes share.
#[derive(Clone, Debug)]
pub struct Shared {
    /// The server.
    pub app: App,
    /// The compiled browser side.
    pub site: Arc<Site>,
    /// What lies between browsers and the server; pages say so.
    pub transport: Transport,
    /// The certificate, when TLS ends here.
    pub tls: Option<Arc<Tls>>,
    /// Ends open streams when the server stops.
    pub stop: CancellationToken,
}

impl Shared {
    /// Whether the demonstration's people may be here: the plant is simulated, only this machine is served, and the other
    /// end is this machine.
    #[must_use]
    pub fn demonstrates(&self, peer: Option<SocketAddr>) -> bool {
        let plant = self.app.plant.get();
        let simulated = plant.site.as_ref().is_some_and(|s| s.simulated);
        simulated && !self.transport.reaches_others() && peer.is_some_and(|p| p.ip().is_loopback())
    }
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
    Router::new()
        .merge(openapi::router(shared))
        .merge(site)
        .merge(operations)
        .merge(trust::router(shared))
        .layer(axum::middleware::map_response(problem::of_the_framework))
        .merge(stops::router(shared))
        .merge(pages::router(shared))
        .merge(sign_in::router(shared))
        .layer(axum::middleware::from_fn_with_state(shared.clone(), identity::guard))
        .layer(session::layer(&shared.app, shared.transport.secure_cookies()))
        .layer(CompressionLayer::new())
        .layer(tower_http::csrf::CsrfLayer::new())
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(axum::middleware::from_fn(security::headers))
        .layer(axum::middleware::from_fn_with_state(
            shared.transport,
            security::stay_under_tls,
        ))
        .layer(axum::middleware::from_fn(with_request_id))
}

/// Gives every request an id, which its log lines, problem documents and answer carry.
async fn with_request_id(
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> axum::response::Response {
    let id = uuid::Uuid::now_v7().to_string();
    let value = axum::http::HeaderValue::from_str(&id);
    let mut response = REQUEST_ID.scope(id, next.run(request)).await;
    if let Ok(value) = value {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}
