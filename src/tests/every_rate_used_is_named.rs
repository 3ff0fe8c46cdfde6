//! An answer names every ideal rate that stands behind its figures: the pacing machine's behind line OEE, each machine's
//! behind asset OEE and behind the figures of machines.

use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::{small_plant, state};
use ms5_floor::api::analysis::Choice;
use ms5_floor::api::oee::{RateUsed, Whose};
use ms5_floor::domain::machine_state::MachineState::Running;
use ms5_floor::domain::time::{HOUR_MS, TsMs};
use ms5_floor::server::services::analysis::analysis;
use ms5_floor::server::services::oee::calculate_oee;
use serde_json::{Value, json};

on_both! {
    machines_side_by_side_are_all_named,
    a_line_names_its_pacing_machine_and_then_every_machine,
}

const FROM: &str = "2026-07-06T06:00:00Z";

async fn server(place: &Place, coupling: &str) -> Server {
    let mut plant = small_plant();
    plant["line"][0]["coupling"] = json!(coupling);
    plant["rate"] = json!([
        {"machine": "M1", "product": "P1", "units": 60, "per_s": 60, "source": "nameplate"},
        {"machine": "M2", "product": "P1", "units": 90, "per_s": 60, "source": "time_study"},
    ]);
    let from = at(FROM);
    let now = TsMs(from.0 + HOUR_MS);
    let server = Server::with(place, Hands::at(now).clock(), plant).await;
    let (_, key) = server.key("gateway", true, false).await;
    let count = |machine: &str, good: i64| -> Value {
        json!({"id": format!("c{machine}"), "machine": machine, "at": from.0 + HOUR_MS / 2, "kind": "count", "good": good, "product": "P1"})
    };
    let items = [
        state("a", "M1", from, Running),
        state("b", "M2", from, Running),
        count("M1", 100),
        count("M2", 80),
    ];
    assert_eq!(server.ingest(&key, &items).await.accepted, items.len());
    server
}

fn told(rates: Vec<RateUsed>) -> Vec<(Whose, String, Option<f64>, i64)> {
    let told = |r: RateUsed| (r.whose, r.machine, r.per_minute, r.pieces);
    rates.into_iter().map(told).collect()
}

async fn asked(server: &Server, machine: Option<&str>) -> Vec<(Whose, String, Option<f64>, i64)> {
    let choice = Choice {
        from: Some(at(FROM).0),
        to: Some(at(FROM).0 + HOUR_MS),
        machine: machine.map(str::to_owned),
        ..Choice::default()
    };
    let found = analysis(&crate::harness::by_the_program(&server.app), "L1", &choice).await;
    told(found.expect("an analysis").rates)
}

fn filler() -> (Whose, String, Option<f64>, i64) {
    (Whose::Machine, "Filler".to_owned(), Some(60.0), 100)
}

fn packer() -> (Whose, String, Option<f64>, i64) {
    (Whose::Machine, "Packer".to_owned(), Some(90.0), 80)
}

async fn machines_side_by_side_are_all_named(place: &Place) {
    let server = server(place, "parallel").await;
    let (from, to) = (at(FROM).0, at(FROM).0 + HOUR_MS);
    let oee = calculate_oee(&crate::harness::by_the_program(&server.app), "L1", from, to).await;
    let rates = told(oee.expect("OEE").rates);
    assert_eq!(rates, [filler(), packer()], "{}", place.engine);
    assert_eq!(asked(&server, None).await, [filler(), packer()]);
    assert_eq!(asked(&server, Some("M2")).await, [packer()]);
}

async fn a_line_names_its_pacing_machine_and_then_every_machine(place: &Place) {
    let server = server(place, "serial").await;
    // The pieces of the last machine at the rate of the first.
    let own = (Whose::Line, "Filler".to_owned(), Some(60.0), 80);
    let (from, to) = (at(FROM).0, at(FROM).0 + HOUR_MS);
    let path = format!("/api/v1/oee/L1?from={from}&to={to}");
    let oee = server.get(&path, None).await.json();
    let rates: Vec<RateUsed> = serde_json::from_value(oee["rates"].clone()).expect("rates");
    let all = [own.clone(), filler(), packer()];
    assert_eq!(told(rates), all, "{}", place.engine);
    assert_eq!(asked(&server, None).await, [own]);
    assert_eq!(asked(&server, Some("assets")).await, [filler(), packer()]);
}
