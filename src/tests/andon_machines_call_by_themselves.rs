//! Machines call by rule, once for what it is about, and calls know when their machine runs again.

use crate::andon_scene::{Floor, happened, minutes, start};
use crate::harness::Place;
use crate::small_plant::{state, two_shifts, with_second_line};
use ms5_floor::domain::machine_state::MachineState::{self, PlannedStop, Running, Stopped};
use ms5_floor::domain::time::DurMs;
use serde_json::{Value, json};

on_both! {
    a_stop_that_lasts_calls_maintenance_once,
    a_stop_outside_of_planned_production_calls_nobody,
    bad_pieces_call_quality_once,
    who_called_for_something_else_in_the_shift_keeps_no_rule_from_calling,
    a_call_knows_the_stop_that_it_is_about_and_closes_when_the_machine_runs_again,
    a_machine_that_ran_for_a_moment_does_not_run_again,
    what_ran_when_it_was_resolved_ran_again_when_that_run_began,
    a_call_that_came_before_its_stop_is_tied_to_it,
}

/// A moment a little after a full minute.
fn just_after(minute: i64) -> DurMs {
    minutes(minute) + DurMs(2_000)
}

fn kinds(calls: &[Value]) -> Vec<String> {
    let kind = |c: &Value| c["call"]["kind"].as_str().expect("a kind").to_owned();
    calls.iter().map(kind).collect()
}

async fn a_stop_that_lasts_calls_maintenance_once(place: &Place) {
    let mut floor = Floor::new(place).await;
    floor
        .tell(&[("M1", -60, Running), ("M1", 0, Stopped)])
        .await;
    floor.at(minutes(5)).await;
    assert!(
        floor.active().await.is_empty(),
        "five minutes are not longer"
    );
    floor.at(just_after(5)).await;
    let calls = floor.active().await;
    assert_eq!(kinds(&calls), ["maintenance"], "{}", place.engine);
    let call = &calls[0];
    assert_eq!(
        (
            &call["machine"]["code"],
            &call["stop"],
            &call["call"]["raised"]["by"]
        ),
        (
            &json!("M1"),
            &json!(start().0),
            &json!("rule: stop that lasts (no. 1)")
        )
    );
    assert_eq!(call["call"]["line_stopped"], true, "it sets the pace");
    assert_eq!(call["told"].as_array().map(Vec::len), Some(4));
    let id = call["id"].as_i64().expect("a number");
    floor.at(just_after(7)).await;
    assert_eq!(
        floor.active().await[0]["raises"],
        1,
        "it does not join itself"
    );
    // Resolved while the machine still stands: the same stop is not called for again.
    floor.resolve(id).await;
    floor.acted(&floor.engineer, id, "close", json!({})).await;
    floor.at(just_after(30)).await;
    assert!(floor.active().await.is_empty());
    // Another stop is.
    floor
        .tell(&[("M1", 40, Running), ("M1", 50, Stopped)])
        .await;
    floor.at(just_after(54)).await;
    assert!(floor.active().await.is_empty());
    floor.at(just_after(55)).await;
    let calls = floor.active().await;
    assert_eq!(kinds(&calls), ["maintenance"]);
    assert_ne!(calls[0]["id"], id);
}

async fn a_stop_outside_of_planned_production_calls_nobody(place: &Place) {
    // The site's clock is two hours ahead: the late shift ends at 20:00 UTC, the early one begins at 04:00.
    let mut floor = Floor::with(place, with_second_line(two_shifts())).await;
    floor
        .tell(&[
            ("M1", -60, Running),
            ("M1", 0, PlannedStop),
            ("M2", -60, Running),
            ("M2", 11 * 60 + 58, Stopped),
        ])
        .await;
    floor.at(minutes(60)).await;
    assert!(floor.active().await.is_empty(), "it was planned");
    floor.at(minutes(16 * 60)).await;
    assert!(floor.active().await.is_empty(), "nobody works at night");
    floor.at(minutes(20 * 60 + 5)).await;
    assert!(floor.active().await.is_empty(), "five minutes of the shift");
    floor.at(just_after(20 * 60 + 5)).await;
    let calls = floor.active().await;
    assert_eq!(kinds(&calls), ["maintenance"], "{}", place.engine);
    assert_eq!(calls[0]["machine"]["code"], "M2");
    assert_eq!(calls[0]["call"]["line_stopped"], false, "M1 sets the pace");
}

