//! A stream that is open tells nothing more once whoever opened it may not hear it any more: whether they were signed out,
//! disabled or revoked, have other roles now, or left their screen alone. While the database does not say, it tells figures
//! for a short while only.

use crate::browser::{Browser, add_person, between, enrol, leads_to, role_id, text};
use crate::harness::{Hands, Place, Server, at, until};
use crate::small_plant::small_plant;
use crate::stream::{SOON, Stream, follow};
use axum::body::Body;
use axum::http::{Request, header};
use ms5_floor::domain::ids::{RoleId, Seq};
use ms5_floor::domain::rights::sets;
use ms5_floor::domain::time::{DurMs, HOUR_MS};
use ms5_floor::server::db::{keys, roles};
use ms5_floor::server::live::hub::Event;
use std::time::{Duration, Instant};

/// Sooner than a stream looks by itself, which it does every 5 s.
const AT_ONCE: Duration = Duration::from_secs(3);

on_both! {
    what_is_taken_away_is_not_told_any_more,
    a_screen_that_is_left_alone_is_signed_out_and_a_wall_stays,
    without_the_database_figures_are_told_for_half_a_minute,
    a_screen_can_ask_whether_anybody_is_signed_in,
    a_stream_goes_on_when_its_session_gets_another_id,
    whoever_signs_out_ends_the_streams_of_their_other_tabs,
}

async fn served(place: &Place) -> (Server, Hands) {
    let hands = Hands::at(at("2026-07-06T10:00:00Z"));
    let server = Server::with(place, hands.clock(), small_plant()).await;
    (server, hands)
}

/// Something about line L1 goes to every screen that may see it.
fn publish(server: &Server, name: &'static str, data: &str) {
    server.app.hub.publish(Event {
        name,
        seq: Some(Seq(1)),
        about: (name == "tile").then(|| "L1".into()),
        page: false,
        needs: None,
        data: data.into(),
        plain: None,
    });
}

/// Opens a stream with a cookie and sees that it tells something.
async fn opened(server: &Server, cookie: Option<&String>) -> Stream {
    let cookie = cookie.expect("a cookie").clone();
    told(
        server,
        Stream::open_as(server, "?since=99", None, (header::COOKIE, cookie)).await,
    )
    .await
}

async fn told(server: &Server, mut stream: Stream) -> Stream {
    stream.next_named("ping").await;
    publish(server, "tile", "1");
    assert_eq!(stream.next_named("tile").await.data, 1);
    stream
}

/// Publishes one more thing, and reads to the end: it is not told, but why the stream ends.
async fn has_ended(server: &Server, mut stream: Stream, what: &str, why: &str) {
    publish(server, "tile", "2");
    let mut last = None;
    while let Some(event) = stream.next().await {
        assert_ne!(event.data, 2, "{what}");
        last = Some((event.name, event.data["why"].clone()));
    }
    let (name, told) = last.unwrap_or_else(|| panic!("{what}: nothing was told"));
    assert_eq!((name.as_str(), told), ("end", why.into()), "{what}");
}

