//! Machines call by every rule that a plant can switch on, from facts that came in by the usual door: once, whichever of
//! several nodes looks, and never for what was planned.

use crate::andon_scene::{Floor, minutes, number, start};
use crate::harness::Place;
use crate::small_plant::{two_shifts, with_second_line};
use axum::http::Method;
use ms5_floor::domain::machine_state::MachineState::{PlannedStop, Running, Stopped};
use ms5_floor::domain::time::DurMs;
use ms5_floor::server::andon::watch::Watcher;
use serde_json::{Value, json};

on_both! {
    a_fault_of_a_class_calls_at_once,
    pieces_behind_call_where_there_is_a_target_once_for_what_was_lost,
    what_was_planned_calls_nobody_by_any_rule,
    of_two_nodes_that_look_one_raises_the_call,
}

/// A moment a little after a full minute.
fn just_after(minute: i64) -> DurMs {
    minutes(minute) + DurMs(2_000)
}

/// Machine, kind and priority of the calls that go on, in order.
async fn calls(floor: &Floor) -> Vec<(String, String, String)> {
    let text = |v: &Value| v.as_str().expect("text").to_owned();
    let one = |c: &Value| {
        let call = &c["call"];
        let machine = text(&c["machine"]["code"]);
        (machine, text(&call["kind"]), text(&call["priority"]))
    };
    let mut all: Vec<_> = floor.active().await.iter().map(one).collect();
    all.sort();
    all
}

fn call(machine: &str, kind: &str, priority: &str) -> (String, String, String) {
    (machine.to_owned(), kind.to_owned(), priority.to_owned())
}

/// Puts a rule in the place of the one with this evidence.
async fn switch_on(floor: &Floor, evidence: Value, kind: &str, priority: &str) {
    let all = floor.server.get("/api/v1/andon/rules", None).await.json();
    let autos = all["autos"].as_array().expect("rules").iter();
    let own = |a: &&Value| a["rule"]["evidence"]["when"] == evidence["when"];
    let known = autos.clone().find(own).expect("one of each");
    let path = format!("/api/v1/andon/auto/{}", known["id"]);
    let rule = json!({"on": true, "evidence": evidence, "kind": kind, "priority": priority});
    let body = json!({"version": known["version"], "rule": rule});
    let answer = floor.ask(&floor.shift_manager, Method::PUT, &path, &body);
    let answer = answer.await;
    assert!(answer.status.is_success(), "{answer:?}");
}

/// Sends items as a connector does; all of them must be taken.
async fn send(floor: &Floor, items: &[Value]) {
    let answer = floor.server.ingest(&floor.server.everything, items).await;
    assert_eq!(answer.accepted, items.len(), "{answer:?}");
}

fn stopped_by(id: &str, machine: &str, fault: &str) -> Value {
    json!({"id": id, "machine": machine, "at": start(), "kind": "state", "state": "stopped", "fault": fault})
}

/// The small plant with two shifts, 60 pieces a minute of which half are asked for, and faults on two machines.
fn plant() -> Value {
    let mut plant = with_second_line(two_shifts());
    plant["line"][0]["target_oee"] = json!(0.5);
    plant["fault"] = json!([
        {"machine": "M1", "code": "F44", "text": "Bag jam"},
        {"machine": "M2", "code": "E7", "text": "No bags", "origin": "upstream"},
    ]);
    plant
}

async fn a_fault_of_a_class_calls_at_once(place: &Place) {
    let mut floor = Floor::with(place, plant()).await;
    let class = json!({"when": "fault_class", "prefixes": ["F4"], "origin": "upstream"});
    switch_on(&floor, class, "stop", "high").await;
    floor
        .tell(&[
            ("M1", -60, Running),
            ("M2", -60, Running),
            ("M3", -60, Running),
        ])
        .await;
    floor.at(minutes(-1)).await;
    let stops = [
        stopped_by("a", "M1", "F44"),
        stopped_by("b", "M2", "E7"),
        stopped_by("c", "M3", "X1"),
    ];
    send(&floor, &stops).await;
    floor.at(just_after(0)).await;
    let by_class = [call("M1", "stop", "high"), call("M2", "stop", "high")];
    assert_eq!(
        calls(&floor).await,
        by_class,
        "{}: by its code, by where the trouble is, and not the third",
        place.engine
    );
    let mut texts: Vec<(Value, Value)> = Vec::new();
    for one in floor.active().await {
        texts.push((one["text"].clone(), one["call"]["raised"]["by"].clone()));
    }
    for words in ["Bag jam", "No bags"] {
        let told = (json!(words), json!("rule: fault of a class (no. 3)"));
        assert!(texts.contains(&told), "{words}: {texts:?}");
    }
    // The rule for stops that last is another one; nobody calls twice for the same.
    floor.at(just_after(5)).await;
    let mut all = by_class.to_vec();
    all.extend(["M1", "M3"].map(|m| call(m, "maintenance", "medium")));
    all.sort();
    assert_eq!(
        calls(&floor).await,
        all,
        "M2 waits for what comes before it: that is nothing to mend"
    );
    assert!(floor.active().await.iter().all(|c| c["raises"] == 1));
}

