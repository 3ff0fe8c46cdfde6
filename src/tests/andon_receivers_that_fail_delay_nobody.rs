//! An address that bounces, a mail server that never answers, a program that hangs for a minute and one that answers 500: what
//! became of each is told with the call and on the page of channels, and everybody else hears of every step in its time.

use crate::andon_scene::{
    Floor, add_rule, give_addresses, minutes, rule_of, run, start, step, told,
};
use crate::browser::{Browser, text};
use crate::harness::{Place, until};
use crate::mailbox::{Door, Mailbox};
use crate::outbox::{channels, start as start_to_send};
use crate::receiver::{Receiver, Say};
use ms5_floor::domain::andon::Trigger::{NotAcknowledged, Raised};
use ms5_floor::domain::andon::{Channel, Recipient, Step};
use ms5_floor::domain::time::DurMs;
use ms5_floor::server::db::andon::timers::DONE;
use serde_json::json;
use std::time::Duration;

on_both! { who_does_not_answer_is_told_and_delays_nobody }

const LONG_ENOUGH: Duration = Duration::from_secs(30);

async fn who_does_not_answer_is_told_and_delays_nobody(place: &Place) {
    let (receiver, mailbox) = (Receiver::start().await, Mailbox::start(Door::Open));
    receiver.say_always("/hangs", Say::Hold);
    receiver.say_always("/fails", Say::Status(500));
    // A minute is longer than all that follows.
    let (url, port) = (&receiver.url, mailbox.port);
    let settings = format!(
        "address = 'https://floor.example'\ntimeout_s = 60\n\
         webhook.hangs.url = '{url}/hangs'\nwebhook.fails.url = '{url}/fails'\nwebhook.fine.url = '{url}/fine'\n\
         email.from = 'floor@plant.example'\nemail.server = 'localhost'\nemail.port = {port}\nemail.tls = 'none'\n"
    );
    let mut floor = Floor::new(place).await;
    floor.reach_over(channels(&floor.server.app, &settings).await);
    let db = &floor.server.app.db;
    give_addresses(db).await;
    for (address, login) in [("bounce", "engineer"), ("hang", "maintenance")] {
        let sql = format!(
            "UPDATE person SET email = '{address}@plant.example' WHERE login LIKE '{login}%'"
        );
        run(db, sql).await;
    }
    let one = |trigger, after, level, roles: &[&str]| Step {
        to: roles
            .iter()
            .map(|r| Recipient::Role((*r).to_owned()))
            .collect(),
        via: vec![Channel::Email, Channel::Webhook],
        ..step(trigger, after, level, "engineer")
    };
    let steps = vec![
        one(
            Raised,
            DurMs::ZERO,
            0,
            &["engineer", "maintenance", "shift_manager"],
        ),
        one(
            NotAcknowledged,
            minutes(2),
            1,
            &["maintenance", "production_manager", "shift_manager"],
        ),
    ];
    add_rule(db, &rule_of(steps)).await;
    let (task, stop) = start_to_send(&floor.server.app);

    let call = json!({"machine": "M1", "kind": "stop"});
    let id = floor.raised(&floor.operator, call).await;
    let to = |who: &str| {
        let address = format!("{who}.everywhere@plant.example");
        let mail = mailbox.mail();
        mail.iter()
            .filter(|m| m.recipients == [address.as_str()])
            .count()
    };
    until("the others to hear of it", LONG_ENOUGH, async || {
        let reached = to("shift_manager") == 1 && receiver.got("/fine").len() == 1;
        let stuck = receiver.holding() == 1 && mailbox.hanging() == 1;
        let tried = receiver.got("/fails").len() == 1;
        (reached && stuck && tried).then_some(())
    })
    .await;

    // The next step comes in its time while they hang, and reaches everybody else.
    assert_eq!(floor.at(minutes(2)).await, 1);
    let level_1 = floor.timers(id).await.remove(1);
    assert_eq!((level_1.state, level_1.late_ms), (DONE, Some(0)));
    until(
        "the others to hear of the next step",
        LONG_ENOUGH,
        async || {
            let mail = to("shift_manager") == 2 && to("production_manager") == 1;
            (mail && receiver.got("/fine").len() == 2).then_some(())
        },
    )
    .await;
    assert_eq!(
        (receiver.holding(), mailbox.hanging()),
        (1, 1),
        "to this moment"
    );
    assert_eq!(receiver.got("/hangs").len(), 1, "one after the other");

    let all = [
        (0, "engineer everywhere", "email", "failed"),
        (0, "fails", "webhook", "waiting"),
        (0, "fine", "webhook", "sent"),
        (0, "hangs", "webhook", "waiting"),
        (0, "maintenance everywhere", "email", "waiting"),
        (0, "shift_manager everywhere", "email", "sent"),
        (1, "fails", "webhook", "waiting"),
        (1, "fine", "webhook", "sent"),
        (1, "hangs", "webhook", "waiting"),
        (1, "maintenance everywhere", "email", "waiting"),
        (1, "production_manager everywhere", "email", "sent"),
        (1, "shift_manager everywhere", "email", "sent"),
    ];
    let all =
        all.map(|(level, who, via, what)| (level, who.to_owned(), via.to_owned(), what.to_owned()));
    until(
        "what became of each, with the call",
        LONG_ENOUGH,
        async || {
            floor.worker.look().await.expect("a look");
            let seen = told(&floor.detail(id).await["call"]);
            (seen == all).then_some(())
        },
    )
    .await;
    let mut mona = Browser::of(&floor.server, "mona", "shift_manager").await;
    let page = text(&mona.get("/admin/channels").await);
    for words in [
        "bounce@plant.example",
        "there is no such mailbox",
        "answered 500",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    // When it does answer it gets the rest: nothing was lost.
    receiver.go_on();
    until("what waited for it", LONG_ENOUGH, async || {
        (receiver.got("/hangs").len() == 2).then_some(())
    })
    .await;
    assert_eq!(
        floor.hands.clock().now(),
        start() + minutes(2),
        "no time has passed"
    );
    stop.cancel();
    // It would wait for the mail server.
    task.abort();
    drop(task.await);
}
