//! A stop and the calls for help about it are tied together, and each tells the other: to programs and on pages, to those who
//! may see both.

use crate::andon_scene::{Floor, minutes, start};
use crate::browser::{Browser, text};
use crate::harness::Place;
use axum::http::{Method, StatusCode};
use ms5_floor::domain::machine_state::MachineState::{Running, Stopped};
use ms5_floor::domain::rights::{Permission, PermissionSet};
use serde_json::{Value, json};

on_both! {
    stops_tell_their_calls_and_calls_their_stop,
    pages_lead_from_the_stop_to_the_call_and_back,
    who_may_not_see_one_of_both_is_not_told_of_it,
}

/// When the stop of M1 began, minutes after the start.
const STOP: i64 = -2;

/// M1, which sets the pace of line 1, stands, and so does M3 of line 2; two calls are about the stop of M1: one of the machine,
/// which somebody took, and one of its line.
async fn scene(place: &Place) -> (Floor, [i64; 2]) {
    let mut floor = Floor::new(place).await;
    floor
        .tell(&[
            ("M1", -60, Running),
            ("M1", STOP, Stopped),
            ("M3", -60, Running),
            ("M3", -5, Stopped),
            ("M3", -1, Running),
        ])
        .await;
    let own = json!({"machine": "M1", "kind": "stop"});
    let own = floor.raised(&floor.operator, own).await;
    let of_line = json!({"line": "L1", "kind": "maintenance"});
    let of_line = floor.raised(&floor.operator, of_line).await;
    // Of a machine that runs: about no stop.
    let other = json!({"machine": "M3", "kind": "quality"});
    floor.raised(&floor.operator, other).await;
    floor
        .acted(&floor.engineer, own, "acknowledge", json!({}))
        .await;
    floor.hands.set(start() + minutes(10));
    (floor, [own, of_line])
}

/// An answer that must be one.
async fn got(floor: &Floor, path: &str, key: Option<&str>) -> Value {
    let answer = floor.server.get(path, key).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {answer:?}");
    answer.json()
}

fn around() -> String {
    let (from, to) = (start() - minutes(60), start() + minutes(10));
    format!("from={}&to={}", from.0, to.0)
}

/// The calls that each stop of an answer tells, by the machine of the stop.
async fn told(floor: &Floor, key: Option<&str>) -> Vec<(String, Value)> {
    let page = got(floor, &format!("/api/v1/downtime?{}", around()), key).await;
    let events = page["events"].as_array().expect("events").iter();
    let one = |event: &Value| {
        let machine = event["machine"].as_str().expect("a code");
        (machine.to_owned(), event["calls"].clone())
    };
    events.map(one).collect()
}

async fn stops_tell_their_calls_and_calls_their_stop(place: &Place) {
    let (mut floor, [own, of_line]) = scene(place).await;
    let calls = json!([
        {"id": own, "kind": "stop", "status": "acknowledged"},
        {"id": of_line, "kind": "maintenance", "status": "raised"},
    ]);
    let both = [
        ("M1".to_owned(), calls.clone()),
        ("M3".to_owned(), json!([])),
    ];
    assert_eq!(told(&floor, None).await, both, "{}", place.engine);
    let active = got(&floor, "/api/v1/downtime/active", None).await;
    assert_eq!(active[0]["calls"], calls, "{active}");
    let began = start() + minutes(STOP);
    let one = got(&floor, &format!("/api/v1/downtime/M1/{}", began.0), None).await;
    assert_eq!(one["event"]["calls"], calls, "{one}");
    // Somebody says why; each call knows it.
    let said = json!({"version": 0, "reasons": [{"reason": "MAT_JAM"}]});
    let path = format!("/api/v1/downtime/M1/{}/confirm", began.0);
    let answer = floor.server.send(Method::POST, &path, None, &said).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let reason = answer.json()["parts"][0]["reason"]["name"].clone();
    assert!(reason.is_string(), "{answer:?}");
    for id in [own, of_line] {
        let stop = floor.detail(id).await["stop"].clone();
        let expected = json!({
            "id": format!("M1-{}", began.0), "machine": "Filler", "from": began.0, "to": null,
            "length": minutes(10 - STOP).0, "reasons": [reason],
        });
        assert_eq!(stop, expected, "{}: {id}", place.engine);
    }
    // Late facts make the stop longer, and it ends: it is still the same.
    floor
        .tell(&[("M1", STOP - 8, Stopped), ("M1", 5, Running)])
        .await;
    let told = told(&floor, None).await;
    let own_stop = told.iter().find(|(machine, _)| machine == "M1");
    assert_eq!(own_stop.map(|(_, calls)| calls), Some(&calls));
    let stop = floor.detail(own).await["stop"].clone();
    let length = minutes(5 - STOP + 8).0;
    assert_eq!(
        (&stop["length"], &stop["to"]),
        (&json!(length), &json!((start() + minutes(5)).0))
    );
    let page = got(&floor, "/api/v1/andon?line=L1", None).await;
    for detail in page["calls"].as_array().expect("calls") {
        assert_eq!(detail["stop"]["length"], length, "{detail}");
    }
    let other = got(&floor, "/api/v1/andon?line=L2", None).await;
    assert_eq!(other["calls"][0]["stop"], json!(null), "it is about none");
}

