//! A message that was committed is sent until somebody takes it, with the same id at every attempt, never again after that,
//! and never by two at once: whoever ends, hangs, or sets the clock. What cannot be sent says why.

use crate::cable::Cable;
use crate::harness::{Hands, Place, Server, at, until};
use crate::outbox::{
    GENERAL, NOW, attempts, channels, message, outcomes, person, queue, queue_in, queue_to, row,
    sent_now, server_by_hand, webhooks,
};
use crate::receiver::{Receiver, Say};
use ms5_floor::domain::ids::{DeliveryId, PersonId};
use ms5_floor::domain::time::{DAY_MS, DurMs};
use ms5_floor::server::db::Db;
use ms5_floor::server::db::deliveries::{self, Outcome};
use ms5_floor::server::db::people;
use ms5_floor::server::delivery::backoff::MOST_ATTEMPTS;
use ms5_floor::server::delivery::{NewDelivery, Queued, To, enqueue, run};
use ms5_floor::server::state::App;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

on_both! {
    a_message_goes_out_once_and_only_if_its_cause_was_committed,
    who_says_no_is_asked_again_later_and_later,
    who_says_when_is_asked_then,
    nobody_is_asked_for_ever,
    who_never_answers_keeps_nobody_else_waiting,
    whoever_sends_may_end_while_sending,
    whoever_sends_may_end_between_attempts,
    the_last_word_is_that_it_was_sent,
    a_clock_that_is_set_back_holds_nothing_up,
    a_clock_that_leaps_forward_sends_nothing_twice,
    several_on_one_database_send_each_message_once,
    what_need_not_go_out_any_more_stays,
    what_cannot_go_anywhere_says_why,
    a_channel_tells_how_it_does,
}

const LONG_ENOUGH: Duration = Duration::from_secs(20);

/// Starts to send.
fn start(app: &App) -> (JoinHandle<()>, CancellationToken) {
    let stop = CancellationToken::new();
    (tokio::spawn(run(app.clone(), stop.clone())), stop)
}

fn after(hands: &Hands, ms: i64) {
    hands.set(hands.clock().now() + DurMs(ms));
}

async fn a_message_goes_out_once_and_only_if_its_cause_was_committed(place: &Place) {
    let receiver = Receiver::start().await;
    let (server, hands) = server_by_hand(place, &webhooks(&receiver.url, &["a"])).await;
    let app = &server.app;
    let mut tx = app.db.begin().await.expect("a transaction");
    let undone = queue_in(
        &mut tx,
        hands.clock().now(),
        "k",
        "webhook",
        To::Address("a"),
        &message("m"),
    )
    .await;
    assert!(matches!(undone[..], [Queued::New(_)]), "{undone:?}");
    drop(tx);
    assert_eq!(sent_now(app).await, 0, "what caused it never was");

    let id = queue_to(app, "k", "webhook", "a").await;
    let again = queue(app, "k", "webhook", To::Address("a"), &message("other")).await;
    assert_eq!(again, [Queued::Known(id)]);
    assert_eq!(sent_now(app).await, 1);
    let again = queue(app, "k", "webhook", To::Address("a"), &message("other")).await;
    assert_eq!(again, [Queued::Known(id)], "also after it was sent");
    after(&hands, DAY_MS);
    assert_eq!(sent_now(app).await, 0);
    let got = receiver.got("/a");
    assert_eq!(got.len(), 1);
    let row = row(app, id).await;
    assert_eq!((row.state.as_str(), row.sent_ms), ("sent", Some(at(NOW).0)));
    assert_eq!(got[0].delivery(), row.uid);
    // One that is due later goes out then.
    let message = message("later");
    let new = NewDelivery {
        key: "later",
        channel: "webhook",
        to: To::Address("a"),
        message: &message,
        step: None,
        now: hands.clock().now(),
        due: hands.clock().now() + DurMs(60_000),
    };
    let mut tx = app.db.begin().await.expect("a transaction");
    enqueue(&mut tx, &new).await.expect("queued");
    tx.commit().await.expect("committed");
    after(&hands, 59_999);
    assert_eq!(sent_now(app).await, 0);
    after(&hands, 1);
    assert_eq!(sent_now(app).await, 1);
}

