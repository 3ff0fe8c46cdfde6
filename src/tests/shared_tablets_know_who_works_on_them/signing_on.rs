//! A badge signs on whoever it belongs to, a tile and a PIN whom the place knows; whoever was there before is signed off.

use super::{PIN, credentials, floor, last, tablet};
use crate::browser::{Browser, add_person, add_person_with, between, leads_to, text};
use crate::harness::{Place, until};
use axum::http::StatusCode;
use ms5_floor::server::db::audit::{self, AuditRow};
use ms5_floor::server::db::people::{self, GivenRow};
use sqlx::Connection;
use std::time::{Duration, Instant};

on_both! {
    a_badge_signs_on_and_the_page_is_kept,
    whoever_signs_on_replaces_who_was_there,
    a_tile_and_a_pin_sign_on_whom_the_place_knows,
    a_short_badge_is_not_taken,
    signing_on_locks_the_record_last,
}

async fn a_badge_signs_on_and_the_page_is_kept(place: &Place) {
    let floor = floor(place).await;
    let mut tablet = tablet(&floor).await;
    assert_eq!(
        tablet.get("/lines/L1").await.status,
        StatusCode::OK,
        "it shows what is on the floor"
    );
    assert_eq!(
        leads_to(&tablet.post("/lines/L1/stops", &[]).await),
        "/sign-on",
        "and changes nothing"
    );
    assert_eq!(
        leads_to(&tablet.get("/account").await),
        "/sign-on?next=%2Faccount"
    );
    let page = text(
        &tablet
            .get("/sign-on?next=%2Flines%2FL1%3Fview%3Dstops")
            .await,
    );
    let field = between(&page, "id=\"field-badge\"", ">");
    assert!(field.contains("autofocus"), "{field}");
    assert_eq!(
        between(&page, "name=\"next\" value=\"", "\""),
        "/lines/L1?view=stops"
    );
    let begun = Instant::now();
    let form = [("badge", " 0041-77\r"), ("next", "/lines/L1?view=stops")];
    assert_eq!(
        leads_to(&tablet.post("/sign-on", &form).await),
        "/lines/L1?view=stops"
    );
    assert!(
        begun.elapsed() < Duration::from_secs(3),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(tablet.get("/account").await.status, StatusCode::OK);
    let row = last(&floor.server, "session.sign_in").await;
    assert_eq!(
        (row.actor_kind.as_str(), row.actor.as_str()),
        ("person", "maria Tester")
    );
    assert_eq!(
        (row.device.as_str(), row.became.as_str()),
        ("Tablet 1", "badge")
    );
    // What she does later is hers, too, and tells on which tablet.
    tablet.post("/account/sessions/end-all", &[]).await;
    let row = last(&floor.server, "session.end_all").await;
    assert_eq!(
        (row.actor_id, row.device.as_str()),
        (Some(floor.maria.0), "Tablet 1")
    );
    assert_eq!(
        leads_to(&tablet.get("/account").await),
        "/sign-on?next=%2Faccount",
        "the tablet is still one"
    );
}

async fn whoever_signs_on_replaces_who_was_there(place: &Place) {
    let floor = floor(place).await;
    let jonas = add_person(&floor.server, "jonas", "operator").await;
    credentials(&floor.server, jonas, None, Some("0041-78")).await;
    let mut tablet = tablet(&floor).await;
    tablet.post("/sign-on", &[("badge", "0041-77")]).await;
    let before = tablet.cookie.clone();
    assert_eq!(
        leads_to(&tablet.post("/sign-on", &[("badge", "0041-78")]).await),
        "/lines/L1"
    );
    assert!(text(&tablet.get("/account").await).contains("jonas"));
    assert_ne!(tablet.cookie, before, "under a new id");
    let row = last(&floor.server, "session.sign_out").await;
    assert_eq!(
        (row.actor_id, row.why.as_str()),
        (Some(floor.maria.0), "jonas Tester signed on")
    );
    assert_eq!(
        leads_to(&tablet.post("/sign-out", &[]).await),
        "/lines/L1",
        "signing out leads to its page"
    );
    assert_eq!(tablet.get("/account").await.status, StatusCode::SEE_OTHER);
    assert_eq!(tablet.get("/lines/L1").await.status, StatusCode::OK);
}

async fn a_tile_and_a_pin_sign_on_whom_the_place_knows(place: &Place) {
    let floor = floor(place).await;
    let server = &floor.server;
    let plant = server.app.plant.get();
    let yard = plant.line("L2").expect("L2").area_id.0;
    let far = |row| GivenRow {
        area_id: Some(yard),
        ..row
    };
    let jonas = add_person_with(server, "jonas", far, "operator").await;
    credentials(server, jonas, Some(PIN), None).await;
    add_person(server, "nopin", "operator").await;
    let mut tablet = tablet(&floor).await;
    let page = text(&tablet.get("/sign-on").await);
    let tiles = between(&page, "class=\"name-tiles\"", "</nav>");
    assert!(tiles.contains("maria Tester"), "{tiles}");
    assert!(
        !tiles.contains("jonas") && !tiles.contains("nopin"),
        "{tiles}"
    );
    let (maria, jonas) = (floor.maria.0.to_string(), jonas.0.to_string());
    let page = text(&tablet.get(&format!("/sign-on?who={maria}")).await);
    assert!(
        between(&page, "id=\"field-pin\"", ">").contains("autofocus"),
        "{page}"
    );
    let pin = |person, pin| [("person", person), ("pin", pin)];
    for wrong in [
        pin(maria.as_str(), "4712"),
        pin(jonas.as_str(), PIN),
        pin("999999", PIN),
    ] {
        let answer = tablet.post("/sign-on", &wrong).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong:?}");
    }
    let row = last(server, "session.wrong").await;
    assert_eq!(
        (row.actor_kind.as_str(), row.device.as_str()),
        ("device", "Tablet 1")
    );
    assert_eq!(
        leads_to(&tablet.post("/sign-on", &pin(&maria, PIN)).await),
        "/lines/L1"
    );
    assert!(text(&tablet.get("/account").await).contains("maria"));
    let mut elsewhere = Browser::new(server);
    let answer = elsewhere.post("/sign-on", &pin(&maria, PIN)).await;
    assert_eq!(
        answer.status,
        StatusCode::NOT_FOUND,
        "a PIN opens nothing but a shared tablet"
    );
}

