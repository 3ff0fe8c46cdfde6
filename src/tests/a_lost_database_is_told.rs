//! While the database is away or locked, every way in says so, with a status that tells to come back and when: REST,
//! server functions, pages, and the screens that are open. When it is back all of them work again, without a restart.

use crate::andon_scene::run;
use crate::browser::{Browser, PASSWORD};
use crate::cable::Cable;
use crate::harness::{Answer, Place, Server, until};
use crate::small_plant::{small_plant, state};
use crate::stream::{Stream, follow, publish};
use axum::http::{Method, header};
use ms5_floor::api::error::ApiError;
use ms5_floor::domain::machine_state::MachineState::Running;
use ms5_floor::server::clock::Clock;
use ms5_floor::server::db::failure::Failure;
use ms5_floor::server::db::{Db, facts};
use serde_json::{Value, json};
use sqlx::{Connection, Executor};
use std::time::Duration;

on_both! {
    a_fault_of_ours_about_sessions_is_not_told_as_a_lost_database,
}

const LONG_ENOUGH: Duration = Duration::from_secs(20);

fn says_when_to_come_back(answer: &Answer) {
    let seconds = answer.headers[header::RETRY_AFTER].to_str().expect("text");
    assert!(seconds.parse::<u32>().is_ok_and(|s| s >= 1), "{seconds}");
}

fn one_item(server: &Server, id: &str) -> Value {
    json!({"items": [state(id, "M1", server.app.clock.now(), Running)]})
}

/// The plant on a PostgreSQL at the other end of a cable, and a key.
async fn over_a_cable(place: &Place) -> (Server, Cable, String) {
    let (cable, url) = Cable::to(&place.url).await;
    drop(place.open().await);
    let db = Db::open(&url).await.expect("over the cable");
    let server = Server::on(place, db, Clock::system(), None).await;
    server.set_up(small_plant()).await;
    let (_, key) = server.key("gateway", false, true).await;
    (server, cable, key)
}

async fn everything_says_so(server: &Server, key: &str) {
    let body = one_item(server, "a");
    let (figures, ingest, called, page, ready) = tokio::join!(
        server.get("/api/v1/downtime", None),
        server.send(Method::POST, "/api/v1/ingest", Some(key), &body),
        server.get("/api/board", None),
        server.get("/", None),
        server.get("/health/ready", None),
    );
    for answer in [&figures, &ingest, &ready] {
        let problem = answer.problem(503, "unavailable");
        let detail = problem["detail"].as_str().expect("words");
        assert!(detail.contains("database"), "{detail}");
        says_when_to_come_back(answer);
    }
    assert_eq!(called.status.as_u16(), 503, "{called:?}");
    says_when_to_come_back(&called);
    let error: ApiError = serde_json::from_slice(&called.body).expect("an error");
    assert!(
        matches!(error, ApiError::Unavailable { retry_after_s: 1.. }),
        "{error}"
    );
    assert_eq!(page.status.as_u16(), 503);
    says_when_to_come_back(&page);
    let html = String::from_utf8_lossy(&page.body);
    assert!(html.contains("The database cannot be reached"), "{html}");
    assert!(html.contains("keeps trying by itself"), "{html}");
    // A page of the desk asks again by itself; what was sent by a form is not sent twice.
    let mut browser = Browser::new(server);
    browser.cookie = Some("ms5=AAAAAAAAAAAAAAAAAAAAAA".to_owned());
    let (asked, sent) = (
        browser.get("/admin/people").await,
        browser.post("/admin/people", &[]).await,
    );
    for answer in [&asked, &sent] {
        assert_eq!(answer.status.as_u16(), 503, "{answer:?}");
        says_when_to_come_back(answer);
        let html = String::from_utf8_lossy(&answer.body);
        assert!(html.contains("The database cannot be reached"), "{html}");
    }
    assert_eq!(asked.headers[header::REFRESH], "5");
    assert!(!sent.headers.contains_key(header::REFRESH));
}

