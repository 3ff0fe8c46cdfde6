//! What nobody does on a shared tablet, whoever signed on: administration, and messages of their own.

use super::{credentials, floor, last, tablet};
use crate::browser::{Browser, add_person, leads_to, text};
use crate::harness::Place;
use axum::http::StatusCode;
use ms5_floor::domain::rights::{Permission, sets};

on_both! {
    a_badge_opens_no_administration_whoever_shows_it,
    nobody_has_their_messages_shown_on_a_shared_tablet,
}

async fn a_badge_opens_no_administration_whoever_shows_it(place: &Place) {
    let floor = floor(place).await;
    let server = &floor.server;
    let boss = add_person(server, "boss", "admin").await;
    credentials(server, boss, Some("8520"), Some("0041-99")).await;
    let mut tablet = tablet(&floor).await;
    let answer = tablet.post("/sign-on", &[("badge", "0041-99")]).await;
    assert_eq!(leads_to(&answer), "/lines/L1");
    for path in [
        "/admin/people",
        "/admin/roles",
        "/admin/devices",
        "/admin/keys",
        "/admin/audit",
        "/admin/audit.csv",
    ] {
        let answer = tablet.get(path).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        let page = text(&answer);
        assert!(
            page.contains("On a shared tablet nobody may")
                && page.contains("sign in with your password"),
            "{page}"
        );
        assert!(!page.contains("href=\"/admin/"), "{page}");
    }
    for (path, form) in [
        ("/admin/people", ("login", "eve")),
        ("/admin/keys", ("name", "eve")),
    ] {
        let answer = tablet.post(path, &[form]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
    let row = last(server, "denied").await;
    assert_eq!(
        (row.actor_id, row.device.as_str(), row.was.as_str()),
        (Some(boss.0), "Tablet 1", Permission::UserWrite.name()),
        "that of the keys page was on record already"
    );
    // What is done on the floor can be done, and elsewhere the password opens all of it.
    assert!(!sets::NOT_BY_BADGE.has(Permission::DowntimeWrite));
    let wrong = tablet.post("/lines/L1/stops", &[]).await;
    assert_ne!(wrong.status, StatusCode::FORBIDDEN);
    let mut elsewhere = Browser::signed_in(server, "boss").await;
    assert_eq!(elsewhere.get("/admin/people").await.status, StatusCode::OK);
}

async fn nobody_has_their_messages_shown_on_a_shared_tablet(place: &Place) {
    let floor = floor(place).await;
    let mut tablet = tablet(&floor).await;
    tablet.post("/sign-on", &[("badge", "0041-77")]).await;
    let told = [
        ("endpoint", "https://fcm.googleapis.com/fcm/send/x"),
        ("p256dh", "x"),
        ("auth", "x"),
        ("label", "the tablet"),
    ];
    let number = [("phone", "+39 0471 000000")];
    for (path, form) in [("devices", &told[..]), ("phone", &number[..])] {
        let path = format!("/account/reached/{path}");
        let answer = tablet.post(&path, form).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{}", place.engine);
        assert!(
            text(&answer).contains("this tablet is shared"),
            "{}",
            text(&answer)
        );
    }
}
