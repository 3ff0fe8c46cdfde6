//! Whatever comes to the doors that take JSON is answered: item by item where it is a batch, with a problem where it is
//! none. Nothing panics, nothing is a fault of the server, and what was let in harms no figure afterwards.

use crate::arbitrary::{answered_by_the_api, each, json, text, written};
use crate::harness::{Hands, Place, Server, at, request};
use crate::small_plant::{small_plant, state};
use axum::body::Body;
use axum::http::{Method, StatusCode};
use ms5_floor::domain::machine_state::MachineState;
use ms5_floor::domain::time::{HOUR_MS, MINUTE_MS, TsMs};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestCaseError;
use serde_json::{Value, json};

on_both!(
    a_body_of_any_bytes_is_answered,
    every_item_of_a_batch_is_answered_whatever_it_holds,
    a_plant_of_any_values_is_taken_or_refused_and_can_be_loaded,
    whatever_is_said_of_a_stop_is_taken_or_refused,
);

const NOW: &str = "2026-07-06T12:00:00Z";

async fn start(place: &Place) -> Server {
    Server::with(place, Hands::at(at(NOW)).clock(), small_plant()).await
}

/// Sends a body to a route that takes JSON.
async fn send(
    server: &Server,
    method: Method,
    path: &str,
    body: Vec<u8>,
) -> crate::harness::Answer {
    server
        .ask(request(method, path, None, Body::from(body)))
        .await
}

/// Figures can still be read, all of them.
async fn figures_stand(server: &Server) {
    for path in [
        "/api/v1/quarantine?limit=500",
        "/api/v1/oee?from=2026-07-05T00:00:00Z&to=2026-07-06T12:00:00Z",
        "/api/v1/oee/L1/history?from=2026-07-05T00:00:00Z&to=2026-07-06T12:00:00Z&by=hour",
        "/api/v1/oee/L1/now",
        "/api/v1/downtime",
        "/api/v1/downtime/statistics",
        "/api/board",
        "/api/line?code=L1",
    ] {
        let answer = server.get(path, None).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {answer:?}");
    }
}

async fn a_body_of_any_bytes_is_answered(place: &Place) {
    let server = start(place).await;
    let bytes = prop::collection::vec(any::<u8>(), 0..400);
    let bodies = prop_oneof![
        2 => bytes.clone(),
        2 => written().prop_map(String::into_bytes),
        2 => written().prop_map(|items| format!("{{\"items\": {items}}}").into_bytes()),
        1 => (bytes, any::<prop::sample::Index>()).prop_map(|(broken, at)| {
            // A good batch with some bytes of it overwritten.
            let mut body = json!({"items": [count("broken")]}).to_string().into_bytes();
            let at = at.index(body.len());
            for (byte, other) in body.iter_mut().skip(at).zip(broken.iter().take(4)) {
                *byte = *other;
            }
            body
        }),
        1 => (1_usize..200_000).prop_map(|depth| "[".repeat(depth).into_bytes()),
    ];
    let doors = select(vec![
        (Method::POST, "/api/v1/ingest"),
        (Method::POST, "/api/v1/ingest"),
        (Method::PUT, "/api/v1/plant"),
        (Method::POST, "/api/v1/downtime/M1/1783339200000/confirm"),
        (Method::POST, "/api/v1/quarantine/1/retry"),
    ]);
    each((1, 250), (doors, bodies), async |((method, path), body)| {
        answered_by_the_api(&send(&server, method, path, body).await)
    });
    figures_stand(&server).await;
}

fn count(id: &str) -> Value {
    json!({"id": id, "machine": "M1", "at": 1_783_332_000_000_i64, "kind": "count", "good": 12, "scrap": 1, "product": "P1"})
}

/// Good items of every kind, each as its fields.
fn good_item() -> impl Strategy<Value = Vec<(String, String)>> {
    let at = (0..4 * 60_i64).prop_map(|minutes| at(NOW).0 - minutes * MINUTE_MS);
    let kinds = select(vec![
        json!({"kind": "state", "state": "running"}),
        json!({"kind": "state", "state": "stopped", "fault": "F44"}),
        json!({"kind": "count", "good": 12, "scrap": 1, "rework": 0, "ungraded": 2, "product": "P1"}),
        json!({"kind": "counter", "channel": "good", "value": 812}),
        json!({"kind": "fault", "code": "F44", "active": true}),
        json!({"kind": "product", "product": "P2", "job": "J1"}),
        json!({"kind": "measurement", "name": "temperature", "value": 3.5, "unit": "C"}),
    ]);
    let machine = select(vec!["M1", "M2"]);
    (kinds, at, machine, any::<u32>()).prop_map(|(mut item, at, machine, id)| {
        item["id"] = json!(id.to_string());
        item["at"] = json!(at);
        item["machine"] = json!(machine);
        let fields = item.as_object().expect("an object").iter();
        fields
            .map(|(name, value)| (name.clone(), value.to_string()))
            .collect()
    })
}