async fn pages_lead_from_the_stop_to_the_call_and_back(place: &Place) {
    let (floor, [own, of_line]) = scene(place).await;
    let began = (start() + minutes(STOP)).0;
    let drawn = async |query: &str| {
        let query = query.replace('&', "%26").replace('=', "%3D");
        let path = format!("/api/sheet?code=L1&query={query}");
        let sheet = got(&floor, &path, None).await;
        sheet["parts"][0].as_str().expect("HTML").to_owned()
    };
    let list = drawn(&format!("view=stops&{}", around())).await;
    for (id, words) in [
        (own, "Stop, acknowledged"),
        (of_line, "Maintenance, raised"),
    ] {
        let link = format!("href=\"/andon/history?call={id}#call\"");
        let words = format!("Call {id}: {words}");
        assert!(
            list.contains(&link) && list.contains(&words),
            "{link} {words}: {list}"
        );
    }
    let mut mona = Browser::of(&floor.server, "mona", "production_manager").await;
    let page = text(&mona.get(&format!("/andon/history?call={own}")).await);
    let words = "Stop of Filler at 2026-07-06 09:58:00, 12 min so far: no reason yet";
    assert!(page.contains(words), "{}: {page}", place.engine);
    let (_, link) = page
        .split_once("href=\"/lines/L1?view=stops")
        .expect("a link to the stop");
    let (query, _) = link.split_once("#stop\"").expect("its end");
    let query = format!("view=stops{}", query.replace("&amp;", "&"));
    assert!(query.contains(&format!("stop=M1-{began}")), "{query}");
    let opened = drawn(&query).await;
    assert!(opened.contains("id=\"stop\""), "it is opened: {opened}");
    assert!(opened.contains(&format!("Call {own}: Stop")), "{opened}");
    let list = text(&mona.get("/andon/history?kind=stop").await);
    assert!(list.contains("12 min so far"), "in the list, too: {list}");
}

async fn who_may_not_see_one_of_both_is_not_told_of_it(place: &Place) {
    let (floor, [own, _]) = scene(place).await;
    let key = async |name: &str, may: &[Permission]| {
        let may = PermissionSet::of(may);
        floor.server.key_that_may(name, may).await
    };
    let stops = key("stops", &[Permission::DowntimeRead]).await;
    for (machine, calls) in told(&floor, Some(&stops)).await {
        assert_eq!(calls, json!([]), "{}: {machine}", place.engine);
    }
    let calls = key("calls", &[Permission::AndonRead]).await;
    let path = format!("/api/v1/andon/calls/{own}");
    let detail = got(&floor, &path, Some(&calls)).await;
    assert_eq!(detail["stop"], json!(null), "{}", place.engine);
    assert!(
        detail["call"]["stop"].is_i64(),
        "that it is about one is its own"
    );
}
