//! The demonstration's one tap works for a simulated plant, on this machine, for a browser on this machine. Anywhere else it
//! is impossible, and whoever carries such a session there is nobody.

use crate::browser::{Browser, leads_to, text};
use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::small_plant;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use ms5_floor::server::auth::session::cookie_name;
use ms5_floor::server::config::Transport;
use serde_json::json;

on_both! {
    one_tap_lets_in_on_a_simulated_plant_on_this_machine,
    anywhere_else_there_is_no_tap_and_its_people_are_nobody,
    over_http_2_the_address_tells_which_machine_is_asked_for,
    a_real_plant_never_becomes_a_demonstration,
}

async fn served(place: &Place) -> Server {
    let hands = Hands::at(at("2026-07-06T10:00:00Z"));
    let mut plant = small_plant();
    plant["site"]["simulated"] = json!(true);
    Server::with(place, hands.clock(), plant).await
}

fn here(server: &Server) -> Browser<'_> {
    let mut browser = Browser::new(server);
    browser.host = "127.0.0.1:3000";
    browser
}

const TAP: [(&str, &str); 2] = [("role", "admin"), ("next", "/admin/people")];

async fn one_tap_lets_in_on_a_simulated_plant_on_this_machine(place: &Place) {
    let server = served(place).await;
    for host in [
        "127.0.0.1:3000",
        "localhost:3000",
        "LOCALHOST",
        "[::1]:3000",
    ] {
        let mut browser = here(&server);
        browser.host = host;
        let page = text(&browser.get("/sign-in").await);
        assert!(page.contains("Demonstration"), "{host}: {page}");
        let answer = browser.post("/sign-in/demonstration", &TAP).await;
        assert_eq!(leads_to(&answer), "/admin/people", "{host}");
        assert_eq!(browser.get("/admin/people").await.status, StatusCode::OK);
    }
    let mut browser = here(&server);
    let answer = browser
        .post("/sign-in/demonstration", &[("role", "owner")])
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    // Its people have no password, and nobody can give them one that lets them in.
    for password in ["", "demo.admin", "admin"] {
        let answer = browser.sign_in("demo.admin", password).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

/// Neither the page offers a tap nor does a tap let in, and the session of `cookie` is nobody's.
async fn refuses(mut browser: Browser<'_>, cookie: &str, what: &str) {
    let page = browser.get("/sign-in").await;
    assert_eq!(page.status, StatusCode::OK, "{what}");
    assert!(!text(&page).contains("Demonstration"), "{what}");
    let answer = browser.post("/sign-in/demonstration", &TAP).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "{what}");
    assert_eq!(browser.cookie, None, "{what}");
    browser.cookie = Some(cookie.to_owned());
    let page = browser.get("/admin/people").await;
    assert_eq!(leads_to(&page), "/sign-in?next=%2Fadmin%2Fpeople", "{what}");
    for path in ["/api/board", "/api/v1/downtime", "/api/v1/live"] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{what}: {path}");
    }
    let answer = browser
        .post("/admin/people", &[("login", "eve"), ("name", "Eve")])
        .await;
    assert_eq!(leads_to(&answer), "/sign-in", "{what}");
}

async fn anywhere_else_there_is_no_tap_and_its_people_are_nobody(place: &Place) {
    let mut server = served(place).await;
    let cookie = {
        let mut browser = here(&server);
        browser.post("/sign-in/demonstration", &TAP).await;
        assert_eq!(browser.get("/admin/people").await.status, StatusCode::OK);
        browser.cookie.expect("a session")
    };
    for from in [[10, 0, 0, 9], [192, 168, 1, 2], [0, 0, 0, 0]] {
        refuses(here(&server).at(from), &cookie, "from another machine").await;
    }
    // A name that somebody else owns can be made to lead to this machine.
    for host in [
        "floor.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:3000",
        "10.0.0.1",
    ] {
        let mut browser = here(&server);
        browser.host = host;
        refuses(browser, &cookie, host).await;
    }
    // A proxy on this machine that brings others here.
    for brought in ["x-forwarded-for", "x-forwarded-host", "forwarded", "via"] {
        let tap = Request::post("/sign-in/demonstration")
            .header(header::HOST, "127.0.0.1:3000")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(brought, "10.0.0.9")
            .body(Body::from("role=admin"))
            .expect("a request");
        let answer = server.ask_as_it_is(tap).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{brought}");
    }
    for transport in [Transport::Tls, Transport::BehindProxy, Transport::PlainHttp] {
        server.shared.transport = transport;
        let (_, id) = cookie.split_once('=').expect("a cookie");
        let cookie = format!("{}={id}", cookie_name(transport.secure_cookies()));
        refuses(here(&server), &cookie, &format!("{transport:?}")).await;
    }
    server.shared.transport = Transport::Loopback;
    server.shared.demonstration = false;
    refuses(
        here(&server),
        &cookie,
        "a server that was not started for it",
    )
    .await;
    server.shared.demonstration = true;
    assert_eq!(still_here(&server, &cookie).await, StatusCode::OK);
    // The plant becomes a real one while the session lives.
    server.set_up(small_plant()).await;
    refuses(here(&server), &cookie, "on a real plant").await;
}

async fn over_http_2_the_address_tells_which_machine_is_asked_for(place: &Place) {
    let server = served(place).await;
    // HTTP/2 has no header for the host: it stands in the address.
    for (origin, status) in [
        ("http://127.0.0.1:3000", StatusCode::SEE_OTHER),
        ("http://localhost:3000", StatusCode::SEE_OTHER),
        ("http://[::1]:3000", StatusCode::SEE_OTHER),
        ("http://floor.example:3000", StatusCode::NOT_FOUND),
        ("http://localhost.evil.example:3000", StatusCode::NOT_FOUND),
    ] {
        let tap = Request::post(format!("{origin}/sign-in/demonstration"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin")
            .body(Body::from("role=admin"))
            .expect("a request");
        let answer = server.ask_as_it_is(tap).await;
        assert_eq!(answer.status, status, "{}: {origin}", place.engine);
    }
}

async fn a_real_plant_never_becomes_a_demonstration(place: &Place) {
    let hands = Hands::at(at("2026-07-06T10:00:00Z"));
    let server = Server::with(place, hands.clock(), small_plant()).await;
    let mut plant = small_plant();
    plant["site"]["simulated"] = json!(true);
    let everything = server.everything.clone();
    let answer = server
        .send(Method::PUT, "/api/v1/plant", Some(&everything), &plant)
        .await;
    let problem = answer.problem(422, "invalid");
    assert_eq!(problem["fields"][0]["field"], "site.simulated");
    let page = text(&here(&server).get("/sign-in").await);
    assert!(!page.contains("Demonstration"), "{page}");
}

async fn still_here(server: &Server, cookie: &str) -> StatusCode {
    let mut browser = here(server);
    browser.cookie = Some(cookie.to_owned());
    browser.get("/admin/people").await.status
}