/// An item with something wrong with one of its fields, as it is written: another value, a field twice, one too many,
/// one missing.
fn item() -> impl Strategy<Value = String> {
    let names = select(vec![
        "id", "machine", "at", "kind", "state", "fault", "good", "scrap", "rework", "ungraded",
        "product", "job", "channel", "value", "code", "active", "name", "unit",
    ]);
    let name = prop_oneof![9 => names.prop_map(str::to_owned), 1 => text()];
    let value = prop_oneof![3 => json().prop_map(|v| v.to_string()), 2 => text().prop_map(|t| json!(t).to_string()), 1 => tokens()];
    (good_item(), name, value, 0..5_u8).prop_map(|(mut fields, name, value, how)| {
        let at = fields.iter().position(|(known, _)| *known == name);
        match (how, at) {
            (0, _) => {}
            (1, Some(at)) => {
                fields.remove(at);
            }
            (2 | 3, Some(at)) => fields[at].1 = value,
            _ => fields.push((name, value)),
        }
        let fields: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{}: {value}", json!(name)))
            .collect();
        format!("{{{}}}", fields.join(", "))
    })
}

/// Numbers and texts that are JSON, and that not every reader takes.
fn tokens() -> impl Strategy<Value = String> {
    let tokens = select(vec![
        "1e999",
        "-1e999",
        "1e308",
        "-0.0",
        "0.5",
        "1e-400",
        "123456789012345678901234567890",
        "9223372036854775807",
        "-9223372036854775808",
        "1000000000000",
        "1000000000001",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"NaN\"",
        "1e3",
    ]);
    tokens.prop_map(str::to_owned)
}

async fn every_item_of_a_batch_is_answered_whatever_it_holds(place: &Place) {
    let server = start(place).await;
    let batches = prop::collection::vec(item(), 1..6);
    each((2, 250), batches, async |items| {
        let body = format!("{{\"items\": [{}]}}", items.join(", "));
        let answer = send(&server, Method::POST, "/api/v1/ingest", body.into_bytes()).await;
        answered_by_the_api(&answer)?;
        // Each item is JSON, so the batch is read, and nothing in it refuses the rest.
        prop_assert_eq!(answer.status, StatusCode::OK);
        let told = answer.json();
        let of = |name: &str| told[name].as_u64().unwrap_or_default();
        let results = told["results"].as_array().map_or(0, Vec::len);
        prop_assert_eq!(results, items.len());
        let sum = of("accepted") + of("duplicate") + of("rejected");
        prop_assert_eq!(sum, items.len() as u64);
        Ok(())
    });
    figures_stand(&server).await;
}

/// A definition in which one value is another.
fn plant() -> impl Strategy<Value = Value> {
    let values = prop_oneof![
        3 => json(),
        2 => text().prop_map(Value::from),
        2 => select(vec![i64::MAX, i64::MIN, 0, -1, 86_401, i64::MAX / 1000]).prop_map(Value::from),
    ];
    (any::<prop::sample::Index>(), values).prop_map(|(at, value)| {
        let mut plant = whole_plant();
        let mut paths = Vec::new();
        leaves("", &plant, &mut paths);
        let path = &paths[at.index(paths.len())];
        *plant.pointer_mut(path).expect("a path") = value;
        plant
    })
}

