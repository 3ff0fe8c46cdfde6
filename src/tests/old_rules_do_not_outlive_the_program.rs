//! A plant that changes rules of the fold is stored before the timeline follows it. A program that ends in between, a
//! batch that comes in between, another node: the timeline is that of the new rules all the same.

use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::{small_plant, state};
use crate::stream::follow;
use ms5_floor::domain::fact::{Fact, FactKind};
use ms5_floor::domain::fold::fold;
use ms5_floor::domain::ids::{MachineId, SourceId};
use ms5_floor::domain::machine_state::MachineState::{self, Running, Stopped};
use ms5_floor::domain::plant::PlantDef;
use ms5_floor::domain::time::{MINUTE_MS, Span, TsMs};
use ms5_floor::server::db::{refold, timeline};
use ms5_floor::server::plant::Plant;
use ms5_floor::server::services::plant::set_up_by_the_program;
use serde_json::{Value, json};
use std::time::Duration;

on_both! {
    a_program_that_ends_before_it_folds_anew_does_it_when_it_starts,
    a_batch_in_between_is_not_folded_on_to_old_rules,
    another_node_folds_anew_what_a_dead_one_left,
    what_is_done_is_not_done_again,
}

const TOLD: [(i64, MachineState); 4] = [(0, Running), (5, Stopped), (30, Running), (75, Stopped)];

fn minute(n: i64) -> TsMs {
    TsMs(at("2026-07-06T06:00:00Z").0 + n * MINUTE_MS)
}

fn silent_after(seconds: i64) -> Value {
    let mut plant = small_plant();
    plant["machine"][0]["silence_s"] = json!(seconds);
    plant
}

async fn told(place: &Place, hands: &Hands) -> (Server, SourceId, String) {
    let server = Server::with(place, hands.clock(), silent_after(7200)).await;
    let (source, key) = server.key("gateway", true, false).await;
    let items: Vec<Value> = TOLD
        .iter()
        .map(|(n, told)| state(&n.to_string(), "M1", minute(*n), *told))
        .collect();
    assert_eq!(server.ingest(&key, &items).await.accepted, items.len());
    (server, source, key)
}

/// What `PUT /api/v1/plant` does first; then the program ends.
async fn apply_only(server: &Server, plant: Value, now: TsMs) {
    let def: PlantDef = serde_json::from_value(plant).expect("a plant");
    let applied = set_up_by_the_program(&server.app.db, &def, now)
        .await
        .expect("applied");
    assert_eq!(applied.refold, [server.machine("M1")]);
}

fn facts(source: SourceId, machine: MachineId, told: &[(i64, MachineState)]) -> Vec<Fact> {
    let fact = |(n, state): &(i64, MachineState)| Fact {
        source,
        item: n.to_string(),
        machine,
        at: minute(*n),
        kind: FactKind::State {
            state: *state,
            fault: None,
        },
    };
    told.iter().map(fact).collect()
}

/// Whether the stored timeline of M1 is a fresh fold by the stored rules.
async fn is_fresh(server: &Server, source: SourceId, told: &[(i64, MachineState)]) -> bool {
    let plant = Plant::load(&server.app.db).await.expect("the plant");
    let id = server.machine("M1");
    let (_, machine) = plant.machine(id).expect("the machine");
    let (_, wanted) = fold(&facts(source, id, told), &machine.rules);
    let all = Span::clamped(TsMs(0), TsMs(i64::MAX));
    let stored = timeline::transitions(&mut server.snapshot().await, &[(id, all)]).await;
    stored.expect("transitions").concat() == wanted.transitions.into_values().collect::<Vec<_>>()
}

async fn due(server: &Server) -> bool {
    refold::is_due(&server.app.db).await.expect("an answer")
}

async fn a_program_that_ends_before_it_folds_anew_does_it_when_it_starts(place: &Place) {
    let hands = Hands::at(minute(90));
    let (dies, source, _) = told(place, &hands).await;
    apply_only(&dies, silent_after(600), minute(90)).await;
    assert!(due(&dies).await, "{}", place.engine);
    assert!(
        !is_fresh(&dies, source, &TOLD).await,
        "{}: the rules matter",
        place.engine
    );
    drop(dies);
    let starts = Server::start(place, hands.clock()).await;
    assert!(is_fresh(&starts, source, &TOLD).await, "{}", place.engine);
    assert!(!due(&starts).await, "{}", place.engine);
}

async fn a_batch_in_between_is_not_folded_on_to_old_rules(place: &Place) {
    let hands = Hands::at(minute(90));
    let (server, source, key) = told(place, &hands).await;
    apply_only(&server, silent_after(600), minute(90)).await;
    let more = [state("85", "M1", minute(85), Running)];
    assert_eq!(server.ingest(&key, &more).await.accepted, 1);
    let all = [TOLD.as_slice(), &[(85, Running)]].concat();
    assert!(is_fresh(&server, source, &all).await, "{}", place.engine);
    assert!(!due(&server).await, "{}", place.engine);
}

async fn another_node_folds_anew_what_a_dead_one_left(place: &Place) {
    let hands = Hands::at(minute(90));
    let (dies, source, _) = told(place, &hands).await;
    let lives = Server::start(place, hands.clock()).await;
    apply_only(&dies, silent_after(600), minute(90)).await;
    drop(dies);
    let following = follow(&lives);
    crate::harness::until("the other node", Duration::from_secs(20), async || {
        (!due(&lives).await).then_some(())
    })
    .await;
    assert!(is_fresh(&lives, source, &TOLD).await, "{}", place.engine);
    lives.stop.cancel();
    following.await.expect("the end");
}

async fn what_is_done_is_not_done_again(place: &Place) {
    let hands = Hands::at(minute(90));
    let (server, source, _) = told(place, &hands).await;
    server.set_up(silent_after(600)).await;
    assert!(!due(&server).await, "{}", place.engine);
    server.set_up(silent_after(600)).await;
    assert!(!due(&server).await, "{}", place.engine);
    assert!(is_fresh(&server, source, &TOLD).await, "{}", place.engine);
}
