//! What the program and people change about sessions, passwords, devices and what was held back is in one transaction with its row of the audit
//! trail: where one of both cannot be written, neither is.

use crate::andon_scene::{number, run};
use crate::browser::{Browser, PASSWORD, add_person, leads_to};
use crate::delivery_by_push_is_read_by_its_device_alone::{settings, subscribe};
use crate::device::Device;
use crate::harness::{Hands, Place, Server, at};
use crate::outbox::{channels, person, server_by_hand, webhooks};
use crate::people_look_after_their_own_account::give_password;
use crate::receiver::{Receiver, Say};
use crate::small_plant::{small_plant, state};
use axum::http::{Method, StatusCode};
use futures::future::join_all;
use ms5_floor::domain::machine_state::MachineState::Running;
use ms5_floor::server::db::audit::{self, AuditRow, Wanted};
use ms5_floor::server::db::{Db, contacts, people};
use ms5_floor::server::delivery::{SendError, test_message};
use serde_json::json;

on_both! {
    who_signs_out_is_out_and_on_record_or_neither,
    a_password_that_is_hashed_anew_is_on_record,
    a_device_that_its_service_knows_no_more_is_taken_off_on_record,
    what_was_held_back_is_stored_and_on_record_or_neither,
    no_channel_is_tried_that_cannot_be_put_on_record,
}

/// `PASSWORD` as it was kept in weaker days, with 8 MiB and one pass; by another program.
const OLD: &str = "$argon2id$v=19$m=8192,t=1,p=1$YSBzYWx0IG9mIHRoZSB0ZXN0cw$9I9JPRI4FXo/c0P8FrsOGWoE0j2VlKe134MrY3W+0i0";

async fn served(place: &Place) -> Server {
    let hands = Hands::at(at("2026-07-06T10:00:00Z"));
    Server::with(place, hands.clock(), small_plant()).await
}

async fn trail(db: &Db, action: &str) -> Vec<AuditRow> {
    let wanted = Wanted {
        action: action.to_owned(),
        ..Wanted::default()
    };
    audit::find(db, &wanted, 100).await.expect("the trail")
}

/// Lets the database refuse to do this to any row, such as `DELETE ON session`.
async fn refuse(db: &Db, what: &str) {
    let refused = match db {
        Db::Sqlite { .. } => "BEGIN SELECT RAISE(ABORT, 'refused'); END",
        Db::Postgres(_) => {
            let function = "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
                AS 'BEGIN RAISE EXCEPTION ''refused''; END'";
            run(db, function.to_owned()).await;
            "FOR EACH ROW EXECUTE FUNCTION refuse()"
        }
    };
    run(
        db,
        format!("CREATE TRIGGER refused BEFORE {what} {refused}"),
    )
    .await;
}

/// Lets it do so again.
async fn allow(db: &Db, what: &str) {
    let (_, table) = what.split_once(" ON ").expect("a table");
    let on = match db {
        Db::Sqlite { .. } => String::new(),
        Db::Postgres(_) => format!(" ON {table}"),
    };
    run(db, format!("DROP TRIGGER refused{on}")).await;
}

async fn who_signs_out_is_out_and_on_record_or_neither(place: &Place) {
    let server = served(place).await;
    let db = &server.app.db;
    add_person(&server, "maria", "operator").await;
    let mut browser = Browser::signed_in(&server, "maria").await;
    for what in ["INSERT ON audit", "DELETE ON session"] {
        refuse(db, what).await;
        let answer = browser.post("/sign-out", &[]).await;
        assert!(answer.status.is_server_error(), "{what}: {answer:?}");
        allow(db, what).await;
        let status = browser.get("/account").await.status;
        assert_eq!(status, StatusCode::OK, "{}: {what}", place.engine);
        let rows = trail(db, "session.sign_out").await;
        assert!(rows.is_empty(), "{}: {what}: {rows:?}", place.engine);
    }
    let kept = browser.cookie.clone();
    let answer = browser.post("/sign-out", &[]).await;
    assert_eq!(leads_to(&answer), "/sign-in");
    let rows = trail(db, "session.sign_out").await;
    assert_eq!(rows.len(), 1, "{}: {rows:?}", place.engine);
    assert_eq!(rows[0].actor, "maria Tester");
    // Nothing is there any more to be left once more.
    browser.cookie = kept;
    browser.post("/sign-out", &[]).await;
    assert_eq!(trail(db, "session.sign_out").await.len(), 1);
}

async fn a_password_that_is_hashed_anew_is_on_record(place: &Place) {
    let server = served(place).await;
    let db = &server.app.db;
    let maria = add_person(&server, "maria", "operator").await;
    give_password(&server, maria, Some(OLD)).await;
    let kept = async || {
        let row = people::by_id(db, maria).await.expect("a read");
        row.expect("maria").password.expect("a password")
    };
    let what = "INSERT ON audit";
    refuse(db, what).await;
    let answer = Browser::new(&server).sign_in("maria", PASSWORD).await;
    assert!(answer.status.is_server_error(), "{answer:?}");
    allow(db, what).await;
    assert_eq!(kept().await, OLD, "{}", place.engine);
    for _ in 0..2 {
        Browser::signed_in(&server, "maria").await;
        let anew = kept().await;
        assert!(
            anew.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{anew}"
        );
        let rows = trail(db, "person.password.rehash").await;
        assert_eq!(rows.len(), 1, "{}: once: {rows:?}", place.engine);
        assert_eq!(
            (&*rows[0].actor_kind, &*rows[0].target, &*rows[0].address),
            ("program", "person:maria", "127.0.0.1")
        );
        assert!(!format!("{rows:?}").contains("argon2"), "{rows:?}");
    }
}

