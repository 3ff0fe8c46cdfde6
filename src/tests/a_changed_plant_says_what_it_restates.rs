//! `PUT /api/v1/plant` never restates the past in silence: its answer names the lines, and from when on.

use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::two_shifts;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

on_both! {
    the_answer_names_lines_and_from_when,
    a_machine_that_moves_restates_both_lines,
    rules_of_the_fold_restate_the_line_and_name_the_machine,
    the_document_of_the_api_knows_it,
}

const NOW: &str = "2026-07-10T10:00:00+02:00";

/// Sets the plant up; what is restated, and what was folded anew.
async fn put(server: &Server, key: &str, plant: &Value) -> (Value, Value) {
    let answer = server
        .send(Method::PUT, "/api/v1/plant", Some(key), plant)
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let answer = answer.json();
    (answer["restated"].clone(), answer["folded_anew"].clone())
}

fn all_of(line: &str) -> Value {
    json!({"line": line, "from": null, "to": at(NOW).0})
}

async fn started(place: &Place) -> (Server, String) {
    let server = Server::start(place, Hands::at(at(NOW)).clock()).await;
    let (_, key) = server.key("engineer", false, true).await;
    (server, key)
}

async fn the_answer_names_lines_and_from_when(place: &Place) {
    let (server, key) = started(place).await;
    let mut plant = two_shifts();
    assert_eq!(
        put(&server, &key, &plant).await,
        (json!([]), json!([])),
        "new"
    );
    plant["shift"][0]["start"] = json!("07:00");
    assert_eq!(
        put(&server, &key, &plant).await.0,
        json!([]),
        "from tomorrow on"
    );
    plant["planned_stop"] = json!([{"line": "L1", "from": "2026-07-06T10:00", "to": "2026-07-06T11:00", "name": "Meeting"}]);
    let past = json!([{
        "line": "L1",
        "from": at("2026-07-06T10:00:00+02:00").0,
        "to": at("2026-07-06T11:00:00+02:00").0,
    }]);
    assert_eq!(put(&server, &key, &plant).await.0, past, "{}", place.engine);
    plant["line"][0]["minor_stop_s"] = json!(60);
    let all = json!([all_of("L1")]);
    assert_eq!(put(&server, &key, &plant).await.0, all, "{}", place.engine);
}

async fn a_machine_that_moves_restates_both_lines(place: &Place) {
    let (server, key) = started(place).await;
    let mut plant = two_shifts();
    let other = json!({"code": "L2", "name": "Line 2", "area": "A"});
    plant["line"].as_array_mut().expect("lines").push(other);
    let third = json!({"code": "M3", "name": "Labeller", "line": "L2"});
    plant["machine"]
        .as_array_mut()
        .expect("machines")
        .push(third);
    put(&server, &key, &plant).await;
    plant["machine"][1]["line"] = json!("L2");
    let both = json!([all_of("L1"), all_of("L2")]);
    assert_eq!(put(&server, &key, &plant).await.0, both, "{}", place.engine);
    // To a line that is new: its past is that of the machine.
    let new = json!({"code": "L3", "name": "Line 3", "area": "A"});
    plant["line"].as_array_mut().expect("lines").push(new);
    plant["machine"][1]["line"] = json!("L3");
    let both = json!([all_of("L2"), all_of("L3")]);
    assert_eq!(put(&server, &key, &plant).await.0, both, "{}", place.engine);
}

async fn rules_of_the_fold_restate_the_line_and_name_the_machine(place: &Place) {
    let (server, key) = started(place).await;
    let mut plant = two_shifts();
    put(&server, &key, &plant).await;
    plant["machine"][1]["silence_s"] = json!(300);
    let said = put(&server, &key, &plant).await;
    let wanted = (json!([all_of("L1")]), json!(["M2"]));
    assert_eq!(said, wanted, "{}", place.engine);
}

async fn the_document_of_the_api_knows_it(place: &Place) {
    let (server, _) = started(place).await;
    let document = server.get("/api/v1/openapi.json", None).await.json();
    let answer = &document["components"]["schemas"]["PlantAnswer"]["properties"];
    assert_eq!(
        answer["restated"]["items"]["$ref"],
        "#/components/schemas/Restated"
    );
    assert!(answer["folded_anew"].is_object(), "{answer}");
    let fields = &document["components"]["schemas"]["Restated"]["properties"];
    for field in ["line", "from", "to"] {
        assert!(fields[field].is_object(), "{field}: {fields}");
    }
}
