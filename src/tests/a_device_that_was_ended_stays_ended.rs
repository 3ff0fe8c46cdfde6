//! A device that got a new link, or was revoked, is one no more: also when somebody signs on to it, or off, at that moment.

use crate::browser::{Browser, add_person, between, leads_to, link, text};
use crate::harness::{Hands, Place, Server, at, until};
use crate::small_plant::small_plant;
use axum::http::StatusCode;
use ms5_floor::domain::ids::{DeviceId, PersonId};
use ms5_floor::domain::time::DurMs;
use ms5_floor::server::auth::session::{Held, Store, held, hold, id_hash};
use ms5_floor::server::db::{Db, Tx, attempts, devices, people, sessions};
use ms5_floor::server::services::sign_on::badge_mark;
use std::sync::Arc;
use std::time::Duration;
use tower_sessions::Session;
use tower_sessions::session::Id;

on_both! {
    who_signs_on_while_the_device_gets_a_new_link_is_not_signed_on,
    what_a_device_was_asked_before_it_ended_begins_no_session,
    a_device_that_is_ended_while_it_comes_is_none,
}

const BADGE: &str = "0041-77";

/// A plant with a shared tablet on which people sign on.
pub struct Floor {
    pub server: Server,
    pub hands: Hands,
    pub maria: PersonId,
    pub device: DeviceId,
    link: String,
}

impl Floor {
    pub async fn new(place: &Place) -> Self {
        let hands = Hands::at(at("2026-07-06T10:00:00Z"));
        let server = Server::with(place, hands.clock(), small_plant()).await;
        Self::on(server, hands).await
    }

    /// The same on a server that is there already.
    pub async fn on(server: Server, hands: Hands) -> Self {
        let app = &server.app;
        add_person(&server, "ada", "admin").await;
        let maria = add_person(&server, "maria", "operator").await;
        let mut tx = app.db.begin().await.expect("a transaction");
        let badge = badge_mark(app, BADGE);
        let set = people::set_badge(&mut tx, maria, Some(&badge)).await;
        set.expect("a badge");
        tx.commit().await.expect("committed");
        let form = [
            ("kind", "tablet"),
            ("name", "Tablet 1"),
            ("page", "/lines/L1"),
            ("place", "line:L1"),
        ];
        let mut admin = Browser::signed_in(&server, "ada").await;
        let page = text(&admin.post("/admin/devices", &form).await);
        let link = between(&page, "floor.example", "</code>");
        let device = devices::all(&app.db).await.expect("devices")[0].device();
        drop(admin);
        Self {
            server,
            hands,
            maria,
            device,
            link,
        }
    }

    /// The browser that came with the link.
    pub async fn tablet(&self) -> Browser<'_> {
        let mut tablet = Browser::new(&self.server);
        assert_eq!(leads_to(&tablet.post(&self.link, &[]).await), "/lines/L1");
        tablet
    }
}

/// The id in the cookie.
fn id(browser: &Browser<'_>) -> Id {
    let cookie = browser
        .cookie
        .as_deref()
        .and_then(|c| c.strip_prefix("ms5="));
    cookie.expect("a cookie").parse().expect("an id")
}

async fn who_signs_on_while_the_device_gets_a_new_link_is_not_signed_on(place: &Place) {
    let floor = Floor::new(place).await;
    let app = &floor.server.app;
    let mut tablet = floor.tablet().await;
    let hash = id_hash(id(&tablet));
    floor.hands.set(app.clock.now() + DurMs(1));
    let now = app.clock.now();
    // Whoever signs on waits for this before anything is written.
    let mut tx = app.db.begin().await.expect("a transaction");
    let tries = app.secret.mark("device", &floor.device.0.to_string());
    let counted = attempts::count(&mut tx, &tries, now).await;
    assert_eq!(counted.expect("counted"), Some(1));
    let form = [("badge", BADGE)];
    let signs_on = tablet.post("/sign-on", &form);
    let ends = async {
        until(
            "the session to be read",
            Duration::from_secs(20),
            async || (app.uses.session_used(&hash) == Some(now)).then_some(()),
        )
        .await;
        let ended = sessions::end_of_device(&mut tx, floor.device).await;
        ended.expect("ended");
        tx.commit().await.expect("committed");
    };
    let (answer, ()) = tokio::join!(signs_on, ends);
    assert_eq!(
        answer.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}: {}",
        place.engine,
        text(&answer)
    );
    assert!(text(&answer).contains("not right"), "{}", text(&answer));
    for path in ["/account", "/lines/L1"] {
        let led = leads_to(&tablet.get(path).await);
        assert!(led.starts_with("/sign-in"), "{}: {led}", place.engine);
    }
    let open = sessions::of_person(&app.db, floor.maria, now).await;
    assert!(open.expect("sessions").is_empty(), "{}", place.engine);
}

