//! A resolved call closes by itself once nothing can come of it any more: the screens show no call for ever.

use crate::andon_scene::{Floor, happened, minutes, start};
use crate::harness::Place;
use ms5_floor::domain::machine_state::MachineState::{Running, Stopped};
use ms5_floor::domain::time::DurMs;
use serde_json::json;

on_both! {
    a_resolved_call_closes_when_it_can_no_longer_be_reopened,
    a_call_about_no_stop_waits_for_no_machine,
    a_machine_that_never_runs_again_keeps_its_call_for_a_week,
}

const DAY: i64 = 24 * 60;

fn just_after(minute: i64) -> DurMs {
    minutes(minute) + DurMs(1_000)
}

async fn a_call_about_no_stop_waits_for_no_machine(place: &Place) {
    let mut floor = Floor::new(place).await;
    floor.tell(&[("M1", -60, Running)]).await;
    floor.at(minutes(0)).await;
    let call = json!({"line": "L1", "kind": "stop", "line_stopped": true});
    let id = floor.raised(&floor.operator, call).await;
    floor.hands.set(start() + minutes(10));
    floor.resolve(id).await;
    for minute in [60, 8 * 60 + 11] {
        floor.at(minutes(minute)).await;
        let waiting = floor.detail(id).await["waiting"].clone();
        assert_eq!(
            (&waiting["acknowledge"], &waiting["restart"]),
            (&json!(minutes(10).0), &json!(0)),
            "{}: {minute}",
            place.engine
        );
    }
    assert_eq!(floor.detail(id).await["call"]["status"], "closed");
}

async fn a_resolved_call_closes_when_it_can_no_longer_be_reopened(place: &Place) {
    let mut floor = Floor::new(place).await;
    floor.tell(&[("M1", -60, Running)]).await;
    floor.at(minutes(0)).await;
    let id = floor
        .raised(&floor.operator, json!({"line": "L1", "kind": "material"}))
        .await;
    floor.resolve(id).await;
    floor.at(minutes(8 * 60)).await;
    let waiting = floor.active().await;
    assert_eq!(waiting[0]["status"], "resolved", "{}", place.engine);
    floor.at(just_after(8 * 60)).await;
    assert!(floor.active().await.is_empty(), "{}", place.engine);
    let detail = floor.detail(id).await;
    assert_eq!(detail["call"]["call"]["closed"]["by"], "nobody reopened it");
    let last = happened(&detail).pop();
    assert_eq!(last.map(|(what, _)| what).as_deref(), Some("close"));
}

async fn a_machine_that_never_runs_again_keeps_its_call_for_a_week(place: &Place) {
    let mut floor = Floor::new(place).await;
    floor
        .tell(&[("M1", -60, Running), ("M1", 1, Stopped)])
        .await;
    floor.at(minutes(2)).await;
    let id = floor
        .raised(&floor.operator, json!({"machine": "M1", "kind": "stop"}))
        .await;
    let stop = floor.detail(id).await["call"]["stop"].clone();
    assert_eq!(stop, json!((start() + minutes(1)).0), "{}", place.engine);
    floor.hands.set(start() + minutes(10));
    floor.resolve(id).await;
    for minute in [9 * 60, 10 + 7 * DAY - 1] {
        floor.at(minutes(minute)).await;
        let status = floor.detail(id).await["call"]["status"].clone();
        assert_eq!(status, "resolved", "{}: {minute}", place.engine);
    }
    floor.at(just_after(10 + 7 * DAY)).await;
    let closed = floor.detail(id).await;
    assert_eq!(closed["call"]["status"], "closed", "{}", place.engine);
    assert_eq!(
        closed["call"]["restarted"],
        json!(null),
        "nobody saw it run"
    );
}
