//! A message whose cause was committed is sent until somebody takes it: later and later to who says no, with no delay for
//! the others behind who never answers. What cannot be sent says why.

use crate::harness::{Place, at, until};
use crate::outbox::{
    GENERAL, NOW, after, attempts, message, outcomes, person, queue, queue_in, queue_to, row,
    sent_now, server_by_hand, start, webhooks,
};
use crate::receiver::{Receiver, Say};
use ms5_floor::domain::ids::PersonId;
use ms5_floor::domain::time::{DAY_MS, DurMs};
use ms5_floor::server::db::deliveries;
use ms5_floor::server::db::people;
use ms5_floor::server::delivery::backoff::MOST_ATTEMPTS;
use ms5_floor::server::delivery::{NewDelivery, Queued, To, enqueue};
use std::collections::BTreeSet;
use std::time::Duration;

on_both! {
    a_message_goes_out_once_and_only_if_its_cause_was_committed,
    who_says_no_is_asked_again_later_and_later,
    who_says_when_is_asked_then,
    nobody_is_asked_for_ever,
    who_never_answers_keeps_nobody_else_waiting,
    what_need_not_go_out_any_more_stays,
    what_cannot_go_anywhere_says_why,
    a_channel_tells_how_it_does,
}

const LONG_ENOUGH: Duration = Duration::from_secs(20);

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
