//! What cannot become a fact is kept with the reason, can be seen, sent again once the reason is gone, or dismissed.

use crate::harness::{Hands, Place, Server, at, small_plant, state};
use axum::http::{Method, StatusCode};
use ms5_floor::domain::machine_state::MachineState::{Running, Stopped};
use serde_json::{Value, json};

on_both! {
    an_item_is_sent_again_once_its_machine_is_known,
    a_conflict_is_kept_as_it_was_sent,
    the_list_goes_page_by_page,
    a_wrong_item_sent_again_and_again_fills_one_row,
}

const NOW: &str = "2026-07-06T10:00:00Z";
const LIST: &str = "/api/v1/quarantine";

async fn server(place: &Place) -> (Server, String) {
    let server = Server::with(place, Hands::at(at(NOW)).clock(), small_plant()).await;
    let (_, key) = server.key("engineer", false, true).await;
    (server, key)
}

async fn list(server: &Server, key: &str, query: &str) -> Vec<Value> {
    let answer = server.get(&format!("{LIST}{query}"), Some(key)).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json().as_array().expect("a list").clone()
}

async fn an_item_is_sent_again_once_its_machine_is_known(place: &Place) {
    let (server, key) = server(place).await;
    let item = state("a", "M3", at(NOW), Running);
    assert_eq!(
        server
            .ingest(&key, std::slice::from_ref(&item))
            .await
            .rejected,
        1
    );
    let rows = list(&server, &key, "").await;
    assert_eq!(rows.len(), 1, "{}", place.engine);
    assert_eq!(
        (rows[0]["source"].as_str(), rows[0]["item_id"].as_str()),
        (Some("engineer"), Some("a"))
    );
    assert_eq!(rows[0]["received_ms"], at(NOW).0);
    let retry = format!("{LIST}/{}/retry", rows[0]["id"]);

    let still = server
        .send(Method::POST, &retry, Some(&key), &json!({}))
        .await
        .json();
    assert_eq!(
        still["rejected"], 1,
        "{}: the machine is still not known: {still}",
        place.engine
    );
    assert_eq!(
        list(&server, &key, "").await.len(),
        1,
        "{}: it stays",
        place.engine
    );

    let mut plant = small_plant();
    let machine = json!({"code": "M3", "name": "Palletiser", "line": "L1"});
    plant["machine"]
        .as_array_mut()
        .expect("machines")
        .push(machine);
    let put = server
        .send(Method::PUT, "/api/v1/plant", Some(&key), &plant)
        .await;
    assert_eq!(
        (put.status, put.json()["machines"].as_i64()),
        (StatusCode::OK, Some(3))
    );
    let now = server
        .send(Method::POST, &retry, Some(&key), &json!({}))
        .await
        .json();
    assert_eq!(
        (now["accepted"].as_i64(), now["rejected"].as_i64()),
        (Some(1), Some(0)),
        "{}: {now}",
        place.engine
    );
    assert!(
        list(&server, &key, "").await.is_empty(),
        "{}: it is gone",
        place.engine
    );
    server
        .send(Method::POST, &retry, Some(&key), &json!({}))
        .await
        .problem(404, "not_found");
    let again = server.ingest(&key, &[item]).await;
    assert_eq!(
        again.duplicate, 1,
        "{}: it was stored under its own id",
        place.engine
    );
}

async fn a_conflict_is_kept_as_it_was_sent(place: &Place) {
    let (server, key) = server(place).await;
    let first =
        json!({"id": "a", "machine": "M1", "at": NOW, "kind": "count", "good": 1, "product": "P1"});
    let other =
        json!({"id": "a", "machine": "M1", "at": NOW, "kind": "count", "good": 2, "product": "P2"});
    assert_eq!(server.ingest(&key, &[first]).await.accepted, 1);
    assert_eq!(
        server
            .ingest(&key, std::slice::from_ref(&other))
            .await
            .rejected,
        1
    );
    let rows = list(&server, &key, "").await;
    let kept: Value = serde_json::from_str(rows[0]["item"].as_str().expect("text")).expect("JSON");
    for field in ["id", "machine", "kind", "good", "product"] {
        assert_eq!(
            kept[field], other[field],
            "{}: {field}: {kept}",
            place.engine
        );
    }
    let retry = format!("{LIST}/{}/retry", rows[0]["id"]);
    let still = server
        .send(Method::POST, &retry, Some(&key), &json!({}))
        .await
        .json();
    assert_eq!(
        still["results"][0]["code"], "conflict",
        "{}: {still}",
        place.engine
    );
    assert_eq!(
        list(&server, &key, "").await.len(),
        1,
        "{}: trying again adds no row",
        place.engine
    );
    let dismiss = format!("{LIST}/{}", rows[0]["id"]);
    let gone = server
        .send(Method::DELETE, &dismiss, Some(&key), &json!({}))
        .await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert!(list(&server, &key, "").await.is_empty(), "{}", place.engine);
    server
        .send(Method::DELETE, &dismiss, Some(&key), &json!({}))
        .await
        .problem(404, "not_found");
}

async fn the_list_goes_page_by_page(place: &Place) {
    let (server, key) = server(place).await;
    let items: Vec<Value> = (0..7)
        .map(|n| state(&format!("i{n}"), "M9", at(NOW), Stopped))
        .collect();
    assert_eq!(server.ingest(&key, &items).await.rejected, 7);
    let (mut seen, mut before) = (Vec::new(), String::new());
    loop {
        let page = list(&server, &key, &format!("?limit=3{before}")).await;
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 3);
        before = format!("&before={}", last["id"]);
        seen.extend(
            page.iter()
                .map(|row| row["item_id"].as_str().expect("an id").to_owned()),
        );
    }
    assert_eq!(
        seen,
        ["i6", "i5", "i4", "i3", "i2", "i1", "i0"],
        "{}: newest first, none twice",
        place.engine
    );
}

async fn a_wrong_item_sent_again_and_again_fills_one_row(place: &Place) {
    let (server, key) = server(place).await;
    let item = state("a", "M9", at(NOW), Running);
    for _ in 0..3 {
        let answer = server.ingest(&key, &[item.clone(), item.clone()]).await;
        assert_eq!(answer.rejected, 2, "{}", place.engine);
    }
    assert_eq!(list(&server, &key, "").await.len(), 1, "{}", place.engine);
}
