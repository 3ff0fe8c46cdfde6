//! On a shared tablet people sign on with a badge, or a name tile and a PIN; what they do is on record under them, with the
//! tablet's name; wrong tries lock the tablet and the person.

use crate::browser::{Browser, PASSWORD, add_person, add_person_with, between, leads_to, text};
use crate::harness::{Hands, Place, Server, at, until};
use crate::small_plant::small_plant;
use axum::http::StatusCode;
use ms5_floor::domain::ids::PersonId;
use ms5_floor::domain::rights::{Permission, sets};
use ms5_floor::domain::time::{DurMs, HOUR_MS, MINUTE_MS};
use ms5_floor::server::auth::merged;
use ms5_floor::server::db::attempts;
use ms5_floor::server::db::audit::{self, AuditRow, Wanted};
use ms5_floor::server::db::people::{self, GivenRow};
use ms5_floor::server::services::sign_on::{badge_mark, pin_subject};
use sqlx::Connection;
use std::time::{Duration, Instant};

on_both! {
    a_badge_signs_on_and_the_page_is_kept,
    whoever_signs_on_replaces_who_was_there,
    a_tile_and_a_pin_sign_on_whom_the_place_knows,
    wrong_tries_lock_the_tablet_and_the_person,
    without_a_touch_people_are_signed_off_and_the_tablet_stays,
    a_badge_opens_no_administration_whoever_shows_it,
    badges_are_not_guessed_by_signing_on_in_between,
    a_short_badge_is_not_taken,
    wrong_passwords_on_the_network_keep_nobody_out_of_tablets,
    a_changed_pin_or_badge_signs_people_off_tablets,
    signing_on_locks_the_record_last,
    tries_on_a_locked_tablet_are_on_record_once_a_minute,
    nobody_has_their_messages_shown_on_a_shared_tablet,
}

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
    let form = [
        ("kind", "tablet"),
        ("name", "Tablet 1"),
        ("page", "/lines/L1"),
        ("place", "line:L1"),
    ];
    let answer = admin.post("/admin/devices", &form).await;
    let link = between(&text(&answer), "floor.example", "</code>");
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
    let wanted = Wanted {
        action: action.to_owned(),
        ..Wanted::default()
    };
    audit::find(&server.app.db, &wanted, 1)
        .await
        .expect("the trail")
        .remove(0)
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

async fn without_a_touch_people_are_signed_off_and_the_tablet_stays(place: &Place) {
    let floor = floor(place).await;
    let mut tablet = tablet(&floor).await;
    tablet.post("/sign-on", &[("badge", "0041-77")]).await;
    assert_eq!(tablet.get("/account").await.status, StatusCode::OK);
    floor
        .hands
        .set(floor.server.app.clock.now() + DurMs(11 * MINUTE_MS));
    assert_eq!(
        leads_to(&tablet.get("/account").await),
        "/sign-on?next=%2Faccount"
    );
    assert_eq!(tablet.get("/lines/L1").await.status, StatusCode::OK);
    // What they send now waits until somebody has signed on, on the page where they were.
    let here = "/lines/L1?view=stops&stop=M1-1783324800000";
    let sign_on = "/sign-on?next=%2Flines%2FL1%3Fview%3Dstops%26stop%3DM1-1783324800000";
    for form in ["/lines/L1/stops", "/account/password", "/admin/devices"] {
        let answer = tablet.post_from(here, form, &[]).await;
        assert_eq!(leads_to(&answer), sign_on, "{form}");
    }
    assert_eq!(
        leads_to(&tablet.post("/account/password", &[]).await),
        "/sign-on"
    );
    let page = text(&tablet.get_from(here, "/sign-on").await);
    assert_eq!(
        between(&page, "name=\"next\" value=\"", "\""),
        here.replace('&', "&amp;")
    );
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

async fn a_short_badge_is_not_taken(place: &Place) {
    let floor = floor(place).await;
    let mut admin = Browser::signed_in(&floor.server, "ada").await;
    let path = format!("/admin/people/{}/badge", floor.maria.0);
    let answer = admin.post(&path, &[("badge", "00417")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(&answer).contains("6 to 64"), "{}", text(&answer));
    leads_to(&admin.post(&path, &[("badge", "004177")]).await);
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

async fn a_changed_pin_or_badge_signs_people_off_tablets(place: &Place) {
    let floor = floor(place).await;
    let mut admin = Browser::signed_in(&floor.server, "ada").await;
    let mut own = Browser::signed_in(&floor.server, "maria").await;
    let mut tablet = tablet(&floor).await;
    let maria = floor.maria.0.to_string();
    for (what, form, opens) in [
        ("pin", ("pin", "9173"), ("pin", "9173")),
        ("badge", ("badge", "0041-79"), ("badge", "0041-79")),
        ("pin", ("clear", "yes"), ("badge", "0041-79")),
        ("badge", ("clear", "yes"), ("", "")),
    ] {
        if what == "pin" && form.0 == "pin" {
            leads_to(&tablet.post("/sign-on", &[("badge", "0041-77")]).await);
        }
        assert_eq!(tablet.get("/account").await.status, StatusCode::OK);
        let path = format!("/admin/people/{maria}/{what}");
        leads_to(&admin.post(&path, &[form]).await);
        assert_eq!(
            leads_to(&tablet.get("/account").await),
            "/sign-on?next=%2Faccount",
            "{what} {form:?}"
        );
        assert_eq!(tablet.get("/lines/L1").await.status, StatusCode::OK);
        if opens.0 == "pin" {
            leads_to(
                &tablet
                    .post("/sign-on", &[("person", maria.as_str()), opens])
                    .await,
            );
        } else if opens.0 == "badge" {
            leads_to(&tablet.post("/sign-on", &[opens]).await);
        }
    }
    assert_eq!(
        own.get("/account").await.status,
        StatusCode::OK,
        "her own browser is none of it"
    );
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

async fn tries_on_a_locked_tablet_are_on_record_once_a_minute(place: &Place) {
    let floor = floor(place).await;
    let app = &floor.server.app;
    let mut shared = tablet(&floor).await;
    let told = async || {
        let wanted = Wanted {
            action: "session.locked".to_owned(),
            ..Wanted::default()
        };
        let found = audit::find(&app.db, &wanted, 100).await.expect("the trail");
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
    let form = [
        ("kind", "tablet"),
        ("name", "Tablet 2"),
        ("page", "/lines/L1"),
        ("place", "line:L1"),
    ];
    let answer = admin.post("/admin/devices", &form).await;
    let link = between(&text(&answer), "floor.example", "</code>");
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
