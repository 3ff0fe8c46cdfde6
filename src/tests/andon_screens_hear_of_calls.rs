//! Open screens hear of every change of a call, whichever node made it, and only where they may see calls.

use crate::andon_scene::{Floor, Letters, give_addresses, minutes, run, start};
use crate::browser::{Browser, text};
use crate::cast::Actor;
use crate::harness::{Place, until};
use crate::stream::{SOON, Stream, follow, in_time};
use axum::http::header::AUTHORIZATION;
use ms5_floor::domain::ids::Seq;
use ms5_floor::domain::rights::{Permission, PermissionSet};
use ms5_floor::domain::time::DurMs;
use ms5_floor::server::live::hub::Event as HubEvent;
use ms5_floor::server::live::nodes;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Instant;

on_both! {
    a_screen_gets_all_calls_at_first_and_then_each_that_changes,
    a_screen_hears_of_no_calls_that_it_may_not_see,
    other_nodes_hear_of_calls_as_well,
    a_screen_that_cannot_follow_is_told_of_all_calls_again,
    calls_that_could_not_be_read_are_told_once_they_can,
    whoever_is_called_by_their_screen_is_known_to_it_by_number,
    what_changes_though_nobody_did_anything_with_the_call_is_told_anew,
    pages_of_the_desk_about_calls_follow_and_say_of_when_they_are,
    what_is_resolved_stays_on_the_screens_until_somebody_closes_it,
    streams_that_begin_at_once_share_what_is_read_and_see_each_what_they_may,
}

async fn a_screen_gets_all_calls_at_first_and_then_each_that_changes(place: &Place) {
    let mut floor = Floor::new(place).await;
    let call = json!({"machine": "M1", "kind": "stop"});
    let id = floor.raised(&floor.operator, call.clone()).await;
    let mut stream = Stream::open(&floor.server, "?since=0", None).await;
    let first = stream.next_named("calls").await;
    assert_eq!(first.id, None, "it is no fact");
    assert_eq!(first.data.as_array().map(Vec::len), Some(1));
    assert_eq!(first.data[0]["id"], id);
    let mut last = first.data[0]["version"].as_i64().expect("a version");

    floor.raised(&floor.engineer, call).await;
    floor.at(minutes(10)).await;
    floor.resolve(id).await;
    let mut seen = Vec::new();
    for _ in 0..4 {
        let event = stream.next_named("call").await;
        assert_eq!((event.id, &event.data["id"]), (None, &json!(id)));
        let version = event.data["version"].as_i64().expect("a version");
        assert!(version > last, "{version} after {last}");
        last = version;
        let raises = event.data["raises"].as_i64().expect("a number");
        seen.push((
            event.data["status"].as_str().expect("a status").to_owned(),
            event.data["level"].as_i64().expect("a level"),
            raises,
        ));
    }
    let at = |status: &str, level| (status.to_owned(), level, 2);
    assert_eq!(
        seen,
        [
            at("raised", 0),
            at("raised", 1),
            at("acknowledged", 1),
            at("resolved", 1),
        ],
        "{}",
        place.engine
    );
}

async fn a_screen_hears_of_no_calls_that_it_may_not_see(place: &Place) {
    let mut floor = Floor::new(place).await;
    let everything = floor.server.everything.clone();
    let line = floor.server.app.plant.get().line("L2").expect("L2").id;
    let may = PermissionSet::of(&[Permission::DashboardRead, Permission::AndonRead]);
    let calls = Actor::key(&floor.server, "calls of L2", may, Some(line)).await;
    let may = PermissionSet::of(&[Permission::DashboardRead]);
    let no_calls = Actor::key(&floor.server, "no calls", may, None).await;
    let mut streams = Vec::new();
    for actor in [&calls, &no_calls] {
        let mut headers = axum::http::HeaderMap::new();
        actor.show(&floor.server, &mut headers).await;
        let bearer = headers["authorization"].to_str().expect("text");
        floor.server.everything = bearer.trim_start_matches("Bearer ").to_owned();
        let mut stream = Stream::open(&floor.server, "?since=0", None).await;
        assert_eq!(stream.next_named("calls").await.data, json!([]));
        streams.push(stream);
    }
    floor.server.everything = everything;
    for machine in ["M1", "M3"] {
        let call = json!({"machine": machine, "kind": "stop"});
        floor.raised(&floor.operator, call).await;
    }
    let event = streams[0].next_named("call").await;
    assert_eq!(event.data["line"]["code"], "L2", "{}", place.engine);
    // The other one hears what comes after, and no call before it.
    floor
        .server
        .app
        .hub
        .database(true, floor.server.app.clock.now());
    loop {
        let event = streams[1].next().await.expect("an event");
        assert_ne!(event.name, "call");
        if event.data["without_database"] == true {
            break;
        }
    }
}

