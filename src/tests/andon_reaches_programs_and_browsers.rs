//! A step that says so reaches other programs, signed, and every browser of whom it calls; a browser that is gone is dropped,
//! and whoever looks after calls is told.

use crate::andon_scene::{Floor, add_rule, minutes, rule_of, start, step, told};
use crate::browser::{Browser, text};
use crate::delivery_by_push_is_read_by_its_device_alone::{settings, subscribe};
use crate::delivery_by_webhook_is_signed::signed_at;
use crate::device::Device;
use crate::harness::Place;
use crate::outbox::{SECRET, channels, webhooks};
use crate::receiver::{Receiver, Say};
use ms5_floor::domain::andon::Trigger::{NotAcknowledged, Raised};
use ms5_floor::domain::andon::{Channel, Recipient, Step};
use ms5_floor::domain::ids::PersonId;
use ms5_floor::domain::time::DurMs;
use ms5_floor::server::db::{contacts, people};
use serde_json::json;
use std::collections::BTreeSet;

on_both! {
    programs_hear_of_each_step_signed_and_of_the_end,
    every_browser_of_whom_a_step_calls_is_reached_and_one_that_is_gone_is_dropped,
}

/// At once, and after two minutes if nobody took it, over one channel.
async fn ladder(floor: &Floor, via: Channel, roles: &[&str]) {
    let one = |trigger, after, level| Step {
        to: roles
            .iter()
            .map(|r| Recipient::Role((*r).to_owned()))
            .collect(),
        via: vec![via],
        ..step(trigger, after, level, "engineer")
    };
    let steps = vec![
        one(Raised, DurMs::ZERO, 0),
        one(NotAcknowledged, minutes(2), 1),
    ];
    add_rule(&floor.server.app.db, &rule_of(steps)).await;
}

fn line(level: i64, who: &str, via: &str, what: &str) -> (i64, String, String, String) {
    (level, who.to_owned(), via.to_owned(), what.to_owned())
}

async fn programs_hear_of_each_step_signed_and_of_the_end(place: &Place) {
    let receiver = Receiver::start().await;
    receiver.say("/b", [Say::Status(500)]);
    let mut floor = Floor::new(place).await;
    let both = webhooks(&receiver.url, &["a", "b"]);
    floor.reach_over(channels(&floor.server.app, &both).await);
    ladder(&floor, Channel::Webhook, &["engineer"]).await;
    let call = json!({"machine": "M1", "kind": "stop", "text": "smoke", "line_stopped": true});
    let id = floor.raised(&floor.operator, call).await;
    floor.deliver().await;
    let title = "Stop: Line 1, Filler (medium)";
    let first = receiver.got("/a");
    assert_eq!(
        (first.len(), receiver.got("/b").len()),
        (1, 1),
        "{}",
        place.engine
    );
    assert_eq!(signed_at(&first[0], SECRET), Some(start().0));
    let body = first[0].json();
    assert_eq!(
        (
            &body["title"],
            &body["receiver"],
            &body["call"],
            &body["urgency"]
        ),
        (&json!(title), &json!("a"), &json!(id), &json!("high"))
    );
    assert_eq!(
        body["text"],
        "Called at 2026-07-06 10:00 by operator everywhere.\nThe line stands.\nsmoke"
    );
    assert_eq!(
        body["link"],
        format!("https://floor.example/andon/history?call={id}")
    );

    // One of them was busy: it is asked again, the other one is not.
    floor.at(DurMs(1_000)).await;
    let seen = told(&floor.detail(id).await["call"]);
    let screen = line(0, "engineer everywhere", "screen", "shown");
    let webhook = |who, what| line(0, who, "webhook", what);
    assert_eq!(
        seen,
        [
            webhook("a", "sent"),
            webhook("b", "waiting"),
            screen.clone()
        ],
        "whom nothing else reaches sees it on the screen"
    );
    floor.deliver().await;
    let again = receiver.got("/b");
    assert_eq!((receiver.got("/a").len(), again.len()), (1, 2));
    assert_eq!(again[0].delivery(), again[1].delivery());
    assert_eq!(signed_at(&again[1], SECRET), Some(start().0 + 1_000));

    assert_eq!(floor.at(minutes(2)).await, 1);
    floor.deliver().await;
    let second = receiver.got("/a").remove(1);
    assert_eq!(signed_at(&second, SECRET), Some((start() + minutes(2)).0));
    let said = second.json()["text"].as_str().expect("words").to_owned();
    assert!(
        said.ends_with("\nLevel 1: nobody took it in 2 minutes."),
        "{said}"
    );
    floor.at(minutes(3)).await;
    let seen = told(&floor.detail(id).await["call"]);
    for (level, who) in [(0, "a"), (0, "b"), (1, "a"), (1, "b")] {
        let sent = line(level, who, "webhook", "sent");
        assert!(seen.contains(&sent), "{sent:?}: {seen:?}");
    }
    floor.resolve(id).await;
    floor.deliver().await;
    for (path, count) in [("/a", 3), ("/b", 4)] {
        let got = receiver.got(path);
        assert_eq!(got.len(), count, "{path}: two steps and the end");
        assert!(got.iter().all(|g| signed_at(g, SECRET).is_some()));
        let ids: BTreeSet<&str> = got.iter().map(|g| g.delivery()).collect();
        assert_eq!(ids.len(), 3, "each message has an id of its own");
        let last = got.last().expect("the end").json();
        assert_eq!(last["title"], format!("Over, resolved: {title}"));
    }
}

