//! People change their own password and second factor and see and end their own sessions; nobody's of others.

use crate::browser::{Browser, PASSWORD, add_person, between, leads_to, text};
use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::small_plant;
use axum::http::StatusCode;
use ms5_floor::domain::ids::PersonId;
use ms5_floor::domain::time::DurMs;
use ms5_floor::server::auth::session::Held;
use ms5_floor::server::db::people::PersonRow;
use ms5_floor::server::db::{devices, people, sessions};
use ms5_floor::server::services::sign_in;

on_both! {
    a_new_password_takes_the_old_one_and_ends_other_sessions,
    wrong_old_passwords_lock_like_a_wrong_sign_in,
    strangers_at_the_door_keep_nobody_from_their_own_pages,
    who_must_choose_a_password_can_do_nothing_else,
    a_second_factor_counts_once_its_code_was_shown,
    a_second_factor_takes_the_password,
    a_code_is_worth_nothing_once_the_password_is_another,
    a_password_is_replaced_only_where_it_is_the_one_that_was_looked_at,
    a_pin_of_ones_own_takes_the_password,
    sessions_are_listed_and_end,
    a_shared_tablet_stays_enrolled_when_its_person_signs_out_everywhere,
}

const NEW: &str = "blue ladder behind the mill";

async fn served(place: &Place) -> (Server, Hands) {
    let hands = Hands::at(at("2026-07-06T10:00:00Z"));
    let server = Server::with(place, hands.clock(), small_plant()).await;
    (server, hands)
}

