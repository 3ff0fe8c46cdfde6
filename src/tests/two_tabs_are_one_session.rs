//! When a session gets a new id because what its person may has changed, whatever was under way in other tabs of the same
//! browser still counts; a few seconds later, or for anybody else, the old id opens nothing.

use crate::browser::{Browser, PASSWORD, add_person, leads_to, role_id, text};
use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::small_plant;
use axum::http::{StatusCode, header};
use futures::future::join_all;
use ms5_floor::domain::ids::RoleId;
use ms5_floor::domain::time::DurMs;
use ms5_floor::server::db::roles;

on_both! {
    tabs_that_ask_at_once_when_a_role_changed_are_all_let_in,
    the_old_id_holds_for_ten_seconds_and_brings_no_cookie,
    the_old_id_ends_with_the_session,
    the_old_id_is_nobody_elses,
    the_old_id_takes_no_session_over,
}

async fn served(place: &Place) -> (Server, Hands) {
    let hands = Hands::at(at("2026-07-06T10:00:00Z"));
    let server = Server::with(place, hands.clock(), small_plant()).await;
    add_person(&server, "olga", "operator").await;
    (server, hands)
}

/// What operators may do has changed.
async fn change_role(server: &Server) {
    let role = RoleId(role_id(server, "operator").await);
    let mut tx = server.app.db.begin().await.expect("a transaction");
    roles::touch_holders(&mut tx, role).await.expect("counted");
    tx.commit().await.expect("committed");
    server.app.people.forget();
}

/// Another tab of the same browser.
fn tab<'s>(server: &'s Server, of: &Browser<'_>) -> Browser<'s> {
    let mut tab = Browser::new(server);
    tab.cookie.clone_from(&of.cookie);
    tab
}

async fn tabs_that_ask_at_once_when_a_role_changed_are_all_let_in(place: &Place) {
    let (server, _) = served(place).await;
    let mut browser = Browser::signed_in(&server, "olga").await;
    for round in 0..10 {
        change_role(&server).await;
        let mut tabs: Vec<_> = (0..4).map(|_| tab(&server, &browser)).collect();
        let answers = join_all(tabs.iter_mut().map(|t| t.get("/account"))).await;
        for answer in &answers {
            let status = answer.status;
            assert_eq!(status, StatusCode::OK, "{}: round {round}", place.engine);
        }
        let new: Vec<_> = tabs.iter().filter(|t| t.cookie != browser.cookie).collect();
        assert_eq!(new.len(), 1, "{}: one id, round {round}", place.engine);
        let cookie = new[0].cookie.clone();
        browser.cookie = cookie;
    }
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
}

async fn the_old_id_holds_for_ten_seconds_and_brings_no_cookie(place: &Place) {
    let (server, hands) = served(place).await;
    let mut browser = Browser::signed_in(&server, "olga").await;
    let mut late = tab(&server, &browser);
    change_role(&server).await;
    browser.get("/account").await;
    assert_ne!(browser.cookie, late.cookie, "a new id");
    let start = server.app.clock.now();
    hands.set(start + DurMs(9_999));
    let answer = late.get("/account").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", text(&answer));
    assert!(answer.headers.get(header::SET_COOKIE).is_none());
    assert!(text(&answer).contains("olga Tester"), "{}", text(&answer));
    hands.set(start + DurMs(10_000));
    let led = leads_to(&late.get("/account").await);
    assert!(led.starts_with("/sign-in"), "{}: {led}", place.engine);
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
}

async fn the_old_id_ends_with_the_session(place: &Place) {
    let (server, _) = served(place).await;
    // Signed out with the new id, and with the old one.
    for by_old in [false, true] {
        let mut browser = Browser::signed_in(&server, "olga").await;
        let mut late = tab(&server, &browser);
        change_role(&server).await;
        browser.get("/account").await;
        assert_ne!(browser.cookie, late.cookie, "a new id");
        let mut probes = [tab(&server, &browser), tab(&server, &late)];
        let out = if by_old { &mut late } else { &mut browser };
        out.post("/sign-out", &[]).await;
        for probe in &mut probes {
            let led = leads_to(&probe.get("/account").await);
            assert!(
                led.starts_with("/sign-in"),
                "{}: {by_old}: {led}",
                place.engine
            );
        }
    }
}

async fn the_old_id_is_nobody_elses(place: &Place) {
    let (server, _) = served(place).await;
    add_person(&server, "ada", "admin").await;
    let mut browser = Browser::signed_in(&server, "olga").await;
    let mut late = tab(&server, &browser);
    change_role(&server).await;
    browser.get("/account").await;
    // Somebody else signs in on the same browser.
    browser.sign_in("ada", PASSWORD).await;
    assert_eq!(browser.get("/admin/people").await.status, StatusCode::OK);
    let led = leads_to(&late.get("/admin/people").await);
    assert!(led.starts_with("/sign-in"), "{}: {led}", place.engine);
}

async fn the_old_id_takes_no_session_over(place: &Place) {
    let (server, _) = served(place).await;
    let mut browser = Browser::signed_in(&server, "olga").await;
    let mut late = tab(&server, &browser);
    change_role(&server).await;
    browser.get("/account").await;
    assert_ne!(browser.cookie, late.cookie, "a new id");
    // What gives a session a new id gives it to whoever has the present one.
    let answer = late.post("/account/code/begin", &[]).await;
    assert!(answer.headers.get(header::SET_COOKIE).is_none());
    let here = browser.get("/account").await.status;
    assert_eq!(here, StatusCode::OK, "{}", place.engine);
    let answer = browser.post("/account/code/begin", &[]).await;
    assert_eq!(leads_to(&answer), "/account/code");
}
