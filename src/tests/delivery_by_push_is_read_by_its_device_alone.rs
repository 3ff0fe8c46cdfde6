//! A push message goes to every device of a person, sealed for each alone; its push service sees who sends, how urgent it
//! is and how long it is worth keeping, and nothing else. A device that is gone is forgotten, and the others get theirs.

use crate::device::{Device, claims};
use crate::harness::{Place, at};
use crate::outbox::{
    GENERAL, NOW, channels, message, outcomes, person, queue, row, sent_now, server_by_hand,
};
use crate::receiver::{Receiver, Say};
use ms5_floor::domain::ids::{DeliveryId, PersonId, SubscriptionId};
use ms5_floor::domain::time::DurMs;
use ms5_floor::server::db::contacts::{self, NewSubscription};
use ms5_floor::server::delivery::{Queued, To, test_message};
use ms5_floor::server::state::App;

on_both! {
    every_device_reads_its_own,
    a_device_that_is_gone_is_forgotten,
    the_sites_key_stays,
    a_browser_belongs_to_who_uses_it_now,
}

/// Settings by which this receiver is a push service.
pub fn settings(receiver: &Receiver) -> String {
    let url = &receiver.url;
    format!("{GENERAL}push.contact = 'mailto:floor@plant.example'\npush.services = ['{url}']\n")
}

/// A device takes messages to a person.
pub async fn subscribe(
    app: &App,
    person: PersonId,
    endpoint: &str,
    device: &Device,
) -> SubscriptionId {
    let key = device.key();
    let new = NewSubscription {
        endpoint,
        p256dh: &key,
        auth: device.auth(),
        label: "Tablet 3",
    };
    let mut tx = app.db.begin().await.expect("a transaction");
    let id = contacts::subscribe(&mut tx, person, new, app.clock.now()).await;
    tx.commit().await.expect("committed");
    id.expect("kept").id
}

async fn ids(app: &App, key: &str, person: PersonId) -> Vec<DeliveryId> {
    let queued = queue(
        app,
        key,
        "push",
        To::Person(person),
        &message("Line 1 stands"),
    )
    .await;
    let new = |q: &Queued| matches!(q, Queued::New(_));
    assert!(queued.iter().all(new), "{queued:?}");
    queued.into_iter().map(Queued::delivery).collect()
}

#[test]
fn the_rfcs_own_message_is_read() {
    // Appendix A of RFC 8291: the tests' device reads what others have sealed.
    let device = Device::with(
        "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94",
        "BTBZMqHH6r4Tts7J_aSIgg",
    );
    let body = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
    let body = base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, body);
    let opened = device.open(&body.expect("base64url"));
    assert_eq!(
        opened.as_deref(),
        Some(b"When I grow up, I want to be a watermelon".as_slice())
    );
}

async fn every_device_reads_its_own(place: &Place) {
    let receiver = Receiver::start().await;
    let (server, _hands) = server_by_hand(place, &settings(&receiver)).await;
    let app = &server.app;
    let ada = person(app, "ada", "").await;
    let (tablet, phone) = (Device::new(), Device::new());
    subscribe(
        app,
        ada,
        &format!("{}/tablet?secret", receiver.url),
        &tablet,
    )
    .await;
    subscribe(app, ada, &format!("{}/phone", receiver.url), &phone).await;
    let sent = ids(app, "k", ada).await;
    assert_eq!(sent.len(), 2, "one message to each device");
    assert_eq!(sent_now(app).await, 2);
    let (to_tablet, to_phone) = (receiver.got("/tablet"), receiver.got("/phone"));
    assert_eq!((to_tablet.len(), to_phone.len()), (1, 1));
    let shown = tablet.shown(&to_tablet[0]);
    assert_eq!(shown["title"], "Line 1 stands");
    assert_eq!(
        shown["body"],
        "Filler 2 stands: F44\nNobody has answered for 5 minutes."
    );
    assert_eq!(shown["navigate"], "https://floor.example/andon/17?by=mail");
    assert_eq!(shown["data"]["call"], 17);
    assert_eq!(shown["requireInteraction"], true);
    assert_eq!(phone.shown(&to_phone[0])["title"], "Line 1 stands");
    assert_eq!(phone.open(&to_tablet[0].body), None, "nobody else reads it");
    assert_eq!(tablet.open(&to_phone[0].body), None);
    let push = app.channels.get("push").expect("it is set up");
    let key = push.public_key().expect("a key");
    for got in [&to_tablet[0], &to_phone[0]] {
        let claims = claims(got, key);
        assert_eq!(claims["aud"], receiver.url);
        assert_eq!(claims["sub"], "mailto:floor@plant.example");
        let holds = claims["exp"].as_i64().expect("a time") - at(NOW).0 / 1_000;
        assert!((1..=86_400).contains(&holds), "{holds}");
        assert_eq!(
            (got.header("ttl"), got.header("urgency")),
            ("14400", "high")
        );
        assert!(got.header("topic").len() <= 32, "{}", got.header("topic"));
    }
    assert_ne!(to_tablet[0].header("topic"), to_phone[0].header("topic"));
    assert_eq!(row(app, sent[0]).await.person_id, Some(ada.0));
    let devices = contacts::subscriptions(&app.db, ada).await.expect("a read");
    assert!(
        devices.iter().all(|d| d.used_ms == Some(at(NOW).0)),
        "{devices:?}"
    );
    assert!(
        !format!("{devices:?}").contains("secret"),
        "endpoints are not told"
    );
}

