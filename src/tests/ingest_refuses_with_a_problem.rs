//! A batch that is refused as a whole is answered with a problem document (RFC 9457) that carries a stable code and the
//! id of the request, and nothing of the batch is stored.

use crate::harness::{Answer, Hands, Place, Server, at, request, until};
use crate::small_plant::{small_plant, state};
use axum::body::Body;
use axum::http::{Method, header};
use ms5_floor::api::ingest::{MAX_BATCH_BYTES, MAX_BATCH_ITEMS};
use ms5_floor::domain::machine_state::MachineState::Running;
use ms5_floor::domain::time::{DurMs, Span, TsMs};
use ms5_floor::server::auth::secret;
use ms5_floor::server::db::{facts, keys, timeline};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

on_both! {
    a_body_that_cannot_be_read,
    who_is_not_known_or_may_not,
    too_much_at_once,
    a_full_queue_says_when_to_come_back,
    what_no_route_would_take,
    of_a_key_only_its_hash_is_stored,
}

const NOW: &str = "2026-07-06T10:00:00Z";
const INGEST: &str = "/api/v1/ingest";

async fn server(place: &Place) -> (Server, String) {
    server_at(place, &Hands::at(at(NOW))).await
}

async fn server_at(place: &Place, hands: &Hands) -> (Server, String) {
    let server = Server::with(place, hands.clock(), small_plant()).await;
    let (_, key) = server.key("gateway", false, false).await;
    (server, key)
}

async fn post(server: &Server, key: &str, body: impl Into<Body>) -> Answer {
    server
        .ask(request(Method::POST, INGEST, Some(key), body.into()))
        .await
}

async fn nothing_is_stored(server: &Server) {
    assert_eq!(
        facts::last_seq(&server.app.db)
            .await
            .expect("the last number")
            .0,
        0
    );
}

