//! The policy that everything else leans on: whatever the order, the repetitions, the restarts and the nodes, what is
//! stored is what a fresh fold of all facts gives: transitions, counts by minute, and the checkpoints to fold on from.

use crate::chance::{Scene, chance, delivered, facts, new_fact};
use crate::harness::{Hands, Place, Server, at};
use ms5_floor::api::ingest::ItemStatus;
use ms5_floor::domain::account::MinuteCount;
use ms5_floor::domain::fact::Fact;
use ms5_floor::domain::fold::{FoldRules, Head, fold};
use ms5_floor::domain::ids::{MachineId, SourceId};
use ms5_floor::domain::time::{Span, TsMs};
use ms5_floor::server::db::{Db, timeline};
use ms5_floor::server::ingest::writer::Writer;
use rand::Rng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

on_both! {
    small_scenes_in_any_order,
    long_runs_with_late_facts_around_what_is_kept_in_memory,
    two_nodes_that_take_turns,
    rules_that_change,
}

/// A plant with as many pairs of machines as there are cases, so that one database serves them all. Their rules of
/// silence and of counters take turns.
fn plant_of_pairs(pairs: usize) -> Value {
    let machines: Vec<Value> = (0..pairs * 2)
        .map(|n| {
            let mut machine =
                json!({"code": format!("M{n}"), "name": format!("Machine {n}"), "line": "L"});
            if n % 3 != 0 {
                machine["silence_s"] = json!(if n % 3 == 1 { 60 } else { 1800 });
            }
            if n % 2 == 0 {
                machine["counter_max"] = json!(1000);
            }
            if n % 5 > 2 {
                machine["cycle_gap_s"] = json!(if n % 5 == 3 { 45 } else { 1200 });
            }
            machine
        })
        .collect();
    let mut faults: Vec<Value> = (0..pairs * 2)
        .map(|n| json!({"machine": format!("M{n}"), "code": "Q9", "text": "Material, please", "kind": "prompt"}))
        .collect();
    faults.extend((0..pairs * 2).step_by(4).map(|n| {
        json!({"machine": format!("M{n}"), "code": "F1", "text": "The next one stands", "origin": "downstream"})
    }));
    json!({
        "site": {"code": "T", "name": "Test works", "zone": "UTC"},
        "area": [{"code": "A", "name": "Hall"}],
        "line": [{"code": "L", "name": "Line", "area": "A", "coupling": "parallel"}],
        "machine": machines,
        "product": [{"code": "P1", "name": "1"}, {"code": "P2", "name": "2"}],
        "fault": faults,
    })
}

async fn stored_checkpoints(db: &Db, machine: MachineId) -> Vec<(TsMs, Head)> {
    let mut tx = db.begin().await.expect("a transaction");
    let (mut out, mut position) = (Vec::new(), TsMs(i64::MIN));
    while let Some(next) = timeline::checkpoint_after(&mut tx, machine, position)
        .await
        .expect("a checkpoint")
    {
        position = next.at;
        out.push((next.at, next.head));
    }
    out
}