async fn what_is_taken_away_is_not_told_any_more(place: &Place) {
    let (server, _) = served(place).await;
    let mut admin = Browser::of(&server, "ada", "admin").await;

    let id = add_person(&server, "one", "operator").await;
    let browser = Browser::signed_in(&server, "one").await;
    let stream = opened(&server, browser.cookie.as_ref()).await;
    let path = format!("/admin/people/{}/disabled", id.0);
    leads_to(&admin.post(&path, &[("disabled", "yes")]).await);
    has_ended(&server, stream, "disabled", "signed_out").await;

    add_person(&server, "two", "operator").await;
    let browser = Browser::signed_in(&server, "two").await;
    let stream = opened(&server, browser.cookie.as_ref()).await;
    let mut other = Browser::signed_in(&server, "two").await;
    leads_to(&other.post("/account/sessions/end-all", &[]).await);
    has_ended(&server, stream, "signed out everywhere", "signed_out").await;

    let id = add_person(&server, "put out", "operator").await;
    let browser = Browser::signed_in(&server, "put out").await;
    let stream = opened(&server, browser.cookie.as_ref()).await;
    let path = format!("/admin/people/{}/sessions/end", id.0);
    leads_to(&admin.post(&path, &[]).await);
    has_ended(&server, stream, "signed out by another", "signed_out").await;

    let id = add_person(&server, "three", "operator").await;
    let browser = Browser::signed_in(&server, "three").await;
    let stream = opened(&server, browser.cookie.as_ref()).await;
    let path = format!("/admin/people/{}", id.0);
    let page = text(&admin.get(&path).await);
    let version = between(&page, "name=\"version\" value=\"", "\"");
    let role = role_id(&server, "viewer").await.to_string();
    let form = [
        ("version", version.as_str()),
        ("name", "three Tester"),
        ("email", ""),
        ("role", &role),
        ("where", "site"),
    ];
    let answer = admin.post(&path, &form).await;
    assert_eq!(answer.status.as_u16(), 303, "{}", text(&answer));
    has_ended(&server, stream, "another role", "other_rights").await;

    let key = server.key_that_may("screen", sets::WATCH).await;
    let bearer = (header::AUTHORIZATION, format!("Bearer {key}"));
    let stream = Stream::open_as(&server, "?since=99", None, bearer).await;
    let stream = told(&server, stream).await;
    let rows = keys::all(&server.app.db).await.expect("keys");
    let row = rows.iter().find(|k| k.source == "screen").expect("the key");
    let path = format!("/admin/keys/{}/revoke", row.key().0);
    leads_to(&admin.post(&path, &[]).await);
    has_ended(&server, stream, "revoked key", "signed_out").await;

    let (wall, path) = wall(&server, &mut admin).await;
    let stream = opened(&server, wall.cookie.as_ref()).await;
    leads_to(&admin.post(&path, &[]).await);
    has_ended(&server, stream, "revoked wall", "signed_out").await;
}

/// A wall that came, and where it is revoked.
async fn wall<'s>(server: &'s Server, admin: &mut Browser<'s>) -> (Browser<'s>, String) {
    let link = enrol(admin, "wall", "Wall 1").await;
    let mut wall = Browser::new(server);
    leads_to(&wall.post(&link, &[]).await);
    let row = ms5_floor::server::db::devices::all(&server.app.db).await;
    let id = row.expect("devices").first().expect("the wall").id;
    (wall, format!("/admin/devices/{id}/revoke"))
}

async fn a_screen_that_is_left_alone_is_signed_out_and_a_wall_stays(place: &Place) {
    let (server, hands) = served(place).await;
    let mut admin = Browser::of(&server, "ada", "admin").await;
    add_person(&server, "one", "operator").await;
    let browser = Browser::signed_in(&server, "one").await;
    let (wall, _) = wall(&server, &mut admin).await;
    let stream = opened(&server, browser.cookie.as_ref()).await;
    let mut on_wall = opened(&server, wall.cookie.as_ref()).await;
    hands.set(server.app.clock.now() + DurMs(9 * HOUR_MS));
    has_ended(&server, stream, "idle", "signed_out").await;
    publish(&server, "tile", "3");
    while on_wall.next_named("tile").await.data != 3 {}
}

async fn without_the_database_figures_are_told_for_half_a_minute(place: &Place) {
    let (server, hands) = served(place).await;
    add_person(&server, "one", "operator").await;
    let browser = Browser::signed_in(&server, "one").await;
    let mut stream = opened(&server, browser.cookie.as_ref()).await;
    let start = server.app.clock.now();
    server.app.db.close().await;
    hands.set(start + DurMs(29_000));
    publish(&server, "tile", "2");
    while stream.next_named("tile").await.data != 2 {}
    hands.set(start + DurMs(31_000));
    publish(&server, "tile", "3");
    publish(&server, "marker", "4");
    loop {
        let event = stream.next().await.expect("the stream stays");
        assert_ne!(event.data, 3);
        if event.name == "marker" {
            break;
        }
    }
}

async fn a_screen_can_ask_whether_anybody_is_signed_in(place: &Place) {
    let (server, hands) = served(place).await;
    let mut admin = Browser::of(&server, "ada", "admin").await;
    let asked = async |cookie: Option<&String>| {
        let mut request = Request::get("/api/signed_in");
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let request = request.body(Body::empty()).expect("a request");
        let answer = server.ask_as_it_is(request).await;
        assert_eq!(answer.status.as_u16(), 200, "{answer:?}");
        answer.json()
    };
    assert_eq!(asked(None).await, false);
    add_person(&server, "one", "operator").await;
    let mut browser = Browser::signed_in(&server, "one").await;
    let cookie = browser.cookie.clone();
    assert_eq!(asked(cookie.as_ref()).await, true);
    browser.post("/sign-out", &[]).await;
    assert_eq!(asked(cookie.as_ref()).await, false, "{}", place.engine);
    let (wall, path) = wall(&server, &mut admin).await;
    assert_eq!(asked(wall.cookie.as_ref()).await, true);
    admin.post(&path, &[]).await;
    assert_eq!(asked(wall.cookie.as_ref()).await, false);
    // To ask is no use of the session.
    let browser = Browser::signed_in(&server, "one").await;
    for hours in [3, 3, 3] {
        asked(browser.cookie.as_ref()).await;
        hands.set(server.app.clock.now() + DurMs(hours * HOUR_MS));
    }
    assert_eq!(asked(browser.cookie.as_ref()).await, false, "idle");
}

