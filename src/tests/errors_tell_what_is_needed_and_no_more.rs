//! What is wrong with a request is told whole; what is wrong with the server is told by the id of the request alone, and
//! the rest is in the log under that id.

use crate::harness::{Answer, Hands, Place, Server, at, request};
use crate::small_plant::small_plant;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Method, Request, header};
use axum::routing::{get, post};
use leptos::prelude::*;
use ms5_floor::api::error::ApiError;
use ms5_floor::server::http::{MAX_BODY_BYTES, guarded, record_person, within};
use ms5_floor::server::log;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tower::ServiceExt;
use tracing::subscriber::DefaultGuard;

on_both! {
    every_wrong_field_is_named_at_once,
    what_a_server_function_cannot_read_is_the_callers_fault,
    what_the_framework_refuses_is_a_problem_too,
    a_statement_that_fails_inside_tells_its_request_only,
}

async fn server(place: &Place) -> Server {
    Server::with(
        place,
        Hands::at(at("2026-07-06T10:00:00Z")).clock(),
        small_plant(),
    )
    .await
}

fn fields(problem: &Value) -> Vec<&str> {
    let fields = problem["fields"].as_array().expect("fields").iter();
    fields
        .map(|f| f["field"].as_str().expect("a name"))
        .collect()
}

async fn every_wrong_field_is_named_at_once(place: &Place) {
    let server = server(place).await;
    for (path, expected) in [
        ("/api/v1/oee?from=yesterday&to=soon", vec!["from", "to"]),
        ("/api/v1/oee/L1?to=1", vec!["from"]),
        (
            "/api/v1/oee/L1/history?to=x&by=moon&limit=0",
            vec!["from", "to", "by", "limit"],
        ),
        (
            "/api/v1/oee/L1/trends?from=0&to=0&by=moon&limit=9999",
            vec!["by", "limit"],
        ),
        ("/api/v1/downtime?from=x&to=y", vec!["from", "to"]),
        (
            "/api/v1/downtime/statistics?from=x&to=y",
            vec!["from", "to"],
        ),
    ] {
        let problem = server.get(path, None).await.problem(422, "invalid");
        assert_eq!(fields(&problem), expected, "{path}: {problem}");
    }
    let (_, key) = server.key("office", false, true).await;
    let mut plant = small_plant();
    plant["line"][0]["area"] = json!("NOWHERE");
    plant["machine"][0]["line"] = json!("NOWHERE");
    let answer = server
        .send(Method::PUT, "/api/v1/plant", Some(&key), &plant)
        .await;
    let problem = answer.problem(422, "invalid");
    assert!(fields(&problem).len() >= 2, "{problem}");
}

async fn what_a_server_function_cannot_read_is_the_callers_fault(place: &Place) {
    let server = server(place).await;
    let deep = "[".repeat(100_000);
    let calls = [
        server
            .get("/api/calculate_oee?line=L1&from=x&to=1", None)
            .await,
        server
            .ask(request(
                Method::POST,
                "/api/downtime_confirm",
                None,
                Body::from("{"),
            ))
            .await,
        server
            .ask(request(
                Method::POST,
                "/api/downtime_confirm",
                None,
                Body::from(deep),
            ))
            .await,
    ];
    for answer in calls {
        assert_eq!(answer.status.as_u16(), 400, "{answer:?}");
        let error: ApiError = serde_json::from_slice(&answer.body).expect("an error");
        assert!(matches!(error, ApiError::Invalid { .. }), "{error:?}");
    }
}