/// Compares everything stored of a machine with a fresh fold of the facts sent so far.
pub async fn check(db: &Db, machine: MachineId, sent: &[Fact], rules: &FoldRules, what: &str) {
    let mine: Vec<Fact> = sent
        .iter()
        .filter(|f| f.machine == machine)
        .cloned()
        .collect();
    let (head, wanted) = fold(&mine, rules);
    let all = Span::clamped(TsMs(i64::MIN), TsMs(i64::MAX));
    let mut snapshot = db.snapshot().await.expect("a snapshot");
    let transitions = timeline::transitions(&mut snapshot, &[(machine, all)])
        .await
        .expect("transitions")
        .concat();
    let wanted_transitions: Vec<_> = wanted.transitions.into_values().collect();
    assert_eq!(
        transitions, wanted_transitions,
        "{what}: transitions (stored, wanted), rules {rules:?}"
    );
    let minutes = timeline::minutes(&mut snapshot, &[(machine, all)])
        .await
        .expect("minutes")
        .concat();
    let wanted_minutes: Vec<MinuteCount> = wanted
        .minutes
        .into_iter()
        .map(|((minute, product, made_in), counts)| MinuteCount {
            minute,
            product,
            made_in,
            counts,
        })
        .collect();
    assert_eq!(minutes, wanted_minutes, "{what}: minutes (stored, wanted)");
    if rules.cycle_gap.is_some() {
        let bounds = timeline::bounds(&mut snapshot, &[machine])
            .await
            .expect("the last count");
        assert_eq!(
            bounds[0].counted, head.counted,
            "{what}: the last count (stored, wanted)"
        );
    }
    assert_eq!(
        stored_checkpoints(db, machine).await,
        wanted.checkpoints,
        "{what}: checkpoints (stored, wanted)"
    );
}

/// Stores a batch, sender by sender, and remembers what is new.
async fn store(
    writer: &Writer,
    batch: &[Fact],
    sent: &mut Vec<Fact>,
    known: &mut HashSet<(SourceId, String)>,
) {
    let mut by_source: BTreeMap<SourceId, Vec<&Fact>> = BTreeMap::new();
    for fact in batch {
        by_source.entry(fact.source).or_default().push(fact);
    }
    for (source, facts) in by_source {
        let items = facts.iter().map(|f| Ok(new_fact(f))).collect();
        let answers = writer
            .store(source, items)
            .await
            .expect("the batch is stored");
        for (fact, answer) in facts.into_iter().zip(answers) {
            let new = known.insert((source, fact.item.clone()));
            let wanted = if new {
                ItemStatus::Accepted
            } else {
                ItemStatus::Duplicate
            };
            assert_eq!(answer.status, wanted, "{fact:?}: {answer:?}");
            if new {
                sent.push(fact.clone());
            }
        }
    }
}

/// What happens between two batches.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Between {
    /// The one writer goes on.
    GoesOn,
    /// It may be stopped and another one started, which knows nothing.
    Restarts,
    /// Another node writes the next batch.
    TakesTurns,
}

/// One case: facts of two machines, delivered in batches, compared again and again.
async fn case(
    place: &Place,
    server: &Server,
    pair: usize,
    seed: u64,
    scene: &Scene,
    between: Between,
) {
    let mut rng = chance(seed);
    let all = facts(&mut rng, scene);
    let disorder = *[0.0, 0.02, 0.1, 0.5, 1.0]
        .choose(&mut rng)
        .expect("a disorder");
    let batches = delivered(&mut rng, &all, disorder);
    let app = &server.app;
    let start = || {
        Writer::start(
            app.db.clone(),
            app.clock.clone(),
            Arc::clone(&app.plant),
            app.hub.clone(),
        )
    };
    let mut writers = [start(), start()];
    let (mut sent, mut known) = (Vec::new(), HashSet::new());
    let count = batches.len();
    for (number, batch) in batches.into_iter().enumerate() {
        let turn = match between {
            Between::TakesTurns => usize::from(rng.random_bool(0.5)),
            _ => 0,
        };
        if between == Between::Restarts && rng.random_bool(0.2) {
            let (writer, task) = std::mem::replace(&mut writers[0], start());
            drop(writer);
            task.await.expect("the writer ends");
        }
        store(&writers[turn].0, &batch, &mut sent, &mut known).await;
        if number + 1 == count || rng.random_bool(0.25) {
            for machine in &scene.machines {
                let plant = app.plant.get();
                let (_, m) = plant.machine(*machine).expect("the machine");
                let what = format!(
                    "{}, seed {seed}, pair {pair}, machine {}, disorder {disorder}, {between:?}, batch {number} of {count}, {} facts so far",
                    place.engine,
                    m.code,
                    sent.len()
                );
                check(&app.db, *machine, &sent, &m.rules, &what).await;
            }
        }
    }
    assert_eq!(sent.len(), all.len(), "every fact was sent");
}

