//! Every wrong field is named at once, and who sent a form with a browser gets a page, never a document for programs.

use crate::browser::{Browser, add_person, role_id, text};
use crate::harness::{Answer, Hands, Place, Server, at};
use crate::small_plant::{small_plant, state};
use axum::http::{Method, StatusCode, header};
use ms5_floor::domain::machine_state::MachineState::{Running, Stopped};
use serde_json::json;

on_both! {
    every_wrong_field_is_named_at_once,
    a_browser_gets_a_page_also_when_its_form_cannot_be_read,
}

async fn served(place: &Place) -> Server {
    let hands = Hands::at(at("2026-07-06T12:00:00Z"));
    let server = Server::with(place, hands.clock(), small_plant()).await;
    let items = [
        state("a", "M1", at("2026-07-06T10:00:00Z"), Running),
        state("b", "M1", at("2026-07-06T11:00:00Z"), Stopped),
    ];
    server.ingest(&server.everything, &items).await;
    server
}

async fn every_wrong_field_is_named_at_once(place: &Place) {
    let server = served(place).await;
    let start = at("2026-07-06T11:00:00Z").0;
    let said = json!({
        "version": 0,
        "comment": "x".repeat(2001),
        "reasons": [
            {"reason": "NONE_SUCH", "from": start - 1, "to": start + 10_000},
            {"reason": "MECH_FAULT"},
            {"reason": "NONE_SUCH", "from": start + 60_000, "to": start},
        ],
    });
    let path = format!("/api/v1/downtime/M1/{start}/confirm");
    let answer = server.send(Method::POST, &path, None, &said).await;
    let problem = answer.problem(422, "invalid");
    let fields = problem["fields"].as_array().expect("fields");
    let mut named: Vec<&str> = fields.iter().filter_map(|f| f["field"].as_str()).collect();
    named.sort_unstable();
    assert_eq!(
        named,
        [
            "comment",
            "reasons[0].from",
            "reasons[0].reason",
            "reasons[1].from",
            "reasons[2].reason",
            "reasons[2].to",
        ],
        "{}",
        place.engine
    );
    let ann = add_person(&server, "ann", "operator").await;
    let mut admin = Browser::of(&server, "ada", "admin").await;
    let operator = role_id(&server, "operator").await.to_string();
    let form = [
        ("login", "Not A Login!"),
        ("name", ""),
        ("email", "nowhere"),
        ("role", &*operator),
        ("where", "the moon"),
        ("role", "none"),
        ("where", "site"),
    ];
    let answer = admin.post("/admin/people", &form).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    for field in [
        "login: ",
        "name: ",
        "email: ",
        "roles: one of them",
        "roles: one of the places",
    ] {
        let page = text(&answer);
        assert!(page.contains(&format!("<li>{field}")), "{field}: {page}");
    }
    let form = [("issuer", "nowhere"), ("subject", "")];
    let answer = admin
        .post(&format!("/admin/people/{}/provider", ann.0), &form)
        .await;
    for field in ["issuer: ", "subject: "] {
        let page = text(&answer);
        assert!(page.contains(&format!("<li>{field}")), "{field}: {page}");
    }
}

fn is_page(answer: &Answer, status: StatusCode, what: &str) {
    let page = text(answer);
    assert_eq!(answer.status, status, "{what}: {page}");
    let kind = answer.headers[header::CONTENT_TYPE].to_str().expect("text");
    assert!(kind.starts_with("text/html"), "{what}: {kind}: {page}");
    assert!(page.contains("<h1"), "{what}: {page}");
}

async fn a_browser_gets_a_page_also_when_its_form_cannot_be_read(place: &Place) {
    let server = served(place).await;
    let mut admin = Browser::of(&server, "ada", "admin").await;
    let stop = [
        ("back", ""),
        ("machine", "M9"),
        ("start", "1"),
        ("version", "0"),
        ("comment", "x"),
    ];
    let answer = admin.post("/lines/L1/stops", &stop).await;
    is_page(
        &answer,
        StatusCode::NOT_FOUND,
        "a machine that is not there",
    );
    let answer = admin.post("/lines/L1/stops", &[("start", "soon")]).await;
    is_page(&answer, StatusCode::BAD_REQUEST, "an odd stop");
    for path in [
        "/admin/people/x",
        "/admin/keys/x/revoke",
        "/admin/devices/x/link",
    ] {
        let answer = admin.post(path, &[]).await;
        is_page(&answer, StatusCode::BAD_REQUEST, path);
    }
    is_page(
        &admin.get("/admin/people/x").await,
        StatusCode::BAD_REQUEST,
        "no number",
    );
    // A program goes on to get a document.
    let answer = server
        .send(Method::POST, "/lines/L1/stops", None, &json!({}))
        .await;
    answer.problem(415, "unsupported_media_type");
    server.app.db.close().await;
    let answer = admin.post("/lines/L1/stops", &stop).await;
    is_page(&answer, StatusCode::SERVICE_UNAVAILABLE, "no database");
}
