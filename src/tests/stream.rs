//! A live stream as a screen reads it.

use crate::harness::Server;
use axum::body::Body;
use axum::http::{HeaderName, Method, Request, header};
use http_body_util::BodyExt;
use ms5_floor::domain::ids::Seq;
use ms5_floor::server::http::router;
use ms5_floor::server::live::{nodes, publisher};
use serde_json::Value;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tower::ServiceExt;

/// How long an event may take to come.
pub const SOON: Duration = Duration::from_secs(10);

/// How long what is waited for may take, whatever else comes meanwhile.
const LONG_ENOUGH: Duration = Duration::from_secs(45);

/// From now on changes are told on the server's streams, until it stops.
pub fn publish(server: &Server) -> JoinHandle<()> {
    tokio::spawn(publisher::run(server.app.clone(), server.stop.clone()))
}

/// From now on the server follows what other nodes do, until it stops.
pub fn follow(server: &Server) -> JoinHandle<()> {
    tokio::spawn(nodes::follow(server.app.clone(), server.stop.clone()))
}

/// One event of a stream.
#[derive(Debug)]
pub struct Event {
    /// Its name.
    pub name: String,
    /// The last fact that it holds.
    pub id: Option<i64>,
    /// What it tells.
    pub data: Value,
}

/// A stream as a screen reads it.
pub struct Stream {
    body: Body,
    text: String,
}

impl Stream {
    /// Opens one; it must be answered as a stream.
    pub async fn open(server: &Server, query: &str, last_event_id: Option<i64>) -> Self {
        Self::open_with(server, &server.everything, query, last_event_id).await
    }

    /// The same with a key.
    pub async fn open_with(
        server: &Server,
        key: &str,
        query: &str,
        last_event_id: Option<i64>,
    ) -> Self {
        let key = format!("Bearer {key}");
        Self::open_as(server, query, last_event_id, (header::AUTHORIZATION, key)).await
    }

    /// The same, by whom a header names.
    pub async fn open_as(
        server: &Server,
        query: &str,
        last_event_id: Option<i64>,
        (name, value): (HeaderName, String),
    ) -> Self {
        let mut request = Request::builder()
            .method(Method::GET)
            .uri(format!("/api/v1/live{query}"))
            .header(name, value);
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let request = request.body(Body::empty()).expect("a request");
        let response = router(&server.shared)
            .oneshot(request)
            .await
            .expect("an answer");
        assert_eq!(response.status().as_u16(), 200);
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "text/event-stream"
        );
        Self {
            body: response.into_body(),
            text: String::new(),
        }
    }

    /// The next event; `None` when the stream has ended.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let event = parse(event);
                self.text = rest.to_owned();
                return Some(event);
            }
            let frame = tokio::time::timeout(SOON, self.body.frame())
                .await
                .expect("an event comes soon")?;
            let bytes = frame.expect("a frame").into_data().expect("data");
            self.text
                .push_str(std::str::from_utf8(&bytes).expect("text"));
        }
    }

    /// The next event of this name; others may come before it.
    pub async fn next_named(&mut self, name: &str) -> Event {
        let begun = Instant::now();
        loop {
            in_time(begun, name);
            let event = self
                .next()
                .await
                .unwrap_or_else(|| panic!("the stream ended before '{name}'"));
            if event.name == name {
                return event;
            }
        }
    }

    /// Reads tiles until one is of this line and holds at least this fact.
    pub async fn tile(&mut self, line: &str, seq: Seq) -> Event {
        let begun = Instant::now();
        loop {
            in_time(begun, line);
            let tile = self.next_named("tile").await;
            if tile.data["code"] == line && tile.id.is_some_and(|id| id >= seq.0) {
                return tile;
            }
        }
    }
}

fn parse(text: &str) -> Event {
    let field = |name: &str| {
        text.lines()
            .find_map(|l| l.strip_prefix(name)?.strip_prefix(':'))
            .map(str::trim)
    };
    Event {
        name: field("event").unwrap_or_default().to_owned(),
        id: field("id").map(|id| id.parse().expect("a number")),
        data: serde_json::from_str(field("data").unwrap_or("null"))
            .unwrap_or_else(|e| panic!("{e}: {text}")),
    }
}

/// Signs of life go on to come while what is waited for does not: the wait ends all the same.
pub fn in_time(begun: Instant, what: &str) {
    assert!(begun.elapsed() < LONG_ENOUGH, "'{what}' did not come");
}
