//! A plant may be set up anew at any moment: also while facts wait to be written, twice at once, or on another node.

use crate::andon_scene::{number, run};
use crate::chance::new_fact;
use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::small_plant;
use futures::FutureExt;
use ms5_floor::domain::fact::{Fact, FactKind};
use ms5_floor::domain::fold::fold;
use ms5_floor::domain::ids::{MachineId, SourceId};
use ms5_floor::domain::machine_state::MachineState::{self, Running, Stopped};
use ms5_floor::domain::plant::PlantDef;
use ms5_floor::domain::time::{MINUTE_MS, Span, TsMs};
use ms5_floor::server::db::{Db, timeline};
use ms5_floor::server::plant::Plant;
use ms5_floor::server::services::plant::{Applied, set_up_by_the_program};
use serde_json::{Value, json};

on_both! {
    facts_and_folds_anew_in_one_transaction,
    another_node_goes_on_with_the_new_rules,
    each_machine_is_folded_in_a_transaction_of_its_own,
}

fn fact(source: SourceId, machine: MachineId, minute: i64, state: MachineState) -> Fact {
    let at = TsMs(at("2026-07-06T06:00:00Z").0 + minute * MINUTE_MS);
    let kind = FactKind::State { state, fault: None };
    Fact {
        source,
        item: format!("{minute}"),
        machine,
        at,
        kind,
    }
}

fn silent_after(seconds: i64) -> Value {
    let mut plant = small_plant();
    plant["machine"][0]["silence_s"] = json!(seconds);
    plant
}

async fn check(server: &Server, machine: MachineId, facts: &[Fact], what: &str) {
    let plant = Plant::load(&server.app.db).await.expect("the plant");
    let (_, known) = plant.machine(machine).expect("the machine");
    let (_, wanted) = fold(facts, &known.rules);
    let all = Span::clamped(TsMs(0), TsMs(i64::MAX));
    let stored = timeline::transitions(&mut server.snapshot().await, &[(machine, all)])
        .await
        .expect("transitions")
        .concat();
    assert_eq!(
        stored,
        wanted.transitions.into_values().collect::<Vec<_>>(),
        "{what}"
    );
}

async fn facts_and_folds_anew_in_one_transaction(place: &Place) {
    let hands = Hands::at(at("2026-07-06T12:00:00Z"));
    let server = Server::with(place, hands.clock(), silent_after(600)).await;
    let (source, _) = server.key("gateway", true, false).await;
    let machine = server.machine("M1");
    let (app, mut facts) = (&server.app, Vec::new());
    for (round, silence) in [60, 7200, 300].into_iter().enumerate() {
        let new: Vec<Fact> = (0..6)
            .map(|n| {
                fact(
                    source,
                    machine,
                    round as i64 * 60 + n * 7,
                    if n % 2 == 0 { Running } else { Stopped },
                )
            })
            .collect();
        let (first, second) = new.split_at(3);
        let items = |facts: &[Fact]| facts.iter().map(|f| Ok(new_fact(f))).collect();
        // As `PUT /api/v1/plant` does, with batches before and between.
        let def: PlantDef = serde_json::from_value(silent_after(silence)).expect("a plant");
        let Applied { plant, refold, .. } = set_up_by_the_program(&app.db, &def, app.clock.now())
            .await
            .expect("applied");
        assert_eq!(refold, [machine]);
        let mut one = Box::pin(app.writer.store(source, items(first)));
        assert!(
            (&mut one).now_or_never().is_none(),
            "nothing is answered before the commit"
        );
        app.plant.set(plant);
        let mut two = Box::pin(app.writer.fold_anew());
        let mut three = Box::pin(app.writer.store(source, items(second)));
        let mut four = Box::pin(app.writer.fold_anew());
        assert!((&mut two).now_or_never().is_none());
        assert!((&mut three).now_or_never().is_none());
        assert!((&mut four).now_or_never().is_none());
        let what = format!("{}, round {round}", place.engine);
        one.await.unwrap_or_else(|e| panic!("{what}: {e}"));
        two.await.unwrap_or_else(|e| panic!("{what}: {e}"));
        three.await.unwrap_or_else(|e| panic!("{what}: {e}"));
        four.await.unwrap_or_else(|e| panic!("{what}: {e}"));
        facts.extend(new);
        check(&server, machine, &facts, &what).await;
    }
}

