//! Sessions planted, stolen or ended: an id from before is worth nothing after.

use super::served;
use crate::browser::{Browser, PASSWORD, enrol, leads_to, role_id, text};
use crate::harness::{Place, Server};
use axum::http::{StatusCode, header};
use ms5_floor::domain::ids::PersonId;
use ms5_floor::domain::time::DurMs;
use ms5_floor::server::auth::identify::{Origin, identify};
use ms5_floor::server::auth::session::{Held, Store, go_on, held};
use ms5_floor::server::auth::totp;
use ms5_floor::server::config::Transport;
use ms5_floor::server::db::people;
use ms5_floor::server::db::sessions;
use ms5_floor::server::services::sign_on::badge_mark;
use std::collections::BTreeSet;
use std::sync::Arc;
use tower_sessions::Session;

on_both! {
    cookies_are_kept_from_scripts_and_other_sites,
    an_id_from_before_signing_in_is_worth_nothing_after,
    an_id_from_before_the_second_factor_is_worth_nothing_after,
    an_id_from_before_other_rights_is_worth_nothing_after,
    an_id_from_before_signing_on_is_worth_nothing_after,
    a_session_that_was_ended_while_a_page_was_asked_for_stays_ended,
}

async fn cookies_are_kept_from_scripts_and_other_sites(place: &Place) {
    let (mut server, _) = served(place).await;
    for (transport, name, secure) in [
        (Transport::Tls, "__Host-ms5", true),
        (Transport::BehindProxy, "__Host-ms5", true),
        (Transport::Loopback, "ms5", false),
        (Transport::PlainHttp, "ms5", false),
    ] {
        server.shared.transport = transport;
        let mut browser = Browser::new(&server);
        let begun = browser.sign_in("maria", PASSWORD).await;
        let ended = browser.post("/sign-out", &[]).await;
        for (answer, age) in [(begun, "Max-Age=34560000"), (ended, "Max-Age=0")] {
            let set: Vec<_> = answer.headers.get_all(header::SET_COOKIE).iter().collect();
            assert_eq!(set.len(), 1, "{transport:?}: {set:?}");
            let set = set[0].to_str().expect("text");
            let mut attributes = set.split("; ");
            let (named, id) = attributes
                .next()
                .and_then(|c| c.split_once('='))
                .expect("a cookie");
            assert_eq!(named, name, "{transport:?}");
            assert_eq!(id.is_empty(), age == "Max-Age=0", "{set}");
            let attributes: BTreeSet<&str> =
                attributes.filter(|a| !a.starts_with("Expires=")).collect();
            let mut expected = BTreeSet::from(["Path=/", age]);
            // A browser that forgets a cookie needs no more; with `__Host-` it still asks for `Secure`.
            if age != "Max-Age=0" || secure {
                expected.extend(["HttpOnly", "SameSite=Lax"]);
            }
            expected.extend(secure.then_some("Secure"));
            assert_eq!(attributes, expected, "{transport:?}");
        }
    }
}

/// What a cookie is worth: whose page it shows.
async fn worth(server: &Server, cookie: Option<String>) -> StatusCode {
    let mut thief = Browser::new(server);
    thief.cookie = cookie;
    thief.get("/account").await.status
}

async fn an_id_from_before_signing_in_is_worth_nothing_after(place: &Place) {
    let (server, _) = served(place).await;
    let made_up = Some("ms5=AAAAAAAAAAAAAAAAAAAAAA".to_owned());
    let of_another = Browser::signed_in(&server, "ada").await.cookie;
    for planted in [made_up, of_another] {
        let mut maria = Browser::new(&server);
        maria.cookie.clone_from(&planted);
        let answer = maria.sign_in("maria", PASSWORD).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        assert_ne!(maria.cookie, planted);
        assert!(text(&maria.get("/account").await).contains("maria Tester"));
        assert_eq!(worth(&server, planted).await, StatusCode::SEE_OTHER);
        // And after signing out the id is worth nothing, whoever kept it.
        let kept = maria.cookie.clone();
        maria.post("/sign-out", &[]).await;
        assert_eq!(maria.cookie, None);
        assert_eq!(worth(&server, kept).await, StatusCode::SEE_OTHER);
    }
}