async fn a_new_password_takes_the_old_one_and_ends_other_sessions(place: &Place) {
    let (server, _) = served(place).await;
    add_person(&server, "maria", "operator").await;
    let mut here = Browser::signed_in(&server, "maria").await;
    let mut there = Browser::signed_in(&server, "maria").await;
    assert_eq!(there.get("/account").await.status, StatusCode::OK);
    let before = here.cookie.clone();
    let form = |old, new, again| [("old", old), ("password", new), ("again", again)];
    for (wrong, named) in [
        (form("not the one it is", NEW, NEW), "is not right"),
        (form(PASSWORD, NEW, "blue ladder"), "is not the same"),
        (form(PASSWORD, "short", "short"), "at least 10"),
        (
            form(PASSWORD, "sunshine2024", "sunshine2024"),
            "tried first",
        ),
        (
            form(PASSWORD, PASSWORD, PASSWORD),
            "must not be the old one",
        ),
    ] {
        let answer = here.post("/account/password", &wrong).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(text(&answer).contains(named), "{named}: {}", text(&answer));
    }
    assert_eq!(there.get("/account").await.status, StatusCode::OK);
    let answer = here
        .post("/account/password", &form(PASSWORD, NEW, NEW))
        .await;
    assert_eq!(leads_to(&answer), "/account?said=password");
    assert_ne!(here.cookie, before, "the session has a new id");
    assert_eq!(here.get("/account").await.status, StatusCode::OK);
    assert_eq!(
        leads_to(&there.get("/account").await),
        "/sign-in?next=%2Faccount"
    );
    let mut old = Browser::new(&server);
    old.cookie = before;
    assert_eq!(
        old.get("/account").await.status,
        StatusCode::SEE_OTHER,
        "the old id opens nothing"
    );
    let mut again = Browser::new(&server);
    assert_eq!(
        again.sign_in("maria", PASSWORD).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(
        again.sign_in("maria", NEW).await.status,
        StatusCode::SEE_OTHER
    );
    let row = server.on_record("person.password").await.remove(0);
    assert_eq!(
        (row.actor.as_str(), row.target.as_str()),
        ("maria Tester", "person:maria")
    );
    for word in [PASSWORD, NEW] {
        assert!(!format!("{row:?}").contains(word));
    }
}

async fn wrong_old_passwords_lock_like_a_wrong_sign_in(place: &Place) {
    let (server, hands) = served(place).await;
    add_person(&server, "maria", "operator").await;
    let mut browser = Browser::signed_in(&server, "maria").await;
    let form = [
        ("old", "guess guess guess"),
        ("password", NEW),
        ("again", NEW),
    ];
    for _ in 0..5 {
        let answer = browser.post("/account/password", &form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let right = [("old", PASSWORD), ("password", NEW), ("again", NEW)];
    let answer = browser.post("/account/password", &right).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    hands.set(at("2026-07-06T10:01:00Z"));
    let answer = browser.post("/account/password", &right).await;
    assert_eq!(leads_to(&answer), "/account?said=password");
    assert_eq!(server.on_record("session.wrong").await.len(), 5);
}

async fn strangers_at_the_door_keep_nobody_from_their_own_pages(place: &Place) {
    let (server, _) = served(place).await;
    add_person(&server, "maria", "operator").await;
    let mut browser = Browser::signed_in(&server, "maria").await;
    let mut stranger = Browser::new(&server).at([10, 0, 0, 66]);
    for _ in 0..5 {
        stranger.sign_in("maria", "guess guess guess").await;
    }
    let locked = stranger.sign_in("maria", PASSWORD).await;
    assert_eq!(locked.status, StatusCode::TOO_MANY_REQUESTS);
    let right = [("old", PASSWORD), ("password", NEW), ("again", NEW)];
    let answer = browser.post("/account/password", &right).await;
    assert_eq!(leads_to(&answer), "/account?said=password");
}

async fn who_must_choose_a_password_can_do_nothing_else(place: &Place) {
    let (server, _) = served(place).await;
    let id = add_person(&server, "maria", "operator").await;
    let row = people::by_id(&server.app.db, id)
        .await
        .expect("read")
        .expect("maria");
    let mut tx = server.app.db.begin().await.expect("a transaction");
    people::set_password(&mut tx, id, row.password.as_deref(), true)
        .await
        .expect("given");
    tx.commit().await.expect("committed");
    server.app.people.forget();
    let mut browser = Browser::new(&server);
    assert_eq!(
        leads_to(&browser.sign_in("maria", PASSWORD).await),
        "/account/password"
    );
    for path in ["/", "/lines/L1", "/account", "/account/code"] {
        assert_eq!(
            leads_to(&browser.get(path).await),
            "/account/password",
            "{path}"
        );
    }
    for path in ["/account/sessions/end-all", "/account/code/begin"] {
        assert_eq!(
            leads_to(&browser.post(path, &[]).await),
            "/account/password",
            "{path}"
        );
    }
    let page = text(&browser.get("/account/password").await);
    assert!(page.contains("given to you by somebody else"), "{page}");
    let form = [("old", PASSWORD), ("password", NEW), ("again", NEW)];
    browser.post("/account/password", &form).await;
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
}

/// The code that an authenticator with this secret shows.
pub fn code_of(secret: &str, at: i64) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret).expect("a secret");
    let totp = totp_rs::Builder::new()
        .with_secret(secret)
        .with_account_name("maria".to_owned());
    let totp = totp.build().expect("a code");
    totp.generate(u64::try_from(at / 1000).expect("a time"))
        .to_string()
}

async fn a_second_factor_counts_once_its_code_was_shown(place: &Place) {
    let (server, hands) = served(place).await;
    add_person(&server, "maria", "operator").await;
    let mut browser = Browser::signed_in(&server, "maria").await;
    assert!(text(&browser.get("/account/code").await).contains("Begin"));
    assert_eq!(
        leads_to(&browser.post("/account/code/begin", &[]).await),
        "/account/code"
    );
    let page = text(&browser.get("/account/code").await);
    assert!(page.contains("data:image/png;base64,"), "{page}");
    let secret = between(&page, "class=\"once-secret\">", "</code>");
    let code = |at: i64| code_of(&secret, at);
    let now = server.app.clock.now().0;
    let wrong = browser
        .post(
            "/account/code/on",
            &[("code", "000000"), ("password", PASSWORD)],
        )
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let begun = Browser::new(&server).sign_in("maria", PASSWORD).await;
    assert_eq!(leads_to(&begun), "/", "begun is not on");
    let on = browser
        .post(
            "/account/code/on",
            &[("code", &code(now)), ("password", PASSWORD)],
        )
        .await;
    assert_eq!(leads_to(&on), "/account?said=code-on");
    let mut other = Browser::new(&server);
    assert_eq!(
        leads_to(&other.sign_in("maria", PASSWORD).await),
        "/sign-in/code"
    );
    let used = other.post("/sign-in/code", &[("code", &code(now))]).await;
    assert_eq!(
        used.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "the code that turned it on is used up"
    );
    hands.set(server.app.clock.now() + DurMs(60_000));
    let fresh = code(server.app.clock.now().0);
    assert_eq!(
        other
            .post("/sign-in/code", &[("code", &fresh)])
            .await
            .status,
        StatusCode::SEE_OTHER
    );
    // The password alone does not get rid of it, nor with a code that was used; nor a code alone.
    hands.set(server.app.clock.now() + DurMs(60_000));
    let next = code(server.app.clock.now().0);
    for (typed, password, named) in [
        (next.as_str(), "guess guess", "password: is not right"),
        ("", PASSWORD, "code: is not right"),
        ("000000", PASSWORD, "code: is not right"),
        (fresh.as_str(), PASSWORD, "code: is not right"),
    ] {
        let form = [("code", typed), ("password", password)];
        let wrong = browser.post("/account/code/off", &form).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed}");
        assert!(text(&wrong).contains(named), "{typed}: {}", text(&wrong));
    }
    assert_eq!(other.get("/account").await.status, StatusCode::OK);
    let form = [("code", next.as_str()), ("password", PASSWORD)];
    let off = browser.post("/account/code/off", &form).await;
    assert_eq!(leads_to(&off), "/account?said=code-off");
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
    assert_eq!(
        other.get("/account").await.status,
        StatusCode::SEE_OTHER,
        "signed out everywhere else"
    );
    let without = Browser::new(&server).sign_in("maria", PASSWORD).await;
    assert_eq!(leads_to(&without), "/");
    let rows = server.on_record("person.second_factor").await;
    assert_eq!(rows.len(), 2);
    assert!(!format!("{rows:?}").contains(&secret));
}

