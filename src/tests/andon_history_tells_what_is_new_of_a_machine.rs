//! The history of a call tells when its machine stands again and runs again, but not each of the short stops that a line has
//! many times a shift; what the call itself says of its machine is right all the time.

use crate::andon_scene::{Floor, happened, minutes, start};
use crate::harness::Place;
use ms5_floor::domain::machine_state::MachineState::{Running, Stopped};
use ms5_floor::domain::time::DurMs;
use serde_json::{Value, json};

on_both! { short_stops_are_in_the_fields_of_a_call_and_not_in_its_history }

/// A moment a little after a full minute.
fn just_after(minute: i64) -> DurMs {
    minutes(minute) + DurMs(2_000)
}

/// What the history says of the machine: what, and at which minute after the start.
fn of_machine(detail: &Value) -> Vec<(String, i64)> {
    let lines = detail["history"].as_array().expect("a history").iter();
    let of_machine = lines.zip(happened(detail)).filter_map(|(line, (what, _))| {
        let at = line["at"].as_i64().expect("a time") - start().0;
        (what == "restart" || what == "stand").then(|| (what, at / minutes(1).0))
    });
    of_machine.collect()
}

async fn short_stops_are_in_the_fields_of_a_call_and_not_in_its_history(place: &Place) {
    let mut floor = Floor::new(place).await;
    floor
        .tell(&[("M1", -60, Running), ("M1", -10, Stopped)])
        .await;
    floor.at(minutes(0)).await;
    let call = json!({"machine": "M1", "kind": "maintenance"});
    let id = floor.raised(&floor.operator, call).await;
    floor.hands.set(start() + minutes(10));
    floor.tell(&[("M1", 10, Running)]).await;
    floor.at(just_after(10)).await;
    let ran = |minute: i64| json!((start() + minutes(minute)).0);
    let told = |list: &[(&str, i64)]| -> Vec<(String, i64)> {
        let one = |(what, minute): &(&str, i64)| ((*what).to_owned(), *minute);
        list.iter().map(one).collect()
    };
    let first = told(&[("restart", 10)]);
    assert_eq!(of_machine(&floor.detail(id).await), first);

    // A minute each, looked at while they last and afterwards.
    for minute in [20, 24, 28] {
        floor.hands.set(start() + minutes(minute));
        floor.tell(&[("M1", minute, Stopped)]).await;
        floor.at(just_after(minute)).await;
        let detail = floor.detail(id).await;
        let restarted = &detail["call"]["restarted"];
        assert_eq!(restarted, &json!(null), "{}: {minute}", place.engine);
        floor.hands.set(start() + minutes(minute + 1));
        floor.tell(&[("M1", minute + 1, Running)]).await;
        floor.at(just_after(minute + 1)).await;
        let detail = floor.detail(id).await;
        assert_eq!(detail["call"]["restarted"], ran(minute + 1), "{minute}");
        assert_eq!(of_machine(&detail), first, "{}: {minute}", place.engine);
    }

    // One that lasts is told once, with its beginning, and so is the run after it.
    floor.hands.set(start() + minutes(40));
    floor.tell(&[("M1", 40, Stopped)]).await;
    floor.at(just_after(41)).await;
    assert_eq!(of_machine(&floor.detail(id).await), first, "not yet");
    for minute in [50, 51] {
        floor.at(just_after(minute)).await;
        let stands = told(&[("restart", 10), ("stand", 40)]);
        let detail = floor.detail(id).await;
        assert_eq!(of_machine(&detail), stands, "{}: {minute}", place.engine);
    }
    floor.hands.set(start() + minutes(60));
    floor.tell(&[("M1", 60, Running)]).await;
    floor.at(just_after(60)).await;
    let detail = floor.detail(id).await;
    let runs = told(&[("restart", 10), ("stand", 40), ("restart", 60)]);
    assert_eq!(of_machine(&detail), runs, "{}", place.engine);

    // In another round its machine is told of anew.
    floor.resolve(id).await;
    floor.acted(&floor.engineer, id, "reopen", json!({})).await;
    floor.at(just_after(61)).await;
    let all = of_machine(&floor.detail(id).await);
    assert_eq!(
        all.last(),
        Some(&("restart".to_owned(), 60)),
        "{}",
        place.engine
    );
    assert_eq!(all.len(), 4, "{all:?}");
}
