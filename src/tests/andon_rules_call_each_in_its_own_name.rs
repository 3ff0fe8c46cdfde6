//! Of several rules that call for the same each does so in its own name: that one called keeps no other from calling, and none
//! calls twice for the same because something else was changed.

use crate::andon_scene::{Floor, minutes, run, start};
use crate::harness::Place;
use crate::small_plant::{two_shifts, with_second_line};
use axum::http::Method;
use ms5_floor::domain::machine_state::MachineState::{Running, Stopped};
use ms5_floor::domain::time::DurMs;
use serde_json::{Value, json};

on_both! {
    a_stop_that_called_maintenance_keeps_no_pieces_from_calling_it,
    pieces_that_called_keep_no_stop_from_calling,
}

/// A moment a little after a full minute.
fn just_after(minute: i64) -> DurMs {
    minutes(minute) + DurMs(2_000)
}

/// Who raised the calls that go on, and their numbers.
async fn raised_by(floor: &Floor) -> Vec<(String, i64)> {
    let one = |c: &Value| {
        let by = c["call"]["raised"]["by"].as_str().expect("a name");
        (by.to_owned(), c["id"].as_i64().expect("a number"))
    };
    floor.active().await.iter().map(one).collect()
}

async fn names(floor: &Floor) -> Vec<String> {
    let all = raised_by(floor).await.into_iter();
    all.map(|(by, _)| by).collect()
}

/// Changes the rule that looks at this.
async fn change(floor: &Floor, evidence: Value, priority: &str) {
    let all = floor.server.get("/api/v1/andon/rules", None).await.json();
    let mut autos = all["autos"].as_array().expect("rules").iter();
    let known = autos.find(|a| a["rule"]["evidence"]["when"] == evidence["when"]);
    let known = known.expect("one of each");
    let path = format!("/api/v1/andon/auto/{}", known["id"]);
    let rule =
        json!({"on": true, "evidence": evidence, "kind": "maintenance", "priority": priority});
    let body = json!({"version": known["version"], "rule": rule});
    let answer = floor.ask(&floor.shift_manager, Method::PUT, &path, &body);
    let answer = answer.await;
    assert!(answer.status.is_success(), "{answer:?}");
}

/// On M1 30 pieces a minute are asked for since 6:00, and at 10:00 it has made 100 more than that.
async fn a_hundred_ahead(place: &Place) -> Floor {
    let mut plant = with_second_line(two_shifts());
    plant["line"][0]["target_oee"] = json!(0.5);
    let mut floor = Floor::with(place, plant).await;
    let began = start() + minutes(-240);
    let made = start() + minutes(-1);
    let items = [
        json!({"id": "p", "machine": "M1", "at": began, "kind": "product", "product": "P1"}),
        json!({"id": "c", "machine": "M1", "at": made, "kind": "count", "good": 7_300, "product": "P1"}),
    ];
    let answer = floor.server.ingest(&floor.server.everything, &items).await;
    assert_eq!(answer.accepted, items.len(), "{answer:?}");
    let runs = ["M1", "M2", "M3"].map(|machine| (machine, -240, Running));
    floor.tell(&runs).await;
    floor.tell(&[("M1", 0, Stopped)]).await;
    floor
}

async fn end(floor: &Floor, id: i64) {
    floor.resolve(id).await;
    floor.acted(&floor.engineer, id, "close", json!({})).await;
}

const STOP: &str = "rule: stop that lasts (no. 1)";
const BEHIND: &str = "rule: behind the target (no. 4)";

async fn a_stop_that_called_maintenance_keeps_no_pieces_from_calling_it(place: &Place) {
    let mut floor = a_hundred_ahead(place).await;
    let behind = |pieces: i64| json!({"when": "count_behind", "pieces": pieces});
    change(&floor, behind(100), "low").await;
    floor.at(just_after(5)).await;
    let calls = raised_by(&floor).await;
    assert_eq!(names(&floor).await, [STOP], "{}: 51 behind", place.engine);
    // 110 behind: of one machine and kind one call is open.
    floor.at(just_after(7)).await;
    assert_eq!(raised_by(&floor).await, calls, "{}", place.engine);
    assert_eq!(floor.active().await[0]["raises"], 1);
    end(&floor, calls[0].1).await;
    floor.at(just_after(8)).await;
    let calls = raised_by(&floor).await;
    assert_eq!(names(&floor).await, [BEHIND], "{}", place.engine);
    end(&floor, calls[0].1).await;
    floor.at(just_after(9)).await;
    assert!(names(&floor).await.is_empty(), "one piece behind since");

    // Neither another threshold nor another rule that was changed makes it another rule.
    change(&floor, behind(90), "low").await;
    let longer = json!({"when": "stop_longer", "than": 120_000});
    change(&floor, longer, "medium").await;
    floor.at(just_after(10)).await;
    assert!(names(&floor).await.is_empty(), "{}", place.engine);

    // As a program left it that had one name for all rules of a kind.
    let older = format!(
        "UPDATE andon_call SET raised_by = 'rule: maintenance' WHERE raised_by = '{BEHIND}'"
    );
    run(&floor.server.app.db, older).await;
    floor.at(just_after(11)).await;
    assert!(names(&floor).await.is_empty(), "{}", place.engine);
}

async fn pieces_that_called_keep_no_stop_from_calling(place: &Place) {
    let mut floor = a_hundred_ahead(place).await;
    // As urgent as a stop, and about what began before it.
    let behind = json!({"when": "count_behind", "pieces": 100});
    change(&floor, behind, "medium").await;
    floor.tell(&[("M1", 1, Running)]).await;
    floor.at(just_after(20)).await;
    let calls = raised_by(&floor).await;
    assert_eq!(names(&floor).await, [BEHIND], "{}: it runs", place.engine);
    end(&floor, calls[0].1).await;
    // It makes more than is asked for until it stands.
    floor.hands.set(start() + minutes(30));
    let made = start() + minutes(29);
    let count = json!({"id": "d", "machine": "M1", "at": made, "kind": "count", "good": 400, "product": "P1"});
    let told = [count];
    let answer = floor.server.ingest(&floor.server.everything, &told).await;
    assert_eq!(answer.accepted, 1);
    floor.tell(&[("M1", 30, Stopped)]).await;
    floor.at(just_after(35)).await;
    assert_eq!(names(&floor).await, [STOP], "{}", place.engine);
}
