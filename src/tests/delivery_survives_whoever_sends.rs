//! Whoever sends may end, come twice, lose the database or have its clock set: each message is sent, with the same id, by one
//! at a time, and never again after it is on record as sent.

use crate::cable::Cable;
use crate::harness::{Hands, Place, Server, at, until};
use crate::outbox::{
    GENERAL, NOW, after, channels, message, outcomes, queue_in, queue_to, row, sent_now,
    server_by_hand, start, webhooks,
};
use crate::receiver::{Receiver, Say};
use ms5_floor::domain::ids::DeliveryId;
use ms5_floor::domain::time::{DAY_MS, DurMs};
use ms5_floor::server::db::Db;
use ms5_floor::server::db::deliveries::{self, Outcome};
use ms5_floor::server::delivery::To;
use ms5_floor::server::state::App;
use std::collections::BTreeMap;
use std::time::Duration;

on_both! {
    whoever_sends_may_end_while_sending,
    whoever_sends_may_end_between_attempts,
    the_last_word_is_that_it_was_sent,
    a_clock_that_is_set_back_holds_nothing_up,
    a_clock_that_leaps_forward_sends_nothing_twice,
    several_on_one_database_send_each_message_once,
}

const LONG_ENOUGH: Duration = Duration::from_secs(20);

async fn whoever_sends_may_end_while_sending(place: &Place) {
    let receiver = Receiver::start().await;
    receiver.say("/a", [Say::Hold]);
    let (server, hands) = server_by_hand(place, &webhooks(&receiver.url, &["a"])).await;
    let app = &server.app;
    let id = queue_to(app, "k", "webhook", "a").await;
    let (task, _stop) = start(app);
    until("the first attempt", LONG_ENOUGH, async || {
        (receiver.holding() == 1).then_some(())
    })
    .await;
    task.abort();
    assert!(task.await.expect_err("it is gone").is_cancelled());
    // Another one begins on connections of its own.
    let other = server.beside(place).await;
    let mut other = other.app;
    other.channels = channels(&other, &webhooks(&receiver.url, &["a"])).await;
    after(&hands, 11_999);
    assert_eq!(
        sent_now(&other).await,
        0,
        "whoever began may still be sending"
    );
    after(&hands, 1);
    assert_eq!(sent_now(&other).await, 1);
    assert_eq!(outcomes(&other, id).await, ["lost", "sent"]);
    let got = receiver.got("/a");
    assert_eq!(got.len(), 2);
    assert_eq!(
        got[0].delivery(),
        got[1].delivery(),
        "its receiver can tell that it is the same"
    );
    after(&hands, DAY_MS);
    assert_eq!(sent_now(&other).await, 0);
    receiver.go_on();
}

async fn whoever_sends_may_end_between_attempts(place: &Place) {
    let receiver = Receiver::start().await;
    receiver.say("/a", [Say::Status(500)]);
    let (server, hands) = server_by_hand(place, &webhooks(&receiver.url, &["a", "b"])).await;
    let app = &server.app;
    let id = queue_to(app, "k", "webhook", "a").await;
    let (task, _stop) = start(app);
    until("the end of the first attempt", LONG_ENOUGH, async || {
        (outcomes(app, id).await == ["later"]).then_some(())
    })
    .await;
    task.abort();
    drop(task.await);
    let waiting = queue_to(app, "l", "webhook", "b").await;
    after(&hands, 1_000);
    let (task, stop) = start(app);
    until("both", LONG_ENOUGH, async || {
        let both = row(app, id).await.state == "sent" && row(app, waiting).await.state == "sent";
        both.then_some(())
    })
    .await;
    assert_eq!((receiver.got("/a").len(), receiver.got("/b").len()), (2, 1));
    stop.cancel();
    task.await.expect("it ends by itself");
}

