//! The page of channels: what is set up and what is missing, a test to oneself, what failed in the last day; and a rehearsal
//! that knows all of that beforehand.

use crate::browser::{Browser, leads_to, text};
use crate::harness::{Hands, Place, Server, at};
use crate::outbox::{GENERAL, channels, queue_to, sent_now};
use crate::receiver::{Receiver, Say};
use crate::small_plant::small_plant;
use axum::http::{Method, StatusCode};
use ms5_floor::domain::ids::PersonId;
use ms5_floor::domain::time::{DAY_MS, DurMs};
use ms5_floor::server::db::{audit, contacts, people};
use serde_json::{Value, json};

on_both! {
    nothing_is_set_up_and_the_page_says_what_is_missing,
    a_test_goes_to_whoever_asks_and_what_becomes_of_it_is_told,
    failures_of_the_last_day_are_listed,
    a_rehearsal_knows_who_cannot_be_reached_and_why,
}

const NOW: &str = "2026-07-06T08:00:00Z";

/// A server with a text gateway, and two programs that listen.
async fn with_channels(place: &Place, receiver: &Receiver) -> (Server, Hands) {
    let hands = Hands::at(at(NOW));
    let mut server = Server::with(place, hands.clock(), small_plant()).await;
    let url = &receiver.url;
    let text = format!(
        "{GENERAL}sms.url = '{url}/sms'\nwebhook.a.url = '{url}/a'\nwebhook.b.url = '{url}/b'\n"
    );
    server.app.channels = channels(&server.app, &text).await;
    server.shared.app.channels = server.app.channels.clone();
    (server, hands)
}

async fn id_of(server: &Server, login: &str) -> PersonId {
    let found = people::by_login(&server.app.db, login)
        .await
        .expect("a read");
    found.expect("somebody").person()
}

async fn set_phone(server: &Server, id: PersonId, number: &str) {
    let mut tx = server.app.db.begin().await.expect("a transaction");
    contacts::set_phone(&mut tx, id, Some(number))
        .await
        .expect("kept");
    tx.commit().await.expect("a commit");
}

async fn nothing_is_set_up_and_the_page_says_what_is_missing(place: &Place) {
    let hands = Hands::at(at(NOW));
    let server = Server::with(place, hands.clock(), small_plant()).await;
    let mut mona = Browser::of(&server, "mona", "shift_manager").await;
    let page = text(&mona.get("/admin/channels").await);
    assert!(page.contains("Calls are told on screens only"), "{page}");
    assert_eq!(page.matches("not set up</span>").count(), 5, "{page}");
    for table in [
        "[delivery.email]",
        "[delivery.push]",
        "[delivery.webhook.NAME]",
        "[delivery.sms]",
        "[delivery.voice]",
    ] {
        assert!(page.contains(table), "{table}");
    }
    assert!(!page.contains("/test\""), "nothing to test");
    let answer = mona.post("/admin/channels/sms/test", &[]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        text(&answer).contains("No test over sms: is not set up."),
        "{}",
        text(&answer)
    );
    for unknown in ["screen", "pigeon"] {
        let answer = mona
            .post(&format!("/admin/channels/{unknown}/test"), &[])
            .await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{unknown}");
    }
}

