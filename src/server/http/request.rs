//! The request that is being answered: its id, the span that its log lines carry, and the one line that says how it
//! ended. The path as it was typed and the query never reach the log: only the template of the route does.

use crate::server::metrics;
use any_spawner::{CustomExecutor, Executor, PinnedFuture, PinnedLocalFuture};
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use std::time::Instant;
use tracing::field::Empty;
use tracing::{Instrument, Span};

/// The route of what no route took: plain files of the site, and what does not exist.
const NO_ROUTE: &str = "none";
/// Machines post here all day: what went well is no news.
const INGEST: &str = "/api/v1/ingest";

#[derive(Clone)]
struct Current {
    id: String,
    span: Span,
}

tokio::task_local! {
    static CURRENT: Current;
}

/// The id of the request that is being answered.
#[must_use]
pub fn request_id() -> Option<String> {
    CURRENT.try_with(|current| current.id.clone()).ok()
}

/// Says in the log who asks, from here on.
pub fn record_person(name: &str) {
    // Outside of a request there is nobody to name.
    let _ = CURRENT.try_with(|current| {
        current.span.record("person", name);
    });
}

/// Gives every request an id, which its log lines, problem documents and answer carry; measures it and says how it ended.
pub async fn observe(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let id = uuid::Uuid::now_v7().to_string();
    let method = method(request.method());
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or(NO_ROUTE, MatchedPath::as_str).to_owned();
    let span = tracing::info_span!("request", request_id = id, method, route, person = Empty);
    let current = Current {
        id: id.clone(),
        span: span.clone(),
    };
    let answer = CURRENT.scope(current, next.run(request));
    let mut response = answer.instrument(span.clone()).await;
    let (status, took) = (response.status().as_u16(), begun.elapsed());
    metrics::answered(&route, method, status, took);
    span.in_scope(|| tell(&route, method, status, took.as_micros() as f64 / 1_000.0));
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

/// What changed something is told, what only read is not unless it is wanted; a failure of ours always is.
fn tell(route: &str, method: &'static str, status: u16, ms: f64) {
    let only_reads = method == "GET" || method == "HEAD";
    let went_well = status < 400;
    if status >= 500 {
        tracing::warn!(status, ms, "failed");
    } else if only_reads || went_well && route == INGEST {
        tracing::debug!(status, ms, "answered");
    } else {
        tracing::info!(status, ms, "answered");
    }
}

/// The method, out of a list: anyone may make one up.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

/// Runs what a page starts beside itself, such as reading its figures, as a part of the page's request: on tokio, with
/// the request's id and span.
struct WithinTheRequest;

impl CustomExecutor for WithinTheRequest {
    fn spawn(&self, task: PinnedFuture<()>) {
        drop(match CURRENT.try_with(Clone::clone) {
            Ok(current) => {
                let span = current.span.clone();
                tokio::spawn(CURRENT.scope(current, task).instrument(span))
            }
            Err(_) => tokio::spawn(task),
        });
    }

    fn spawn_local(&self, task: PinnedLocalFuture<()>) {
        drop(match CURRENT.try_with(Clone::clone) {
            Ok(current) => {
                let span = current.span.clone();
                tokio::task::spawn_local(CURRENT.scope(current, task).instrument(span))
            }
            Err(_) => tokio::task::spawn_local(task),
        });
    }

    fn poll_local(&self) {}
}

/// Has pages run their tasks within their request. Must come before the routes of the pages are listed: the framework
/// takes the first executor that it is given.
pub fn keep_tasks_within_requests() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        if Executor::init_custom_executor(WithinTheRequest).is_err() {
            tracing::error!("tasks of pages run without the id of their request");
        }
    });
}