async fn bad_pieces_call_quality_once(place: &Place) {
    let mut floor = Floor::with(place, with_second_line(two_shifts())).await;
    floor.tell(&[("M1", -60, Running)]).await;
    let count = |id: &str, good: i64, scrap: i64| {
        let at = start() + minutes(1);
        json!({"id": id, "machine": "M1", "at": at, "kind": "count", "good": good, "scrap": scrap, "product": "P1"})
    };
    let key = floor.server.everything.clone();
    floor.at(minutes(2)).await;
    floor.server.ingest(&key, &[count("a", 40, 9)]).await;
    floor.at(minutes(3)).await;
    assert!(floor.active().await.is_empty(), "too few");
    floor.server.ingest(&key, &[count("b", 1, 0)]).await;
    floor.at(minutes(4)).await;
    let calls = floor.active().await;
    assert_eq!(kinds(&calls), ["quality"], "{}", place.engine);
    let id = calls[0]["id"].as_i64().expect("a number");
    floor.resolve(id).await;
    floor.acted(&floor.engineer, id, "close", json!({})).await;
    floor.at(minutes(30)).await;
    assert!(floor.active().await.is_empty(), "no bad one since");
}

async fn who_called_for_something_else_in_the_shift_keeps_no_rule_from_calling(place: &Place) {
    let mut floor = Floor::with(place, with_second_line(two_shifts())).await;
    let quality = |machine: &str, priority: &str| json!({"machine": machine, "kind": "quality", "priority": priority});
    // The early shift began at 6:00; ten minutes later somebody calls for something else.
    floor.hands.set(start() + minutes(-230));
    let early = floor.raised(&floor.operator, quality("M1", "medium")).await;
    floor.resolve(early).await;
    floor
        .acted(&floor.engineer, early, "close", json!({}))
        .await;
    floor.hands.set(start());
    floor
        .tell(&[("M1", -60, Running), ("M2", -60, Running)])
        .await;
    let joined = floor.raised(&floor.operator, quality("M2", "low")).await;
    let count = |machine: &str| {
        let at = start() + minutes(1);
        json!({"id": format!("c {machine}"), "machine": machine, "at": at, "kind": "count", "good": 41, "scrap": 9, "product": "P1"})
    };
    floor.hands.set(start() + minutes(2));
    let key = floor.server.everything.clone();
    let items = [count("M1"), count("M2")];
    let answer = floor.server.ingest(&key, &items).await;
    assert_eq!(answer.accepted, items.len(), "{answer:?}");
    floor.at(minutes(4)).await;
    let calls = floor.active().await;
    assert_eq!(
        kinds(&calls),
        ["quality", "quality"],
        "{}: {calls:?}",
        place.engine
    );
    let of_rule = calls
        .iter()
        .filter(|c| c["call"]["raised"]["by"] == "rule: too few good pieces (no. 2)");
    assert_eq!(of_rule.count(), 1, "{calls:?}");
    let both = calls
        .iter()
        .find(|c| c["id"] == joined)
        .expect("it is open");
    assert_eq!(
        (&both["raises"], &both["call"]["priority"]),
        (&json!(2), &json!("medium")),
        "the rule joined it"
    );
    for call in &calls {
        let id = call["id"].as_i64().expect("a number");
        floor.resolve(id).await;
        floor.acted(&floor.engineer, id, "close", json!({})).await;
    }
    floor.at(minutes(30)).await;
    assert!(floor.active().await.is_empty(), "no bad one since");
}

