//! Who is refused is on the trail: at once, and then once a minute with the number, so that a flood writes few rows.

use crate::browser::{Browser, PASSWORD, add_person, text};
use crate::harness::{Hands, Place, Server, at, request};
use crate::small_plant::small_plant;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use ms5_floor::domain::rights::{PermissionSet, sets};
use ms5_floor::domain::time::{DurMs, MINUTE_MS, TsMs};
use ms5_floor::server::auth::merged;
use ms5_floor::server::config::{Network, Transport};
use ms5_floor::server::db::audit::{self, AuditRow, Wanted};
use ms5_floor::server::db::{keys, people};
use ms5_floor::server::http::doors;
use std::net::IpAddr;

on_both! {
    the_same_denial_again_within_a_minute_is_counted,
    keys_that_do_not_hold_are_on_record,
    who_comes_through_a_proxy_of_ours_is_told_from_others,
    one_mistake_does_not_take_the_blame_for_many_tries_from_elsewhere,
    tries_during_a_lock_out_and_halves_of_sign_ins_are_on_record,
    codes_that_are_tried_during_a_lock_out_are_on_record,
    links_cannot_be_guessed_as_often_as_one_likes,
    what_another_site_sends_is_on_record,
    who_changes_something_may_say_why,
    every_form_of_the_desk_takes_the_reason_to_the_record,
}

async fn served(place: &Place) -> (Server, Hands) {
    let hands = Hands::at(at("2026-07-06T10:00:00Z"));
    let mut server = Server::with(place, hands.clock(), small_plant()).await;
    server.shared.doors = doors(Transport::Loopback, &[], hands.ticks());
    (server, hands)
}

/// The rows of an action, the newest last.
async fn rows(server: &Server, action: &str) -> Vec<AuditRow> {
    let all = audit::find(&server.app.db, &Wanted::default(), 500).await;
    let all = all.expect("the trail").into_iter().rev();
    all.filter(|row| row.action == action).collect()
}

