//! A changed rate or target holds from now on; what was made and asked for before keeps that of its time.

use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::{state, two_shifts};
use ms5_floor::domain::machine_state::MachineState::Running;
use ms5_floor::domain::target::Targets;
use ms5_floor::domain::time::{DurMs, MINUTE_MS, Span, TsMs};
use ms5_floor::server::services::board::board;
use serde_json::json;

on_both! {
    rates_and_targets_of_the_past_stay,
}

fn span(from: &str, to: &str) -> Span {
    Span::clamped(at(from), at(to))
}

async fn rates_and_targets_of_the_past_stay(place: &Place) {
    let hands = Hands::at(at("2026-07-06T06:00:00+02:00"));
    let mut plant = two_shifts();
    plant["line"][0]["target_oee"] = json!(0.5);
    plant["product"][0]["unit"] = json!("bags");
    plant["rate"][0]["source"] = json!("Nameplate");
    plant["changeover_target"] = json!([{"line": "L1", "from": "P1", "to": "P2", "minutes": 12}]);
    let server = Server::with(place, hands.clock(), plant.clone()).await;
    let (_, key) = server.key("gateway", true, false).await;
    let (machine, product, other) = (
        server.machine("M1"),
        server.product("P1"),
        server.product("P2"),
    );
    let start = at("2026-07-06T06:00:00+02:00");
    let items = [
        json!({"id": "p", "machine": "M1", "at": start, "kind": "product", "product": "P1"}),
        state("a", "M1", start, Running),
    ];
    assert_eq!(server.ingest(&key, &items).await.accepted, 2);
    // At 08:00 everything is asked for, at 10:00 the machine is found to be faster.
    hands.set(at("2026-07-06T08:00:30+02:00"));
    plant["line"][0]["target_oee"] = json!(1.0);
    assert_eq!(server.set_up(plant.clone()).await, [], "{}", place.engine);
    hands.set(at("2026-07-06T10:00:30+02:00"));
    plant["rate"][0]["units"] = json!(120);
    plant["rate"][0]["source"] = json!("Time study");
    assert_eq!(server.set_up(plant.clone()).await, [], "{}", place.engine);
    let model = server.app.plant.get();
    let line = model.line("L1").expect("a line");
    let asked = |text| line.target_at(at(text));
    assert_eq!(
        asked("2026-07-06T07:59:59+02:00"),
        Targets {
            availability: 0.9,
            performance: 0.95,
            quality: 0.98,
            oee: 0.5
        }
    );
    assert_eq!(asked("2026-07-06T08:00:00+02:00").oee, 1.0);
    let rate = |text| {
        let rate = model
            .rate_in_force(machine, product, at(text))
            .expect("a rate");
        (
            rate.ideal.cycle_ms(),
            rate.source.as_str(),
            rate.unit.as_str(),
            rate.valid_from,
        )
    };
    let study = at("2026-07-06T10:00:00+02:00");
    assert_eq!(
        rate("2026-07-06T09:59:00+02:00"),
        (1000.0, "Nameplate", "bags", TsMs(0))
    );
    assert_eq!(
        rate("2026-07-06T10:00:00+02:00"),
        (500.0, "Time study", "bags", study)
    );
    assert_eq!(
        model.changeover_target(line.id, product, other),
        Some(DurMs(12 * MINUTE_MS))
    );
    assert_eq!(model.changeover_target(line.id, other, product), None);
    // Two hours at half of 60 a minute, half a minute at all of it.
    hands.set(at("2026-07-06T08:00:30+02:00"));
    server.app.board.forget().await;
    let tile = board(&crate::harness::by_the_program(&server.app))
        .await
        .expect("a board")
        .tiles[0]
        .clone();
    let wanted = tile.progress.expect("progress").target.expect("a target");
    assert!(
        (wanted - (120.0 * 60.0 * 0.5 + 30.0)).abs() < 1e-6,
        "{}: {wanted}",
        place.engine
    );
    // A rate that says from when on restates the past from then on.
    hands.set(at("2026-07-06T12:00:00+02:00"));
    plant["rate"][0]["from"] = json!("2026-07-06T07:00");
    let restated = server.set_up(plant.clone()).await;
    let past = span("2026-07-06T07:00:00+02:00", "2026-07-06T10:00:00+02:00");
    assert_eq!(
        restated,
        [(line.id, past)],
        "{}: where it was another",
        place.engine
    );
    assert_eq!(server.set_up(plant).await, [], "{}: once", place.engine);
}
