//! Why something was changed goes on record with it, also when a program changes it: a header says so, for REST and for server
//! functions alike, and what is no reason is refused before anything is done.

use crate::andon_scene::Floor;
use crate::harness::{Hands, Place, Server, at, request};
use crate::small_plant::small_plant;
use axum::body::Body;
use axum::http::{HeaderValue, Method, StatusCode};
use serde_json::json;

on_both! {
    a_header_says_why_to_the_record,
    a_server_function_takes_it_too,
    what_is_no_reason_is_refused_and_nothing_is_done,
    the_document_of_the_api_knows_it,
}

async fn served(place: &Place) -> Server {
    let hands = Hands::at(at("2026-07-06T10:00:00Z"));
    Server::with(place, hands.clock(), small_plant()).await
}

/// Renames the line, with this as the reason.
async fn rename(server: &Server, to: &str, why: Option<&[u8]>) -> StatusCode {
    let mut plant = small_plant();
    plant["line"][0]["name"] = json!(to);
    let body = Body::from(plant.to_string());
    let mut asked = request(Method::PUT, "/api/v1/plant", None, body);
    if let Some(why) = why {
        let why = HeaderValue::from_bytes(why).expect("a header");
        asked.headers_mut().insert("x-reason", why);
    }
    server.ask(asked).await.status
}

async fn a_header_says_why_to_the_record(place: &Place) {
    let server = served(place).await;
    let long = "x".repeat(500);
    for (n, why, told) in [
        (1, None, ""),
        (2, Some("the sign was repainted"), "the sign was repainted"),
        (
            3,
            Some(" Gr\u{f6}\u{df}e \u{4e00} "),
            "Gr\u{f6}\u{df}e \u{4e00}",
        ),
        (4, Some(long.as_str()), long.as_str()),
    ] {
        let name = format!("Line {n}{n}");
        let status = rename(&server, &name, why.map(str::as_bytes)).await;
        assert_eq!(status, StatusCode::OK, "{why:?}");
        let rows = server.on_record("plant.change").await;
        assert_eq!(rows[0].why, told, "{}", place.engine);
    }
}

async fn a_server_function_takes_it_too(place: &Place) {
    let floor = Floor::new(place).await;
    let call = json!({"call": {"line": "L1", "kind": "stop"}});
    let body = Body::from(call.to_string());
    let mut asked = request(Method::POST, "/api/andon_create", None, body);
    let headers = asked.headers_mut();
    headers.insert("sec-fetch-site", HeaderValue::from_static("same-origin"));
    headers.insert("x-reason", HeaderValue::from_static("the belt tore"));
    floor.operator.show(&floor.server, headers).await;
    let answer = floor.server.ask_as_it_is(asked).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let row = floor.server.on_record("andon.raise").await.remove(0);
    assert_eq!(row.why, "the belt tore", "{}", place.engine);
}

async fn what_is_no_reason_is_refused_and_nothing_is_done(place: &Place) {
    let server = served(place).await;
    let long = "x".repeat(501);
    let wrong: [&[u8]; 4] = [
        b"one\ttwo",
        "one\u{85}two".as_bytes(),
        b"one\xfftwo",
        long.as_bytes(),
    ];
    for why in wrong {
        let status = rename(&server, "Another line", Some(why)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{why:?}");
    }
    let rows = server.on_record("plant.change").await;
    assert_eq!(rows.len(), 1, "{}: that of the program", place.engine);
}

async fn the_document_of_the_api_knows_it(place: &Place) {
    let server = served(place).await;
    let document = server.get("/api/v1/openapi.json", None).await.json();
    let mut told = 0;
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods") {
            if !["get", "put", "post", "delete"].contains(&method.as_str()) {
                continue;
            }
            let parameters = operation["parameters"].as_array();
            let header = parameters
                .into_iter()
                .flatten()
                .find(|p| p["name"] == "X-Reason");
            let changes = method != "get" && path != "/api/v1/ingest";
            assert_eq!(header.is_some(), changes, "{method} {path}");
            if let Some(header) = header {
                assert_eq!(header["in"], "header", "{header}");
                assert_eq!(header["schema"]["maxLength"], 500, "{header}");
                told += 1;
            }
        }
    }
    assert!(told > 10, "{told}");
}