/// Gives somebody a password that hashes to this, as an administrator would.
pub async fn give_password(server: &Server, id: PersonId, kept: Option<&str>) {
    let mut tx = server.app.db.begin().await.expect("a transaction");
    let given = people::set_password(&mut tx, id, kept, false).await;
    given.expect("given");
    tx.commit().await.expect("committed");
    server.app.people.forget();
}

async fn row(server: &Server, id: PersonId) -> PersonRow {
    let row = people::by_id(&server.app.db, id).await.expect("read");
    row.expect("somebody")
}

async fn a_code_is_worth_nothing_once_the_password_is_another(place: &Place) {
    let (server, _) = served(place).await;
    let maria = add_person(&server, "maria", "operator").await;
    let secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
    let mut tx = server.app.db.begin().await.expect("a transaction");
    let on = people::set_totp(&mut tx, maria, Some(secret)).await;
    on.expect("turned on");
    tx.commit().await.expect("committed");
    let code = code_of(secret, server.app.clock.now().0);
    let mut half = Browser::new(&server);
    let led = leads_to(&half.sign_in("maria", PASSWORD).await);
    assert_eq!(led, "/sign-in/code");
    let kept = server.app.hasher.hash(NEW.to_owned()).await;
    give_password(&server, maria, kept.as_deref()).await;
    let answer = half.post("/sign-in/code", &[("code", &code)]).await;
    assert_eq!(leads_to(&answer), "/sign-in", "{}", place.engine);
    assert_eq!(half.get("/account").await.status, StatusCode::SEE_OTHER);
    // The code was not used up, and goes with the new password.
    let mut whole = Browser::new(&server);
    whole.sign_in("maria", NEW).await;
    let answer = whole.post("/sign-in/code", &[("code", &code)]).await;
    assert_eq!(leads_to(&answer), "/");
}