async fn another_node_goes_on_with_the_new_rules(place: &Place) {
    let hands = Hands::at(at("2026-07-06T12:00:00Z"));
    let one = Server::with(place, hands.clock(), silent_after(600)).await;
    let (source, _) = one.key("gateway", true, false).await;
    let machine = one.machine("M1");
    let two = Server::start(place, hands.clock()).await;
    let mut facts = Vec::new();
    // What the other node remembers: stopped, and by the old rules stopped anew after the silence.
    for (minute, state) in [(0, Running), (5, Stopped), (20, Stopped)] {
        let new = fact(source, machine, minute, state);
        two.store(source, std::slice::from_ref(&new)).await;
        facts.push(new);
    }
    check(&two, machine, &facts, place.engine).await;
    // Silence of 15 minutes is allowed from now on; the other node has not heard of it.
    one.set_up(silent_after(1800)).await;
    check(&one, machine, &facts, place.engine).await;
    for (minute, state, cause) in [
        (21, Stopped, Some("F44")),
        (45, Stopped, None),
        (50, Running, None),
    ] {
        let mut new = fact(source, machine, minute, state);
        let fault = cause.map(str::to_owned);
        new.kind = FactKind::State { state, fault };
        two.store(source, std::slice::from_ref(&new)).await;
        facts.push(new);
        let what = format!("{}, minute {minute}", place.engine);
        check(&one, machine, &facts, &what).await;
    }
}

/// Refuses to write what this machine did.
async fn refuse(db: &Db, machine: MachineId) {
    let when = "CREATE TRIGGER refused BEFORE INSERT ON transition";
    let refused = match db {
        Db::Sqlite { .. } => format!(
            "{when} WHEN NEW.machine_id = {} BEGIN SELECT RAISE(ABORT, 'refused'); END",
            machine.0
        ),
        Db::Postgres(_) => {
            let function = "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
                AS 'BEGIN RAISE EXCEPTION ''refused''; END'";
            run(db, function.to_owned()).await;
            format!(
                "{when} FOR EACH ROW WHEN (NEW.machine_id = {}) EXECUTE FUNCTION refuse()",
                machine.0
            )
        }
    };
    run(db, refused).await;
}

async fn allow(db: &Db) {
    let on = match db {
        Db::Sqlite { .. } => "",
        Db::Postgres(_) => " ON transition",
    };
    run(db, format!("DROP TRIGGER refused{on}")).await;
}

async fn each_machine_is_folded_in_a_transaction_of_its_own(place: &Place) {
    let hands = Hands::at(at("2026-07-06T12:00:00Z"));
    let both_silent_after = |seconds: i64| {
        let mut plant = silent_after(seconds);
        plant["machine"][1]["silence_s"] = json!(seconds);
        plant
    };
    let server = Server::with(place, hands.clock(), both_silent_after(600)).await;
    let (source, _) = server.key("gateway", true, false).await;
    let (first, second) = (server.machine("M1"), server.machine("M2"));
    let told = |machine| [0, 30, 45].map(|minute| fact(source, machine, minute, Running));
    let named = |name: &str, fact: Fact| Fact {
        item: format!("{name} {}", fact.item),
        ..fact
    };
    let of_first = told(first).map(|fact| named("first", fact));
    let of_second = told(second).map(|fact| named("second", fact));
    server
        .store(source, &[&of_first[..], &of_second].concat())
        .await;
    let app = &server.app;
    let def: PlantDef = serde_json::from_value(both_silent_after(7200)).expect("a plant");
    let applied = set_up_by_the_program(&app.db, &def, app.clock.now()).await;
    let Applied { plant, refold, .. } = applied.expect("applied");
    assert_eq!(refold, [first, second]);
    app.plant.set(plant);
    refuse(&app.db, second).await;
    assert!(app.writer.fold_anew().await.is_err(), "{}", place.engine);
    check(&server, first, &of_first, place.engine).await;
    let due = number(&app.db, "SELECT COUNT(*) FROM refold_due").await;
    assert_eq!(due, 1, "{}: what was done is done", place.engine);
    allow(&app.db).await;
    app.writer.fold_anew().await.expect("folded");
    check(&server, second, &of_second, place.engine).await;
    let due = number(&app.db, "SELECT COUNT(*) FROM refold_due").await;
    assert_eq!(due, 0, "{}", place.engine);
}
