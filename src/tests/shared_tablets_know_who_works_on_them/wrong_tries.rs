//! Neither PINs nor badges are guessed: wrong tries lock the tablet and the person, and are on record.

use super::{PIN, credentials, floor, tablet};
use crate::browser::{Browser, PASSWORD, add_person, enrol, leads_to, text};
use crate::harness::Place;
use axum::http::StatusCode;
use ms5_floor::domain::time::{DurMs, HOUR_MS, MINUTE_MS};
use ms5_floor::server::auth::merged;
use ms5_floor::server::db::attempts;
use ms5_floor::server::services::sign_on::pin_subject;

on_both! {
    wrong_tries_lock_the_tablet_and_the_person,
    badges_are_not_guessed_by_signing_on_in_between,
    pins_are_not_guessed_a_tile_after_the_other_by_signing_on_in_between,
    wrong_passwords_on_the_network_keep_nobody_out_of_tablets,
    tries_on_a_locked_tablet_are_on_record_once_a_minute,
}

async fn wrong_tries_lock_the_tablet_and_the_person(place: &Place) {
    let floor = floor(place).await;
    let jonas = add_person(&floor.server, "jonas", "operator").await;
    credentials(&floor.server, jonas, Some("8520"), Some("0041-78")).await;
    let mut here = tablet(&floor).await;
    for n in 0..5 {
        let answer = here
            .post("/sign-on", &[("badge", &format!("guess {n}"))])
            .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let right = [("badge", "0041-77")];
    assert_eq!(
        here.post("/sign-on", &right).await.status,
        StatusCode::TOO_MANY_REQUESTS
    );
    let start = floor.server.app.clock.now();
    floor.hands.set(start + DurMs(MINUTE_MS));
    assert_eq!(
        here.post("/sign-on", &right).await.status,
        StatusCode::SEE_OTHER
    );
    // A colleague's PIN is not guessed by signing on with one's own badge in between.
    let jonas = jonas.0.to_string();
    for n in 0..5 {
        let pin = format!("111{n}");
        let answer = here
            .post("/sign-on", &[("person", &jonas), ("pin", &pin)])
            .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{n}");
        here.post("/sign-on", &right).await;
    }
    let pin = [("person", jonas.as_str()), ("pin", "8520")];
    let answer = here.post("/sign-on", &pin).await;
    assert_eq!(
        answer.status,
        StatusCode::TOO_MANY_REQUESTS,
        "{}",
        text(&answer)
    );
    floor.hands.set(start + DurMs(HOUR_MS));
    assert_eq!(
        here.post("/sign-on", &pin).await.status,
        StatusCode::SEE_OTHER
    );
}

async fn badges_are_not_guessed_by_signing_on_in_between(place: &Place) {
    let floor = floor(place).await;
    let mut tablet = tablet(&floor).await;
    let (right, start) = ([("badge", "0041-77")], floor.server.app.clock.now());
    for n in 0..20 {
        let guess = format!("guess {n}");
        let answer = tablet.post("/sign-on", &[("badge", &guess)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{n}");
        if n < 19 {
            leads_to(&tablet.post("/sign-on", &right).await);
        }
    }
    for badge in ["one more", "0041-77"] {
        let answer = tablet.post("/sign-on", &[("badge", badge)]).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{badge}");
        let wait = answer.headers["retry-after"].to_str().expect("text");
        assert_eq!(wait, "3600", "until the hour is over");
    }
    // A PIN still signs on, and does not open the badges again.
    let maria = floor.maria.0.to_string();
    let pin = [("person", maria.as_str()), ("pin", PIN)];
    leads_to(&tablet.post("/sign-on", &pin).await);
    let answer = tablet.post("/sign-on", &right).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    floor.hands.set(start + DurMs(HOUR_MS));
    leads_to(&tablet.post("/sign-on", &right).await);
}

async fn pins_are_not_guessed_a_tile_after_the_other_by_signing_on_in_between(place: &Place) {
    let floor = floor(place).await;
    let mut tiles = Vec::new();
    for n in 0..11 {
        let id = add_person(&floor.server, &format!("tile{n}"), "operator").await;
        credentials(&floor.server, id, Some("8520"), None).await;
        tiles.push(id.0.to_string());
    }
    let mut tablet = tablet(&floor).await;
    let (badge, start) = ([("badge", "0041-77")], floor.server.app.clock.now());
    // One guess at each name, so that no name is locked; one's own badge, so that the tablet is not.
    for (n, tile) in tiles.iter().take(10).enumerate() {
        let answer = tablet
            .post("/sign-on", &[("person", tile.as_str()), ("pin", "1470")])
            .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{n}");
        leads_to(&tablet.post("/sign-on", &badge).await);
    }
    for pin in ["1470", "8520"] {
        let answer = tablet
            .post("/sign-on", &[("person", tiles[10].as_str()), ("pin", pin)])
            .await;
        assert_eq!(
            answer.status,
            StatusCode::TOO_MANY_REQUESTS,
            "{pin}, {}",
            place.engine
        );
        let wait = answer.headers["retry-after"].to_str().expect("text");
        assert_eq!(wait, "3600", "until the hour is over");
    }
    // Badges go on, and do not open the PINs again; another hour does.
    let right = [("person", tiles[10].as_str()), ("pin", "8520")];
    leads_to(&tablet.post("/sign-on", &badge).await);
    let answer = tablet.post("/sign-on", &right).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    floor.hands.set(start + DurMs(HOUR_MS));
    leads_to(&tablet.post("/sign-on", &right).await);
}

async fn wrong_passwords_on_the_network_keep_nobody_out_of_tablets(place: &Place) {
    let floor = floor(place).await;
    let mut far = Browser::new(&floor.server);
    for _ in 0..5 {
        let answer = far.sign_in("maria", "guess guess guess").await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let answer = far.sign_in("maria", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    let mut tablet = tablet(&floor).await;
    let maria = floor.maria.0.to_string();
    let pin = [("person", maria.as_str()), ("pin", PIN)];
    assert_eq!(leads_to(&tablet.post("/sign-on", &pin).await), "/lines/L1");
    let answer = far.sign_in("maria", PASSWORD).await;
    assert_eq!(
        answer.status,
        StatusCode::TOO_MANY_REQUESTS,
        "a PIN forgives no password"
    );
}

async fn tries_on_a_locked_tablet_are_on_record_once_a_minute(place: &Place) {
    let floor = floor(place).await;
    let app = &floor.server.app;
    let mut shared = tablet(&floor).await;
    let told = async || {
        let found = floor.server.on_record("session.locked").await;
        let told = found.into_iter().rev();
        told.map(|r| (r.target, r.device, r.became))
            .collect::<Vec<_>>()
    };
    let row = |target: &str, became: &str| {
        let device = "Tablet 1".to_owned();
        (target.to_owned(), device, became.to_owned())
    };
    // Badges, until the tablet is locked, and five more.
    for n in 0..11 {
        shared
            .post("/sign-on", &[("badge", &*format!("no-badge-{n}"))])
            .await;
    }
    let last = shared.post("/sign-on", &[("badge", "0041-77")]).await;
    assert_ne!(last.status, StatusCode::SEE_OTHER, "{}", text(&last));
    assert_eq!(
        told().await,
        [row("device:Tablet 1", "")],
        "{}",
        place.engine
    );
    // The same from another tablet, with a PIN: there the person is locked.
    let mut admin = Browser::signed_in(&floor.server, "ada").await;
    let link = enrol(&mut admin, "tablet", "Tablet 2").await;
    let mut other = Browser::new(&floor.server);
    other.post(&link, &[]).await;
    let mut tx = app.db.begin().await.expect("a transaction");
    let person = pin_subject(app, "maria");
    attempts::count(&mut tx, &person, app.clock.now())
        .await
        .expect("counted");
    attempts::lock(&mut tx, &person, app.clock.now() + DurMs(HOUR_MS))
        .await
        .expect("locked");
    tx.commit().await.expect("committed");
    let id = floor.maria.0.to_string();
    for _ in 0..3 {
        let answer = other
            .post("/sign-on", &[("person", &*id), ("pin", PIN)])
            .await;
        assert_ne!(answer.status, StatusCode::SEE_OTHER);
    }
    let mut of_person = row("person:maria", "");
    of_person.1 = "Tablet 2".to_owned();
    assert_eq!(
        told().await,
        [row("device:Tablet 1", ""), of_person],
        "{}",
        place.engine
    );
    // A minute later the number of the others is told.
    let later = app.clock.now() + DurMs(MINUTE_MS);
    floor.hands.set(later);
    merged::write_due(app, later).await.expect("written");
    let rows = told().await;
    assert_eq!(rows.len(), 4, "{}: {rows:?}", place.engine);
    assert!(
        rows.contains(&row("device:Tablet 1", r#"{"times":6}"#)),
        "{rows:?}"
    );
}