async fn cases(
    place: &Place,
    seeds: std::ops::Range<u64>,
    size: impl Fn(u64) -> (i64, usize),
    between: Between,
) {
    let seeds: Vec<u64> = seeds.collect();
    let hands = Hands::at(at("2026-07-10T00:00:00Z"));
    let server = Server::with(place, hands.clock(), plant_of_pairs(seeds.len())).await;
    let mut sources = Vec::new();
    for name in ["gateway", "sensor"] {
        sources.push(server.key(name, true, false).await.0);
    }
    let products = vec![server.product("P1"), server.product("P2")];
    for (pair, seed) in seeds.into_iter().enumerate() {
        let (hours, facts) = size(seed);
        // Ids are shared by all cases, sources are not: each case has its own stretch of ids through its own senders.
        let names = [format!("gateway {pair}"), format!("sensor {pair}")];
        let mut own = Vec::new();
        for name in &names {
            own.push(server.key(name, true, false).await.0);
        }
        let machines = vec![
            server.machine(&format!("M{}", pair * 2)),
            server.machine(&format!("M{}", pair * 2 + 1)),
        ];
        let from = at("2026-07-05T22:00:00Z");
        let scene = Scene {
            sources: own,
            machines,
            products: products.clone(),
            from,
            hours,
            facts,
        };
        case(place, &server, pair, seed, &scene, between).await;
    }
}

async fn small_scenes_in_any_order(place: &Place) {
    cases(
        place,
        0..60,
        |seed| (2 + (seed % 7) as i64 * 3, 20 + (seed % 5) as usize * 25),
        Between::Restarts,
    )
    .await;
}

async fn long_runs_with_late_facts_around_what_is_kept_in_memory(place: &Place) {
    // More than 256 facts a machine: what is kept in memory moves on, and late facts fall before and behind it.
    cases(
        place,
        1000..1008,
        |seed| (1 + (seed % 4) as i64 * 2, 1_400),
        Between::GoesOn,
    )
    .await;
}

async fn two_nodes_that_take_turns(place: &Place) {
    cases(
        place,
        2000..2020,
        |seed| (2 + (seed % 5) as i64 * 4, 120),
        Between::TakesTurns,
    )
    .await;
}

async fn rules_that_change(place: &Place) {
    let hands = Hands::at(at("2026-07-10T00:00:00Z"));
    let server = Server::with(place, hands.clock(), plant_of_pairs(1)).await;
    let (source, _) = server.key("gateway", true, false).await;
    let machines = vec![server.machine("M0"), server.machine("M1")];
    let products = vec![server.product("P1"), server.product("P2")];
    let from = at("2026-07-05T22:00:00Z");
    let scene = Scene {
        sources: vec![source],
        machines,
        products,
        from,
        hours: 9,
        facts: 300,
    };
    let mut rng = chance(7);
    let all = facts(&mut rng, &scene);
    let (mut sent, mut known) = (Vec::new(), HashSet::new());
    for (n, batch) in delivered(&mut rng, &all, 0.1).into_iter().enumerate() {
        if n % 5 == 4 {
            let mut plant = plant_of_pairs(1);
            plant["machine"][0]["silence_s"] = json!(60 * (n + 1));
            plant["machine"][1]["counter_max"] = json!(1000 + n);
            plant["machine"][1]["cycle_gap_s"] = json!(30 * (n + 1));
            server.set_up(plant).await;
        }
        store(&server.app.writer, &batch, &mut sent, &mut known).await;
        for machine in &scene.machines {
            let plant = server.app.plant.get();
            let (_, m) = plant.machine(*machine).expect("the machine");
            check(
                &server.app.db,
                *machine,
                &sent,
                &m.rules,
                &format!("{}, batch {n}, {}", place.engine, m.code),
            )
            .await;
        }
    }
}
