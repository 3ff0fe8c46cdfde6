//! On a shared tablet people sign on with a badge, or a name tile and a PIN; what they do is on record under them, with the
//! tablet's name; wrong tries lock the tablet and the person.

mod bounds;
mod signing_off;
mod signing_on;
mod wrong_tries;

use crate::browser::{Browser, add_person, enrol, leads_to};
use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::small_plant;
use ms5_floor::domain::ids::PersonId;
use ms5_floor::server::db::audit::AuditRow;
use ms5_floor::server::db::people;
use ms5_floor::server::services::sign_on::badge_mark;

const PIN: &str = "4711";

struct Floor {
    server: Server,
    hands: Hands,
    maria: PersonId,
    link: String,
}

async fn credentials(server: &Server, id: PersonId, pin: Option<&str>, badge: Option<&str>) {
    let app = &server.app;
    let pin = match pin {
        Some(pin) => app.hasher.hash(pin.to_owned()).await,
        None => None,
    };
    let mut tx = app.db.begin().await.expect("a transaction");
    people::set_pin(&mut tx, id, pin.as_deref())
        .await
        .expect("a PIN");
    let mark = badge.map(|b| badge_mark(app, b));
    people::set_badge(&mut tx, id, mark.as_deref())
        .await
        .expect("a badge");
    tx.commit().await.expect("committed");
    app.people.forget();
}

async fn floor(place: &Place) -> Floor {
    let hands = Hands::at(at("2026-07-06T10:00:00Z"));
    let mut plant = small_plant();
    plant["area"]
        .as_array_mut()
        .expect("areas")
        .push(serde_json::json!({"code": "B", "name": "Yard"}));
    plant["line"]
        .as_array_mut()
        .expect("lines")
        .push(serde_json::json!({"code": "L2", "name": "Line 2", "area": "B"}));
    let server = Server::with(place, hands.clock(), plant).await;
    add_person(&server, "ada", "admin").await;
    let maria = add_person(&server, "maria", "operator").await;
    credentials(&server, maria, Some(PIN), Some("0041-77")).await;
    let mut admin = Browser::signed_in(&server, "ada").await;
    let link = enrol(&mut admin, "tablet", "Tablet 1").await;
    Floor {
        server,
        hands,
        maria,
        link,
    }
}

async fn tablet(floor: &Floor) -> Browser<'_> {
    let mut tablet = Browser::new(&floor.server);
    assert_eq!(leads_to(&tablet.post(&floor.link, &[]).await), "/lines/L1");
    tablet
}

async fn last(server: &Server, action: &str) -> AuditRow {
    server.on_record(action).await.remove(0)
}