async fn a_call_knows_the_stop_that_it_is_about_and_closes_when_the_machine_runs_again(
    place: &Place,
) {
    let mut floor = Floor::new(place).await;
    floor
        .tell(&[("M1", -60, Running), ("M1", -2, Stopped)])
        .await;
    floor.at(minutes(0)).await;
    // About the line: its pacing machine says that it stands.
    let of_line = floor.raise(&floor.operator, json!({"line": "L1", "kind": "stop"}));
    let of_line = of_line.await.json()["call"].clone();
    assert_eq!(
        (&of_line["call"]["line_stopped"], &of_line["stop"]),
        (&json!(true), &json!((start() + minutes(-2)).0))
    );
    let said = json!({"machine": "M2", "kind": "quality", "line_stopped": false});
    let other = floor.raise(&floor.operator, said).await.json()["call"].clone();
    assert_eq!(
        (&other["call"]["line_stopped"], &other["stop"]),
        (&json!(false), &json!(null))
    );
    let (id, open) = (
        of_line["id"].as_i64().expect("a number"),
        json!({"machine": "M1", "kind": "maintenance"}),
    );
    let still_open = floor.raised(&floor.operator, open).await;
    floor.at(minutes(1)).await;
    floor.resolve(id).await;
    floor.at(minutes(2)).await;
    assert_eq!(
        floor.detail(id).await["call"]["status"],
        "resolved",
        "it stands"
    );
    floor.hands.set(start() + minutes(4));
    floor.tell(&[("M1", 3, Running)]).await;
    floor.at(minutes(4)).await;
    floor.at(just_after(4)).await;
    let detail = floor.detail(id).await;
    let at_three = json!((start() + minutes(3)).0);
    assert_eq!(
        (&detail["call"]["status"], &detail["call"]["restarted"]),
        (&json!("closed"), &at_three),
        "{}: {detail}",
        place.engine
    );
    let ends = happened(&detail);
    let again = "machine runs again".to_owned();
    assert_eq!(
        ends[ends.len() - 2..],
        [
            ("restart".to_owned(), again.clone()),
            ("close".to_owned(), again)
        ]
    );
    assert_eq!(
        detail["waiting"]["restart"],
        json!(minutes(2).0),
        "resolved at 1, ran at 3"
    );
    let detail = floor.detail(still_open).await;
    assert_eq!(
        (&detail["call"]["status"], &detail["call"]["restarted"]),
        (&json!("raised"), &at_three),
        "nobody said that its trouble is over"
    );
    let whole: i64 = ["acknowledge", "travel", "repair", "restart"]
        .map(|part| detail["waiting"][part].as_i64().expect("a length"))
        .iter()
        .sum();
    assert_eq!(whole, minutes(3).0, "it waited until the machine ran");
}

/// A machine tells a state a few seconds after a full minute.
async fn tell_at(floor: &Floor, id: &str, machine: &str, after: DurMs, told: MachineState) {
    let items = [state(id, machine, start() + after, told)];
    let key = &floor.server.everything;
    let answer = floor.server.ingest(key, &items).await;
    assert_eq!(answer.accepted, 1, "{answer:?}");
}

async fn a_machine_that_ran_for_a_moment_does_not_run_again(place: &Place) {
    let mut floor = Floor::new(place).await;
    floor
        .tell(&[("M1", -60, Running), ("M1", -2, Stopped)])
        .await;
    floor.at(minutes(0)).await;
    let stop = json!({"machine": "M1", "kind": "stop"});
    let id = floor.raised(&floor.operator, stop).await;
    // Somebody tries it for five seconds: once seen while it runs, and once not.
    let ends = minutes(10) + DurMs(5_000);
    floor.hands.set(start() + minutes(10));
    tell_at(&floor, "r1", "M1", minutes(10), Running).await;
    floor.at(just_after(10)).await;
    let restarted = floor.detail(id).await["call"]["restarted"].clone();
    assert_eq!(
        restarted,
        json!((start() + minutes(10)).0),
        "so far it does"
    );
    floor.hands.set(start() + ends);
    tell_at(&floor, "r2", "M1", ends, Stopped).await;
    floor.at(just_after(11)).await;
    let detail = floor.detail(id).await;
    assert_eq!(detail["call"]["restarted"], json!(null), "{}", place.engine);
    let stop = json!((start() + minutes(-2)).0);
    assert_eq!(detail["call"]["stop"], stop, "the same trouble");
    floor.at(just_after(17)).await;
    let detail = floor.detail(id).await;
    let last = happened(&detail).pop();
    let again = ("stand".to_owned(), "machine stands again".to_owned());
    assert_eq!(last, Some(again), "{detail}");
    floor.hands.set(start() + minutes(20) + DurMs(5_000));
    tell_at(&floor, "r3", "M1", minutes(20), Running).await;
    tell_at(&floor, "r4", "M1", minutes(20) + DurMs(5_000), Stopped).await;
    floor.at(just_after(21)).await;
    floor.hands.set(start() + minutes(60));
    floor.resolve(id).await;
    floor.at(just_after(61)).await;
    let detail = floor.detail(id).await;
    assert_eq!(
        (&detail["call"]["status"], &detail["call"]["restarted"]),
        (&json!("resolved"), &json!(null)),
        "{}: it stands",
        place.engine
    );
    floor.hands.set(start() + minutes(70));
    tell_at(&floor, "r5", "M1", minutes(70), Running).await;
    floor.at(just_after(70)).await;
    let detail = floor.detail(id).await;
    assert_eq!(
        (&detail["call"]["status"], &detail["call"]["restarted"]),
        (&json!("closed"), &json!((start() + minutes(70)).0)),
        "{}: {detail}",
        place.engine
    );
    let waiting = &detail["waiting"];
    assert_eq!(
        (&waiting["acknowledge"], &waiting["restart"]),
        (&json!(minutes(60).0), &json!(minutes(10).0)),
        "until it ran for good"
    );
}