async fn a_body_that_cannot_be_read(place: &Place) {
    let (server, key) = server(place).await;
    for body in [
        "",
        "{",
        "[]",
        "{}",
        r#"{"items": {}}"#,
        r#"{"items": [], "more": 1}"#,
        "{\"items\": [\"\u{1}\"]}",
    ] {
        let problem = post(&server, &key, body).await.problem(400, "malformed");
        assert!(
            problem["detail"].is_string(),
            "{}: {body}: {problem}",
            place.engine
        );
    }
    post(&server, &key, vec![0xff, 0xfe])
        .await
        .problem(400, "malformed");
    let empty = post(&server, &key, r#"{"items": []}"#)
        .await
        .problem(422, "invalid");
    assert_eq!(empty["fields"][0]["field"], "items", "{}", place.engine);
    for kind in ["text/plain", "application/x-www-form-urlencoded", ""] {
        let mut request = request(
            Method::POST,
            INGEST,
            Some(&key),
            Body::from(r#"{"items": []}"#),
        );
        request
            .headers_mut()
            .insert(header::CONTENT_TYPE, kind.parse().expect("a header"));
        server
            .ask(request)
            .await
            .problem(415, "unsupported_media_type");
    }
    let mut with_charset = request(
        Method::POST,
        INGEST,
        Some(&key),
        Body::from(r#"{"items": []}"#),
    );
    let kind = "Application/JSON; charset=utf-8".parse().expect("a header");
    with_charset
        .headers_mut()
        .insert(header::CONTENT_TYPE, kind);
    server.ask(with_charset).await.problem(422, "invalid");
    nothing_is_stored(&server).await;
}

async fn who_is_not_known_or_may_not(place: &Place) {
    let hands = Hands::at(at(NOW));
    let (server, key) = server_at(place, &hands).await;
    let body = json!({"items": [state("a", "M1", at(NOW), Running)]});
    let without = request(Method::POST, INGEST, None, Body::from(body.to_string()));
    server
        .ask_as_it_is(without)
        .await
        .problem(401, "unauthenticated");
    for key in [Some(""), Some("ms5_wrong"), Some(&*format!("{key}0"))] {
        let answer = server.send(Method::POST, INGEST, key, &body).await;
        answer.problem(401, "unauthenticated");
        assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer");
    }
    let mut basic = request(Method::POST, INGEST, None, Body::from(body.to_string()));
    let header_value = format!("Basic {key}").parse().expect("a header");
    basic
        .headers_mut()
        .insert(header::AUTHORIZATION, header_value);
    server.ask(basic).await.problem(401, "unauthenticated");

    for (method, path) in [
        (Method::PUT, "/api/v1/plant"),
        (Method::GET, "/api/v1/quarantine"),
        (Method::POST, "/api/v1/quarantine/1/retry"),
        (Method::DELETE, "/api/v1/quarantine/1"),
    ] {
        server
            .send(method.clone(), path, Some("nobody's"), &small_plant())
            .await
            .problem(401, "unauthenticated");
        let problem = server
            .send(method, path, Some(&key), &small_plant())
            .await
            .problem(403, "forbidden");
        let missing = if path == "/api/v1/plant" {
            "line:write"
        } else {
            "ingest:review"
        };
        assert_eq!(problem["permission"], missing, "{problem}");
    }
    // A new key of the same name replaces the old one, which was just used: it holds for a second more.
    let (_, new) = server.key("gateway", false, false).await;
    server
        .send(Method::GET, "/api/v1/quarantine", Some(&new), &Value::Null)
        .await
        .problem(403, "forbidden");
    hands.set(at(NOW) + DurMs(1_000));
    server
        .send(Method::POST, INGEST, Some(&key), &body)
        .await
        .problem(401, "unauthenticated");
    nothing_is_stored(&server).await;
}

async fn too_much_at_once(place: &Place) {
    let (server, key) = server(place).await;
    let items: Vec<Value> = (0..=MAX_BATCH_ITEMS).map(|_| json!(1)).collect();
    post(&server, &key, json!({"items": items}).to_string())
        .await
        .problem(413, "too_large");
    let mut body = json!({"items": [state("a", "M1", at(NOW), Running)]}).to_string();
    body.push_str(&" ".repeat(MAX_BATCH_BYTES - body.len()));
    body.push(' ');
    post(&server, &key, body.clone())
        .await
        .problem(413, "too_large");
    nothing_is_stored(&server).await;
    body.pop();
    assert_eq!(
        post(&server, &key, body).await.status.as_u16(),
        200,
        "{}: exactly as much as allowed",
        place.engine
    );
}

/// A batch as large as allowed.
fn large_batch(n: usize) -> Value {
    let item = |i: usize| json!({"id": format!("{n}-{i}"), "machine": "M1", "at": at(NOW).0 - i as i64, "kind": "count", "good": 1});
    json!({"items": (0..MAX_BATCH_ITEMS).map(item).collect::<Vec<_>>()})
}

async fn a_full_queue_says_when_to_come_back(place: &Place) {
    let (server, key) = server(place).await;
    let server = Arc::new(server);
    // While the test holds the place of the one who appends, everything waits.
    let held = server
        .app
        .db
        .begin_append()
        .await
        .expect("the place of the one who appends");
    let waiting: Vec<_> = (0..9)
        .map(|n| {
            let (server, key, body) = (Arc::clone(&server), key.clone(), large_batch(n));
            tokio::spawn(async move { server.send(Method::POST, INGEST, Some(&key), &body).await })
        })
        .collect();
    let one_more = json!({"items": [state("one more", "M1", at(NOW), Running)]});
    let refused = until("a full queue", Duration::from_secs(20), async || {
        let asked = server.send(Method::POST, INGEST, Some(&key), &one_more);
        // An item that is not refused waits with the others; asking again is then a repetition.
        let answer = tokio::time::timeout(Duration::from_millis(50), asked)
            .await
            .ok()?;
        Some(answer)
    })
    .await;
    refused.problem(429, "busy");
    let after: u32 = refused.headers[header::RETRY_AFTER]
        .to_str()
        .expect("text")
        .parse()
        .expect("seconds");
    assert!((1..=60).contains(&after), "{}: {after}", place.engine);
    drop(held);
    // Whether the ninth batch found room depends on what came before it; whatever was refused is not stored.
    let mut refused = 0;
    for (n, one) in waiting.into_iter().enumerate() {
        let answer = one.await.expect("answered");
        if answer.status.as_u16() == 429 {
            refused += 1;
            let again = until("room", Duration::from_secs(20), async || {
                let again = server
                    .send(Method::POST, INGEST, Some(&key), &large_batch(n))
                    .await;
                (again.status.as_u16() != 429).then_some(again)
            })
            .await;
            assert_eq!(
                again.json()["accepted"],
                MAX_BATCH_ITEMS,
                "{}",
                place.engine
            );
        } else {
            assert_eq!(answer.status.as_u16(), 200, "{}: {answer:?}", place.engine);
            assert_eq!(
                answer.json()["accepted"],
                MAX_BATCH_ITEMS,
                "{}",
                place.engine
            );
        }
    }
    assert!(
        refused <= 1,
        "{}: 40,000 items may wait: {refused}",
        place.engine
    );
    let again = server
        .send(Method::POST, INGEST, Some(&key), &one_more)
        .await;
    assert_eq!(again.status.as_u16(), 200, "{}: {again:?}", place.engine);
    let minutes = timeline::minutes(
        &mut server.snapshot().await,
        &[(server.machine("M1"), Span::clamped(TsMs(0), TsMs(i64::MAX)))],
    )
    .await;
    let made: i64 = minutes
        .expect("minutes")
        .concat()
        .iter()
        .map(|m| m.counts.good)
        .sum();
    assert_eq!(
        made,
        9 * MAX_BATCH_ITEMS as i64,
        "{}: every piece once",
        place.engine
    );
}

async fn of_a_key_only_its_hash_is_stored(place: &Place) {
    let (server, key) = server(place).await;
    assert!(
        key.starts_with("ms5_") && key.len() == 68,
        "256 bits behind a prefix that can be recognised"
    );
    let row = keys::by_hash(&server.app.db, &secret::hash(&key))
        .await
        .expect("read");
    assert_eq!(row.map(|r| r.source).as_deref(), Some("gateway"));
    let as_itself = keys::by_hash(&server.app.db, key.as_bytes())
        .await
        .expect("read");
    assert_eq!(as_itself, None, "{}", place.engine);
    if let Some(file) = server
        .app
        .db
        .is_shared()
        .then_some("")
        .or(place.url.strip_prefix("sqlite://"))
        .filter(|f| !f.is_empty())
    {
        server.app.db.close().await;
        let bytes = std::fs::read(file).expect("the file");
        let secret = key.trim_start_matches("ms5_").as_bytes();
        assert!(
            !bytes.windows(secret.len()).any(|w| w == secret),
            "the key does not stand in the file"
        );
    }
}

async fn what_no_route_would_take(place: &Place) {
    let (server, _) = server(place).await;
    let (_, key) = server.key("engineer", false, true).await;
    let path = "/api/v1/oee/%ff?from=0&to=60000";
    let problem = server.get(path, None).await.problem(400, "malformed");
    assert!(problem["detail"].is_string(), "{path}: {problem}");
    for (path, field) in [
        ("/api/v1/quarantine?limit=many", "limit"),
        ("/api/v1/live?since=yesterday", "since"),
    ] {
        let problem = server.get(path, None).await.problem(422, "invalid");
        assert_eq!(problem["fields"][0]["field"], field, "{problem}");
    }
    let path = "/api/v1/quarantine/first";
    server
        .send(Method::DELETE, path, Some(&key), &json!({}))
        .await
        .problem(400, "malformed");
    for (method, path, allowed) in [
        (Method::GET, INGEST, "POST"),
        (Method::POST, "/api/v1/plant", "PUT"),
    ] {
        let answer = server.send(method, path, Some(&key), &json!({})).await;
        answer.problem(405, "method_not_allowed");
        assert_eq!(answer.headers[header::ALLOW], allowed, "{}", place.engine);
    }
    server
        .get("/api/v1/nothing", Some(&key))
        .await
        .problem(404, "not_found");
    let missing = "/api/v1/oee/L1?from=0";
    let problem = server.get(missing, None).await.problem(422, "invalid");
    assert_eq!(problem["fields"][0]["field"], "to", "{}", place.engine);
    let unknown = "/api/v1/oee/L9?from=0&to=60000";
    server.get(unknown, None).await.problem(404, "not_found");
}
