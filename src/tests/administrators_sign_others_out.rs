//! An administrator signs somebody else out everywhere, with a reason: shared tablets stay enrolled, and nothing more goes to
//! devices that may be in other hands. Of oneself the page says where, and there it takes one's devices off, too; a new password
//! leaves them on.

use crate::a_device_that_was_ended_stays_ended::Floor;
use crate::browser::{Browser, PASSWORD, add_person, leads_to, text};
use crate::delivery_by_push_is_read_by_its_device_alone::subscribe;
use crate::device::Device;
use crate::harness::Place;
use crate::outbox::{message, queue, row};
use crate::people_say_how_they_are_reached::{devices, served};
use crate::receiver::Receiver;
use axum::http::StatusCode;
use ms5_floor::server::db::{contacts, people};
use ms5_floor::server::delivery::To;
use serde_json::{Value, json};

on_both! {
    an_administrator_signs_somebody_out_everywhere,
    nobody_signs_themselves_out_on_their_own_page_nor_others_without_leave,
    whoever_signs_out_everywhere_has_no_device_left_that_takes_messages,
    ones_own_page_says_who_links_one_to_a_provider,
}

async fn an_administrator_signs_somebody_out_everywhere(place: &Place) {
    let receiver = Receiver::start().await;
    let (server, hands) = served(place, &receiver).await;
    let floor = Floor::on(server, hands).await;
    let (server, maria) = (&floor.server, floor.maria);
    let app = &server.app;
    let mut tablet = floor.tablet().await;
    leads_to(&tablet.post("/sign-on", &[("badge", "0041-77")]).await);
    let mut own = Browser::signed_in(server, "maria").await;
    let mut admin = Browser::signed_in(server, "ada").await;
    let endpoint = format!("{}/stolen", receiver.url);
    let device = subscribe(app, maria, &endpoint, &Device::new()).await;
    let mut tx = app.db.begin().await.expect("a transaction");
    let number = contacts::set_phone(&mut tx, maria, Some("+390471000000")).await;
    number.expect("a number");
    tx.commit().await.expect("committed");
    let mut waiting = Vec::new();
    for channel in ["push", "sms"] {
        let to = To::Person(maria);
        waiting.extend(queue(app, channel, channel, to, &message("m")).await);
    }

    let page = format!("/admin/people/{}", maria.0);
    let path = format!("{page}/sessions/end");
    let shown = text(&admin.get(&page).await);
    assert!(shown.contains("Sign out everywhere"), "{shown}");
    assert!(shown.contains(&format!("action=\"{path}\"")), "{shown}");
    let answer = admin.post(&path, &[("why", "her phone was stolen")]).await;
    assert_eq!(leads_to(&answer), format!("{page}?said=out"));
    let shown = text(&admin.get(&leads_to(&answer)).await);
    assert!(shown.contains("They are signed out everywhere."), "{shown}");

    assert!(leads_to(&own.get("/account").await).starts_with("/sign-in"));
    assert_eq!(
        leads_to(&tablet.get("/account").await),
        "/sign-on?next=%2Faccount",
        "{}",
        place.engine
    );
    assert_eq!(tablet.get("/lines/L1").await.status, StatusCode::OK);
    assert_eq!(devices(server, "maria").await.len(), 0);
    let state = async |n: usize| row(app, waiting[n].delivery()).await.state;
    assert_eq!(
        (&*state(0).await, &*state(1).await),
        ("void", "waiting"),
        "{}: her number is hers",
        place.engine
    );
    let rows = server.on_record("person.sessions.end").await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    let told = &rows[0];
    assert_eq!(
        (&*told.actor, &*told.target, &*told.why),
        ("ada Tester", "person:maria", "her phone was stolen")
    );
    let json_of = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    assert_eq!(
        json_of(&told.became),
        json!({"sessions_ended": 2, "messages_void": 1})
    );
    let devices = json!([{"device": device.0, "label": "Tablet 3"}]);
    assert_eq!(json_of(&told.was), json!({ "devices": devices }));
    // She is not kept out, and ada is still in.
    leads_to(&own.sign_in("maria", PASSWORD).await);
    assert_eq!(admin.get("/account").await.status, StatusCode::OK);
}