async fn what_ran_when_it_was_resolved_ran_again_when_that_run_began(place: &Place) {
    let mut floor = Floor::new(place).await;
    floor
        .tell(&[("M1", -60, Running), ("M1", -2, Stopped)])
        .await;
    floor.at(minutes(0)).await;
    let stop = json!({"machine": "M1", "kind": "stop"});
    let id = floor.raised(&floor.operator, stop).await;
    // Nobody looks until long after: a trial, the run in which it is resolved, another stop.
    floor.hands.set(start() + minutes(30));
    floor.resolve(id).await;
    floor.hands.set(start() + minutes(50));
    floor
        .tell(&[
            ("M1", 10, Running),
            ("M1", 11, Stopped),
            ("M1", 25, Running),
            ("M1", 40, Stopped),
        ])
        .await;
    floor.at(minutes(50)).await;
    let detail = floor.detail(id).await;
    assert_eq!(
        (&detail["call"]["status"], &detail["call"]["restarted"]),
        (&json!("closed"), &json!((start() + minutes(25)).0)),
        "{}: {detail}",
        place.engine
    );
}

async fn a_call_that_came_before_its_stop_is_tied_to_it(place: &Place) {
    let mut floor = Floor::new(place).await;
    floor
        .tell(&[("M1", -60, Running), ("M2", -60, Running)])
        .await;
    floor.at(minutes(0)).await;
    let of_line = json!({"line": "L1", "kind": "stop", "line_stopped": true});
    let of_line = floor.raised(&floor.operator, of_line).await;
    let other = json!({"machine": "M2", "kind": "quality", "line_stopped": false});
    let other = floor.raised(&floor.operator, other).await;
    for id in [of_line, other] {
        let stop = floor.detail(id).await["call"]["stop"].clone();
        assert_eq!(stop, json!(null), "its machine runs");
    }
    // What the machines tell comes later.
    floor.hands.set(start() + minutes(1));
    floor.tell(&[("M1", 1, Stopped), ("M2", 1, Stopped)]).await;
    floor.at(just_after(1)).await;
    let stop = floor.detail(of_line).await["call"]["stop"].clone();
    assert_eq!(
        stop,
        json!((start() + minutes(1)).0),
        "{}: the pacing machine stands",
        place.engine
    );
    let stop = floor.detail(other).await["call"]["stop"].clone();
    assert_eq!(stop, json!(null), "nobody said that it stands for this");
    floor.at(minutes(2)).await;
    floor.resolve(of_line).await;
    floor.hands.set(start() + minutes(4));
    floor.tell(&[("M1", 4, Running)]).await;
    floor.at(just_after(4)).await;
    let detail = floor.detail(of_line).await;
    assert_eq!(
        (&detail["call"]["status"], &detail["waiting"]["restart"]),
        (&json!("closed"), &json!(minutes(2).0)),
        "{}: {detail}",
        place.engine
    );
    floor.at(minutes(60)).await;
    let stop = floor.detail(other).await["call"]["stop"].clone();
    assert_eq!(stop, json!((start() + minutes(1)).0), "it stands for long");
}
