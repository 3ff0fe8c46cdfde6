//! What the server answers, over which path, to whom.

mod account;
mod andon;
mod assets;
mod boundary;
mod bounds;
mod desk;
mod devices;
mod doors;
mod downtime;
mod health;
mod identity;
mod ingest;
mod keys;
pub mod limit;
mod live;
mod measures;
mod next;
mod nul;
mod oee;
mod openapi;
mod own_address;
mod pages;
mod plant;
mod problem;
mod provider;
mod quarantine;
mod query;
mod reached;
mod request;
mod security;
mod set_up;
mod sign_in;
mod sign_on;
mod stops;
mod take;
mod trust;
mod visitor;

pub use assets::{Site, SiteError};
pub use bounds::{MAX_BODY_BYTES, within};
pub use doors::doors;
pub use measures::router as measures;
pub use request::{record_person, request_id};

use super::auth::oidc::Provider;
use super::auth::session;
use super::config::Transport;
use super::state::App;
use super::tls::Tls;
use axum::Router;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri};
use axum::routing::get;
use limit::Limit;
use std::net::{IpAddr, SocketAddr};
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
    /// What lies between browsers and the server; pages say so.
    pub transport: Transport,
    /// Whoever started the server wants it to show itself off: see [`Shared::demonstrates`].
    pub demonstration: bool,
    /// The certificate, when TLS ends here.
    pub tls: Option<Arc<Tls>>,
    /// How often one client may knock: signing in, signing on, setting up.
    pub doors: Arc<Limit>,
    /// Who else vouches for people.
    pub provider: Option<Provider>,
    /// Ends open streams when the server stops.
    pub stop: CancellationToken,
}

impl Shared {
    /// Whether the demonstration's people may be here: the server was started for that, the plant is simulated, only this
    /// machine is served, the other end is this machine, and it asks for this machine.
    #[must_use]
    pub fn demonstrates(&self, peer: Option<SocketAddr>, uri: &Uri, headers: &HeaderMap) -> bool {
        let plant = self.app.plant.get();
        let simulated = plant.site.as_ref().is_some_and(|s| s.simulated);
        self.demonstration
            && simulated
            && !self.transport.reaches_others()
            && peer.is_some_and(|p| p.ip().is_loopback())
            && asks_for_this_machine(uri, headers)
    }
}

/// Whether the address that a browser shows is this machine's. A page elsewhere whose name was made to lead here asks for
/// that name; a proxy that brings others here says so, or asks for its own.
fn asks_for_this_machine(uri: &Uri, headers: &HeaderMap) -> bool {
    let host: Option<Authority> = own_address::host(uri, headers).and_then(|h| h.parse().ok());
    let here = host.is_some_and(|host| {
        let name = host.host().trim_matches(['[', ']']);
        let address = name.parse::<IpAddr>();
        name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|a| a.is_loopback())
    });
    let brought = [
        "forwarded",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-real-ip",
        "via",
    ];
    here && !brought.iter().any(|name| headers.contains_key(*name))
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
        .merge(trust::router(shared))
        .merge(stops::router(shared))
        .merge(take::router(shared))
        .merge(pages::router(shared))
        .merge(sign_in::router(shared))
        .merge(set_up::router(shared))
        .merge(provider::router(shared))
        .merge(desk::router(shared))
        .merge(account::router(shared))
        .merge(reached::router(shared))
        .merge(devices::router(shared))
        .merge(sign_on::router(shared))
        .merge(keys::router(shared))
        .layer(axum::middleware::from_fn_with_state(
            shared.clone(),
            identity::guard,
        ))
        .layer(session::layer(
            &shared.app,
            shared.transport.secure_cookies(),
        ))
        .layer(axum::middleware::map_response(security::whole_cookies));
    guarded(routes)
        .layer(axum::middleware::from_fn_with_state(
            shared.clone(),
            identity::keep_other_sites_on_record,
        ))
        .layer(axum::middleware::from_fn_with_state(
            security::tells_to_stay(shared),
            security::stay_under_tls,
        ))
}

/// What stands around every route, outermost last: who asks from where a browser would not, how much and how long, what
/// to do about a panic, headers, the log.
pub fn guarded(routes: Router) -> Router {
    routes
        .layer(axum::middleware::from_fn(nul::keep_out))
        .layer(axum::middleware::from_fn(security::cookie_says_where))
        .layer(tower_http::csrf::CsrfLayer::new())
        .layer(axum::middleware::map_response(problem::of_the_framework))
        .layer(CompressionLayer::new())
        .layer(axum::middleware::from_fn(bounds::keep))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(axum::middleware::from_fn(security::headers))
        .layer(axum::middleware::from_fn(request::observe))
}