async fn a_password_is_replaced_only_where_it_is_the_one_that_was_looked_at(place: &Place) {
    let (server, _) = served(place).await;
    let maria = add_person(&server, "maria", "operator").await;
    let looked_at = row(&server, maria).await;
    let is_unchanged = async || {
        let is =
            sign_in::is_unchanged(&crate::harness::by_the_program(&server.app), &looked_at).await;
        is.expect("an answer")
    };
    assert!(is_unchanged().await);
    give_password(&server, maria, Some("another")).await;
    assert!(!is_unchanged().await, "{}", place.engine);
    let old = looked_at.password.as_deref().expect("a hash");
    let mut tx = server.app.db.begin().await.expect("a transaction");
    let late = people::replace_password(&mut tx, maria, (old, "late")).await;
    assert!(!late.expect("an answer"));
    let late = people::rehash(&mut tx, maria, (old, "late")).await;
    assert!(!late.expect("an answer"));
    tx.commit().await.expect("committed");
    let kept = row(&server, maria).await.password;
    assert_eq!(kept.as_deref(), Some("another"), "{}", place.engine);
    let mut tx = server.app.db.begin().await.expect("a transaction");
    let done = people::replace_password(&mut tx, maria, ("another", "new")).await;
    assert!(done.expect("an answer"));
    let anew = people::rehash(&mut tx, maria, ("new", "new anew")).await;
    assert!(anew.expect("an answer"));
    tx.commit().await.expect("committed");
    let kept = row(&server, maria).await.password;
    assert_eq!(kept.as_deref(), Some("new anew"), "{}", place.engine);
}

async fn sessions_are_listed_and_end(place: &Place) {
    let (server, _) = served(place).await;
    add_person(&server, "maria", "operator").await;
    add_person(&server, "jonas", "operator").await;
    let mut here = Browser::signed_in(&server, "maria").await;
    let mut there = Browser::signed_in(&server, "maria").await;
    let mut jonas = Browser::signed_in(&server, "jonas").await;
    let page = text(&here.get("/account").await);
    assert!(page.contains("Operator on the whole site"), "{page}");
    assert_eq!(page.matches("a browser of the tests").count(), 2, "{page}");
    assert_eq!(page.matches("this browser").count(), 1);
    assert!(
        page.contains("127.0.0.1") && page.contains("2026-07-06 12:00"),
        "{page}"
    );
    let mark = between(&page, "name=\"session\" value=\"", "\"");
    let stolen = jonas
        .post("/account/sessions/end", &[("session", &mark)])
        .await;
    assert_eq!(
        stolen.status,
        StatusCode::NOT_FOUND,
        "nobody ends sessions of others"
    );
    assert_eq!(there.get("/account").await.status, StatusCode::OK);
    here.post("/account/sessions/end", &[("session", &mark)])
        .await;
    assert_eq!(there.get("/account").await.status, StatusCode::SEE_OTHER);
    let mut third = Browser::signed_in(&server, "maria").await;
    assert_eq!(
        leads_to(&third.post("/account/sessions/end-all", &[]).await),
        "/sign-in"
    );
    assert_eq!(here.get("/account").await.status, StatusCode::SEE_OTHER);
    assert_eq!(third.get("/account").await.status, StatusCode::SEE_OTHER);
    assert_eq!(jonas.get("/account").await.status, StatusCode::OK);
    assert_eq!(server.on_record("session.end").await.len(), 2);
}

async fn a_shared_tablet_stays_enrolled_when_its_person_signs_out_everywhere(place: &Place) {
    let (server, hands) = served(place).await;
    let maria = add_person(&server, "maria", "operator").await;
    let db = &server.app.db;
    let mut tx = db.begin().await.expect("a transaction");
    let tablet = devices::DeviceRow {
        id: 0,
        kind: "tablet".to_owned(),
        name: "Tablet 1".to_owned(),
        page: "/".to_owned(),
        area_id: None,
        line_id: None,
        made_by: String::new(),
        created_ms: 0,
        used_ms: None,
        revoked_ms: None,
    };
    let device = devices::add(&mut tx, &tablet, b"token")
        .await
        .expect("a device");
    tx.commit().await.expect("committed");
    let now = hands.clock().now();
    let held = Held {
        person: Some(maria),
        device: Some(device),
        since: now,
        ..Held::default()
    };
    let row = sessions::SessionRow {
        id_hash: b"tablet".to_vec(),
        person_id: Some(maria.0),
        device_id: Some(device.0),
        facts: serde_json::to_string(&held).expect("json"),
        created_ms: now.0,
        seen_ms: now.0,
        expires_ms: now.0 + 1_000_000,
    };
    assert!(sessions::add(db, &row).await.expect("added"));
    let mut browser = Browser::signed_in(&server, "maria").await;
    browser.post("/account/sessions/end-all", &[]).await;
    let row = sessions::get(db, b"tablet")
        .await
        .expect("read")
        .expect("the tablet's session");
    let (held, _) =
        ms5_floor::server::auth::session::lives(&row, &server.app.uses, now).expect("lives");
    assert_eq!((held.person, held.device), (None, Some(device)));
}

