//! A machine that gives counts and no state runs while it counts, and stands since its last count when none comes for longer
//! than its cycle gap: on the screens at once, in the timeline when it is heard again, and both are the same.

use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::small_plant;
use axum::http::Method;
use ms5_floor::domain::machine_state::MachineState::{Idle, Running};
use ms5_floor::domain::time::{MINUTE_MS, TsMs};
use ms5_floor::server::services::downtime::{get_active_downtime, get_downtime_events};
use ms5_floor::server::services::line::line;
use serde_json::json;

on_both! { a_machine_that_stops_counting_stands_since_its_last_count }

fn second(n: i64) -> TsMs {
    TsMs(at("2026-07-06T06:00:00Z").0 + n * 1000)
}

async fn a_machine_that_stops_counting_stands_since_its_last_count(place: &Place) {
    let mut plant = small_plant();
    plant["machine"][0]["cycle_gap_s"] = json!(90);
    let hands = Hands::at(second(0));
    let server = Server::with(place, hands.clock(), plant).await;
    let app = &server.app;
    let (_, key) = server.key("counter", true, false).await;
    let reading = |n: i64, value: i64| json!({"id": format!("c{n}"), "machine": "M1", "at": second(n).0, "kind": "counter", "channel": "good", "value": value});
    let readings: Vec<_> = (0..30).map(|n| reading(n * 20, n * 5)).collect();
    hands.set(second(600));
    assert_eq!(server.ingest(&key, &readings).await.accepted, 30);
    // The same reading again is no count.
    let again = [reading(600, 145), reading(660, 145)];
    hands.set(second(670));
    assert_eq!(server.ingest(&key, &again).await.accepted, 2);
    let row = || async {
        let view = line(&crate::harness::by_the_program(app), "L1", None)
            .await
            .expect("a line");
        let row = view
            .machines
            .into_iter()
            .find(|m| m.code == "M1")
            .expect("M1");
        (row.state, row.since)
    };
    assert_eq!(
        row().await,
        (Running, Some(second(20))),
        "90 s are not over"
    );
    hands.set(second(671));
    assert_eq!(row().await, (Idle, Some(second(580))), "{}", place.engine);
    hands.set(second(1000));
    let live = get_active_downtime(&crate::harness::by_the_program(app), Some("L1"))
        .await
        .expect("what stands");
    assert_eq!(
        live.iter().map(|e| (e.from, e.to)).collect::<Vec<_>>(),
        [(second(580), None)]
    );
    // It can be explained before the machine is heard again, and what was said stays.
    let path = format!("/api/v1/downtime/M1/{}/confirm", second(580).0);
    let said = json!({"version": 0, "reasons": [{"reason": "BELT_BREAK"}]});
    let answer = server.send(Method::POST, &path, None, &said).await;
    assert_eq!(answer.status.as_u16(), 200, "{answer:?}");
    hands.set(second(1200));
    assert_eq!(server.ingest(&key, &[reading(1190, 150)]).await.accepted, 1);
    assert_eq!(row().await, (Running, Some(second(1190))));
    let listed = get_downtime_events(&crate::harness::by_the_program(app), &Default::default())
        .await
        .expect("a page");
    let stop = &listed.events[0];
    assert_eq!((stop.from, stop.to), (second(580), Some(second(1190))));
    let reason = stop.parts[0].reason.as_ref().map(|r| r.code.as_str());
    assert_eq!((stop.parts.len(), reason), (1, Some("BELT_BREAK")));
    // A late count cuts the stop.
    let late =
        json!({"id": "late", "machine": "M1", "at": second(900).0, "kind": "count", "good": 1});
    assert_eq!(server.ingest(&key, &[late]).await.accepted, 1);
    let listed = get_downtime_events(&crate::harness::by_the_program(app), &Default::default())
        .await
        .expect("a page");
    let spans: Vec<_> = listed.events.iter().map(|e| (e.from, e.to)).collect();
    assert_eq!(
        spans,
        [(second(580), Some(second(1190)))],
        "a single count is no run"
    );
    let late: Vec<_> = (0..3).map(|n| json!({"id": format!("late{n}"), "machine": "M1", "at": second(900).0 + n * MINUTE_MS, "kind": "count", "good": 1})).collect();
    assert_eq!(server.ingest(&key, &late).await.accepted, 3);
    let listed = get_downtime_events(&crate::harness::by_the_program(app), &Default::default())
        .await
        .expect("a page");
    let spans: Vec<_> = listed.events.iter().map(|e| (e.from, e.to)).collect();
    assert_eq!(
        spans,
        [
            (second(1020), Some(second(1190))),
            (second(580), Some(second(900)))
        ]
    );
}