async fn who_says_no_is_asked_again_later_and_later(place: &Place) {
    let receiver = Receiver::start().await;
    let (server, hands) = server_by_hand(place, &webhooks(&receiver.url, &["a"])).await;
    let app = &server.app;
    receiver.say("/a", [500, 502, 503, 429, 401].map(Say::Status));
    let id = queue_to(app, "k", "webhook", "a").await;
    assert_eq!(sent_now(app).await, 1);
    let first = row(app, id).await;
    assert_eq!(
        (first.state.as_str(), first.error.as_str()),
        ("waiting", "answered 500")
    );
    for wait in [1_000, 5_000, 30_000, 120_000, 600_000] {
        after(&hands, wait - 1);
        assert_eq!(sent_now(app).await, 0, "not before {wait} ms");
        after(&hands, 1);
        assert_eq!(sent_now(app).await, 1, "after {wait} ms");
    }
    let sent = row(app, id).await;
    assert_eq!((sent.state.as_str(), sent.error.as_str()), ("sent", ""));
    let late = sent.sent_ms.map(|at| at - sent.due_ms);
    assert_eq!(late, Some(756_000), "how late it was is on record");
    let got = receiver.got("/a");
    let ids: BTreeSet<&str> = got.iter().map(|g| g.delivery()).collect();
    assert_eq!(
        (got.len(), ids.len()),
        (6, 1),
        "the same id at every attempt"
    );
    let bodies: BTreeSet<&[u8]> = got.iter().map(|g| g.body.as_slice()).collect();
    assert_eq!(bodies.len(), 1, "and the same message");
    let record = attempts(app, id).await;
    let told: Vec<(i64, i64, &str, &str)> = record
        .iter()
        .map(|a| {
            (
                a.number,
                a.at_ms - at(NOW).0,
                a.outcome.as_str(),
                a.detail.as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (1, 0, "later", "answered 500"),
            (2, 1_000, "later", "answered 502"),
            (3, 6_000, "later", "answered 503"),
            (4, 36_000, "later", "answered 429"),
            (5, 156_000, "later", "answered 401"),
            (6, 756_000, "sent", "answered 200"),
        ]
    );
    assert!(
        record
            .iter()
            .all(|a| a.took_ms.is_some_and(|ms| (0..2_000).contains(&ms)))
    );
}

async fn who_says_when_is_asked_then(place: &Place) {
    let receiver = Receiver::start().await;
    let (server, hands) = server_by_hand(place, &webhooks(&receiver.url, &["a"])).await;
    let app = &server.app;
    receiver.say("/a", [Say::RetryAfter(90), Say::RetryAfter(1_000_000)]);
    let id = queue_to(app, "k", "webhook", "a").await;
    assert_eq!(sent_now(app).await, 1);
    after(&hands, 89_999);
    assert_eq!(sent_now(app).await, 0);
    after(&hands, 1);
    assert_eq!(sent_now(app).await, 1);
    // Nobody can ask for silence until tomorrow.
    after(&hands, 30 * 60_000);
    assert_eq!(sent_now(app).await, 1);
    assert_eq!(row(app, id).await.state, "sent");
}

async fn nobody_is_asked_for_ever(place: &Place) {
    let receiver = Receiver::start().await;
    receiver.say_always("/a", Say::Status(500));
    receiver.say_always("/b", Say::Status(422));
    let (server, hands) = server_by_hand(place, &webhooks(&receiver.url, &["a", "b"])).await;
    let app = &server.app;
    let id = queue_to(app, "k", "webhook", "a").await;
    let refused = queue_to(app, "l", "webhook", "b").await;
    assert_eq!(sent_now(app).await, 2);
    assert_eq!(
        row(app, refused).await.state,
        "failed",
        "that message is never taken"
    );
    for _ in 1..MOST_ATTEMPTS {
        after(&hands, 30 * 60_000);
        assert_eq!(sent_now(app).await, 1);
    }
    let failed = row(app, id).await;
    assert_eq!(
        (failed.state.as_str(), failed.error.as_str()),
        ("failed", "given up after 53 attempts: answered 500")
    );
    after(&hands, 30 * DAY_MS);
    assert_eq!(sent_now(app).await, 0);
    assert_eq!(receiver.got("/b").len(), 1);
}

async fn who_never_answers_keeps_nobody_else_waiting(place: &Place) {
    let receiver = Receiver::start().await;
    receiver.say_always("/a", Say::Hold);
    receiver.say_always("/sms", Say::Hold);
    let sms = format!("sms.url = '{}/sms'\n", receiver.url);
    let settings = webhooks(&receiver.url, &["a", "b", "c"]) + &sms;
    // Long enough for all that follows to happen meanwhile.
    let settings = settings.replace("timeout_s = 2", "timeout_s = 6");
    let (server, _hands) = server_by_hand(place, &settings).await;
    let app = &server.app;
    let mut waiting = Vec::new();
    for n in 0..3 {
        waiting.push(queue_to(app, &format!("a{n}"), "webhook", "a").await);
    }
    // More than a channel sends at once.
    for n in 0..40 {
        queue_to(app, &format!("sms{n}"), "sms", &format!("+39047100{n:04}")).await;
    }
    let (task, stop) = start(app);
    until("the gateway to hang", LONG_ENOUGH, async || {
        (receiver.holding() == 33).then_some(())
    })
    .await;
    assert_eq!(
        receiver.got("/a").len(),
        1,
        "one after the other to the same receiver"
    );
    assert_eq!(receiver.got("/sms").len(), 32);
    let (b, c) = (
        queue_to(app, "b", "webhook", "b").await,
        queue_to(app, "c", "webhook", "c").await,
    );
    until("the others", LONG_ENOUGH, async || {
        let both = row(app, b).await.state == "sent" && row(app, c).await.state == "sent";
        both.then_some(())
    })
    .await;
    assert_eq!(row(app, waiting[0]).await.state, "waiting");
    assert_eq!(
        outcomes(app, waiting[0]).await,
        ["begun"],
        "it hangs to this moment"
    );
    // Its time is limited all the same.
    until("the end of the attempt", LONG_ENOUGH, async || {
        (outcomes(app, waiting[0]).await == ["later"]).then_some(())
    })
    .await;
    let error = row(app, waiting[0]).await.error;
    assert!(error.contains("no answer"), "{error}");
    let took = attempts(app, waiting[0]).await[0].took_ms;
    assert!(
        took.is_some_and(|ms| (5_900..9_000).contains(&ms)),
        "{took:?}"
    );
    receiver.go_on();
    stop.cancel();
    task.await.expect("it ends by itself");
}

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
    let other = Server::on(
        place,
        place.open().await,
        hands.clock(),
        Some(String::new()),
    )
    .await;
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
    let mut nodes = vec![server.app];
    for _ in 0..2 {
        let other = Server::on(
            place,
            place.open().await,
            hands.clock(),
            Some(String::new()),
        )
        .await;
        nodes.push(other.app);
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

async fn what_need_not_go_out_any_more_stays(place: &Place) {
    let receiver = Receiver::start().await;
    receiver.say("/a", [Say::Status(500)]);
    receiver.say("/b", [Say::Hold]);
    let (server, hands) = server_by_hand(place, &webhooks(&receiver.url, &["a", "b"])).await;
    let app = &server.app;
    let tried = queue_to(app, "k", "webhook", "a").await;
    let sending = queue_to(app, "l", "webhook", "b").await;
    let (task, stop) = start(app);
    until("both attempts", LONG_ENOUGH, async || {
        let both = outcomes(app, tried).await == ["later"] && receiver.holding() == 1;
        both.then_some(())
    })
    .await;
    let mut tx = app.db.begin().await.expect("a transaction");
    assert_eq!(
        deliveries::void(&mut tx, 18, None).await.expect("void"),
        0,
        "another call"
    );
    assert_eq!(
        deliveries::void(&mut tx, 17, Some(3)).await.expect("void"),
        0,
        "another step"
    );
    assert_eq!(
        deliveries::void(&mut tx, 17, Some(2)).await.expect("void"),
        2
    );
    tx.commit().await.expect("committed");
    receiver.go_on();
    until("the end", LONG_ENOUGH, async || {
        (row(app, sending).await.state == "sent").then_some(())
    })
    .await;
    stop.cancel();
    task.await.expect("it ends by itself");
    after(&hands, DAY_MS);
    assert_eq!(sent_now(app).await, 0);
    assert_eq!(row(app, tried).await.state, "void");
    let about = deliveries::of_call(&app.db, 17).await.expect("a read");
    assert_eq!(about.len(), 2);
}

async fn what_cannot_go_anywhere_says_why(place: &Place) {
    let (server, _hands) = server_by_hand(place, GENERAL).await;
    let app = &server.app;
    let bare = person(app, "bare", " ").await;
    let gone = person(app, "gone", "gone@plant.example").await;
    let mut tx = app.db.begin().await.expect("a transaction");
    people::change(&mut tx, gone, ("gone", "gone@plant.example"), true)
        .await
        .expect("changed");
    tx.commit().await.expect("committed");
    let ada = person(app, "ada", "ada@plant.example").await;
    for (who, channel, why) in [
        (bare, "email", "no address for e-mail"),
        (bare, "sms", "no phone number"),
        (bare, "voice", "no phone number"),
        (bare, "push", "none of their devices"),
        (bare, "webhook", "not reached over this channel"),
        (gone, "email", "no longer let in"),
    ] {
        let key = format!("{channel} to {}", who.0);
        let queued = queue(app, &key, channel, To::Person(who), &message("m")).await;
        let [Queued::Nowhere(id)] = queued[..] else {
            panic!("{key}: {queued:?}")
        };
        let row = row(app, id).await;
        assert_eq!((row.state.as_str(), row.attempts), ("failed", 0), "{key}");
        assert!(row.error.contains(why), "{key}: {}", row.error);
        assert_eq!(row.person_id, Some(who.0));
    }
    let id = match queue(app, "k", "email", To::Person(ada), &message("m")).await[..] {
        [Queued::New(id)] => id,
        ref other => panic!("{other:?}"),
    };
    let pigeon = queue_to(app, "l", "pigeon", "loft").await;
    assert_eq!(sent_now(app).await, 2);
    assert_eq!(row(app, id).await.error, "email is not set up");
    assert_eq!(row(app, pigeon).await.error, "pigeon is not set up");
    let mut tx = app.db.begin().await.expect("a transaction");
    let nobody = message("m");
    let new = NewDelivery {
        key: "nobody",
        channel: "email",
        to: To::Person(PersonId(999)),
        message: &nobody,
        step: None,
        now: app.clock.now(),
        due: app.clock.now(),
    };
    enqueue(&mut tx, &new).await.expect_err("nobody");
    drop(tx);
    let mut tx = app.db.begin().await.expect("a transaction");
    let since = app.clock.now() - DurMs(1);
    let times = deliveries::due_to_in(&mut tx, bare, since)
        .await
        .expect("a read");
    assert_eq!(times.len(), 5);
}

async fn a_channel_tells_how_it_does(place: &Place) {
    let receiver = Receiver::start().await;
    receiver.say_always("/a", Say::Status(500));
    let (server, hands) = server_by_hand(place, &webhooks(&receiver.url, &["a", "b"])).await;
    let app = &server.app;
    assert!(
        deliveries::by_channel(&app.db)
            .await
            .expect("a read")
            .is_empty()
    );
    queue_to(app, "k", "webhook", "a").await;
    queue_to(app, "l", "webhook", "b").await;
    queue_to(app, "m", "webhook", "nobody").await;
    assert_eq!(sent_now(app).await, 3);
    after(&hands, 60_000);
    let rows = deliveries::by_channel(&app.db).await.expect("a read");
    let [row] = &rows[..] else { panic!("{rows:?}") };
    let now = at(NOW).0;
    assert_eq!(
        (row.channel.as_str(), row.waiting, row.failed),
        ("webhook", 1, 1)
    );
    assert_eq!(
        (row.oldest_due_ms, row.last_sent_ms),
        (Some(now), Some(now))
    );
    assert_eq!(app.channels.names().collect::<Vec<_>>(), ["webhook"]);
    let webhook = app.channels.get("webhook").expect("it is set up");
    assert_eq!(webhook.addresses(), ["a", "b"]);
    assert!(webhook.takes("a").is_ok() && webhook.takes("nobody").is_err());
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
