//! A stream that is open tells nothing more once whoever opened it may not hear it any more: whether they were signed out,
//! disabled or revoked, have other roles now, or left their screen alone. While the database does not say, it tells figures
//! for a short while only.

use crate::browser::{Browser, add_person, between, leads_to, role_id, text};
use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::small_plant;
use crate::stream::Stream;
use axum::http::header;
use ms5_floor::domain::ids::Seq;
use ms5_floor::domain::rights::sets;
use ms5_floor::domain::time::{DurMs, HOUR_MS};
use ms5_floor::server::db::keys;
use ms5_floor::server::live::hub::Event;

on_both! {
    what_is_taken_away_is_not_told_any_more,
    a_screen_that_is_left_alone_is_signed_out_and_a_wall_stays,
    without_the_database_figures_are_told_for_half_a_minute,
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

/// Publishes one more thing, and reads to the end: it is not told.
async fn has_ended(server: &Server, mut stream: Stream, what: &str) {
    publish(server, "tile", "2");
    while let Some(event) = stream.next().await {
        assert_ne!(event.data, 2, "{what}");
    }
}

async fn what_is_taken_away_is_not_told_any_more(place: &Place) {
    let (server, _) = served(place).await;
    let mut admin = Browser::of(&server, "ada", "admin").await;

    let id = add_person(&server, "one", "operator").await;
    let browser = Browser::signed_in(&server, "one").await;
    let stream = opened(&server, browser.cookie.as_ref()).await;
    let path = format!("/admin/people/{}/disabled", id.0);
    leads_to(&admin.post(&path, &[("disabled", "yes")]).await);
    has_ended(&server, stream, "disabled").await;

    add_person(&server, "two", "operator").await;
    let browser = Browser::signed_in(&server, "two").await;
    let stream = opened(&server, browser.cookie.as_ref()).await;
    let mut other = Browser::signed_in(&server, "two").await;
    leads_to(&other.post("/account/sessions/end-all", &[]).await);
    has_ended(&server, stream, "signed out everywhere").await;

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
    has_ended(&server, stream, "another role").await;

    let key = server.key_that_may("screen", sets::WATCH).await;
    let bearer = (header::AUTHORIZATION, format!("Bearer {key}"));
    let stream = Stream::open_as(&server, "?since=99", None, bearer).await;
    let stream = told(&server, stream).await;
    let rows = keys::all(&server.app.db).await.expect("keys");
    let row = rows.iter().find(|k| k.source == "screen").expect("the key");
    let path = format!("/admin/keys/{}/revoke", row.key().0);
    leads_to(&admin.post(&path, &[]).await);
    has_ended(&server, stream, "revoked key").await;

    let (wall, path) = wall(&server, &mut admin).await;
    let stream = opened(&server, wall.cookie.as_ref()).await;
    leads_to(&admin.post(&path, &[]).await);
    has_ended(&server, stream, "revoked wall").await;
}

/// A wall that came, and where it is revoked.
async fn wall<'s>(server: &'s Server, admin: &mut Browser<'s>) -> (Browser<'s>, String) {
    let form = [
        ("kind", "wall"),
        ("name", "Wall 1"),
        ("page", "/lines/L1"),
        ("place", "line:L1"),
    ];
    let page = text(&admin.post("/admin/devices", &form).await);
    let mut wall = Browser::new(server);
    let link = between(&page, "floor.example", "</code>");
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
    has_ended(&server, stream, "idle").await;
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
