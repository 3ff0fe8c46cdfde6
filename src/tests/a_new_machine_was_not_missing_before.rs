//! A machine that comes to a line that stands has no time before it came: what the line did then stays as it was, also where
//! the new machine now is the first or the last.

use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::{state, two_shifts};
use ms5_floor::api::oee::LineOee;
use ms5_floor::domain::account::Account;
use ms5_floor::domain::machine_state::MachineState::{Running, Stopped};
use ms5_floor::domain::time::{HOUR_MS, TsMs};
use ms5_floor::server::rollup::make::catch_up;
use ms5_floor::server::services::downtime::get_downtime_statistics;
use ms5_floor::server::services::oee::calculate_oee;
use serde_json::{Value, json};

on_both! { the_past_of_the_line_stays_and_the_new_machines_time_begins }

async fn oee(server: &Server, from: TsMs, hours: i64) -> LineOee {
    calculate_oee(
        &crate::harness::by_the_program(&server.app),
        "L1",
        from.0,
        from.0 + hours * HOUR_MS,
    )
    .await
    .expect("figures")
}

fn accounts(oee: &LineOee) -> [Account; 2] {
    [
        oee.line.as_ref().expect("a line").account,
        oee.assets.account,
    ]
}

async fn the_past_of_the_line_stays_and_the_new_machines_time_begins(place: &Place) {
    let monday = at("2026-07-06T06:00:00+02:00");
    let hours = |n: i64| TsMs(monday.0 + n * HOUR_MS);
    let hands = Hands::at(hours(40));
    // The first machine sets the pace, the last one's pieces leave the line; nobody marked them.
    let mut plant = two_shifts();
    for machine in plant["machine"].as_array_mut().expect("machines") {
        let machine = machine.as_object_mut().expect("a machine");
        machine.remove("pacing");
        machine.remove("output");
    }
    let server = Server::with(place, hands.clock(), plant.clone()).await;
    let (_, key) = server.key("gateway", true, false).await;
    let mut items: Vec<Value> = Vec::new();
    for (n, machine) in ["M1", "M2"].into_iter().enumerate() {
        items.push(state(&format!("r{n}"), machine, monday, Running));
        items.push(state(&format!("s{n}"), machine, hours(2), Stopped));
        items.push(state(&format!("t{n}"), machine, hours(3), Running));
        items.push(json!({
            "id": format!("p{n}"), "machine": machine, "at": monday.0, "kind": "product", "product": "P1",
        }));
        items.push(json!({
            "id": format!("c{n}"), "machine": machine, "at": hours(1).0, "kind": "count", "good": 3600,
        }));
    }
    let answer = server.ingest(&key, &items).await;
    assert_eq!(answer.accepted, items.len(), "{answer:?}");
    let before = oee(&server, monday, 8).await;
    assert_eq!(
        before.line.as_ref().expect("a line").oee.value(),
        Some(60.0 / 480.0)
    );

    // On Tuesday at ten in the evening two machines come: a new first one and a new last one.
    let machines = plant["machine"].as_array_mut().expect("machines");
    machines.insert(0, json!({"code": "M0", "name": "Unpacker", "line": "L1"}));
    machines.push(json!({"code": "M9", "name": "Palletiser", "line": "L1"}));
    server.set_up(plant).await;
    let same = async |when: &str| {
        let after = oee(&server, monday, 8).await;
        let what = format!("{} {when}", place.engine);
        assert_eq!(accounts(&after), accounts(&before), "{what}");
        assert_eq!(after.machines[0].account, Account::default(), "{what}");
        // Without a word the new ones are without data from then on, and the line with the first of them.
        let now = oee(&server, hours(40), 20).await;
        for account in [
            accounts(&now)[0],
            now.machines[0].account,
            now.machines[3].account,
        ] {
            let planned = account.planned_production();
            assert!(
                planned.0 > 0 && account.unknown == planned,
                "{what}: {account:?}"
            );
        }
        let both = oee(&server, monday, 60).await;
        let [line, _] = accounts(&both);
        let [old, _] = accounts(&oee(&server, monday, 40).await);
        let [new, _] = accounts(&oee(&server, hours(40), 20).await);
        assert_eq!(line, [old, new].into_iter().sum(), "{what}");
        let ctx = crate::harness::by_the_program(&server.app);
        let stops =
            get_downtime_statistics(&ctx, (Some("L1"), None), (Some(monday.0), Some(hours(8).0)));
        let lost = stops.await.expect("figures").all.lost.time;
        assert_eq!(lost, before.assets.account.unplanned, "{what}");
    };
    hands.set(hours(60));
    same("from the timeline").await;
    hands.set(hours(24 * 40));
    catch_up(&server.app).await.expect("roll-ups");
    same("from roll-ups").await;

    // What a new machine tells of the time before it came shows that it was there.
    let late = [state("l0", "M0", hours(4), Running)];
    assert_eq!(server.ingest(&key, &late).await.accepted, 1);
    let told = oee(&server, monday, 8).await.machines[0].account;
    assert_eq!(
        (told.run.0, told.calendar().0),
        (4 * HOUR_MS, 4 * HOUR_MS),
        "{}",
        place.engine
    );
}
