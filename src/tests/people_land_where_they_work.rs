//! After signing in each role lands on its own first page; who works on one line lands there.

use crate::browser::{Browser, PASSWORD, add_person_with, leads_to};
use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::small_plant;
use ms5_floor::server::db::people::GivenRow;

on_both!(each_role_lands_on_its_own_first_page);

async fn each_role_lands_on_its_own_first_page(place: &Place) {
    let hands = Hands::at(at("2026-07-06T10:00:00Z"));
    let server = Server::with(place, hands.clock(), small_plant()).await;
    let line = server.app.plant.get().line("L1").expect("L1").id.0;
    let somewhere = |line_id| move |row| GivenRow { line_id, ..row };
    for (role, on_site, on_line) in [
        ("admin", "/admin/people", "/admin/people"),
        ("production_manager", "/", "/"),
        ("shift_manager", "/", "/"),
        ("engineer", "/", "/"),
        ("operator", "/", "/lines/L1"),
        ("maintenance", "/", "/lines/L1?view=stops"),
        ("quality", "/", "/"),
        ("viewer", "/", "/"),
    ] {
        for (of, line_id, page) in [("site", None, on_site), ("line", Some(line), on_line)] {
            let login = format!("{role}.{of}");
            add_person_with(&server, &login, somewhere(line_id), role).await;
            let mut browser = Browser::new(&server);
            let answer = browser.sign_in(&login, PASSWORD).await;
            assert_eq!(leads_to(&answer), page, "{}: {login}", place.engine);
            // Who is in already is led there, too.
            assert_eq!(leads_to(&browser.get("/sign-in").await), page, "{login}");
        }
    }
}
