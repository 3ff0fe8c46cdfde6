//! A rule that counts pieces calls again for what went wrong after its last call was over, however well the shift had gone.

use crate::andon_scene::{Floor, minutes, start};
use crate::harness::Place;
use crate::small_plant::{two_shifts, with_second_line};
use ms5_floor::domain::machine_state::MachineState::Running;
use serde_json::{Value, json};

on_both! {
    bad_pieces_call_again_after_a_call_for_them_is_over,
    a_call_of_somebody_else_that_is_over_begins_nothing_anew,
}

async fn floor(place: &Place) -> Floor {
    let mut floor = Floor::with(place, with_second_line(two_shifts())).await;
    floor.tell(&[("M1", -60, Running)]).await;
    floor
}

/// M1 counts pieces of a minute.
async fn made(floor: &Floor, minute: i64, good: i64, scrap: i64) {
    floor.hands.set(start() + minutes(minute + 1));
    let at = start() + minutes(minute);
    let id = format!("c {minute}");
    let item = json!({"id": id, "machine": "M1", "at": at, "kind": "count", "good": good, "scrap": scrap, "product": "P1"});
    let answer = floor.server.ingest(&floor.server.everything, &[item]).await;
    assert_eq!(answer.accepted, 1, "{answer:?}");
}

/// The numbers of the calls for quality that are open.
async fn open(floor: &Floor) -> Vec<i64> {
    let calls = floor.active().await.into_iter();
    let open = calls.filter(|c| c["call"]["kind"] == "quality" && c["status"] == "raised");
    let number = |c: Value| c["id"].as_i64().expect("a number");
    open.map(number).collect()
}

async fn bad_pieces_call_again_after_a_call_for_them_is_over(place: &Place) {
    let mut floor = floor(place).await;
    made(&floor, 1, 40, 60).await;
    floor.at(minutes(2)).await;
    let first = open(&floor).await;
    assert_eq!(first.len(), 1, "{}", place.engine);
    floor.hands.set(start() + minutes(17));
    floor.resolve(first[0]).await;
    made(&floor, 20, 500, 0).await;
    floor.at(minutes(25)).await;
    assert!(open(&floor).await.is_empty(), "{}: mended", place.engine);

    // Two thirds of all pieces since then are good, and of those of the shift; it is for what came since that it calls.
    made(&floor, 119, 0, 250).await;
    floor.at(minutes(120)).await;
    let second = open(&floor).await;
    assert_eq!(second.len(), 1, "{}: it broke again", place.engine);
    assert_ne!(second, first);

    // Not needed is over as well.
    floor.hands.set(start() + minutes(121));
    let note = json!({"note": "the camera was dirty"});
    floor
        .acted(&floor.engineer, second[0], "cancel", note)
        .await;
    floor.at(minutes(130)).await;
    assert!(
        open(&floor).await.is_empty(),
        "{}: none since",
        place.engine
    );
    made(&floor, 131, 10, 39).await;
    floor.at(minutes(132)).await;
    assert!(open(&floor).await.is_empty(), "{}: too few", place.engine);
    made(&floor, 133, 1, 0).await;
    floor.at(minutes(134)).await;
    assert_eq!(open(&floor).await.len(), 1, "{}: 50 since", place.engine);
}

async fn a_call_of_somebody_else_that_is_over_begins_nothing_anew(place: &Place) {
    let mut floor = floor(place).await;
    made(&floor, 1, 41, 8).await;
    let call = json!({"machine": "M1", "kind": "quality"});
    let own = floor.raised(&floor.operator, call).await;
    floor.hands.set(start() + minutes(5));
    floor.resolve(own).await;
    made(&floor, 6, 0, 1).await;
    floor.at(minutes(8)).await;
    assert_eq!(
        open(&floor).await.len(),
        1,
        "{}: the 50th since the shift began",
        place.engine
    );
}