async fn an_id_from_before_the_second_factor_is_worth_nothing_after(place: &Place) {
    let (server, _) = served(place).await;
    let secret = totp::new_secret();
    let app = &server.app;
    let maria = people::by_login(&app.db, "maria")
        .await
        .expect("read")
        .expect("maria");
    let mut tx = app.db.begin().await.expect("a transaction");
    people::set_totp(&mut tx, maria.person(), Some(&secret))
        .await
        .expect("set");
    tx.commit().await.expect("committed");
    app.people.forget();
    let mut browser = Browser::new(&server);
    assert_eq!(
        leads_to(&browser.sign_in("maria", PASSWORD).await),
        "/sign-in/code"
    );
    let half = browser.cookie.clone();
    assert_eq!(
        worth(&server, half.clone()).await,
        StatusCode::SEE_OTHER,
        "half is not in"
    );
    let secret = totp_rs::Secret::try_from_base32(&secret).expect("a secret");
    let code = totp_rs::Builder::new()
        .with_secret(secret)
        .with_account_name("maria".to_owned());
    let now = u64::try_from(app.clock.now().0 / 1000).expect("a time");
    let code = code.build().expect("a code").generate(now).to_string();
    assert_eq!(
        leads_to(&browser.post("/sign-in/code", &[("code", &code)]).await),
        "/"
    );
    assert_ne!(browser.cookie, half);
    assert_eq!(worth(&server, browser.cookie.clone()).await, StatusCode::OK);
    assert_eq!(worth(&server, half.clone()).await, StatusCode::SEE_OTHER);
    let mut thief = Browser::new(&server);
    thief.cookie = half;
    let answer = thief.post("/sign-in/code", &[("code", &code)]).await;
    assert_eq!(
        leads_to(&answer),
        "/sign-in",
        "nothing waits there any more"
    );
}

async fn an_id_from_before_other_rights_is_worth_nothing_after(place: &Place) {
    let (server, hands) = served(place).await;
    let mut maria = Browser::signed_in(&server, "maria").await;
    let before = maria.cookie.clone();
    let mut admin = Browser::signed_in(&server, "ada").await;
    let row = people::by_login(&server.app.db, "maria")
        .await
        .expect("read")
        .expect("maria");
    let (version, role) = (
        row.version.to_string(),
        role_id(&server, "engineer").await.to_string(),
    );
    let form = [
        ("version", &*version),
        ("name", "Maria"),
        ("role", &*role),
        ("where", "site"),
    ];
    let changed = admin
        .post(&format!("/admin/people/{}", row.id), &form)
        .await;
    assert_eq!(changed.status, StatusCode::SEE_OTHER, "{}", text(&changed));
    assert_eq!(maria.get("/account").await.status, StatusCode::OK);
    assert_ne!(maria.cookie, before, "a new id with the new rights");
    // What was under way in other tabs is over then.
    hands.set(server.app.clock.now() + DurMs(10_000));
    assert_eq!(worth(&server, before).await, StatusCode::SEE_OTHER);
    let now = maria.cookie.clone();
    assert_eq!(maria.get("/account").await.status, StatusCode::OK);
    assert_eq!(maria.cookie, now, "once a change");
}