async fn works_again(server: &Server, key: &str) {
    until("the database to be used again", LONG_ENOUGH, async || {
        let answer = server.get("/api/board", None).await;
        answer.status.is_success().then_some(())
    })
    .await;
    for path in ["/", "/api/v1/downtime", "/health/ready"] {
        let answer = server.get(path, None).await;
        assert_eq!(answer.status.as_u16(), 200, "{path}: {answer:?}");
    }
    let body = one_item(server, "b");
    let answer = server
        .send(Method::POST, "/api/v1/ingest", Some(key), &body)
        .await;
    assert_eq!(answer.json()["accepted"], 1, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_that_cannot_be_reached() {
    let place = Place::postgres().await;
    let (server, mut cable, key) = over_a_cable(&place).await;
    cable.cut().await;
    everything_says_so(&server, &key).await;
    cable.mend().await;
    works_again(&server, &key).await;
    server.app.db.close().await;
    cable.cut().await;
    place.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_that_ends_all_connections() {
    let place = Place::postgres().await;
    let server = Server::with(&place, Clock::system(), small_plant()).await;
    let (_, key) = server.key("gateway", false, true).await;
    let mut begun = server.snapshot().await;
    facts::last_seq_in(&mut begun).await.expect("a number");
    let mut other = sqlx::PgConnection::connect(&place.url)
        .await
        .expect("a connection");
    other
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await
        .expect("they end");
    let error = facts::last_seq_in(&mut begun)
        .await
        .expect_err("it was ended");
    assert_eq!(Failure::of(&error), Failure::Unreachable, "{error}");
    drop(begun);
    // Whoever asks next is given a new connection.
    works_again(&server, &key).await;
    other.close().await.expect("it closes");
    server.app.db.close().await;
    place.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sqlite_file_that_somebody_else_holds() {
    let place = Place::sqlite();
    let server = Server::with(&place, Clock::system(), small_plant()).await;
    let (_, key) = server.key("gateway", false, true).await;
    let mut other = sqlx::SqliteConnection::connect(&place.url)
        .await
        .expect("a connection");
    other.execute("BEGIN EXCLUSIVE").await.expect("it is held");
    let body = one_item(&server, "a");
    let answer = server
        .send(Method::POST, "/api/v1/ingest", Some(&key), &body)
        .await;
    answer.problem(503, "unavailable");
    says_when_to_come_back(&answer);
    let answer = server
        .send(Method::PUT, "/api/v1/plant", Some(&key), &small_plant())
        .await;
    let problem = answer.problem(503, "unavailable");
    assert_eq!(problem["detail"], "the database is locked by somebody else");
    says_when_to_come_back(&answer);
    // Reading goes on: what is there can be seen.
    assert_eq!(server.get("/", None).await.status.as_u16(), 200);
    other.execute("ROLLBACK").await.expect("it is let go");
    // The same item, sent again as told.
    let answer = server
        .send(Method::POST, "/api/v1/ingest", Some(&key), &body)
        .await;
    assert_eq!(answer.json()["accepted"], 1, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn screens_that_are_open_are_told_at_once_and_told_again_when_it_is_back() {
    let place = Place::postgres().await;
    let (server, mut cable, _) = over_a_cable(&place).await;
    let following = follow(&server);
    let publishing = publish(&server);
    let seq = server.app.hub.seq().0;
    let mut screen = Stream::open(&server, &format!("?since={seq}"), None).await;
    assert_eq!(
        screen.next_named("ping").await.data["without_database"],
        Value::Null
    );
    cable.cut().await;
    until("the screen to be told", LONG_ENOUGH, async || {
        let ping = screen.next_named("ping").await;
        (ping.data["without_database"] == true).then_some(())
    })
    .await;
    cable.mend().await;
    until("the screen to be told", LONG_ENOUGH, async || {
        let ping = screen.next_named("ping").await;
        ping.data["without_database"].is_null().then_some(())
    })
    .await;
    // What came in between could not be sent: the page is told to read again.
    screen.next_named("reset").await;
    server.stop.cancel();
    following.await.expect("it ends");
    publishing.await.expect("it ends");
    server.app.db.close().await;
    cable.cut().await;
    place.remove().await;
}

async fn a_fault_of_ours_about_sessions_is_not_told_as_a_lost_database(place: &Place) {
    let server = Server::with(place, Clock::system(), small_plant()).await;
    let db = &server.app.db;
    let mut ada = Browser::of(&server, "ada", "admin").await;
    run(db, "ALTER TABLE session RENAME TO session_away".to_owned()).await;
    let read = ada.get("/admin/people").await;
    let signed_in = Browser::new(&server).sign_in("ada", PASSWORD).await;
    for answer in [&read, &signed_in] {
        assert_eq!(answer.status.as_u16(), 500, "{}: {answer:?}", place.engine);
        assert!(!answer.headers.contains_key(header::RETRY_AFTER));
        let html = String::from_utf8_lossy(&answer.body);
        assert!(!html.contains("cannot be reached"), "{html}");
    }
    run(db, "ALTER TABLE session_away RENAME TO session".to_owned()).await;
    assert_eq!(ada.get("/admin/people").await.status.as_u16(), 200);
}