/// Takes a message at the hands' time, for ten seconds.
async fn claimed(app: &App, id: DeliveryId, attempts: i64) -> bool {
    let now = app.clock.now();
    let mut tx = app.db.begin().await.expect("a transaction");
    let claimed = deliveries::claim(&mut tx, id, attempts, now, now + DurMs(10_000)).await;
    tx.commit().await.expect("committed");
    claimed.expect("an answer")
}

async fn settled(app: &App, id: DeliveryId, number: i64, outcome: Outcome) {
    let now = app.clock.now();
    let mut tx = app.db.begin().await.expect("a transaction");
    let written = deliveries::settle(&mut tx, (id, number), &outcome, "words", now, DurMs(5));
    written.await.expect("written");
    tx.commit().await.expect("committed");
}

async fn the_last_word_is_that_it_was_sent(place: &Place) {
    let (server, hands) = server_by_hand(place, GENERAL).await;
    let app = &server.app;
    let first = queue_to(app, "k", "webhook", "a").await;
    assert!(claimed(app, first, 0).await);
    assert!(!claimed(app, first, 0).await, "it is held");
    assert!(
        !claimed(app, first, 1).await,
        "also against who knows how far it is"
    );
    after(&hands, 10_000);
    assert!(claimed(app, first, 1).await);
    // The one that came to nothing comes back late, with whatever news.
    settled(app, first, 1, Outcome::Failed).await;
    assert_eq!(
        row(app, first).await.state,
        "waiting",
        "another one is at it"
    );
    settled(app, first, 2, Outcome::Sent).await;
    settled(app, first, 1, Outcome::Later(app.clock.now())).await;
    let row_ = row(app, first).await;
    assert_eq!((row_.state.as_str(), row_.error.as_str()), ("sent", ""));
    after(&hands, DAY_MS);
    assert!(!claimed(app, first, 2).await);

    let second = queue_to(app, "l", "webhook", "a").await;
    assert!(claimed(app, second, 0).await);
    after(&hands, 10_000);
    assert!(claimed(app, second, 1).await);
    settled(app, second, 1, Outcome::Sent).await;
    settled(app, second, 2, Outcome::Later(app.clock.now())).await;
    assert_eq!(row(app, second).await.state, "sent", "it did arrive");
    assert!(!claimed(app, second, 2).await);
}

async fn a_clock_that_is_set_back_holds_nothing_up(place: &Place) {
    let receiver = Receiver::start().await;
    receiver.say("/a", [Say::Status(500)]);
    let (server, hands) = server_by_hand(place, &webhooks(&receiver.url, &["a", "b"])).await;
    let app = &server.app;
    let tried = queue_to(app, "k", "webhook", "a").await;
    assert_eq!(sent_now(app).await, 1);
    let fresh = queue_to(app, "l", "webhook", "b").await;
    let held = queue_to(app, "m", "webhook", "b").await;
    assert!(claimed(app, held, 0).await);
    // An hour: daylight saving by hand, or a wrong time from a server.
    after(&hands, -3_600_000);
    assert_eq!(sent_now(app).await, 3, "nobody waits an hour");
    for id in [tried, fresh, held] {
        assert_eq!(row(app, id).await.state, "sent");
    }
    after(&hands, 2 * 3_600_000);
    assert_eq!(sent_now(app).await, 0);
}

async fn a_clock_that_leaps_forward_sends_nothing_twice(place: &Place) {
    let receiver = Receiver::start().await;
    receiver.say("/a", [Say::Hold]);
    let (server, hands) = server_by_hand(place, &webhooks(&receiver.url, &["a", "b"])).await;
    let app = &server.app;
    let id = queue_to(app, "k", "webhook", "a").await;
    let (task, stop) = start(app);
    until("the attempt", LONG_ENOUGH, async || {
        (receiver.holding() == 1).then_some(())
    })
    .await;
    after(&hands, 30 * DAY_MS);
    let other = queue_to(app, "l", "webhook", "b").await;
    until("that it has looked", LONG_ENOUGH, async || {
        (row(app, other).await.state == "sent").then_some(())
    })
    .await;
    assert_eq!(receiver.got("/a").len(), 1, "it knows what it is sending");
    receiver.go_on();
    until("the end", LONG_ENOUGH, async || {
        (row(app, id).await.state == "sent").then_some(())
    })
    .await;
    stop.cancel();
    task.await.expect("it ends by itself");
    assert_eq!(outcomes(app, id).await, ["sent"]);
}

