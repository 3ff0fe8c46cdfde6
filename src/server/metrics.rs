//! What the server measures of itself, for Prometheus. Labels come from lists that the program knows: templates of
//! routes, names of statements, codes of lines. What a caller types never becomes one.

use super::rollup::make::progress;
use super::state::App;
use crate::domain::time::DurMs;
use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const REQUESTS: &str = "ms5_http_requests_total";
const REQUEST_SECONDS: &str = "ms5_http_request_seconds";
const STATEMENT_SECONDS: &str = "ms5_statement_seconds";
const COMMIT_SECONDS: &str = "ms5_commit_seconds";
const STEP_LATE_SECONDS: &str = "ms5_andon_step_late_seconds";
const ITEMS: &str = "ms5_ingest_items_total";
const WAITING: &str = "ms5_ingest_waiting_items";
const STREAMS: &str = "ms5_live_streams";
const DELIVERIES: &str = "ms5_delivery_attempts_total";
const LAG: &str = "ms5_rollup_lag_seconds";
const REACHABLE: &str = "ms5_database_reachable";
const BUILD: &str = "ms5_build_info";

/// How long the database may take to tell how far roll-ups are; whoever scrapes does not wait much longer.
const PATIENCE: Duration = Duration::from_secs(2);
/// Upper bounds in seconds: from a read out of memory to a request that is given up.
const BUCKETS: [f64; 14] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// Whether anybody keeps them.
static KEPT: AtomicBool = AtomicBool::new(false);

/// Why the measures cannot be kept.
#[derive(Debug, thiserror::Error)]
#[error("metrics: {0}")]
pub struct MetricsError(#[from] BuildError);

/// Starts to keep measures, once for the program; before that, measuring costs next to nothing.
///
/// # Errors
/// When something else keeps them already.
pub fn install() -> Result<PrometheusHandle, MetricsError> {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    if let Some(handle) = HANDLE.get() {
        return Ok(handle.clone());
    }
    let seconds = Matcher::Suffix("_seconds".to_owned());
    let builder = PrometheusBuilder::new().set_buckets_for_metric(seconds, &BUCKETS)?;
    let handle = builder.install_recorder()?;
    describe();
    KEPT.store(true, Ordering::Relaxed);
    Ok(HANDLE.get_or_init(|| handle).clone())
}

fn describe() {
    describe_counter!(REQUESTS, "Requests answered, by route and status");
    describe_histogram!(
        REQUEST_SECONDS,
        Unit::Seconds,
        "Time until the answer began, by route"
    );
    describe_histogram!(
        STATEMENT_SECONDS,
        Unit::Seconds,
        "Time of database statements, by name"
    );
    describe_histogram!(
        COMMIT_SECONDS,
        Unit::Seconds,
        "Time until a transaction was durable"
    );
    describe_histogram!(
        STEP_LATE_SECONDS,
        Unit::Seconds,
        "By how much steps of calls were done too late"
    );
    describe_counter!(ITEMS, "Items sent to ingest, by outcome");
    describe_counter!(
        DELIVERIES,
        "Attempts to send a message, by channel and outcome"
    );
    describe_gauge!(WAITING, "Items that wait to be written");
    describe_gauge!(STREAMS, "Live streams that are open");
    describe_gauge!(
        LAG,
        Unit::Seconds,
        "How far stored sums of a line are behind, beyond the running hour"
    );
    describe_gauge!(REACHABLE, "1 while the database answers, else 0");
    describe_gauge!(
        BUILD,
        "1, labelled with the version and the build of the site"
    );
}

/// A request was answered. `route` is the template of the path, never the path.
pub fn answered(route: &str, method: &'static str, status: u16, took: Duration) {
    let labels = [
        ("route", route.to_owned()),
        ("method", method.to_owned()),
        ("status", status.to_string()),
    ];
    counter!(REQUESTS, &labels).increment(1);
    histogram!(REQUEST_SECONDS, "route" => route.to_owned()).record(took);
}

/// Whether measures are kept, for those who would have to work for one.
#[must_use]
pub fn are_kept() -> bool {
    KEPT.load(Ordering::Relaxed)
}

/// A statement ran.
pub fn ran(statement: &str, took: Duration) {
    histogram!(STATEMENT_SECONDS, "statement" => statement.to_owned()).record(took);
}

/// A transaction became durable.
pub fn committed(took: Duration) {
    histogram!(COMMIT_SECONDS).record(took);
}

/// A step of a call was done, so much too late.
pub fn stepped(late: DurMs) {
    histogram!(STEP_LATE_SECONDS).record(late.secs());
}

/// A batch was answered.
pub fn ingested(accepted: usize, duplicate: usize, rejected: usize) {
    for (outcome, items) in [
        ("accepted", accepted),
        ("duplicate", duplicate),
        ("rejected", rejected),
    ] {
        counter!(ITEMS, "outcome" => outcome).increment(items as u64);
    }
}

/// An attempt to send a message ended.
pub fn delivered(channel: &'static str, outcome: &'static str) {
    counter!(DELIVERIES, "channel" => channel, "outcome" => outcome).increment(1);
}

/// Everything measured, as Prometheus reads it.
pub async fn render(app: &App, handle: &PrometheusHandle) -> String {
    gauge!(WAITING).set(app.writer.waiting() as f64);
    gauge!(STREAMS).set(app.hub.listeners() as f64);
    gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION"), "build" => app.build.to_string())
        .set(1.0);
    let looked = tokio::time::timeout(PATIENCE, progress(app)).await;
    match looked.unwrap_or(Err(sqlx::Error::PoolTimedOut)) {
        Ok(lines) => {
            gauge!(REACHABLE).set(1.0);
            let now = app.clock.now();
            for line in lines {
                let behind = match line.made_to {
                    _ if line.caught_up => 0.0,
                    Some(made_to) => (now - made_to).0.max(0) as f64 / 1_000.0,
                    // Nothing is made yet.
                    None => f64::INFINITY,
                };
                gauge!(LAG, "line" => line.line).set(behind);
            }
        }
        Err(error) => {
            tracing::warn!(%error, "cannot see how far roll-ups are");
            gauge!(REACHABLE).set(0.0);
        }
    }
    handle.render()
}