async fn an_id_from_before_signing_on_is_worth_nothing_after(place: &Place) {
    let (server, hands) = served(place).await;
    let app = &server.app;
    let maria = people::by_login(&app.db, "maria")
        .await
        .expect("read")
        .expect("maria");
    let mut tx = app.db.begin().await.expect("a transaction");
    let badge = badge_mark(app, "0041-77");
    people::set_badge(&mut tx, maria.person(), Some(&badge))
        .await
        .expect("a badge");
    tx.commit().await.expect("committed");
    let mut admin = Browser::signed_in(&server, "ada").await;
    let link = enrol(&mut admin, "tablet", "Tablet 1").await;
    let mut tablet = Browser::new(&server);
    tablet.post(&link, &[]).await;
    let enrolled = tablet.cookie.clone();
    let on_line = async |cookie: &Option<String>| {
        let mut thief = Browser::new(&server);
        thief.cookie.clone_from(cookie);
        thief.get("/lines/L1").await.status
    };
    assert_eq!(on_line(&enrolled).await, StatusCode::OK);
    let answer = tablet.post("/sign-on", &[("badge", "0041-77")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", text(&answer));
    let signed_on = tablet.cookie.clone();
    assert_ne!(signed_on, enrolled);
    assert_eq!(
        on_line(&enrolled).await,
        StatusCode::SEE_OTHER,
        "not even a tablet"
    );
    assert_eq!(worth(&server, signed_on.clone()).await, StatusCode::OK);
    tablet.post("/sign-out", &[]).await;
    assert_ne!(tablet.cookie, signed_on);
    assert_eq!(
        on_line(&tablet.cookie).await,
        StatusCode::OK,
        "still a tablet"
    );
    assert_eq!(on_line(&signed_on).await, StatusCode::SEE_OTHER);
    hands.set(app.clock.now() + DurMs(1));
}

async fn a_session_that_was_ended_while_a_page_was_asked_for_stays_ended(place: &Place) {
    let (server, _) = served(place).await;
    let app = &server.app;
    let mut admin = Browser::signed_in(&server, "ada").await;
    let row = people::by_login(&app.db, "maria").await.expect("read");
    let id = row.expect("maria").person();
    let open = async |id: PersonId| {
        let rows = sessions::of_person(&app.db, id, app.clock.now()).await;
        rows.expect("sessions").len()
    };
    // A page is asked for: the session is read. Then everything ends. Then the request goes on.
    let read = async |cookie: Option<String>| {
        let id = cookie.as_deref().and_then(|c| c.strip_prefix("ms5="));
        let id = id.expect("a cookie").parse().expect("an id");
        let store = Store::new(app.db.clone(), app.clock.clone(), Arc::clone(&app.uses));
        let session = Session::new(Some(id), Arc::new(store), None);
        let known = held(&session).await.expect("read").expect("a session");
        (session, known)
    };
    let cookie = Browser::signed_in(&server, "maria").await.cookie;
    let (session, known) = read(cookie.clone()).await;
    let path = format!("/admin/people/{}/password", id.0);
    assert_eq!(admin.post(&path, &[]).await.status, StatusCode::OK);
    assert_eq!(open(id).await, 0);
    let origin = Origin {
        navigates: true,
        ..Origin::default()
    };
    let caller = identify(app, &header::HeaderMap::new(), Some(&session), origin)
        .await
        .expect("an answer");
    assert!(!caller.is_somebody(), "{caller:?}");
    let anew = Held {
        version: known.version + 1,
        ..known
    };
    assert!(!go_on(app, &session, &anew).await.expect("an answer"));
    assert_eq!(open(id).await, 0, "nothing came back");
    assert_eq!(worth(&server, cookie).await, StatusCode::SEE_OTHER);
    // One that was not ended goes on, once, under an id that is worth what the old one was.
    let cookie = admin.cookie.clone();
    let ((one, known), (two, _)) = (read(cookie.clone()).await, read(cookie.clone()).await);
    assert!(go_on(app, &one, &known).await.expect("an answer"));
    assert!(!go_on(app, &two, &known).await.expect("an answer"));
    let moved = Some(format!("ms5={}", one.id().expect("an id")));
    assert_ne!(moved, cookie);
    assert_eq!(worth(&server, moved).await, StatusCode::OK);
    assert_eq!(worth(&server, cookie).await, StatusCode::SEE_OTHER);
}
