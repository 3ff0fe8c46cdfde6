//! What can be asked stands in the document of the API; what cannot is refused by name.

use super::server;
use crate::harness::Place;
use ms5_floor::api::analysis::{AnalysisOfLine, Choice};
use ms5_floor::domain::time::DAY_MS;
use ms5_floor::server::services::analysis::analysis;
use serde_json::{Value, json};
use server_fn::ServerFn;

on_both! {
    what_cannot_be_asked_is_refused_by_name,
    every_route_of_the_api_is_in_its_document,
    a_server_function_that_cannot_read_its_arguments_says_400,
}

async fn what_cannot_be_asked_is_refused_by_name(place: &Place) {
    let (server, _) = server(place).await;
    let (from, to) = ("2026-10-05T00:00:00Z", "2026-10-06T00:00:00Z");
    let window = format!("from={from}&to={to}");
    for (path, status, code, field) in [
        (format!("/api/v1/oee/L9?{window}"), 404, "not_found", None),
        (
            format!("/api/v1/oee/L1/history?{window}&machine=M9"),
            404,
            "not_found",
            None,
        ),
        ("/api/v1/oee/L1".to_owned(), 422, "invalid", Some("from")),
        (
            format!("/api/v1/oee/L1?from={from}"),
            422,
            "invalid",
            Some("to"),
        ),
        (
            format!("/api/v1/oee/L1?from={to}&to={from}"),
            422,
            "invalid",
            Some("to"),
        ),
        (
            format!("/api/v1/oee/L1?from={from}&to={from}"),
            422,
            "invalid",
            Some("to"),
        ),
        (
            format!("/api/v1/oee/L1?from=2020-01-01T00:00:00Z&to={to}"),
            422,
            "invalid",
            Some("to"),
        ),
        (
            format!("/api/v1/oee/L1?from=yesterday&to={to}"),
            422,
            "invalid",
            Some("from"),
        ),
        (
            format!("/api/v1/oee/L1?from=-60000&to={to}"),
            422,
            "invalid",
            Some("from"),
        ),
        (
            "/api/v1/oee/L1?from=-9223372036854775808&to=9223372036854775807".to_owned(),
            422,
            "invalid",
            Some("from"),
        ),
        (
            "/api/v1/oee/L1?from=0&to=9223372036854775807".to_owned(),
            422,
            "invalid",
            Some("to"),
        ),
        (
            "/api/v1/oee/L1?from=1791158400001&to=1791244800000".to_owned(),
            422,
            "invalid",
            Some("from"),
        ),
        (
            format!("/api/v1/oee/L1/history?{window}&by=moon"),
            422,
            "invalid",
            Some("by"),
        ),
        (
            format!("/api/v1/oee/L1/history?{window}&limit=0"),
            422,
            "invalid",
            Some("limit"),
        ),
        (
            format!("/api/v1/oee/L1/history?from=2026-01-01T00:00:00Z&to={to}&by=hour"),
            422,
            "invalid",
            Some("by"),
        ),
        (
            format!("/api/v1/oee/L1/history?from=2025-01-01T00:00:00Z&to={to}&by=crew"),
            422,
            "invalid",
            Some("by"),
        ),
        (
            format!("/api/v1/oee/L1/trends?{window}&by=product"),
            422,
            "invalid",
            Some("by"),
        ),
        (
            format!("/api/v1/oee?from={to}&to={from}"),
            422,
            "invalid",
            Some("to"),
        ),
    ] {
        let answer = server.get(&path, None).await;
        let problem = answer.problem(status, code);
        if let Some(field) = field {
            assert_eq!(
                problem["fields"][0]["field"],
                json!(field),
                "{path}: {problem}"
            );
        }
    }
    for (choice, field) in [
        (
            Choice {
                period: Some("moon".to_owned()),
                ..Choice::default()
            },
            "period",
        ),
        (
            Choice {
                on: Some("2026-02-30".to_owned()),
                ..Choice::default()
            },
            "on",
        ),
        (
            Choice {
                on: Some("9999-12-31".to_owned()),
                ..Choice::default()
            },
            "on",
        ),
        (
            Choice {
                from: Some(0),
                ..Choice::default()
            },
            "to",
        ),
        (
            Choice {
                than_to: Some(60_000),
                ..Choice::default()
            },
            "than_from",
        ),
        (
            Choice {
                by: Some("moon".to_owned()),
                ..Choice::default()
            },
            "by",
        ),
        (
            Choice {
                from: Some(0),
                to: Some(367 * DAY_MS),
                crew: Some("A".to_owned()),
                ..Choice::default()
            },
            "crew",
        ),
        (
            Choice {
                from: Some(0),
                to: Some(367 * DAY_MS),
                shift: Some("Early".to_owned()),
                ..Choice::default()
            },
            "shift",
        ),
    ] {
        let refused = analysis(&crate::harness::by_the_program(&server.app), "L1", &choice)
            .await
            .expect_err("it cannot be")
            .to_string();
        assert!(
            refused.contains(&format!("\"{field}\"")),
            "{choice:?}: {refused}"
        );
    }
    let page = server.get("/api/v1/oee/L1/history?from=2026-10-05T00:00:00Z&to=2026-10-12T00:00:00Z&by=day&offset=2&limit=3", None).await.json();
    assert_eq!(page["rows"].as_array().map(Vec::len), Some(3));
    assert!(page["total"].as_u64() > Some(6));
}

async fn every_route_of_the_api_is_in_its_document(place: &Place) {
    let (server, _) = server(place).await;
    let document = server.get("/api/v1/openapi.json", None).await.json();
    let paths: Vec<&str> = document["paths"]
        .as_object()
        .expect("paths")
        .keys()
        .map(String::as_str)
        .collect();
    for path in [
        "/api/v1/ingest",
        "/api/v1/oee",
        "/api/v1/oee/{line}",
        "/api/v1/oee/{line}/history",
        "/api/v1/live",
        "/api/v1/plant",
    ] {
        assert!(paths.contains(&path), "{path} is not among {paths:?}");
    }
    // Every reference leads somewhere.
    let text = document.to_string();
    for reference in text
        .split("\"$ref\":\"#/")
        .skip(1)
        .filter_map(|r| r.split('"').next())
    {
        let found = document.pointer(&format!("/{reference}"));
        assert!(
            found.is_some_and(Value::is_object),
            "{reference} is not in the document"
        );
    }
}

async fn a_server_function_that_cannot_read_its_arguments_says_400(place: &Place) {
    let (server, _) = server(place).await;
    let path = AnalysisOfLine::PATH;
    let answer = server
        .get(&format!("{path}?code=L1&choice[from]=soon"), None)
        .await;
    assert_eq!(answer.status.as_u16(), 400, "{answer:?}");
    let answer = server.get(&format!("{path}?code=L9"), None).await;
    assert_eq!(answer.status.as_u16(), 404, "{answer:?}");
    let answer = server.get(&format!("{path}?code=L1"), None).await;
    assert_eq!(answer.status.as_u16(), 200, "{answer:?}");
}