async fn a_device_that_is_gone_is_forgotten(place: &Place) {
    let receiver = Receiver::start().await;
    receiver.say("/gone", [Say::Status(500), Say::Status(410)]);
    let (server, hands) = server_by_hand(place, &settings(&receiver)).await;
    let app = &server.app;
    let ada = person(app, "ada", "").await;
    let device = Device::new();
    let here = subscribe(app, ada, &format!("{}/here", receiver.url), &device).await;
    subscribe(app, ada, &format!("{}/gone", receiver.url), &device).await;
    let sent = ids(app, "k", ada).await;
    let waits = ids(app, "l", ada).await;
    assert_eq!(sent_now(app).await, 4);
    hands.set(at(NOW) + DurMs(1_000));
    // Where a message is to go is the number of the device.
    let to_gone: Vec<DeliveryId> = {
        let mut found = Vec::new();
        for id in sent.iter().chain(&waits) {
            if row(app, *id).await.address != here.0.to_string() {
                found.push(*id);
            }
        }
        found
    };
    assert_eq!(to_gone.len(), 2);
    assert_eq!(
        sent_now(app).await,
        1,
        "the other one was told that it is gone"
    );
    for id in &to_gone {
        let failed = row(app, *id).await;
        assert_eq!(failed.state, "failed", "{failed:?}");
        assert_eq!(failed.error, "the device does not take messages any more");
    }
    assert_eq!(
        receiver.got("/gone").len(),
        2,
        "nor is it asked for the other one"
    );
    assert_eq!(receiver.got("/here").len(), 2);
    let left = contacts::subscriptions(&app.db, ada).await.expect("a read");
    assert_eq!(
        left.iter().map(|d| d.subscription()).collect::<Vec<_>>(),
        [here]
    );
    assert_eq!(ids(app, "m", ada).await.len(), 1);
    // An endpoint that leads elsewhere than to a push service is not asked.
    let inside = Receiver::start().await;
    let max = person(app, "max", "").await;
    subscribe(app, max, &format!("{}/inside", inside.url), &device).await;
    let refused = ids(app, "n", max).await;
    sent_now(app).await;
    let error = row(app, refused[0]).await.error;
    assert!(error.contains("is no push service"), "{error}");
    assert!(inside.all().is_empty());
    let push = app.channels.get("push").expect("it is set up");
    assert!(push.takes(&format!("{}/x", receiver.url)).is_ok());
    assert!(push.takes(&format!("{}/x", inside.url)).is_err());
}

async fn the_sites_key_stays(place: &Place) {
    let receiver = Receiver::start().await;
    let (server, _) = server_by_hand(place, &settings(&receiver)).await;
    let key = |app: &App| {
        let push = app.channels.get("push").expect("it is set up");
        push.public_key().expect("a key").to_owned()
    };
    let first = key(&server.app);
    let mut again = server.beside(place).await.app;
    again.channels = channels(&again, &settings(&receiver)).await;
    assert_eq!(key(&again), first, "browsers take messages under no other");
}

async fn a_browser_belongs_to_who_uses_it_now(place: &Place) {
    let receiver = Receiver::start().await;
    let (server, hands) = server_by_hand(place, &settings(&receiver)).await;
    let app = &server.app;
    let (ada, max) = (person(app, "ada", "").await, person(app, "max", "").await);
    let (before, after) = (Device::new(), Device::new());
    let endpoint = format!("{}/shared", receiver.url);
    subscribe(app, ada, &endpoint, &before).await;
    let id = subscribe(app, max, &endpoint, &after).await;
    let queued = queue(app, "k", "push", To::Person(ada), &message("m")).await;
    assert!(matches!(queued[..], [Queued::Nowhere(_)]), "{queued:?}");
    let sent = ids(app, "l", max).await;
    assert_eq!(sent_now(app).await, 1);
    assert_eq!(outcomes(app, sent[0]).await, ["sent"]);
    let got = receiver.got("/shared");
    assert_eq!(after.shown(&got[0])["title"], "Line 1 stands");
    assert_eq!(before.open(&got[0].body), None);
    let now = hands.clock().now();
    let said = test_message(&app.channels, "push", &id.0.to_string(), now).await;
    assert_eq!(said.as_deref(), Ok("answered 200"));
    let mut tx = app.db.begin().await.expect("a transaction");
    assert!(
        contacts::unsubscribe(&mut tx, id)
            .await
            .expect("taken away")
    );
    assert!(!contacts::unsubscribe(&mut tx, id).await.expect("an answer"));
    tx.commit().await.expect("committed");
    let gone = test_message(&app.channels, "push", &id.0.to_string(), now).await;
    assert!(
        gone.expect_err("gone")
            .to_string()
            .contains("does not take messages")
    );
}
