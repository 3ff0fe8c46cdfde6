//! People are added and changed by those who may, with all of it on record and no secret in the record. Nobody gives more
//! than they hold, nobody changes somebody who may more, and the last administrator stays one.

mod accounts;
mod administrators;
mod limits;
mod ways_in;

use crate::browser::text;
use crate::harness::{Answer, Hands, Place, Server, at};
use crate::small_plant::small_plant;
use ms5_floor::server::db::audit::{self, AuditRow};
use ms5_floor::server::db::people::{self, PersonRow};

async fn server(place: &Place) -> Server {
    let hands = Hands::at(at("2026-07-06T10:00:00Z"));
    Server::with(place, hands.clock(), small_plant()).await
}

async fn row(server: &Server, login: &str) -> PersonRow {
    let found = people::by_login(&server.app.db, login)
        .await
        .expect("a look");
    found.unwrap_or_else(|| panic!("{login} is there"))
}

async fn trail(server: &Server) -> Vec<AuditRow> {
    audit::after(&server.app.db, 0, 10_000)
        .await
        .expect("the trail")
}

async fn last(server: &Server) -> AuditRow {
    trail(server).await.pop().expect("a row")
}

/// The secret that a page shows this once.
fn shown_once(answer: &Answer) -> String {
    let page = text(answer);
    let (_, rest) = page
        .split_once("once-secret\">")
        .unwrap_or_else(|| panic!("{page}"));
    rest.split('<').next().expect("a secret").to_owned()
}
