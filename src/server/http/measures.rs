//! What a separate listener serves to those who watch over the server: measures and health. Nothing of it is for the
//! machines and people who use the server.

use super::{Shared, health};
use crate::server::metrics;
use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;

/// The text format of Prometheus.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// `/metrics`, `/health/live` and `/health/ready`.
pub fn router(shared: &Shared, handle: PrometheusHandle) -> Router {
    let app = shared.app.clone();
    let scrape = async move || {
        let text = metrics::render(&app, &handle).await;
        ([(header::CONTENT_TYPE, TEXT)], text).into_response()
    };
    Router::new()
        .route("/metrics", get(scrape))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .with_state(shared.clone())
}