async fn other_nodes_hear_of_calls_as_well(place: &Place) {
    let floor = Floor::new(place).await;
    let other = floor.server.beside(place).await;
    let following = tokio::spawn(nodes::follow(other.app.clone(), other.stop.clone()));
    let mut stream = Stream::open(&other, "?since=0", None).await;
    stream.next_named("calls").await;
    until("a listener", SOON, async || {
        (other.app.hub.listeners() > 0).then_some(())
    })
    .await;
    let call = json!({"machine": "M1", "kind": "stop"});
    let id = floor.raised(&floor.operator, call).await;
    let event = stream.next_named("call").await;
    assert_eq!(event.data["id"], id, "{}", place.engine);
    assert_eq!(event.data["told"].as_array().map(Vec::len), Some(4));
    other.stop.cancel();
    following.await.expect("it ends");
}

async fn a_screen_that_cannot_follow_is_told_of_all_calls_again(place: &Place) {
    let floor = Floor::new(place).await;
    let over = json!({"machine": "M3", "kind": "material"});
    let over = floor.raised(&floor.operator, over).await;
    let mut stream = Stream::open(&floor.server, "?since=0", None).await;
    let first = stream.next_named("calls").await.data;
    assert_eq!(first.as_array().map(Vec::len), Some(1));
    stream.next_named("ping").await;
    let flood = |events: i64| {
        for n in 0..events {
            floor.server.app.hub.publish(HubEvent {
                name: "tile",
                seq: Some(Seq(n)),
                about: None,
                page: false,
                needs: None,
                data: "{}".into(),
                plain: None,
            });
        }
    };
    // Nobody reads: what fits between is full, and the news of both calls fall out of the hub's backlog.
    flood(200);
    let call = json!({"machine": "M1", "kind": "stop"});
    let id = floor.raised(&floor.operator, call).await;
    floor.resolve(over).await;
    floor.acted(&floor.engineer, over, "close", json!({})).await;
    flood(2_500);
    let mut was_reset = false;
    let begun = Instant::now();
    let again = loop {
        in_time(begun, "calls");
        let event = stream.next().await.expect("an event");
        match event.name.as_str() {
            "reset" => was_reset = true,
            "calls" => break event.data,
            other => assert_ne!(other, "call", "{}: it fell out", place.engine),
        }
    };
    assert!(was_reset, "{}", place.engine);
    let ids: Vec<&Value> = again
        .as_array()
        .expect("a list")
        .iter()
        .map(|c| &c["id"])
        .collect();
    assert_eq!(
        ids,
        [&json!(id)],
        "{}: one has begun, the other one is over",
        place.engine
    );
}

async fn calls_that_could_not_be_read_are_told_once_they_can(place: &Place) {
    let floor = Floor::new(place).await;
    let call = json!({"machine": "M1", "kind": "stop"});
    let id = floor.raised(&floor.operator, call).await;
    let db = &floor.server.app.db;
    let rename = |from: &str, to: &str| format!("ALTER TABLE {from} RENAME TO {to}");
    run(db, rename("andon_call", "andon_call_away")).await;
    let mut stream = Stream::open(&floor.server, "?since=9", None).await;
    loop {
        let event = stream.next().await.expect("an event");
        assert_ne!(event.name, "calls", "{}: they are away", place.engine);
        if event.name == "ping" {
            break;
        }
    }
    run(db, rename("andon_call_away", "andon_call")).await;
    let calls = stream.next_named("calls").await.data;
    assert_eq!(calls[0]["id"], id, "{}", place.engine);
}