async fn a_short_badge_is_not_taken(place: &Place) {
    let floor = floor(place).await;
    let mut admin = Browser::signed_in(&floor.server, "ada").await;
    let path = format!("/admin/people/{}/badge", floor.maria.0);
    let answer = admin.post(&path, &[("badge", "00417")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(&answer).contains("6 to 64"), "{}", text(&answer));
    leads_to(&admin.post(&path, &[("badge", "004177")]).await);
}

/// Somebody holds the row of a person and wants to go on record; whoever signs on as that person at the same time waits,
/// and holds up nobody.
async fn signing_on_locks_the_record_last(place: &Place) {
    let floor = floor(place).await;
    let app = &floor.server.app;
    let jonas = add_person(&floor.server, "jonas", "operator").await;
    credentials(&floor.server, jonas, None, Some("0041-78")).await;
    let mut tablet = tablet(&floor).await;
    leads_to(&tablet.post("/sign-on", &[("badge", "0041-77")]).await);
    let mut tx = app.db.begin().await.expect("a transaction");
    people::signed_in(&mut tx, jonas, app.clock.now())
        .await
        .expect("her row");
    let form = [("badge", "0041-78")];
    let changes_places = tablet.post("/sign-on", &form);
    let other = async {
        if place.engine == "PostgreSQL" {
            let mut look = sqlx::PgConnection::connect(&place.url)
                .await
                .expect("a connection");
            until("the sign-on to wait", Duration::from_secs(20), async || {
                let waits: i64 = sqlx::query_scalar(
                    "SELECT COUNT(*) FROM pg_stat_activity
                     WHERE datname = current_database() AND wait_event_type = 'Lock'",
                )
                .fetch_one(&mut look)
                .await
                .expect("a look");
                (waits > 0).then_some(())
            })
            .await;
        }
        let row = AuditRow {
            action: "test.lock".to_owned(),
            ..AuditRow::default()
        };
        audit::add(&mut tx, &row).await.expect("on record");
        tx.commit().await.expect("committed");
    };
    let (answer, ()) = tokio::join!(changes_places, other);
    assert_eq!(leads_to(&answer), "/lines/L1");
    assert_eq!(
        last(&floor.server, "session.sign_out").await.actor_id,
        Some(floor.maria.0)
    );
}
