//! By which ways people were told of calls is forgotten some time after the calls are over. The calls themselves, what
//! happened to them and the audit trail stay.

use crate::andon_scene::{Floor, Letters, give_addresses, number, start};
use crate::harness::Place;
use ms5_floor::domain::ids::CallId;
use ms5_floor::domain::time::{DAY_MS, DurMs, TsMs};
use ms5_floor::server::auth::housekeeping::{TOLD_FOR, sweep};
use ms5_floor::server::db::andon::{events, told};
use ms5_floor::server::db::{audit, deliveries};
use ms5_floor::server::delivery::{Message, NewDelivery, To, enqueue};
use serde_json::json;
use std::sync::Arc;

on_both! { what_told_people_is_forgotten_when_calls_are_long_over }

/// How much there is of it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Left {
    messages: usize,
    attempts: i64,
    timers: usize,
    told: usize,
}

async fn left(floor: &Floor, id: i64) -> Left {
    let db = &floor.server.app.db;
    let mut tx = floor.server.snapshot().await;
    let told = told::of_calls_in(&mut tx, &[CallId(id)]).await;
    Left {
        messages: deliveries::of_call(db, id).await.expect("a read").len(),
        attempts: number(db, "SELECT COUNT(*) FROM delivery_attempt").await,
        timers: floor.timers(id).await.len(),
        told: told.expect("a read").len(),
    }
}

/// What must stay of a call: its view without who was told, and its history.
async fn kept(floor: &Floor, id: i64) -> (serde_json::Value, usize, usize) {
    let mut detail = floor.detail(id).await;
    detail["call"]["told"] = json!(null);
    let mut tx = floor.server.snapshot().await;
    let events = events::of_calls_in(&mut tx, &[CallId(id)]).await;
    let rows = audit::after(&floor.server.app.db, 0, 10_000).await;
    (
        detail,
        events.expect("a read").len(),
        rows.expect("rows").len(),
    )
}

/// A message that waits for its time, which is long after.
async fn wait_long(floor: &Floor, until: TsMs) -> i64 {
    let app = &floor.server.app;
    let new = NewDelivery {
        key: "waits",
        channel: "email",
        to: To::Address("ada@plant.example"),
        message: &Message::default(),
        step: None,
        now: start(),
        due: until,
    };
    let mut tx = app.db.begin().await.expect("a transaction");
    let queued = enqueue(&mut tx, &new).await.expect("queued");
    tx.commit().await.expect("committed");
    queued[0].delivery().0
}

async fn what_told_people_is_forgotten_when_calls_are_long_over(place: &Place) {
    let mut floor = Floor::new(place).await;
    floor.reach_by("email", Arc::new(Letters::default()));
    give_addresses(&floor.server.app.db).await;
    let call = |kind: &str| json!({"machine": "M1", "kind": kind, "line_stopped": false});
    let over = floor.raised(&floor.operator, call("material")).await;
    let gone = floor.raised(&floor.operator, call("stop")).await;
    let open = floor.raised(&floor.operator, call("quality")).await;
    let waits = wait_long(&floor, start() + DurMs(400 * DAY_MS)).await;
    floor.deliver().await;
    floor.at(DurMs(1_000)).await;
    floor.hands.set(start());
    floor.resolve(over).await;
    floor.acted(&floor.engineer, over, "close", json!({})).await;
    let slip = json!({"note": "a slip"});
    floor.acted(&floor.engineer, gone, "cancel", slip).await;
    floor.deliver().await;
    let (was_over, was_gone, was_open) = (
        left(&floor, over).await,
        left(&floor, gone).await,
        left(&floor, open).await,
    );
    for some in [&was_over, &was_gone, &was_open] {
        let all = some.messages > 2 && some.attempts > 2 && some.timers > 2 && some.told > 2;
        assert!(all, "{some:?}");
    }
    let record = (
        kept(&floor, over).await,
        kept(&floor, gone).await,
        kept(&floor, open).await,
    );

    let app = &floor.server.app;
    sweep(app, start() + TOLD_FOR).await.expect("swept");
    assert_eq!(left(&floor, over).await, was_over, "not yet");
    assert_eq!(left(&floor, open).await, was_open);
    sweep(app, start() + TOLD_FOR + DurMs(1))
        .await
        .expect("swept");
    let (is_over, is_gone, is_open) = (
        left(&floor, over).await,
        left(&floor, gone).await,
        left(&floor, open).await,
    );
    assert_eq!(
        (is_over.messages, is_over.timers, is_over.told),
        (0, 0, 0),
        "{}",
        place.engine
    );
    // The newest that was sent tells when the channel last worked.
    assert_eq!((is_gone.messages, is_gone.timers, is_gone.told), (1, 0, 0));
    let unlike = |left: Left| (left.messages, left.timers, left.told);
    assert_eq!(
        unlike(is_open.clone()),
        unlike(was_open),
        "whoever was woken is to hear of its end"
    );
    assert_eq!(is_open.attempts, 1 + is_open.messages as i64);
    let rows = deliveries::by_channel(&app.db).await.expect("a read");
    assert_eq!(
        (rows[0].waiting, rows[0].last_sent_ms),
        (1, Some(start().0))
    );
    let waiting = deliveries::by_id(&app.db, ms5_floor::domain::ids::DeliveryId(waits)).await;
    assert_eq!(waiting.expect("a read").expect("it waits").state, "waiting");
    let now = (
        kept(&floor, over).await,
        kept(&floor, gone).await,
        kept(&floor, open).await,
    );
    assert_eq!(now, record, "{}: the record stays", place.engine);
}