async fn what_the_framework_refuses_is_a_problem_too(place: &Place) {
    let server = server(place).await;
    for (path, status, code) in [
        ("/api/v1/nothing", 404, "not_found"),
        ("/pkg/nothing.js", 404, "not_found"),
        ("/api/v1/downtime?lien=L1", 400, "malformed"),
        ("/api/v1/downtime/M1/yesterday", 400, "malformed"),
    ] {
        server.get(path, None).await.problem(status, code);
    }
    let to_stops = |kind: &str, body: &'static str| {
        let mut form = request(Method::POST, "/lines/L1/stops", None, Body::from(body));
        form.headers_mut()
            .insert(header::CONTENT_TYPE, kind.parse().expect("a type"));
        form
    };
    let answer = server.ask(to_stops("application/json", "{}")).await;
    answer.problem(415, "unsupported_media_type");
    let answer = server
        .ask(to_stops("application/x-www-form-urlencoded", "start=soon"))
        .await;
    answer.problem(400, "malformed");
    let on_a_page = server
        .send(Method::DELETE, "/lines/L1", None, &Value::Null)
        .await;
    on_a_page.problem(405, "method_not_allowed");
    let mut from_elsewhere = to_stops("application/x-www-form-urlencoded", "start=1");
    let headers = from_elsewhere.headers_mut();
    headers.insert(header::HOST, "floor.example".parse().expect("a host"));
    headers.insert(
        header::ORIGIN,
        "https://evil.example".parse().expect("an origin"),
    );
    server
        .ask(from_elsewhere)
        .await
        .problem(403, "cross_origin");
}

/// Breaks what is behind a route, so that its statement fails for a reason of ours.
async fn a_statement_that_fails_inside_tells_its_request_only(place: &Place) {
    let server = server(place).await;
    let mut tx = server.app.db.begin().await.expect("a transaction");
    let rename = "ALTER TABLE transition RENAME TO transition_of_yesterday";
    match &mut tx {
        ms5_floor::server::db::Tx::Sqlite(tx) => drop(
            sqlx::query(rename)
                .execute(&mut **tx)
                .await
                .expect("renamed"),
        ),
        ms5_floor::server::db::Tx::Postgres(tx) => drop(
            sqlx::query(rename)
                .execute(&mut **tx)
                .await
                .expect("renamed"),
        ),
    }
    tx.commit().await.expect("committed");
    let answer = server.get("/api/v1/downtime", None).await;
    only_the_request(&answer.problem(500, "internal"));
    let called = server.get("/api/board", None).await;
    assert_eq!(called.status.as_u16(), 500, "{called:?}");
    let error: ApiError = serde_json::from_slice(&called.body).expect("an error");
    let id = called.headers["x-request-id"]
        .to_str()
        .expect("an id")
        .to_owned();
    assert_eq!(error, ApiError::Internal { request: id });
    let page = server.get("/", None).await;
    assert_eq!(page.status.as_u16(), 500);
    let html = String::from_utf8_lossy(&page.body);
    let id = page.headers["x-request-id"].to_str().expect("an id");
    assert!(html.contains(id), "the page tells the id {id}: {html}");
    assert!(!html.contains("transition"), "and nothing of the statement");
}

fn only_the_request(problem: &Value) {
    let keys: Vec<&String> = problem.as_object().expect("an object").keys().collect();
    assert_eq!(
        keys,
        ["code", "request_id", "status", "title", "type"],
        "{problem}"
    );
}

/// A log in memory, for this thread.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Memory {
    fn start() -> (Self, DefaultGuard) {
        let memory = Self::default();
        let writer = memory.clone();
        let settings = log::Settings {
            format: log::Format::Json,
            ..log::Settings::default()
        };
        let clock = Hands::at(at("2026-07-06T10:00:00Z")).clock();
        let log = log::subscriber(settings, clock, move || writer.clone());
        (memory, tracing::subscriber::set_default(log))
    }

    fn lines(&self) -> Vec<Value> {
        let text = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let text = String::from_utf8(text).expect("text");
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
            .collect()
    }
}

impl std::io::Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

async fn ask(router: Router, request: Request<Body>) -> Answer {
    let response = router.oneshot(request).await.expect("an answer");
    Answer::of("no database", response).await
}

/// A server function with a bug.
#[server(prefix = "/api", endpoint = "breaks_for_the_test", input = server_fn::codec::GetUrl, output = server_fn::codec::Json)]
async fn breaks_for_the_test() -> Result<(), ApiError> {
    panic!("the secret of the function")
}

