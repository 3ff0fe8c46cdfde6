//! Other programs can tell that a message is ours, new and meant for them. What they answer does no harm: it leads nowhere,
//! and is read to a small end only. Gateways for text messages and calls get what is documented, and no more.

use crate::harness::{Place, at, until};
use crate::outbox::{
    GENERAL, NOW, SECRET, attempts, channels, message, queue, queue_to, row, sent_now,
    server_by_hand, webhooks,
};
use crate::receiver::{Got, Receiver, Say};
use ms5_floor::domain::time::DurMs;
use ms5_floor::server::db::contacts;
use ms5_floor::server::delivery::{Message, SendError, To, test_message};
use ring::hmac;
use serde_json::json;
use std::time::{Duration, Instant};

on_both! {
    a_message_is_signed_anew_at_every_attempt,
    redirects_are_not_followed,
    answers_are_read_to_a_small_end,
    notes_of_any_length_arrive_as_far_as_there_is_room,
    gateways_get_what_is_documented,
    a_test_message_is_sent_at_once,
}

fn unhex(text: &str) -> Vec<u8> {
    assert_eq!(text.len() % 2, 0);
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal"))
        .collect()
}

/// When a request was signed, if it was with this secret, as a receiver checks it.
pub fn signed_at(got: &Got, secret: &str) -> Option<i64> {
    let (time, mac) = got
        .header("x-ms5-signature")
        .split_once(',')
        .expect("two parts");
    let time = time.strip_prefix("t=").expect("a time");
    let mac = unhex(mac.strip_prefix("v1=").expect("a signature"));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let mut signed = time.as_bytes().to_vec();
    signed.push(b'.');
    signed.extend_from_slice(&got.body);
    let holds = hmac::verify(&key, &signed, &mac).is_ok();
    holds.then(|| time.parse().expect("a number"))
}

async fn a_message_is_signed_anew_at_every_attempt(place: &Place) {
    let receiver = Receiver::start().await;
    receiver.say("/a", [Say::Status(500)]);
    let (server, hands) = server_by_hand(place, &webhooks(&receiver.url, &["a"])).await;
    let app = &server.app;
    let id = queue_to(app, "Line 1: Filler 2 – Störung", "webhook", "a").await;
    assert_eq!(sent_now(app).await, 1);
    hands.set(at(NOW) + DurMs(1_000));
    assert_eq!(sent_now(app).await, 1);
    let [first, mut second] = <[Got; 2]>::try_from(receiver.got("/a")).expect("two attempts");
    assert_eq!(signed_at(&first, SECRET), Some(at(NOW).0));
    assert_eq!(signed_at(&second, SECRET), Some(at(NOW).0 + 1_000));
    assert_eq!(signed_at(&second, "another secret"), None);
    assert_eq!(second.header("content-type"), "application/json");
    assert_eq!(
        second.json(),
        json!({
            "delivery": row(app, id).await.uid, "receiver": "a", "queued": at(NOW).0,
            "title": "Line 1: Filler 2 – Störung",
            "text": "Filler 2 stands: F44\nNobody has answered for 5 minutes.",
            "link": "https://floor.example/andon/17?by=mail", "urgency": "high", "call": 17,
        })
    );
    second.body[3] ^= 1;
    assert_eq!(
        signed_at(&second, SECRET),
        None,
        "nothing can be changed on the way"
    );
}

async fn redirects_are_not_followed(place: &Place) {
    let receiver = Receiver::start().await;
    let inside = format!("{}/inside", receiver.url);
    let all = [301, 302, 303, 307, 308];
    receiver.say(
        "/a",
        all.map(|status| Say::Redirect(status, inside.clone())),
    );
    let (server, hands) = server_by_hand(place, &webhooks(&receiver.url, &["a"])).await;
    let app = &server.app;
    let id = queue_to(app, "k", "webhook", "a").await;
    for status in all {
        assert_eq!(sent_now(app).await, 1);
        let error = row(app, id).await.error;
        assert_eq!(
            error,
            format!("answered {status}: redirects are not followed")
        );
        hands.set(hands.clock().now() + DurMs(30 * 60_000));
    }
    assert!(receiver.got("/inside").is_empty());
    assert_eq!(sent_now(app).await, 1, "and it is taken when it is mended");
    assert_eq!(row(app, id).await.state, "sent");
}

async fn answers_are_read_to_a_small_end(place: &Place) {
    let receiver = Receiver::start().await;
    receiver.say("/a", [Say::Endless(500)]);
    receiver.say("/b", [Say::Endless(200)]);
    let (server, _hands) = server_by_hand(place, &webhooks(&receiver.url, &["a", "b"])).await;
    let app = &server.app;
    let no = queue_to(app, "k", "webhook", "a").await;
    let yes = queue_to(app, "l", "webhook", "b").await;
    let begun = Instant::now();
    assert_eq!(sent_now(app).await, 2);
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "it does not wait for the end"
    );
    let error = row(app, no).await.error;
    assert!(
        error.starts_with("answered 500: xxx") && error.chars().count() <= 200,
        "{error}"
    );
    assert_eq!(
        row(app, yes).await.state,
        "sent",
        "yes is yes, whatever follows"
    );
}