async fn whoever_is_called_by_their_screen_is_known_to_it_by_number(place: &Place) {
    let mut floor = Floor::new(place).await;
    // Mail reaches them as well; of that no screen needs a number.
    give_addresses(&floor.server.app.db).await;
    floor.reach_by("email", Arc::new(Letters::default()));
    let mut mona = Browser::of(&floor.server, "mona", "shift_manager").await;
    let call = json!({"machine": "M1", "kind": "stop"});
    let id = floor.raised(&floor.operator, call).await;
    let page = text(&mona.get("/").await);
    let (_, rest) = page.split_once("data-is=\"p").expect("a number");
    let number = rest.split('"').next().and_then(|n| n.parse::<i64>().ok());
    let number = number.expect("a number");
    let call = floor.detail(id).await["call"].clone();
    let told = call["told"].as_array().expect("a list");
    let by_screen = |one: &&Value| one["via"] == "screen" && one["outcome"] == "shown";
    let mut numbers: Vec<i64> = told
        .iter()
        .filter(by_screen)
        .map(|one| one["person"].as_i64().expect("a number"))
        .collect();
    assert!(numbers.contains(&number), "{}: {told:?}", place.engine);
    let all = numbers.len();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), all, "{}: each once", place.engine);
    let others: Vec<&Value> = told.iter().filter(|one| !by_screen(one)).collect();
    assert!(!others.is_empty(), "{}: {told:?}", place.engine);
    for one in others {
        assert!(one.get("person").is_none(), "{}: {one}", place.engine);
    }
}

async fn what_changes_though_nobody_did_anything_with_the_call_is_told_anew(place: &Place) {
    let floor = Floor::new(place).await;
    let mut mona = Browser::of(&floor.server, "mona", "production_manager").await;
    let following = follow(&floor.server);
    let call = json!({"machine": "M1", "kind": "material", "line_stopped": false});
    let id = floor.raised(&floor.operator, call).await;
    floor.resolve(id).await;
    let mut stream = Stream::open(&floor.server, "?since=0", None).await;
    let first = stream.next_named("calls").await.data[0].clone();
    let half_hours = |n: i64| json!((start() + minutes(30 * n)).0);
    assert_eq!(first["reopen_until"], half_hours(16), "{}", place.engine);
    let general = [
        ("version", "0"),
        ("calls", "3"),
        ("within", "15"),
        ("reopen", "2.5"),
    ];
    let answer = mona.post("/admin/andon", &general).await;
    assert_eq!(answer.status.as_u16(), 303, "{}", text(&answer));
    let event = stream.next_named("call").await.data;
    assert_eq!(
        (&event["id"], &event["version"], &event["reopen_until"]),
        (&json!(id), &first["version"], &half_hours(5)),
        "{}",
        place.engine
    );
    // Whoever begins now is told the same.
    let mut other = Stream::open(&floor.server, "?since=0", None).await;
    assert_eq!(other.next_named("calls").await.data[0], event);
    floor.server.stop.cancel();
    following.await.expect("it ends");
}

async fn pages_of_the_desk_about_calls_follow_and_say_of_when_they_are(place: &Place) {
    let floor = Floor::new(place).await;
    floor.hands.set(start() + DurMs(7_000));
    let mut mona = Browser::of(&floor.server, "mona", "production_manager").await;
    for path in ["/andon/statistics", "/andon/history"] {
        let page = text(&mona.get(path).await);
        for words in ["src=\"/current.js\"", "id=\"current\"", "As of 10:00:07"] {
            assert!(page.contains(words), "{path}: {words}: {page}");
        }
    }
    let wrong = text(&mona.get("/andon/history?kind=tea").await);
    assert!(!wrong.contains("current.js"), "{wrong}");
}

