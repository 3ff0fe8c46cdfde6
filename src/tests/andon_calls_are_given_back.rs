//! Whoever took a call by a slip of a finger tells another time, or that they cannot come: then it waits for somebody to take
//! it from that moment on, and whoever is called first hears of it.

use crate::andon_scene::{Floor, add_rule, happened, minutes, rule_of, start, step, told};
use crate::cast::Actor;
use crate::harness::Place;
use ms5_floor::domain::andon::Trigger::{NotAcknowledged, NotArrived, NotResolved, Raised};
use ms5_floor::domain::time::DurMs;
use serde_json::{Value, json};

on_both! {
    whoever_took_a_call_tells_another_time_and_is_waited_for_from_there,
    a_call_that_is_given_back_goes_up_anew_and_nothing_is_done_a_second_time,
    nobody_gives_back_what_somebody_else_took,
}

/// A floor where maintenance is called first, and others when nobody comes.
async fn floor(place: &Place) -> Floor {
    let floor = Floor::new(place).await;
    let rule = rule_of(vec![
        step(Raised, DurMs::ZERO, 0, "maintenance"),
        step(NotAcknowledged, minutes(5), 1, "shift_manager"),
        step(NotArrived, minutes(2), 1, "production_manager"),
        step(NotResolved, minutes(30), 2, "admin"),
    ]);
    add_rule(&floor.server.app.db, &rule).await;
    floor
}

fn stop() -> Value {
    json!({"machine": "M1", "kind": "stop"})
}

fn coming(minute: i64) -> Value {
    json!({"eta": (start() + minutes(minute)).0})
}

fn at(minute: i64) -> Value {
    json!((start() + minutes(minute)).0)
}

async fn whoever_took_a_call_tells_another_time_and_is_waited_for_from_there(place: &Place) {
    let mut floor = floor(place).await;
    let id = floor.raised(&floor.operator, stop()).await;
    floor.at(minutes(1)).await;
    let taken = floor.acted(&floor.engineer, id, "acknowledge", coming(5));
    assert_eq!(taken.await["next"]["at"], at(7), "{}", place.engine);
    floor.at(minutes(2)).await;
    let later = floor.acted(&floor.engineer, id, "acknowledge", coming(10));
    let later = later.await;
    assert_eq!(
        (&later["call"]["eta"], &later["call"]["acknowledged"]["at"]),
        (&at(10), &at(1)),
        "{later}"
    );
    assert_eq!(later["next"]["at"], at(12));
    let other = floor.act(&floor.shift_manager, id, "acknowledge", coming(4));
    other.await.problem(409, "conflict");
    let past = floor.act(&floor.engineer, id, "acknowledge", coming(1));
    past.await.problem(422, "invalid");
    assert_eq!(floor.at(minutes(11)).await, 0, "they may still come");
    assert_eq!(floor.at(minutes(12)).await, 1, "they did not");
    let history = happened(&floor.detail(id).await);
    let taken = history.iter().filter(|(what, _)| what == "acknowledge");
    assert_eq!(taken.count(), 2, "{history:?}");
    assert_eq!(floor.server.on_record("andon.acknowledge").await.len(), 2);
}

async fn a_call_that_is_given_back_goes_up_anew_and_nothing_is_done_a_second_time(place: &Place) {
    let mut floor = floor(place).await;
    let id = floor.raised(&floor.operator, stop()).await;
    floor.at(minutes(3)).await;
    floor
        .acted(&floor.engineer, id, "acknowledge", coming(23))
        .await;
    assert_eq!(floor.at(minutes(31)).await, 2, "nobody there, not resolved");
    let note = json!({"note": "stuck at the press"});
    let back = floor.acted(&floor.engineer, id, "hand_back", note).await;
    assert_eq!(
        (&back["status"], &back["note"], &back["level"]),
        (&json!("raised"), &json!("stuck at the press"), &json!(2)),
        "{}: {back}",
        place.engine
    );
    assert_eq!(
        (&back["call"]["acknowledged"], &back["call"]["eta"]),
        (&json!(null), &json!(null))
    );
    assert_eq!(back["call"]["handed_back"]["by"], "engineer everywhere");
    assert_eq!(back["next"]["at"], at(36), "from now on");
    let first = |call: &Value| told(call).iter().filter(|t| t.0 == 0).count();
    assert_eq!(first(&back), 2, "who is called first was told once more");
    // A second tap changes nothing.
    let again = floor.acted(&floor.engineer, id, "hand_back", json!({}));
    assert_eq!(again.await["version"], back["version"]);

    assert_eq!(floor.at(minutes(36)).await, 1, "nobody took it");
    assert_eq!(floor.at(minutes(100)).await, 0, "once");
    let call = floor.detail(id).await["call"].clone();
    let of = |level: i64| told(&call).iter().filter(|t| t.0 == level).count();
    assert_eq!((of(1), of(2)), (2, 1), "{call}");
    floor
        .acted(&floor.shift_manager, id, "arrive", json!({}))
        .await;
    let detail = floor.detail(id).await;
    assert_eq!(
        detail["waiting"]["acknowledge"],
        minutes(100).0,
        "until the last who took it"
    );
    let history = happened(&detail);
    let by = ("hand_back".to_owned(), "engineer everywhere".to_owned());
    assert_eq!(history.iter().filter(|line| **line == by).count(), 1);
    assert_eq!(floor.server.on_record("andon.hand_back").await.len(), 1);
}

async fn nobody_gives_back_what_somebody_else_took(place: &Place) {
    let floor = floor(place).await;
    let id = floor.raised(&floor.operator, stop()).await;
    let refused = async |who: &Actor, says: &str| {
        let answer = floor.act(who, id, "hand_back", json!({})).await;
        let problem = answer.problem(409, "conflict");
        let said = problem["detail"].as_str().expect("words");
        assert!(said.starts_with(says), "{said}");
    };
    refused(&floor.engineer, "raised by operator everywhere").await;
    floor
        .acted(&floor.engineer, id, "acknowledge", coming(9))
        .await;
    refused(&floor.shift_manager, "acknowledged by engineer everywhere").await;
    let answer = floor.act(&floor.operator, id, "hand_back", json!({})).await;
    answer.problem(403, "forbidden");
    floor.acted(&floor.engineer, id, "arrive", json!({})).await;
    refused(&floor.engineer, "on site by engineer everywhere").await;
}