async fn what_a_device_was_asked_before_it_ended_begins_no_session(place: &Place) {
    let floor = Floor::new(place).await;
    let app = &floor.server.app;
    let mut tablet = floor.tablet().await;
    let read = async |id: Id| {
        let store = Store::new(app.db.clone(), app.clock.clone(), Arc::clone(&app.uses));
        let session = Session::new(Some(id), Arc::new(store), None);
        let known = held(&session).await.expect("read").expect("a session");
        (session, known)
    };
    // One that was not ended goes on once, with whoever signs on and then without, under new ids.
    let ((one, known), (two, _)) = (read(id(&tablet)).await, read(id(&tablet)).await);
    assert_eq!(known.device, Some(floor.device));
    let with_maria = Held {
        person: Some(floor.maria),
        since: app.clock.now(),
        ..known.clone()
    };
    assert!(hold(app, &one, &with_maria).await.expect("an answer"));
    assert!(!hold(app, &two, &with_maria).await.expect("an answer"));
    let first = one.id().expect("an id");
    assert_ne!(first, id(&tablet));
    assert_eq!(held(&one).await.expect("read"), Some(with_maria.clone()));
    assert!(hold(app, &one, &known).await.expect("an answer"));
    let second = one.id().expect("an id");
    assert_ne!(second, first);
    let stored = async |id: Id| sessions::get(&app.db, &id_hash(id)).await.expect("a read");
    for old in [id(&tablet), first] {
        assert_eq!(stored(old).await, None, "{}", place.engine);
    }
    let row = stored(second).await.expect("the session");
    assert_eq!(
        (row.person_id, row.device_id),
        (None, Some(floor.device.0)),
        "{}",
        place.engine
    );
    // One that was revoked since stays ended, whether somebody signs on or off.
    let ((on, _), (off, _)) = (read(second).await, read(second).await);
    let mut admin = Browser::signed_in(&floor.server, "ada").await;
    let path = format!("/admin/devices/{}/revoke", floor.device.0);
    leads_to(&admin.post(&path, &[]).await);
    assert!(!hold(app, &on, &with_maria).await.expect("an answer"));
    assert!(!hold(app, &off, &known).await.expect("an answer"));
    let open = sessions::of_person(&app.db, floor.maria, app.clock.now()).await;
    assert!(open.expect("sessions").is_empty(), "{}", place.engine);
    tablet.cookie = on.id().map(|id| format!("ms5={id}"));
    let led = leads_to(&tablet.get("/lines/L1").await);
    assert!(led.starts_with("/sign-in"), "{}: {led}", place.engine);
}

/// Runs statements as the engine's own tool would: those for SQLite, or those for PostgreSQL.
async fn run(db: &Db, (on_sqlite, on_postgres): (String, String)) {
    let mut tx = db.begin().await.expect("a transaction");
    let done = match &mut tx {
        Tx::Sqlite(tx) => sqlx::raw_sql(sqlx::AssertSqlSafe(on_sqlite))
            .execute(&mut **tx)
            .await
            .map(drop),
        Tx::Postgres(tx) => sqlx::raw_sql(sqlx::AssertSqlSafe(on_postgres))
            .execute(&mut **tx)
            .await
            .map(drop),
    };
    done.expect("done");
    tx.commit().await.expect("committed");
}

async fn a_device_that_is_ended_while_it_comes_is_none(place: &Place) {
    let floor = Floor::new(place).await;
    let db = &floor.server.app.db;
    let mut admin = Browser::signed_in(&floor.server, "ada").await;
    let anew = format!("/admin/devices/{}/link", floor.device.0);
    let mut came_with = floor.link.clone();
    // What a new link and a revocation do, after the device came and before its session is there that they would end.
    for meanwhile in [
        "UPDATE device SET token_hash = (SELECT id_hash FROM session LIMIT 1)",
        "UPDATE device SET revoked_ms = 1",
    ] {
        let on_sqlite =
            format!("CREATE TRIGGER meanwhile AFTER INSERT ON session BEGIN {meanwhile}; END");
        let on_postgres = format!(
            "CREATE FUNCTION meanwhile() RETURNS trigger LANGUAGE plpgsql
                AS 'BEGIN {meanwhile}; RETURN NEW; END';
            CREATE TRIGGER meanwhile AFTER INSERT ON session
                FOR EACH ROW EXECUTE FUNCTION meanwhile()"
        );
        run(db, (on_sqlite, on_postgres)).await;
        let mut tablet = Browser::new(&floor.server);
        let answer = tablet.post(&came_with, &[]).await;
        assert_eq!(
            answer.status,
            StatusCode::NOT_FOUND,
            "{}: {meanwhile}: {}",
            place.engine,
            text(&answer)
        );
        let led = leads_to(&tablet.get("/lines/L1").await);
        assert!(led.starts_with("/sign-in"), "{}: {led}", place.engine);
        let gone = (
            "DROP TRIGGER meanwhile".to_owned(),
            "DROP TRIGGER meanwhile ON session; DROP FUNCTION meanwhile()".to_owned(),
        );
        run(db, gone).await;
        if meanwhile.contains("token_hash") {
            came_with = link(&mut admin, &anew, &[]).await;
        }
    }
}
