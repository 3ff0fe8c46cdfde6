//! A call from raising to closing: who may do what when, who was faster, whom it reaches while nobody comes.

use crate::andon_scene::{Floor, happened, minutes, start, told};
use crate::harness::Place;
use serde_json::json;

on_both! {
    a_call_goes_up_until_it_is_taken_and_again_until_it_is_resolved,
}

fn names(level: i64, roles: &[&str]) -> Vec<(i64, String)> {
    roles
        .iter()
        .map(|role| (level, format!("{role} everywhere")))
        .collect()
}

async fn a_call_goes_up_until_it_is_taken_and_again_until_it_is_resolved(place: &Place) {
    let mut floor = Floor::new(place).await;
    let call = json!({"machine": "M1", "kind": "material", "text": " Foil is out "});
    let answer = floor.raise(&floor.operator, call).await.json();
    let (id, call) = (
        answer["call"]["id"].as_i64().expect("a number"),
        &answer["call"],
    );
    assert_eq!(answer["joined"], false, "{answer}");
    assert_eq!(
        (&call["status"], &call["call"]["priority"], &call["text"]),
        (&json!("raised"), &json!("medium"), &json!("Foil is out"))
    );
    let first = names(0, &["engineer", "production_manager", "shift_manager"]);
    assert_eq!(told(call), first, "at once");
    assert_eq!(call["next"]["at"], json!((start() + minutes(10)).0));
    assert_eq!(call["next"]["who"], json!(["admin everywhere"]));

    assert_eq!(floor.at(minutes(9)).await, 0, "not yet");
    assert_eq!(floor.at(minutes(10)).await, 1);
    assert_eq!(floor.at(minutes(10)).await, 0, "once");
    let call = floor.detail(id).await["call"].clone();
    assert_eq!(call["level"], 1);
    let second: Vec<_> = first.into_iter().chain(names(1, &["admin"])).collect();
    assert_eq!(told(&call), second);

    let taken = floor
        .acted(
            &floor.engineer,
            id,
            "acknowledge",
            json!({"eta": (start() + minutes(20)).0}),
        )
        .await;
    assert_eq!(taken["status"], "acknowledged");
    assert_eq!(taken["next"]["at"], json!((start() + minutes(45)).0));
    assert_eq!(floor.at(minutes(46)).await, 1, "taken, and not resolved");
    let call = floor.detail(id).await["call"].clone();
    assert_eq!((&call["level"], &call["next"]), (&json!(2), &json!(null)));
    let late = floor.timers(id).await.into_iter().map(|t| t.late_ms);
    assert_eq!(late.collect::<Vec<_>>(), [Some(0), Some(0), Some(60_000)]);

    floor.acted(&floor.engineer, id, "arrive", json!({})).await;
    let done = json!({"cause": "upstream", "note": "new roll"});
    let resolved = floor.acted(&floor.engineer, id, "resolve", done).await;
    assert_eq!(
        (&resolved["status"], &resolved["note"]),
        (&json!("resolved"), &json!("new roll"))
    );
    floor
        .acted(&floor.shift_manager, id, "close", json!({}))
        .await;
    let detail = floor.detail(id).await;
    let by = |what: &str, who: &str| (what.to_owned(), who.to_owned());
    assert_eq!(
        happened(&detail),
        [
            by("raise", "operator everywhere"),
            by("step", "ladder"),
            by("step", "ladder"),
            by("acknowledge", "engineer everywhere"),
            by("step", "ladder"),
            by("arrive", "engineer everywhere"),
            by("resolve", "engineer everywhere"),
            by("close", "shift_manager everywhere"),
        ],
        "{}",
        place.engine
    );
    let part = |name: &str| detail["waiting"][name].as_i64().expect("a length");
    assert_eq!(
        ["acknowledge", "travel", "repair", "restart"].map(part),
        [minutes(10).0, minutes(36).0, 0, 0]
    );
}