async fn a_second_factor_takes_the_password(place: &Place) {
    let (server, _) = served(place).await;
    let ada = add_person(&server, "ada", "admin").await;
    let mut browser = Browser::signed_in(&server, "ada").await;
    browser.post("/account/code/begin", &[]).await;
    let page = text(&browser.get("/account/code").await);
    let secret = between(&page, "class=\"once-secret\">", "</code>");
    let code = code_of(&secret, server.app.clock.now().0);
    let wrong = [("code", code.as_str()), ("password", "guess guess guess")];
    let answer = browser.post("/account/code/on", &wrong).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(&answer).contains("password: is not right"));
    assert_eq!(server.on_record("session.wrong").await.len(), 1);
    let right = [("code", code.as_str()), ("password", PASSWORD)];
    let answer = browser.post("/account/code/on", &right).await;
    assert_eq!(leads_to(&answer), "/account?said=code-on");
    // Nor does an administrator get rid of their own on the page of people, where no password is asked.
    let path = format!("/admin/people/{}/code", ada.0);
    let answer = browser.post(&path, &[]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        text(&answer).contains("your own account"),
        "{}",
        text(&answer)
    );
    let row = people::by_id(&server.app.db, ada).await.expect("read");
    assert!(row.expect("ada").totp.is_some());
}

async fn a_pin_of_ones_own_takes_the_password(place: &Place) {
    let (server, _) = served(place).await;
    let maria = add_person(&server, "maria", "operator").await;
    let mut browser = Browser::signed_in(&server, "maria").await;
    let kept = async || {
        let row = people::by_id(&server.app.db, maria).await.expect("read");
        row.expect("maria").pin
    };
    let form = |proof, pin, again| [("proof", proof), ("pin", pin), ("again", again)];
    for (wrong, named) in [
        (
            form("guess guess guess", "4711", "4711"),
            "proof: is not right",
        ),
        (form(PASSWORD, "4711", "4712"), "again: is not the same"),
        (form(PASSWORD, "1234", "1234"), "pin: must not be a row"),
    ] {
        let answer = browser.post("/account/pin", &wrong).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{named}");
        assert!(text(&answer).contains(named), "{named}: {}", text(&answer));
    }
    assert_eq!(kept().await, None);
    let right = form(PASSWORD, "4711", "4711");
    let answer = browser.post("/account/pin", &right).await;
    assert_eq!(leads_to(&answer), "/account?said=pin");
    let first = kept().await.expect("a PIN");
    let row = server.on_record("person.pin.set").await.remove(0);
    assert_eq!(
        (row.actor_id, row.target.as_str()),
        (Some(maria.0), "person:maria")
    );
    assert!(!format!("{row:?}").contains("4711"));
    // Who has no password shows the PIN that holds.
    let mut tx = server.app.db.begin().await.expect("a transaction");
    people::set_password(&mut tx, maria, None, false)
        .await
        .expect("taken");
    tx.commit().await.expect("committed");
    let page = text(&browser.get("/account/pin").await);
    assert!(page.contains("PIN that holds now"), "{page}");
    let answer = browser
        .post("/account/pin", &form("4712", "9173", "9173"))
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(kept().await.as_ref(), Some(&first));
    let answer = browser
        .post("/account/pin", &form("4711", "9173", "9173"))
        .await;
    assert_eq!(leads_to(&answer), "/account?said=pin");
    assert_ne!(kept().await, Some(first));
}
