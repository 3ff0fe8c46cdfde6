//! Whoever called by mistake takes the call back, with a reason, as long as nobody has taken it and nobody else called for the
//! same; a shared tablet does so with what was called there.

use crate::andon_scene::Floor;
use crate::cast::Actor;
use crate::harness::Place;
use serde_json::{Value, json};

on_both! {
    whoever_called_takes_the_call_back_and_nobody_else_of_their_rights_does,
    once_somebody_took_it_or_called_as_well_it_is_not_theirs_alone,
    what_a_shared_tablet_called_is_taken_back_there,
}

fn stop() -> Value {
    json!({"machine": "M1", "kind": "stop"})
}

fn slip() -> Value {
    json!({"note": "the wrong button"})
}

/// Another operator, who works on line L1.
async fn other_operator(floor: &Floor) -> Actor {
    let line = floor.server.app.plant.get().line("L1").expect("L1").id;
    Actor::person(&floor.server, "operator", Some(line)).await
}

async fn whoever_called_takes_the_call_back_and_nobody_else_of_their_rights_does(place: &Place) {
    let floor = Floor::new(place).await;
    let other = other_operator(&floor).await;
    let id = floor.raised(&floor.operator, stop()).await;
    let refused = floor.act(&other, id, "cancel", slip()).await;
    let problem = refused.problem(403, "forbidden");
    let said = problem["detail"].to_string();
    assert!(said.contains("andon:resolve"), "{}: {said}", place.engine);
    let silent = floor.act(&floor.operator, id, "cancel", json!({})).await;
    silent.problem(422, "invalid");
    let gone = floor.acted(&floor.operator, id, "cancel", slip()).await;
    assert_eq!(
        (&gone["status"], &gone["note"]),
        (&json!("cancelled"), &json!("the wrong button"))
    );
    let row = floor.server.on_record("andon.cancel").await.remove(0);
    assert_eq!(row.actor, "operator everywhere");
}

async fn once_somebody_took_it_or_called_as_well_it_is_not_theirs_alone(place: &Place) {
    let floor = Floor::new(place).await;
    let other = other_operator(&floor).await;
    let refused = async |id: i64, says: &str| {
        let answer = floor.act(&floor.operator, id, "cancel", slip()).await;
        let problem = answer.problem(409, "conflict");
        let said = problem["detail"].as_str().expect("words");
        assert!(said.starts_with(says), "{}: {said}", place.engine);
    };
    let id = floor.raised(&floor.operator, stop()).await;
    // Their own second tap is nobody else's call.
    floor.raised(&floor.operator, stop()).await;
    floor
        .acted(&floor.engineer, id, "acknowledge", json!({}))
        .await;
    refused(id, "acknowledged by engineer everywhere").await;
    floor
        .acted(&floor.engineer, id, "hand_back", json!({}))
        .await;
    floor.acted(&floor.operator, id, "cancel", slip()).await;

    let id = floor.raised(&floor.operator, stop()).await;
    assert_eq!(floor.raised(&other, stop()).await, id);
    refused(id, "others called for the same").await;
    floor
        .acted(&floor.shift_manager, id, "cancel", slip())
        .await;
}

async fn what_a_shared_tablet_called_is_taken_back_there(place: &Place) {
    let floor = Floor::new(place).await;
    let line = floor.server.app.plant.get().line("L1").expect("L1").id;
    let here = Actor::tablet(&floor.server, "Tablet 1", line).await;
    let there = Actor::tablet(&floor.server, "Tablet 2", line).await;
    let id = floor.raised(&here, stop()).await;
    for who in [&there, &floor.operator] {
        let refused = floor.act(who, id, "cancel", slip()).await;
        refused.problem(403, "forbidden");
    }
    let gone = floor.acted(&here, id, "cancel", slip()).await;
    assert_eq!(gone["status"], "cancelled", "{}", place.engine);
    assert_eq!(gone["call"]["cancelled"]["by"], "Tablet 1");
}