async fn a_test_goes_to_whoever_asks_and_what_becomes_of_it_is_told(place: &Place) {
    let receiver = Receiver::start().await;
    let (server, _) = with_channels(place, &receiver).await;
    let mut mona = Browser::of(&server, "mona", "shift_manager").await;
    let page = text(&mona.get("/admin/channels").await);
    assert!(
        page.contains("No test to you: no phone number is on file."),
        "{page}"
    );
    let answer = mona.post("/admin/channels/sms/test", &[]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(receiver.all().len(), 0);

    set_phone(&server, id_of(&server, "mona").await, "+390471000000").await;
    receiver.say("/sms", [Say::Status(202), Say::Status(500)]);
    let page = text(&mona.post("/admin/channels/sms/test", &[]).await);
    assert!(
        page.contains("Sent to +390471000000: answered 202"),
        "{page}"
    );
    assert_eq!(receiver.got("/sms")[0].json()["to"], "+390471000000");
    let page = text(&mona.post("/admin/channels/sms/test", &[]).await);
    assert!(
        page.contains("Not sent to +390471000000: answered 500"),
        "{page}"
    );

    receiver.say("/b", [Say::Status(403)]);
    receiver.say("/a", [Say::Status(200)]);
    let page = text(&mona.post("/admin/channels/webhook/test", &[]).await);
    assert!(
        page.contains("Sent to a: answered 200") && page.contains("Not sent to b: answered 403"),
        "{page}"
    );
    let rows = audit::after(&server.app.db, 0, 1000).await.expect("rows");
    let tests: Vec<(String, String)> = rows
        .into_iter()
        .filter(|r| r.action == "channel.test")
        .map(|r| (r.target, r.became))
        .collect();
    let row = |target: &str, became: &str| (target.to_owned(), became.to_owned());
    assert_eq!(
        tests,
        [
            row("channel:sms", "sent: answered 202"),
            row("channel:sms", "not sent: answered 500"),
            row(
                "channel:webhook",
                "sent: answered 200; not sent: answered 403"
            ),
        ]
    );
    let mut olga = Browser::of(&server, "olga", "operator").await;
    let denied = olga.post("/admin/channels/sms/test", &[]).await;
    assert_eq!(denied.status, StatusCode::FORBIDDEN);
    assert_eq!(receiver.got("/sms").len(), 2);
}

async fn failures_of_the_last_day_are_listed(place: &Place) {
    let receiver = Receiver::start().await;
    let (server, hands) = with_channels(place, &receiver).await;
    let mut mona = Browser::of(&server, "mona", "shift_manager").await;
    let page = text(&mona.get("/admin/channels").await);
    assert_eq!(
        page.matches("Nothing failed in the last day.").count(),
        2,
        "{page}"
    );
    receiver.say_always("/a", Say::Status(500));
    queue_to(&server.app, "stand <still>", "webhook", "a").await;
    queue_to(&server.app, "all is well", "webhook", "b").await;
    assert_eq!(sent_now(&server.app).await, 2);
    let page = text(&mona.get("/admin/channels").await);
    for words in [
        "1 failure in the last day",
        "answered 500",
        "stand &lt;still&gt;",
        "is tried again",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    // Within a minute it should have been out.
    hands.set(at(NOW) + DurMs(60_000));
    let page = text(&mona.get("/admin/channels").await);
    assert!(
        page.contains("Messages wait since 2026-07-06 10:00") && page.contains(">behind<"),
        "{page}"
    );
    hands.set(at(NOW) + DurMs(DAY_MS + 1));
    let page = text(&mona.get("/admin/channels").await);
    assert!(!page.contains("answered 500"), "a day ago");
}

async fn a_rehearsal_knows_who_cannot_be_reached_and_why(place: &Place) {
    let receiver = Receiver::start().await;
    let (server, _) = with_channels(place, &receiver).await;
    let mut mona = Browser::of(&server, "mona", "shift_manager").await;
    let _ = Browser::of(&server, "nils", "shift_manager").await;
    set_phone(&server, id_of(&server, "mona").await, "+390471000000").await;
    let step = json!({
        "trigger": "raised", "after": 0, "level": 0,
        "to": [{"role": "shift_manager"}], "via": ["sms", "email", "webhook"],
    });
    let rule = json!({"steps": [step]});
    let answer = server
        .send(Method::POST, "/api/v1/andon/rules", None, &rule)
        .await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let path = "/api/v1/andon/escalation?line=L1&kind=stop&priority=low";
    let tree = server.get(path, None).await.json();
    let calls = tree["rungs"][0]["calls"].as_array().expect("calls").clone();
    let email = json!({"via": "email", "why": "it is not set up"});
    let call = |who: &str, via: Value, cannot: Value| json!({"who": who, "nobody": false, "via": via, "cannot": cannot});
    assert_eq!(
        calls,
        [
            call("mona Tester", json!(["sms"]), json!([email])),
            // Whom nothing reaches at least sees it.
            call(
                "nils Tester",
                json!(["screen"]),
                json!([{"via": "sms", "why": "no phone number is on file"}, email])
            ),
            call("a, b", json!(["webhook"]), json!([])),
        ]
    );
    let page = "/admin/andon/rehearse?line=L1&at=2026-07-06T14%3A30&kind=stop&priority=low";
    let page = text(&mona.get(page).await);
    assert!(
        page.contains("Not by SMS: no phone number is on file"),
        "{page}"
    );
    let answer = mona
        .post("/admin/andon/rules/1/remove", &[("version", "1")])
        .await;
    assert_eq!(leads_to(&answer), "/admin/andon?said=removed");
}