/// A plant in which every list has something.
fn whole_plant() -> Value {
    let mut plant = small_plant();
    let machine = &mut plant["machine"][0];
    for (field, value) in [
        ("silence_s", 300),
        ("counter_max", 65_535),
        ("cycle_gap_s", 60),
    ] {
        machine[field] = json!(value);
    }
    let line = json!({"code": "L1", "name": "Line 1", "area": "A", "coupling": "serial", "target_oee": 0.85,
        "minor_stop_s": 300, "debounce_s": 2, "start_up_s": 60, "shifts": ["Early"], "shifts_from": "2026-07-01",
        "targets_from": "2026-07-01"});
    plant["line"] = json!([line]);
    plant["shift"] = json!([{"name": "Early", "days": [1, 2], "start": "06:00", "end": "14:00", "crews": ["A", "B"],
        "anchor": "2026-01-05", "cycle_weeks": 2, "weeks": [1], "from": "2026-06-01", "until": "2026-12-31",
        "breaks": [{"start": "09:00", "end": "09:15", "name": "Tea"}]}]);
    plant["holiday"] = json!([{"day": "2026-12-25", "name": "Christmas", "lines": ["L1"]}]);
    plant["exception"] =
        json!([{"line": "L1", "day": "2026-12-19", "shifts": ["Early"], "name": "Late order"}]);
    plant["planned_stop"] = json!([{"line": "L1", "from": "2026-07-06T10:00", "to": "2026-07-06T11:00", "name": "Meeting"}]);
    plant["changeover_target"] = json!([{"line": "L1", "from": "P1", "to": "P2", "minutes": 15}]);
    plant["reason"] =
        json!([{"code": "GLUE", "name": "Glue", "parent": "MATERIAL", "category": "unplanned"}]);
    plant["rate"][0]["from"] = json!("2026-06-01T00:00:00Z");
    plant
}

/// The paths of all values that hold no others.
fn leaves(path: &str, value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Array(list) => {
            for (i, item) in list.iter().enumerate() {
                leaves(&format!("{path}/{i}"), item, out);
            }
        }
        Value::Object(fields) => {
            for (name, item) in fields {
                leaves(&format!("{path}/{name}"), item, out);
            }
        }
        _ => out.push(path.to_owned()),
    }
}

async fn a_plant_of_any_values_is_taken_or_refused_and_can_be_loaded(place: &Place) {
    let server = start(place).await;
    let whole = send(
        &server,
        Method::PUT,
        "/api/v1/plant",
        whole_plant().to_string().into(),
    )
    .await;
    assert_eq!(whole.status, StatusCode::OK, "{whole:?}");
    each((3, 200), plant(), async |plant| {
        let body = plant.to_string().into_bytes();
        let answer = send(&server, Method::PUT, "/api/v1/plant", body).await;
        answered_by_the_api(&answer)?;
        let page = server.get("/api/line?code=L1", None).await;
        prop_assert_eq!(page.status, StatusCode::OK, "after it: {:?}", page);
        Ok(())
    });
    figures_stand(&server).await;
    // What was taken is a plant that another start can load.
    let again = Server::start(place, Hands::at(at(NOW)).clock()).await;
    figures_stand(&again).await;
}

async fn whatever_is_said_of_a_stop_is_taken_or_refused(place: &Place) {
    let server = start(place).await;
    let stop = at(NOW) - ms5_floor::domain::time::DurMs(HOUR_MS);
    let key = server.everything.clone();
    let items = [
        state("a", "M1", TsMs(stop.0 - HOUR_MS), MachineState::Running),
        state("b", "M1", stop, MachineState::Stopped),
        state(
            "c",
            "M1",
            TsMs(stop.0 + 10 * MINUTE_MS),
            MachineState::Running,
        ),
    ];
    server.ingest(&key, &items).await;
    let part = (text(), prop_oneof![text().prop_map(Value::from), json()])
        .prop_map(move |(reason, from)| json!({"reason": reason, "from": from}));
    let good = json!({"reason": "MECH_FAULT"});
    let parts = prop::collection::vec(prop_oneof![Just(good), part], 0..3);
    let said = (parts, text(), any::<bool>(), json(), 0..6_u8).prop_map(
        |(parts, comment, confirm, other, how)| match how {
            0 => json!({"version": 0, "reasons": parts}),
            1 | 2 => json!({"version": 0, "comment": comment}),
            3 => json!({"version": 0, "confirm": confirm, "comment": comment}),
            4 => json!({"version": other, "comment": comment}),
            _ => json!({"version": 0, "reasons": other}),
        },
    );
    each((4, 150), said, async |mut said| {
        let path = format!("/api/v1/downtime/M1/{}", stop.0);
        let now = server.get(&path, None).await.json();
        if said["version"] == 0 {
            said["version"] = now["event"]["version"].clone();
        }
        let path = format!("{path}/confirm");
        let answer = server.send(Method::POST, &path, None, &said).await;
        answered_by_the_api(&answer)?;
        let comment = said["comment"].as_str().unwrap_or_default();
        let holds_nul = comment.trim().contains('\0');
        prop_assert!(!(holds_nul && answer.status.is_success()), "NUL was stored");
        Ok::<(), TestCaseError>(())
    });
    figures_stand(&server).await;
}