async fn nobody_signs_themselves_out_on_their_own_page_nor_others_without_leave(place: &Place) {
    let receiver = Receiver::start().await;
    let (server, _) = served(place, &receiver).await;
    let ada = add_person(&server, "ada", "admin").await;
    let mut admin = Browser::signed_in(&server, "ada").await;
    let page = format!("/admin/people/{}", ada.0);
    let shown = text(&admin.get(&page).await);
    assert!(!shown.contains("/sessions/end"), "{shown}");
    let path = format!("{page}/sessions/end");
    let answer = admin.post(&path, &[]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(&answer).contains("is you"), "{}", text(&answer));
    assert_eq!(admin.get("/account").await.status, StatusCode::OK);
    let mut emil = Browser::of(&server, "emil", "engineer").await;
    assert_eq!(emil.post(&path, &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(admin.get("/account").await.status, StatusCode::OK);
    let rows = server.on_record("person.sessions.end").await;
    assert!(rows.is_empty(), "{}: {rows:?}", place.engine);
}

async fn whoever_signs_out_everywhere_has_no_device_left_that_takes_messages(place: &Place) {
    let receiver = Receiver::start().await;
    let (server, _) = served(place, &receiver).await;
    let app = &server.app;
    let mut maria = Browser::of(&server, "maria", "operator").await;
    let vic = add_person(&server, "vic", "viewer").await;
    let id = people::by_login(&app.db, "maria").await.expect("a look");
    let id = id.expect("maria").person();
    let lost = format!("{}/lost", receiver.url);
    let device = subscribe(app, id, &lost, &Device::new()).await;
    let other = format!("{}/other", receiver.url);
    subscribe(app, vic, &other, &Device::new()).await;
    let waiting = queue(app, "k", "push", To::Person(id), &message("m")).await;
    // A new password is routine, and must not silence calls for help.
    let new = "blue ladder behind the mill";
    let form = [("old", PASSWORD), ("password", new), ("again", new)];
    let answer = maria.post("/account/password", &form).await;
    let shown = text(&maria.get(&leads_to(&answer)).await);
    assert!(shown.contains("go on to take messages"), "{shown}");
    assert_eq!(devices(&server, "maria").await.len(), 1, "{}", place.engine);
    let answer = maria.post("/account/sessions/end-all", &[]).await;
    assert_eq!(leads_to(&answer), "/sign-in");
    assert_eq!(devices(&server, "maria").await.len(), 0, "{}", place.engine);
    assert_eq!(devices(&server, "vic").await.len(), 1, "nobody else's");
    assert_eq!(row(app, waiting[0].delivery()).await.state, "void");
    let told = server.on_record("session.end_all").await.remove(0);
    let json_of = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    assert_eq!(
        json_of(&told.became),
        json!({"sessions_ended": 1, "messages_void": 1})
    );
    let taken = json!([{"device": device.0, "label": "Tablet 3"}]);
    assert_eq!(json_of(&told.was), json!({ "devices": taken }));
}

async fn ones_own_page_says_who_links_one_to_a_provider(place: &Place) {
    let receiver = Receiver::start().await;
    let (server, _) = served(place, &receiver).await;
    let ada = add_person(&server, "ada", "admin").await;
    let vic = add_person(&server, "vic", "viewer").await;
    let mut admin = Browser::signed_in(&server, "ada").await;
    for (id, is_own) in [(ada, true), (vic, false)] {
        let page = format!("/admin/people/{}", id.0);
        let shown = text(&admin.get(&page).await);
        let form = shown.contains(&format!("action=\"{page}/provider\""));
        let words = shown.contains("ask another administrator to change who vouches for you");
        assert_eq!(
            (form, words),
            (!is_own, is_own),
            "{}: {shown}",
            place.engine
        );
    }
}
