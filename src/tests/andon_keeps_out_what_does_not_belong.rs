//! Calls that cannot be are refused with what is wrong, and nobody reaches further than their rights do.

use crate::andon_scene::{Floor, minutes, start};
use crate::cast::Actor;
use crate::harness::{Place, request};
use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};

on_both! {
    what_cannot_be_is_refused_with_what_is_wrong,
    nobody_reaches_further_than_their_rights,
}

async fn what_cannot_be_is_refused_with_what_is_wrong(place: &Place) {
    let floor = Floor::new(place).await;
    let call = json!({"machine": "M1", "kind": "stop"});
    let id = floor.raised(&floor.operator, call).await;
    let before = floor.detail(id).await;
    let long = "ä".repeat(10_000);
    let soon = start() + minutes(1);
    let raise = "/api/v1/andon".to_owned();
    let act = |act: &str| format!("/api/v1/andon/calls/{id}/{act}");
    let table: Vec<(String, Value, u16, &str)> = vec![
        (
            raise.clone(),
            json!({"machine": "M9", "kind": "stop"}),
            404,
            "M9",
        ),
        (
            raise.clone(),
            json!({"line": "L9", "kind": "stop"}),
            404,
            "L9",
        ),
        (
            raise.clone(),
            json!({"line": "L2", "machine": "M1", "kind": "stop"}),
            422,
            "machine",
        ),
        (raise.clone(), json!({"kind": "stop"}), 422, "line"),
        (raise.clone(), json!({"machine": "M1"}), 422, "kind"),
        (
            raise.clone(),
            json!({"machine": "M1", "kind": "fire"}),
            400,
            "",
        ),
        (
            raise.clone(),
            json!({"machine": "M1", "kind": "stop", "at": soon}),
            400,
            "",
        ),
        (
            raise.clone(),
            json!({"machine": "M1", "kind": "stop", "priority": 9}),
            400,
            "",
        ),
        (
            raise.clone(),
            json!({"machine": "M1", "kind": "stop", "text": long}),
            422,
            "text",
        ),
        (
            raise.clone(),
            json!({"machine": "M1", "kind": "stop", "text": "a\u{0}b"}),
            422,
            "text",
        ),
        (raise, json!([]), 400, ""),
        (
            "/api/v1/andon/calls/999999/acknowledge".to_owned(),
            json!({}),
            404,
            "999999",
        ),
        (
            "/api/v1/andon/calls/999999/resolve".to_owned(),
            json!({"cause": "internal"}),
            404,
            "999999",
        ),
        (
            "/api/v1/andon/calls/x/resolve".to_owned(),
            json!({"cause": "internal"}),
            400,
            "",
        ),
        (
            "/api/v1/andon/calls/99999999999999999999/close".to_owned(),
            json!({}),
            400,
            "",
        ),
        (
            act("resolve"),
            json!({"cause": "internal"}),
            409,
            "acknowledge it first",
        ),
        (
            act("resolve"),
            json!({"cause": "internal", "note": "x".repeat(10_240)}),
            422,
            "note",
        ),
        (act("resolve"), json!({}), 400, ""),
        (act("resolve"), json!({"cause": "elsewhere"}), 400, ""),
        (act("acknowledge"), json!({"eta": start()}), 422, "eta"),
        (
            act("acknowledge"),
            json!({"eta": (start() + minutes(-5)).0}),
            422,
            "eta",
        ),
        (
            act("acknowledge"),
            json!({"eta": (start() + minutes(24 * 60 + 1)).0}),
            422,
            "eta",
        ),
        (act("acknowledge"), json!({"eta": i64::MAX}), 422, "eta"),
        (act("acknowledge"), json!({"eta": i64::MIN}), 422, "eta"),
        (act("acknowledge"), json!({"eta": "soon"}), 400, ""),
        (act("cancel"), json!({}), 422, "note"),
        (act("cancel"), json!({"note": " \n"}), 422, "note"),
        (act("cancel"), json!({"note": long}), 422, "note"),
        (act("cancel"), json!({"note": "a\u{0}b"}), 422, "note"),
        (act("reopen"), json!({"note": long}), 422, "note"),
        (act("close"), json!({"why": 1}), 400, ""),
    ];
    for (path, body, status, about) in table {
        let answer = floor.ask(&floor.engineer, Method::POST, &path, &body).await;
        let shown: String = body.to_string().chars().take(80).collect();
        assert_eq!(answer.status.as_u16(), status, "{path} {shown}: {answer:?}");
        let problem = answer.json();
        let told = if status == 422 {
            problem["fields"][0]["field"].to_string()
        } else {
            problem["detail"].to_string()
        };
        assert!(told.contains(about), "{path} {shown}: {problem}");
    }
    for (query, status) in [
        ("line=L9", 422),
        ("machine=M9", 422),
        ("kind=fire", 422),
        ("from=2026-07-07&to=2026-07-06", 422),
        ("from=-5", 422),
        ("limit=0", 422),
        ("limit=501", 422),
        ("cursor=nonsense", 422),
        ("colour=red", 400),
        ("to=9999999999999999", 200),
        ("limit=1", 200),
    ] {
        let path = format!("/api/v1/andon?{query}");
        let answer = floor.get(&floor.engineer, &path).await;
        assert_eq!(answer.status.as_u16(), status, "{query}: {answer:?}");
    }
    let mut plain = request(
        Method::POST,
        "/api/v1/andon",
        Some(&floor.server.everything),
        Body::from(r#"{"machine": "M1", "kind": "stop"}"#),
    );
    let text = "text/plain".parse().expect("a header");
    plain.headers_mut().insert("content-type", text);
    let answer = floor.server.ask_as_it_is(plain).await;
    assert_eq!(answer.status.as_u16(), 415);
    assert_eq!(
        floor.detail(id).await,
        before,
        "{}: nothing changed",
        place.engine
    );
    assert_eq!(floor.active().await.len(), 1);
}

async fn nobody_reaches_further_than_their_rights(place: &Place) {
    let floor = Floor::new(place).await;
    let (server, plant) = (&floor.server, floor.server.app.plant.get());
    let line = |code: &str| plant.line(code).expect("a line").id;
    let viewer = Actor::person(server, "viewer", None).await;
    let here = Actor::person(server, "engineer", Some(line("L1"))).await;
    let elsewhere = Actor::person(server, "engineer", Some(line("L2"))).await;
    let on_first = json!({"machine": "M1", "kind": "stop"});
    let id = floor.raised(&floor.operator, on_first.clone()).await;
    let on_second = json!({"machine": "M3", "kind": "stop"});
    let second = floor.raised(&floor.operator, on_second.clone()).await;

    let lacks = |answer: crate::harness::Answer, permission: &str| {
        let problem = answer.problem(403, "forbidden");
        assert!(problem.to_string().contains(permission), "{problem}");
    };
    lacks(floor.raise(&viewer, on_first.clone()).await, "andon:create");
    lacks(floor.raise(&elsewhere, on_first).await, "andon:create");
    let empty = || json!({});
    lacks(
        floor.act(&floor.operator, id, "acknowledge", empty()).await,
        "andon:acknowledge",
    );
    lacks(
        floor.act(&floor.operator, id, "close", empty()).await,
        "andon:resolve",
    );
    lacks(
        floor.act(&elsewhere, id, "acknowledge", empty()).await,
        "andon:acknowledge",
    );
    lacks(
        floor.act(&elsewhere, id, "escalate", empty()).await,
        "andon:create",
    );
    let path = format!("/api/v1/andon/calls/{id}");
    lacks(floor.get(&elsewhere, &path).await, "andon:read");
    lacks(
        floor.get(&elsewhere, "/api/v1/andon?line=L1").await,
        "andon:read",
    );
    lacks(
        floor.get(&elsewhere, "/api/v1/andon/active?line=L1").await,
        "andon:read",
    );

    for (who, sees) in [
        (&here, vec![id]),
        (&elsewhere, vec![second]),
        (&viewer, vec![id, second]),
    ] {
        let ids = |list: &Value| {
            let of = |c: &Value| c["id"].as_i64().or(c["call"]["id"].as_i64());
            let list = list.as_array().expect("a list").iter();
            let mut ids: Vec<i64> = list.map(|c| of(c).expect("a number")).collect();
            ids.sort_unstable();
            ids
        };
        let active = floor.get(who, "/api/v1/andon/active").await.json();
        let board = floor.get(who, "/api/v1/andon/board").await.json();
        let past = floor.get(who, "/api/v1/andon").await.json();
        assert_eq!(ids(&active), sees, "{}: {}", place.engine, who.name);
        assert_eq!(ids(&board["calls"]), sees, "{}", who.name);
        assert_eq!(ids(&past["calls"]), sees, "{}", who.name);
        assert_eq!(board["raised_lately"], sees.len(), "{}", who.name);
    }
    // Who is called where: the engineer of the other line is not.
    let told = floor.detail(id).await["call"]["told"].to_string();
    assert!(told.contains("engineer on line"), "{told}");
    let other = format!("engineer on line {}", line("L2").0);
    assert!(!told.contains(&other), "{told}");
    floor.acted(&here, id, "acknowledge", json!({})).await;
}