#[tokio::test]
async fn a_panic_is_answered_with_the_id_of_the_request_and_told_in_the_log() {
    server_fn::axum::register_explicit::<BreaksForTheTest>();
    let (memory, _log) = Memory::start();
    let routes = Router::new().route(
        "/breaks/{what}",
        get(async || -> () { panic!("the secret of the route") }),
    );
    let by_hand = ask(
        guarded(routes),
        request(Method::GET, "/breaks/7", None, Body::empty()),
    )
    .await;
    let function = get(leptos_axum::handle_server_fns);
    let called = ask(
        guarded(Router::new().route("/api/breaks_for_the_test", function)),
        request(Method::GET, "/api/breaks_for_the_test", None, Body::empty()),
    )
    .await;
    for (answer, secret, route) in [
        (by_hand, "the secret of the route", "/breaks/{what}"),
        (
            called,
            "the secret of the function",
            "/api/breaks_for_the_test",
        ),
    ] {
        only_the_request(&answer.problem(500, "internal"));
        let id = answer.headers["x-request-id"].to_str().expect("an id");
        let told = memory.lines();
        let told: Vec<&Value> = told.iter().filter(|l| l["request_id"] == id).collect();
        let panic = told.iter().find(|l| l["panic"] == secret);
        let panic = panic.unwrap_or_else(|| panic!("{told:?}"));
        assert_eq!(
            (&panic["level"], &panic["route"]),
            (&json!("ERROR"), &json!(route))
        );
        let ended = told.last().expect("a line");
        assert_eq!(
            (&ended["status"], &ended["level"]),
            (&json!(500), &json!("WARN"))
        );
        assert!(ended["ms"].is_number(), "{ended}");
    }
}

#[tokio::test]
async fn who_asks_is_on_every_line_once_it_is_known() {
    let (memory, _log) = Memory::start();
    let signs_in = async || {
        tracing::info!("before");
        record_person("Ada");
        tracing::info!("after");
    };
    let routes = Router::new().route("/in/{what}", post(signs_in));
    ask(
        guarded(routes),
        request(Method::POST, "/in/7", None, Body::empty()),
    )
    .await;
    let told: Vec<(Value, Value)> = memory
        .lines()
        .into_iter()
        .map(|l| (l["message"].clone(), l["person"].clone()))
        .collect();
    let line = |message: &str, person: Option<&str>| (json!(message), json!(person));
    let expected = [
        line("before", None),
        line("after", Some("Ada")),
        line("answered", Some("Ada")),
    ];
    assert_eq!(told, expected);
}

/// A body of unknown length.
fn in_pieces(pieces: usize) -> Body {
    let piece = Bytes::from(vec![b' '; 64 * 1024]);
    let pieces =
        std::iter::repeat_with(move || Ok::<_, std::io::Error>(piece.clone())).take(pieces);
    Body::from_stream(futures::stream::iter(pieces))
}

#[tokio::test]
async fn no_route_takes_more_than_the_limit() {
    let place = Place::sqlite();
    let server = server(&place).await;
    let key = server.everything.clone();
    for (method, path) in [
        (Method::POST, "/api/v1/ingest"),
        (Method::PUT, "/api/v1/plant"),
        (Method::POST, "/api/downtime_confirm"),
        (Method::POST, "/lines/L1/stops"),
    ] {
        let mut announced = request(method.clone(), path, Some(&key), Body::empty());
        announced
            .headers_mut()
            .insert(header::CONTENT_LENGTH, (MAX_BODY_BYTES + 1).into());
        server.ask(announced).await.problem(413, "too_large");
        let mut unknown = request(method, path, Some(&key), in_pieces(17));
        if path.ends_with("stops") {
            let form = "application/x-www-form-urlencoded".parse().expect("a type");
            unknown.headers_mut().insert(header::CONTENT_TYPE, form);
        }
        server.ask(unknown).await.problem(413, "too_large");
    }
}

#[tokio::test]
async fn nobody_keeps_a_request_open_for_ever() {
    let soon = Duration::from_millis(20);
    let limited = |routes: Router| {
        let within = axum::middleware::from_fn(move |request, next| within(soon, request, next));
        guarded(routes.layer(within))
    };
    let routes = || {
        Router::new()
            .route("/slow", post(std::future::pending::<()>))
            .route("/reads", post(async |_: Bytes| {}))
    };
    // The server is slow: it is its fault.
    let slow = request(Method::POST, "/slow", None, Body::empty());
    let answer = ask(limited(routes()), slow).await;
    answer.problem(503, "unavailable");
    assert!(answer.headers.contains_key(header::RETRY_AFTER));
    // The sender never ends: it is theirs.
    let never = Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
    let answer = ask(
        limited(routes()),
        request(Method::POST, "/reads", None, never),
    )
    .await;
    answer.problem(408, "too_slow");
}