async fn pieces_behind_call_where_there_is_a_target_once_for_what_was_lost(place: &Place) {
    let mut floor = Floor::with(place, plant()).await;
    let behind = json!({"when": "count_behind", "pieces": 100});
    switch_on(&floor, behind, "material", "low").await;
    // The early shift began at 6:00: at 10:01 30 pieces a minute are asked for since 241 minutes, 7,230 of them.
    let began = start() + minutes(-240);
    let product = |machine: &str| json!({"id": format!("p {machine}"), "machine": machine, "at": began, "kind": "product", "product": "P1"});
    send(&floor, &[product("M1"), product("M2")]).await;
    floor
        .tell(&[
            ("M1", -240, Running),
            ("M2", -240, Running),
            ("M3", -240, Running),
        ])
        .await;
    let made = json!({"id": "c", "machine": "M1", "at": start(), "kind": "count", "good": 7_131, "product": "P1"});
    send(&floor, &[made]).await;
    floor.at(minutes(1)).await;
    assert_eq!(calls(&floor).await, [], "{}: 99 behind", place.engine);
    floor.at(minutes(2)).await;
    let behind = [call("M1", "material", "low")];
    assert_eq!(
        calls(&floor).await,
        behind,
        "129; machines without a rate have no target"
    );
    let id = floor.active().await[0]["id"].as_i64().expect("a number");
    floor.resolve(id).await;
    floor.acted(&floor.engineer, id, "close", json!({})).await;
    // What was lost until the call was over calls nobody again; what is lost from 10:03 on does.
    floor.at(minutes(6)).await;
    assert_eq!(calls(&floor).await, [], "{}: 90 since then", place.engine);
    floor.at(minutes(7)).await;
    assert_eq!(calls(&floor).await, behind, "{}: 120", place.engine);
    let id = floor.active().await[0]["id"].as_i64().expect("a number");
    floor.resolve(id).await;
    floor.acted(&floor.engineer, id, "close", json!({})).await;
    // The late shift begins at 14:00, with nothing asked for yet: 90 pieces at 14:03, 120 at 14:04.
    floor.at(minutes(240)).await;
    floor.at(minutes(243)).await;
    assert_eq!(calls(&floor).await, [], "not so far behind yet");
    floor.at(minutes(244)).await;
    assert_eq!(calls(&floor).await, behind, "another shift, another call");
}

async fn what_was_planned_calls_nobody_by_any_rule(place: &Place) {
    let mut floor = Floor::with(place, plant()).await;
    for (evidence, kind) in [
        (json!({"when": "stop_longer", "than": 1_000}), "stop"),
        (
            json!({"when": "quality_under", "share": 0.95, "min_pieces": 1}),
            "quality",
        ),
        (
            json!({"when": "fault_class", "prefixes": ["F"], "origin": null}),
            "maintenance",
        ),
        (json!({"when": "count_behind", "pieces": 1}), "material"),
    ] {
        switch_on(&floor, evidence, kind, "low").await;
    }
    let at = |minute: i64| start() + minutes(minute);
    floor
        .tell(&[
            ("M1", -240, Running),
            ("M1", 0, PlannedStop),
            ("M2", -60, Running),
        ])
        .await;
    let items = [
        json!({"id": "p", "machine": "M1", "at": at(-240), "kind": "product", "product": "P1"}),
        json!({"id": "c", "machine": "M1", "at": at(-1), "kind": "count", "good": 40, "scrap": 60, "product": "P1"}),
    ];
    send(&floor, &items).await;
    for minute in [0, 1, 30, 60] {
        floor.at(just_after(minute)).await;
        assert_eq!(calls(&floor).await, [], "{}: {minute}", place.engine);
    }
    // All that was wrong all the time, and another stop by a fault.
    floor.tell(&[("M1", 60, Running)]).await;
    floor.at(just_after(61)).await;
    let wrong = [call("M1", "material", "low"), call("M1", "quality", "low")];
    assert_eq!(calls(&floor).await, wrong);
    let stop = json!({"id": "s", "machine": "M1", "at": at(62), "kind": "state", "state": "stopped", "fault": "F44"});
    floor.hands.set(at(62));
    send(&floor, &[stop]).await;
    floor.at(just_after(62)).await;
    let mut all = wrong.to_vec();
    all.extend([call("M1", "maintenance", "low"), call("M1", "stop", "low")]);
    all.sort();
    assert_eq!(calls(&floor).await, all);
}

async fn of_two_nodes_that_look_one_raises_the_call(place: &Place) {
    const ROUNDS: i64 = 6;
    let mut floor = Floor::new(place).await;
    let other = floor.server.beside(place).await;
    let mut second = Watcher::new(other.app.clone(), floor.hands.ticks());
    let machines = ["M1", "M2", "M3"];
    for round in 0..ROUNDS {
        let minute = round * 20;
        floor.hands.set(start() + minutes(minute));
        floor
            .tell(&machines.map(|m| (m, minute - 1, Running)))
            .await;
        floor.tell(&machines.map(|m| (m, minute, Stopped))).await;
        floor.hands.set(start() + just_after(minute + 5));
        let (a, b) = tokio::join!(floor.watcher.look(), second.look());
        a.expect("a look");
        b.expect("a look");
        let open = floor.active().await;
        assert_eq!(open.len(), 3, "{}: {open:?}", place.engine);
        assert!(open.iter().all(|c| c["raises"] == 1), "{open:?}");
        for one in open {
            let id = one["id"].as_i64().expect("a number");
            floor.resolve(id).await;
            floor.act(&floor.engineer, id, "close", json!({})).await;
        }
    }
    let db = &floor.server.app.db;
    let raised = number(
        db,
        "SELECT COUNT(*) FROM andon_event WHERE what IN ('raise', 'join')",
    );
    assert_eq!(raised.await, 3 * ROUNDS, "{}", place.engine);
    let on_record = number(
        db,
        "SELECT COUNT(*) FROM audit WHERE action IN ('andon.raise', 'andon.join')",
    );
    assert_eq!(on_record.await, 3 * ROUNDS, "on record once");
}