async fn the_same_denial_again_within_a_minute_is_counted(place: &Place) {
    let (server, hands) = served(place).await;
    let mut olga = Browser::of(&server, "olga", "operator").await;
    for _ in 0..50 {
        let answer = olga.get("/admin/people").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    olga.get("/admin/audit").await;
    let told = rows(&server, "denied").await;
    let told: Vec<_> = told.iter().map(|r| (&*r.target, &*r.became)).collect();
    assert_eq!(
        told,
        [("/admin/people", ""), ("/admin/audit", "")],
        "{}",
        place.engine
    );
    let later = server.app.clock.now() + DurMs(MINUTE_MS);
    hands.set(later);
    for _ in 0..2 {
        merged::write_due(&server.app, later)
            .await
            .expect("written");
    }
    let told = rows(&server, "denied").await;
    assert_eq!(told.len(), 3, "{}: {told:?}", place.engine);
    assert_eq!(told[2].became, r#"{"times":49}"#);
    assert_eq!(told[2].actor, "olga Tester");
}

async fn keys_that_do_not_hold_are_on_record(place: &Place) {
    let (server, _) = served(place).await;
    let first = server.key_that_may("gateway", sets::SEND).await;
    // The next one of its sender replaces it.
    server.key_that_may("gateway", PermissionSet::all()).await;
    for key in [&first, &first, "secret-in-the-wrong-place"] {
        let answer = server.get("/api/v1/oee/L1/now", Some(key)).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        // What anyone may have is refused to nobody.
        let open = server.get("/health/live", Some(key)).await;
        assert_eq!(open.status, StatusCode::OK);
    }
    let told = rows(&server, "denied.key").await;
    let told: Vec<_> = told.iter().map(|r| (&*r.was, &*r.target)).collect();
    let known = format!("key:{}", &first[..10]);
    let route = "/api/v1/oee/{line}/now";
    assert_eq!(told, [(&*known, route), ("unknown key", route)]);
}

async fn who_comes_through_a_proxy_of_ours_is_told_from_others(place: &Place) {
    let (mut server, hands) = served(place).await;
    let proxies: [Network; 1] = ["10.1.0.0/16".parse().expect("a network")];
    server.shared.doors = doors(Transport::BehindProxy, &proxies, hands.ticks());
    let routes = server.routes();
    let ask = async |peer: [u8; 4], client: &str| {
        let mut asked = request(Method::GET, "/device/guessed", None, Body::empty());
        let client = client.parse().expect("a header");
        asked.headers_mut().insert("x-forwarded-for", client);
        routes.ask(IpAddr::from(peer), asked).await.status
    };
    let mut statuses = Vec::new();
    for _ in 0..101 {
        statuses.push(ask([10, 1, 0, 7], "10.9.0.1").await);
    }
    let last = statuses.pop().expect("an answer");
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS, "{}", place.engine);
    assert!(!statuses.contains(&last));
    // Another client of the same proxy, and of one on this machine, still may.
    assert_ne!(ask([10, 1, 0, 7], "10.9.0.2").await, last);
    assert_ne!(ask([127, 0, 0, 1], "10.9.0.3").await, last);
    assert_eq!(ask([127, 0, 0, 1], "10.9.0.1").await, last);
    // Anybody else is who they are, whatever they say.
    for n in 0..101 {
        let status = ask([10, 2, 0, 7], &format!("10.9.1.{n}")).await;
        assert_eq!(status == last, n == 100, "{n}");
    }
    let told = rows(&server, "denied.often").await;
    let told: Vec<_> = told.iter().map(|r| &*r.address).collect();
    assert_eq!(told, ["10.9.0.1", "10.2.0.7"]);
}

async fn one_mistake_does_not_take_the_blame_for_many_tries_from_elsewhere(place: &Place) {
    let (server, _) = served(place).await;
    let routes = server.routes();
    let (guesser, gateway) = (IpAddr::from([10, 0, 0, 66]), IpAddr::from([10, 0, 0, 5]));
    for n in 0..100 {
        let key = format!("guessed-{n}");
        let path = "/api/v1/oee/L1/now";
        for from in [Some(guesser), (n == 99).then_some(gateway)] {
            let Some(from) = from else { continue };
            let asked = request(Method::GET, path, Some(&key), Body::empty());
            let answer = routes.ask(from, asked).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        }
    }
    // Whoever stops the program stops no count.
    let end = TsMs(i64::MAX);
    let written = merged::write_due(&server.app, end).await;
    written.expect("written");
    let told = rows(&server, "denied.key").await;
    let told: Vec<_> = told.iter().map(|r| (&*r.address, &*r.became)).collect();
    let expected = [
        ("10.0.0.66", ""),
        ("10.0.0.5", ""),
        ("10.0.0.66", r#"{"times":99}"#),
    ];
    assert_eq!(told, expected, "{}", place.engine);
}

/// Maria's browser, which is asked for a second factor.
async fn of_maria(server: &Server) -> Browser<'_> {
    let maria = add_person(server, "maria", "operator").await;
    let mut tx = server.app.db.begin().await.expect("a transaction");
    let secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
    people::set_totp(&mut tx, maria, Some(secret))
        .await
        .expect("a second factor");
    tx.commit().await.expect("committed");
    Browser::new(server)
}

async fn tries_during_a_lock_out_and_halves_of_sign_ins_are_on_record(place: &Place) {
    let (server, _) = served(place).await;
    let mut browser = of_maria(&server).await;
    let half = browser.sign_in("maria", PASSWORD).await;
    assert_eq!(half.status, StatusCode::SEE_OTHER, "{}", text(&half));
    let told = rows(&server, "session.half").await;
    assert_eq!(told.len(), 1, "{}", place.engine);
    assert_eq!(told[0].target, "person:maria");
    for _ in 0..12 {
        browser.sign_in("maria", "wrong").await;
        browser
            .sign_in("a password in the wrong field", "wrong")
            .await;
    }
    let told = rows(&server, "session.locked").await;
    let told: Vec<&str> = told.iter().map(|r| r.target.as_str()).collect();
    assert_eq!(told, ["person:maria", "unknown login"], "{}", place.engine);
}

async fn codes_that_are_tried_during_a_lock_out_are_on_record(place: &Place) {
    let (server, hands) = served(place).await;
    let mut browser = of_maria(&server).await;
    browser.sign_in("maria", PASSWORD).await;
    for _ in 0..12 {
        let answer = browser.post("/sign-in/code", &[("code", "000000")]).await;
        assert_ne!(answer.status, StatusCode::SEE_OTHER, "{}", text(&answer));
    }
    let told = rows(&server, "session.locked").await;
    let told: Vec<_> = told.iter().map(|r| (&*r.target, &*r.became)).collect();
    assert_eq!(told, [("person:maria", "")], "{}", place.engine);
    let later = server.app.clock.now() + DurMs(MINUTE_MS);
    hands.set(later);
    merged::write_due(&server.app, later)
        .await
        .expect("written");
    let told = rows(&server, "session.locked").await;
    assert_eq!(told.len(), 2, "{}: {told:?}", place.engine);
    let wrong = rows(&server, "session.wrong").await.len();
    // The right password was a try, too.
    let held_back = 12 - wrong - 1;
    assert_eq!(told[1].became, format!("{{\"times\":{held_back}}}"));
}

async fn links_cannot_be_guessed_as_often_as_one_likes(place: &Place) {
    let (server, _) = served(place).await;
    let mut browser = Browser::new(&server);
    let mut statuses = Vec::new();
    for n in 0..120 {
        statuses.push(browser.get(&format!("/device/{n}")).await.status);
    }
    let refused = statuses
        .iter()
        .filter(|s| **s == StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.count(), 20, "{}", place.engine);
    let told = rows(&server, "denied.often").await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(
        (told[0].target.as_str(), told[0].address.as_str()),
        ("/device/{token}", "127.0.0.1")
    );
}

async fn what_another_site_sends_is_on_record(place: &Place) {
    let (server, _) = served(place).await;
    for _ in 0..3 {
        let request = Request::post("/sign-in")
            .header("sec-fetch-site", "cross-site")
            .body(Body::empty())
            .expect("a request");
        let answer = server.ask_as_it_is(request).await;
        answer.problem(403, "cross_origin");
    }
    let told = rows(&server, "denied.origin").await;
    assert_eq!(told.len(), 1, "{}: {told:?}", place.engine);
    assert_eq!(told[0].address, "127.0.0.1");
    assert!(!told[0].request.is_empty());
}

async fn who_changes_something_may_say_why(place: &Place) {
    let (server, _) = served(place).await;
    let olga = add_person(&server, "olga", "operator").await;
    let mut admin = Browser::of(&server, "ada", "admin").await;
    let why = ("why", "  left the plant ");
    let path = format!("/admin/people/{}/disabled", olga.0);
    let answer = admin.post(&path, &[("disabled", "yes"), why]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", text(&answer));
    let form = [
        ("sender", "gateway"),
        ("usual", "send"),
        ("days", ""),
        ("why", "a new line"),
    ];
    let answer = admin.post("/admin/keys", &form).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", text(&answer));
    let told = rows(&server, "person.disable").await;
    assert_eq!(told[0].why, "left the plant", "{}", place.engine);
    let told = rows(&server, "key.add").await;
    assert_eq!(told.last().map(|r| &*r.why), Some("a new line"));
}

async fn every_form_of_the_desk_takes_the_reason_to_the_record(place: &Place) {
    let (server, _) = served(place).await;
    let mut admin = Browser::of(&server, "ada", "admin").await;
    let maria = add_person(&server, "maria", "viewer").await;
    let person = format!("/admin/people/{}", maria.0);
    let of = |what: &str| format!("{person}/{what}");
    let new_person = [("login", "max"), ("name", "Max")];
    let new_role = [("code", "setter"), ("name", "Setter"), ("like", "")];
    let device = [
        ("kind", "wall"),
        ("name", "Wall 1"),
        ("page", "/"),
        ("place", "site"),
    ];
    let provider = [
        ("issuer", "https://login.example.org"),
        ("subject", "max-7"),
    ];
    server.key_that_may("gateway", sets::SEND).await;
    let key = keys::all(&server.app.db).await.expect("keys");
    let key = key
        .iter()
        .find(|k| k.source == "gateway")
        .expect("a key")
        .id;
    let (key, first) = (format!("/admin/keys/{key}/revoke"), "/admin/devices/1");
    for (path, form, action) in [
        ("/admin/people", &new_person[..], "person.add"),
        ("/admin/roles/new", &new_role, "role.add"),
        (&of("password"), &[], "person.password.reset"),
        (&of("badge"), &[("badge", "0047112233")], "person.badge.set"),
        (&of("badge"), &[("clear", "yes")], "person.badge.clear"),
        (&of("pin"), &[("pin", "471182")], "person.pin.set"),
        (&of("pin"), &[("clear", "yes")], "person.pin.clear"),
        (&of("code"), &[], "person.second_factor.clear"),
        (&of("provider"), &provider, "person.provider"),
        (&of("sessions/end"), &[], "person.sessions.end"),
        ("/admin/devices", &device, "device.add"),
        (&format!("{first}/link"), &[], "device.link"),
        (&format!("{first}/revoke"), &[], "device.revoke"),
        (&key, &[], "key.revoke"),
    ] {
        let why = format!("because of {action}");
        let mut form = form.to_vec();
        form.push(("why", &why));
        let answer = admin.post(path, &form).await;
        assert!(
            [StatusCode::OK, StatusCode::SEE_OTHER].contains(&answer.status),
            "{path}: {}",
            text(&answer)
        );
        let told = rows(&server, action).await;
        let told = told.last().map(|r| r.why.clone());
        assert_eq!(told, Some(why), "{}: {path}", place.engine);
    }
    // And the pages ask.
    for (page, forms) in [
        ("/admin/people/new", 1),
        ("/admin/roles", 2),
        (&*person, 7),
        ("/admin/devices", 1),
        ("/admin/keys", 2),
    ] {
        let shown = text(&admin.get(page).await);
        let asked = shown.matches("name=\"why\"").count();
        assert!(asked >= forms, "{page}: {asked}: {shown}");
    }
}