async fn several_on_one_database_send_each_message_once(place: &Place) {
    const MESSAGES: usize = 200;
    let receiver = Receiver::start().await;
    let names: Vec<String> = (0..40).map(|n| format!("r{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let settings = webhooks(&receiver.url, &names);
    let (server, hands) = server_by_hand(place, &settings).await;
    let mut nodes = vec![server.app.clone()];
    for _ in 0..2 {
        nodes.push(server.beside(place).await.app);
    }
    for node in &mut nodes[1..] {
        node.channels = channels(node, &settings).await;
    }
    let mut tx = nodes[0].db.begin().await.expect("a transaction");
    for n in 0..MESSAGES {
        let (key, to) = (format!("k{n}"), To::Address(names[n % names.len()]));
        queue_in(
            &mut tx,
            hands.clock().now(),
            &key,
            "webhook",
            to,
            &message(&key),
        )
        .await;
    }
    tx.commit().await.expect("committed");
    let started: Vec<_> = nodes.iter().map(start).collect();
    nodes.iter().for_each(|node| node.channels.wake());
    until("all messages", Duration::from_secs(60), async || {
        let rows = deliveries::by_channel(&nodes[0].db).await.expect("a read");
        (rows[0].waiting == 0).then_some(())
    })
    .await;
    for (task, stop) in started {
        stop.cancel();
        task.await.expect("it ends by itself");
    }
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for got in receiver.all() {
        *times.entry(got.delivery().to_owned()).or_default() += 1;
    }
    assert_eq!(times.len(), MESSAGES, "{}: all of them", place.engine);
    let twice: Vec<_> = times.iter().filter(|(_, n)| **n != 1).collect();
    assert!(twice.is_empty(), "{}: {twice:?}", place.engine);
    assert_eq!(receiver.overlaps(), 0, "{}", place.engine);
    let rows = deliveries::newest(&nodes[0].db, 500).await.expect("a read");
    assert!(rows.iter().all(|r| r.state == "sent" && r.attempts == 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn how_an_attempt_ended_is_written_down_when_the_database_is_back() {
    let place = Place::postgres().await;
    let (mut cable, url) = Cable::to(&place.url).await;
    drop(place.open().await);
    let receiver = Receiver::start().await;
    receiver.say("/a", [Say::Hold]);
    let hands = Hands::at(at(NOW));
    let db = Db::open(&url).await.expect("over the cable");
    let mut app = Server::on(&place, db, hands.clock(), None).await.app;
    app.channels = channels(&app, &webhooks(&receiver.url, &["a"])).await;
    let id = queue_to(&app, "k", "webhook", "a").await;
    let (task, stop) = start(&app);
    until("the attempt", LONG_ENOUGH, async || {
        (receiver.holding() == 1).then_some(())
    })
    .await;
    cable.cut().await;
    receiver.go_on();
    until("that it was taken", LONG_ENOUGH, async || {
        (receiver.holding() == 0).then_some(())
    })
    .await;
    cable.mend().await;
    until("the end", Duration::from_secs(60), async || {
        let row = deliveries::by_id(&app.db, id).await.ok().flatten();
        row.filter(|r| r.state == "sent").map(drop)
    })
    .await;
    after(&hands, DAY_MS);
    stop.cancel();
    task.await.expect("it ends by itself");
    assert_eq!(sent_now(&app).await, 0);
    assert_eq!(receiver.got("/a").len(), 1, "it was sent once");
    app.db.close().await;
    place.remove().await;
}
