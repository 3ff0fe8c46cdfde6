//! A message says why somebody further up is called: because nobody did anything for so long, or because somebody sent it up.

use crate::andon_scene::{Floor, Letters, add_rule, give_addresses, minutes, rule_of, start, step};
use crate::harness::Place;
use ms5_floor::domain::andon::Trigger::{NotAcknowledged, NotResolved, Raised};
use ms5_floor::domain::andon::{Channel, Step};
use ms5_floor::domain::time::DurMs;
use serde_json::json;
use std::sync::Arc;

on_both! { what_was_sent_up_by_hand_says_who_did_it_and_when }

async fn what_was_sent_up_by_hand_says_who_did_it_and_when(place: &Place) {
    let mut floor = Floor::new(place).await;
    let letters = Arc::new(Letters::default());
    floor.reach_by("email", letters.clone());
    give_addresses(&floor.server.app.db).await;
    let one = |trigger, after, level| Step {
        via: vec![Channel::Email],
        ..step(trigger, after, level, "engineer")
    };
    let steps = vec![
        one(Raised, DurMs::ZERO, 0),
        one(NotAcknowledged, minutes(5), 1),
        one(NotAcknowledged, DurMs(450_000), 2),
        one(NotResolved, minutes(70), 3),
    ];
    add_rule(&floor.server.app.db, &rule_of(steps)).await;
    let call = json!({"machine": "M1", "kind": "stop"});
    let id = floor.raised(&floor.operator, call).await;
    floor.deliver().await;
    let said = || letters.last_line("engineer.everywhere");
    let called = "Called at 2026-07-06 10:00 by operator everywhere.";
    assert_eq!(said(), called, "{}", place.engine);

    floor.hands.set(start() + DurMs(20_000));
    floor
        .acted(&floor.operator, id, "escalate", json!({}))
        .await;
    floor.deliver().await;
    let by_hand = |level: i64, after: &str| {
        format!("Level {level}: sent up by operator everywhere after {after}.")
    };
    assert_eq!(said(), by_hand(1, "0:20"), "{}", place.engine);

    assert_eq!(floor.at(DurMs(450_000)).await, 1, "level 1 is done");
    floor.deliver().await;
    assert_eq!(said(), "Level 2: nobody took it in 7:30.");
    floor.hands.set(start() + minutes(65));
    floor
        .acted(&floor.operator, id, "escalate", json!({}))
        .await;
    floor.deliver().await;
    assert_eq!(said(), by_hand(3, "1:05:00"));

    // A step that waits for less than a minute says so.
    let soon = vec![
        one(Raised, DurMs::ZERO, 0),
        one(NotAcknowledged, DurMs(20_000), 1),
        one(NotAcknowledged, minutes(1), 2),
    ];
    let mut rule = rule_of(soon);
    rule.kind = Some(ms5_floor::domain::andon::CallKind::Quality);
    add_rule(&floor.server.app.db, &rule).await;
    let call = json!({"machine": "M1", "kind": "quality"});
    floor.raised(&floor.operator, call).await;
    for (after, words) in [(20_000, "20 seconds"), (60_000, "1 minute")] {
        assert_eq!(floor.at(minutes(65) + DurMs(after)).await, 1);
        floor.deliver().await;
        let words = format!("nobody took it in {words}.");
        assert!(said().ends_with(&words), "{words}: {}", said());
    }
}