async fn what_is_resolved_stays_on_the_screens_until_somebody_closes_it(place: &Place) {
    let mut floor = Floor::new(place).await;
    let call = json!({"machine": "M1", "kind": "material", "line_stopped": false});
    let id = floor.raised(&floor.operator, call).await;
    floor.at(minutes(10)).await;
    floor.resolve(id).await;
    let mut mona = Browser::of(&floor.server, "mona", "shift_manager").await;
    for path in ["/andon", "/lines/L1"] {
        let page = text(&mona.get(path).await);
        for words in [
            "class=\"call resolved medium\"",
            "Resolved by",
            // Eight hours after 10:10 on the site's clock.
            "Can be reopened until 18:10",
            "Close it",
            "Reopen it",
            "Scripts are off in this browser",
        ] {
            assert!(
                page.contains(words),
                "{} {path}: {words}: {page}",
                place.engine
            );
        }
    }
    let other = text(&mona.get("/lines/L2").await);
    assert!(!other.contains("call resolved"), "{other}");
    let active = floor.active().await;
    let until = active[0]["reopen_until"].as_i64().expect("a time");
    assert_eq!(until, (start() + minutes(8 * 60 + 10)).0);
    floor.hands.set(start() + minutes(8 * 60 + 11));
    let mut mona = Browser::signed_in(&floor.server, "mona").await;
    let page = text(&mona.get("/andon").await);
    assert!(page.contains("Too late to be reopened"), "{page}");
    floor.acted(&floor.engineer, id, "close", json!({})).await;
    for path in ["/andon", "/lines/L1"] {
        let page = text(&mona.get(path).await);
        assert!(!page.contains("call resolved"), "{path}: {page}");
    }
}

/// What each call says that a stream tells at first, by the code of its machine; no key: all calls.
async fn said_at_first(floor: &Floor, key: Option<&str>) -> Vec<(String, String)> {
    let mut stream = match key {
        None => Stream::open(&floor.server, "?since=0", None).await,
        Some(key) => {
            let named = (AUTHORIZATION, key.to_owned());
            Stream::open_as(&floor.server, "?since=0", None, named).await
        }
    };
    let calls = stream.next_named("calls").await.data;
    let text = |v: &Value| v.as_str().expect("text").to_owned();
    let one = |c: &Value| (text(&c["machine"]["code"]), text(&c["text"]));
    let mut all: Vec<_> = calls.as_array().expect("a list").iter().map(one).collect();
    all.sort();
    all
}

async fn streams_that_begin_at_once_share_what_is_read_and_see_each_what_they_may(place: &Place) {
    let floor = Floor::new(place).await;
    let line = floor.server.app.plant.get().line("L2").expect("L2").id;
    let may = PermissionSet::of(&[Permission::DashboardRead, Permission::AndonRead]);
    let of_l2 = Actor::key(&floor.server, "calls of L2", may, Some(line)).await;
    let mut headers = axum::http::HeaderMap::new();
    of_l2.show(&floor.server, &mut headers).await;
    let of_l2 = headers["authorization"].to_str().expect("text").to_owned();
    let mut ids = Vec::new();
    for machine in ["M1", "M3"] {
        let call = json!({"machine": machine, "kind": "stop", "text": "smoke"});
        ids.push(floor.raised(&floor.operator, call).await);
    }
    let says = |machine: &str, words: &str| (machine.to_owned(), words.to_owned());
    let both = [says("M1", "smoke"), says("M3", "smoke")];
    assert_eq!(said_at_first(&floor, None).await, both, "{}", place.engine);

    // What the database says now nobody has read again: no call has changed, as far as its version tells.
    let db = &floor.server.app.db;
    run(db, "UPDATE andon_call SET text = 'fire'".to_owned()).await;
    assert_eq!(said_at_first(&floor, None).await, both, "{}", place.engine);
    assert_eq!(
        said_at_first(&floor, Some(&of_l2)).await,
        [says("M3", "smoke")],
        "{}: of what is shared each sees what they may",
        place.engine
    );

    // Whoever begins after a change gets what holds then.
    floor
        .acted(&floor.engineer, ids[0], "acknowledge", json!({}))
        .await;
    let both = [says("M1", "fire"), says("M3", "fire")];
    assert_eq!(said_at_first(&floor, None).await, both, "{}", place.engine);

    // And what changes without a version is not kept for long.
    run(db, "UPDATE andon_call SET text = 'steam'".to_owned()).await;
    floor.hands.set(start() + DurMs(5_000));
    let both = [says("M1", "steam"), says("M3", "steam")];
    assert_eq!(said_at_first(&floor, None).await, both, "{}", place.engine);
}