async fn notes_of_any_length_arrive_as_far_as_there_is_room(place: &Place) {
    let receiver = Receiver::start().await;
    let sms = format!("sms.url = '{}/sms'\n", receiver.url);
    let settings = webhooks(&receiver.url, &["a"]) + &sms;
    let (server, _hands) = server_by_hand(place, &settings).await;
    let app = &server.app;
    let long = Message {
        title: "Quality\0\r\nX-Evil: yes 🏭 ".repeat(100),
        text: "<b>ä'; DROP TABLE delivery; --\0\u{1b}[31m 漢字 🏭\r\n".repeat(2_500),
        ..message("")
    };
    queue(app, "k", "webhook", To::Address("a"), &long).await;
    queue(app, "l", "sms", To::Address("+39 0471 000000"), &long).await;
    assert_eq!(sent_now(app).await, 2);
    let told = receiver.got("/a")[0].json();
    let (title, text) = (
        told["title"].as_str().expect("text"),
        told["text"].as_str().expect("text"),
    );
    assert_eq!((title.chars().count(), text.chars().count()), (200, 10_000));
    assert!(
        title.starts_with("Quality   X-Evil: yes 🏭 Quality"),
        "{title}"
    );
    assert!(
        text.starts_with("<b>ä'; DROP TABLE delivery; --[31m 漢字 🏭\n<b>"),
        "{text}"
    );
    assert!(text.ends_with('…'));
    let told = receiver.got("/sms")[0].json();
    let text = told["text"].as_str().expect("text");
    assert_eq!(text.chars().count(), 200);
    assert!(
        text.ends_with(" https://floor.example/andon/17?by=mail"),
        "{text}"
    );
}

async fn gateways_get_what_is_documented(place: &Place) {
    let receiver = Receiver::start().await;
    let url = &receiver.url;
    let settings = format!("{GENERAL}sms.url = '{url}/sms'\nvoice.url = '{url}/voice'\n");
    let (server, _hands) = server_by_hand(place, &settings).await;
    let app = &server.app;
    let ada = crate::outbox::person(app, "ada", "").await;
    let mut tx = app.db.begin().await.expect("a transaction");
    contacts::set_phone(&mut tx, ada, Some("+39 0471 00-00-00"))
        .await
        .expect("kept");
    tx.commit().await.expect("committed");
    for channel in ["sms", "voice"] {
        let queued = queue(
            app,
            channel,
            channel,
            To::Person(ada),
            &message("Line 1 stands"),
        )
        .await;
        assert_eq!(queued.len(), 1);
    }
    let wrong = queue_to(app, "k", "sms", "call me").await;
    assert_eq!(sent_now(app).await, 3);
    let (sms, voice) = (receiver.got("/sms"), receiver.got("/voice"));
    let said = "Line 1 stands: Filler 2 stands: F44 Nobody has answered for 5 minutes.";
    assert_eq!(
        sms[0].json(),
        json!({
            "to": "+390471000000", "kind": "sms",
            "text": format!("{said} https://floor.example/andon/17?by=mail"),
        })
    );
    assert_eq!(
        voice[0].json(),
        json!({"to": "+390471000000", "kind": "voice", "text": said})
    );
    assert_eq!(
        sms[0].header("authorization"),
        "Bearer a token of the gateway"
    );
    assert!(
        !voice[0].headers.contains_key("authorization"),
        "another gateway, no token"
    );
    for got in [&sms[0], &voice[0]] {
        assert_eq!(signed_at(got, SECRET), Some(at(NOW).0));
    }
    let failed = row(app, wrong).await;
    assert_eq!((failed.state.as_str(), sms.len()), ("failed", 1));
    assert_eq!(failed.error, "'call me' is no phone number");
    // A number that was taken away is none.
    let mut tx = app.db.begin().await.expect("a transaction");
    contacts::set_phone(&mut tx, ada, None).await.expect("kept");
    assert_eq!(
        contacts::phone_in(&mut tx, ada).await.expect("a read"),
        None
    );
}

async fn a_test_message_is_sent_at_once(place: &Place) {
    let receiver = Receiver::start().await;
    receiver.say("/a", [Say::Status(403), Say::Status(202), Say::Hold]);
    let (server, hands) = server_by_hand(place, &webhooks(&receiver.url, &["a"])).await;
    let app = &server.app;
    let now = hands.clock().now();
    let test = async |channel, address| test_message(&app.channels, channel, address, now).await;
    assert_eq!(
        test("webhook", "a").await,
        Err(SendError::later("answered 403"))
    );
    assert_eq!(test("webhook", "a").await, Ok("answered 202".to_owned()));
    let late = test("webhook", "a").await.expect_err("no answer");
    assert!(late.to_string().contains("no answer"), "{late}");
    let nobody = test("webhook", "b").await.expect_err("nobody");
    assert_eq!(
        nobody.to_string(),
        "there is no receiver 'b' in the settings"
    );
    let unknown = test("email", "ada@plant.example")
        .await
        .expect_err("no channel");
    assert_eq!(unknown.to_string(), "email is not set up");
    let told = receiver.got("/a")[1].json();
    assert_eq!(
        (&told["title"], &told["link"]),
        (&json!("Test message"), &json!("https://floor.example/"))
    );
    assert_eq!(sent_now(app).await, 0, "it was never queued");
    // Nobody there at all.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let closed = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let mut other = app.clone();
    other.channels = channels(&other, &webhooks(&closed, &["a"])).await;
    let down = test_message(&other.channels, "webhook", "a", now)
        .await
        .expect_err("nobody there");
    assert!(
        down.to_string().starts_with("cannot be reached: "),
        "{down}"
    );
    assert!(
        !down.to_string().contains(&closed),
        "addresses may hold what opens them: {down}"
    );
    let id = queue_to(&other, "k", "webhook", "a").await;
    let stop = tokio_util::sync::CancellationToken::new();
    let task = tokio::spawn(ms5_floor::server::delivery::run(
        other.clone(),
        stop.clone(),
    ));
    until("an attempt", Duration::from_secs(20), async || {
        let made = attempts(&other, id).await;
        made.first().filter(|a| a.outcome == "later").map(drop)
    })
    .await;
    stop.cancel();
    task.await.expect("it ends by itself");
}
