//! What the server answers, over which path, to whom.

mod account;
mod assets;
mod boundary;
mod bounds;
mod desk;
mod devices;
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
mod request;
mod security;
mod set_up;
mod sign_in;
mod sign_on;
mod stops;
mod trust;
mod visitor;

pub use assets::{Site, SiteError};
pub use bounds::{MAX_BODY_BYTES, within};
pub use measures::router as measures;
pub use request::{record_person, request_id};

use super::auth::oidc::Provider;
use super::auth::session;
use super::config::Transport;
use super::state::App;
use super::tls::Tls;
use axum::Router;
use axum::routing::get;
use governor::Quota;
use limit::Limit;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
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
    /// The certificate, when TLS ends here.
    pub tls: Option<Arc<Tls>>,
    /// How often one client may knock: signing in, signing on, setting up.
    pub doors: Arc<Limit>,
    /// Who else vouches for people.
    pub provider: Option<Provider>,
    /// Ends open streams when the server stops.
    pub stop: CancellationToken,
}

/// One client knocks so often at once; a shift's change behind one address fits in.
const KNOCKS: NonZeroU32 = NonZeroU32::new(100).unwrap();
/// And then so often a second.
const KNOCKS_PER_S: NonZeroU32 = NonZeroU32::new(5).unwrap();

/// The limit of a server's doors. A proxy that ends TLS runs on the same machine as a rule; only of such a one is it believed
/// who asks.
#[must_use]
pub fn doors(transport: Transport) -> Arc<Limit> {
    let here = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    let proxies = if transport == Transport::BehindProxy {
        here.to_vec()
    } else {
        vec![]
    };
    let quota = Quota::per_second(KNOCKS_PER_S).allow_burst(KNOCKS);
    Arc::new(Limit::new(quota, proxies))
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
    let routes = Router::new()
        .merge(openapi::router(shared))
        .merge(site)
        .merge(operations)
        .merge(trust::router(shared))
        .merge(stops::router(shared))
        .merge(pages::router(shared))
        .merge(sign_in::router(shared))
        .merge(set_up::router(shared))
        .merge(provider::router(shared))
        .merge(desk::router(shared))
        .merge(account::router(shared))
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
        ));
    guarded(routes).layer(axum::middleware::from_fn_with_state(
        shared.transport,
        security::stay_under_tls,
    ))
}

/// What stands around every route, outermost last: who asks from where a browser would not, how much and how long, what
/// to do about a panic, headers, the log.
pub fn guarded(routes: Router) -> Router {
    routes
        .layer(axum::middleware::from_fn(nul::keep_out))
        .layer(tower_http::csrf::CsrfLayer::new())
        .layer(axum::middleware::map_response(problem::of_the_framework))
        .layer(CompressionLayer::new())
        .layer(axum::middleware::from_fn(bounds::keep))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(axum::middleware::from_fn(security::headers))
        .layer(axum::middleware::from_fn(request::observe))
}