async fn a_stream_goes_on_when_its_session_gets_another_id(place: &Place) {
    let (server, _) = served(place).await;
    add_person(&server, "one", "operator").await;
    let mut browser = Browser::signed_in(&server, "one").await;
    let before = browser.cookie.clone();
    let mut stream = opened(&server, before.as_ref()).await;
    // As after a change of a role that leaves what they may as it is.
    let role = RoleId(role_id(&server, "operator").await);
    let mut tx = server.app.db.begin().await.expect("a transaction");
    roles::touch_holders(&mut tx, role).await.expect("counted");
    tx.commit().await.expect("committed");
    server.app.people.forget();
    browser.get("/lines/L1").await;
    assert_ne!(browser.cookie, before, "{}", place.engine);
    server.app.people.forget();
    publish(&server, "tile", "3");
    loop {
        let event = stream.next().await.expect("the stream stays");
        assert_ne!(event.name, "end", "{}", place.engine);
        if event.data == 3 {
            break;
        }
    }
}

async fn whoever_signs_out_ends_the_streams_of_their_other_tabs(place: &Place) {
    let (server, _) = served(place).await;
    add_person(&server, "one", "operator").await;
    let mut browser = Browser::signed_in(&server, "one").await;
    let stream = opened(&server, browser.cookie.as_ref()).await;
    let begun = Instant::now();
    browser.post("/sign-out", &[]).await;
    has_ended(&server, stream, "signed out", "signed_out").await;
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
}

/// Only PostgreSQL has several nodes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_node_takes_away_is_not_told_any_more_either() {
    let place = Place::postgres().await;
    let (here, hands) = served(&place).await;
    let there = Server::start(&place, hands.clock()).await;
    let mut followers = Vec::new();
    for server in [&here, &there] {
        followers.push(follow(server));
    }
    let mut admin = Browser::of(&here, "ada", "admin").await;
    let id = add_person(&here, "one", "operator").await;
    let browser = Browser::signed_in(&here, "one").await;
    // They listen once a change of the one is known to the other.
    let heard = there.app.people.watch();
    until("the nodes to hear each other", SOON, async || {
        here.app.people.forget();
        heard.has_changed().expect("it is there").then_some(())
    })
    .await;
    let stream = opened(&there, browser.cookie.as_ref()).await;
    let begun = Instant::now();
    let path = format!("/admin/people/{}/disabled", id.0);
    leads_to(&admin.post(&path, &[("disabled", "yes")]).await);
    let key = here.key_that_may("screen", sets::WATCH).await;
    ended(stream, "signed_out").await;
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());

    let bearer = (header::AUTHORIZATION, format!("Bearer {key}"));
    let stream = Stream::open_as(&there, "?since=99", None, bearer).await;
    let stream = told(&there, stream).await;
    let begun = Instant::now();
    let rows = keys::all(&here.app.db).await.expect("keys");
    let row = rows.iter().find(|k| k.source == "screen").expect("the key");
    let path = format!("/admin/keys/{}/revoke", row.key().0);
    leads_to(&admin.post(&path, &[]).await);
    ended(stream, "signed_out").await;
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
    for server in [&here, &there] {
        server.stop.cancel();
    }
    for follower in followers {
        follower.await.expect("it ends");
    }
    for server in [here, there] {
        server.app.db.close().await;
    }
    place.remove().await;
}

/// Reads to the end of a stream.
async fn ended(mut stream: Stream, why: &str) {
    let mut last = None;
    while let Some(event) = stream.next().await {
        last = Some(event);
    }
    let last = last.expect("something was told");
    assert_eq!(
        (last.name.as_str(), &last.data["why"]),
        ("end", &why.into())
    );
}
