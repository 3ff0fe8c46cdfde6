//! How much a request may bring and how long it may take, for every route.

use super::problem;
use axum::body::{Body, HttpBody};
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, TryStreamExt};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

/// The largest body of any request in bytes.
pub const MAX_BODY_BYTES: usize = crate::api::ingest::MAX_BATCH_BYTES;
/// How long a request may take until its answer begins. A stream, once begun, may go on.
const LONGEST: Duration = Duration::from_secs(30);
/// Setting up the plant may fold years of its timeline anew.
const LONGEST_SET_UP: Duration = Duration::from_secs(900);

/// What became of a body while it was read.
#[derive(Default)]
struct Reading {
    is_whole: AtomicBool,
    is_too_large: AtomicBool,
}

/// Refuses bodies over [`MAX_BODY_BYTES`] with 413, senders that are too slow with 408, and gives up with 503 what takes
/// too long here.
pub async fn keep(request: Request, next: Next) -> Response {
    let longest = longest(&request);
    within(longest, request, next).await
}

fn longest(request: &Request) -> Duration {
    let route = request.extensions().get::<MatchedPath>();
    if request.method() == Method::PUT && route.is_some_and(|r| r.as_str() == "/api/v1/plant") {
        LONGEST_SET_UP
    } else {
        LONGEST
    }
}

/// [`keep`] with another time limit.
pub async fn within(longest: Duration, request: Request, next: Next) -> Response {
    if announced(request.headers()).is_some_and(|bytes| bytes > MAX_BODY_BYTES as u64) {
        return too_large();
    }
    let reading = Arc::new(Reading::default());
    let watched = Arc::clone(&reading);
    let request = request.map(|body| watch(body, watched));
    let answer = tokio::time::timeout(longest, next.run(request)).await;
    match answer {
        // Some readers of bodies, such as that of server functions, call every failure theirs.
        Ok(answer) if reading.is_too_large.load(Ordering::Relaxed) => {
            if answer.status() == StatusCode::PAYLOAD_TOO_LARGE {
                answer
            } else {
                too_large()
            }
        }
        Ok(answer) => answer,
        Err(_) if reading.is_whole.load(Ordering::Relaxed) => {
            tracing::error!(seconds = longest.as_secs(), "given up: took too long");
            problem::unavailable("the answer took too long").into_response()
        }
        Err(_) => problem::too_slow().into_response(),
    }
}

fn too_large() -> Response {
    problem::too_large(format!("at most {MAX_BODY_BYTES} bytes in one body")).into_response()
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

/// The body, cut off at the limit, and noted when its end was seen.
fn watch(body: Body, reading: Arc<Reading>) -> Body {
    if body.is_end_stream() {
        reading.is_whole.store(true, Ordering::Relaxed);
        return body;
    }
    let at_the_end = Arc::clone(&reading);
    let pieces = Limited::new(body, MAX_BODY_BYTES).into_data_stream();
    let pieces = pieces.inspect_err(move |error| {
        if error.is::<LengthLimitError>() {
            reading.is_too_large.store(true, Ordering::Relaxed);
        }
    });
    let end = futures::stream::poll_fn(move |_| {
        at_the_end.is_whole.store(true, Ordering::Relaxed);
        Poll::Ready(None)
    });
    Body::from_stream(pieces.chain(end))
}
