//! After signing in each role lands on its own first page; who works on one line lands there. Nobody lands on a page that
//! they may not see.

use crate::browser::{
    Browser, PASSWORD, add_person, add_person_with, add_role, enrol, leads_to, text,
};
use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::small_plant;
use axum::http::StatusCode;
use ms5_floor::domain::rights::{Permission as P, PermissionSet};
use ms5_floor::server::db::people::GivenRow;
use ms5_floor::server::db::roles;

on_both! {
    each_role_lands_on_its_own_first_page,
    who_may_not_see_the_first_page_of_their_role_lands_where_they_may,
}

async fn each_role_lands_on_its_own_first_page(place: &Place) {
    let hands = Hands::at(at("2026-07-06T10:00:00Z"));
    let server = Server::with(place, hands.clock(), small_plant()).await;
    let line = server.app.plant.get().line("L1").expect("L1").id.0;
    let somewhere = |line_id| move |row| GivenRow { line_id, ..row };
    for (role, on_site, on_line) in [
        // People are administered on the whole site only.
        ("admin", "/admin/people", "/"),
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
            let opened = browser.get(page).await;
            assert_eq!(opened.status, StatusCode::OK, "{login}: {}", text(&opened));
        }
    }
}

async fn who_may_not_see_the_first_page_of_their_role_lands_where_they_may(place: &Place) {
    let hands = Hands::at(at("2026-07-06T10:00:00Z"));
    let server = Server::with(place, hands.clock(), small_plant()).await;
    add_person(&server, "ada", "admin").await;
    let mut admin = Browser::signed_in(&server, "ada").await;
    for (role, may, page) in [
        ("auditor", &[P::AuditRead][..], "/admin/audit"),
        ("caller", &[P::AndonRead], "/andon"),
        ("watcher", &[P::LineRead, P::OeeRead], "/lines/L1"),
        // Nothing of what there is to see.
        ("scribe", &[P::ReportsWrite], "/account"),
    ] {
        add_role(&server, role, PermissionSet::of(may)).await;
        add_person(&server, role, role).await;
        let mut browser = Browser::new(&server);
        let answer = browser.sign_in(role, PASSWORD).await;
        assert_eq!(leads_to(&answer), page, "{}: {role}", place.engine);
        assert_eq!(leads_to(&browser.get("/sign-in").await), page, "{role}");
        let opened = browser.get(page).await;
        assert_eq!(opened.status, StatusCode::OK, "{role}: {}", text(&opened));
    }
    // A page that there is no more leads to the board.
    let (rows, _) = roles::all(&server.app.db).await.expect("roles");
    let viewer = rows.iter().find(|r| r.code == "viewer").expect("the role");
    let version = viewer.version.to_string();
    let form = [
        ("version", &*version),
        ("name", "Viewer"),
        ("first_page", "/lines/GONE"),
    ];
    leads_to(
        &admin
            .post(&format!("/admin/roles/{}", viewer.id), &form)
            .await,
    );
    add_person(&server, "vic", "viewer").await;
    let answer = Browser::new(&server).sign_in("vic", PASSWORD).await;
    assert_eq!(leads_to(&answer), "/", "{}", place.engine);
    // On a shared tablet nobody administers anything.
    let link = enrol(&mut admin, "tablet", "Tablet 1").await;
    let mut tablet = Browser::new(&server);
    leads_to(&tablet.post(&link, &[]).await);
    let answer = tablet.sign_in("ada", PASSWORD).await;
    assert_eq!(leads_to(&answer), "/", "{}", place.engine);
    assert_eq!(tablet.get("/").await.status, StatusCode::OK);
}
