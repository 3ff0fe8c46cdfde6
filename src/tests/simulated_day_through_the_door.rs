//! A simulated day goes through the same door as real data, and what is stored then is what really happened: every
//! state with its fault, every piece in its minute.

use crate::chance::chance;
use crate::harness::{Hands, Place, Server};
use ms5_floor::api::ingest::{Item, ItemStatus};
use ms5_floor::domain::account::MadeIn;
use ms5_floor::domain::machine_state::MachineState;
use ms5_floor::domain::rights::{Rights, sets};
use ms5_floor::domain::time::{Span, TsMs};
use ms5_floor::server::db::timeline;
use ms5_floor::server::ingest::check::Door;
use ms5_floor::server::simulator::truth::DayTruth;
use ms5_floor::server::simulator::{Day, DayRun, Sampling, day, plant};
use rand::Rng;

on_both! {
    in_order,
    with_batches_that_come_late,
}

const SEED: u64 = 7;

/// Sends the items of a day; a part of the batches comes after the others.
async fn send(server: &Server, run: &DayRun, late: f64) {
    let items: Vec<Item> = run.items(run.span.from(), run.span.to(), Sampling::History);
    assert!(
        items.len() > 10_000,
        "a day's worth of items: {}",
        items.len()
    );
    let (source, _) = server.key("simulator", true, false).await;
    let plant = server.app.plant.get();
    let door = Door {
        source,
        may_backfill: true,
        rights: &Rights::everywhere(sets::SEND),
        plant: &plant,
        now: server.app.clock.now(),
    };
    let mut rng = chance(SEED);
    let (later, sooner): (Vec<&[Item]>, Vec<&[Item]>) =
        items.chunks(400).partition(|_| rng.random_bool(late));
    for batch in sooner.into_iter().chain(later) {
        let checked = batch.iter().map(|item| {
            Ok(door
                .check_item(item)
                .unwrap_or_else(|why| panic!("{item:?}: {why:?}")))
        });
        let answers = server
            .app
            .writer
            .store(source, checked.collect())
            .await
            .expect("stored");
        assert!(answers.iter().all(|a| a.status == ItemStatus::Accepted));
    }
}

async fn check(server: &Server, truth: &DayTruth, engine: &str) {
    let day = Span::clamped(truth.from, truth.to);
    for machine in &truth.machines {
        let id = server.machine(machine.machine);
        // The truth and the timeline as they read without changes of product.
        let mut told: Vec<(TsMs, MachineState, Option<String>)> = Vec::new();
        for t in timeline::transitions(&mut server.snapshot().await, &[(id, day)])
            .await
            .expect("transitions")
            .concat()
        {
            if told
                .last()
                .is_none_or(|(_, state, fault)| (*state, fault) != (t.state, &t.fault))
            {
                told.push((t.from, t.state, t.fault));
            }
        }
        let mut happened: Vec<(TsMs, MachineState, Option<String>)> = Vec::new();
        for s in &machine.states {
            let fault = s.fault.map(str::to_owned);
            if happened
                .last()
                .is_none_or(|(_, state, f)| (*state, f) != (s.state, &fault))
            {
                happened.push((s.from, s.state, fault));
            }
        }
        assert_eq!(
            told, happened,
            "{engine}, {} (stored, truth)",
            machine.machine
        );
        let plant = server.app.plant.get();
        let mut counted: Vec<_> = timeline::minutes(&mut server.snapshot().await, &[(id, day)])
            .await
            .expect("minutes")
            .concat()
            .into_iter()
            .map(|m| {
                let product = m
                    .product
                    .and_then(|p| plant.product(p))
                    .expect("a product")
                    .code
                    .clone();
                assert!(
                    m.made_in == MadeIn::KnownTime
                        && m.counts.rework == 0
                        && m.counts.ungraded == 0,
                    "{m:?}"
                );
                (m.minute, product, m.counts.good, m.counts.scrap)
            })
            .collect();
        counted.sort();
        let mut made: Vec<_> = machine
            .minutes
            .iter()
            .map(|m| {
                (
                    m.minute,
                    m.product.to_owned(),
                    i64::from(m.good),
                    i64::from(m.scrap),
                )
            })
            .collect();
        made.sort();
        assert_eq!(
            counted, made,
            "{engine}, {} (stored, truth)",
            machine.machine
        );
    }
    assert!(
        truth.machines.iter().any(|m| m.minutes.len() > 300),
        "something was made"
    );
}

async fn day_of(place: &Place) -> (Server, DayRun) {
    let run = day(SEED, Day::of(crate::harness::at("2026-03-03T12:00:00Z")));
    let server = Server::with(
        place,
        Hands::at(run.span.to()).clock(),
        serde_json::to_value(plant()).expect("json"),
    )
    .await;
    (server, run)
}

async fn in_order(place: &Place) {
    let (server, run) = day_of(place).await;
    send(&server, &run, 0.0).await;
    check(&server, &run.truth(), place.engine).await;
}

async fn with_batches_that_come_late(place: &Place) {
    let (server, run) = day_of(place).await;
    send(&server, &run, 0.3).await;
    check(&server, &run.truth(), place.engine).await;
}