async fn id_of(floor: &Floor, login: &str) -> PersonId {
    let found = people::by_login(&floor.server.app.db, login).await;
    found.expect("a read").expect("somebody").person()
}

async fn every_browser_of_whom_a_step_calls_is_reached_and_one_that_is_gone_is_dropped(
    place: &Place,
) {
    let receiver = Receiver::start().await;
    receiver.say("/gone", [Say::Status(410)]);
    receiver.say("/lost", [Say::Status(410)]);
    let mut floor = Floor::new(place).await;
    floor.reach_over(channels(&floor.server.app, &settings(&receiver)).await);
    ladder(&floor, Channel::Push, &["engineer", "shift_manager"]).await;
    let (engineer, manager) = (
        id_of(&floor, "engineer.everywhere").await,
        id_of(&floor, "shift_manager.everywhere").await,
    );
    let (tablet, phone, other) = (Device::new(), Device::new(), Device::new());
    for (person, path, device) in [
        (engineer, "tablet", &tablet),
        (engineer, "phone", &phone),
        (engineer, "gone", &other),
        (manager, "lost", &other),
    ] {
        let endpoint = format!("{}/{path}", receiver.url);
        subscribe(&floor.server.app, person, &endpoint, device).await;
    }
    let call = json!({"machine": "M1", "kind": "stop"});
    let id = floor.raised(&floor.operator, call).await;
    floor.deliver().await;
    let got = |path: &str| receiver.got(path);
    assert_eq!(
        ["/tablet", "/phone", "/gone", "/lost"].map(|path| got(path).len()),
        [1; 4],
        "{}: each of them",
        place.engine
    );
    let (on_tablet, on_phone) = (
        tablet.shown(&got("/tablet")[0]),
        phone.shown(&got("/phone")[0]),
    );
    for shown in [&on_tablet, &on_phone] {
        assert_eq!(shown["title"], "Stop: Line 1, Filler (medium)");
        assert_eq!(shown["data"]["call"], id);
        let link = shown["navigate"].as_str().expect("a link");
        assert!(
            link.starts_with("https://floor.example/andon/take/"),
            "{link}"
        );
    }
    assert_eq!(
        on_tablet["navigate"], on_phone["navigate"],
        "one link a person"
    );

    // Who still has a browser was reached, who has none was not.
    floor.at(DurMs(1_000)).await;
    let push = |level, role: &str, what| line(level, &format!("{role} everywhere"), "push", what);
    assert_eq!(
        told(&floor.detail(id).await["call"]),
        [
            push(0, "engineer", "sent"),
            push(0, "shift_manager", "failed")
        ]
    );
    let left = async |person| {
        let devices = contacts::subscriptions(&floor.server.app.db, person).await;
        devices.expect("a read").len()
    };
    assert_eq!(
        (left(engineer).await, left(manager).await),
        (2, 0),
        "dropped"
    );
    let mut mona = Browser::of(&floor.server, "mona", "shift_manager").await;
    let page = text(&mona.get("/admin/channels").await);
    let gone = page
        .matches("the device does not take messages any more")
        .count();
    assert_eq!(gone, 2, "{page}");

    // The next step asks only those that are left; who has none is told on the screen.
    assert_eq!(floor.at(minutes(2)).await, 1);
    floor.deliver().await;
    assert_eq!(
        ["/tablet", "/phone", "/gone", "/lost"].map(|path| got(path).len()),
        [2, 2, 1, 1]
    );
    floor.at(minutes(3)).await;
    let screen = line(1, "shift_manager everywhere", "screen", "shown");
    let seen = told(&floor.detail(id).await["call"]);
    assert!(
        seen.contains(&screen) && seen.contains(&push(1, "engineer", "sent")),
        "{seen:?}"
    );
}