async fn a_device_that_its_service_knows_no_more_is_taken_off_on_record(place: &Place) {
    let receiver = Receiver::start().await;
    receiver.say_always("/gone", Say::Status(410));
    let (server, _hands) = server_by_hand(place, &settings(&receiver)).await;
    let app = &server.app;
    let ada = person(app, "ada", "").await;
    let endpoint = format!("{}/gone?secret", receiver.url);
    let id = subscribe(app, ada, &endpoint, &Device::new()).await;
    let address = id.0.to_string();
    let send = || test_message(&app.channels, "push", &address, app.clock.now());
    let left = async || {
        let left = contacts::subscriptions(&app.db, ada).await;
        left.expect("a read").len()
    };
    let what = "INSERT ON audit";
    refuse(&app.db, what).await;
    let said = send().await;
    assert!(matches!(said, Err(SendError::Later { .. })), "{said:?}");
    allow(&app.db, what).await;
    assert_eq!(left().await, 1, "{}", place.engine);
    // Several that hear so at once take it off once.
    let said = join_all([send(), send(), send(), send()]).await;
    assert!(said.iter().all(Result::is_err), "{said:?}");
    assert_eq!(left().await, 0, "{}", place.engine);
    let rows = trail(&app.db, "person.device.forgotten").await;
    assert_eq!(rows.len(), 1, "{}: {rows:?}", place.engine);
    let row = &rows[0];
    assert_eq!(
        (&*row.actor_kind, &*row.target, &*row.why),
        ("program", "person:ada", "its push service answered 410")
    );
    let was: serde_json::Value = serde_json::from_str(&row.was).expect("JSON");
    assert_eq!(was, json!({"device": id.0, "label": "Tablet 3"}));
    assert!(!format!("{row:?}").contains("secret"), "{row:?}");
}

async fn what_was_held_back_is_stored_and_on_record_or_neither(place: &Place) {
    let server = served(place).await;
    let db = &server.app.db;
    let (_, key) = server.key("engineer", false, true).await;
    let item = state("a", "M3", server.app.clock.now(), Running);
    assert_eq!(server.ingest(&key, &[item]).await.rejected, 1);
    let mut plant = small_plant();
    let machine = json!({"code": "M3", "name": "Palletiser", "line": "L1"});
    let machines = plant["machine"].as_array_mut().expect("machines");
    machines.push(machine);
    let put = server.send(Method::PUT, "/api/v1/plant", Some(&key), &plant);
    assert_eq!(put.await.status, StatusCode::OK);
    let id = number(db, "SELECT MAX(id) FROM quarantine").await;
    let retry = format!("/api/v1/quarantine/{id}/retry");
    let again = async || {
        server
            .send(Method::POST, &retry, Some(&key), &json!({}))
            .await
    };
    let counts = async || {
        let facts = number(db, "SELECT COUNT(*) FROM fact").await;
        (
            facts,
            number(db, "SELECT COUNT(*) FROM quarantine").await,
            trail(db, "quarantine.retry").await.len(),
        )
    };
    for what in ["INSERT ON audit", "DELETE ON quarantine"] {
        refuse(db, what).await;
        again().await.problem(500, "internal");
        allow(db, what).await;
        assert_eq!(counts().await, (0, 1, 0), "{}: {what}", place.engine);
    }
    let stored = again().await.json();
    assert_eq!(stored["accepted"], 1, "{}: {stored}", place.engine);
    assert_eq!(counts().await, (1, 0, 1), "{}", place.engine);
}

async fn no_channel_is_tried_that_cannot_be_put_on_record(place: &Place) {
    let receiver = Receiver::start().await;
    let mut server = served(place).await;
    let settings = webhooks(&receiver.url, &["mes"]);
    server.app.channels = channels(&server.app, &settings).await;
    server.shared.app.channels = server.app.channels.clone();
    receiver.say_always("/mes", Say::Status(200));
    let db = &server.app.db;
    let mut mona = Browser::of(&server, "mona", "shift_manager").await;
    let what = "INSERT ON audit";
    refuse(db, what).await;
    let answer = mona.post("/admin/channels/webhook/test", &[]).await;
    assert!(answer.status.is_server_error(), "{answer:?}");
    allow(db, what).await;
    assert_eq!(receiver.all().len(), 0, "{}", place.engine);
    mona.post("/admin/channels/webhook/test", &[]).await;
    assert_eq!(receiver.got("/mes").len(), 1, "{}", place.engine);
    for action in ["channel.ask", "channel.test"] {
        assert_eq!(trail(db, action).await.len(), 1, "{action}");
    }
}
