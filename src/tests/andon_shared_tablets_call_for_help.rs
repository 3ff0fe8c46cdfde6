//! Whoever needs help at a shared tablet calls for it without signing on: on the tablet's own place, under its name.

use crate::andon_scene::Floor;
use crate::cast::Actor;
use crate::harness::Place;
use serde_json::json;

on_both! {
    a_tablet_on_which_nobody_signed_on_calls_for_help_under_its_own_name,
    it_calls_for_no_other_place_and_does_nothing_else,
    a_wall_calls_for_nothing,
}

const LABELLER: &str = "Tablet at the labeller";

async fn tablet(floor: &Floor) -> Actor {
    let line = floor.server.app.plant.get().line("L1").expect("L1").id;
    Actor::tablet(&floor.server, LABELLER, line).await
}

async fn a_tablet_on_which_nobody_signed_on_calls_for_help_under_its_own_name(place: &Place) {
    let floor = Floor::new(place).await;
    let tablet = tablet(&floor).await;
    let call = json!({"machine": "M1", "kind": "safety"});
    let id = floor.raised(&tablet, call.clone()).await;
    let detail = floor.detail(id).await;
    let raised = &detail["call"]["call"]["raised"];
    assert_eq!(raised["by"], LABELLER, "{}: {detail}", place.engine);
    assert_eq!(detail["history"][0]["by"], LABELLER);
    let row = floor.server.on_record("andon.raise").await.remove(0);
    assert_eq!(
        (row.actor_kind.as_str(), row.actor.as_str(), &row.target),
        ("device", LABELLER, &format!("call:{id}"))
    );
    // A second one joins it, and whoever stands there may also say that nobody came.
    let joined = floor.raise(&tablet, call).await.json();
    assert_eq!(
        (&joined["joined"], &joined["call"]["id"]),
        (&json!(true), &json!(id))
    );
    let up = floor.acted(&tablet, id, "escalate", json!({})).await;
    assert_eq!(up["level"], 1);
}

async fn it_calls_for_no_other_place_and_does_nothing_else(place: &Place) {
    let floor = Floor::new(place).await;
    let tablet = tablet(&floor).await;
    let far = floor.raise(&tablet, json!({"machine": "M3", "kind": "stop"}));
    let problem = far.await.problem(403, "forbidden");
    assert!(
        problem["detail"].to_string().contains("andon:create"),
        "{problem}"
    );
    let id = floor
        .raised(&tablet, json!({"line": "L1", "kind": "stop"}))
        .await;
    for (act, body) in [
        ("acknowledge", json!({})),
        ("arrive", json!({})),
        ("resolve", json!({"cause": "internal"})),
    ] {
        let answer = floor.act(&tablet, id, act, body).await;
        answer.problem(403, "forbidden");
    }
    assert_eq!(floor.detail(id).await["call"]["status"], "raised");
}

async fn a_wall_calls_for_nothing(place: &Place) {
    let floor = Floor::new(place).await;
    let line = floor.server.app.plant.get().line("L1").expect("L1").id;
    let wall = Actor::wall(&floor.server, "/lines/L1", Some(line)).await;
    let answer = floor.raise(&wall, json!({"machine": "M1", "kind": "stop"}));
    answer.await.problem(403, "forbidden");
    assert!(floor.active().await.is_empty());
}
