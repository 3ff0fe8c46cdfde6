//! The way of a fact to an item and back through the door changes nothing, whatever the fact: what quarantine shows of
//! a conflict is what was sent.

use crate::chance::{Scene, chance, facts, new_fact};
use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::small_plant;
use ms5_floor::domain::rights::{Rights, sets};
use ms5_floor::server::ingest::check::Door;
use ms5_floor::server::ingest::tell::item_of;

#[tokio::test]
async fn whatever_the_fact() {
    let place = Place::sqlite();
    let now = at("2026-07-06T10:00:00Z");
    let server = Server::with(&place, Hands::at(now).clock(), small_plant()).await;
    let (source, _) = server.key("gateway", true, false).await;
    let plant = server.app.plant.get();
    let door = Door {
        source,
        may_backfill: true,
        rights: &Rights::everywhere(sets::SEND),
        plant: &plant,
        now,
    };
    let scene = Scene {
        sources: vec![source],
        machines: vec![server.machine("M1"), server.machine("M2")],
        products: vec![server.product("P1"), server.product("P2")],
        from: at("2026-07-05T22:00:00Z"),
        hours: 9,
        facts: 2_000,
    };
    for fact in facts(&mut chance(3), &scene) {
        let text = serde_json::to_string(&item_of(&fact, &plant)).expect("json");
        let read = door
            .check(&text)
            .unwrap_or_else(|why| panic!("{text}: {why:?}"));
        assert_eq!(read, new_fact(&fact), "{text}");
    }
}
