//! Whatever changes the plant, or takes something out of quarantine, stands on the audit trail with who did it and what it
//! became.

use crate::browser::{Browser, leads_to};
use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::small_plant;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

on_both! {
    a_definition_is_on_record_with_the_past_that_it_restates,
    a_definition_of_many_rows_is_told_in_bounds,
    what_leaves_quarantine_is_on_record_as_it_was_sent,
    people_of_the_demonstration_are_on_record,
}

async fn served(place: &Place, plant: Value) -> Server {
    let hands = Hands::at(at("2026-07-06T10:00:00Z"));
    Server::with(place, hands.clock(), plant).await
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

/// The small plant with another name for its line, whose minor stops are shorter from ever on.
fn changed() -> Value {
    let mut plant = small_plant();
    plant["line"][0]["name"] = json!("Line one");
    plant["line"][0]["minor_stop_s"] = json!(30);
    plant
}

/// The changed rows of a record: table, name, and how long a minor stop is, 0 where that says nothing.
fn rows(record: &Value) -> Vec<(String, String, i64)> {
    let rows = record["changed"]["rows"].as_array().expect("rows").iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    rows.map(|r| {
        let row = &r["row"];
        let minor_stop_ms = row["minor_stop_ms"].as_i64().unwrap_or(0);
        (text(&r["table"]), text(&row["name"]), minor_stop_ms)
    })
    .collect()
}

/// How long a minor stop of the first row is.
fn was_ms(record: &Value) -> i64 {
    rows(record).first().expect("a row").2
}

async fn a_definition_of_many_rows_is_told_in_bounds(place: &Place) {
    let server = served(place, small_plant()).await;
    let put = async |plant: &Value| {
        let put = server.send(Method::PUT, "/api/v1/plant", None, plant).await;
        assert_eq!(put.status, StatusCode::OK, "{}", put.json());
        let row = server.on_record("plant.change").await.remove(0);
        (read(&row.was), read(&row.became))
    };
    let mut plant = small_plant();
    let products = plant["product"].as_array_mut().expect("products");
    for n in 0..150 {
        products.push(json!({"code": format!("N{n}"), "name": format!("New {n}")}));
    }
    let (was, became) = put(&plant).await;
    assert!(rows(&was).is_empty(), "{was}");
    assert_eq!(rows(&became).len(), 100, "{}", place.engine);
    assert_eq!(became["changed"]["more"], 50);
    // The rest of the plant is left out of a definition, not out of the plant; what is as it was is no change.
    let (was, became) = put(&small_plant()).await;
    for told in [was, became] {
        let changed = &told["changed"];
        assert_eq!(changed["rows"], json!([]), "{}: {told}", place.engine);
        assert_eq!(changed["more"], 0);
    }
    let mut plant = small_plant();
    plant["rate"][0]["units"] = json!(90);
    let (_, became) = put(&plant).await;
    let told = became["changed"]["rows"].as_array().expect("rows").iter();
    let rates: Vec<_> = told.filter(|r| r["table"] == "ideal_rate").collect();
    assert_eq!(rates.len(), 1, "{}: {became}", place.engine);
    let rate = &rates[0]["row"];
    assert_eq!(
        (&rate["machine"], &rate["product"]),
        (&json!("M1"), &json!("P1"))
    );
}

async fn a_definition_is_on_record_with_the_past_that_it_restates(place: &Place) {
    let server = served(place, small_plant()).await;
    let first = server.on_record("plant.change").await;
    assert_eq!(first.len(), 1, "the program set it up");
    assert_eq!(first[0].actor_kind, "program");
    let key = server.everything.clone();
    let put = server
        .send(Method::PUT, "/api/v1/plant", Some(&key), &changed())
        .await;
    assert_eq!(put.status, StatusCode::OK, "{}", put.json());
    let found = server.on_record("plant.change").await;
    let row = &found[0];
    assert_eq!((found.len(), row.actor_kind.as_str()), (2, "key"));
    let (was, became) = (read(&row.was), read(&row.became));
    assert_eq!(became["version"], put.json()["version"]);
    assert_eq!(
        was["version"].as_i64().map(|v| v + 1),
        became["version"].as_i64()
    );
    assert_eq!(became["definition"]["line"][0]["name"], "Line one");
    let restated = put.json()["restated"].as_array().map(Vec::len);
    assert_eq!(became["restated"].as_array().map(Vec::len), restated);
    assert_eq!(restated, Some(1));
    // What it changed, as it was and as it became, and nothing else.
    let row = |name: &str, minor_stop_ms: i64| ("line".to_owned(), name.to_owned(), minor_stop_ms);
    assert_eq!(rows(&was), [row("Line 1", was_ms(&was))]);
    assert_ne!(was_ms(&was), 30_000);
    assert_eq!(rows(&became), [row("Line one", 30_000)]);
    // What is refused changes nothing and is no change.
    let mut wrong = changed();
    wrong["site"]["zone"] = json!("Nowhere/Land");
    let refused = server
        .send(Method::PUT, "/api/v1/plant", Some(&key), &wrong)
        .await;
    refused.problem(422, "invalid");
    assert_eq!(server.on_record("plant.change").await.len(), 2);
}

async fn what_leaves_quarantine_is_on_record_as_it_was_sent(place: &Place) {
    let server = served(place, small_plant()).await;
    let key = server.everything.clone();
    let item = |id: &str, machine: &str| json!({"id": id, "machine": machine, "at": at("2026-07-06T09:00:00Z").0, "kind": "count", "good": 1});
    let sent = server
        .ingest(&key, &[item("a", "NOBODY"), item("b", "M9")])
        .await;
    assert_eq!(sent.rejected, 2);
    let list = server.get("/api/v1/quarantine", Some(&key)).await.json();
    let id = |name: &str| {
        let all = list.as_array().expect("a list");
        let one = all.iter().find(|row| row["item_id"] == name);
        one.expect("held")["id"].as_i64().expect("a number")
    };
    let path = format!("/api/v1/quarantine/{}", id("a"));
    let gone = server
        .send(Method::DELETE, &path, Some(&key), &json!(null))
        .await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let row = &server.on_record("quarantine.dismiss").await[0];
    assert_eq!(read(&row.was)["machine"], "NOBODY");
    assert_eq!(row.target, format!("quarantine:{}", id("a")));
    assert_eq!(row.actor_kind, "key");
    let mut plant = small_plant();
    let machine = json!({"code": "M9", "name": "Palletiser", "line": "L1"});
    plant["machine"]
        .as_array_mut()
        .expect("machines")
        .push(machine);
    server.set_up(plant).await;
    let path = format!("/api/v1/quarantine/{}/retry", id("b"));
    let again = server
        .send(Method::POST, &path, Some(&key), &json!({}))
        .await;
    assert_eq!(again.json()["accepted"], 1, "{}", again.json());
    let row = &server.on_record("quarantine.retry").await[0];
    assert_eq!(read(&row.was)["machine"], "M9");
    assert!(row.why.contains("unknown_machine"), "{}", row.why);
}

async fn people_of_the_demonstration_are_on_record(place: &Place) {
    let mut plant = small_plant();
    plant["site"]["simulated"] = json!(true);
    let server = served(place, plant).await;
    let mut browser = Browser::new(&server);
    browser.host = "127.0.0.1:3000";
    let tap = [("role", "engineer"), ("next", "/")];
    for _ in 0..2 {
        let answer = browser.post("/sign-in/demonstration", &tap).await;
        assert_eq!(leads_to(&answer), "/");
    }
    let added = server.on_record("person.add").await;
    assert_eq!(added.len(), 1);
    assert_eq!(added[0].target, "person:demo.engineer");
}
